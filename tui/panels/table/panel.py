"""The table panel: hidden outputs and predictions, a row per training sample.

`OutputsTable` is the table without a widget; `TablePanel` shows it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.hidden_space import decide
from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, TEXT, ink
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.panel import Panel, StyledText
from tui.panels.table.columns import (
    LEAST_DIGITS,
    MARKS,
    RULE,
    SAMPLE,
    TRUE,
    ColumnId,
    Feature,
    TableLayout,
    digits_of,
    features_of,
)
from tui.panels.table.drawing import TableDrawing

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import Cursor, ViewOptions
    from tui.run_model import RunModel

WHEEL: Final = 3
"""Rows per step of the mouse wheel."""


class OutputsTable:
    """Visible part and order of the table.

    Attributes:
        first_row, first_column: position of the upper left corner.
        sorted_by: sort column.
        descending: whether the largest value is first.
        title: title of the last drawing, the visible rows and units.
    """

    def __init__(self) -> None:
        self.first_row = self.first_column = 0
        self.sorted_by = SAMPLE
        self.descending = False
        self.title: StyledText = []
        self._sortable: tuple[ColumnId, ...] = (SAMPLE, TRUE)
        self._data: DataSplit | None = None
        self._features: list[Feature] = []
        self._followed: object = None
        self._digits = self._output_digits = LEAST_DIGITS
        self._reveal = False
        self._last_unit: tuple[int, int] | None = None
        self._top = 0
        self._samples: Labels = np.empty(0, np.int64)
        self._places: list[tuple[int, ColumnId]] = []
        self._headings: list[tuple[int, int, ColumnId]] = []

    def scroll(self, rows: int, columns: int) -> None:
        """Scroll by rows and columns; the next drawing clamps the position."""
        self.first_row = max(0, self.first_row + rows)
        self.first_column = max(0, self.first_column + columns)

    def sort_next(self) -> None:
        """Sort by the next of the columns that were available in the last drawing."""
        known = self.sorted_by in self._sortable
        at = self._sortable.index(self.sorted_by) + 1 if known else 0
        self.sorted_by = self._sortable[at % len(self._sortable)]
        self.first_row, self._reveal = 0, True

    def sort_by(self, column: ColumnId) -> None:
        """Sort by a column, or reverse the order if the table is already sorted by it."""
        if self.sorted_by == column:
            self.descending = not self.descending
        self.sorted_by, self.first_row = column, 0

    def heading_at(self, row: int, column: int) -> ColumnId | None:
        """Return the column whose heading is at a position of the last drawing, or None."""
        if row != self._top - 1:
            return None
        return next((each for start, end, each in self._headings if start <= column < end), None)

    def reverse(self) -> None:
        """Reverse the order."""
        self.descending = not self.descending
        self.first_row = 0

    def cursor_at(self, cursor: Cursor, row: int, column: int) -> Cursor:
        """Return the cursor at a position of the last drawing."""
        at = row - self._top
        if 0 <= at < len(self._samples):
            cursor = replace(cursor, sample=int(self._samples[at]))
        for place, unit in self._places:
            if place <= column < place + self._digits + 2:
                cursor = replace(cursor, layer=unit.layer, unit=unit.at)
        return cursor

    @property
    def sorted_words(self) -> str:
        """Sort column and direction as text."""
        by = self.sorted_by
        words = {"true": "class", "unit": f"h{by.at + 1}", "feature": "input"}
        return f"{words.get(by.kind, by.kind)} {'▾' if self.descending else '▴'}"

    def order(self, run: RunModel) -> Labels:
        """Return the training samples in the order of the rows."""
        network, data = run.network, run.data
        if network is None or data is None:
            return np.empty(0, np.int64)
        by = self.sorted_by
        keys: Array | Labels = np.arange(len(data.y_train))
        if by.kind == "true":
            keys = data.y_train if data.has_classes else data.y_train[:, 0]
        elif by.kind == "feature":
            keys = data.preparation.features(data.x_train)[:, by.at]
        elif by.kind == "unit" and by.layer < len(network.layers) - 1:
            keys = network.hidden_outputs(data.x_train)[by.layer][:, by.at]
        elif by.kind == "output":
            keys = network.predict(data.x_train)[:, by.at]
        elif by.kind == "predicted":
            logits = network.logits(data.x_train)
            keys = decide(logits) + 0.5 * network.loss.probabilities(logits.T).max(axis=0)
        # NaN is last in both orders
        keys = np.asarray(keys, np.float64)
        return np.argsort(-keys if self.descending else keys, kind="stable")

    def draw(self, run: RunModel, options: ViewOptions, width: int, height: int) -> Cells:
        """Return the table."""
        self.title = []
        if run.current is None:
            return Cells(width, height)
        network, data = run.current
        self._follow(network, data)
        few = len(network.sizes) <= 3 and len(data.feature_names) <= 2
        # the headings of groups name the columns that do not fit
        grouped = height >= 9 and not (few and self._fits_whole(network, width))
        rows = height - (2 if grouped else 1)
        if rows < 1 or width < MARKS + LEAST_DIGITS:
            return Cells(width, height)
        order = self.order(run)
        self._scroll_to_cursor(order, options, rows)
        shown = order[self.first_row : self.first_row + rows]
        x = data.x_train[shown]
        with np.errstate(all="ignore"):
            hidden, logits = network.hidden_outputs(x), network.logits(x)
            predicted = network.loss.probabilities(logits.T).T
        outputs = predicted if network.classes else data.preparation.in_units(predicted)
        layout = self._compute_layout(network, options, width, hidden, np.asarray(outputs))
        self._update_title(layout, data, rows)
        cells = Cells(width, height)
        drawing = TableDrawing(
            cells,
            run,
            options,
            layout,
            self.first_column,
            (self.sorted_by, self.descending),
            rows,
        )
        self._top, self._samples = drawing.top, shown
        self._places = [*zip(drawing.unit_places, drawing.units, strict=True)]
        self._headings = drawing.spans()
        drawing.headings(network, data, grouped=grouped)
        drawing.rows(network, data, shown, hidden, np.asarray(outputs), logits)
        return cells

    # --- state that lasts as long as data and network

    def _follow(self, network: Network, data: DataSplit) -> None:
        if self._data is not data:
            if self._data is not None:
                self.first_row = self.first_column = 0
            self._data, self._features = data, features_of(data)
        if not self._exists(self.sorted_by, network, data):
            self.sorted_by = SAMPLE

    @staticmethod
    def _exists(by: ColumnId, network: Network, data: DataSplit) -> bool:
        if by.kind == "unit":
            return by.layer < len(network.sizes) - 2 and by.at < network.sizes[by.layer + 1]
        if by.kind == "output":
            return by.at < (network.classes or network.sizes[-1])
        return by.kind != "feature" or by.at < len(data.feature_names)

    def _scroll_to_cursor(self, order: Labels, options: ViewOptions, rows: int) -> None:
        """Scroll to the row of the cursor when it moved, and clamp the position."""
        sample = options.cursor.sample
        followed = sample, self.sorted_by, self.descending, rows
        if options.inspecting and followed != self._followed:
            places = np.flatnonzero(order == sample)
            if places.size:
                place = int(places[0])
                if not self.first_row <= place < self.first_row + rows:
                    self.first_row = place - rows // 2
        self._followed = followed
        self.first_row = max(0, min(self.first_row, len(order) - rows))

    def _fits_whole(self, network: Network, width: int) -> bool:
        """Return whether all features and units fit, next to one output."""
        features = sum(each.width + 1 for each in self._features)
        units = sum(network.sizes[1:-1]) * (self._digits + 2)
        return MARKS + features + units + 2 * len(RULE) + LEAST_DIGITS + 1 <= width

    def _compute_layout(
        self,
        network: Network,
        options: ViewOptions,
        width: int,
        hidden: list[Array],
        outputs: Array,
    ) -> TableLayout:
        # columns never become narrower: digits that move sideways are illegible
        self._digits = max([self._digits, *map(digits_of, hidden)])
        out_digits = LEAST_DIGITS - 1
        if not network.classes:
            out_digits = self._output_digits = max(self._output_digits, digits_of(outputs))
        if options.inspecting and options.cursor.layer < len(hidden):
            layer = options.cursor.layer
        else:
            layer = min(options.layer, max(0, len(hidden) - 1))
        layout = TableLayout.of(network, self._features, layer, (self._digits, out_digits), width)
        features = (each.column for each in layout.features)
        self._sortable = (SAMPLE, TRUE, *features, *layout.units, *layout.outputs)
        self._scroll_to_column(layout, options)
        return layout

    def _scroll_to_column(self, layout: TableLayout, options: ViewOptions) -> None:
        wanted: ColumnId | None = self.sorted_by if self._reveal else None
        cursor = options.cursor
        unit_at = cursor.layer, cursor.unit
        if options.inspecting and unit_at != self._last_unit:
            wanted = ColumnId("unit", cursor.unit, cursor.layer)
        self._last_unit, self._reveal = unit_at, False
        if wanted in layout.units:
            place = layout.units.index(wanted)
            low = place - layout.shown + 1
            self.first_column = min(max(self.first_column, low), place)
        self.first_column = max(0, min(self.first_column, len(layout.units) - layout.shown))

    def _update_title(self, layout: TableLayout, data: DataSplit, rows: int) -> None:
        samples, text, dim = len(data.y_train), ink(TEXT), ink(DIM)
        if rows < samples:
            last = min(samples, self.first_row + rows)
            self.title.append((f"{self.first_row + 1:,}–{last:,} of {samples:,} samples ", text))
        else:
            self.title.append((f"{samples:,} samples ", text))
        units = len(layout.units)
        if layout.shown < units:
            last = self.first_column + layout.shown
            self.title.append((f"· units {self.first_column + 1}–{last} of {units} ", dim))


class TablePanel(Panel):
    """Panel with the table of hidden outputs."""

    key, label = "8", "table"
    title_has_priority, redraw_interval = True, 0.5
    summary = (
        "hidden outputs and predictions of each training sample, in numbers; arrows scroll, "
        "c sorts by the next column, C reverses the order"
    )
    placeholder = "The output of each hidden unit for each training sample, in numbers."
    hints: ClassVar = {"c": "next column"}

    footer = (("c", "sort"), ("C", "reverse"), ("← ↑ ↓ →", "scroll"))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_table(-1, 0)", show=False),
        Binding("down", "scroll_table(1, 0)", show=False),
        Binding("left", "scroll_table(0, -1)", show=False),
        Binding("right", "scroll_table(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("c", "sort_next", show=False),
        Binding("C", "reverse", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self.table = OutputsTable()

    def explanation(self) -> Explanation:
        outputs = (
            "the probabilities of the classes, from the logits z = W·h + b"
            if self.has_classes
            else "ŷ = W·h + b, h the last hidden layer"
        )
        return Explanation(
            "One row per training sample: its inputs, the output of every hidden unit, and the "
            "prediction.",
            "a column shows for which samples a unit is active. For XOR, look for units with similar "
            "outputs for the two points of a class: these make it linearly separable.",
            f"a = f(w·x + b), {activation_formulas(self.run, most=1)}\noutputs: {outputs}",
            "arrows and page keys scroll · c or a click on a column's name sorts, C reverses the "
            "order",
        )

    @property
    def border_name(self) -> str:
        return "hidden outputs"

    def action_scroll_table(self, rows: int, columns: int) -> None:
        """Scroll by rows and columns."""
        self.table.scroll(rows, columns)
        self.redraw()

    def action_page(self, by: int) -> None:
        """Scroll by a page."""
        self.table.scroll(by * max(1, self._content.height - 2), 0)
        self.redraw()

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self.table.sort_next()
        self.redraw()

    def action_reverse(self) -> None:
        """Reverse the order."""
        self.table.reverse()
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Sort by the clicked column, or select the clicked sample and unit."""
        heading = self.table.heading_at(event.y - 1, event.x - 1)
        if heading is not None:
            self.table.sort_by(heading)
            self.redraw()
            return
        self.post_message(
            self.CursorMoved(self.table.cursor_at(self.options.cursor, event.y - 1, event.x - 1))
        )

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.action_scroll_table(WHEEL, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.action_scroll_table(-WHEEL, 0)

    def title(self) -> StyledText:
        return self.table.title

    def title_right(self) -> StyledText:
        if not self.table.title:
            return []
        return [(f" by {self.table.sorted_words} ", ink(DIM)), ("c C ", ink(DIM))]

    def view_state(self) -> tuple[object, ...]:
        options = self.options
        return (options.cursor, options.inspecting, options.layer, options.target)

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        del network, data
        return self.table.draw(self.run, self.options, width, height)
