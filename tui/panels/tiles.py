"""Places of small pictures in a panel, all of the same size, each with a label below it."""

from __future__ import annotations

from typing import Final

from core.dataclass import dataclass

LABEL: Final = 5
"""Columns of a score, the narrowest label."""
WORDS: Final = 20
"""Columns of a label in words."""
HIGHEST: Final = 10
"""Rows of a picture in a strip of many, at most."""
DETAILED: Final = 34, 9
"""Columns and rows from which a map has axes and samples."""
WIDEST: Final = 3
"""Columns of a picture per row, at most: a cell is about twice as high as wide."""


@dataclass(frozen=True)
class Tiles:
    """Places of small pictures, all of the same size.

    Attributes:
        columns, rows: size of a picture in cells.
        across, down: number of pictures in a row and in a column.
        label_rows: rows of the label below a picture.
    """

    columns: int
    rows: int
    across: int
    down: int
    label_rows: int = 1

    @classmethod
    def fitting(
        cls,
        count: int,
        width: int,
        height: int,
        *,
        has_maps: bool,
        label_rows: int = 1,
        highest: int = HIGHEST,
    ) -> Tiles:
        """Return the largest tiles with which all pictures fit, otherwise the smallest.

        Args:
            count: number of pictures.
            width: columns of the panel.
            height: rows of the panel.
            has_maps: whether there are pictures besides the labels.
            label_rows: rows of a label.
            highest: rows of a picture, at most.
        """
        if not has_maps:
            for columns in (WORDS, LABEL):
                across, down = max(1, (width - 1) // (columns + 1)), max(1, height // label_rows)
                tiles = cls(columns, 0, across, down, label_rows)
                if tiles.capacity >= count:
                    return tiles
            return tiles
        found: list[Tiles] = []
        for down in range(1, height // (1 + label_rows) + 1):
            across = -(-count // down)
            columns, rows = (width - 1) // across - 1, height // down - label_rows
            rows = min(rows, columns // 2, highest)
            if columns >= LABEL and rows >= 1:
                columns = max(LABEL, min(columns, WIDEST * rows))
                found.append(cls(columns, rows, across, down, label_rows))
        if found:
            return max(found, key=lambda each: each.columns * each.rows)
        if label_rows > 1:
            return cls.fitting(count, width, height, has_maps=True, highest=highest)
        smallest = cls(LABEL, 1, max(1, (width - 1) // (LABEL + 1)), max(1, height // 2))
        return smallest if height >= 2 else cls(LABEL, 0, smallest.across, 1)

    @property
    def capacity(self) -> int:
        """Number of tiles that fit."""
        return self.across * self.down

    def place(self, at: int) -> tuple[int, int]:
        """Return row and column of the upper left cell of a tile."""
        down, across = divmod(at, self.across)
        return down * (self.rows + self.label_rows), 1 + across * (self.columns + 1)

    def at(self, row: int, column: int) -> int | None:
        """Return the number of the tile at a cell."""
        across = (column - 1) // (self.columns + 1)
        if not 0 <= across < self.across:
            return None
        return row // (self.rows + self.label_rows) * self.across + across

    def first_shown(self, selected: int, count: int) -> int:
        """Return the number of the first picture, so that the selected one is among those that fit."""
        if count <= self.capacity:
            return 0
        if self.down == 1:
            return min(selected // self.across * self.across, count - self.across)
        # whole rows
        return max(0, selected // self.across - self.down + 1) * self.across
