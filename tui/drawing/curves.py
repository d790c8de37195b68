"""Curves over epochs in braille dots, with axes.

plotext draws the axes, once for each size and range; its time grows with the number of points. Curves,
which change in every frame, are written into the cells directly.
"""

from __future__ import annotations

from functools import lru_cache
from math import log10
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from tui.drawing.axes import linear_axis
from tui.drawing.braille import draw_bands
from tui.drawing.cells import Cells
from tui.drawing.figure import begin_figure, figure_text
from tui.drawing.palette import DIM, READER, ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.drawing.axes import ValueAxis
    from tui.drawing.traces import Trace

_AXIS_INK: Final = ink(DIM)

EPOCHS_FROM: Final = 5
"""Rows of a plot from which it has an axis of epochs."""


@dataclass(frozen=True)
class Mark:
    """A marked point of a curve."""

    epoch: int
    value: float
    glyph: str
    colour: str


@dataclass(frozen=True)
class Plot:
    """Position of a plot in a block of cells.

    Attributes:
        axis: of the values.
        span: epochs at the left and the right edge.
        width, height: of the block, with the axes.
    """

    axis: ValueAxis
    span: tuple[int, int]
    width: int
    height: int

    @property
    def gutter(self) -> int:
        """Width of the value axis in cells."""
        return gutter_width(self.axis)

    @property
    def has_epochs(self) -> bool:
        """Whether there is room for an axis of epochs."""
        return self.height >= EPOCHS_FROM

    @property
    def rows(self) -> int:
        """Rows of cells of the curves."""
        return self.height - 2 * self.has_epochs

    @property
    def dots(self) -> int:
        """Columns of dots of the curves."""
        return 2 * max(1, self.width - self.gutter)

    @property
    def is_too_small(self) -> bool:
        """Whether there is no room for a plot."""
        return self.width < self.gutter + 8 or self.height < 2

    def includes(self, epoch: int) -> bool:
        """Return whether an epoch is between the edges."""
        return self.span[0] <= epoch <= self.span[1]

    def column_of(self, epoch: int) -> int:
        """Return the column of cells of an epoch."""
        across = (epoch - self.span[0]) * (self.dots - 1) // max(self.span[1] - self.span[0], 1)
        return self.gutter + across // 2

    def row_of(self, value: float) -> int:
        """Return the row of cells of a value on the axis, limited to the plot."""
        up = min(max((value - self.axis.low) / (self.axis.high - self.axis.low), 0.0), 1.0)
        return self.rows - 1 - round(up * (4 * self.rows - 1)) // 4


def draw_curves(
    traces: Sequence[Trace],
    plot: Plot,
    marks: Sequence[Mark] = (),
    reader: int | None = None,
    level: float | None = None,
) -> Cells:
    """Return the curves, later ones on top, with both axes, in a block of cells.

    The epoch `reader`, if given, is marked by a vertical line, and the value `level` by a horizontal
    one, behind the curves.
    """
    cells = Cells(plot.width, plot.height)
    if plot.is_too_small:
        return cells
    axis, rows, gutter = plot.axis, plot.rows, plot.gutter
    cells.place(0, 0, _axes(plot))
    for each in traces:
        for low, high in each.bands:
            with np.errstate(divide="ignore", invalid="ignore"):
                ends = (np.log10(low), np.log10(high)) if axis.logarithmic else (low, high)
            if axis.logarithmic:  # zero is at the lower edge
                ends = np.maximum(ends[0], axis.low), np.maximum(ends[1], axis.low)
            bottom, top = ((end - axis.low) / (axis.high - axis.low) for end in ends)
            draw_bands(cells, gutter, each.columns, bottom, top, rows, ink(each.colour))
    if reader is not None and plot.includes(reader):
        column = plot.column_of(reader)
        empty = cells.glyphs[:rows, column] == " "
        cells.glyphs[:rows, column][empty] = "┊"
        cells.inks[:rows, column] = ink(READER)
    if level is not None and axis.low <= level <= axis.high:
        row = plot.row_of(level)
        empty = cells.glyphs[row, gutter:] == " "
        cells.glyphs[row, gutter:][empty] = "·"
        cells.inks[row, gutter:][empty] = _AXIS_INK
    for mark in marks:
        if plot.includes(mark.epoch) and not (axis.logarithmic and mark.value <= 0):
            value = log10(mark.value) if axis.logarithmic else mark.value
            row, column = plot.row_of(value), plot.column_of(mark.epoch)
            cells.write(row, column, mark.glyph, ink(mark.colour, bold=True))
    return cells


def gutter_width(axis: ValueAxis) -> int:
    """Return the width of the labels of the value axis in cells."""
    return max(len(label) for label in axis.labels) + 1


def epoch_at(column: int, span: tuple[int, int], gutter: int, width: int) -> int:
    """Return the epoch at the middle of a column of cells."""
    across = (column - gutter + 0.5) / max(1, width - gutter)
    return round(span[0] + min(max(across, 0.0), 1.0) * (span[1] - span[0]))


@lru_cache(maxsize=32)
def _axes(plot: Plot) -> Cells:
    """Return the axes, without curves; the block must not be changed."""
    first, last = plot.span
    steps = linear_axis(0, last - first, 5 if plot.width > 40 else 2).ticks
    marks = [round(first + step) for step in steps] if plot.has_epochs else []
    begin_figure(plot.axis, plot.span, marks, plot.width, plot.height)
    cells = Cells(plot.width, plot.height)
    for row, line in enumerate(figure_text(coloured=False).split("\n")):
        cells.write(row, 0, line, _AXIS_INK)
    return cells
