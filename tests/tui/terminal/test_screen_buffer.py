"""The screen buffer sends less, in order of importance, and the terminal shows the same screen."""

import re

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.terminal.screen_buffer import Area, ScreenBuffer, is_frame

COLUMNS, ROWS = 24, 6
ALL = 1 << 20

styles = st.sampled_from(
    (
        "",
        "1",
        "38;5;33",
        "48;5;24",
        "38;5;250;48;5;24",
        "38;5;250;48;5;25",
        "1;38;5;250;48;5;24",
        "38;2;1;2;3;48;2;200;100;50",
        "4;31",
        "7;44",
        "91",
        "1;4;97;100",
    )
)
texts = st.text(st.sampled_from("ab 1●▀─⣀漢"), min_size=1, max_size=12)
pieces = st.tuples(
    st.integers(0, ROWS - 1),
    st.integers(0, COLUMNS - 1),
    st.lists(st.tuples(styles, texts), min_size=1, max_size=4),
)
frames = st.lists(st.lists(pieces, min_size=1, max_size=6), min_size=1, max_size=6)
Frame = list[tuple[int, int, list[tuple[str, str]]]]
AREAS = (Area(0, 5, COLUMNS, 1, 0), Area(12, 0, 12, 3, 1), Area(0, 0, 12, 3, 2))


def as_textual_writes(frame: Frame) -> str:
    output = ""
    for row, column, segments in frame:
        output += f"\x1b[{row + 1};{column + 1}H"
        for style, text in segments:
            visible = ""
            for glyph in text:
                width = 2 if glyph == "漢" else 1
                if column + width > COLUMNS:
                    break
                visible += glyph
                column += width
            if visible:
                output += f"\x1b[{style}m{visible}\x1b[0m" if style else visible
    return output


