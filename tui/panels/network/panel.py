"""The network panel: units in columns, the strongest weights as lines, and a cursor to edit one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from core.analysis.edges import Edge, count_edges, edges, parameter_index, strongest_units
from core.datasets.preparation import EXTRA_FEATURES
from tui.drawing import number_format
from tui.drawing.cells import Cells, cut, printable
from tui.drawing.palette import BRIGHT, DIM, TEXT, ink
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.network.drawing import (
    NEGATIVE,
    POSITIVE,
    NodeValues,
    backgrounds,
    draw_biases,
    draw_edges,
    draw_hidden_counts,
    draw_names,
    draw_nodes,
)
from tui.panels.network.edge_values import write_values
from tui.panels.network.layout import (
    LINE_GAP,
    LONGEST_NAME,
    NetworkLayout,
    NodeShape,
    distinct_names,
    longest,
    map_shapes,
)
from tui.panels.network.node_pictures import NodePictures, PictureKind, strip_shapes
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

EDGES_PER_ROW: Final = 3
"""Largest number of edges per row of the panel: more are illegible."""
LEAST_EDGES, MOST_EDGES = 24, 160
OWN_EDGES: Final = 24
"""Largest number of drawn edges of the selected unit, which include weak ones."""


class NetworkPanel(Panel):
    """Nodes with pictures of their outputs, and the strongest edges between them."""

    key, label, keeps_similar = "0", "network", True
    # in true colour, pictures that change a lot are drawn once a second: they are many, and small
    title_has_priority, redraw_interval, longest_pause = True, 0.5, 1.0
    summary = (
        "what each unit has learnt, and the weights between them: blue negative, orange positive; "
        "arrows move the cursor, w selects its next weight, enter edits it"
    )
    placeholder = (
        "What each unit of the network has learnt, and the strongest weights between them."
    )
    hints: ClassVar = {"w": "next weight, enter edits"}
    footer = (("w", "next weight"), ("enter", "edit"), ("← ↑ ↓ →", "move"))
    least_size = 50, 14

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", show=False),
        Binding("down", "move(0, 1)", show=False),
        Binding("left", "move(-1, 0)", show=False),
        Binding("right", "move(1, 0)", show=False),
        Binding("w", "select(1)", show=False),
        Binding("W", "select(-1)", show=False),
        Binding("enter", "edit", show=False),
    ]

    @dataclass
    class EditRequested(Message):
        """The user wants to change a weight or a bias.

        Attributes:
            index: index in the flat parameter vector.
            description: short name of the parameter.
            value: current value.
        """

        index: int
        description: str
        value: float

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._states: NodeValues | None = None
        self._layout: NetworkLayout | None = None
        # index of the selected parameter: the incoming edges, then the bias, or β and γ
        self._parameter: int | None = None
        self._parameter_unit: tuple[int, int] | None = None
        self._words: StyledText = []
        self._edges: list[Edge] = []
        self._pictures = NodePictures(run)
        self._shape: tuple[NodeShape, int] | None = None
        self._shape_key: tuple[object, ...] = ()
        self._shown_units: Sequence[Sequence[int]] = []

    def explanation(self) -> Explanation:
        return Explanation(
            "Each unit shows its output over the plane of the boundary panel or, without a chosen "
            "plane, its mean output per class. Lines are weights: blue negative, orange positive, "
            "stronger for larger ones.",
            "follow the strong lines back from an output. The boundary map has the line z = 0 of the "
            "selected unit, with + on the positive side.",
            f"a = f(z), z = Σ w·x{' + b' * self.run.config.bias}, "
            f"{activation_formulas(self.run, most=1)}",
            "arrows or a click select a unit · w W the next, previous weight · enter edits a weight, "
            "bias, β or γ, which marks the run as edited · ( ) remove or add a layer · { } a unit",
        )

    # --- keys and mouse

    def action_move(self, layers: int, units: int) -> None:
        """Move the cursor to another layer or unit."""
        self._point(layers=layers, units=units)

    def action_select(self, by: int) -> None:
        """Select the next incoming edge of the selected unit; its bias, or β and γ, come last."""
        network = self.run.network
        if network is None:
            return
        count, parameter = self._parameter_count(network), self._selected(network)
        first = 0 if by > 0 else count - 1
        self._select(network, first if parameter is None else (parameter + by) % count)

    def _select(self, network: Network, parameter: int) -> None:
        self._parameter, self._parameter_unit = parameter, self._cursor(network)
        self.redraw()

    def leave_cursor(self) -> bool:
        network = self.run.network
        # a selection that is not shown is no step
        if network is None or not self._pointed or self._selected(network) is None:
            return False
        self._parameter = None
        self.redraw()
        return True

    def _parameter_count(self, network: Network) -> int:
        """Return the number of parameters of the selected unit."""
        layer = self._cursor(network)[0]
        if not network.layers[layer].has_offsets:
            return network.sizes[layer]
        return network.sizes[layer] + (1 if network.layers[layer].norm is None else 2)

    def action_edit(self) -> None:
        """Request a new value for the selected parameter; without one, select the first."""
        network = self.run.network
        if network is None:
            return
        parameter = self._selected(network)
        if parameter is None:
            self.action_select(1)
            return
        index, (words, _) = (
            self._index(network, parameter),
            self._parameter_names(network, parameter),
        )
        value = float(network.parameters[index])
        self.post_message(self.EditRequested(index, words, value))

    def on_click(self, event: events.Click) -> None:
        """Select the node or the edge under the mouse; edit it if it is already selected."""
        current, layout, row, column = self.run.current, self._layout, event.y - 1, event.x - 1
        if current is None or layout is None:
            return
        network, _ = current
        node = layout.node_at(row, column)
        if node is not None and node[0] > 0:
            layer, unit = node[0] - 1, node[1]
            has_bias = network.layers[layer].has_offsets and layout.is_bias(row, column)
            parameter = network.sizes[layer] if has_bias else None
        elif node is None:
            edge = layout.edge_near(row, column, self._edges)
            if edge is None:
                return
            layer, unit, parameter = edge.layer, edge.target, edge.source
        else:
            return
        again = (self._cursor(network), self._selected(network)) == ((layer, unit), parameter)
        self._point(to=(layer, unit))
        if parameter is not None:
            self._select(network, parameter)
            if again:
                self.action_edit()

    def _point(self, *, layers: int = 0, units: int = 0, to: tuple[int, int] | None = None) -> None:
        network, data = self.run.network, self.run.data
        if network is None or data is None:
            return
        before = self.options.cursor.within(network.sizes, len(data.x_train))
        cursor = before.moved(layers=layers, units=units)
        if to is not None:
            cursor = before.moved(layers=to[0] - before.layer, units=to[1] - before.unit)
        self.options.cursor = cursor.within(network.sizes, len(data.x_train))
        if self._cursor(network) != self._parameter_unit:
            self._parameter = None
        self.redraw()
        self.post_message(self.CursorMoved(self.options.cursor, inspects=False))

    # --- selection

    def _cursor(self, network: Network) -> tuple[int, int]:
        """Return the layer of the cursor, 0 for the first hidden one, and its unit."""
        cursor = self.options.cursor.within(network.sizes, 1)
        return cursor.layer, cursor.unit

    def _selected(self, network: Network) -> int | None:
        """Return the index of the selected parameter: sources first, then the bias or β, then γ."""
        if self._parameter is None or self._parameter_unit != self._cursor(network):
            return None
        return min(self._parameter, self._parameter_count(network) - 1)

    def _index(self, network: Network, parameter: int) -> int:
        layer, unit = self._cursor(network)
        sources = network.sizes[layer]
        source = parameter if parameter < sources else None
        return parameter_index(network, layer, source, unit, gamma=parameter > sources)

    def _parameter_names(self, network: Network, parameter: int) -> tuple[str, str]:
        """Return the name of a parameter, and its short form for the title."""
        layer, unit = self._cursor(network)
        node = node_name(network, self.run.data, layer + 1, unit)
        if parameter >= network.sizes[layer]:
            sign = "b" if network.layers[layer].norm is None else "β"
            if parameter > network.sizes[layer]:
                sign = "γ"
            return f"{'bias' if sign == 'b' else sign} of {node}", f"{sign} {unit + 1}"
        source = node_name(network, self.run.data, layer, parameter)
        return f"weight from {source} to {node}", f"w {parameter + 1}→{unit + 1}"

    # --- drawing

    def title(self) -> StyledText:
        return self._words

    def title_right(self) -> StyledText:
        if not self._words:
            return []
        negative, positive = self._renderer.look.edge_glyphs
        return [(f" {negative} −", ink(NEGATIVE[-1])), (f" {positive} + ", ink(POSITIVE[-1]))]

    @property
    def _pointed(self) -> bool:
        return self.options.points_at_unit

    def on_focus(self, event: events.Focus) -> None:
        """Mark the selected unit, here and on the map."""
        self.options.network_focused = True
        super().on_focus(event)
        self.post_message(self.CursorMoved(None))

    def on_blur(self, event: events.Blur) -> None:
        """Remove the marks."""
        self.options.network_focused = False
        super().on_blur(event)
        self.post_message(self.CursorMoved(None))

    def view_state(self) -> tuple[object, ...]:
        options = self.options
        cursor = options.cursor if self._pointed else None
        plane = options.plane, options.target
        return (cursor, options.inspecting, self._parameter, plane)

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        sizes = network.sizes
        cursor = self._cursor(network) if self._pointed else None
        parameter = self._selected(network) if self._pointed else None
        focus: list[int | None] = [None] * len(sizes)
        if cursor is not None:
            focus[cursor[0] + 1] = cursor[1]
            if parameter is not None and parameter < sizes[cursor[0]]:
                focus[cursor[0]] = parameter
        room = min(LONGEST_NAME, width // 5)
        inputs = distinct_names(input_names(network, data), room)
        outputs = distinct_names(output_names(network, data), room)
        markers = 2 if data.has_classes else 0
        lengths = longest(inputs), longest(outputs) + markers
        kind = PictureKind.of(data, self.options.plane)
        layout = self._layout = self._layout_of(network, data, kind, lengths, focus, width, height)
        if layout is None:
            self._words, self.captions = [], []
            return centred_text(width, height, "too narrow")
        self._shown_units = [column.units for column in layout.columns]
        self.captions = [(column, (name,)) for column, name in column_names(layout)]
        cells = Cells(width, height)
        drawn = self._draw_edges(cells, network, layout, cursor, parameter)
        at_cursor: list[int | None] = [None] * len(sizes)
        if cursor is not None:
            at_cursor[cursor[0] + 1] = cursor[1]
        if layout.shape is None:
            self._draw_plain(cells, network, data, layout, at_cursor)
        else:
            options = self.options
            self._pictures.draw(cells, layout, kind, options.plane, options.target, cursor)
        for layer, column in enumerate(layout.columns, layout.first):
            if layer > 0 and network.layers[layer - 1].has_offsets:
                is_bias = parameter is not None and parameter >= sizes[layer - 1]
                draw_biases(
                    cells, column, network, layer - 1, at_cursor[layer] if is_bias else None
                )
            at = layer - layout.first + 1
            end = layout.columns[at].left - 1 if at < len(layout.columns) else width
            draw_hidden_counts(cells, column, end - column.left, _kind_of(layer, len(sizes)))
        draw_names(cells, layout, inputs, outputs, colourful=data.has_classes, cursor=cursor)
        self._update_title(network, layout, drawn, parameter, cursor, kind)
        return cells

    def _layout_of(
        self,
        network: Network,
        data: DataSplit,
        kind: PictureKind,
        lengths: tuple[int, int],
        focus: list[int | None],
        width: int,
        height: int,
    ) -> NetworkLayout | None:
        """Return the layout with the largest pictures that fit, or with nodes of one colour."""
        sizes, halves, extent = network.sizes, self.options.halves, (width, height)
        held = [()] * len(sizes) if self.run.is_at_rest else self._shown_units
        if len(held) != len(sizes):
            held = [()] * len(sizes)
        order = [
            strongest_units(network, layer, [unit for unit in held[layer] if unit < size])
            for layer, size in enumerate(sizes)
        ]
        key = (sizes, lengths, extent, kind, halves, id(data))
        if key != self._shape_key:
            self._shape_key, self._shape = key, None
            for shape, gap in picture_shapes(data, kind, sizes, extent, halves=halves):
                whole = NetworkLayout.of_pictures(sizes, lengths, order, focus, extent, shape, gap)
                if whole is not None:
                    self._shape = shape, gap
                    break
        if self._shape is not None:
            return NetworkLayout.of_pictures(sizes, lengths, order, focus, extent, *self._shape)
        return NetworkLayout.of(sizes, lengths, focus, width, height, order)

    def _draw_edges(
        self,
        cells: Cells,
        network: Network,
        layout: NetworkLayout,
        cursor: tuple[int, int] | None,
        parameter: int | None,
    ) -> int:
        """Draw the lines and their values; return their number."""
        within: list[Sequence[int] | None] = [None] * len(network.sizes)
        for layer, column in enumerate(layout.columns, layout.first):
            within[layer] = column.units
        most = min(max(LEAST_EDGES, EDGES_PER_ROW * cells.height), MOST_EDGES)
        if layout.shape is not None and not self.options.halves:
            most = LEAST_EDGES  # lines of glyphs are as wide as the pixels of pictures
        drawn = edges(network, most, within)
        own = [] if cursor is None else edges_of(network, cursor, within)
        known = {edge.index for edge in own}
        drawn = self._edges = own + [edge for edge in drawn if edge.index not in known]
        selected = selected_edge(network, cursor, parameter)
        dotted = self._renderer.look.dots_negative
        draw_edges(cells, layout, drawn, selected, known, dotted=dotted)
        if layout.shape is not None:
            chosen = None if selected is None else selected.index
            incoming = {
                edge.index for edge in own if cursor is not None and edge.layer == cursor[0]
            }
            write_values(cells, layout, drawn, incoming, chosen)
        return len(drawn)

    def _draw_plain(
        self,
        cells: Cells,
        network: Network,
        data: DataSplit,
        layout: NetworkLayout,
        at_cursor: list[int | None],
    ) -> None:
        """Draw nodes of one colour: the output for the selected sample, or the mean output."""
        options = self.options
        cursor = options.cursor.within(network.sizes, len(data.x_train))
        sample = cursor.sample if options.inspecting and len(data.x_train) else None
        states = self._states
        if states is None or not states.shows(network, data, sample):
            states = self._states = NodeValues(network, data, sample)
        values = states.refresh()
        for layer, column in enumerate(layout.columns, layout.first):
            colours = backgrounds(network, data, states, layer, values[layer])
            draw_nodes(cells, column, layer, len(network.sizes), colours, at_cursor[layer])

    def _update_title(
        self,
        network: Network,
        layout: NetworkLayout,
        drawn: int,
        parameter: int | None,
        cursor: tuple[int, int] | None,
        kind: PictureKind,
    ) -> None:
        words: StyledText = []
        if parameter is not None:
            value = float(network.parameters[self._index(network, parameter)])
            shown = (
                number_format.signed(value, 3) if abs(value) < 1e6 else number_format.brief(value)
            )
            words.append(
                (f"{self._parameter_names(network, parameter)[1]} = {shown} ", ink(BRIGHT))
            )
        elif cursor is not None:
            name = node_name(network, self.run.data, cursor[0] + 1, cursor[1])
            words.append((f"{printable(name)} ", ink(BRIGHT)))
        total = count_edges(network)
        count = f"{total:,} weights" if drawn == total else f"{drawn} of {total:,} weights"
        words.append((f"{'· ' if words else ''}{count} ", ink(TEXT)))
        if len(layout.columns) < len(network.sizes):
            last = layout.first + len(layout.columns)
            words.append(
                (f"· layers {layout.first}–{last - 1} of {len(network.sizes) - 1} ", ink(DIM))
            )
        if any(len(column.units) < column.size for column in layout.columns[:-1]):
            words.append(("· units with the largest Σ|w| out ", ink(DIM)))
        elif layout.shape is not None:
            has_classes = self.run.data is None or self.run.data.has_classes
            means = kind is PictureKind.MEANS and not has_classes
            words.append((f"· {'mean output by target' if means else kind.value} ", ink(DIM)))
        self._words = words


def picture_shapes(
    data: DataSplit,
    kind: PictureKind,
    sizes: tuple[int, ...],
    extent: tuple[int, int],
    *,
    halves: bool,
) -> list[tuple[NodeShape, int]]:
    """Return the possible shapes of pictures and the columns between them, the best first."""
    if kind is not PictureKind.MEANS:
        return list(map_shapes(sizes, extent[1], halves=halves and kind is PictureKind.MAP))
    shapes = strip_shapes(data, halves=halves)
    whole = [shape for shape in shapes if max(sizes[1:]) <= shape.fitting(extent[1])]
    return [(shape, LINE_GAP) for shape in (*whole, *shapes[::-1])]


def column_names(layout: NetworkLayout) -> list[tuple[int, str]]:
    """Return the names of the layers with their columns, if they fit."""
    if layout.shape is None:
        return []
    names = ["inputs", *(f"hidden {at}" for at in range(1, len(layout.columns) - 1)), "outputs"]
    places = [
        (1 + column.left, f" {name} ") for column, name in zip(layout.columns, names, strict=True)
    ]
    ends = [left + len(words) for left, words in places]
    fit = all(end < left for end, (left, _) in zip(ends, places[1:], strict=False))
    return places if fit else []


def edges_of(
    network: Network, cursor: tuple[int, int], within: list[Sequence[int] | None]
) -> list[Edge]:
    """Return the strongest incoming and outgoing edges of the selected unit."""
    at = cursor[0] + 1
    around: list[Sequence[int] | None] = [None] * len(within)
    around[at - 1 : at + 2] = within[at - 1 : at + 2]
    if within[at] is not None:
        around[at] = (cursor[1],)
    return edges(network, OWN_EDGES, around)


def selected_edge(
    network: Network, cursor: tuple[int, int] | None, parameter: int | None
) -> Edge | None:
    """Return the edge of the selected parameter, or None if it is no weight."""
    if cursor is None or parameter is None or parameter >= network.sizes[cursor[0]]:
        return None
    layer, unit = cursor
    weight = float(network.weights[layer][parameter, unit])
    index = parameter_index(network, layer, parameter, unit)
    return Edge(layer, parameter, unit, weight, 1.0, index)


def node_name(network: Network, data: DataSplit | None, layer: int, unit: int) -> str:
    """Return the name of a node; layer 0 are the inputs."""
    if layer == 0:
        return f"input {_short(input_names(network, data)[unit])}"
    if layer == len(network.sizes) - 1:
        return f"output {_short(output_names(network, data)[unit])}"
    return f"unit {layer}.{unit + 1}"


def input_names(network: Network, data: DataSplit | None) -> tuple[str, ...]:
    """Return the names of the inputs, or their numbers."""
    names = () if data is None else data.feature_names
    more = () if data is None else data.preparation.extra
    names = (*names, *(EXTRA_FEATURES[word][0] for word in more))
    if len(names) != network.sizes[0]:
        return tuple(map(str, range(1, network.sizes[0] + 1)))
    return names


def output_names(network: Network, data: DataSplit | None) -> tuple[str, ...]:
    """Return the names of the outputs, or their numbers."""
    names = () if data is None else data.class_names or data.target_names
    if len(names) == 2 and network.sizes[-1] == 1:
        return names[1:]
    if len(names) != network.sizes[-1]:
        return tuple(map(str, range(1, network.sizes[-1] + 1)))
    return names


def _kind_of(layer: int, layers: int) -> str:
    return "input" if layer == 0 else "output" if layer == layers - 1 else "unit"


def _short(name: str) -> str:
    return printable(cut(name, LONGEST_NAME))
