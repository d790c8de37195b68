"""Curves over epochs, drawn by plotext in braille. The only module that imports plotext.

The time of plotext grows with the number of points, and it fails on infinity and on zero on a log
axis. Each series is therefore reduced to its minimum and maximum per column of dots, values that cannot
be drawn are omitted, and logarithms are computed here, on an axis that is linear for plotext.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import plotext

from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, READER, indexed, ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_COLOURED: Final = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")
_AXIS_INK: Final = ink(DIM)

MANY: Final = 4
"""Smallest number of epochs per column of dots at which a curve may have branches."""


@dataclass(frozen=True)
class Series:
    """One curve: a value per epoch from epoch 0, and its colour in the 256-colour palette."""

    values: NDArray[np.float64]
    colour: int


@dataclass(frozen=True)
class ValueAxis:
    """The vertical axis: its bounds and the positions of its labels, in plotted units."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    logarithmic: bool = False


def linear_axis(low: float, high: float, ticks: int = 4) -> ValueAxis:
    """Return an axis from low to high, labelled at steps of 1, 2 or 5.

    If these do not include the upper end, it is divided evenly, provided that few digits are enough.
    """
    step = nice_ceiling((high - low) / max(ticks, 1))
    if not _divides(step, high - low):
        even = ((high - low) / parts for parts in range(ticks, 1, -1))
        step = next((each for each in even if float(f"{each:.2g}") == round(each, 12)), step)
    digits = max(0, 1 - floor(log10(step) + 1e-9))
    if _divides(10.0 ** (1 - digits), step):
        digits = max(0, digits - 1)
    places = np.arange(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1) * step
    return ValueAxis(low, high, tuple(places.tolist()), tuple(f"{p:.{digits}f}" for p in places))


def _divides(step: float, length: float) -> bool:
    return abs(length / step - round(length / step)) < 1e-9


def fitted_axis(low: float, high: float, ticks: int = 4, least: float = 1e-12) -> ValueAxis:
    """Return an axis close around the two values, without zero, and not shorter than `least`."""
    step = nice_ceiling(max(high - low, abs(high) * 1e-6, least) / max(ticks, 1))
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    top = max(top, bottom + step)
    digits = max(0, -floor(log10(step) + 1e-9))
    places = np.arange(round((top - bottom) / step) + 1) * step + bottom
    return ValueAxis(bottom, top, tuple(places.tolist()), tuple(f"{p:.{digits}f}" for p in places))


def log_axis(low: float, high: float, ticks: int = 4) -> ValueAxis:
    """Return a logarithmic axis over whole decades around the two values, both above zero."""
    bottom, top = floor(log10(low) + 1e-9), ceil(log10(high) - 1e-9)
    top = max(top, bottom + 1)
    step = max(1, ceil((top - bottom) / (ticks + 1)))
    places = tuple(float(place) for place in range(bottom, top + 1, step))
    plain = places[0] >= -3 and places[-1] <= 3
    labels = tuple(f"{10**place:g}" if plain else f"1e{place:.0f}" for place in places)
    return ValueAxis(bottom, top, places, labels, logarithmic=True)


