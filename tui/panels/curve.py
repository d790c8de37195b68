"""The loss and the accuracy panel: training and test curves over the epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.drawing import number_format
from tui.drawing.curves import (
    Mark,
    Series,
    ValueAxis,
    axis_top,
    draw_curves,
    epoch_at,
    epoch_span,
    fitted_axis,
    gutter_width,
    linear_axis,
    log_axis,
)
from tui.drawing.palette import (
    ACCENT,
    DIM,
    LINEAR,
    OLD,
    PENALIZED,
    READER,
    TEST,
    TRAIN,
    VALIDATION,
    WARNING,
    indexed,
    ink,
)
from tui.panels.explanation import Explanation, loss_formula
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual import events

    from tui.drawing.cells import Cells
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

BEST: Final = "◆"
HERE: Final = "●"


class CurvePanel(Panel):
    """Training and test curve of one quantity."""

    title_has_priority, redraw_interval = True, 0.2
    quantity: ClassVar[str]
    hints: ClassVar = {"m": "cursor (see e)"}
    footer = (("m", "cursor"),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "toggle_cursor", show=False),
        Binding("left", "move_cursor(-1)", show=False),
        Binding("right", "move_cursor(1)", show=False),
        Binding("ctrl+left", "move_cursor(-10)", show=False),
        Binding("ctrl+right", "move_cursor(10)", show=False),
        Binding("enter", "travel_here", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._cursor_epoch: int | None = None
        self._span, self._gutter = (0, 1), 0

    @dataclass
    class TravelRequested(Message):
        """The user wants to travel to the epoch at the cursor."""

        epoch: int

    @property
    def cursor_epoch(self) -> int | None:
        """Epoch at the cursor, or None while the cursor is off."""
        return None if self._cursor_epoch is None else min(self._cursor_epoch, self.run.head_epoch)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the arrow keys to the screen while the cursor is off."""
        del parameters
        return self._cursor_epoch is not None or action not in {"move_cursor", "travel_here"}

    def action_toggle_cursor(self) -> None:
        """Show or hide the cursor."""
        shown = self.run.past_epoch
        start = self.run.head_epoch if shown is None else shown
        self._cursor_epoch = start if self._cursor_epoch is None else None
        self.redraw()

    def leave_cursor(self) -> bool:
        was_on = self._cursor_epoch is not None
        if was_on:
            self.action_toggle_cursor()
        return was_on

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        if self._cursor_epoch is None:
            return self.footer
        return (("← →", "move"), ("enter", "go to epoch"), ("esc", "end cursor"))

    def action_move_cursor(self, columns: int) -> None:
        """Move the cursor by columns, at least by one epoch."""
        step = max(1, (self._span[1] - self._span[0]) // max(1, self._content.width - self._gutter))
        self._set_cursor((self.cursor_epoch or 0) + columns * step)

    def action_travel_here(self) -> None:
        """Request the network of the epoch at the cursor."""
        if self.cursor_epoch is not None:
            self.post_message(self.TravelRequested(self.cursor_epoch))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the epoch under the pointer."""
        width = self._content.width
        if width:
            self._set_cursor(epoch_at(event.x - 1, self._span, self._gutter, width))

    def _set_cursor(self, epoch: int) -> None:
        self._cursor_epoch = min(max(epoch, 0), self.run.head_epoch)
        self.redraw()

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        """Return the axis for the finite values of all curves, with about this many ticks."""
        raise NotImplementedError

    def shortest_range(self, value: float) -> float:
        """Return the least range of an axis around a value."""
        raise NotImplementedError

    def format_value(self, value: float) -> str:
        """Return a value as text for the title."""
        raise NotImplementedError

    @property
    def level(self) -> float | None:
        """A value that is marked by a horizontal line."""
        return None

    def extra_series(self, count: int) -> list[Series]:
        """Return the curves besides train and test, for the epochs before `count`."""
        data = self.run.data
        if data is None or data.y_validation is None:
            return []
        column = self.run.timeline.column(f"validation_{self.quantity}")
        return [Series(column[:count], VALIDATION)]

    def extra_title(self) -> StyledText:
        """Return the title texts of the extra curves."""
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None or data.y_validation is None:
            return []
        value = self.format_value(getattr(metrics, f"validation_{self.quantity}"))
        return [(f"─ validation {value} ", ink(indexed(VALIDATION)))]

    def title(self) -> StyledText:
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None:
            return []
        if self.cursor_epoch is not None:
            metrics = self.run.timeline.at(self.cursor_epoch)
        train, test = ink(indexed(TRAIN)), ink(indexed(TEST))
        train_value = self.format_value(getattr(metrics, f"train_{self.quantity}"))
        if data.shared:
            return [(f"─ train = test {train_value} ", train), *self.extra_title()]
        test_value = self.format_value(getattr(metrics, f"test_{self.quantity}"))
        words = [(f"─ train {train_value} ", train), (f"─ test {test_value} ", test)]
        return [*words, *self.extra_title()]

    def title_right(self) -> StyledText:
        words: StyledText = []
        if self.cursor_epoch is not None:
            return [(f" at epoch {self.cursor_epoch:,} ", ink(READER))]
        recent = self.options.recent
        if recent is not None:
            words.append((f" last {recent:,} epochs ", ink(DIM)))
        best = self.run.best
        if best is not None:
            words.append((f" {BEST} best {best.epoch:,} ", ink(ACCENT)))
        return words

    def draw_content(self, width: int, height: int) -> Cells:
        count = self.run.epochs_to_plot
        if not count:
            return centred_text(width, height, f"The training and test {self.label} of each epoch.")
        run, span = self.run, epoch_span(count - 1, self.options.recent)
        names = [f"train_{self.quantity}"]
        colours = [TRAIN]
        if run.data is not None and not run.data.shared:
            # the training curve, which training optimises, is drawn last, on top
            names.insert(0, f"test_{self.quantity}")
            colours.insert(0, TEST)
        columns = [run.timeline.column(name)[:count] for name in names]
        series = [Series(column, colour) for column, colour in zip(columns, colours, strict=True)]
        series[:0] = self.extra_series(count)
        old = run.old_branch
        if old is not None:
            series.insert(0, Series(old.column(f"train_{self.quantity}"), OLD))
        values = np.concatenate([each.values[span[0] : span[1] + 1] for each in series])
        values = values[np.isfinite(values)]
        if not values.size:
            values = np.ones(1)
        ticks = max(1, min(4, height // 3))
        if self.options.recent is None:
            axis = self.axis(values, ticks)
        else:
            low, high = float(values.min()), float(values.max())
            axis = fitted_axis(low, high, ticks, self.shortest_range(high))
        self._span, self._gutter = span, gutter_width(axis)
        cursor = self.cursor_epoch
        return draw_curves(series, axis, span, width, height, self._marks(), cursor, self.level)

    def _marks(self) -> list[Mark]:
        """Return the marks of the best epoch, on the monitored curve, and of the shown epoch."""
        best, data, run = self.run.best, self.run.data, self.run
        marks = []
        if best is not None and data is not None:
            part = "train" if data.shared else run.monitored
            marks.append(Mark(best.epoch, getattr(best, f"{part}_{self.quantity}"), BEST, ACCENT))
        if run.past_epoch is not None:
            shown = run.timeline.at(run.past_epoch)
            marks.append(Mark(shown.epoch, getattr(shown, f"train_{self.quantity}"), HERE, WARNING))
        return marks


class LossPanel(CurvePanel):
    """Mean loss, without the penalty and, if there is one, with it."""

    key, label, quantity = "1", "loss", "loss"
    summary = (
        "mean training and test loss after each epoch; l switches to a logarithmic axis, E to the "
        "last epochs"
    )

    @property
    def border_name(self) -> str:
        return self.label if self.run.config.class_weight == "none" else "weighted loss"

    def explanation(self) -> Explanation:
        penalty = " Ochre is the training loss plus the penalty." if self._penalized else ""
        return Explanation(
            "Mean loss of the training samples (grey) and the test samples (violet) after each "
            "epoch, and of the validation samples if there are any. ◆ marks the best epoch."
            + penalty,
            "both curves fall while the network learns. A test loss that rises while the training "
            "loss falls means overfitting. A curve that jumps means that the learning rate is too "
            "high; one that hardly falls, that it is too low; one that is flat from the start, that "
            "the network learns nothing.",
            f"Loss of one sample: {loss_formula(self.run)}.",
            "l logarithmic axis · E all epochs, or the last 1,000 or 100",
        )

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        highest = float(values.max())
        if self.options.log_loss:
            positive = values[values > 0]
            lowest = float(positive.min()) if positive.size else 1e-6
            return log_axis(lowest, max(highest, lowest), ticks)
        return linear_axis(0.0, axis_top(highest), ticks)

    def extra_series(self, count: int) -> list[Series]:
        timeline = self.run.timeline
        penalty = timeline.column("penalty")[:count]
        more = super().extra_series(count)
        if not self._penalized:
            return more
        return [*more, Series(timeline.column("train_loss")[:count] + penalty, PENALIZED)]

    def extra_title(self) -> StyledText:
        metrics, more = self.run.metrics, super().extra_title()
        if metrics is None or not self._penalized:
            return more
        whole = number_format.loss(metrics.train_loss + metrics.penalty)
        config = self.run.config
        kinds = "+".join(name for name in ("L1", "L2") if getattr(config, name.lower()) > 0)
        return [*more, (f"─ with {kinds} {whole} ", ink(indexed(PENALIZED)))]

    @property
    def _penalized(self) -> bool:
        return self.run.config.penalized

    def title_right(self) -> StyledText:
        words = super().title_right()
        # with a cursor the values are those of its epoch, which must not be cut off
        has_room = self._logarithmic and self.cursor_epoch is None
        return [(" log axis ", ink(DIM)), *words] if has_room else words

    @property
    def _logarithmic(self) -> bool:
        return self.options.log_loss and self.options.recent is None

    def shortest_range(self, value: float) -> float:
        return abs(value) * 1e-3

    def format_value(self, value: float) -> str:
        return number_format.loss(value)


class ScorePanel(CurvePanel):
    """Share of samples that are classified correctly, or R² for regression."""

    key, label, quantity = "2", "accuracy", "score"
    summary = "share of samples classified correctly after each epoch; R² for regression"

    def explanation(self) -> Explanation:
        keys = "B score of a linear model · E all epochs, or the last 1,000 or 100"
        parts = "of the training samples (grey) and the test samples (violet), after each epoch"
        if not self.has_classes:
            return Explanation(
                f"R², the share of the target's variance that the network explains, {parts}.",
                "1 is perfect; 0 is no better than predicting the mean for every sample; a negative "
                "value is worse than that. A test curve far below the training curve means "
                "overfitting.",
                "R² = 1 − Σ(y − ŷ)² / Σ(y − mean y)², over the samples of one part of the data.",
                keys,
            )
        return Explanation(
            f"Accuracy, the share of samples that are classified correctly, {parts}.",
            "guessing reaches the share of the most frequent class (maj., the dotted line, if the "
            "classes are uneven). A test curve far below the "
            "training curve means overfitting. Accuracy moves in steps of one sample, and may be "
            "constant while the loss still falls: then the network only becomes more certain.",
            "accuracy = samples whose most probable class is the true one / all samples",
            keys,
        )

    @property
    def border_name(self) -> str:
        return "accuracy" if self.has_classes else "R²"

    def extra_series(self, count: int) -> list[Series]:
        baseline, more = self.run.baseline, super().extra_series(count)
        if baseline is None:
            return more
        return [*more, Series(np.full(count, baseline.test_score), LINEAR)]

    @property
    def level(self) -> float | None:
        return self.run.majority

    def extra_title(self) -> StyledText:
        baseline, majority, words = self.run.baseline, self.run.majority, super().extra_title()
        if majority is not None:
            words = [*words, (f"· maj. {self.format_value(majority)} ", ink(DIM))]
        if baseline is None:
            return words
        value = self.format_value(baseline.test_score)
        return [*words, (f"─ linear {value} ", ink(indexed(LINEAR)))]

    def axis(self, values: NDArray[np.float64], ticks: int) -> ValueAxis:
        # R² has no lower bound: values below -1 are cut off
        low = np.floor(max(float(values.min()), -1.0) * 4) / 4
        return linear_axis(min(float(low), 0.75), 1.0, min(ticks, 2))

    def shortest_range(self, value: float) -> float:
        del value
        return 0.01

    def format_value(self, value: float) -> str:
        if self.has_classes:
            return f"{number_format.percent(value)} %"
        return f"{value:.3f}".replace("-", "−")
