"""Time to open and close dialogs over slow connections during training.

    python -m benchmarks.dialogs [--repeats N] [dialog ...]

Seconds and bytes from the key to the dialog's title on the screen, to all of its cells, and from `esc`
to the panels that it covered. Training continues meanwhile, so the bytes include the panels, and what
was on its way when the key was typed. Bytes depend less on the load of the machine than seconds.
"""

from __future__ import annotations

import argparse
from statistics import median
from time import monotonic
from typing import Final, NamedTuple

from tests.terminal.line import Line
from tests.terminal.terminal import Terminal, nnfs_tui

LINES: Final = (("8 kB/s, 150 ms", 8_000, 0.15), ("32 kB/s, 150 ms", 32_000, 0.15))
WATCHED: Final = 3.0
"""Seconds for which the screen is read after the key and after `esc`."""
LEFT: Final = 0.02
"""Share of a dialog's cells that may equal those of the panels behind it by chance."""
WANTED: Final = (0.5, 1.2, 1.2)

Picture = list[list[tuple[str, ...]]]


class Moment(NamedTuple):
    """Screen content after an arrival of output.

    Attributes:
        seconds: since the key.
        size: bytes since the key.
    """

    seconds: float
    size: int
    picture: Picture


class Dialog(NamedTuple):
    """A dialog, and the text by which it is recognised.

    Attributes:
        key: key that opens the dialog.
        title: beginning of its title.
        ends: text in its lower border.
        preset: preset in which it is available.
    """

    key: str
    title: str
    ends: str = "esc "
    preset: str = "moons"


DIALOGS: Final = {
    "data": Dialog("v", "data ──", "esc closes"),
    "settings": Dialog("h", "settings of the run", "esc cancels"),
    "help": Dialog("?", "keys and panels", "esc or ? closes"),
    "epoch": Dialog(":", "go to epoch", "esc cancels"),
    "save": Dialog("\x13", "save the data", "esc cancels"),
    "explain": Dialog("e", "what it shows", "esc or e closes"),
    "palette": Dialog("\x10", "find a command", "▁"),
    "ask": Dialog("A", "ask the network", "esc closes"),
    "ask-languages": Dialog("A", "ask the network", "esc closes", "languages"),
    "plane": Dialog("P", "plane of the map", "esc cancels", "iris"),
}


def watched(terminal: Terminal, key: str) -> list[Moment]:
    """Press a key, and return what the screen shows each time that output has arrived."""
    pressed, start = monotonic(), len(terminal.raw)
    terminal.press(key)
    shown, count = [Moment(0.0, 0, terminal.cells())], start
    while monotonic() < pressed + WATCHED:
        terminal.read(0.02)
        if len(terminal.raw) != count:
            count = len(terminal.raw)
            shown.append(Moment(monotonic() - pressed, count - start, terminal.cells()))
    return shown


def row_of(text: str, picture: Picture) -> int | None:
    """Return the first row that contains the text, or None."""
    rows = ("".join(cell[0] for cell in row) for row in picture)
    return next((number for number, row in enumerate(rows) if text in row), None)


def place_of(dialog: Dialog, whole: Picture) -> tuple[range, slice]:
    """Return the rows and columns of a dialog."""
    top = row_of(dialog.title, whole)
    assert top is not None
    bottom = row_of("▁" * 9 if dialog.ends == "▁" else dialog.ends, whole)
    assert bottom is not None
    lower = "".join(cell[0] for cell in whole[bottom])
    if dialog.ends == "▁":  # the palette has no border, only a line above and one below
        return range(top, bottom), slice(lower.index("▁" * 9), lower.rindex("▁" * 9) + 9)
    ends = lower.index(dialog.ends)
    left, right = max(0, lower.rfind("╰", 0, ends)), lower.index("╯", ends)
    return range(top, bottom + 1), slice(left, right + 1)


def times(terminal: Terminal, dialog: Dialog) -> list[Moment]:
    """Return the moments at which a dialog is first visible, complete and closed."""
    opened = watched(terminal, dialog.key)
    closing = watched(terminal, "esc")
    whole = opened[-1].picture
    rows, columns = place_of(dialog, whole)

    def inside(picture: Picture) -> list[tuple[str, ...]]:
        return [cell for row in rows for cell in picture[row][columns]]

    first = next(each for each in opened if row_of(dialog.title, each.picture) is not None)
    own, last = inside(whole), inside(closing[-1].picture)
    complete = opened[-1]
    for moment in reversed(opened):
        if inside(moment.picture) != own:
            break
        complete = moment
    gone = [place for place, cell in enumerate(own) if cell != last[place]]

    def is_closed(picture: Picture) -> bool:
        cells = inside(picture)
        return sum(cells[place] == own[place] for place in gone) <= LEFT * len(gone)

    closed = next(each for each in closing if is_closed(each.picture))
    return [first, complete, closed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--rate", type=int)
    parser.add_argument("dialogs", nargs="*", metavar="dialog")
    options = parser.parse_args()
    for name, rate, round_trip in LINES:
        if options.rate not in {None, rate}:
            continue
        for label in options.dialogs or DIALOGS:
            dialog = DIALOGS[label]
            found = []
            with nnfs_tui(
                dialog.preset, "--epochs", "100000000", "--no-save", line=Line(rate, round_trip)
            ) as terminal:
                terminal.until("TRAINING")
                terminal.written_within(5.0)
                for _ in range(options.repeats):
                    found.append(times(terminal, dialog))
                    terminal.written_within(1.0)
            told = []
            for column, word in enumerate(("first sign", "complete", "closed")):
                seconds = [each[column].seconds for each in found]
                size = median(each[column].size for each in found)
                told.append(
                    f"{word} {median(seconds):.2f} s (up to {max(seconds):.2f}), {size:,.0f} B"
                )
            wanted = " / ".join(f"{value:.1f}" for value in WANTED)
            print(
                f"{label:<14} {name}: {'; '.join(told)} (n = {len(found)}); wanted ≤ {wanted} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
