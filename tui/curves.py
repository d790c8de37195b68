"""Curves over epochs, drawn by plotext in braille. Nothing else here knows plotext.

plotext's time grows with the points it is given, and it takes neither infinities nor a zero on a
logarithmic axis. So a series is first reduced to its minimum and maximum per column of dots, values
that cannot be drawn are left out, and logarithms are taken here, on an axis that stays linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np
import plotext

from tui.cells import Cells
from tui.palette import DIM, indexed, ink

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLOURED: Final = re.compile(r"\x1b\[([0-9;]*)m|([^\x1b]+)")
_AXIS_INK: Final = ink(DIM)


@dataclass(frozen=True)
class Series:
    """One curve: a value per epoch, epoch 0 first, and its colour in the 256-colour palette."""

    values: NDArray[np.float64]
    colour: int


@dataclass(frozen=True)
class ValueAxis:
    """The vertical axis: its bounds, and where its labels stand, in plotted units."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    logarithmic: bool = False


def linear_axis(low: float, high: float, ticks: int = 4) -> ValueAxis:
    """Return an axis from low to high, labelled at steps of 1, 2 or 5.

    Where those miss the upper end, and even parts of few digits do not, at these.
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
    """Return the next 1, 2 or 5 times a power of ten that is not below the value."""
    power = 10.0 ** floor(log10(max(value, 1e-12)) + 1e-9)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def axis_top(value: float) -> float:
    """Return where a value axis ends: close above the value, and still a round number."""
    power = 10.0 ** floor(log10(max(value, 1e-12)) + 1e-9)
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def epoch_bound(epochs: int) -> int:
    """Return where the epoch axis ends: it grows in steps, for each step redraws every cell."""
    return int(nice_ceiling(max(epochs, 50)))


def band(
    values: NDArray[np.float64], columns: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reduce a series to a line through the minimum and maximum of each column of dots.

    Args:
        values: one per epoch from 0.
        columns: how many columns of dots there are for the epochs 0 to `last`.
        last: the epoch at the right edge.

    Returns:
        Epochs and values of a line that fills, in each column, the range between the two.
    """
    epochs = np.flatnonzero(np.isfinite(values))
    if not epochs.size:
        return np.empty(0), np.empty(0)
    column = epochs * (columns - 1) // max(last, 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    finite = values[epochs]
    lowest, highest = np.minimum.reduceat(finite, starts), np.maximum.reduceat(finite, starts)
    if starts.size == epochs.size:
        return epochs.astype(np.float64), finite
    # down on one column and up on the next, so that the line between columns stays short
    pairs = np.column_stack([lowest, highest])
    pairs[1::2] = pairs[1::2, ::-1]
    return np.repeat(epochs[starts].astype(np.float64), 2), pairs.ravel()


def draw_curves(
    series: list[Series], axis: ValueAxis, last_epoch: int, width: int, height: int
) -> Cells:
    """Return the curves, the later ones on top, with both axes, in a block of cells."""
    cells = Cells(width, height)
    gutter = max(len(label) for label in axis.labels) + 1
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
    plotext.xlim(0, last_epoch)
    plotext.ylim(axis.low, axis.high)
    plotext.yticks(list(axis.ticks), list(axis.labels))
    ticks = linear_axis(0, last_epoch, 5 if width > 40 else 2).ticks
    shown = list(ticks) if has_epochs else []
    plotext.xticks(shown, [f"{tick:,.0f}" for tick in shown])
    plotted = False
    for each in series:
        values = each.values
        if axis.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log10(values)
        x, y = band(np.clip(values, axis.low, axis.high), 2 * (width - gutter), last_epoch)
        if x.size:
            plotext.plot(x.tolist(), y.tolist(), marker="braille", color=each.colour)
            plotted = True
    if not plotted:
        plotext.scatter([0], [axis.low], marker=" ")
    _read(plotext.build(), cells)
    return cells


def _read(text: str, cells: Cells) -> None:
    """Put plotext's lines, with their colour sequences, into cells."""
    for row, line in enumerate(text.split("\n")):
        column, current = 0, _AXIS_INK
        for match in _COLOURED.finditer(line):
            codes, glyphs = match.groups()
            if glyphs is None:
                is_colour = codes.startswith("38;5;")
                current = ink(indexed(int(codes.rsplit(";", 1)[1]))) if is_colour else _AXIS_INK
            else:
                column = cells.write(row, column, glyphs, current)
