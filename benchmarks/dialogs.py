"""Dialogs at the end of slow lines, while a run trains: their first sign, complete, and closed again.

    python -m benchmarks.dialogs [--repeats N] [dialog ...]

Seconds from the key to the dialog's title on the screen, to all of its cells, and from `esc` to the
picture behind it. The last figure is what both have sent. The peer is the limit of the issue.
"""

from __future__ import annotations

import argparse
from time import monotonic
from typing import Final, NamedTuple

from tests.terminal.line import Line
from tests.terminal.terminal import Terminal, nnfs_tui

LINES: Final = (("8 kB/s, 150 ms", 8_000, 0.15), ("32 kB/s, 150 ms", 32_000, 0.15))
WATCHED: Final = 4.0
"""Seconds that a dialog is watched after its key, and the picture after `esc`."""
LEFT: Final = 0.02
"""Share of a dialog's cells that the picture behind may happen to have in common with it."""
WANTED: Final = (0.5, 1.2, 1.2)

Picture = list[list[tuple[str, ...]]]


class Dialog(NamedTuple):
    """How it is opened and recognised.

    Attributes:
        key: what opens it.
        title: the beginning of its title.
        ends: a word of its lower border.
        preset: the run that has it.
    """

    key: str
    title: str
    ends: str = "esc "
    preset: str = "moons"


DIALOGS: Final = {
    "data": Dialog("v", "data ──", "esc closes"),
    "settings": Dialog("h", "settings of the run", "esc cancels"),
    "help": Dialog("?", "keys and panels", "esc closes"),
    "epoch": Dialog(":", "go to epoch", "esc cancels"),
    "save": Dialog("\x13", "save the data", "esc cancels"),
    "explain": Dialog("e", "what it shows", "esc or e closes"),
    "palette": Dialog("\x10", "Search for commands", ""),
    "ask": Dialog("A", "ask the network", "esc closes"),
    "ask-languages": Dialog("A", "ask the network", "esc closes", "languages"),
    "plane": Dialog("P", "plane of the map", "esc cancels", "iris"),
}


def watched(terminal: Terminal, key: str) -> list[tuple[float, Picture]]:
    """Press a key, and return what the screen shows whenever something has arrived."""
    pressed = monotonic()
    terminal.press(key)
    shown, count = [(0.0, terminal.cells())], len(terminal.raw)
    while monotonic() < pressed + WATCHED:
        terminal.read(0.02)
        if len(terminal.raw) != count:
            count = len(terminal.raw)
            shown.append((monotonic() - pressed, terminal.cells()))
    return shown


def row_of(text: str, picture: Picture) -> int | None:
    """Return the first row that has the text in it, or None."""
    rows = ("".join(cell[0] for cell in row) for row in picture)
    return next((number for number, row in enumerate(rows) if text in row), None)


def times(terminal: Terminal, dialog: Dialog) -> tuple[float, float, float, int, int]:
    """Return the seconds to the first sign, complete and closed, and the bytes of both ways."""
    before = len(terminal.raw)
    opened = watched(terminal, dialog.key)
    first = next(at for at, picture in opened if row_of(dialog.title, picture) is not None)
    behind, whole = opened[0][1], opened[-1][1]
    both = len(terminal.raw) - before
    # its rows and columns: those of its borders, and without borders, what has changed
    top = row_of(dialog.title, whole)
    bottom = row_of(dialog.ends, whole) if dialog.ends else None
    assert top is not None
    if bottom is None:
        changed = [r for r, row in enumerate(whole) if row != behind[r]]
        top, bottom, left, right = min(changed), max(changed), 0, len(whole[0]) - 1
    else:
        lower = "".join(cell[0] for cell in whole[bottom])
        at = lower.index(dialog.ends)
        left = max(0, lower.rfind("╰", 0, at))
        right = lower.index("╯", at)
    rows = range(top, bottom + 1)

    def inside(picture: Picture) -> Picture:
        return [picture[row][left : right + 1] for row in rows]

    end = inside(whole)
    # backwards: the first picture from which on it never changes
    complete = 0.0
    for at, picture in opened:
        if inside(picture) != end:
            complete = 0.0
        elif not complete:
            complete = at
    before = len(terminal.raw)
    closing = watched(terminal, "esc")
    last = inside(closing[-1][1])
    own = [
        (row, column)
        for row, cells in enumerate(end)
        for column, cell in enumerate(cells)
        if cell != last[row][column]
    ]
    closed = next(
        at
        for at, picture in closing
        if sum(inside_cell(picture, top, left, place) == end[place[0]][place[1]] for place in own)
        <= LEFT * len(own)
    )
    return first, complete, closed, both, len(terminal.raw) - before


def inside_cell(picture: Picture, top: int, left: int, place: tuple[int, int]) -> tuple[str, ...]:
    """Return a cell of the dialog's rectangle."""
    return picture[top + place[0]][left + place[1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
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
            worst = [max(each[column] for each in found) for column in range(3)]
            told = ", ".join(
                f"{word} {value:.2f} s"
                for word, value in zip(("first sign", "complete", "closed"), worst, strict=True)
            )
            size = max(each[3] for each in found), max(each[4] for each in found)
            wanted = " / ".join(f"{value:.1f}" for value in WANTED)
            print(
                f"{label:<14} {name}: {told} (the longest of {len(found)}; wanted ≤ {wanted}); "
                f"opening {size[0]:,} B, closing and {WATCHED:.0f} s of training {size[1]:,} B",
                flush=True,
            )


if __name__ == "__main__":
    main()
