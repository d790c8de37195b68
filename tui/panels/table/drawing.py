"""Drawing of the table panel: headings, and a row per sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.analysis.hidden_space import decide
from core.nn.activations import ACTIVATIONS
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import (
    ALARM,
    BRIGHT,
    DIM,
    FAINT,
    LEGIBLE,
    TEXT,
    TRAIN_MARKERS,
    WRONG_TRAIN,
    class_marker,
    class_point,
    ink,
    train_marker,
)
from tui.panels.colour_scales import NumberScale, OutputScale
from tui.panels.table.columns import MARKS, RULE, TRUE, ColumnId, decimal, format_value

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.table.columns import TableLayout
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel


class TableDrawing:
    """One drawing of the table; headings and rows share the positions of the columns.

    Attributes:
        top: first row of the samples.
        units: visible units; `unit_places` are their positions.
    """

    def __init__(
        self,
        cells: Cells,
        run: RunModel,
        options: ViewOptions,
        layout: TableLayout,
        first: int,
        sorted_by: tuple[ColumnId, bool],
        rows: int,
    ) -> None:
        self.cells, self.run, self.options = cells, run, options
        self.layout, self.sorted_by = layout, sorted_by
        self.top = cells.height - rows
        self.units = layout.units[first : first + layout.shown]
        place = MARKS
        self.feature_places: list[int] = []
        for each in layout.features:
            self.feature_places.append(place)
            place += each.width + 1
        self.rules = []
        if layout.features:
            self.rules.append(place)
            place += len(RULE)
        self.unit_places: list[int] = []
        for at, unit in enumerate(self.units):
            # gap between two layers
            place += bool(at and self.units[at - 1].layer != unit.layer)
            self.unit_places.append(place)
            place += layout.digits + 2
        if self.units:
            self.rules.append(place)
            place += len(RULE)
        self.output_places = [
            place + at * (layout.output_digits + 2) for at in range(len(layout.outputs))
        ]

    def spans(self) -> list[tuple[int, int, ColumnId]]:
        """Return the start and the end of each heading, and its column."""
        layout = self.layout
        spans = [(0, MARKS, TRUE)]
        for place, feature in zip(self.feature_places, layout.features, strict=True):
            spans.append((place, place + feature.width, feature.column))
        for place, unit in zip(self.unit_places, self.units, strict=True):
            spans.append((place, place + layout.digits + 2, unit))
        for place, output in zip(self.output_places, layout.outputs, strict=True):
            spans.append((place, place + layout.output_digits + 2, output))
        return spans

    def headings(self, network: Network, data: DataSplit, *, grouped: bool) -> None:
        """Write the headings, and above them, if requested, the names of their groups."""
        layout, row = self.layout, self.top - 1
        self.cells.write(row, 1, self._arrow(TRUE), ink(BRIGHT, bold=True))
        for place, feature in zip(self.feature_places, layout.features, strict=True):
            self._heading(row, place, feature.width, feature.name, feature.column, DIM)
        for place, unit in zip(self.unit_places, self.units, strict=True):
            cursor = self.options.cursor
            is_selected = self.options.inspecting and (unit.layer, unit.at) == (
                cursor.layer,
                cursor.unit,
            )
            colour = BRIGHT if is_selected else TEXT
            self._heading(row, place + 1, layout.digits, f"h{unit.at + 1}", unit, colour)
        for place, output in zip(self.output_places, layout.outputs, strict=True):
            name, colour = _output_name(network, data, output)
            self._heading(row, place + 1, layout.output_digits, name, output, colour)
        self._rules(row)
        if grouped:
            self._groups(network, data)

    def _heading(
        self, row: int, place: int, width: int, name: str, column: ColumnId, colour: str
    ) -> None:
        arrow = self._arrow(column)
        text = f"{cut(name, width - len(arrow))}{arrow}"
        number = ink(BRIGHT, bold=True) if arrow else ink(colour)
        self.cells.write_right(row, place + width, text, number)

    def _arrow(self, column: ColumnId) -> str:
        sorted_by, descending = self.sorted_by
        if sorted_by != column:
            return ""
        return "▾" if descending else "▴"

    def _groups(self, network: Network, data: DataSplit) -> None:
        """Write the names of the layers and the number of omitted features above the headings."""
        layout, dim = self.layout, ink(DIM)
        ends = [*self.rules, self.cells.width]
        if layout.features:
            left = len(data.feature_names) - len(layout.features)
            more = f"… {left:,} more", f"+ {left:,}"
            text = _longest(more if left else ("inputs", "in"), ends[0] - MARKS)
            self.cells.write(0, MARKS, text, dim)
        first: dict[int, int] = {}
        for unit, place in zip(self.units, self.unit_places, strict=True):
            first.setdefault(unit.layer, place)
        starts = list(first.items())
        for at, (layer, place) in enumerate(starts):
            name = network.layers[layer].activation.name
            end = starts[at + 1][1] if at + 1 < len(starts) else self.rules[-1]
            number = layer + 1
            forms = [f"hidden layer {number} · {name}", f"hidden {number}", "hidden"]
            numbers = [unit.at + 1 for unit in self.units if unit.layer == layer]
            if len(numbers) < network.sizes[number]:
                some = f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
                some += f" of {network.sizes[number]}"
                forms[1:1] = [f"hidden {number} · {some}", some]
            self.cells.write(0, place + 1, _longest(tuple(forms), end - place - 2), dim)
        if self.output_places:
            place = self.output_places[0] + 1
            left = (network.classes or network.sizes[-1]) - len(layout.outputs)
            several = len(layout.outputs) > 1 or left > 1
            if layout.outputs[0].kind == "predicted":
                text = "likeliest"
            elif left > 1:
                text = f"outputs, … {left} more"
            else:
                text = "outputs" if several else "output"
            self.cells.write(0, place, cut(text, self.cells.width - place), dim)
        self._rules(0)

    def _rules(self, row: int) -> None:
        for place in self.rules:
            self.cells.write(row, place, RULE, ink(FAINT))

    def rows(
        self,
        network: Network,
        data: DataSplit,
        shown: Labels,
        hidden: list[Array],
        outputs: Array,
        logits: Array,
    ) -> None:
        """Write a row per sample."""
        layout, cursor = self.layout, self.options.cursor
        classes = network.classes
        labels = decide(logits) if classes else None
        features = data.preparation.features(data.x_train[shown])
        names = self.run.config.activations
        papers = [_papers(name, each) for name, each in zip(names, hidden, strict=True)]
        best = outputs.max(axis=1, initial=0.0)
        for at, sample in enumerate(shown.tolist()):
            row = self.top + at
            here = self.options.inspecting and sample == cursor.sample
            if here:
                self.cells.write(row, 0, "▸", ink(BRIGHT, bold=True))
            label = None if labels is None else int(labels[at])
            self._class(row, data, sample, label)
            quiet = ink(BRIGHT if here else TEXT)
            for place, feature in zip(self.feature_places, layout.features, strict=True):
                text = decimal(float(features[at, feature.column.at]), feature.decimals)
                self.cells.write_right(row, place + feature.width, cut(text, feature.width), quiet)
            for place, unit in zip(self.unit_places, self.units, strict=True):
                boxed = here and (unit.layer, unit.at) == (cursor.layer, cursor.unit)
                value, paper = (
                    float(hidden[unit.layer][at, unit.at]),
                    papers[unit.layer][at][unit.at],
                )
                self._unit(row, place, value, paper, boxed=boxed, bright=here)
            for place, output in zip(self.output_places, layout.outputs, strict=True):
                number = quiet
                if label is not None:
                    alone = len(layout.outputs) == 1
                    point = class_point(label)
                    number = ink(point if alone or label == output.at else DIM)
                value = float(outputs[at, output.at])
                end = place + 1 + layout.output_digits
                if output.kind == "predicted" and label is not None:
                    value = float(best[at])
                    self.cells.write(row, place + 1, train_marker(label), number)
                self.cells.write_right(row, end, format_value(value, layout.output_digits), number)
            self._rules(row)

    def _class(self, row: int, data: DataSplit, sample: int, predicted: int | None) -> None:
        if predicted is None:
            target = max(0, min(self.options.target, len(data.target_names) - 1))
            scale = NumberScale.of(data, target)
            value = np.asarray(data.y_train[sample : sample + 1], np.float64)[:, target]
            colour = scale.colours[int(scale.levels(value)[0])]
            self.cells.write(row, 1, TRAIN_MARKERS[0], ink(colour))
            return
        label = int(data.y_train[sample])
        self.cells.write(row, 1, *class_marker(label))
        if predicted != label:
            self.cells.write(row, 2, WRONG_TRAIN, ink(ALARM, bold=True))

    def _unit(
        self, row: int, place: int, value: float, background: str, *, boxed: bool, bright: bool
    ) -> None:
        width = self.layout.digits
        text = format_value(value, width).rjust(width)
        if boxed:
            edge = ink(BRIGHT, background)
            self.cells.write(row, place, "▐", edge)
            self.cells.write(row, place + 1, text, ink(LEGIBLE, BRIGHT, bold=True))
            self.cells.write(row, place + 1 + width, "▌", edge)
        else:
            number = ink(LEGIBLE, background, bold=bright)
            self.cells.write(row, place, f" {text} ", number)


def _papers(activation: str, outputs: Array) -> list[list[str]]:
    """Return the background of each output of a layer, as in the hidden panel."""
    scale = OutputScale.of(ACTIVATIONS[activation], outputs)
    return [[scale.colours[level] for level in row] for row in scale.levels(outputs).tolist()]


def _longest(forms: tuple[str, ...], room: int) -> str:
    """Return the first text that has room, given the longest one first, or what fits of the last."""
    return next((form for form in forms if len(form) <= room), cut(forms[-1], max(0, room)))


def _output_name(network: Network, data: DataSplit, column: ColumnId) -> tuple[str, str]:
    output = column.at
    if not network.classes:
        return data.target_names[output], TEXT
    if network.classes == 2 or column.kind == "predicted":
        return "p", TEXT
    return f"{train_marker(output)} {data.class_names[output]}", class_point(output)
