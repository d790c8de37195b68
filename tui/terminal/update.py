"""A piece of the screen on its way to the terminal: the moves, styles and glyphs of some cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tui.terminal.cell_ids import UNKNOWN
from tui.terminal.cursor_moves import move
from tui.terminal.escape_codes import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from tui.terminal.cell_ids import CellIds

Span: TypeAlias = tuple[int, list[int]]
"""A row, and those of its columns that are sent, from left to right."""


class Update:
    """Written cell by cell, until a number of bytes is reached.

    Attributes:
        sent: the (row, column)s that were written.
        at: where the terminal's cursor is then, if that is known.
        size: bytes so far.
    """

    def __init__(self, table: CellIds, wanted: NDArray[np.int32]) -> None:
        self.sent: list[tuple[int, int]] = []
        self.at: tuple[int, int] | None = None
        self.size = 0
        self._table = table
        self._wanted = wanted
        self._pen = PLAIN
        self._output: list[str] = []

    def add(self, stretches: Iterable[Span], limit: int) -> bool:
        """Write cells until all are written, or the piece has `limit` bytes; tell whether all are.

        The first is written in any case.
        """
        return all(self._add(row, columns, limit) for row, columns in stretches)

    def text(self) -> str:
        """Return what is sent; it leaves the style as it was before."""
        if self._pen != PLAIN:
            self._write("\x1b[m", 3)
            self._pen = PLAIN
        return "".join(self._output)

    def _add(self, row: int, columns: list[int], limit: int) -> bool:
        table, wanted = self._table, self._wanted[row].tolist()
        for column in columns:
            if self.size >= limit and self.sent:
                return False
            number = wanted[column]
            glyph, pen = table.glyphs[number], table.pens[number]
            if not glyph:
                continue  # it went with the half before
            self.sent.append((row, column))
            if (row, column) != self.at:
                way = self._way(row, column, wanted)
                self._write(way, len(way.encode()))
            if pen != self._pen:
                blank = glyph == " "
                change = self._pen.change(pen, blank=blank)
                self._write(change, len(change))
                self._pen = self._pen.after_blank(pen) if blank else pen
            self._write(glyph, table.sizes[number])
            after = column + 1
            # terminals differ in where the cursor is after the last column, and in what is wide
            self.at = (row, after) if after < len(wanted) and len(glyph) == 1 else None
            if after < len(wanted) and table.is_second_half(wanted[after]):
                self.sent.append((row, after))
                self.at = None
        return True

    def _write(self, text: str, size: int) -> None:
        self._output.append(text)
        self.size += size

    def _way(self, row: int, column: int, wanted: list[int]) -> str:
        """Return the shortest way: over cells that look the same anyway, or by a move."""
        if self.at is not None and self.at[0] == row and 0 < column - self.at[1] <= 4:
            between = wanted[self.at[1] : column]
            if all(self._fits(number) for number in between):
                again = "".join(self._table.glyphs[number] for number in between)
                if sum(self._table.sizes[number] for number in between) <= 4:
                    return again
        return move(self.at, row, column)

    def _fits(self, number: int) -> bool:
        """Tell whether the cell can be written with the pen as it is."""
        if number == UNKNOWN or len(self._table.glyphs[number]) != 1:
            return False
        pen = self._table.pens[number]
        if self._table.glyphs[number] == " ":
            return not self._pen.attributes and pen == self._pen.on_blank()
        return pen == self._pen
