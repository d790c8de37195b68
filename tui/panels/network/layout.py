"""Layout of the network panel: a column per layer, with the units that fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from tui.drawing.cells import cell_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.analysis.edges import Edge

LEAST_GAP: Final = 4
"""Least columns between nodes."""
LONGEST_NAME: Final = 18
TALL_FROM: Final = 5
"""Rows per node from which it is three rows tall."""

LINE_GAP, VALUE_GAP = 6, 12
"""Least columns between pictures, for lines, and for lines with the values of weights."""
SMALLEST, LARGEST = 4, 16
"""Pixels of the sides of a picture."""
BEFORE, AFTER = 2, 1
"""Columns around a picture: its bias, and the frame that shows that it is selected."""
LEAST_PICTURES: Final = 5
"""Pictures per layer below which small nodes, of which more fit, are preferred."""


@dataclass(frozen=True)
class NodeShape:
    """Size of the pictures in the nodes. Two pixels above one another share a cell.

    Attributes:
        width: width of a picture in cells.
        height: its height in pixels.
        gap: least pixels between two pictures, and before the first and after the last one.
        header: rows above the first one.
        aligned: whether a picture starts at the upper edge of a cell.
    """

    width: int
    height: int
    gap: int = 1
    header: int = 0
    aligned: bool = False

    def fitting(self, height: int) -> int:
        """Return the number of pictures that fit into this number of rows."""
        return max(0, (2 * (height - self.header) - self.gap) // (self.height + self.gap))

    def tops(self, count: int, height: int) -> tuple[int, ...]:
        """Return the first row of pixels of each picture, distributed over the rows."""
        pitch = (2 * (height - self.header) - self.gap) / count
        space = (pitch - self.height - self.gap) / 2
        tops = (self.gap + int(at * pitch + space) for at in range(count))
        return tuple(2 * self.header + (top // 2 * 2 if self.aligned else top) for top in tops)

    def has_names_above(self, count: int, height: int) -> bool:
        """Return whether each of these pictures has room for a row with a name above it."""
        # a third pixel, since a name starts at the upper edge of a cell
        return count * (self.height + 3) <= 2 * (height - self.header)

    def tops_below_names(self, count: int, height: int) -> tuple[int, ...]:
        """Return the first row of pixels of each picture, directly below the row of its name."""
        named = replace(self, height=self.height + 2, gap=0, aligned=True)
        return tuple(top + 2 for top in named.tops(count, height))


@dataclass(frozen=True)
class NodeColumn:
    """Shown nodes of one layer. Heights are in pixels, two per row.

    Attributes:
        left: first column of the nodes, without bias and name.
        width: width of a node.
        units: shown units, in order.
        tops: first row of pixels of each.
        height: height of a node.
        size: number of units of the layer.
        before, after: columns around a node for its bias and its frame.
    """

    left: int
    width: int
    units: tuple[int, ...]
    tops: tuple[int, ...]
    height: int
    size: int
    before: int = 1
    after: int = 0

    @property
    def rows(self) -> tuple[int, ...]:
        """Middle row of each node."""
        return tuple((top + self.height // 2) // 2 for top in self.tops)

    def top_of(self, unit: int) -> int:
        """Return the first row of pixels of a shown unit."""
        return self.tops[self.units.index(unit)]

    def row_of(self, unit: int) -> int:
        """Return the middle row of a shown unit."""
        return (self.top_of(unit) + self.height // 2) // 2

    @property
    def start(self) -> int:
        """First column of outgoing lines."""
        return self.left + self.width + self.after

    @property
    def end(self) -> int:
        """Column after incoming lines."""
        return self.left - self.before


@dataclass(frozen=True)
class NetworkLayout:
    """Positions of the nodes.

    Attributes:
        first: layer in the first column; 0 is the input layer.
        columns: shown layers.
        left_names, right_names: columns for the names of the inputs and of the outputs.
        shape: size of the pictures in the nodes, or None for nodes of one colour.
        names_above: whether the names of the inputs are above their pictures.
    """

    first: int
    columns: tuple[NodeColumn, ...]
    left_names: int
    right_names: int
    shape: NodeShape | None = None
    names_above: bool = False

    @classmethod
    def of_pictures(
        cls,
        sizes: Sequence[int],
        names: tuple[int, int],
        order: Sequence[Sequence[int]],
        focus: Sequence[int | None],
        extent: tuple[int, int],
        shape: NodeShape,
        gap: int = LINE_GAP,
    ) -> NetworkLayout | None:
        """Return the layout of nodes with pictures, or None if too few of them fit.

        Args:
            sizes: units per layer, the inputs first.
            names: width of the longest name of an input, and of an output.
            order: units of each layer, the most important first.
            focus: per layer the unit that must be visible, or None.
            extent: available columns and rows.
            shape: size of the pictures.
            gap: least columns between the pictures of two layers, without the bias.
        """
        width, height = extent
        fits = shape.fitting(height)
        if any(fits < min(size, LEAST_PICTURES) for size in sizes[1:]):
            return None
        above = shape.has_names_above(sizes[0], height)
        room = min(LONGEST_NAME, max(0, width // 5))
        left, right = (min(length, room) for length in names)
        left_names = left + 1 if left and not above else 0
        right_names = right + 1 if right else 0
        # the inputs have no bias, and cannot be selected
        around = [0, *(BEFORE + AFTER for _ in sizes[1:])]
        inner = width - left_names - right_names - len(sizes) * shape.width - sum(around)
        if inner < gap * (len(sizes) - 1):
            return None
        columns = []
        for layer, size in enumerate(sizes):
            before, after = (0, 0) if layer == 0 else (BEFORE, AFTER)
            start = left_names + layer * shape.width + sum(around[:layer])
            start += inner * layer // (len(sizes) - 1) + before
            units, rows = _chosen(size, order[layer], focus[layer], shape, height)
            is_named = above and layer == 0
            tops = (shape.tops_below_names if is_named else shape.tops)(len(units), rows)
            columns.append(
                NodeColumn(start, shape.width, units, tops, shape.height, size, before, after)
            )
        return cls(0, tuple(columns), left_names, right_names, shape, above)

    @classmethod
    def of(
        cls,
        sizes: Sequence[int],
        names: tuple[int, int],
        focus: Sequence[int | None],
        width: int,
        height: int,
        order: Sequence[Sequence[int]] | None = None,
    ) -> NetworkLayout | None:
        """Return the layout of nodes of one colour, or None if two columns do not fit.

        Names are dropped before layers.

        Args:
            sizes: units per layer, the inputs first.
            names: width of the longest name of an input, and of an output.
            focus: per layer the unit that must be visible, or None; if not all layers fit, only those
                around the last layer with such a unit are shown.
            width: available columns.
            height: available rows.
            order: units of each layer, the most important first.
        """
        widths = [2, *(len(str(size)) + 2 for size in sizes[1:-1]), 2]
        room = min(LONGEST_NAME, max(0, width // 5))
        left, right = (min(length, room) for length in names)
        if height < 1:
            return None
        first, last = 0, len(sizes)
        while True:
            # each node except the inputs has its bias before it
            left_names = left + 1 if first == 0 and left else 0
            right_names = right + 1 if last == len(sizes) and right else 0
            needed = sum(widths[first:last]) + (last - first - 1) * (LEAST_GAP + 1)
            if needed + left_names + right_names <= width:
                break
            if left or right:
                left = right = 0  # lines are more informative than names
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
            by_rank = range(sizes[layer]) if order is None else order[layer]
            units, rows, tall = _spread(sizes[layer], by_rank, focus[layer], height)
            tops = tuple(2 * (row - tall // 2) for row in rows)
            shown.append(NodeColumn(start, widths[layer], units, tops, 2 * tall, sizes[layer]))
        return cls(first, tuple(shown), left_names, right_names)

    def column(self, layer: int) -> NodeColumn | None:
        """Return the column of a layer, 0 for the inputs, or None if it is not shown."""
        at = layer - self.first
        return self.columns[at] if 0 <= at < len(self.columns) else None

    def node_at(self, row: int, column: int) -> tuple[int, int] | None:
        """Return the layer, 0 for the inputs, and the unit that is drawn in a cell, or None."""
        for layer, nodes in enumerate(self.columns, self.first):
            if not nodes.end <= column < nodes.start:
                continue
            for unit, top in zip(nodes.units, nodes.tops, strict=True):
                if top - 1 <= 2 * row + 1 and 2 * row < top + nodes.height:
                    return layer, unit
        return None

    def is_bias(self, row: int, column: int) -> bool:
        """Return whether a cell shows the bias of a unit."""
        return any(
            column == nodes.end and row in nodes.rows
            for layer, nodes in enumerate(self.columns, self.first)
            if layer > 0
        )

    def edge_near(self, row: int, column: int, shown: Sequence[Edge]) -> Edge | None:
        """Return the edge whose line is nearest to a cell between two columns, or None."""
        found, least = None, 1.0
        for edge in shown:
            source, target = self.column(edge.layer), self.column(edge.layer + 1)
            if source is None or target is None:
                continue
            start, end = source.start, target.end
            if not start <= column < end:
                continue
            if edge.source not in source.units or edge.target not in target.units:
                continue
            share = (column - start + 0.5) / (end - start)
            top, bottom = source.row_of(edge.source), target.row_of(edge.target)
            away = abs(top + share * (bottom - top) - row)
            # of two lines in one cell, the stronger one
            if away < least - 0.25:
                found, least = edge, away
        return found


def _chosen(
    units: int, order: Sequence[int], focus: int | None, shape: NodeShape, height: int
) -> tuple[tuple[int, ...], int]:
    """Return the units whose pictures are shown, and the rows for them."""
    if units <= shape.fitting(height):
        return tuple(range(units)), height
    # the last row gives the number of hidden units
    return _strongest(order, focus, max(1, shape.fitting(height - 1))), height - 1


def _strongest(order: Sequence[int], focus: int | None, most: int) -> tuple[int, ...]:
    """Return the first units of an order, and the one in focus, sorted by their numbers."""
    chosen = list(order[:most])
    if focus is not None and focus not in chosen:
        chosen[-1:] = [focus]
    return tuple(sorted(chosen))


def _spread(
    units: int, order: Sequence[int], focus: int | None, height: int
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return the shown units, their rows and their height."""
    if units <= height:
        tall = 3 if height // units >= TALL_FROM else 1
        return (
            tuple(range(units)),
            tuple((2 * at + 1) * height // (2 * units) for at in range(units)),
            tall,
        )
    # the last row gives the number of hidden units
    rows = height - 1 if height > 2 else height
    return _strongest(order, focus, rows), tuple(range(rows)), 1


def are_few(weights: int, height: int) -> bool:
    """Return whether all weights between two layers can be written: lines must remain visible."""
    return 2 * weights <= height


def map_shapes(
    sizes: Sequence[int], height: int, *, halves: bool
) -> Iterator[tuple[NodeShape, int]]:
    """Yield shapes of maps, from the largest to the smallest, with the columns between layers.

    Args:
        sizes: units per layer, the inputs first.
        height: available rows.
        halves: whether a picture may start in the middle of a row.
    """
    few = all(are_few(one * other, height) for one, other in pairwise(sizes))
    talls = range(LARGEST, SMALLEST - 1, -2)
    for between in (VALUE_GAP, LINE_GAP) if few else (LINE_GAP,):
        # below the smallest pictures, first their distance becomes smaller, then not all are shown
        for tall, gap in [*((tall, 1) for tall in talls), (SMALLEST, 0)]:
            for wide in range(min(LARGEST, 2 * tall), tall - 1, -1):
                shape = NodeShape(wide, tall, gap * halves, aligned=not halves)
                if max(sizes[1:]) <= shape.fitting(height):
                    yield shape, between
    yield from (
        (NodeShape(wide, SMALLEST, int(halves), aligned=not halves), LINE_GAP)
        for wide in range(2 * SMALLEST, SMALLEST - 1, -1)
    )


def distinct_names(names: tuple[str, ...], room: int) -> tuple[str, ...]:
    """Return names without their common first word, if one of them does not fit."""
    if len(names) < 2 or longest(names) <= room:
        return names
    word = names[0].partition(" ")[0] + " "
    if not all(name.startswith(word) and len(name) > len(word) for name in names):
        return names
    return tuple(name.removeprefix(word) for name in names)


def longest(names: tuple[str, ...]) -> int:
    """Return the width of the longest name, at most the largest width shown."""
    # measuring the names of thousands of inputs is unnecessary
    return max((cell_width(name[:LONGEST_NAME]) for name in names[:200]), default=0)
