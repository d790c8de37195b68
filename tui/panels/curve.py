"""The loss and the accuracy panel: train and test over the epochs."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from tui import numbers
from tui.cells import Cells
from tui.curves import (
    Series,
    ValueAxis,
    axis_top,
    draw_curves,
    epoch_bound,
    linear_axis,
    log_axis,
)
from tui.palette import DIM, TEST, TRAIN, indexed, ink
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui.session import Session

SECONDS_BETWEEN_CURVES: Final = 0.2


class CurvePanel(Panel):
    """Two curves of the timeline, train and test."""

    quantity: ClassVar[str]

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._curves = Cells(0, 0)
        self._drawn_at = 0.0

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        """Return the axis for all finite values of both curves, with about that many steps."""
        raise NotImplementedError

    def written(self, value: float) -> str:
        """Return a value as the title shows it."""
        raise NotImplementedError

    def title(self) -> Words:
        metrics, data = self.session.metrics, self.session.data
        if metrics is None or data is None:
            return []
        train, test = ink(indexed(TRAIN)), ink(indexed(TEST))
        train_value = self.written(getattr(metrics, f"train_{self.quantity}"))
        if data.shared:
            return [(f"─ train = test {train_value} ", train)]
        test_value = self.written(getattr(metrics, f"test_{self.quantity}"))
        return [(f"─ train {train_value} ", train), (f"─ test {test_value} ", test)]

    def body(self, width: int, height: int) -> Cells:
        count = self.session.epochs_to_plot
        if not count:
            return message(width, height, f"The {self.quantity} of every epoch, train and test.")
        # a curve changes little in a frame, and plotext takes its time
        stale = self.session.at_rest or monotonic() - self._drawn_at > SECONDS_BETWEEN_CURVES
        if stale or (self._curves.width, self._curves.height) != (width, height):
            self._curves = self._draw_curves(count, width, height)
            self._drawn_at = monotonic()
        return self._curves

    def redraw(self) -> None:
        """Draw the curves too in the next frame, however lately they were."""
        self._drawn_at = 0.0

    def _draw_curves(self, count: int, width: int, height: int) -> Cells:
        session = self.session
        names = [f"train_{self.quantity}"]
        colours = [TRAIN]
        if session.data is not None and not session.data.shared:
            # the training curve is the one on top, as it is the one being worked on
            names.insert(0, f"test_{self.quantity}")
            colours.insert(0, TEST)
        columns = [session.timeline.column(name)[:count] for name in names]
        values = np.concatenate(columns)
        values = values[np.isfinite(values)]
        series = [Series(column, colour) for column, colour in zip(columns, colours, strict=True)]
        axis = self.axis(values if values.size else np.ones(1), max(1, min(4, height // 3)))
        return draw_curves(series, axis, epoch_bound(count - 1), width, height)


class LossPanel(CurvePanel):
    """The mean loss, without the penalty."""

    number, label, quantity = 1, "loss", "loss"
    about = "mean loss after each epoch, train and test; l for a logarithmic axis"

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        highest = float(values.max())
        if self.options.log_loss:
            positive = values[values > 0]
            lowest = float(positive.min()) if positive.size else 1e-6
            return log_axis(lowest, max(highest, lowest), ticks)
        return linear_axis(0.0, axis_top(highest), ticks)

    def corner(self) -> Words:
        return [(" log axis ", ink(DIM))] if self.options.log_loss else []

    def written(self, value: float) -> str:
        return numbers.loss(value)


class AccuracyPanel(CurvePanel):
    """The share of samples that are classified right."""

    number, label, quantity = 2, "accuracy", "accuracy"
    about = "share of samples classified right after each epoch, train and test"

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        low = np.floor(float(values.min()) * 4) / 4
        return linear_axis(min(float(low), 0.75), 1.0, min(ticks, 2))

    def written(self, value: float) -> str:
        return f"{numbers.percent(value)} %"
