"""Drawing of the network panel: lines for edges, bars for biases, nodes coloured by their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.edges import parameter_index
from core.analysis.prediction_map import quantize
from core.arrays import evenly_spaced
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.braille import DOTS
from tui.drawing.cells import cut
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    CLASS_FIELDS,
    DIM,
    DIVERGING,
    LEGIBLE,
    TEXT,
    UNCERTAIN,
    class_fields,
    class_marker,
    ink,
)
from tui.panels.colour_scales import NumberScale, OutputScale

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.analysis.edges import Edge
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.losses import Loss
    from core.nn.network import Network
    from tui.drawing.cells import Cells
    from tui.panels.network.layout import NetworkLayout, NodeColumn

NEGATIVE: Final = (DIVERGING[7], DIVERGING[4], DIVERGING[0])
POSITIVE: Final = (DIVERGING[-8], DIVERGING[-5], DIVERGING[-1])
"""Colours of edges, from weak to strong."""
THICK_FROM: Final = 0.75
DOT_DISTANCE: Final = 3
"""Steps from dot to dot of a dotted line."""
BARS: Final = "▁▂▃▄▅▆▇█"
BRAILLE: Final = np.array([chr(0x2800 + bits) for bits in range(256)])


def edge_colour(weight: float, strength: float) -> str:
    """Return the colour of an edge from its sign and its strength, from 0 to 1."""
    return (NEGATIVE if weight < 0 else POSITIVE)[min(2, int(3 * strength))]


def _standing(edge: Edge, own: Collection[int]) -> float:
    if not own:
        return edge.strength
    return 0.34 + 0.66 * edge.strength if edge.index in own else 0.0


def draw_edges(
    cells: Cells,
    layout: NetworkLayout,
    shown: Sequence[Edge],
    selected: Edge | None = None,
    own: Collection[int] = (),
    *,
    dotted: bool = False,
) -> None:
    """Draw the edges as braille lines, the strongest last, on top of the others.

    Args:
        cells: target of the drawing.
        layout: positions of the nodes.
        shown: edges, the strongest first.
        selected: edge that is drawn brightly on top, or None.
        own: parameter indices of highlighted edges; all others are dimmed.
        dotted: whether lines of negative weights are dotted, as there are no colours.
    """
    lines = [
        (edge, ink(edge_colour(edge.weight, _standing(edge, own))))
        for edge in sorted(shown, key=lambda edge: (edge.index in own, edge.strength))
    ]
    if selected is not None:
        lines.append((selected, ink(BRIGHT, bold=True)))
    ends, numbers = [], []
    for edge, number in lines:
        source, target = layout.column(edge.layer), layout.column(edge.layer + 1)
        if source is None or target is None:
            continue
        if edge.source not in source.units or edge.target not in target.units:
            continue
        # the bias is before the target; a pixel has two rows of dots
        top, bottom = (
            min(2 * column.top_of(unit) + column.height, 4 * cells.height - 1)
            for column, unit in ((source, edge.source), (target, edge.target))
        )
        is_thick = edge.strength >= THICK_FROM and (not own or edge.index in own)
        is_dotted = dotted and edge.weight < 0
        ends.append((2 * source.start, 2 * target.end - 1, top, bottom, is_thick, is_dotted))
        numbers.append(number)
    if ends:
        _draw_lines(cells, np.array(ends, np.int64), np.array(numbers, np.int64))


def _draw_lines(cells: Cells, ends: Labels, inks: Labels) -> None:
    """Draw lines of dots from left to right, later ones on top.

    Args:
        cells: target of the drawing.
        ends: (lines, 6) first and last column of dots, first and last row, and whether it is thick,
            and dotted.
        inks: (lines,) their inks.
    """
    start, end, top, bottom, is_thick, is_dotted = ends.T
    steps = np.maximum(np.maximum(np.abs(end - start), np.abs(bottom - top)), 1)
    line = np.repeat(np.arange(len(ends)), steps + 1)
    along = np.arange(len(line)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    if is_dotted.any():
        is_drawn = (is_dotted[line] == 0) | (along % DOT_DISTANCE == 0)
        line, along = line[is_drawn], along[is_drawn]
    length = 2 * steps[line]
    x = start[line] + (2 * (end - start)[line] * along + steps[line]) // length
    y = top[line] + (2 * (bottom - top)[line] * along + steps[line]) // length
    # a second dot next to each of a thick line
    steep = (np.abs(bottom - top) > np.abs(end - start))[line]
    more = (is_thick > 0)[line] & (x + steep <= end[line])
    line = np.concatenate([line, line[more]])
    y = np.minimum(np.concatenate([y, (y + ~steep)[more]]), 4 * cells.height - 1)
    x = np.concatenate([x, (x + steep)[more]])
    place = y // 4 * cells.width + x // 2
    order = np.lexsort((line, place))
    place, dots, number = place[order], DOTS[y % 4, x % 2][order], inks[line[order]]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    # a cell has one colour: only lines after the last one of another colour are in it
    counts = np.diff(first, append=len(place))
    last = number[first + counts - 1]
    at = np.arange(len(place))
    covered = np.maximum.reduceat(np.where(number != np.repeat(last, counts), at, -1), first)
    bits = np.bitwise_or.reduceat(np.where(at > np.repeat(covered, counts), dots, 0), first)
    rows, columns = np.divmod(place[first], cells.width)
    cells.glyphs[rows, columns] = BRAILLE[bits]
    cells.inks[rows, columns] = last


def draw_biases(
    cells: Cells, column: NodeColumn, network: Network, layer: int, chosen: int | None
) -> None:
    """Draw each bias as a bar before its node, scaled by the largest of the layer."""
    start = parameter_index(network, layer, None, 0)
    values = network.parameters[start : start + column.size].astype(np.float64)
    sizes = np.where(np.isfinite(values), np.abs(values), 0.0)
    largest = float(sizes.max(initial=0.0))
    for unit, row in zip(column.units, column.rows, strict=True):
        share = float(sizes[unit]) / largest if largest else 0.0
        colour = (NEGATIVE if values[unit] < 0 else POSITIVE)[-1]
        glyph = BARS[min(7, int(8 * share))] if share else " "
        if unit == chosen:
            cells.write(row, column.end, glyph if share else "▁", ink(BRIGHT, bold=True))
        else:
            cells.write(row, column.end, glyph, ink(colour))


def draw_hidden_counts(cells: Cells, column: NodeColumn, room: int, name: str) -> None:
    """Write the number of nodes that are not shown in the last row."""
    count = column.size - len(column.units)
    row = cells.height - 1
    if count and row not in column.rows:
        text = f"+ {count:,} {name}{'s' * (count > 1)}"
        if len(text) >= room:
            text = f"+{count:,}"
        cells.write(row, min(column.end, max(0, cells.width - len(text))), text, ink(DIM))


def draw_nodes(
    cells: Cells,
    column: NodeColumn,
    layer: int,
    layers: int,
    backgrounds: list[str],
    at_cursor: int | None,
) -> None:
    """Draw the nodes of a layer in their colours; hidden ones are numbered."""
    for unit, row in zip(column.units, column.rows, strict=True):
        background = backgrounds[unit]
        number = ink(LEGIBLE, background)
        tall = range(row - column.height // 4, row + column.height // 4 + 1)
        for each in tall:
            cells.write(each, column.left, " " * column.width, ink(background=background))
        if 0 < layer < layers - 1:
            text = f"{unit + 1:>{column.width - 1}} "
            cells.write(row, column.left, text, number)
        if unit == at_cursor:
            sides = "▐▌" if column.width < 3 else "[]"
            bright = ink(LEGIBLE, background, bold=True)
            for each in tall:
                cells.write(each, column.left, sides[0], bright)
                cells.write(each, column.left + column.width - 1, sides[1], bright)


def draw_names(
    cells: Cells,
    layout: NetworkLayout,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    *,
    colourful: bool,
    cursor: tuple[int, int] | None,
) -> None:
    """Write the names next to the inputs and the outputs."""
    column = layout.columns[0]
    if layout.names_above:
        room = layout.columns[1].end - 2
        for unit, top in zip(column.units, column.tops, strict=True):
            cells.write(top // 2 - 1, column.left, cut(inputs[unit], room), ink(TEXT))
    elif layout.left_names > 1:
        for unit, row in zip(column.units, column.rows, strict=True):
            name = cut(inputs[unit], layout.left_names - 1)
            cells.write_right(row, column.left - 1, name, ink(TEXT))
    if layout.right_names > 1:
        column = layout.columns[-1]
        for unit, row in zip(column.units, column.rows, strict=True):
            at, room = column.start + 1, layout.right_names - 1
            if colourful:
                label = unit if len(outputs) > 1 else 1
                cells.write(row, at, *class_marker(label))
                at, room = at + 2, room - 2
            chosen = cursor == (layout.first + len(layout.columns) - 2, unit)
            cells.write(row, at, cut(outputs[unit], room), ink(ACCENT if chosen else TEXT))


MOST_SAMPLES: Final = 256
"""Largest number of training samples for the mean output of a node, of all groups together."""
MOST_INPUTS: Final = 2000
"""Largest number of training samples for the range of an input."""


def largest_inputs(data: DataSplit) -> Array:
    """Return the (inputs,) largest magnitudes of the inputs, 1 where there is none."""
    sizes = np.abs(data.x_train[:MOST_INPUTS]).max(axis=0, initial=0.0)
    return np.where(np.isfinite(sizes) & (sizes > 0), sizes, 1.0)


def predicted(loss: Loss, logits: Array) -> Array:
    """Return (outputs, points) probabilities or predicted values, one row per output node."""
    last = loss.probabilities(logits)
    # a single output for two classes has the probability of the second one
    return last if len(last) == len(logits) else last[1:]


class NodeValues:
    """Output of each node: mean over some training samples, or value for one of them."""

    def __init__(self, network: Network, data: DataSplit, sample: int | None) -> None:
        self._key = network, data, sample
        if sample is None:
            x = data.x_train[evenly_spaced(len(data.x_train), MOST_SAMPLES)]
        else:
            x = data.x_train[sample : sample + 1]
        self._loss = network.loss
        self.largest_inputs = largest_inputs(data)
        self._inputs = x.mean(axis=0)
        self._passes = ForwardPasses(network, len(x))
        self._calls = [*network.fold_calls, *self._passes.calls(with_bias_row(x, network.dtype))]

    def shows(self, network: Network, data: DataSplit, sample: int | None) -> bool:
        """Return whether the values were computed for these arguments."""
        return self._key[0] is network and self._key[1] is data and self._key[2] == sample

    def refresh(self) -> list[Array]:
        """Return the values per layer, the inputs first, probabilities or predicted values last."""
        with np.errstate(all="ignore"):
            run(self._calls)
            last = predicted(self._loss, self._passes.logits)
            hidden = [each.values.mean(axis=1) for each in self._passes.layers[:-1]]
            return [self._inputs, *hidden, last.mean(axis=1)]


def backgrounds(
    network: Network, data: DataSplit, states: NodeValues, layer: int, values: Array
) -> list[str]:
    """Return the colour of each node of a layer, 0 for the inputs."""
    values = np.asarray(values, np.float64)
    if layer == 0:
        levels = quantize(values / states.largest_inputs, len(DIVERGING), -1.0, 1.0)
        return [DIVERGING[level] for level in levels.tolist()]
    if layer < len(network.sizes) - 1:
        scale = OutputScale.of(network.layers[layer - 1].activation, values)
        return [scale.colours[level] for level in scale.levels(values).tolist()]
    if data.has_classes:
        levels = quantize(values, 1 + len(CLASS_FIELDS[0]), 0.0, 1.0)
        first = 1 if len(values) == 1 else 0
        return [
            (UNCERTAIN, *class_fields(label))[level]
            for label, level in enumerate(levels.tolist(), first)
        ]
    colours = []
    for target in range(len(values)):
        own = NumberScale.of(data, target)
        colours.append(own.colours[int(own.levels(values[target : target + 1])[0])])
    return colours
