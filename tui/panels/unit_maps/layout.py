"""Layout of the maps panel: the largest pictures with which all units fit."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_WIDTH, LEAST_HEIGHT = 8, 4
"""Size of the smallest picture in cells."""


@dataclass(frozen=True)
class MapsLayout:
    """Positions of the pictures.

    Attributes:
        width, height: size of a picture in cells, without the label above it.
        across: pictures per row.
        down: rows that fit.
        rows: layer and units of each row; the last layer is the output layer.
    """

    width: int
    height: int
    across: int
    down: int
    rows: tuple[tuple[int, range], ...]

    @classmethod
    def of(cls, hidden: tuple[int, ...], outputs: int, width: int, height: int) -> MapsLayout:
        """Return the layout with the largest pictures that shows all units, or else the smallest.

        Args:
            hidden: units of each hidden layer.
            outputs: pictures of the outputs, shown if they fit too.
            width: available columns.
            height: available rows.
        """
        for layers in ((*hidden, outputs), hidden):
            best: MapsLayout | None = None
            for across in range(1, max(1, (width + 1) // (LEAST_WIDTH + 1)) + 1):
                rows = _rows(layers, across)
                wide, high = (width + 1) // across - 1, height // len(rows) - 1
                # pictures are roughly square; a cell is twice as high as wide
                wide, high = min(wide, 3 * high), min(high, 3 * wide // 4)
                if wide < LEAST_WIDTH or high < LEAST_HEIGHT:
                    continue
                if best is None or wide * high > best.width * best.height:
                    best = cls(wide, high, across, len(rows), rows)
            if best is not None:
                return best
        across = max(1, (width + 1) // (LEAST_WIDTH + 1))
        down = max(1, height // (LEAST_HEIGHT + 1))
        wide, high = max(1, (width + 1) // across - 1), max(1, height // down - 1)
        wide, high = min(wide, 3 * high), min(high, max(1, 3 * wide // 4))
        return cls(wide, high, across, down, _rows(hidden, across))

    def unit_at(self, row: int, column: int, first: int) -> tuple[int, int] | None:
        """Return the layer and the unit whose picture or label is in a cell, or None.

        Args:
            row: row of the cell.
            column: column of the cell.
            first: first visible row of pictures.
        """
        down, across = first + row // (self.height + 1), column // (self.width + 1)
        if not 0 <= down < len(self.rows) or not 0 <= across < len(self.rows[down][1]):
            return None
        layer, units = self.rows[down]
        return layer, units[across]


def _rows(layers: tuple[int, ...], across: int) -> tuple[tuple[int, range], ...]:
    """Return the rows of pictures; each layer starts a new row."""
    return tuple(
        (layer, range(first, min(units, first + across)))
        for layer, units in enumerate(layers)
        for first in range(0, units, across)
    )
