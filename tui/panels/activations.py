"""The hidden panel: outputs of a hidden layer, a row per unit, a column per training sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.prediction_map import in_class_order
from core.nn.activations import ACTIVATIONS
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    ACCENT,
    BACKGROUND,
    BRIGHT,
    DEEP,
    DIM,
    LEGIBLE,
    TEXT,
    class_marker,
    ink,
    inks_of_pairs,
)
from tui.panels.colour_scales import NumberScale, OutputScale
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.hysteresis import LevelHysteresis
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.activations import Activation
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

LABEL_WIDTH = 6
WIDEST_SAMPLE = 26
WIDE_SAMPLE = 12
"""Columns per sample from which its inputs are written above it."""
NUMBER_WIDTH = 7


class ActivationsPanel(Panel):
    """Output of each unit of the selected hidden layer for each sample, sorted by class."""

    key, label = "4", "hidden"
    summary = "outputs of a hidden layer: a row per unit, a column per sample; [ ] choose the layer"
    placeholder = "The output of each hidden unit for each training sample."
    default_from = 0, 0

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_units(-1)", show=False),
        Binding("down", "scroll_units(1)", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._first = 0
        self._scale: OutputScale | None = None
        self._hysteresis = LevelHysteresis(run)
        self._ordered = 0, 0, 0
        self._tall, self._across = 0.0, 1
        self._order: Labels = np.empty(0, np.int64)
        self._visible = ""

    def explanation(self) -> Explanation:
        order = "class" if self.has_classes else "target"
        return Explanation(
            "Output of each unit of a hidden layer (a row) for each training sample (a column, "
            f"sorted by {order}).",
            "a row that changes its colour where the class changes helps to separate classes. A row "
            "of one colour contributes nothing: the unit is dead at 0, or saturated at a bound. Rows "
            "that look alike have learnt the same feature.",
            f"a = f(w·x + b), {activation_formulas(self.run)}",
            "[ ] previous, next layer · ↑ ↓ scroll through the units",
        )

    def preferred_height(self) -> int:
        units = max(self.run.config.hidden, default=4)
        return 3 + units * (2 if units < 5 else 1)

    def action_scroll_units(self, by: int) -> None:
        """Scroll through the units if there are more than rows."""
        self._first = max(0, self._first + by)
        self.redraw()

    def title(self) -> StyledText:
        hidden = self.run.config.hidden
        if not hidden:
            return []
        layer = min(self.options.layer, len(hidden) - 1)
        return [
            (f"layer {layer + 1} of {len(hidden)} ", ink(TEXT)),
            (f"· {self._visible} ", ink(DIM)),
        ]

    def title_right(self) -> StyledText:
        if not self.run.config.hidden:
            return []
        scale = self._scale or OutputScale.of(self._activation, np.zeros(0))
        blocks: StyledText = [
            (" ", ink(background=colour)) for colour in scale.colours for _ in "ab"
        ]
        low_text = f" {scale.low:g} ".replace("-", "−")
        return [(low_text, ink(TEXT)), *blocks, (f" {scale.high:g} ", ink(TEXT))]

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        hidden = self.run.config.hidden
        if not hidden:
            return centred_text(
                width,
                height,
                "This network has no hidden layer: the outputs depend linearly on the inputs.",
            )
        cells = Cells(width, height)
        most = max(1, width - LABEL_WIDTH)
        samples = self._in_order(data, most)
        x, y = data.x_train[samples], data.y_train[samples]
        outputs = network.hidden_outputs(x)[min(self.options.layer, len(hidden) - 1)].T
        across = self._across = min(WIDEST_SAMPLE, most // len(samples))
        if data.has_classes:
            self._class_strip(cells, x, np.asarray(y, np.int64), across)
        else:
            self._number_strip(cells, data, np.asarray(y, np.float64), across)
        self._units(cells, outputs, across, height - 1, data.all_samples[0])
        at = np.flatnonzero(samples == self.options.cursor.sample)
        if self.options.inspecting and at.size:
            # before the text of a wide column
            place = (
                LABEL_WIDTH + int(at[0]) * across + (0 if across >= WIDE_SAMPLE else across // 2)
            )
            cells.write(0, place, "◉", ink(BRIGHT, DEEP, bold=True))
        return cells

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

    def _units(self, cells: Cells, outputs: Array, across: int, rows: int, samples: int) -> None:
        units = len(outputs)
        scale = self._scale = OutputScale.of(self._activation, outputs)
        colours = scale.colours
        levels = scale.levels(outputs, self._hysteresis.quantize).repeat(across, axis=1)
        a_cell = 1 if units <= rows or not self.options.halves else 2
        first = self._first = min(self._first, max(0, units - rows * a_cell))
        last = min(units, first + rows * a_cell)
        whole = last - first == units
        shown = f"{units} units" if whole else f"units {first + 1}–{last} of {units} (↑ ↓)"
        drawn = outputs.shape[1]
        count = f"{samples:,}" if drawn == samples else f"{drawn}/{samples:,}"
        self._visible = f"{shown} × {count} samples"
        pairs = inks_of_pairs(colours)
        if a_cell == 1:
            tall = max(1, min(6, rows // max(1, last - first)))
            self._tall = tall
            for unit in range(first, last):
                top = 1 + (unit - first) * tall
                number = ink(ACCENT, bold=True) if self._is_selected(unit) else ink(DIM)
                cells.write(top + (tall - 1) // 2, 1, f"{unit + 1:>3}", number)
                columns = slice(LABEL_WIDTH, LABEL_WIDTH + levels.shape[1])
                cells.inks[top : top + tall, columns] = pairs[levels[unit], levels[unit]]
                if self.run.is_at_rest and across >= NUMBER_WIDTH:
                    middle, papers = (
                        top + (tall - 1) // 2,
                        [colours[level] for level in levels[unit]],
                    )
                    self._numbers(cells, middle, outputs[unit], papers, across)
            return
        self._tall = 0.5
        for row, unit in enumerate(range(first, last, 2), start=1):
            both = f"{unit + 1}–{unit + 2}" if unit + 1 < last else f"{unit + 1}"
            is_selected = self._is_selected(unit) or (
                unit + 1 < last and self._is_selected(unit + 1)
            )
            cells.write(row, 0, f"{both:>5}", ink(ACCENT, bold=True) if is_selected else ink(DIM))
            upper = levels[unit]
            lower = levels[unit + 1] if unit + 1 < last else None
            columns = slice(LABEL_WIDTH, LABEL_WIDTH + len(upper))
            if lower is None:
                inks = np.array([ink(colour, BACKGROUND) for colour in colours])
                cells.inks[row, columns] = inks[upper]
                cells.glyphs[row, columns] = "▀"
            else:
                cells.inks[row, columns] = pairs[upper, lower]
                cells.glyphs[row, columns] = np.where(upper == lower, " ", "▀")

    def _is_selected(self, unit: int) -> bool:
        cursor = self.options.cursor
        return (
            self.options.inspecting
            and cursor.unit == unit
            and cursor.layer == min(self.options.layer, len(self.run.config.hidden) - 1)
        )

    def on_click(self, event: events.Click) -> None:
        """Select the unit and the sample under the pointer."""
        row, column = event.y - 2, event.x - 1 - LABEL_WIDTH
        network = self.run.network
        if network is None or self._tall <= 0:
            return
        unit = self._first + int(row // self._tall)
        cursor = replace(self.options.cursor, layer=self.options.layer)
        if row >= 0:
            cursor = replace(cursor, unit=unit)
        at = column // max(1, self._across)
        if 0 <= at < len(self._order):
            cursor = replace(cursor, sample=int(self._order[at]))
        self.post_message(self.CursorMoved(cursor))

    @staticmethod
    def _numbers(cells: Cells, row: int, outputs: Array, papers: list[str], across: int) -> None:
        for sample, value in enumerate(outputs.tolist()):
            background = papers[sample * across]
            text = number_format.signed(value, 3).center(across)
            number = ink(LEGIBLE, background)
            cells.write(row, LABEL_WIDTH + sample * across, text, number)

    def _class_strip(self, cells: Cells, x: Array, y: Labels, across: int) -> None:
        cells.write(0, 0, "class", ink(DIM))
        for sample, label in enumerate(y.tolist()):
            marker, number = class_marker(label)
            column = LABEL_WIDTH + sample * across
            if across >= WIDE_SAMPLE:
                place = ", ".join(f"{value:g}" for value in x[sample])
                cells.write(0, column, f"{marker} ({place})".center(across), number)
            else:
                cells.write(0, column, marker * across, number)

    def _number_strip(self, cells: Cells, data: DataSplit, y: Array, across: int) -> None:
        target = min(self.options.target, len(data.target_names) - 1)
        name = data.target_names[target]
        if len(name) >= LABEL_WIDTH:
            name = f"{name[: LABEL_WIDTH - 2]}…"
        cells.write(0, 0, name, ink(DIM))
        scale = NumberScale.of(data, target)
        colours, levels = scale.colours, scale.levels(y[:, target]).repeat(across)
        inks = np.array([ink(background=colour) for colour in colours])
        cells.inks[0, LABEL_WIDTH : LABEL_WIDTH + len(levels)] = inks[levels]

    @property
    def _activation(self) -> Activation:
        activations = self.run.config.activations
        return ACTIVATIONS[activations[min(self.options.layer, len(activations) - 1)]]
