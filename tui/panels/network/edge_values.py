"""Values of weights, written on the lines of the network panel where they fit."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from tui.drawing import number_format
from tui.drawing.palette import BRIGHT, TEXT, ink
from tui.panels.network.layout import are_few

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.analysis.edges import Edge
    from tui.drawing.cells import Cells
    from tui.panels.network.layout import NetworkLayout, NodeColumn

WIDTH: Final = 5
"""Columns of a value."""
ROOM: Final = 9
"""Least columns between two layers whose weights are all written: a line must remain visible."""
SHARES: Final = (0.75, 0.62, 0.86, 0.5, 0.38, 0.25, 0.14, 0.69, 0.56, 0.8, 0.44)
"""Possible centres of a value on its line, from its source to its target."""


def write_values(
    cells: Cells,
    layout: NetworkLayout,
    shown: Sequence[Edge],
    own: Collection[int] = (),
    selected: int | None = None,
) -> None:
    """Write the values of all weights between two layers if they are few, or of `own` only.

    Args:
        cells: target of the drawing.
        layout: positions of the nodes.
        shown: edges that are drawn.
        own: parameter indices of the edges of the selected unit.
        selected: parameter index of the selected weight, or None.
    """
    for source, target in zip(layout.columns, layout.columns[1:], strict=False):
        layer = layout.columns.index(target) + layout.first - 1
        between = [
            edge
            for edge in shown
            if edge.layer == layer and edge.source in source.units and edge.target in target.units
        ]
        # positions depend on the edges alone, not on their changing strength
        between.sort(key=lambda edge: edge.index)
        wanted = between
        if target.end - source.start < ROOM or not are_few(source.size * target.size, cells.height):
            wanted = [edge for edge in between if edge.index in own]
            if target.end - source.start < WIDTH + 1:
                continue
            if not are_few(len(wanted), cells.height):
                wanted = [edge for edge in between if edge.index == selected]
        for edge, place in zip(wanted, _places(source, target, wanted, cells.height), strict=True):
            if place is not None:
                # the colours of the lines are too faint for text on a light background
                colour = ink(BRIGHT, bold=True) if edge.index == selected else ink(TEXT)
                cells.write(*place, value_text(edge.weight), colour)


def value_text(weight: float) -> str:
    """Return a weight in at most five characters, if it is below 10 million."""
    if not isfinite(weight):
        return "–".center(WIDTH)
    size = abs(weight)
    if size < 999.5:
        return number_format.signed(weight, 2 if size < 9.995 else 1 if size < 99.95 else 0)
    return ("+" if weight > 0 else "") + f"{number_format.short(weight)}"


def _places(
    source: NodeColumn, target: NodeColumn, edges: Sequence[Edge], height: int
) -> list[tuple[int, int] | None]:
    """Return the row and column of each value, at which it covers the fewest other lines."""
    ends = [(_middle(source, edge.source), _middle(target, edge.target)) for edge in edges]
    span = target.end - source.start
    # the numbers of the units
    taken = {(top // 2, at) for top in target.tops for at in range(target.end - 2, target.left)}
    places: list[tuple[int, int] | None] = []
    for at, (top, bottom) in enumerate(ends):
        best: tuple[int, int, int] | None = None
        for share in SHARES:
            column = source.start + round(share * span) - WIDTH // 2
            column = min(max(column, source.start), target.end - WIDTH - 1)
            share = (column + WIDTH / 2 - source.start) / span
            row = int(top + share * (bottom - top))
            if not 0 <= row < height:
                continue
            if any((row, each) in taken for each in range(column - 1, column + WIDTH + 1)):
                continue
            covered = sum(
                int(above + share * (below - above)) == row
                for other, (above, below) in enumerate(ends)
                if other != at
            )
            if best is None or covered < best[0]:
                best = covered, row, column
        places.append(None if best is None else best[1:])
        if best is not None:
            taken.update((best[1], each) for each in range(best[2], best[2] + WIDTH))
    return places


def _middle(column: NodeColumn, unit: int) -> float:
    """Return the middle of a node in rows."""
    return (column.top_of(unit) + column.height / 2) / 2
