"""The hidden panel: outputs of a hidden layer, a row per unit, a column per training sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.prediction_map import in_class_order
from core.dataclass import dataclass
from core.nn.activations import ACTIVATIONS
from tui.drawing import number_format
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import (
    ACCENT,
    BACKGROUND,
    BRIGHT,
    DEEP,
    DIM,
    LEGIBLE,
    TEXT,
    class_marker,
    class_markers,
    ink,
    sample_of,
)
from tui.panels.boundary.map_drawing import half_blocks
from tui.panels.colour_scales import FittedScale, NumberScale, OutputScale
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.activations import Activation
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

UNIT: Final = "unit"
"""Name of the vertical axis."""
NUMBER_WIDTH: Final = 6
GAP_FROM: Final = 4
"""Columns of a sample, and half rows of a unit, from which one of them separates it from the next."""
WIDE_FROM: Final = 60
"""Columns from which the title is not shortened."""


@dataclass(frozen=True)
class UnitRows:
    """Vertical layout. Heights are in half rows, since a cell can show two units.

    Attributes:
        first, last: shown units, without the last.
        tall: half rows per unit.
        gap: half rows of them that are blank.
    """

    first: int
    last: int
    tall: int
    gap: int

    @classmethod
    def of(cls, units: int, rows: int, first: int, *, halves: bool) -> UnitRows:
        """Return the tallest rows with which all units fit; otherwise the lowest, from `first`."""
        tall = 2 * rows // units if halves else 2 * (rows // units)
        tall = max(tall, 1 if halves else 2)
        visible = max(1, min(units, 2 * rows // tall))
        first = max(0, min(first, units - visible))
        return cls(first, first + visible, tall, int(halves and tall >= GAP_FROM))

    @property
    def label_width(self) -> int:
        """Columns of the labels, and of a space after them."""
        longest = self.label(self.last - 1 - (self.tall == 1 and self.last - self.first > 1))
        return max(len(UNIT), len(longest)) + 1

    def label(self, unit: int) -> str:
        """Return the number of a unit, or of both units in its row."""
        if self.tall > 1 or unit + 1 >= self.last:
            return str(unit + 1)
        return f"{unit + 1}–{unit + 2}"

    def row_of(self, unit: int) -> int:
        """Return the middle one of the rows that show nothing but this unit, if there is one."""
        top = (unit - self.first) * self.tall
        full, end = (top + 1) // 2, (top + self.tall - self.gap) // 2
        return max(full, (full + end - 1) // 2) if self.tall > 1 else top // 2

    def unit_at(self, row: int) -> int:
        """Return the unit that is drawn in a row, clipped to the shown ones."""
        return min(self.last - 1, self.first + max(0, 2 * row // self.tall))


class ActivationsPanel(Panel):
    """Output of each unit of the selected hidden layer for each sample, sorted by class."""

    key, label = "4", "hidden"
    summary = "outputs of a hidden layer: a row per unit, a column per sample; [ ] choose the layer"
    placeholder = "The output of each hidden unit for each training sample."
    footer = (("[ ]", "layer"), ("↑ ↓", "scroll"))
    least_size, longest_pause, keeps_similar = (40, 7), 1.0, True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_units(-1)", show=False),
        Binding("down", "scroll_units(1)", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._first = 0
        self._scale: OutputScale | None = None
        self._fitted = FittedScale(run)
        self._ordered = 0, 0, 0
        self._rows = UnitRows(0, 1, 1, 0)
        self._across = 1
        self._order: Labels = np.empty(0, np.int64)
        self._units_shown = ""
        self._inner_width = 0

    def explanation(self) -> Explanation:
        order = "class" if self.has_classes else "target"
        return Explanation(
            "Output of each unit of a hidden layer (a row) for each training sample (a column, "
            f"sorted by {order}). The scale above follows the largest output; without a limit of the "
            "function, zero always keeps its colour.",
            "a row that changes its colour where the class changes helps to separate classes. A row "
            "of one colour contributes nothing: the unit is dead at 0, or saturated at a bound. Rows "
            "that look alike have learnt the same feature.",
            f"a = f(w·x + b), {activation_formulas(self.run)}",
            "[ ] previous, next layer · ↑ ↓ scroll through the units",
        )

    def action_scroll_units(self, by: int) -> None:
        """Scroll through the units if there are more than rows."""
        self._first = max(0, self._first + by)
        self.redraw()

    def title(self) -> StyledText:
        hidden = self.run.config.hidden
        if not hidden:
            return []
        layer = min(self.options.layer, len(hidden) - 1)
        number = f"{layer + 1}/{len(hidden)}"
        if self._inner_width >= WIDE_FROM:
            number = f"layer {layer + 1} of {len(hidden)}"
        return [
            (f"{number} ", ink(TEXT)),
            (f"· {self._units_shown} ", ink(DIM)),
        ]

    def title_right(self) -> StyledText:
        if not self.run.config.hidden:
            return []
        scale = self._scale or OutputScale.of(self._activation, np.zeros(0))
        blocks = sample_of(scale.colours, 18 if self._inner_width >= WIDE_FROM else 9)
        low, high = (f" {end:.2g} ".replace("-", "−") for end in (scale.low, scale.high))
        shown = [(" ", ink(background=colour)) for colour in blocks]
        return [(low, ink(TEXT)), *shown, (high, ink(TEXT))]

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        hidden = self.run.config.hidden
        self._inner_width, self.captions = width, []
        if not hidden:
            return centred_text(
                width,
                height,
                "This network has no hidden layer: the outputs depend linearly on the inputs.",
            )
        cells = Cells(width, height)
        layer = min(self.options.layer, len(hidden) - 1)
        rows = self._rows = UnitRows.of(
            hidden[layer], max(1, height - 1), self._first, halves=self.options.halves
        )
        self._first = rows.first
        most = max(1, width - rows.label_width)
        samples = self._in_order(data, most)
        x, y = data.x_train[samples], data.y_train[samples]
        outputs = network.hidden_outputs(x)[layer].T
        self._across = most // len(samples)
        cells.write_right(0, rows.label_width - 1, UNIT, ink(DIM))
        if data.has_classes:
            self._class_strip(cells, x, np.asarray(y, np.int64))
        else:
            self._number_strip(cells, data, np.asarray(y, np.float64))
        self._draw_units(cells, outputs)
        self._count(data, hidden[layer], len(samples))
        at = np.flatnonzero(samples == self.options.cursor.sample)
        if self.options.inspecting and at.size:
            cells.write(0, self._marker_column(int(at[0])), "◉", ink(BRIGHT, DEEP, bold=True))
        return cells

    def _count(self, data: DataSplit, units: int, drawn: int) -> None:
        """Format how many units and samples are shown, and in which order."""
        rows, samples = self._rows, data.all_samples[0]
        self._units_shown = f"{units} unit{'s' * (units > 1)}"
        if rows.last - rows.first < units:
            self._units_shown = f"{rows.first + 1}–{rows.last} of {units}"
            if self._inner_width >= WIDE_FROM:
                self._units_shown = f"units {self._units_shown} (↑ ↓)"
        count = f"{samples:,}" if drawn == samples else f"{drawn} of {samples:,}"
        target = min(self.options.target, len(data.target_names) - 1)
        order = "class" if data.has_classes else cut(data.target_names[target], 20)
        forms = (
            f" {count} training samples, sorted by {order} → ",
            f" {count} samples, by {order} → ",
            f" samples by {order} ",
        )
        self.captions = [(1 + rows.label_width, forms)]

    @property
    def _column_gap(self) -> int:
        return int(self._across >= GAP_FROM)

    def _column_of(self, sample: int) -> int:
        return self._rows.label_width + sample * self._across

    def _marker_column(self, sample: int) -> int:
        return self._column_of(sample) + (self._across - self._column_gap - 1) // 2

    def _in_order(self, data: DataSplit, most: int) -> Labels:
        """Return the shown samples, which depend on the data and the size alone."""
        target = min(self.options.target, len(data.target_names) - 1)
        if self._ordered != (id(data), most, target):
            in_order = data.y_train if data.has_classes else data.y_train[:, target]
            self._order = in_class_order(in_order, most)
            self._ordered = id(data), most, target
        sample = self.options.cursor.sample
        if self.options.inspecting and sample not in self._order and sample < len(data.y_train):
            # in place of its neighbour in the order
            values = data.y_train if data.has_classes else data.y_train[:, target]
            before = int(np.count_nonzero(values < values[sample]))
            order = self._order.copy()
            order[min(len(order) - 1, before * len(order) // len(values))] = sample
            return order
        return self._order

    def _draw_units(self, cells: Cells, outputs: Array) -> None:
        """Draw the pixels, the labels and, at rest, the numbers."""
        rows, across = self._rows, self._across
        scale = self._scale = self._fitted.fit(self._activation, outputs)
        levels = scale.levels(outputs)
        blank = len(scale.colours)
        shown = levels[rows.first : rows.last]
        height = len(shown) * rows.tall
        pixels = np.full((height + height % 2, shown.shape[1] * across), blank)
        pixels[:height] = shown.repeat(rows.tall, axis=0).repeat(across, axis=1)
        if rows.gap:
            pixels[rows.tall - 1 : height : rows.tall] = blank
        if self._column_gap:
            pixels[:, across - 1 :: across] = blank
        colours = (*scale.colours, BACKGROUND)
        cells.place(1, rows.label_width, half_blocks(pixels, colours))
        room = across - self._column_gap
        for unit in range(rows.first, rows.last, 2 if rows.tall == 1 else 1):
            row, label = 1 + rows.row_of(unit), rows.label(unit)
            is_selected = self._is_selected(unit) or (
                rows.tall == 1 and unit + 1 < rows.last and self._is_selected(unit + 1)
            )
            number = ink(ACCENT, bold=True) if is_selected else ink(DIM)
            cells.write_right(row, rows.label_width - 1, label, number)
            if self.run.is_at_rest and room >= NUMBER_WIDTH and rows.tall > 1:
                papers = [colours[level] for level in levels[unit]]
                self._write_numbers(cells, row, outputs[unit], papers)

    def _is_selected(self, unit: int) -> bool:
        cursor = self.options.cursor
        return (
            self.options.inspecting
            and cursor.unit == unit
            and cursor.layer == min(self.options.layer, len(self.run.config.hidden) - 1)
        )

    def on_click(self, event: events.Click) -> None:
        """Select the unit and the sample under the pointer."""
        row, column = event.y - 2, event.x - 1 - self._rows.label_width
        if self.run.network is None or self._across < 1:
            return
        cursor = replace(self.options.cursor, layer=self.options.layer)
        if row >= 0:
            cursor = replace(cursor, unit=self._rows.unit_at(row))
        at = column // self._across
        if 0 <= at < len(self._order):
            cursor = replace(cursor, sample=int(self._order[at]))
        self.post_message(self.CursorMoved(cursor))

    def _write_numbers(self, cells: Cells, row: int, outputs: Array, papers: list[str]) -> None:
        room = self._across - self._column_gap
        for sample, (value, paper) in enumerate(zip(outputs.tolist(), papers, strict=True)):
            text = number_format.signed(value, 3)
            if len(text) > room:
                text = number_format.short(value)
            if len(text) <= room:
                cells.write(row, self._column_of(sample), text.center(room), ink(LEGIBLE, paper))

    def _class_strip(self, cells: Cells, x: Array, y: Labels) -> None:
        """Write the marker of each sample, with its inputs if there is room."""
        room = self._across - self._column_gap
        inputs: list[str] = []
        if 2 + 3 * x.shape[1] <= room:
            inputs = [f"({', '.join(f'{value:g}' for value in each)})" for each in x]
        if inputs and 2 + max(map(len, inputs)) <= room:
            for sample, label in enumerate(y.tolist()):
                marker, number = class_marker(label)
                words = f"{marker} {inputs[sample]}".center(room)
                cells.write(0, self._column_of(sample), words, number)
            return
        glyphs, inks = class_markers(int(y.max(initial=0)) + 1)
        columns = self._marker_column(0) + self._across * np.arange(len(y))
        shown = columns < cells.width
        cells.glyphs[0, columns[shown]] = glyphs[y[shown]]
        cells.inks[0, columns[shown]] = inks[y[shown]]

    def _number_strip(self, cells: Cells, data: DataSplit, y: Array) -> None:
        """Show the target of each sample as a colour."""
        target = min(self.options.target, len(data.target_names) - 1)
        scale = NumberScale.of(data, target)
        blank = len(scale.colours)
        levels = scale.levels(y[:, target]).repeat(self._across)
        if self._column_gap:
            levels[self._across - 1 :: self._across] = blank
        inks = np.array([ink(background=colour) for colour in (*scale.colours, BACKGROUND)])
        left = self._rows.label_width
        cells.inks[0, left : left + len(levels)] = inks[levels]

    @property
    def _activation(self) -> Activation:
        activations = self.run.config.activations
        return ACTIVATIONS[activations[min(self.options.layer, len(activations) - 1)]]
