"""Lines and curves of braille dots, of which a cell has two columns and four rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from tui.drawing.cells import Cells

DOTS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bit of each dot of a cell, by row and column."""

_BITS: Final = (
    (
        np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")
        * DOTS.T.ravel()
    )
    .sum(axis=1)
    .astype(np.uint8)
)
"""Bits of a cell by the same bits in the order of its columns."""


def cells_of_dots(dots: NDArray[np.bool_]) -> tuple[Labels, Labels, NDArray[np.str_]]:
    """Return the rows, the columns and the glyphs of the cells with dots.

    Args:
        dots: (4 · rows, 2 · columns).
    """
    bits = bits_of_dots(dots)
    rows, columns = np.nonzero(bits)
    return rows, columns, glyphs_of(bits[rows, columns])


def bits_of_dots(dots: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the bits of all cells, (rows, columns); see `cells_of_dots`."""
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    # the eight dots of a cell side by side; a sum over both axes takes six times as long
    beside = dots.reshape(rows, 4, columns, 2).transpose(0, 2, 3, 1).reshape(rows, 8 * columns)
    found: NDArray[np.uint8] = _BITS[np.packbits(beside, axis=1, bitorder="little")]
    return found


def glyphs_of(bits: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Return the braille glyph of each number of bits."""
    return (bits + np.uint32(0x2800)).view("<U1")


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
    at_rows, at_columns, glyphs = cells_of_dots(field)
    at_rows, at_columns = row + at_rows, column + at_columns
    inside = (at_rows < cells.height) & (at_columns < cells.width)
    visible = at_rows[inside], at_columns[inside]
    cells.glyphs[visible], cells.inks[visible] = glyphs[inside], ink


def draw_bands(
    cells: Cells,
    left: int,
    columns: Labels,
    bottom: NDArray[np.float64],
    top: NDArray[np.float64],
    rows: int,
    ink: int,
) -> None:
    """Draw a curve from the lowest to the highest value in each column of dots, over other glyphs.

    Columns are connected, also across columns without values.

    Args:
        cells: the block to draw into.
        left: column of the left cell.
        columns: (n,) numbers of the columns of dots, increasing.
        bottom: (n,) lower ends of the curve from 0, at the lower edge, to 1.
        top: (n,) upper ends; a part above 1 or below 0 is cut off.
        rows: height in cells, from the upper edge of the block.
        ink: ink of the dots.
    """
    if not columns.size:
        return
    first, last, dots = int(columns[0]), int(columns[-1]), 4 * rows
    places = np.arange(first, last + 1)
    if len(places) > len(columns):
        bottom, top = np.interp(places, columns, bottom), np.interp(places, columns, top)
    # numbers of the rows of dots, from the top
    upper, lower = (
        dots - 1 - np.rint(np.clip(end, -100, 100) * (dots - 1)).astype(np.int64)
        for end in (top, bottom)
    )
    # a vertical distance to the next column is divided between the two columns
    falls, rises = upper[1:] - lower[:-1], upper[:-1] - lower[1:]
    middle = (lower[:-1] + upper[1:]) // 2, (lower[1:] + upper[:-1]) // 2
    start, end = upper.copy(), lower.copy()
    end[:-1] = np.where(falls > 1, middle[0], end[:-1])
    start[1:] = np.where(falls > 1, np.minimum(start[1:], middle[0] + 1), start[1:])
    start[:-1] = np.where(rises > 1, np.minimum(start[:-1], middle[1] + 1), start[:-1])
    end[1:] = np.where(rises > 1, np.maximum(end[1:], middle[1]), end[1:])
    shift = first % 2
    width = (shift + len(places) + 1) // 2
    field = np.zeros((dots, 2 * width), bool)
    down = np.arange(dots)[:, None]
    field[:, shift : shift + len(places)] = (down >= start) & (down <= end)
    column = left + first // 2
    at_rows, at_columns, glyphs = cells_of_dots(field[:, : 2 * max(0, cells.width - column)])
    at = at_rows, column + at_columns
    cells.glyphs[at], cells.inks[at] = glyphs, ink
