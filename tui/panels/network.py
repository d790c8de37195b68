"""The network panel: its nodes in columns, its strongest edges as lines, and a cursor to edit one."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from core.arrays import evenly
from core.calls import run
from core.datasets.preparation import EXTRA_FEATURES
from core.inspection import quantize
from core.network import ForwardPasses, columns
from core.wiring import Edge, count_edges, edges, parameter_index
from tui import numbers
from tui.braille import DOTS
from tui.cells import Cells, cell_width, cut, printable
from tui.palette import (
    ACCENT,
    BRIGHT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
    DIVERGING,
    TEXT,
    TRAIN_MARKERS,
    UNCERTAIN,
    ink,
    legible_on,
)
from tui.panels.number_scale import NumberScale
from tui.panels.panel import Panel, ViewOptions, Words, message
from tui.panels.unit_maps import Scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from core.arrays import Array
    from core.datasets import TrainTest
    from core.network import Network
    from tui.session import Session

SECONDS_BETWEEN: Final = 0.25
SHARE_OF_TIME: Final = 0.1
"""How much of the time it draws at most."""
EDGES_PER_ROW: Final = 3
"""More lines than this for each row of the panel are a thicket."""
LEAST_EDGES, MOST_EDGES = 24, 160
MOST_SAMPLES: Final = 256
"""Training samples of which a node shows the mean output."""
LEAST_GAP: Final = 4
"""Columns between nodes, at least."""
LONGEST_NAME: Final = 18
TALL_FROM: Final = 5
"""Rows for each node from which on it is three rows tall."""

NEGATIVE: Final = (DIVERGING[2], DIVERGING[1], DIVERGING[0])
POSITIVE: Final = (DIVERGING[-3], DIVERGING[-2], DIVERGING[-1])
"""The colours of an edge, from a weak to a strong one."""
THICK_FROM: Final = 0.75
BARS: Final = "▁▂▃▄▅▆▇█"
BRAILLE: Final = np.array([chr(0x2800 + bits) for bits in range(256)])


def edge_colour(weight: float, strength: float) -> str:
    """Return the colour of an edge, by its sign and by how strong it is, from 0 to 1."""
    return (NEGATIVE if weight < 0 else POSITIVE)[min(2, int(3 * strength))]


class States:
    """What each node gives: its mean over some training samples, or its value for one of them."""

    def __init__(self, network: Network, data: TrainTest, sample: int | None) -> None:
        self._key = network, data, sample
        if sample is None:
            x = data.x_train[evenly(len(data.x_train), MOST_SAMPLES)]
        else:
            x = data.x_train[sample : sample + 1]
        self._loss = network.loss
        largest = np.abs(data.x_train[:2000]).max(axis=0, initial=0.0)
        self.largest_inputs = np.where(np.isfinite(largest) & (largest > 0), largest, 1.0)
        self._inputs = x.mean(axis=0)
        self._passes = ForwardPasses(network, len(x))
        self._calls = [*network.fold_calls, *self._passes.calls(columns(x, network.dtype))]

    def shows(self, network: Network, data: TrainTest, sample: int | None) -> bool:
        """Whether these are the states of these."""
        return self._key[0] is network and self._key[1] is data and self._key[2] == sample

    def refresh(self) -> list[Array]:
        """Return per column of nodes their values, the inputs first, probabilities or numbers last."""
        with np.errstate(all="ignore"):
            run(self._calls)
            last = self._loss.probabilities(self._passes.logits)
            if len(last) != len(self._passes.logits):
                last = last[1:]  # one output tells two classes
            hidden = [each.values.mean(axis=1) for each in self._passes.layers[:-1]]
            return [self._inputs, *hidden, last.mean(axis=1)]


@dataclass(frozen=True)
class Column:
    """The nodes of one layer that are shown.

    Attributes:
        left: the first column of cells of the nodes, without bias and name.
        width: of a node.
        units: which are shown.
        rows: the row of each, in its middle.
        tall: rows of a node.
        size: how many units the layer has.
    """

    left: int
    width: int
    units: range
    rows: tuple[int, ...]
    tall: int
    size: int

    def row_of(self, unit: int) -> int:
        """Return the row of a unit that is shown."""
        return self.rows[unit - self.units.start]


@dataclass(frozen=True)
class Layout:
    """Where the nodes stand.

    Attributes:
        first: the layer of units in the first column; 0 are the inputs.
        columns: the layers that are shown.
        left_names, right_names: cells for the names of the inputs and of the outputs.
    """

    first: int
    columns: tuple[Column, ...]
    left_names: int
    right_names: int

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        names: tuple[int, int],
        focus: Sequence[int | None],
        width: int,
        height: int,
    ) -> Layout | None:
        """Return the layout, or None where there is no room for two columns.

        Names go before layers do.

        Args:
            sizes: units per layer, the inputs first.
            names: cells of the longest name of an input, and of an output.
            focus: per layer of units the one that is to be seen, or None; only the layers around
                the last one that has any are shown where there is no room for all.
            width: of the block.
            height: of the block.
        """
        widths = [2, *(len(str(size)) + 2 for size in sizes[1:-1]), 2]
        room = min(LONGEST_NAME, max(0, width // 5))
        left, right = (min(length, room) for length in names)
        if height < 1:
            return None
        first, last = 0, len(sizes)
        while True:
            # a bias stands before each node but an input
            left_names = left + 1 if first == 0 and left else 0
            right_names = right + 1 if last == len(sizes) and right else 0
            needed = sum(widths[first:last]) + (last - first - 1) * (LEAST_GAP + 1)
            if needed + left_names + right_names <= width:
                break
            if left or right:
                left = right = 0  # lines tell more than names
                continue
            if last - first == 2:
                return None
            wanted = max((at for at, unit in enumerate(focus) if unit is not None), default=1)
            if wanted - first > last - 1 - wanted:
                first += 1
            else:
                last -= 1
        inner = width - left_names - right_names - sum(widths[first:last])
        shown = []
        for at, layer in enumerate(range(first, last)):
            gaps = inner * at // (last - first - 1)
            start = left_names + sum(widths[first:layer]) + gaps
            units, rows, tall = _spread(sizes[layer], focus[layer], height)
            shown.append(Column(start, widths[layer], units, rows, tall, sizes[layer]))
        return cls(first, tuple(shown), left_names, right_names)

    def column(self, layer: int) -> Column | None:
        """Return the column of a layer of units, 0 for the inputs, if it is shown."""
        at = layer - self.first
        return self.columns[at] if 0 <= at < len(self.columns) else None

    def node_at(self, row: int, column: int) -> tuple[int, int] | None:
        """Return the layer of units, 0 for the inputs, and the unit that is drawn in a cell."""
        for layer, nodes in enumerate(self.columns, self.first):
            for unit, middle in zip(nodes.units, nodes.rows, strict=True):
                across = nodes.left - 1 <= column < nodes.left + nodes.width
                if across and abs(row - middle) <= nodes.tall // 2:
                    return layer, unit
        return None


def _spread(units: int, focus: int | None, height: int) -> tuple[range, tuple[int, ...], int]:
    """Return which units are shown, in which rows, and how tall."""
    if units <= height:
        tall = 3 if height // units >= TALL_FROM else 1
        return (
            range(units),
            tuple((2 * at + 1) * height // (2 * units) for at in range(units)),
            tall,
        )
    # a line says how many are not shown, above and below
    least = max(1, height - 2) if height > 2 else height
    first = min(max(0, (focus or 0) - least // 2), units - least)
    last, top = first + least, 1 if height > 2 else 0
    if first <= 1 and height > 2:
        first, top, last = 0, 0, height - 1
    elif last >= units - 1 and height > 2:
        first, last = units - height + 1, units
    return range(first, last), tuple(range(top, top + last - first)), 1


class NetworkPanel(Panel):
    """Nodes that show what they give, and the strongest of the edges between them."""

    number, label = 0, "network"
    title_first = True
    about = (
        "units, and the strongest weights between them: blue negative, orange positive; "
        "arrows move the cursor, w walks its weights, enter edits one"
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", show=False),
        Binding("down", "move(0, 1)", show=False),
        Binding("left", "move(-1, 0)", show=False),
        Binding("right", "move(1, 0)", show=False),
        Binding("w", "walk(1)", show=False),
        Binding("W", "walk(-1)", show=False),
        Binding("enter", "edit", show=False),
    ]

    class CursorMoved(Message):
        """The cursor points at another unit; the other panels may follow."""

    class EditRequested(Message):
        """A person wants to give a weight or a bias another value.

        Attributes:
            index: its place in the flat parameter vector.
            description: what it is, in a few words.
            value: the one it has.
        """

        def __init__(self, index: int, description: str, value: float) -> None:
            super().__init__()
            self.index, self.description, self.value = index, description, value

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._states: States | None = None
        self._layout: Layout | None = None
        # how many incoming edges were walked through: the last stop is the bias
        self._stop: int | None = None
        self._stop_of: tuple[int, int] | None = None
        self._words: Words = []
        self._drawn = Cells(0, 0)
        self._drawn_at = 0.0
        self._drawn_key: tuple[object, ...] = ()
        self._pace = SECONDS_BETWEEN

    # --- what keys and the mouse do

    def action_move(self, layers: int, units: int) -> None:
        """Move the cursor to another layer, or to another unit of the layer."""
        self._point(layers=layers, units=units)

    def action_walk(self, by: int) -> None:
        """Select the next incoming edge of the cursor's unit; its bias comes last."""
        network = self.session.network
        if network is None:
            return
        stops = network.sizes[self._cursor(network)[0]] + 1
        stop = self._selected(network)
        self._stop = (0 if by > 0 else stops - 1) if stop is None else (stop + by) % stops
        self._stop_of = self._cursor(network)
        self.redraw()

    def action_edit(self) -> None:
        """Ask for another value of the selected edge, or bias; select the first if none is."""
        network = self.session.network
        if network is None:
            return
        stop = self._selected(network)
        if stop is None:
            self.action_walk(1)
            return
        index, (words, _) = self._index(network, stop), self._names_of(network, stop)
        value = float(network.parameters[index])
        self.post_message(self.EditRequested(index, words, value))

    def on_click(self, event: events.Click) -> None:
        """Point the cursor at the node under the mouse."""
        if self._layout is None:
            return
        node = self._layout.node_at(event.y - 1, event.x - 1)
        if node is not None and node[0] > 0:
            self._point(to=(node[0] - 1, node[1]))

    def _point(self, *, layers: int = 0, units: int = 0, to: tuple[int, int] | None = None) -> None:
        network, data = self.session.network, self.session.data
        if network is None or data is None:
            return
        before = self.options.cursor.within(network.sizes, len(data.x_train))
        cursor = before.moved(layers=layers, units=units)
        if to is not None:
            cursor = before.moved(layers=to[0] - before.layer, units=to[1] - before.unit)
        self.options.cursor = cursor.within(network.sizes, len(data.x_train))
        if self._cursor(network) != self._stop_of:
            self._stop = None
        self.redraw()
        self.post_message(self.CursorMoved())

    def redraw(self) -> None:
        """Draw anew at once, however lately that was done."""
        self._drawn_at = 0.0
        self.repaint()

    # --- what is selected

    def _cursor(self, network: Network) -> tuple[int, int]:
        """Return the layer, 0 for the first hidden one, and the unit of the cursor."""
        cursor = self.options.cursor.within(network.sizes, 1)
        return cursor.layer, cursor.unit

    def _selected(self, network: Network) -> int | None:
        """Return the selected source of the cursor's unit, the count of them for its bias."""
        if self._stop is None or self._stop_of != self._cursor(network):
            return None
        return min(self._stop, network.sizes[self._cursor(network)[0]])

    def _index(self, network: Network, stop: int) -> int:
        layer, unit = self._cursor(network)
        source = stop if stop < network.sizes[layer] else None
        return parameter_index(network, layer, source, unit)

    def _names_of(self, network: Network, stop: int) -> tuple[str, str]:
        """Return what a stop of the walk is, in words, and in the few of a title."""
        layer, unit = self._cursor(network)
        node = self._node_name(network, layer + 1, unit)
        if stop == network.sizes[layer]:
            sign = "b" if network.layers[layer].norm is None else "β"
            return f"{'bias' if sign == 'b' else sign} of {node}", f"{sign} {unit + 1}"
        return f"weight from {self._node_name(network, layer, stop)} to {node}", (
            f"w {stop + 1}→{unit + 1}"
        )

    def _node_name(self, network: Network, layer: int, unit: int) -> str:
        if layer == 0:
            return f"input {_short(self._input_names(network)[unit])}"
        if layer == len(network.sizes) - 1:
            return f"output {_short(self._output_names(network)[unit])}"
        return f"unit {layer}.{unit + 1}"

    def _input_names(self, network: Network) -> tuple[str, ...]:
        data = self.session.data
        names = () if data is None else data.feature_names
        more = () if data is None else data.preparation.extra
        names = (*names, *(EXTRA_FEATURES[word][0] for word in more))
        if len(names) != network.sizes[0]:
            return tuple(map(str, range(1, network.sizes[0] + 1)))
        return names

    def _output_names(self, network: Network) -> tuple[str, ...]:
        data = self.session.data
        names = () if data is None else data.class_names or data.target_names
        if len(names) == 2 and network.sizes[-1] == 1:
            return names[1:]
        if len(names) != network.sizes[-1]:
            return tuple(map(str, range(1, network.sizes[-1] + 1)))
        return names

    # --- drawing

    def title(self) -> Words:
        return self._words

    def corner(self) -> Words:
        if not self._words:
            return []
        return [(" ━ −", ink(NEGATIVE[-1])), (" ━ + ", ink(POSITIVE[-1]))]

    def body(self, width: int, height: int) -> Cells:
        network, data = self.session.network, self.session.data
        if network is None or data is None or not len(self.session.timeline):
            self._words, self._layout, self._drawn_key = [], None, ()
            return message(width, height, "The network's units, and the strongest weights of them.")
        options, begun = self.options, monotonic()
        cursor = options.cursor.within(network.sizes, len(data.x_train))
        pointed = self.has_focus or options.inspecting
        sample = cursor.sample if options.inspecting and len(data.x_train) else None
        key = (network, data, cursor if pointed else None, sample, width, height, self._stop)
        fresh = begun - self._drawn_at < self._pace and not self.session.at_rest
        if fresh and key == self._drawn_key:
            return self._drawn
        states = self._states
        if states is None or not states.shows(network, data, sample):
            states = self._states = States(network, data, sample)
        self._drawn = self._draw_network(network, data, states, width, height, pointed=pointed)
        self._drawn_at, self._drawn_key = monotonic(), key
        self._pace = max(SECONDS_BETWEEN, (self._drawn_at - begun) / SHARE_OF_TIME)
        return self._drawn

    def _draw_network(
        self,
        network: Network,
        data: TrainTest,
        states: States,
        width: int,
        height: int,
        *,
        pointed: bool,
    ) -> Cells:
        sizes = network.sizes
        cursor = self._cursor(network) if pointed else None
        stop = self._selected(network) if pointed else None
        focus: list[int | None] = [None] * len(sizes)
        if cursor is not None:
            focus[cursor[0] + 1] = cursor[1]
            if stop is not None and stop < sizes[cursor[0]]:
                focus[cursor[0]] = stop
        room = min(LONGEST_NAME, width // 5)
        inputs = told_apart(self._input_names(network), room)
        outputs = told_apart(self._output_names(network), room)
        markers = 2 if data.has_classes else 0
        lengths = _longest(inputs), _longest(outputs) + markers
        layout = self._layout = Layout.of(sizes, lengths, focus, width, height)
        if layout is None:
            self._words = []
            return message(width, height, "too narrow")
        cells = Cells(width, height)
        within: list[range | None] = [None] * len(sizes)
        for layer, column in enumerate(layout.columns, layout.first):
            within[layer] = column.units
        most = min(max(LEAST_EDGES, EDGES_PER_ROW * height), MOST_EDGES)
        drawn = edges(network, most, within)
        selected = self._selected_edge(network, cursor, stop)
        draw_edges(cells, layout, drawn, selected)
        values = states.refresh()
        for layer, column in enumerate(layout.columns, layout.first):
            backgrounds = _backgrounds(network, data, states, layer, values[layer])
            at_cursor = cursor[1] if cursor is not None and layer == cursor[0] + 1 else None
            self._draw_nodes(cells, column, layer, len(sizes), backgrounds, at_cursor)
            if layer > 0:
                is_bias = stop is not None and stop == sizes[layer - 1]
                chosen = at_cursor if is_bias else None
                _biases(cells, column, network, layer - 1, chosen)
            at = layer - layout.first + 1
            end = layout.columns[at].left - 1 if at < len(layout.columns) else width
            _hidden_counts(cells, column, end - column.left)
        self._names(cells, layout, inputs, outputs, colourful=data.has_classes, cursor=cursor)
        self._tell(network, layout, len(drawn), stop, cursor)
        return cells

    @staticmethod
    def _selected_edge(
        network: Network, cursor: tuple[int, int] | None, stop: int | None
    ) -> Edge | None:
        if cursor is None or stop is None or stop >= network.sizes[cursor[0]]:
            return None
        layer, unit = cursor
        weight = float(network.weights[layer][stop, unit])
        return Edge(layer, stop, unit, weight, 1.0, parameter_index(network, layer, stop, unit))

    @staticmethod
    def _draw_nodes(
        cells: Cells,
        column: Column,
        layer: int,
        layers: int,
        backgrounds: list[str],
        at_cursor: int | None,
    ) -> None:
        for unit, row in zip(column.units, column.rows, strict=True):
            background = backgrounds[unit]
            number = ink(legible_on(background), background)
            for each in range(row - column.tall // 2, row + column.tall // 2 + 1):
                cells.write(each, column.left, " " * column.width, number)
            if 0 < layer < layers - 1:
                text = f"{unit + 1:>{column.width - 1}} "
                cells.write(row, column.left, text, number)
            if unit == at_cursor:
                sides = "▐▌" if column.width < 3 else "[]"
                # bright on dark, and dark on bright
                dark = legible_on(background) == "#ffffff"
                bright = ink(BRIGHT if dark else "#000000", background, bold=True)
                for each in range(row - column.tall // 2, row + column.tall // 2 + 1):
                    cells.write(each, column.left, sides[0], bright)
                    cells.write(each, column.left + column.width - 1, sides[1], bright)

    def _names(
        self,
        cells: Cells,
        layout: Layout,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        *,
        colourful: bool,
        cursor: tuple[int, int] | None,
    ) -> None:
        if layout.left_names > 1:
            column = layout.columns[0]
            for unit, row in zip(column.units, column.rows, strict=True):
                name = cut(inputs[unit], layout.left_names - 1)
                cells.write_right(row, column.left - 1, name, ink(TEXT))
        if layout.right_names > 1:
            column = layout.columns[-1]
            for unit, row in zip(column.units, column.rows, strict=True):
                at, room = column.left + column.width + 1, layout.right_names - 1
                if colourful:
                    label = unit if len(outputs) > 1 else 1
                    marker = TRAIN_MARKERS[label % len(TRAIN_MARKERS)]
                    cells.write(row, at, marker, ink(CLASS_POINTS[label % len(CLASS_POINTS)]))
                    at, room = at + 2, room - 2
                chosen = cursor == (layout.first + len(layout.columns) - 2, unit)
                cells.write(row, at, cut(outputs[unit], room), ink(ACCENT if chosen else TEXT))

    def _tell(
        self,
        network: Network,
        layout: Layout,
        drawn: int,
        stop: int | None,
        cursor: tuple[int, int] | None,
    ) -> None:
        words: Words = []
        if stop is not None:
            value = float(network.parameters[self._index(network, stop)])
            shown = numbers.signed(value, 3) if abs(value) < 1e6 else numbers.brief(value)
            words.append((f"{self._names_of(network, stop)[1]} = {shown} ", ink(BRIGHT)))
        elif cursor is not None:
            name = self._node_name(network, cursor[0] + 1, cursor[1])
            words.append((f"{printable(name)} ", ink(BRIGHT)))
        total = count_edges(network)
        count = f"{total:,} edges" if drawn == total else f"{drawn} of {total:,} edges"
        words.append((f"{'· ' if words else ''}{count} ", ink(TEXT)))
        if len(layout.columns) < len(network.sizes):
            last = layout.first + len(layout.columns)
            words.append(
                (f"· layers {layout.first}–{last - 1} of {len(network.sizes) - 1} ", ink(DIM))
            )
        self._words = words


def draw_edges(
    cells: Cells, layout: Layout, shown: Sequence[Edge], selected: Edge | None = None
) -> None:
    """Draw lines in braille between nodes, the strongest last so that nothing covers them.

    Args:
        cells: the block to draw into.
        layout: where the nodes stand.
        shown: the strongest first.
        selected: an edge that is drawn brightly above all others.
    """
    height, width = cells.height, cells.width
    bits = np.zeros((height, width), np.int64)
    inks = cells.inks.copy()
    count = np.arange(2 * width + 4 * height + 1)
    lines = [(edge, ink(edge_colour(edge.weight, edge.strength))) for edge in reversed(shown)]
    if selected is not None:
        lines.append((selected, ink(BRIGHT, bold=True)))
    for edge, number in lines:
        source, target = layout.column(edge.layer), layout.column(edge.layer + 1)
        if source is None or target is None:
            continue
        if edge.source not in source.units or edge.target not in target.units:
            continue
        # before the target stands its bias
        start, end = 2 * (source.left + source.width), 2 * (target.left - 1) - 1
        top, bottom = (
            4 * at + 1 for at in (source.row_of(edge.source), target.row_of(edge.target))
        )
        steps = max(abs(end - start), abs(bottom - top))
        along = count[: steps + 1]
        x = start + (2 * (end - start) * along + steps) // (2 * steps)
        y = top + (2 * (bottom - top) * along + steps) // (2 * steps)
        if edge.strength >= THICK_FROM:
            steep = abs(bottom - top) > abs(end - start)
            x, y = (
                np.concatenate([x, x + 1 if steep else x]),
                np.concatenate([y, y if steep else y + 1]),
            )
            inside = x <= end
            x, y = x[inside], y[inside]
        rows, across = y // 4, x // 2
        # a stronger line takes a cell for itself: dots of two in one colour are no line
        bits[rows, across] *= inks[rows, across] == number
        inks[rows, across] = number
        np.bitwise_or.at(bits, (rows, across), DOTS[y % 4, x % 2])
    drawn = bits > 0
    cells.glyphs[drawn] = BRAILLE[bits[drawn]]
    cells.inks[drawn] = inks[drawn]


def _biases(cells: Cells, column: Column, network: Network, layer: int, chosen: int | None) -> None:
    """Write each bias as a bar before its node, by the largest of the layer."""
    start = parameter_index(network, layer, None, 0)
    values = network.parameters[start : start + column.size].astype(np.float64)
    sizes = np.where(np.isfinite(values), np.abs(values), 0.0)
    largest = float(sizes.max(initial=0.0))
    for unit, row in zip(column.units, column.rows, strict=True):
        share = float(sizes[unit]) / largest if largest else 0.0
        colour = (NEGATIVE if values[unit] < 0 else POSITIVE)[-1]
        glyph = BARS[min(7, int(8 * share))] if share else " "
        if unit == chosen:
            cells.write(row, column.left - 1, glyph if share else "▁", ink(BRIGHT, bold=True))
        else:
            cells.write(row, column.left - 1, glyph, ink(colour))


def _hidden_counts(cells: Cells, column: Column, room: int) -> None:
    """Say how many units of the layer stand above and below those that are shown."""
    before, after = column.units.start, column.size - column.units.stop
    for count, row in ((before, 0), (after, cells.height - 1)):
        if count and row not in column.rows:
            at, text = max(0, column.left - 1), f"… {count:,} more"
            if len(text) >= room:
                text = f"…{count:,}"
            cells.write(row, min(at, max(0, cells.width - len(text))), text, ink(DIM))


def _backgrounds(
    network: Network, data: TrainTest, states: States, layer: int, values: Array
) -> list[str]:
    """Return the colour of each node of a layer of units, 0 for the inputs."""
    values = np.asarray(values, np.float64)
    if layer == 0:
        levels = quantize(values / states.largest_inputs, len(DIVERGING), -1.0, 1.0)
        return [DIVERGING[level] for level in levels.tolist()]
    if layer < len(network.sizes) - 1:
        scale = Scale.of(network.layers[layer - 1].activation, values)
        return [scale.colours[level] for level in scale.levels(values).tolist()]
    if data.has_classes:
        levels = quantize(values, 1 + len(CLASS_FIELDS[0]), 0.0, 1.0)
        first = 1 if len(values) == 1 else 0
        return [
            (UNCERTAIN, *CLASS_FIELDS[label % len(CLASS_FIELDS)])[level]
            for label, level in enumerate(levels.tolist(), first)
        ]
    colours = []
    for target in range(len(values)):
        own = NumberScale.of(data, target)
        colours.append(own.colours[int(own.levels(values[target : target + 1])[0])])
    return colours


def told_apart(names: tuple[str, ...], room: int) -> tuple[str, ...]:
    """Return names without the word that all begin with, where one of them has no room."""
    if len(names) < 2 or _longest(names) <= room:
        return names
    word = names[0].partition(" ")[0] + " "
    if not all(name.startswith(word) and len(name) > len(word) for name in names):
        return names
    return tuple(name.removeprefix(word) for name in names)


def _longest(names: tuple[str, ...]) -> int:
    # the names of thousands of inputs need not all be measured
    return max((cell_width(name[:LONGEST_NAME]) for name in names[:200]), default=0)


def _short(name: str) -> str:
    return printable(cut(name, LONGEST_NAME))
