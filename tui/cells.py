"""A block of character cells: what a panel draws, before anything of it reaches the terminal.

Panels return one; the canvas compares it with the last. Glyphs are single-width.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from tui.palette import ink, style

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Cells:
    """`height` rows of `width` cells, each a glyph and an ink; filled with blanks at first."""

    def __init__(self, width: int, height: int, paper: int | None = None) -> None:
        self.width, self.height = max(0, width), max(0, height)
        shape = self.height, self.width
        self.glyphs: NDArray[np.str_] = np.full(shape, " ", "<U1")
        self.inks: NDArray[np.int64] = np.full(shape, ink() if paper is None else paper, np.int64)

    def write(self, row: int, column: int, text: str, ink_number: int) -> int:
        """Write text, cut at the block's edges; return the column after it."""
        text = printable(text)
        end = column + len(text)
        if 0 <= row < self.height and column < self.width and end > 0 and text:
            visible = text[max(0, -column) : self.width - column]
            start = max(0, column)
            part = slice(start, start + len(visible))
            self.glyphs[row, part] = list(visible)
            self.inks[row, part] = ink_number
        return end

    def write_right(self, row: int, column: int, text: str, ink_number: int) -> int:
        """Write text that ends before `column`; return the column where it starts."""
        start = column - len(text)
        self.write(row, start, text, ink_number)
        return start

    def place(self, row: int, column: int, block: Cells) -> None:
        """Copy another block in, cut at this one's edges."""
        height = min(block.height, self.height - row)
        width = min(block.width, self.width - column)
        if height > 0 and width > 0:
            target = slice(row, row + height), slice(column, column + width)
            self.glyphs[target] = block.glyphs[:height, :width]
            self.inks[target] = block.inks[:height, :width]

    def changes(self, other: Cells) -> list[tuple[int, int, int]]:
        """Return (row, start, end) for each row that differs, from its first to its last change."""
        differs = (self.glyphs != other.glyphs) | (self.inks != other.inks)
        spans = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            spans.append((row, int(columns[0]), int(columns[-1]) + 1))
        return spans

    def strip(self, row: int) -> Strip:
        """Return one row as Textual takes it, equal neighbours merged."""
        inks = self.inks[row]
        text = "".join(self.glyphs[row].tolist())
        edges = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), self.width]
        segments = [
            Segment(text[start:end], style(int(inks[start])))
            for start, end in pairwise(edges)
            if end > start
        ]
        return Strip(segments, self.width)

    def lines(self) -> list[str]:
        """Return the text alone, a line a row."""
        return ["".join(row) for row in self.glyphs.tolist()]


def printable(text: str) -> str:
    """Return the text with a dot for whatever is no glyph of one cell: that may reach no terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(glyph if glyph.isprintable() and cell_len(glyph) == 1 else "·" for glyph in text)
