"""The model sends less, and the terminal shows the same."""

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.screen_model import ScreenModel, is_frame

COLUMNS, ROWS = 24, 6

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
texts = st.text(st.sampled_from("ab 1●▀─⣀"), min_size=1, max_size=12)
pieces = st.tuples(
    st.integers(0, ROWS - 1),
    st.integers(0, COLUMNS - 1),
    st.lists(st.tuples(styles, texts), min_size=1, max_size=4),
)


def as_textual_writes(frame: list[tuple[int, int, list[tuple[str, str]]]]) -> str:
    output = ""
    for row, column, segments in frame:
        output += f"\x1b[{row + 1};{column + 1}H"
        for style, text in segments:
            visible = text[: COLUMNS - column]
            column += len(visible)
            if visible:
                output += f"\x1b[{style}m{visible}\x1b[0m" if style else visible
    return output


def appearance(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    rows = []
    for y in range(ROWS):
        row: list[tuple[object, ...]] = []
        for x in range(COLUMNS):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not (cell.underscore or cell.reverse)
            ink = () if blank else (cell.fg, cell.bold)
            row.append((cell.data, cell.bg, cell.underscore, cell.reverse, *ink))
        rows.append(row)
    return rows


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(pieces, min_size=1, max_size=6), min_size=1, max_size=6))
def test_the_terminal_shows_the_same_with_fewer_bytes(
    frames: list[list[tuple[int, int, list[tuple[str, str]]]]],
) -> None:
    whole, reduced = pyte.Screen(COLUMNS, ROWS), pyte.Screen(COLUMNS, ROWS)
    whole.reset_mode(7, private=True)
    reduced.reset_mode(7, private=True)
    streams = pyte.Stream(whole), pyte.Stream(reduced)
    model = ScreenModel()
    model.forget(COLUMNS, ROWS)
    for frame in frames:
        data = as_textual_writes(frame)
        assert is_frame(data)
        streams[0].feed(data)
        streams[1].feed(model.reduce(data))
        assert appearance(reduced) == appearance(whole)
    again = as_textual_writes(frames[-1][-1:])
    streams[0].feed(again)
    streams[1].feed(model.reduce(again))
    assert model.reduce(again) == ""
    assert appearance(reduced) == appearance(whole)


def test_a_change_of_one_cell_costs_a_few_bytes() -> None:
    model = ScreenModel()
    model.forget(80, 24)
    row = "\x1b[5;1H\x1b[38;5;250;48;5;24m" + "a" * 40 + "\x1b[0m"
    assert len(model.reduce(row)) > 40
    changed = row.replace("a" * 40, "a" * 20 + "b" + "a" * 19)
    assert model.reduce(changed) == "\x1b[5;21H\x1b[38;5;250;48;5;24mb\x1b[m"


def test_what_is_no_plain_frame_passes_whole_and_is_forgotten() -> None:
    model = ScreenModel()
    model.forget(20, 5)
    first = "\x1b[1;1Habc"
    assert model.reduce(first) == first
    link = "\x1b[2;1H\x1b]8;;http://example.org\x1b\\x\x1b]8;;\x1b\\"
    assert model.reduce(link) == link
    assert model.reduce(first) == first
    for odd in ("\x1b[1;1H漢字", "\x1b[1;18Htoo long", "\x1b[9;1Hbelow", "\x1b[1;1Ha\x07"):
        assert model.reduce(odd) == odd


def test_a_mode_is_no_frame() -> None:
    assert not is_frame("\x1b[?2026h")
    assert not is_frame("\x1b[?1049h")
    assert not is_frame("\x1b[6n")


def test_a_frame_for_a_larger_terminal_is_noticed() -> None:
    model = ScreenModel()
    model.forget(10, 3)
    for frame, overflows in (
        ("\x1b[1;1Habc", False),
        ("\x1b[1;9Habc", True),
        ("\x1b[2;1Habc", False),
        ("\x1b[4;1Habc", True),
        ("\x1b[1;8Habc", False),
    ):
        model.reduce(frame)
        assert model.overflowed is overflows, frame
