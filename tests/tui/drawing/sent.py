"""Colours received by the terminal: read from the bytes that are sent, not from a theme."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyte
from rich.color import ColorSystem
from textual.app import App
from textual.strip import Strip

from tui.drawing.cells import Cells
from tui.drawing.palette import ink
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.terminal.screen_buffer import ScreenBuffer

ALL = 1 << 20
ANSI = dict(
    zip(
        ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white"),
        range(8),
        strict=True,
    )
)
"""pyte's names of the first eight colours; bright ones follow them."""


class SentCell(NamedTuple):
    """A glyph of a frame and its colours: `#rrggbb`, a name of the first 16, or `default`."""

    row: int
    column: int
    glyph: str
    foreground: str
    background: str


def sent(strips: list[Strip], to_256: bool = True) -> list[SentCell]:
    """Return the cells of a screen, as an emulated terminal shows the bytes that are sent."""
    columns, rows = strips[0].cell_length, len(strips)
    model = ScreenBuffer(columns, rows, to_256=to_256)
    for row, strip in enumerate(strips):
        written = (
            Strip.render_style(style, text, ColorSystem.TRUECOLOR) if style is not None else text
            for text, style, _ in strip
        )
        model.apply(f"\x1b[{row + 1};1H{''.join(written)}")
    data = model.next_update(ALL)
    if to_256:
        # only entries of the palette, except the first 16, whose values are unknown
        numbers = [match[1] for match in re.finditer(r"\b[34]8;[25];(\d+)", data)]
        assert "8;2;" not in data
        assert all(int(number) >= 16 for number in numbers), data
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(data)
    cells = []
    for row in range(rows):
        line = screen.buffer[row]
        for column in range(columns):
            cell = line[column]
            colours = [
                each if len(each) != 6 or each in ANSI else f"#{each}"
                for each in (cell.fg, cell.bg)
            ]
            if cell.reverse:
                colours.reverse()
            cells.append(SentCell(row, column, cell.data, *colours))
    return cells


def screen_of(app: App[Any]) -> list[Strip]:
    """Return the cells that an application shows."""
    compositor = app.screen._compositor
    return list(compositor.render_strips(compositor.size))


def sent_pairs(look: TerminalLook, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the colours that are sent for foregrounds and backgrounds, by their roles."""
    cells = Cells(len(pairs), 1)
    for column, (foreground, background) in enumerate(pairs):
        cells.write(0, column, "x", ink(foreground, background))
    return [
        (cell.foreground, cell.background)
        for cell in sent([cells.strip(0, CellRenderer(look))], to_256=look.colours != "truecolor")
    ]


def sent_colours(look: TerminalLook, roles: Sequence[str]) -> list[str]:
    """Return the colours that are sent for backgrounds, by their roles."""
    return [behind for _, behind in sent_pairs(look, [("text", role) for role in roles])]