class Emulated:
    """A terminal that receives what is drawn, over a line."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.screen.reset_mode(7, private=True)
        self._stream = pyte.Stream(self.screen)

    def feed(self, data: str) -> None:
        self._stream.feed(data)

    def appearance(self) -> list[list[tuple[object, ...]]]:
        rows = []
        for y in range(ROWS):
            row: list[tuple[object, ...]] = []
            for x in range(COLUMNS):
                cell = self.screen.buffer[y][x]
                blank = cell.data == " " and not (cell.underscore or cell.reverse)
                ink = () if blank else (cell.fg, cell.bold)
                row.append((cell.data, cell.bg, cell.underscore, cell.reverse, *ink))
            rows.append(row)
        return rows


def drawn_whole(frames: list[Frame]) -> Emulated:
    """Return a terminal with the content of these frames, sent in one update each."""
    terminal, model = Emulated(), ScreenBuffer(COLUMNS, ROWS)
    for frame in frames:
        model.apply(as_textual_writes(frame))
    terminal.feed(model.next_update(ALL))
    return terminal


def without_wide(frames: list[Frame]) -> list[Frame]:
    return [
        [
            (y, x, [(style, text.replace("漢", "b")) for style, text in segments])
            for y, x, segments in f
        ]
        for f in frames
    ]


@settings(max_examples=60, deadline=None)
@given(frames)
def test_the_terminal_shows_what_textual_would_have_drawn(frames: list[Frame]) -> None:
    frames = without_wide(frames)  # the emulator leaves half of a wide glyph that is drawn over
    whole, reduced, model = Emulated(), Emulated(), ScreenBuffer(COLUMNS, ROWS)
    for frame in frames:
        data = as_textual_writes(frame)
        assert is_frame(data)
        whole.feed(data)
        model.apply(data)
        reduced.feed(model.next_update(ALL))
        assert reduced.appearance() == whole.appearance()
        assert not model.has_changes
    model.apply(as_textual_writes(frames[-1][-1:]))
    assert model.next_update(ALL) == "" or len(frames[-1]) > 1


@settings(max_examples=60, deadline=None)
@given(frames, st.integers(0, 60))
def test_in_pieces_it_comes_to_the_same(frames: list[Frame], budget: int) -> None:
    terminal, model = Emulated(), ScreenBuffer(COLUMNS, ROWS)
    longest = 0
    for frame in frames:
        model.apply(as_textual_writes(frame))
        piece = model.next_update(budget, AREAS)
        terminal.feed(piece)
        longest = max(longest, len(piece.encode()))
    for _ in range(COLUMNS * ROWS):
        if model.has_changes:
            terminal.feed(model.next_update(budget, AREAS))
    assert not model.has_changes
    assert longest <= budget + 60  # at most a move, a style, a glyph and the end of the style
    assert terminal.appearance() == drawn_whole(frames).appearance()


def lines_of(text: str, rows: range, columns: range) -> str:
    width = len(columns)
    return "".join(f"\x1b[{row + 1};{columns[0] + 1}H{text * width}" for row in rows)


def test_what_is_looked_at_comes_first_and_nothing_waits_for_ever() -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    far, near, line = range(12), range(12, 24), range(24)
    model.apply(lines_of("-", range(ROWS), line))
    terminal.feed(model.next_update(ALL))
    model.apply(lines_of("f", range(3), far) + lines_of("n", range(3), near))
    model.apply(lines_of("l", range(5, 6), line))
    shown = []
    for turn in range(200):
        # the line and the near panel change all the time
        model.apply(lines_of(str(turn % 10), range(5, 6), range(8)))
        model.apply(lines_of("no"[turn % 2], range(3), near))
        terminal.feed(model.next_update(24, AREAS))
        shown.append("\n".join(terminal.screen.display))
    first = shown[0].split("\n")
    assert first[5].startswith("00000000")
    assert "f" not in first[0]
    assert any("n" in each or "o" in each for each in shown[:4])
    done = next(turn for turn, text in enumerate(shown) if text.count("f") == 36)
    assert any("n" in each or "o" in each for each in shown[:done])


def test_of_what_waits_equally_long_the_row_with_most_changes_goes_first() -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    model.apply(lines_of("-", range(ROWS), range(COLUMNS)))
    terminal.feed(model.next_update(ALL))
    model.apply("\x1b[1;1Hx" + "\x1b[4;1H" + "x" * 20)
    terminal.feed(model.next_update(10))
    assert "x" not in terminal.screen.display[0]
    assert "x" in terminal.screen.display[3]


def test_what_is_out_of_date_before_it_is_sent_is_never_sent() -> None:
    model = ScreenBuffer(COLUMNS, ROWS)
    model.apply("\x1b[1;1Hold")
    model.apply("\x1b[1;1Hnew")
    assert model.next_update(ALL) == "\x1b[1Hnew"
    model.apply("\x1b[1;1Hold")
    model.apply("\x1b[1;1Hnew")
    assert not model.has_changes


def test_a_cell_that_was_written_on_the_way_to_another_is_replaced_when_it_is_no_longer_wanted() -> (
    None
):
    buffer, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    for row in range(ROWS):
        buffer.apply(f"\x1b[{row + 1};1H{' ' * COLUMNS}")
    terminal.feed(buffer.next_update(ALL))
    for row in range(ROWS):
        buffer.apply(f"\x1b[{row + 1};1Habc{'x' * (COLUMNS - 3)}")
    terminal.feed(buffer.next_update(8, [Area(0, 0, 1, 1, 0), Area(2, 0, 1, 1, 0)]))
    assert terminal.screen.display[0].startswith("abc ")
    buffer.apply("\x1b[1;2H ")
    while buffer.has_changes:
        terminal.feed(buffer.next_update(ALL))
    assert terminal.screen.display[0].startswith("a cx")


def test_a_change_of_one_cell_costs_a_few_bytes() -> None:
    model = ScreenBuffer(80, 24)
    row = "\x1b[5;1H\x1b[38;5;250;48;5;24m" + "a" * 40 + "\x1b[0m"
    model.apply(row)
    assert len(model.next_update(ALL)) > 40
    model.apply(row.replace("a" * 40, "a" * 20 + "b" + "a" * 19))
    assert model.next_update(ALL) == "\x1b[5;21H\x1b[38;5;250;48;5;24mb\x1b[m"


@pytest.mark.parametrize(
    ("drawn", "shown"),
    [
        ("漢字", "漢字"),
        ("e\u0301\u200bx", "éx"),
        ("a\x07\x1b]0;title\x07\x1b[2Jb", "ab"),
        ("\x1b]8;;http://example.org\x1b\\x\x1b]8;;\x1b\\", "x"),
        ("\u202eabc", "abc"),
    ],
)
def test_nothing_but_glyphs_reaches_the_terminal(drawn: str, shown: str) -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    model.apply(f"\x1b[1;1H{drawn}")
    sent = model.next_update(ALL)
    assert sent.count("\x1b[") == sent.count("\x1b")
    assert "\x07" not in sent
    terminal.feed(sent)
    assert terminal.screen.display[0].rstrip() == shown


def test_a_wide_glyph_that_is_half_drawn_over_is_gone() -> None:
    model = ScreenBuffer(COLUMNS, ROWS)
    for drawn, sent in (
        ("\x1b[1;1H漢字\x1b[1;1H", "\x1b[1H漢\x1b[1;3H字\x1b[1H"),
        ("\x1b[1;2Ha\x1b[1;1H", "\x1b[1H a\x1b[1H"),
        ("\x1b[1;3Hb\x1b[1;1H", "\x1b[1;3Hb \x1b[1H"),
        ("\x1b[1;24H漢\x1b[1;1H", "\x1b[1;24H \x1b[1H"),
    ):
        model.apply(drawn)
        assert model.next_update(ALL).removesuffix("\x1b[1H") == sent.removesuffix("\x1b[1H"), drawn
        assert not model.has_changes


def test_a_mode_is_no_frame() -> None:
    assert not is_frame("\x1b[?2026h")
    assert not is_frame("\x1b[?1049h")
    assert not is_frame("\x1b[6n")


def test_a_frame_for_a_larger_terminal_is_cut_and_noticed() -> None:
    model = ScreenBuffer(10, 3)
    for frame, overflows in (
        ("\x1b[1;1Habc", False),
        ("\x1b[1;9Habc", True),
        ("\x1b[2;1Habc", False),
        ("\x1b[4;1Habc", True),
        ("\x1b[1;8Habc", False),
    ):
        model.apply(frame)
        assert model.overflowed is overflows, frame
        assert "\x1b[4" not in model.next_update(ALL)


def test_cells_that_are_on_no_screen_any_more_are_let_go_of() -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    for number in range(3 * 256):
        text = "".join(chr(0x2800 + (number + each) % 256) for each in range(COLUMNS))
        for row in range(ROWS):
            model.apply(
                f"\x1b[{row + 1};1H\x1b[38;2;{number % 256};{row};{number // 256}m{text}\x1b[0m"
            )
    assert len(model._table) < 60_000
    terminal.feed(model.next_update(ALL))
    assert terminal.screen.display[0] == text


def test_of_areas_that_overlap_the_first_has_its_rows_sent_first() -> None:
    model = ScreenBuffer(COLUMNS, ROWS)
    for row in range(ROWS):
        model.apply(f"\x1b[{row + 1};1H{chr(ord('a') + row) * COLUMNS}")
        model.next_update(1)  # what is below the title has waited longer
    title, dialog = Area(0, ROWS - 1, COLUMNS, 1, 0), Area(0, 0, COLUMNS, ROWS, 0)
    assert "f" * COLUMNS in model.next_update(2 * COLUMNS, (title, dialog))


def test_a_dialog_is_sent_alone_and_what_it_covered_first_when_it_closes() -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    everything, inside = range(COLUMNS), range(8, 16)
    dialog = Area(inside[0], 1, len(inside), 3, -1)

    def shown(area_glyph: str) -> int:
        return sum(row[x][0] == area_glyph for row in terminal.appearance()[1:4] for x in inside)

    model.apply(lines_of("-", range(ROWS), everything))
    terminal.feed(model.next_update(ALL))
    model.apply(lines_of("o", range(ROWS), everything))
    model.apply(lines_of("d", range(1, 4), inside))
    while shown("d") < 24:
        assert all("o" not in (cell[0] for cell in row) for row in terminal.appearance())
        terminal.feed(model.next_update(12, [dialog]))
    model.apply(lines_of("p", range(1, 4), inside))
    while shown("p") < 24:
        assert all("o" not in (cell[0] for cell in row) for row in terminal.appearance())
        terminal.feed(model.next_update(12))
    while model.has_changes:
        terminal.feed(model.next_update(12))
    assert (
        sum(cell[0] == "o" for row in terminal.appearance() for cell in row) == COLUMNS * ROWS - 24
    )


def test_an_update_continues_where_the_one_before_ended_until_everything_is_sent() -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    model.apply(f"\x1b[1;1H\x1b[38;5;250;48;5;24m{'ab' * 10}\x1b[0m")
    sent = [model.next_update(8)]
    while model.has_changes:
        sent.append(model.next_update(8))
    assert len(sent) > 2
    assert sent[0].startswith("\x1b[1H\x1b[38;5;250;48;5;24ma")
    assert not any("\x1b" in each for each in sent[1:-1])
    assert sent[-1].endswith("\x1b[m")
    terminal.feed("".join(sent))
    assert terminal.screen.display[0].rstrip() == "ab" * 10


@pytest.mark.parametrize("resizes", [False, True])
def test_an_update_of_an_unknown_screen_assumes_no_style(resizes: bool) -> None:
    model, terminal = ScreenBuffer(COLUMNS, ROWS), Emulated()
    frame = f"\x1b[1;1H\x1b[48;5;24m{'ab' * 10}\x1b[0m\x1b[2;1Hplain"
    model.apply(frame)
    terminal.feed(model.next_update(8))
    terminal.feed("\x1b[m\x1b[4;4H\x1b[7m")  # by another program
    if resizes:
        model.resize(COLUMNS, ROWS)
        model.apply(frame)
    else:
        model.invalidate()
    terminal.feed(model.next_update(ALL))
    whole = Emulated()
    whole.feed(frame)
    assert terminal.appearance() == whole.appearance()


def test_blanks_are_written_together_with_a_neighbouring_glyph() -> None:
    model = ScreenBuffer(COLUMNS, ROWS)
    row = "\x1b[{};1H\x1b[38;5;{};48;5;24m a \x1b[0m"
    for number in range(ROWS):
        model.apply(row.format(number + 1, 60 + number % 2))
    sent = model.next_update(ALL)
    assert re.sub(r"\x1b\[[\d;]*m", "", sent).count(" a ") == ROWS
