"""The loss and the accuracy panel: training and test curves over the epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.drawing import number_format
from tui.drawing.axes import (
    ValueAxis,
    axis_top,
    fitted_axis,
    linear_axis,
    log_axis,
)
from tui.drawing.curves import Plot, draw_curves, epoch_at, gutter_width
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
    indexed,
    ink,
)
from tui.drawing.traces import Constant, LogColumn, all_values, trace
from tui.panels.curve_parts import (
    BEST,
    both_parts,
    is_shared,
    mark_changes,
    marks_of,
    pinned_title,
    shown_epochs,
    smoothed_lines,
    write_at_cursor,
    write_cut_value,
    write_legend,
)
from tui.panels.explanation import Explanation, loss_formula
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from textual import events

    from tui.drawing.cells import Cells
    from tui.drawing.traces import Numbers, Source, Trace
    from tui.panels.pinned_curves import PinnedCurves
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

CURVE_KEYS: Final = (
    "E last epochs · f smoothed · O pin for the next run · m cursor, names changes ▴"
)
"""Keys of the explanations."""

LONGEST_AXIS: Final = 2.0
"""Length of an axis, relative to the one that the values need, up to which it stays."""

OUTLYING: Final = 0.05
"""Share of the columns of a curve that an axis may cut off, all in its first three quarters."""

SPIKED: Final = 2.5
"""Length of an axis, relative to the one without these columns, from which they are cut off."""

LOGARITHMIC_FROM: Final = 20.0
LINEAR_BELOW: Final = 10.0
"""Ratio of the highest to the lowest loss from which its axis is logarithmic, and below which it no
longer is."""

ACCURACY_STARTS: Final = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
R2_STARTS: Final = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75)
"""Lower ends of the axis of a score."""

ZERO_BELOW: Final = 0.4
"""Lowest value, relative to the highest, below which the axis of a loss begins at zero."""


def usual_top(low: Numbers, high: Numbers) -> float:
    """Return the upper end of an axis, which cuts off a spike at the start of a run.

    The first epochs of a run may have a loss that is many times that of all others, which would be a
    flat line at the lower edge. If at most a twentieth of the columns take more than three fifths of
    the axis, they are cut off. The last quarter of the run is always shown completely.
    """
    highest, lowest = float(high.max()), float(low.min())
    if len(high) * OUTLYING < 1:
        return highest  # one of so few columns is more than that share
    usual = float(np.quantile(high, 1 - OUTLYING, method="lower"))
    usual = max(usual, float(high[-max(1, len(high) // 4) :].max()))
    return usual if highest - lowest > SPIKED * (usual - lowest) else highest


def loss_axis(
    low: Numbers, high: Numbers, ticks: int, is_log: bool | None, *, was_log: bool
) -> ValueAxis:
    """Return the axis of a loss for the minima and maxima of all columns.

    Args:
        low: minima of the columns.
        high: maxima of the columns.
        ticks: about how many.
        is_log: whether it is logarithmic; None if it is where the loss spans a wide range.
        was_log: whether the axis that is shown is: it does not change back at once.
    """
    highest = float(high.max())
    positive = low[low > 0]
    lowest = float(positive.min()) if positive.size else 1e-6
    limit = LINEAR_BELOW if was_log else LOGARITHMIC_FROM
    if highest > limit * lowest if is_log is None else is_log:
        return log_axis(lowest, max(highest, lowest), ticks)
    top, bottom = usual_top(low, high), float(low.min())
    if bottom < ZERO_BELOW * top:
        return linear_axis(0.0, axis_top(top), ticks)
    return close_loss_axis(bottom, top, ticks)


def close_loss_axis(low: float, high: float, ticks: int) -> ValueAxis:
    """Return an axis that does not begin at zero."""
    return fitted_axis(low, high, ticks, abs(high) * 1e-3)


def score_axis(low: Numbers, high: Numbers, ticks: int, *, has_classes: bool) -> ValueAxis:
    """Return the axis of accuracies or R² for the minima and maxima of all columns."""
    # upside down, the low scores of an untrained network are a spike
    lowest = -usual_top(-high, -low)
    starts = ACCURACY_STARTS if has_classes else R2_STARTS
    # R² has no lower bound: values below -1 are cut off
    start = max((each for each in starts if each <= lowest), default=starts[0])
    if not has_classes:
        return linear_axis(start, 1.0, min(ticks, 2))
    length = round(100 * (1 - start))
    parts = next(each for each in range(min(ticks, 3), 0, -1) if length % each == 0)
    places = tuple(start + length / 100 * part / parts for part in range(parts + 1))
    return ValueAxis(start, 1.0, places, tuple(f"{100 * each:.0f} %" for each in places))


def fits(words: StyledText, room: int) -> bool:
    """Return whether words fit into so many columns."""
    return sum(len(text) for text, _ in words) <= room


class CurvePanel(Panel):
    """Training and test curve of one quantity."""

    title_has_priority, redraw_interval, longest_pause = True, 0.2, 0.2
    quantity: ClassVar[str]
    rises: ClassVar[bool] = False
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
        self._span, self._gutter = (0, 1), 5
        self._axis: tuple[ValueAxis | None, tuple[object, ...]] = None, ()

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
        start = self.cursor_epoch or 0
        end = start + columns * self._epochs_per_cell
        # a change on the way would otherwise be passed between two columns
        passed = [
            each for each in self.run.changes.epochs if min(start, end) <= each <= max(start, end)
        ]
        passed = [each for each in passed if each != start]
        if passed:
            end = passed[0] if columns > 0 else passed[-1]
        self._set_cursor(end)

    @property
    def _epochs_per_cell(self) -> int:
        length = self._span[1] - self._span[0]
        return max(1, length // max(1, self._content.width - self._gutter))

    def action_travel_here(self) -> None:
        """Request the network of the epoch at the cursor."""
        if self.cursor_epoch is not None:
            self.post_message(self.TravelRequested(self.cursor_epoch))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the epoch under the pointer."""
        width = self._content.width
        if width:
            epoch = epoch_at(event.x - 1, self._span, self._gutter, width)
            changes = self.run.changes.epochs
            nearest = min(changes, key=lambda each: abs(each - epoch), default=epoch)
            is_near = abs(nearest - epoch) <= self._epochs_per_cell
            self._set_cursor(nearest if is_near else epoch)

    def _set_cursor(self, epoch: int) -> None:
        self._cursor_epoch = min(max(epoch, 0), self.run.head_epoch)
        self.redraw()

    def axis(self, low: Numbers, high: Numbers, ticks: int) -> ValueAxis:
        """Return the axis for the minima and maxima of all columns, with about this many ticks."""
        raise NotImplementedError

    def close_axis(self, low: float, high: float, ticks: int) -> ValueAxis:
        """Return the axis for the last epochs, which does not begin at zero."""
        raise NotImplementedError

    def format_value(self, value: float) -> str:
        """Return a value as text for the title."""
        raise NotImplementedError

    @property
    def level(self) -> float | None:
        """A value that is marked by a horizontal line."""
        return None

    def extra_curves(self, count: int) -> list[tuple[Source, str]]:
        """Return the curves besides train and test with their colours, for the epochs before `count`."""
        data = self.run.data
        if data is None or data.y_validation is None:
            return []
        column = LogColumn(self.run.timeline, f"validation_{self.quantity}", count)
        return [(column, indexed(VALIDATION))]

    def extra_title(self) -> StyledText:
        """Return the title texts of the extra curves."""
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None or data.y_validation is None:
            return []
        value = self.format_value(getattr(metrics, f"validation_{self.quantity}"))
        return [(f"─ validation {value} ", ink(indexed(VALIDATION)))]

    def title(self) -> StyledText:
        return self._title_and_legend(self._content.width)[0]

    def _title_and_legend(self, width: int) -> tuple[StyledText, list[StyledText]]:
        """Return the title of a panel whose content has this width, and lines with the rest of it."""
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None:
            return [], []
        room = self.title_room(width)
        if self.cursor_epoch is not None:
            metrics = self.run.timeline.at(self.cursor_epoch)
        parts = ["train"] if data.shared else ["train", "test"]
        inks = [ink(indexed(colour)) for colour in (TRAIN, TEST)]
        values = [self.format_value(getattr(metrics, f"{part}_{self.quantity}")) for part in parts]
        names = ["train = test"] if data.shared else parts
        texts = [
            [f"─ {name} {value} " for name, value in zip(names, values, strict=True)],
            # the legend tells the parts apart, and the axis has the unit
            [f"─ {value} " for value in values],
            [f"─ {value.removesuffix(' %')} " for value in values],
        ]
        forms = [list(zip(each, inks, strict=False)) for each in texts]
        right: StyledText = []
        if self.cursor_epoch is not None:  # the values are those of this epoch
            epoch = f"at epoch {self.cursor_epoch:,} ", ink(READER)
            right = [(f" {epoch[0]}─", epoch[1])]
            if not any(fits([*each, *right], room) for each in forms):
                # before the values, of which the last ones are dropped
                return [epoch, *forms[-1]], []
        fitting = [each for each in forms if fits([*each, *right], room)]
        words, legend = [*(fitting or forms[-1:])[0]], list[StyledText]()
        if words != forms[0]:
            legend = [[(f"─ {name} ", number) for name, number in zip(names, inks, strict=False)]]
            if not fitting and not data.shared:  # the title ends with the training value
                legend = [legend[0][:1], [(f"─ test {values[-1]} ", inks[1])]]
        more = [[each] for each in self.extra_title()]
        if self.cursor_epoch is None:
            more.append(pinned_title(self._pinned, self.quantity, self.format_value))
        for part in filter(None, more):
            if fits([*words, *part, *right], room):
                words += part
            else:
                legend.append(part)
        return words, legend if self.cursor_epoch is None else []

    @property
    def _pinned(self) -> PinnedCurves | None:
        pinned = self.options.pinned
        return pinned if pinned is not None and pinned.is_comparable(self.run) else None

    def title_right(self) -> StyledText:
        words: StyledText = []
        if self.cursor_epoch is not None:
            is_named = self.title()[:1] == [(f"at epoch {self.cursor_epoch:,} ", ink(READER))]
            return [] if is_named else self._cursor_title(self.cursor_epoch)
        recent = self.options.recent
        if recent is not None:
            words.append((f" last {recent:,} epochs ", ink(DIM)))
        if self.options.smoothing is not None:
            words.append((f" smoothed {self.options.smoothing:g} ", ink(DIM)))
        best = self.run.best
        if best is not None:
            words.append((f" {BEST} best {best.epoch:,} ", ink(ACCENT)))
        return words

    def draw_content(self, width: int, height: int) -> Cells:
        count = self.run.epochs_to_plot
        if not count:
            return centred_text(width, height, f"The training and test {self.label} of each epoch.")
        curves = self._curves(count)
        span = shown_epochs(self.run, self.options.recent, self._pinned)
        # the width of the plot depends on the labels of its axis, which seldom changes
        gutter = self._gutter
        for _ in range(2):
            columns = 2 * max(1, width - gutter)
            traces = [trace(source, colour, columns, span) for source, colour in curves]
            if self.options.smoothing is not None:
                traces += smoothed_lines(traces, self.options.smoothing, is_shared(self.run))
            axis = self._steady_axis(traces, max(1, min(4, height // 3)))
            if gutter_width(axis) == gutter:
                break
            gutter = gutter_width(axis)
        self._span, self._gutter = span, gutter
        plot = Plot(axis, span, width, height)
        cells = draw_curves(
            traces, plot, marks_of(self.run, self.quantity), self.cursor_epoch, self.level
        )
        if not plot.is_too_small:
            write_cut_value(cells, plot, traces, self.format_value)
            changes, cursor = self.run.changes, self.cursor_epoch
            mark_changes(cells, plot, changes, cursor)
            change = "" if cursor is None else changes.words_at(cursor)
            if cursor is not None:
                # what the title has no room for is written next to the cursor
                is_in_title = any(change in text for text, _ in self.title_right())
                write_at_cursor(cells, plot, cursor, [change] if change and not is_in_title else [])
            write_legend(cells, plot, self._title_and_legend(width)[1], upwards=self.rises)
        return cells

    def _curves(self, count: int) -> list[tuple[Source, str]]:
        """Return the curves of the epochs before `count`, later ones on top.

        The test curve, which tells whether the network generalises, is above the training curve.
        """
        run = self.run
        curves: list[tuple[Source, str]] = [*self.extra_curves(count)]
        old = run.old_branch
        if old is not None:
            curves.insert(0, (LogColumn(old, f"train_{self.quantity}", len(old)), indexed(OLD)))
        pinned, faded = self._pinned, self.options.smoothing is not None
        if pinned is not None:
            log, length = pinned.log, pinned.count
            curves[:0] = both_parts(log, self.quantity, length, pinned.shared, is_faded=True)
        own = both_parts(run.timeline, self.quantity, count, is_shared(self.run), is_faded=faded)
        return [*curves, *own]

    def _cursor_title(self, epoch: int) -> StyledText:
        """Return the epoch at the cursor and, if there is room, what was changed after it."""
        change = self.run.changes.words_at(epoch)
        brief = [(f" at epoch {epoch:,} ", ink(READER))]
        whole = [(f" at epoch {epoch:,}: {change} ", ink(READER))]
        has_room = fits(
            [*self.title(), *whole, ("──", ink(DIM))], self.title_room(self._content.width)
        )
        return whole if change and has_room else brief

    def _steady_axis(self, traces: list[Trace], ticks: int) -> ValueAxis:
        """Return the axis for some curves: the previous one, as long as it is not much too long.

        An axis that follows every value moves every cell of the curves with it.
        """
        low, high = all_values(traces)
        if not low.size:
            low = high = np.ones(1)
        recent = self.options.recent
        if recent is None:
            axis = self.axis(low, high, ticks)
        else:
            axis = self.close_axis(float(low.min()), float(high.max()), ticks)
        key = (id(self.run.timeline), recent, ticks, axis.logarithmic)
        held, of = self._axis
        if held is not None and of == key and held.low <= axis.low and axis.high <= held.high:
            longest = LONGEST_AXIS * (axis.high - axis.low)
            axis = held if held.high - held.low <= longest else axis
        self._axis = axis, key
        return axis


class LossPanel(CurvePanel):
    """Mean loss, without the penalty and, if there is one, with it."""

    key, label, quantity = "1", "loss", "loss"
    summary = (
        "mean training and test loss after each epoch; l changes the axis to logarithmic or linear, "
        "E shows the last epochs"
    )

    @property
    def border_name(self) -> str:
        return self.label if self.run.config.class_weight == "none" else "weighted loss"

    def explanation(self) -> Explanation:
        penalty = " Ochre: with the penalty." if self._penalized else ""
        return Explanation(
            "Mean loss of the training (grey), test (violet) and, if any, validation samples after "
            "each epoch. ◆ marks the best epoch." + penalty,
            "both curves fall while the network learns. A test loss that rises while the training "
            "loss falls means overfitting. A curve that jumps means that the learning rate is too "
            "high; one that hardly falls, that it is too low; one that is flat from the start, that "
            "the network learns nothing.",
            f"Loss of one sample: {loss_formula(self.run)}.",
            f"l log or linear axis · {CURVE_KEYS}",
        )

    def axis(self, low: Numbers, high: Numbers, ticks: int) -> ValueAxis:
        return loss_axis(low, high, ticks, self.options.log_loss, was_log=self.has_log_axis)

    def extra_curves(self, count: int) -> list[tuple[Source, str]]:
        more = super().extra_curves(count)
        if not self._penalized:
            return more
        return [*more, (LogColumn(self.run.timeline, "penalized_loss", count), indexed(PENALIZED))]

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
        has_room = self.has_log_axis and self.cursor_epoch is None
        return [*words, (" log ", ink(DIM))] if has_room else words

    @property
    def has_log_axis(self) -> bool:
        """Whether the axis that is shown is logarithmic."""
        axis = self._axis[0]
        return axis is not None and axis.logarithmic

    def close_axis(self, low: float, high: float, ticks: int) -> ValueAxis:
        return close_loss_axis(low, high, ticks)

    def format_value(self, value: float) -> str:
        return number_format.loss(value)


class ScorePanel(CurvePanel):
    """Share of samples that are classified correctly, or R² for regression."""

    key, label, quantity, rises = "2", "accuracy", "score", True
    summary = "share of samples classified correctly after each epoch; R² for regression"

    def explanation(self) -> Explanation:
        keys = f"B linear model · {CURVE_KEYS}"
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

    def extra_curves(self, count: int) -> list[tuple[Source, str]]:
        baseline, more = self.run.baseline, super().extra_curves(count)
        if baseline is None:
            return more
        return [*more, (Constant(baseline.test_score, count), indexed(LINEAR))]

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

    def axis(self, low: Numbers, high: Numbers, ticks: int) -> ValueAxis:
        return score_axis(low, high, ticks, has_classes=self.has_classes)

    def close_axis(self, low: float, high: float, ticks: int) -> ValueAxis:
        if not self.has_classes:
            return fitted_axis(low, high, ticks, 0.01)
        axis = fitted_axis(100 * low, 100 * high, ticks, 1.0)
        places = tuple(each / 100 for each in axis.ticks)
        labels = tuple(f"{each} %" for each in axis.labels)
        return ValueAxis(axis.low / 100, axis.high / 100, places, labels)

    def format_value(self, value: float) -> str:
        return number_format.score(value, has_classes=self.has_classes)
