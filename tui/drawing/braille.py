"""Lines of braille dots, of which a cell has two columns and four rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array
    from tui.drawing.cells import Cells

DOTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bit of each dot of a cell, by row and column."""


def draw_line(cells: Cells, row: int, column: int, heights: Array, rows: int, ink: int) -> None:
    """Draw a line with one value per column of dots.

    Args:
        cells: the block to draw into.
        row: row of the upper left cell.
        column: column of the upper left cell.
        heights: (2 · columns,) from 0, at the lower edge, to 1; the line is clipped to this range.
        rows: height in cells.
        ink: ink of the dots.
    """
    columns = len(heights) // 2
    dots = 4 * rows
    places = np.where(np.isfinite(heights), (1 - heights) * dots, -1e6)
    steps = np.floor(np.clip(places, -1e6, 1e6)).astype(np.int64)
    # the lower edge belongs to the lowest dot
    steps[(heights >= 0) & (steps == dots)] = dots - 1
    field = np.zeros((dots, 2 * columns), bool)
    for at, here in enumerate(steps[: 2 * columns].tolist()):
        before = int(steps[at - 1]) if at and abs(here) < 1e6 and abs(steps[at - 1]) < 1e6 else here
        # half of a vertical step is drawn in the previous column
        middle = (before + here) // 2
        low, high = min(middle, here), max(middle, here)
        field[max(0, low) : max(0, min(dots, high + 1)), at] = True
        if at and before != here:
            low, high = min(before, middle), max(before, middle)
            field[max(0, low) : max(0, min(dots, high + 1)), at - 1] = True
    bits = np.zeros((rows, columns), np.int64)
    for down in range(4):
        for across in range(2):
            bits += field[down::4, across::2] * DOTS[down, across]
    for at_row, at_column in zip(*np.nonzero(bits), strict=True):
        glyph = chr(0x2800 + int(bits[at_row, at_column]))
        cells.write(row + int(at_row), column + int(at_column), glyph, ink)
