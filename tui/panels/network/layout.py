"""Layout of the network panel: a column per layer, with the units that fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.drawing.cells import cell_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.analysis.edges import Edge

LEAST_GAP: Final = 4
"""Least columns between nodes."""
LONGEST_NAME: Final = 18
TALL_FROM: Final = 5
"""Rows per node from which it is three rows tall."""


@dataclass(frozen=True)
class NodeColumn:
    """Shown nodes of one layer.

    Attributes:
        left: first column of the nodes, without bias and name.
        width: width of a node.
        units: shown units.
        rows: middle row of each.
        tall: height of a node in rows.
        size: number of units of the layer.
    """

    left: int
    width: int
    units: range
    rows: tuple[int, ...]
    tall: int
    size: int

    def row_of(self, unit: int) -> int:
        """Return the row of a shown unit."""
        return self.rows[unit - self.units.start]


@dataclass(frozen=True)
class NetworkLayout:
    """Positions of the nodes.

    Attributes:
        first: layer in the first column; 0 is the input layer.
        columns: shown layers.
        left_names, right_names: columns for the names of the inputs and of the outputs.
    """

    first: int
    columns: tuple[NodeColumn, ...]
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
    ) -> NetworkLayout | None:
        """Return the layout, or None if two columns do not fit.

        Names are dropped before layers.

        Args:
            sizes: units per layer, the inputs first.
            names: width of the longest name of an input, and of an output.
            focus: per layer the unit that must be visible, or None; if not all layers fit, only those
                around the last layer with such a unit are shown.
            width: available columns.
            height: available rows.
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
            units, rows, tall = _spread(sizes[layer], focus[layer], height)
            shown.append(NodeColumn(start, widths[layer], units, rows, tall, sizes[layer]))
        return cls(first, tuple(shown), left_names, right_names)

    def column(self, layer: int) -> NodeColumn | None:
        """Return the column of a layer, 0 for the inputs, or None if it is not shown."""
        at = layer - self.first
        return self.columns[at] if 0 <= at < len(self.columns) else None

    def node_at(self, row: int, column: int) -> tuple[int, int] | None:
        """Return the layer, 0 for the inputs, and the unit that is drawn in a cell, or None."""
        for layer, nodes in enumerate(self.columns, self.first):
            for unit, middle in zip(nodes.units, nodes.rows, strict=True):
                across = nodes.left - 1 <= column < nodes.left + nodes.width
                if across and abs(row - middle) <= nodes.tall // 2:
                    return layer, unit
        return None

    def is_bias(self, row: int, column: int) -> bool:
        """Return whether a cell shows the bias of a unit."""
        return any(
            column == nodes.left - 1 and row in nodes.rows
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
            start, end = source.left + source.width, target.left - 1
            if not start <= column < end:
                continue
            share = (column - start + 0.5) / (end - start)
            top, bottom = source.row_of(edge.source), target.row_of(edge.target)
            away = abs(top + share * (bottom - top) - row)
            # of two lines in one cell, the stronger one
            if away < least - 0.25:
                found, least = edge, away
        return found


def _spread(units: int, focus: int | None, height: int) -> tuple[range, tuple[int, ...], int]:
    """Return the shown units, their rows and their height."""
    if units <= height:
        tall = 3 if height // units >= TALL_FROM else 1
        return (
            range(units),
            tuple((2 * at + 1) * height // (2 * units) for at in range(units)),
            tall,
        )
    # a line above and below gives the number of hidden units
    least = max(1, height - 2) if height > 2 else height
    first = min(max(0, (focus or 0) - least // 2), units - least)
    last, top = first + least, 1 if height > 2 else 0
    if first <= 1 and height > 2:
        first, top, last = 0, 0, height - 1
    elif last >= units - 1 and height > 2:
        first, last = units - height + 1, units
    return range(first, last), tuple(range(top, top + last - first)), 1


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