def nice_ceiling(value: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is not below the value."""
    power = 10.0 ** floor(log10(max(value, 1e-12)) + 1e-9)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def axis_top(value: float) -> float:
    """Return the upper end of a value axis: a round number close above the value."""
    power = 10.0 ** floor(log10(max(value, 1e-12)) + 1e-9)
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def epoch_span(epochs: int, recent: int | None = None) -> tuple[int, int]:
    """Return the first and the last epoch of the axis.

    It moves in steps, since each step redraws every cell: steps of 1, 2 or 5 times a power of ten if all
    epochs are shown, and of a fifth of the axis if only the last `recent` are.
    """
    if recent is None or epochs <= recent:
        return 0, int(nice_ceiling(max(epochs, 50)))
    step = max(1, recent // 5)
    last = ceil(epochs / step) * step
    return last - recent, last


Line: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64]]"
"""Epochs and their values."""


def bands(values: NDArray[np.float64], columns: int, span: tuple[int, int]) -> list[Line]:
    """Reduce a series to a line through the minimum and maximum of each column of dots.

    If a column contains many epochs, and the even ones are separate from the odd ones, the run
    alternates between two branches: then there are two lines, one for each.

    Args:
        values: one value per epoch from 0.
        columns: number of columns of dots for the span.
        span: epochs at the left and the right edge.

    Returns:
        Lines that cover the range of the values in each column.
    """
    first, last = span
    shown = values[first : last + 1]
    epochs = np.flatnonzero(np.isfinite(shown))
    if not epochs.size:
        return []
    column = epochs * (columns - 1) // max(last - first, 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    finite = shown[epochs]
    if starts.size == epochs.size:
        return [((epochs + first).astype(np.float64), finite)]
    lowest, highest = np.minimum.reduceat(finite, starts), np.maximum.reduceat(finite, starts)
    places = (epochs[starts] + first).astype(np.float64)
    branches = _branches(finite, epochs, starts)
    if branches is None:
        return [_zigzag(places, lowest, highest)]
    top_of_lower, bottom_of_upper = branches
    return [_zigzag(places, lowest, top_of_lower), _zigzag(places, bottom_of_upper, highest)]


def _branches(
    values: NDArray[np.float64], epochs: NDArray[np.int64], starts: NDArray[np.int64]
) -> Line | None:
    """Return per column the top of the lower branch and the bottom of the upper one, or None.

    In a column with a single branch these are its highest and lowest value.
    """
    if values.size < MANY * starts.size:
        return None
    even = epochs % 2 == 0
    low, high = np.minimum.reduceat, np.maximum.reduceat
    even_low, even_high = (
        low(np.where(even, values, np.inf), starts),
        high(np.where(even, values, -np.inf), starts),
    )
    odd_low, odd_high = (
        low(np.where(even, np.inf, values), starts),
        high(np.where(even, -np.inf, values), starts),
    )
    gap = np.maximum(odd_low - even_high, even_low - odd_high)
    spread = np.maximum(even_high - even_low, odd_high - odd_low)
    apart = np.isfinite(gap) & (gap > spread)
    if not apart.any():
        return None
    lower_top = np.where(odd_low > even_high, even_high, odd_high)
    upper_bottom = np.where(odd_low > even_high, odd_low, even_low)
    top, bottom = high(values, starts), low(values, starts)
    return np.where(apart, lower_top, top), np.where(apart, upper_bottom, bottom)


def _zigzag(
    places: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> Line:
    # down on one column and up on the next, so that the line between columns stays short
    pairs = np.column_stack([low, high])
    pairs[1::2] = pairs[1::2, ::-1]
    return np.repeat(places, 2), pairs.ravel()


@dataclass(frozen=True)
class Mark:
    """A marked point of a curve."""

    epoch: int
    value: float
    glyph: str
    colour: str


def draw_curves(
    series: list[Series],
    axis: ValueAxis,
    span: tuple[int, int],
    width: int,
    height: int,
    marks: Sequence[Mark] = (),
    reader: int | None = None,
    level: float | None = None,
) -> Cells:
    """Return the curves, later ones on top, with both axes, in a block of cells.

    The epoch `reader`, if given, is marked by a vertical line, and the value `level` by a horizontal
    one, behind the curves.
    """
    first_epoch, last_epoch = span
    cells = Cells(width, height)
    gutter = gutter_width(axis)
    if width < gutter + 8 or height < 2:
        return cells
    has_epochs = height >= 5
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    plotext.frame(False)
    plotext.xaxes(has_epochs, False)
    plotext.yaxes(True, False)
    plotext.xlim(first_epoch, last_epoch)
    plotext.ylim(axis.low, axis.high)
    plotext.yticks(list(axis.ticks), list(axis.labels))
    steps = linear_axis(0, last_epoch - first_epoch, 5 if width > 40 else 2).ticks
    shown = [first_epoch + step for step in steps] if has_epochs else []
    plotext.xticks(shown, [f"{tick:,.0f}" for tick in shown])
    plotted = False
    for each in series:
        values = each.values
        if axis.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log10(values)
        values = np.clip(values, axis.low, axis.high)
        for x, y in bands(values, 2 * (width - gutter), span):
            plotext.plot(x.tolist(), y.tolist(), marker="braille", color=each.colour)
            plotted = True
    if not plotted:
        plotext.scatter([first_epoch], [axis.low], marker=" ")
    _read(plotext.build(), cells)
    if reader is not None and first_epoch <= reader <= last_epoch:
        column = _column_of(reader, span, gutter, width)
        empty = cells.glyphs[: height - 2 * has_epochs, column] == " "
        cells.glyphs[: height - 2 * has_epochs, column][empty] = "┊"
        cells.inks[: height - 2 * has_epochs, column] = ink(READER)
    rows = height - 2 if has_epochs else height
    if level is not None and axis.low <= level <= axis.high:
        row = _row_of(level, axis, rows)
        empty = cells.glyphs[row, gutter:] == " "
        cells.glyphs[row, gutter:][empty] = "·"
        cells.inks[row, gutter:][empty] = _AXIS_INK
    for mark in marks:
        _place(mark, cells, axis, span, gutter, rows)
    return cells


def gutter_width(axis: ValueAxis) -> int:
    """Return the width of the labels of the value axis in cells."""
    return max(len(label) for label in axis.labels) + 1


def epoch_at(column: int, span: tuple[int, int], gutter: int, width: int) -> int:
    """Return the epoch at the middle of a column of cells."""
    across = (column - gutter + 0.5) / max(1, width - gutter)
    return round(span[0] + min(max(across, 0.0), 1.0) * (span[1] - span[0]))


def _column_of(epoch: int, span: tuple[int, int], gutter: int, width: int) -> int:
    across = (epoch - span[0]) / max(span[1] - span[0], 1)
    return gutter + round(across * (2 * (width - gutter) - 1)) // 2


def _place(
    mark: Mark, cells: Cells, axis: ValueAxis, span: tuple[int, int], gutter: int, rows: int
) -> None:
    """Write a mark over the cell of its dot, with the rounding of plotext."""
    if not span[0] <= mark.epoch <= span[1] or (axis.logarithmic and mark.value <= 0):
        return
    value = log10(mark.value) if axis.logarithmic else mark.value
    column = _column_of(mark.epoch, span, gutter, cells.width)
    cells.write(_row_of(value, axis, rows), column, mark.glyph, ink(mark.colour, bold=True))


def _row_of(value: float, axis: ValueAxis, rows: int) -> int:
    """Return the row of the dot of a value."""
    up = min(max((value - axis.low) / (axis.high - axis.low), 0.0), 1.0)
    return rows - 1 - round(up * (4 * rows - 1)) // 4


def _read(text: str, cells: Cells) -> None:
    """Convert plotext's lines, with their colour sequences, to cells."""
    for row, line in enumerate(text.split("\n")):
        column, current = 0, _AXIS_INK
        for match in _COLOURED.finditer(line):
            codes, glyphs = match.groups()
            if glyphs is None:
                is_colour = codes.startswith("38;5;")
                current = ink(indexed(int(codes.rsplit(";", 1)[1]))) if is_colour else _AXIS_INK
            else:
                column = cells.write(row, column, glyphs, current)
