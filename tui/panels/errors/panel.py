"""The errors panel: confusion matrix of a classification, residuals of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.confusion import confusion_matrix
from core.analysis.prediction_map import PredictionMap
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.cells import Cells
from tui.drawing.palette import ALARM, BRIGHT, DIM, RAISED, TEST_MARKERS, TEXT, TRAIN_MARKERS, ink
from tui.panels.errors.confusion import ConfusionTable, draw_confusion, lay_out
from tui.panels.errors.residuals import (
    ResidualPoints,
    draw_histogram,
    draw_scatter,
    limit_of,
    spread_words,
    value_range,
)
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

GAP: Final = 3
RIGHT_FROM: Final = 44
"""Columns from which the histogram is to the right of the scatter plot."""
BELOW_FROM: Final = 13
BOTH_FROM: Final = 12
"""Rows from which both parts have a histogram."""


class Part:
    """One part of the data, with the buffers for repeated predictions of a network."""

    def __init__(self, network: Network, data: DataSplit, *, test: bool) -> None:
        x, self.y = (data.x_test, data.y_test) if test else (data.x_train, data.y_train)
        self.name = "train = test" if data.shared else "test" if test else "train"
        self.is_open = test and not data.shared
        shown, everything = len(self.y), data.all_samples[test]
        self.samples = f"{shown:,}" if shown == everything else f"{shown:,} of {everything:,}"
        self.undefined = 0
        self._classes = network.classes
        self._units = data.preparation.target_units
        self._names = data.class_names
        if network.classes:
            self._map = PredictionMap(network, x)
            self._y = np.asarray(self.y, np.int64)
            counts = np.bincount(self._y, minlength=network.classes)
            self._digits = len(str(counts.max(initial=0)))
        else:
            passes = ForwardPasses(network, len(x))
            self._logits = passes.logits
            self._calls = [*network.fold_calls, *passes.calls(with_bias_row(x, network.dtype))]

    def table(self) -> ConfusionTable:
        """Return the current confusion matrix of the samples with finite outputs."""
        with np.errstate(all="ignore"):
            self._map.refresh()
        defined = np.isfinite(self._map.values)
        self.undefined = len(defined) - int(np.count_nonzero(defined))
        true, predicted = self._y, self._map.labels
        if self.undefined:
            true, predicted = true[defined], predicted[defined]
        matrix = confusion_matrix(true, predicted, self._classes)
        return ConfusionTable(
            self._names, TEST_MARKERS if self.is_open else TRAIN_MARKERS, matrix, self._digits
        )

    def counts_fit(self, width: int) -> bool:
        """Return whether all counts and scores of the part fit."""
        layout = lay_out(self._names, self._digits, width)
        return layout is not None and layout.exact and bool(layout.scores)

    def points(self, target: int) -> ResidualPoints:
        """Return the true and the currently predicted values."""
        with np.errstate(all="ignore"):
            run(self._calls)
        shift, scale = self._units(target)
        true = np.asarray(self.y[:, target], np.float64) * scale + shift
        predicted = self._logits[target].astype(np.float64) * scale + shift
        self.undefined = len(true) - int(np.count_nonzero(np.isfinite(predicted)))
        marker, colour = (TEST_MARKERS[0], BRIGHT) if self.is_open else (TRAIN_MARKERS[0], DIM)
        return ResidualPoints(true, predicted, marker, colour, self.name)


class ErrorsView:
    """Parts of the data for a network, each prepared when it is first used."""

    def __init__(self, network: Network, data: DataSplit) -> None:
        self._key = network, data
        self._parts: dict[bool, Part] = {}

    def shows(self, network: Network, data: DataSplit) -> bool:
        """Return whether the view was computed for these arguments."""
        return self._key[0] is network and self._key[1] is data

    def part(self, *, test: bool) -> Part:
        """Return the test or the training part, which may be the same."""
        network, data = self._key
        test = test or data.shared
        if test not in self._parts:
            self._parts[test] = Part(network, data, test=test)
        return self._parts[test]


class ErrorsPanel(Panel):
    """Confusion matrix of the test or the training part, or residuals of both."""

    key, label = "6", "errors"
    title_has_priority, redraw_interval = True, 0.25
    summary = (
        "confusion matrix; for regression, predicted against true values, and residuals; "
        "x switches between test and train, ↑ ↓ scroll"
    )
    placeholder = "The errors of the network, by true and predicted value."
    hints: ClassVar = {"x": "train or test"}
    footer = (("x", "train or test"), ("↑ ↓", "scroll"))
    least_size = 30, 9

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "switch_part", show=False),
        Binding("up", "scroll_classes(-1)", show=False),
        Binding("down", "scroll_classes(1)", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._view: ErrorsView | None = None
        self._test = True
        self._first = 0
        self._words: StyledText = []
        self._switchable = False

    def explanation(self) -> Explanation:
        if not self.has_classes:
            return Explanation(
                "Predicted values (vertical) against true values (horizontal), and a histogram of "
                "the residuals.",
                "samples on the dotted line are predicted exactly. A cloud flatter than the line is "
                "pulled towards the mean; a bend in it is something the network has not learnt. A "
                "histogram that is not centred at 0 shows a bias.",
                "residual = y − ŷ",
                "x train or test part · y next target",
            )
        return Explanation(
            "Confusion matrix: number of samples of each true class (a row) by predicted class (a "
            "column). Correct predictions are on the diagonal.",
            "a light cell off the diagonal is a confusion. Two that mirror each other are classes "
            "that look alike; a whole light column is a class that is predicted too often.",
            "precision = correct / all predicted as the class; recall = correct / all of the class, "
            "both in per cent; "
            "F1 = 2 · precision · recall / (precision + recall), macro: mean over the classes; "
            "balanced accuracy: mean recall.",
            "x train or test part · ↑ ↓ other classes",
        )

    @property
    def border_name(self) -> str:
        data = self.run.data
        if data is None:
            return self.label
        return "confusion" if data.has_classes else "residuals"

    def action_switch_part(self) -> None:
        """Switch between the training and the test part."""
        if not self._switchable:
            return  # both parts are shown, or they are the same
        self._test = not self._test
        self.redraw()

    def action_scroll_classes(self, by: int) -> None:
        """Scroll through the classes if there are more than rows."""
        self._first = max(0, self._first + by)
        self.redraw()

    def title(self) -> StyledText:
        return self._words

    def title_right(self) -> StyledText:
        if not self._switchable:
            return []
        return [(f" x {'train' if self._test else 'test'} ", ink(DIM))]

    def view_state(self) -> tuple[object, ...]:
        return (self.options.target,)

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        view, target = self._view, max(0, min(self.options.target, len(data.target_names) - 1))
        if view is None or not view.shows(network, data):
            view = self._view = ErrorsView(network, data)
        if network.classes:
            return self._draw_classes(view, data, width, height)
        return self._draw_numbers(view, data, target, width, height)

    # --- classes

    def _draw_classes(self, view: ErrorsView, data: DataSplit, width: int, height: int) -> Cells:
        part = view.part(test=self._test)
        table = part.table()
        half = (width - GAP) // 2
        if not data.shared and height >= 4:
            other = view.part(test=not self._test)
            # the number of digits does not depend on the predictions
            if part.counts_fit(half) and other.counts_fit(half):
                train, test = view.part(test=False), view.part(test=True)
                tables = other.table(), table
                by_part = tables if self._test else tables[::-1]
                return self._draw_both((train, test), by_part, half, width, height)
        self._switchable = not data.shared
        if not table.matrix.any() and part.undefined:
            self._words = [(f"{part.name} ", ink(TEXT))]
            return centred_text(width, height, "The outputs are not finite: no class is predicted.")
        cells, first, last = draw_confusion(table, self._first, width, height)
        self._first = first
        self._words = [*_part_words(part), *self._rows_words(first, last, len(table.names))]
        return cells

    def _draw_both(
        self,
        parts: tuple[Part, Part],
        tables: tuple[ConfusionTable, ConfusionTable],
        half: int,
        width: int,
        height: int,
    ) -> Cells:
        cells, self._switchable = Cells(width, height), False
        classes, first, last = len(tables[0].names), 0, 0
        for part, table, left in zip(parts, tables, (0, half + GAP), strict=True):
            column = left
            for text, number in _part_words(part):
                if column + len(text) <= left + half + 1:
                    column = cells.write(0, column, text, number)
            if not table.matrix.any() and part.undefined:
                words = "The outputs are not finite: no class is predicted."
                drawn = centred_text(half, height - 1, words)
            else:
                drawn, first, last = draw_confusion(table, self._first, half, height - 1)
            cells.place(1, left, drawn)
        self._first = first
        cells.glyphs[:, half + GAP // 2] = "│"
        cells.inks[:, half + GAP // 2] = ink(RAISED)
        self._words = [("train and test ", ink(TEXT)), *self._rows_words(first, last, classes)]
        return cells

    @staticmethod
    def _rows_words(first: int, last: int, classes: int) -> StyledText:
        if last - first in (0, classes):
            return []
        return [(f"· rows {first + 1}–{last} of {classes} (↑ ↓) ", ink(TEXT))]

    # --- numbers

    def _draw_numbers(
        self, view: ErrorsView, data: DataSplit, target: int, width: int, height: int
    ) -> Cells:
        train = view.part(test=False)
        both = [train] if data.shared else [train, view.part(test=True)]
        points = [part.points(target) for part in both]
        self._switchable = False
        self._words = [(f"{data.target_names[target]} ", ink(TEXT))]
        for part in both:
            self._words += _part_words(part, lead="· ")
        if not any(each.residuals.size for each in points):
            return centred_text(width, height, "The outputs are not finite: no value is predicted.")
        span = value_range(points[0].true)
        name = data.target_names[target]
        cells = Cells(width, height)
        chosen = points[-1] if self._test else points[0]
        if width >= RIGHT_FROM and height >= 4:
            right = min(44, max(17, width * 2 // 5))
            left = width - right - 2
            cells.place(0, 0, draw_scatter(points, span, name, left, height))
            shown = points[::-1] if height >= BOTH_FROM else [chosen]
            self._histograms(cells, points, shown, left + 2, 0, right, height)
        elif height >= BELOW_FROM:
            below = 5
            cells.place(0, 0, draw_scatter(points, span, name, width, height - below))
            self._histograms(cells, points, [chosen], 0, height - below, width, below)
        else:
            rows = height - 1 if height >= 5 else height
            cells.place(0, 0, draw_scatter(points, span, name, width, rows))
            if rows < height:
                column = cells.write(height - 1, 0, f"{chosen.marker} {chosen.name} ", ink(DIM))
                cells.write(height - 1, column, spread_words(chosen.residuals), ink(TEXT))
                self._switchable = len(points) > 1
        return cells

    def _histograms(
        self,
        cells: Cells,
        points: list[ResidualPoints],
        shown: list[ResidualPoints],
        left: int,
        top: int,
        width: int,
        height: int,
    ) -> None:
        limit, rows = limit_of(points), height // len(shown)
        self._switchable = len(shown) < len(points)
        for at, each in enumerate(shown):
            tall = height - rows * (len(shown) - 1) if at == 0 else rows
            block = draw_histogram(each, limit, width, tall)
            cells.place(top, left, block)
            top += tall


def _part_words(part: Part, lead: str = "") -> StyledText:
    """Return the name of a part and its number of samples."""
    if lead:
        words: StyledText = [(f"{lead}{part.samples} {part.name} ", ink(DIM))]
    else:
        words = [(f"{part.name} ", ink(TEXT)), (f"· {part.samples} ", ink(DIM))]
    if part.undefined:
        return [*words, (f"· {part.undefined:,} not finite ", ink(ALARM))]
    return words if lead else [*words, ("samples ", ink(DIM))]
