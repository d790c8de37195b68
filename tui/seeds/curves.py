"""Loss and score of many runs: the median, a band of quartiles, and the extremes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.axes import epoch_span
from tui.drawing.curves import Mark, Plot, draw_curves, epoch_at, gutter_width
from tui.drawing.palette import FAINT, TEST, TEST_FADED, TRAIN, TRAIN_FADED, WARNING, indexed, ink
from tui.drawing.traces import Trace
from tui.panels.curve import CurvePanel, LossPanel, ScorePanel, fits
from tui.panels.curve_parts import HERE
from tui.panels.explanation import Explanation
from tui.panels.panel import StyledText, centred_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual import events

    from tui.drawing.cells import Cells
    from tui.panels.view_options import ViewOptions
    from tui.seeds.model import SeedsModel

LEAST, LOWER, MEDIAN, UPPER, MOST = range(5)
"""Columns of a spread."""

TEST_AND_TRAIN: Final = ("test", "train")


def spread_traces(
    values: NDArray[np.float32],
    first: int,
    columns: int,
    span: tuple[int, int],
    colours: tuple[str, str],
) -> list[Trace]:
    """Return extremes, band and median of a curve in columns of dots; none without finite values.

    Args:
        values: (epochs, 5) spread of each epoch.
        first: number of the first epoch.
        columns: number of columns of dots for the span.
        span: epochs at the left and the right edge.
        colours: of the band, and of the median.
    """
    low, high = span
    shown = np.asarray(values[max(0, low - first) : high + 1 - first], np.float64)
    known = np.isfinite(shown).all(axis=1)
    epochs = (max(first, low) + np.arange(len(shown)))[known]
    shown = shown[known]
    if not len(shown):
        return []
    column = (epochs - low) * (columns - 1) // max(high - low, 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    counts = np.diff(np.append(starts, len(epochs)))[:, None]
    mean = np.add.reduceat(shown, starts, axis=0) / counts
    lowest = np.minimum.reduceat(shown[:, LEAST], starts)
    highest = np.maximum.reduceat(shown[:, MOST], starts)
    places = column[starts]

    def line(bottom: NDArray[np.float64], top: NDArray[np.float64], colour: str) -> Trace:
        return Trace(places, bottom, top, top, bottom, mean[:, MEDIAN], colour)

    band, median = colours
    middle = mean[:, MEDIAN]
    return [
        line(lowest, lowest, FAINT),
        line(highest, highest, FAINT),
        line(mean[:, LOWER], mean[:, UPPER], band),
        line(middle, middle, median),
    ]


class SpreadCurves(CurvePanel):
    """Curves of many runs, in place of those of one."""

    key = ""

    def __init__(self, seeds: SeedsModel, options: ViewOptions) -> None:
        super().__init__(seeds.run, options)
        self._seeds = seeds

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return that there is no cursor."""
        del action, parameters
        return False

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        return ()

    def on_click(self, event: events.Click) -> None:
        """Request the epoch under the pointer."""
        if self._content.width and self._seeds.is_known:
            epoch = epoch_at(event.x - 1, self._span, self._gutter, self._content.width)
            self.post_message(self.TravelRequested(min(max(epoch, 0), self._seeds.head_epoch)))

    def explanation(self) -> Explanation:
        return Explanation(
            f"{self.border_name.capitalize()} of all runs after each epoch: the line is the median, "
            "the band reaches from the lower to the upper quartile, so that half of the runs are "
            "within it, and thin lines are the lowest and the highest value. Grey is training, "
            "violet the median on the test samples.",
            "a narrow band means that the seed hardly matters. A band that stays wide, or a median "
            "far from an extreme, means that some runs have learnt and others are stuck.",
            "runs that have diverged are left out; one that has ended keeps its last value",
            "l log or linear axis · E last epochs · a click goes to an epoch, when paused",
        )

    @property
    def _parts(self) -> tuple[str, ...]:
        data = self.run.data
        return ("train",) if data is None or data.shared else TEST_AND_TRAIN

    def title(self) -> StyledText:
        words: StyledText = []
        for part in reversed(self._parts):
            spread = self._seeds.spread.curve(f"{part}_{self.quantity}")
            if not len(spread):
                return []
            colour = TRAIN if part == "train" else TEST
            value = self.format_value(float(spread[self._shown_epoch, MEDIAN]))
            words.append((f"─ {value} ", ink(indexed(colour))))
        words.insert(0, ("median ", ink()))
        return words if fits(words, self.title_room(self._content.width)) else words[1:]

    def title_right(self) -> StyledText:
        return []

    def draw_content(self, width: int, height: int) -> Cells:
        spread = self._seeds.spread
        if not len(spread):
            text = f"The median {self.border_name} of all runs, and its spread, after each epoch."
            return centred_text(width, height, text)
        planned = self._seeds.config.epochs
        span = epoch_span(max(1, len(spread) - 1), self.options.recent, planned)
        gutter = self._gutter
        for _ in range(2):
            columns = 2 * max(1, width - gutter)
            traces = self._traces(columns, span)
            axis = self._steady_axis(traces, max(1, min(4, height // 3)))
            if gutter_width(axis) == gutter:
                break
            gutter = gutter_width(axis)
        self._span, self._gutter = span, gutter
        return draw_curves(traces, Plot(axis, span, width, height), self._marks())

    @property
    def _shown_epoch(self) -> int:
        """The epoch of the weights that are shown."""
        return min(self._seeds.epoch, self._seeds.head_epoch)

    def _marks(self) -> list[Mark]:
        """Return the mark of an epoch that is not the newest."""
        if self._seeds.past_epoch is None:
            return []
        at = self._shown_epoch
        value = float(self._seeds.spread.curve(f"train_{self.quantity}")[at, MEDIAN])
        return [Mark(at, value, HERE, WARNING)] if np.isfinite(value) else []

    def _traces(self, columns: int, span: tuple[int, int]) -> list[Trace]:
        bands: list[Trace] = []
        medians: list[Trace] = []
        for part in self._parts:
            values = self._seeds.spread.curve(f"{part}_{self.quantity}")
            is_train = part == "train"
            colours = TRAIN_FADED if is_train else TEST_FADED, indexed(TRAIN if is_train else TEST)
            traces = spread_traces(values, 0, columns, span, colours)
            # of the test samples the median alone: two bands would cover one another
            bands += traces[:-1] if is_train else []
            medians += traces[-1:]
        return [*bands, *medians]


class SpreadLoss(SpreadCurves, LossPanel):
    """Losses of all runs."""

    key, label = "", "loss"
    summary = "median, quartiles and extremes of the losses; l changes the axis"


class SpreadScore(SpreadCurves, ScorePanel):
    """Accuracies, or R², of all runs."""

    key, label = "", "accuracy"
    summary = "median, quartiles and extremes of the accuracies; R² for regression"

    @property
    def level(self) -> float | None:
        return None
