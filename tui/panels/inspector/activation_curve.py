"""Curve of a unit's activation in the inspector, with its sum z and its output a marked."""

from __future__ import annotations

from math import ceil, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.nn.calls import run
from tui.drawing import number_format
from tui.drawing.braille import draw_line
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, BRIGHT, DIM, FAINT, TEXT, ink
from tui.panels.inspector.inspected import number

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.activations import Activation

REACH: Final = 3.0
"""Least distance of both ends of the axis from zero."""
LABEL: Final = 5
"""Columns for the numbers at the vertical axis."""
LEAST: Final = (16, 4)
MOST: Final = (44, 13)
"""Columns and rows of the smallest and of the largest picture."""


def draw_curve(activation: Activation, z: float, a: float, width: int, height: int) -> Cells:
    """Return f over an interval around zero that contains z; blank if z is not finite."""
    cells = Cells(width, height)
    columns, rows = width - LABEL - 1, height - 1
    if not (isfinite(z) and isfinite(a)) or columns < 4 or rows < 2 or abs(z) > 1e6:
        return cells
    reach = max(REACH, float(ceil(1.1 * abs(z))))
    at = np.linspace(-reach, reach, 2 * columns)
    values = _values(activation, at)
    low, high = _range(activation, values)
    heights = (values - low) / (high - low)
    left = LABEL + 1
    for row in range(rows):
        cells.write(row, LABEL, "│", ink(FAINT))
    zero_row = _row_of(0.0, low, high, rows)
    middle = left + columns // 2
    if low < 0:
        cells.write(zero_row, left, "─" * columns, ink(FAINT))
    for row in range(rows):
        cells.write(row, middle, "┊", ink(FAINT))
    point_row = _row_of(a, low, high, rows)
    point = left + min(columns - 1, max(0, int((z + reach) / (2 * reach) * columns)))
    for row in range(point_row + 1, rows):
        cells.write(row, point, "┊", ink(ACCENT))
    for column in range(left, point, 2):
        cells.write(point_row, column, "·", ink(ACCENT))
    draw_line(cells, 0, left, heights, rows, ink(TEXT))
    cells.write(point_row, point, "●", ink(ACCENT, bold=True))
    for row, value in ((0, high), (rows - 1, low), (zero_row, 0.0)):
        if row not in {0, rows - 1} or value in {low, high}:
            cells.write_right(row, LABEL, number_format.short(value), ink(DIM))
    cells.write(point_row, 0, " " * LABEL, ink())
    cells.write_right(point_row, LABEL, cut(_brief(a), LABEL), ink(BRIGHT))
    _write_axis(cells, rows, left, columns, (reach, z, point))
    return cells


def _write_axis(
    cells: Cells, row: int, left: int, columns: int, marks: tuple[float, float, int]
) -> None:
    """Write both ends of the horizontal axis, zero, and z."""
    reach, z, point = marks
    end = number_format.short(reach)
    text = f"▴ z {number(z)}"
    start = point if point + len(text) <= left + columns else point + 1 - len(text)
    if start < point:
        text = f"z {number(z)} ▴"
    cells.write(row, start, text, ink(BRIGHT))
    # numbers of the axis that the mark would touch are left out
    for column, label in (
        (left, f"−{end}"),
        (left + columns // 2, "0"),
        (left + columns - len(end), end),
    ):
        if column + len(label) < start or column > start + len(text):
            cells.write(row, column, label, ink(DIM))


def _brief(value: float) -> str:
    """Return a number in at most two digits after the point, and at most four characters if small."""
    return number_format.short(float(f"{value:.2g}"))


def _values(activation: Activation, z: Array) -> Array:
    a = np.empty_like(z)
    run(activation.forward(z, a))
    return a


def _range(activation: Activation, values: Array) -> tuple[float, float]:
    """Return both ends of the vertical axis."""
    if activation.scale == "diverging":
        return -1.0, 1.0
    if activation.scale == "unit":
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    low = min(0.0, low)
    return (low, high) if high > low else (low, low + 1.0)


def _row_of(value: float, low: float, high: float, rows: int) -> int:
    """Return the row of cells in which a value lies."""
    return min(rows - 1, max(0, int((high - value) / (high - low) * rows)))
