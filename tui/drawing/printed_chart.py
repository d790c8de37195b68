"""A small chart of the loss, printed by plotext in braille when a run without a screen ends."""

from __future__ import annotations

from math import isfinite, log10
from typing import Final

from tui.drawing.number_format import brief

MOST_POINTS: Final = 2000
"""Points from which every second one is dropped: more than the dots of a chart."""
ROWS: Final = 12
WIDEST: Final = 100
NARROWEST: Final = 50
LOGARITHMIC_FROM: Final = 20.0
"""Quotient of the largest and the smallest loss from which the axis is logarithmic."""
TICKS: Final = 5

COLOURS: Final = {"train": "default", "test": "magenta"}
MARKERS: Final = {"train": "braille", "test": "x"}
"""Markers of the curves without colours."""


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


def _drawn(
    curves: dict[str, tuple[list[int], list[float]]],
    width: int,
    *,
    is_log: bool,
    coloured: bool,
) -> str:
    import plotext  # a run whose output is no terminal has no chart

    def scaled(loss: float) -> float:
        # plotext fails on a log axis with a zero: its axis is linear here
        return log10(loss) if is_log else loss

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, ROWS)
    plotext.frame(False)
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    ends = [scaled(value) for _, ys in curves.values() for value in (min(ys), max(ys))]
    low, high = min(ends), max(ends)
    if low == high:
        low, high = low - 0.5, high + 0.5
    plotext.ylim(low, high)
    ticks = [low + (high - low) * at / (TICKS - 1) for at in range(TICKS)]
    plotext.yticks(ticks, [brief(10**each if is_log else each) for each in ticks])
    epochs_shown = [epoch for xs, _ in curves.values() for epoch in (xs[0], xs[-1])]
    first, last = min(epochs_shown), max(epochs_shown)
    marks = sorted({round(first + (last - first) * at / (TICKS - 1)) for at in range(TICKS)})
    plotext.xticks(marks, [f"{each:,}" for each in marks])
    for name, (epochs, losses) in curves.items():
        values = [scaled(each) for each in losses]
        colour = COLOURS[name] if coloured else "default"
        marker = "braille" if coloured else MARKERS[name]
        plotext.plot(list(epochs), values, marker=marker, color=colour)
    heading = "loss (logarithmic)" if is_log else "loss"
    if coloured:
        named = ", ".join(plotext.colorize(name, COLOURS[name]) for name in curves)
    else:
        named = ", ".join(f"{name} {'x' if name == 'test' else 'line'}" for name in curves)
    text: str = plotext.build() if coloured else plotext.uncolorize(plotext.build())
    return "\n".join(
        [f"{heading} by epoch: {named}", *(line.rstrip() for line in text.splitlines())]
    )
