"""Axes drawn by plotext, for the screen and for the printed chart: the only module that imports it.

plotext fails on infinity and on zero on a log axis, so logarithms are computed here, on an axis that is
linear for plotext.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import plotext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.drawing.axes import ValueAxis

MILLION: Final = 1_000_000


def begin_figure(
    axis: ValueAxis, span: tuple[int, int], marks: Sequence[int], width: int, height: int
) -> None:
    """Begin another figure, with axes alone.

    Args:
        axis: of the values.
        span: epochs at the left and the right edge.
        marks: labelled epochs; without any, there is no axis of epochs.
        width: columns of the figure, with the axes.
        height: rows of the figure, with the axes.
    """
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    plotext.frame(False)
    plotext.xaxes(bool(marks), False)
    plotext.yaxes(True, False)
    plotext.xlim(*span)
    plotext.ylim(axis.low, axis.high)
    plotext.yticks(list(axis.ticks), list(axis.labels))
    # plotext omits labels that do not fit, the last one first
    is_long = span[1] >= MILLION
    labels = [f"{each / MILLION:g}M" if is_long and each else f"{each:,}" for each in marks]
    plotext.xticks(list(marks), labels)
    plotext.scatter([span[0]], [axis.low], marker=" ")  # without points, there are no axes


def add_curve(epochs: Sequence[int], values: Sequence[float], marker: str, colour: str) -> None:
    """Add a curve, in units of the axis.

    Args:
        epochs: of the points, in increasing order.
        values: finite numbers.
        marker: a glyph, or `braille`.
        colour: name of a colour of the terminal, or `default`.
    """
    plotext.plot(list(epochs), list(values), marker=marker, color=colour)


def coloured_text(text: str, colour: str) -> str:
    """Return a text in a colour of the terminal."""
    coloured: str = plotext.colorize(text, colour)
    return coloured


def figure_text(*, coloured: bool) -> str:
    """Return the figure as lines."""
    drawn: str = plotext.build()
    plain: str = drawn if coloured else plotext.uncolorize(drawn)
    return plain
