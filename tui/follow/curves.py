"""Curves of a quantity that another program logs, whose steps may have gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.training.packed_column import Blocks
from tui.drawing import number_format
from tui.drawing.axes import (
    ValueAxis,
    axis_top,
    epoch_span,
    fitted_axis,
    linear_axis,
    log_axis,
)
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.curves import Mark, Plot, draw_curves, epoch_at, gutter_width
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    DIM,
    FRAME,
    READER,
    TEST,
    TEST_FADED,
    TEXT,
    TRAIN,
    TRAIN_FADED,
    VALIDATION,
    indexed,
    ink,
)
from tui.drawing.traces import all_values, smoothed, trace
from tui.panels.curve import (
    LINEAR_BELOW,
    LOGARITHMIC_FROM,
    LONGEST_AXIS,
    ZERO_BELOW,
    usual_top,
)
from tui.panels.curve_parts import BEST, write_cut_value
from tui.panels.panel import centred_text

if TYPE_CHECKING:
    from core.logs.pairs import Quantity
    from core.logs.series import Points
    from tui.drawing.traces import Numbers, Trace
    from tui.follow.model import FollowModel

COLOURS: Final = {
    "train": indexed(TRAIN),
    "validation": indexed(VALIDATION),
    "test": indexed(TEST),
}
FADED: Final = {"train": TRAIN_FADED, "validation": TEST_FADED, "test": TEST_FADED}


@dataclass(frozen=True)
class SeriesSource:
    """Values of a metric, as the source of a curve."""

    points: Points

    def blocks(self, start: int, stop: int, size: float) -> Blocks:
        """Return the ranges of blocks of at most `size` steps that contain values."""
        first, last = np.searchsorted(self.points.steps, [start, stop])
        steps, values = self.points.steps[first:last], self.points.values[first:last]
        if not len(steps):
            return Blocks(np.empty(0, np.int64), np.empty((5, 0)))
        group = steps // max(1, int(size))
        starts = np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1])
        finite = np.isfinite(values)
        # neighbouring values, not steps: a metric may be logged at every tenth step
        even = np.arange(len(steps)) % 2 == 0
        ranges = np.empty((5, len(starts)))
        for row, mask in ((0, finite & even), (2, finite & ~even)):
            ranges[row] = np.minimum.reduceat(np.where(mask, values, np.inf), starts)
            ranges[row + 1] = np.maximum.reduceat(np.where(mask, values, -np.inf), starts)
        counts = np.add.reduceat(finite.astype(np.float64), starts)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            ranges[4] = np.add.reduceat(np.where(finite, values, 0.0), starts) / counts
        return Blocks(steps[starts], np.where(np.isnan(ranges), np.nan, ranges))


@dataclass
class CurveOptions:
    """Options of the drawing of curves.

    Attributes:
        logarithmic: whether the axis is logarithmic; None if it depends on the values.
        recent: number of last steps that are shown, or None for all.
        smoothing: weight of the moving average, or None.
        cursor: step at the cursor, or None.
    """

    logarithmic: bool | None = None
    recent: int | None = None
    smoothing: float | None = None
    cursor: int | None = None


def shown_value(value: float | None) -> str:
    """Return a value of any metric in at most nine characters."""
    if value is None:
        return "–"
    if value != value:
        return "nan"
    if value in {float("inf"), float("-inf")}:
        return "inf" if value > 0 else "−inf"
    text = number_format.loss(abs(value)).replace("e+", "e")
    return f"−{text}" if value < 0 else text


class CurveBlock:
    """A frame with the curves of one quantity on all parts of the data."""

    def __init__(self) -> None:
        self._axis: tuple[ValueAxis | None, tuple[object, ...]] = None, ()
        self._gutter = 6
        self.span = 0, 1
        self.place = 0, 0, 0, 0  # column, row, width and height on the screen

    @property
    def has_log_axis(self) -> bool:
        """Whether the axis that is shown is logarithmic."""
        axis = self._axis[0]
        return axis is not None and axis.logarithmic

    def step_at(self, column: int) -> int:
        """Return the step at a column of the screen."""
        left, _, width, _ = self.place
        return epoch_at(column - left - 1, self.span, self._gutter, max(1, width - 2))

    @property
    def steps_per_cell(self) -> int:
        """Number of steps of one column."""
        return max(1, (self.span[1] - self.span[0]) // max(1, self.place[2] - 2 - self._gutter))

    def draw(
        self, model: FollowModel, quantity: Quantity, options: CurveOptions, width: int, height: int
    ) -> Cells:
        """Return the frame with the curves."""
        cells = frame(width, height)
        content = self._draw_content(model, quantity, options, width - 2, height - 2)
        cells.place(1, 1, content)
        self._write_title(cells, model, quantity, options)
        return cells

    def _draw_content(
        self, model: FollowModel, quantity: Quantity, options: CurveOptions, width: int, height: int
    ) -> Cells:
        parts = {part: model.points(name) for part, name in quantity.parts.items()}
        newest = max(
            (int(each.steps[-1]) for each in parts.values() if len(each.steps)), default=None
        )
        if newest is None:
            return centred_text(width, height, "no values yet")
        oldest = min(int(each.steps[0]) for each in parts.values() if len(each.steps))
        self.span = _span(oldest, newest, options.recent, model.planned)
        is_smoothed = options.smoothing is not None
        colours = FADED if is_smoothed else COLOURS
        for _ in range(2):
            columns = 2 * max(1, width - self._gutter)
            traces = [
                trace(SeriesSource(points), colours[part], columns, self.span)
                for part, points in parts.items()
            ]
            if options.smoothing is not None:
                traces += [
                    smoothed(raw, options.smoothing, COLOURS[part])
                    for raw, part in zip([*traces], parts, strict=True)
                    if raw.columns.size
                ]
            axis = self._steady_axis(quantity, traces, options, max(1, min(4, height // 3)))
            if gutter_width(axis) == self._gutter:
                break
            self._gutter = gutter_width(axis)
        plot = Plot(axis, self.span, width, height)
        best = model.best(quantity)
        marks = [] if best is None else [Mark(best.step, best.value, BEST, ACCENT)]
        cells = draw_curves(traces, plot, marks, options.cursor)
        if not plot.is_too_small:
            write_cut_value(cells, plot, traces, shown_value)
        return cells

    def _steady_axis(
        self, quantity: Quantity, traces: list[Trace], options: CurveOptions, ticks: int
    ) -> ValueAxis:
        """Return the axis for some curves: the previous one, as long as it is not much too long."""
        low, high = all_values(traces)
        low, high = low[np.isfinite(low)], high[np.isfinite(high)]
        if not low.size or not high.size:
            low = high = np.ones(1)
        axis = self._new_axis(quantity, low, high, options, ticks)
        key = quantity.name, options.recent, ticks, axis.logarithmic
        held, of = self._axis
        if held is not None and of == key and held.low <= axis.low and axis.high <= held.high:
            longest = LONGEST_AXIS * (axis.high - axis.low)
            axis = held if held.high - held.low <= longest else axis
        self._axis = axis, key
        return axis

    def _new_axis(
        self, quantity: Quantity, low: Numbers, high: Numbers, options: CurveOptions, ticks: int
    ) -> ValueAxis:
        bottom, top = float(low.min()), float(high.max())
        positive = low[low > 0]
        if positive.size and top > 0 and (bottom >= 0 or options.logarithmic):
            lowest = float(positive.min())
            limit = LINEAR_BELOW if self.has_log_axis else LOGARITHMIC_FROM
            is_wide = quantity.direction <= 0 and top > limit * lowest
            if options.logarithmic if options.logarithmic is not None else is_wide:
                return log_axis(lowest, max(top, lowest), ticks)
        if quantity.direction <= 0 and options.recent is None:
            top = usual_top(low, high)
            if 0 <= bottom < ZERO_BELOW * top:
                return linear_axis(0.0, axis_top(top), ticks)
        return fitted_axis(bottom, max(top, bottom), ticks, max(abs(top), abs(bottom)) * 1e-3)

    def _write_title(
        self, cells: Cells, model: FollowModel, quantity: Quantity, options: CurveOptions
    ) -> None:
        column = cells.write(0, 2, f" {quantity.name} ", ink(BRIGHT, bold=True))
        room = cells.width - 2
        right = f" at {model.unit} {options.cursor:,} " if options.cursor is not None else ""
        best = model.best(quantity)
        if not right and best is not None:
            right = f" {BEST} best {best.step:,} "
        if not right and self.has_log_axis:
            right = " log "
        texts = []
        for part, name in quantity.parts.items():
            value = model.newest(name)
            if options.cursor is not None:
                value = model.value_at(name, options.cursor)
            # one curve needs no name
            label = f"{part} " if len(quantity.parts) > 1 else ""
            texts.append((f"─ {label}{shown_value(value)} ", ink(COLOURS[part])))
        needed = column + sum(cell_width(text) for text, _ in texts)
        if needed + cell_width(right) > room:
            right = right if options.cursor is not None else ""
            texts = [(f"─ {text.split()[-1]} ", number) for text, number in texts]
        for text, number in texts:
            if column + cell_width(text) <= room - cell_width(right):
                column = cells.write(0, column, text, number)
        colour = READER if options.cursor is not None else ACCENT if best else DIM
        if right and column + cell_width(right) <= room:
            cells.write_right(0, room, right, ink(colour))


def frame(width: int, height: int) -> Cells:
    """Return an empty frame."""
    cells = Cells(width, height)
    if width >= 4 and height >= 3:
        cells.glyphs[[0, -1], 1:-1] = "─"
        cells.glyphs[1:-1, [0, -1]] = "│"
        cells.glyphs[[0, 0, -1, -1], [0, -1, 0, -1]] = ["╭", "╮", "╰", "╯"]
        cells.inks[[0, -1], :] = ink(FRAME)
        cells.inks[:, [0, -1]] = ink(FRAME)
    return cells


def framed_lines(title: str, lines: list[str], width: int, height: int) -> Cells:
    """Return lines of text in a frame."""
    cells = frame(width, height)
    cells.write(0, 2, cut(f" {title} ", width - 4), ink(TEXT))
    for row, line in enumerate(lines[: height - 2], start=1):
        cells.write(row, 2, cut(line, width - 4), ink(TEXT))
    return cells


def _span(oldest: int, newest: int, recent: int | None, planned: int | None) -> tuple[int, int]:
    """Return the steps at the edges; a run that was resumed late does not begin at zero."""
    if recent is not None and newest - oldest > recent:
        return epoch_span(newest, recent, None)
    if oldest < 0 or oldest > max(100, newest // 2):
        return oldest, max(newest, oldest + 1)
    if newest < 50 and planned is None:
        # a run of few long epochs would be at the left edge for hours
        return 0, next(each for each in (5, 10, 20, 50) if newest <= each)
    return epoch_span(newest, None, planned)
