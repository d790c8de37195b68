"""A small chart of the loss, printed by plotext in braille when a run without a screen ends."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite, log10
from typing import TYPE_CHECKING, Final

from tui.drawing.axes import fitted_axis, log_axis
from tui.drawing.number_format import brief

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_POINTS: Final = 2000
"""Points from which every second one is dropped: more than the dots of a chart."""
ROWS: Final = 12
WIDEST: Final = 100
NARROWEST: Final = 50
LOGARITHMIC_FROM: Final = 20.0
"""Quotient of the largest and the smallest loss from which the axis is logarithmic."""
MARKED: Final = 4
"""Parts into which the marks divide the axis of epochs."""
MOST_LABEL: Final = 8
"""Width of the labels from which they are rounded to fewer digits."""

LOOKS: Final = {"train": ("default", "braille"), "test": ("magenta", "x")}
"""Colours of the curves, and their markers without colours."""

RUN_COLOURS: Final = ("default", "magenta", "cyan", "orange", "green", "blue", "red", "gray")
LETTERS: Final = "abcdefgh"
MOST_CURVES: Final = len(RUN_COLOURS)
"""Curves of runs in one chart: more colours are too similar."""


class LossRecord:
    """The losses of a run, thinned evenly, whatever the number of epochs."""

    def __init__(self) -> None:
        self._points: list[tuple[int, float, float]] = []
        self._last: tuple[int, float, float] | None = None
        self._stride = 1

    def add(self, epoch: int, train: float, test: float) -> None:
        """Record an epoch."""
        self._last = (epoch, train, test)
        if epoch % self._stride:
            return
        self._points.append((epoch, train, test))
        if len(self._points) > MOST_POINTS:
            self._stride *= 2
            self._points = [each for each in self._points if each[0] % self._stride == 0]

    def chart(self, width: int, *, coloured: bool, shared: bool) -> str:
        """Return the chart as lines, or an empty string if there is nothing to draw.

        Args:
            width: columns of the terminal.
            coloured: whether the curves have colours.
            shared: whether the test samples are the training samples: there is one curve.
        """
        width = min(width - 1, WIDEST)
        names = ("train",) if shared else ("train", "test")
        curves = {name: self._curve(1 + at) for at, name in enumerate(names)}
        curves = {name: points for name, points in curves.items() if points[0]}
        values = [value for _, ys in curves.values() for value in ys]
        if width < NARROWEST or len(self._points) < 2 or not values:
            return ""
        low, high = min(values), max(values)
        is_log = low > 0 and high / low > LOGARITHMIC_FROM
        return _drawn(curves, width, is_log=is_log, coloured=coloured)

    def _curve(self, column: int) -> tuple[list[int], list[float]]:
        recorded = self._points
        if self._last is not None and self._last not in recorded[-1:]:
            recorded = [*recorded, self._last]
        points = [(each[0], each[column]) for each in recorded if isfinite(each[column])]
        return [epoch for epoch, _ in points], [loss for _, loss in points]


def chart_of_runs(
    curves: dict[str, tuple[list[int], list[float]]], width: int, *, coloured: bool, what: str
) -> str:
    """Return a chart with a curve per run and its legend, or an empty string.

    Args:
        curves: epochs and losses of each run by its name; at most `MOST_CURVES`.
        width: columns of the terminal.
        coloured: whether the curves have colours; without, they are drawn with letters.
        what: the heading, such as `test loss`.
    """
    thinned = {}
    for name, (epochs, losses) in curves.items():
        finite = [each for each in zip(epochs, losses, strict=True) if isfinite(each[1])]
        if finite:
            points = [*finite[:: max(1, len(finite) // MOST_POINTS)], finite[-1]]
            thinned[name] = [epoch for epoch, _ in points], [loss for _, loss in points]
    values = [value for _, ys in thinned.values() for value in ys]
    width = min(width - 1, WIDEST)
    if width < NARROWEST or max(map(len, (xs for xs, _ in thinned.values())), default=0) < 3:
        return ""
    low, high = min(values), max(values)
    is_log = low > 0 and high / low > LOGARITHMIC_FROM
    looks = dict(zip(thinned, zip(RUN_COLOURS, LETTERS, strict=True), strict=False))
    return _drawn(thinned, width, is_log=is_log, coloured=coloured, what=what, looks=looks)


def _drawn(
    curves: dict[str, tuple[list[int], list[float]]],
    width: int,
    *,
    is_log: bool,
    coloured: bool,
    what: str = "loss",
    looks: Mapping[str, tuple[str, str]] = LOOKS,
) -> str:
    # a run whose output is no terminal has no chart, and need not import plotext
    from tui.drawing.figure import add_curve, begin_figure, coloured_text, figure_text

    losses = [loss for _, ys in curves.values() for loss in ys]
    low, high = min(losses), max(losses)
    axis = log_axis(low, high) if is_log else fitted_axis(low, high)
    if max(map(len, axis.labels)) > MOST_LABEL:
        axis = replace(axis, labels=tuple(brief(each) for each in axis.ticks))
    ends = [epoch for xs, _ in curves.values() for epoch in (xs[0], xs[-1])]
    first, last = min(ends), max(ends)
    # the last epoch is the result: it has a label, round or not
    parts = range(MARKED + 1)
    marks = sorted({round(first + (last - first) * each / MARKED) for each in parts})
    begin_figure(axis, (first, last), marks, width, ROWS)
    for name, (epochs, values) in curves.items():
        scaled = [max(log10(each), axis.low) for each in values] if is_log else values
        colour, marker = looks[name]
        add_curve(
            epochs, scaled, "braille" if coloured else marker, colour if coloured else "default"
        )
    heading = f"{what} (logarithmic)" if is_log else what
    if coloured:
        named = ", ".join(coloured_text(name, looks[name][0]) for name in curves)
    else:
        marks_of = {name: looks[name][1].replace("braille", "line") for name in curves}
        named = ", ".join(f"{name} {mark}" for name, mark in marks_of.items())
    lines = figure_text(coloured=coloured).splitlines()
    return "\n".join([f"{heading} by epoch: {named}", *(line.rstrip() for line in lines)])
