"""The table of hidden outputs: a training sample a row, a unit a column, and what comes out of it.

The inspector draws it beside a unit; `TablePanel` is the table alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.activations import ACTIVATIONS
from core.hidden_space import decide
from core.inspection import quantize
from core.planes import ranked_features
from tui import numbers
from tui.cells import Cells, cell_width, cut
from tui.curves import nice_ceiling
from tui.palette import (
    ALARM,
    BRIGHT,
    CLASS_POINTS,
    DIM,
    DIVERGING,
    FAINT,
    SEQUENTIAL,
    TEXT,
    TRAIN_MARKERS,
    WRONG_TRAIN,
    ink,
    legible_on,
)
from tui.panels.number_scale import NumberScale
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import TrainTest
    from core.network import Network
    from tui.cursor import Cursor
    from tui.session import Session

MARKS: Final = 4
"""Columns for the cursor, the class, the cross of a wrong one, and a gap."""
LEAST_DIGITS: Final = 6
MOST_DIGITS: Final = 9
MOST_NAME: Final = 10
RULE: Final = " ‖"
SHARE_OF_OUTPUTS: Final = 0.4
"""How much of the width the columns at the right take at most, unless there is one alone."""
WHEEL: Final = 3
"""Rows that a turn of the mouse wheel scrolls."""
SECONDS_BETWEEN: Final = 0.25
"""Digits that change in every frame are hard to read."""


@dataclass(frozen=True)
class Column:
    """What can be sorted by.

    Attributes:
        kind: `sample`, `true`, `feature`, `unit`, `output`, or `predicted` for the likeliest class
            where there is no room for all of them.
        layer: the hidden layer of a unit.
        at: the number of the feature, unit or output.
    """

    kind: str
    at: int = 0
    layer: int = 0


SAMPLE: Final = Column("sample")
TRUE: Final = Column("true")


@dataclass(frozen=True)
class _Feature:
    """How a feature is written, the same in every row."""

    column: Column
    name: str
    decimals: int
    width: int


@dataclass(frozen=True)
class _Layout:
    """Which columns have room.

    Attributes:
        features: those at the left.
        units: the hidden units that can be scrolled through.
        shown: how many of them there is room for.
        outputs: those at the right.
        digits: characters of a number of a unit.
        output_digits: the same of an output.
    """

    features: tuple[_Feature, ...]
    units: tuple[Column, ...]
    shown: int
    outputs: tuple[Column, ...]
    digits: int
    output_digits: int


class OutputsTable:
    """Which part of the table is seen, and in which order.

    Attributes:
        first_row, first_column: what the upper left corner of the units shows.
        sorted_by: a column.
        descending: whether its largest value stands first.
        told: after a drawing, which part of the table it shows, in words.
    """

    def __init__(self) -> None:
        self.first_row = self.first_column = 0
        self.sorted_by = SAMPLE
        self.descending = False
        self.told: Words = []
        self._sortable: tuple[Column, ...] = (SAMPLE, TRUE)
        self._data: TrainTest | None = None
        self._features: list[_Feature] = []
        self._followed: object = None
        self._digits = self._output_digits = LEAST_DIGITS
        self._reveal = False
        self._looked_at: tuple[int, int] | None = None
        self._top = 0
        self._samples: Labels = np.empty(0, np.int64)
        self._places: list[tuple[int, Column]] = []

    def scroll(self, rows: int, columns: int) -> None:
        """Show other samples and other units; the next drawing keeps it within what there is."""
        self.first_row = max(0, self.first_row + rows)
        self.first_column = max(0, self.first_column + columns)

    def sort_next(self) -> None:
        """Sort by the next of the columns that the last drawing could show."""
        known = self.sorted_by in self._sortable
        at = self._sortable.index(self.sorted_by) + 1 if known else 0
        self.sorted_by = self._sortable[at % len(self._sortable)]
        self.first_row, self._reveal = 0, True

    def turn(self) -> None:
        """Sort the other way round."""
        self.descending = not self.descending
        self.first_row = 0

    def pointed_at(self, cursor: Cursor, row: int, column: int) -> Cursor:
        """Return the cursor on what the last drawing has at a place of it."""
        at = row - self._top
        if 0 <= at < len(self._samples):
            cursor = replace(cursor, sample=int(self._samples[at]))
        for place, unit in self._places:
            if place <= column < place + self._digits + 2:
                cursor = replace(cursor, layer=unit.layer, unit=unit.at)
        return cursor

    @property
    def sorted_words(self) -> str:
        """What it is sorted by, in a word, and which way."""
        by = self.sorted_by
        words = {"true": "class", "unit": f"h{by.at + 1}", "feature": "input"}
        return f"{words.get(by.kind, by.kind)} {'▾' if self.descending else '▴'}"

    def order(self, session: Session) -> Labels:
        """Return the training samples as they stand in the table, from the first row to the last."""
        network, data = session.network, session.data
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
        # what is no number stands last, either way
        keys = np.asarray(keys, np.float64)
        return np.argsort(-keys if self.descending else keys, kind="stable")

    def draw(self, session: Session, options: ViewOptions, width: int, height: int) -> Cells:
        """Return the table, or in words what will be there."""
        network, data = session.network, session.data
        self.told = []
        if network is None or data is None or not len(session.timeline):
            words = "What each hidden unit gives for each training sample, in numbers."
            return message(width, height, words)
        self._follow(network, data)
        grouped = height >= 9 and (len(network.sizes) > 3 or len(data.feature_names) > 2)
        rows = height - (2 if grouped else 1)
        if rows < 1 or width < MARKS + LEAST_DIGITS:
            return Cells(width, height)
        order = self.order(session)
        self._keep_in_sight(order, options, rows)
        shown = order[self.first_row : self.first_row + rows]
        x = data.x_train[shown]
        with np.errstate(all="ignore"):
            hidden, logits = network.hidden_outputs(x), network.logits(x)
            predicted = network.loss.probabilities(logits.T).T
        outputs = predicted if network.classes else data.preparation.in_units(predicted)
        layout = self._lay_out(network, options, width, hidden, np.asarray(outputs))
        self._tell(layout, data, rows)
        cells = Cells(width, height)
        drawing = _Drawing(cells, session, options, layout, self, rows)
        self._top, self._samples = drawing.top, shown
        self._places = [*zip(drawing.unit_places, drawing.units, strict=True)]
        drawing.headings(network, data, grouped=grouped)
        drawing.rows(network, data, shown, hidden, np.asarray(outputs), logits)
        return cells

    # --- what stays while data and network do

    def _follow(self, network: Network, data: TrainTest) -> None:
        if self._data is not data:
            if self._data is not None:
                self.first_row = self.first_column = 0
            self._data, self._features = data, _features(data)
        if not self._exists(self.sorted_by, network, data):
            self.sorted_by = SAMPLE

    @staticmethod
    def _exists(by: Column, network: Network, data: TrainTest) -> bool:
        if by.kind == "unit":
            return by.layer < len(network.sizes) - 2 and by.at < network.sizes[by.layer + 1]
        if by.kind == "output":
            return by.at < (network.classes or network.sizes[-1])
        return by.kind != "feature" or by.at < len(data.feature_names)

    def _keep_in_sight(self, order: Labels, options: ViewOptions, rows: int) -> None:
        """Move to the cursor's row when the cursor moved, and stay within the table."""
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

    def _lay_out(
        self,
        network: Network,
        options: ViewOptions,
        width: int,
        hidden: list[Array],
        outputs: Array,
    ) -> _Layout:
        # a column that once was wide stays so: digits that move sideways cannot be read
        self._digits = max([self._digits, *(_digits(each) for each in hidden)])
        if not network.classes:
            self._output_digits = max(self._output_digits, _digits(outputs))
        digits = self._digits
        out_digits = self._output_digits if not network.classes else LEAST_DIGITS - 1
        room = width - MARKS
        count = outputs.shape[1]
        columns = [Column("output", at) for at in range(count)]
        if count == 2 and network.classes:
            columns = columns[1:]
        fit = int(max(width * SHARE_OF_OUTPUTS, out_digits + 4) - len(RULE)) // (out_digits + 2)
        if len(columns) > fit and network.classes:
            columns, out_digits = [Column("predicted")], LEAST_DIGITS + 1
        columns = columns[: max(1, fit)]
        room -= len(columns) * (out_digits + 2) + len(RULE)
        layers = len(hidden)
        if options.inspecting and options.cursor.layer < layers:
            layer = options.cursor.layer
        else:
            layer = min(options.layer, max(0, layers - 1))
        everything = [
            Column("unit", at, no) for no in range(layers) for at in range(hidden[no].shape[1])
        ]
        own = [each for each in everything if each.layer == layer]
        two = self._features[:2]
        least = sum(each.width + 1 for each in two) + len(RULE)
        gaps = layers - 1
        if least + len(everything) * (digits + 2) + gaps <= room:
            units = everything
        else:
            units, gaps = own, 0
        wanted = len(units) * (digits + 2) + gaps
        # one unit has room before any feature has; features have a third, and what no unit can use
        spare = max(room // 3, room % (digits + 2))
        for_features = max(room - wanted, min(room - (digits + 2), spare)) - len(RULE)
        features: list[_Feature] = []
        for each in self._features:
            if for_features < each.width + 1:
                break
            for_features -= each.width + 1
            features.append(each)
        used = sum(each.width + 1 for each in features) + (len(RULE) if features else 0)
        shown = len(units) if wanted <= room - used else max(0, (room - used) // (digits + 2))
        self._sortable = (
            SAMPLE,
            TRUE,
            *(each.column for each in features),
            *units,
            *columns,
        )
        self._keep_column_in_sight(units, shown, options)
        return _Layout(tuple(features), tuple(units), shown, tuple(columns), digits, out_digits)

    def _keep_column_in_sight(self, units: list[Column], shown: int, options: ViewOptions) -> None:
        wanted: Column | None = self.sorted_by if self._reveal else None
        cursor = options.cursor
        looked_at = cursor.layer, cursor.unit
        if options.inspecting and looked_at != self._looked_at:
            wanted = Column("unit", cursor.unit, cursor.layer)
        self._looked_at, self._reveal = looked_at, False
        if wanted in units:
            place = units.index(wanted)
            low = place - shown + 1
            self.first_column = min(max(self.first_column, low), place)
        self.first_column = max(0, min(self.first_column, len(units) - shown))

    def _tell(self, layout: _Layout, data: TrainTest, rows: int) -> None:
        samples, text, dim = len(data.y_train), ink(TEXT), ink(DIM)
        if rows < samples:
            last = min(samples, self.first_row + rows)
            self.told.append((f"{self.first_row + 1:,}–{last:,} of {samples:,} samples ", text))
        else:
            self.told.append((f"{samples:,} samples ", text))
        units = len(layout.units)
        if layout.shown < units:
            last = self.first_column + layout.shown
            self.told.append((f"· units {self.first_column + 1}–{last} of {units} ", dim))


class _Drawing:
    """One drawing of the table: the headings and the rows share the places of the columns."""

    def __init__(
        self,
        cells: Cells,
        session: Session,
        options: ViewOptions,
        layout: _Layout,
        table: OutputsTable,
        rows: int,
    ) -> None:
        self.cells, self.session, self.options = cells, session, options
        self.layout, self.table = layout, table
        self.top = cells.height - rows
        first = table.first_column
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
            # a gap between two layers
            place += bool(at and self.units[at - 1].layer != unit.layer)
            self.unit_places.append(place)
            place += layout.digits + 2
        if self.units:
            self.rules.append(place)
            place += len(RULE)
        self.output_places = [
            place + at * (layout.output_digits + 2) for at in range(len(layout.outputs))
        ]

    def headings(self, network: Network, data: TrainTest, *, grouped: bool) -> None:
        """Write the names of the columns, and above them, if asked for, what they are."""
        layout, row = self.layout, self.top - 1
        self.cells.write(row, 1, self._arrow(TRUE), ink(BRIGHT, bold=True))
        for place, feature in zip(self.feature_places, layout.features, strict=True):
            self._heading(row, place, feature.width, feature.name, feature.column, DIM)
        for place, unit in zip(self.unit_places, self.units, strict=True):
            cursor = self.options.cursor
            looked_at = self.options.inspecting and (unit.layer, unit.at) == (
                cursor.layer,
                cursor.unit,
            )
            colour = BRIGHT if looked_at else TEXT
            self._heading(row, place + 1, layout.digits, f"h{unit.at + 1}", unit, colour)
        for place, output in zip(self.output_places, layout.outputs, strict=True):
            name, colour = _output_name(network, data, output)
            self._heading(row, place + 1, layout.output_digits, name, output, colour)
        self._rules(row)
        if grouped:
            self._groups(network, data)

    def _heading(
        self, row: int, place: int, width: int, name: str, column: Column, colour: str
    ) -> None:
        arrow = self._arrow(column)
        text = f"{cut(name, width - len(arrow))}{arrow}"
        number = ink(BRIGHT, bold=True) if arrow else ink(colour)
        self.cells.write_right(row, place + width, text, number)

    def _arrow(self, column: Column) -> str:
        if self.table.sorted_by != column:
            return ""
        return "▾" if self.table.descending else "▴"

    def _groups(self, network: Network, data: TrainTest) -> None:
        """Say above the names which layers these are, and how many features are left out."""
        layout, dim = self.layout, ink(DIM)
        ends = [*self.rules, self.cells.width]
        if layout.features:
            left = len(data.feature_names) - len(layout.features)
            text = f"… {left:,} more" if left else "inputs"
            self.cells.write(0, MARKS, cut(text, max(0, ends[0] - MARKS)), dim)
        first: dict[int, int] = {}
        for unit, place in zip(self.units, self.unit_places, strict=True):
            first.setdefault(unit.layer, place)
        starts = list(first.items())
        for at, (layer, place) in enumerate(starts):
            name = network.layers[layer].activation.name
            end = starts[at + 1][1] if at + 1 < len(starts) else self.rules[-1]
            self.cells.write(
                0, place + 1, cut(f"hidden layer {layer + 1} · {name}", end - place - 2), dim
            )
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
        data: TrainTest,
        shown: Labels,
        hidden: list[Array],
        outputs: Array,
        logits: Array,
    ) -> None:
        """Write a row for each of the samples."""
        layout, cursor = self.layout, self.options.cursor
        classes = network.classes
        labels = decide(logits) if classes else None
        features = data.preparation.features(data.x_train[shown])
        names = self.session.config.activations
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
                text = _decimal(float(features[at, feature.column.at]), feature.decimals)
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
                    point = CLASS_POINTS[label % len(CLASS_POINTS)]
                    number = ink(point if alone or label == output.at else DIM)
                value = float(outputs[at, output.at])
                end = place + 1 + layout.output_digits
                if output.kind == "predicted" and label is not None:
                    value = float(best[at])
                    marker = TRAIN_MARKERS[label % len(TRAIN_MARKERS)]
                    self.cells.write(row, place + 1, marker, number)
                self.cells.write_right(row, end, _number(value, layout.output_digits), number)
            self._rules(row)

    def _class(self, row: int, data: TrainTest, sample: int, predicted: int | None) -> None:
        if predicted is None:
            target = max(0, min(self.options.target, len(data.target_names) - 1))
            scale = NumberScale.of(data, target)
            value = np.asarray(data.y_train[sample : sample + 1], np.float64)[:, target]
            colour = scale.colours[int(scale.levels(value)[0])]
            self.cells.write(row, 1, TRAIN_MARKERS[0], ink(colour))
            return
        label = int(data.y_train[sample])
        point = CLASS_POINTS[label % len(CLASS_POINTS)]
        self.cells.write(row, 1, TRAIN_MARKERS[label % len(TRAIN_MARKERS)], ink(point))
        if predicted != label:
            self.cells.write(row, 2, WRONG_TRAIN, ink(ALARM, bold=True))

    def _unit(
        self, row: int, place: int, value: float, background: str, *, boxed: bool, bright: bool
    ) -> None:
        width = self.layout.digits
        text = _number(value, width).rjust(width)
        if boxed:
            edge = ink(BRIGHT, background)
            self.cells.write(row, place, "▐", edge)
            self.cells.write(row, place + 1, text, ink("#000000", BRIGHT, bold=True))
            self.cells.write(row, place + 1 + width, "▌", edge)
        else:
            number = ink(legible_on(background), background, bold=bright)
            self.cells.write(row, place, f" {text} ", number)


def _papers(activation: str, outputs: Array) -> list[list[str]]:
    """Return the colour behind each of a layer's outputs, as in the panel of activations."""
    kind, high = ACTIVATIONS[activation], 1.0
    if not kind.saturates:
        largest = np.abs(outputs).max(initial=0.1, where=np.isfinite(outputs))
        high = nice_ceiling(float(largest))
    diverges = kind.scale in {"diverging", "unbounded"}
    colours = DIVERGING if diverges else SEQUENTIAL
    levels = quantize(outputs, len(colours), -high if diverges else 0.0, high)
    return [[colours[level] for level in row] for row in levels.tolist()]


def _decimal(value: float, decimals: int) -> str:
    """Return a number with a true minus sign, unless nothing but zeros follows it."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def _number(value: float, width: int) -> str:
    """Return a value with three decimals, or as many as there is room for."""
    if not isfinite(value):
        return "–"
    for decimals in (3, 2, 1, 0):
        text = _decimal(value, decimals)
        if len(text) <= width:
            return text
    return cut(numbers.short(value), width)


def _digits(values: Array) -> int:
    """Return how many characters the values take with three decimals."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return LEAST_DIGITS
    ends = (float(finite.min()), float(finite.max()))
    longest = max(len(f"{end:.3f}") for end in ends) if max(map(abs, ends)) < 1e9 else MOST_DIGITS
    return min(MOST_DIGITS, max(LEAST_DIGITS, longest))


def _features(data: TrainTest) -> list[_Feature]:
    """Return how the features are written, those that are the most related to the target first."""
    if len(data.feature_names) <= 2:
        ranked = list(range(len(data.feature_names)))
    else:
        ranked = ranked_features(data)[:50]
    values = data.preparation.features(data.x_train)[:, ranked]
    result = []
    for number, column in zip(ranked, values.T, strict=True):
        decimals = _decimals(column)
        ends = (f"{end:.{decimals}f}" for end in (column.min(initial=0), column.max(initial=0)))
        # an n-gram may be blanks alone
        name = data.feature_names[number].replace(" ", "␣" if data.preparation.text else " ")
        width = max(2, *map(len, ends), min(cell_width(name) + 1, MOST_NAME))
        result.append(_Feature(Column("feature", number), name, decimals, min(width, 12)))
    return result


def _decimals(values: Array) -> int:
    """Return as many decimals as the values have, up to two digits of their range."""
    span = float(np.ptp(values)) if values.size else 0.0
    most = 0 if span >= 1000 else 1 if span >= 100 else 2 if span >= 0.5 else 3
    for decimals in range(most):
        if np.allclose(values.round(decimals), values, rtol=0, atol=1e-6 * max(span, 1e-9)):
            return decimals
    return most


def _output_name(network: Network, data: TrainTest, column: Column) -> tuple[str, str]:
    output = column.at
    if not network.classes:
        return data.target_names[output], TEXT
    if network.classes == 2 or column.kind == "predicted":
        return "p", TEXT
    marker = TRAIN_MARKERS[output % len(TRAIN_MARKERS)]
    return f"{marker} {data.class_names[output]}", CLASS_POINTS[output % len(CLASS_POINTS)]


class TablePanel(Panel):
    """The table alone."""

    number, label = 8, "table"
    title_first = True
    about = (
        "hidden outputs and predictions of each training sample, in numbers; arrows scroll, "
        "c takes the next column to sort by, C turns the order"
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_table(-1, 0)", show=False),
        Binding("down", "scroll_table(1, 0)", show=False),
        Binding("left", "scroll_table(0, -1)", show=False),
        Binding("right", "scroll_table(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("c", "sort_next", show=False),
        Binding("C", "turn", show=False),
    ]

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self.table = OutputsTable()
        self._drawn = Cells(0, 0)
        self._drawn_at = 0.0
        self._drawn_of: tuple[object, ...] = ()

    @property
    def name_shown(self) -> str:
        return "hidden outputs"

    def action_scroll_table(self, rows: int, columns: int) -> None:
        """Show other samples or units."""
        self.table.scroll(rows, columns)
        self.redraw()

    def action_page(self, by: int) -> None:
        """Show the samples a screenful on."""
        self.table.scroll(by * max(1, self._drawn.height - 2), 0)
        self.redraw()

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        self.table.sort_next()
        self.redraw()

    def action_turn(self) -> None:
        """Sort the other way round."""
        self.table.turn()
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Look at the sample and the unit under the pointer."""
        self.post_message(
            self.LookedAt(self.table.pointed_at(self.options.cursor, event.y - 1, event.x - 1))
        )

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show samples further down."""
        event.stop()
        self.action_scroll_table(WHEEL, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show samples further up."""
        event.stop()
        self.action_scroll_table(-WHEEL, 0)

    def redraw(self) -> None:
        """Draw anew at once, however lately that was done."""
        self._drawn_at = 0.0
        self.repaint()

    def title(self) -> Words:
        return self.table.told

    def corner(self) -> Words:
        if not self.table.told:
            return []
        return [(f" by {self.table.sorted_words} ", ink(DIM)), ("c C ", ink(DIM))]

    def body(self, width: int, height: int) -> Cells:
        fresh = monotonic() - self._drawn_at < SECONDS_BETWEEN and not self.session.at_rest
        options = self.options
        drawn_of = (
            width,
            height,
            self.session.network,
            options.cursor,
            options.inspecting,
            options.layer,
            options.target,
        )
        if fresh and drawn_of == self._drawn_of:
            return self._drawn
        self._drawn = self.table.draw(self.session, self.options, width, height)
        self._drawn_at, self._drawn_of = monotonic(), drawn_of
        return self._drawn
