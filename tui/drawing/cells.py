"""Blocks of character cells, independent of the terminal.

Panels return a block, and the canvas compares it with the previous one. A glyph of two cells is followed
by an empty one.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from tui.drawing.cell_text import cut as cut
from tui.drawing.cell_text import printable as printable
from tui.drawing.cell_text import split_cells as split_cells
from tui.drawing.palette import ink
from tui.drawing.rendering import DEFAULT_RENDERER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tui.drawing.rendering import CellRenderer


_BLANK: Final = ord(" ")


class Cells:
    """`height` rows of `width` cells, each with a glyph and an ink; initially blank."""

    def __init__(self, width: int, height: int, paper: int | None = None) -> None:
        self.width, self.height = max(0, width), max(0, height)
        shape = self.height, self.width
        # as numbers, which are filled and compared faster than strings
        codes = np.empty(shape, np.uint32)
        codes.fill(_BLANK)
        self.glyphs: NDArray[np.str_] = codes.view("<U1")
        self.inks: NDArray[np.int64] = np.empty(shape, np.int64)
        self.inks.fill(ink() if paper is None else paper)

    @property
    def codes(self) -> NDArray[np.uint32]:
        """The code points of the glyphs, 0 for an empty one; a view."""
        return self.glyphs.view(np.uint32)

    def copy(self) -> Cells:
        """Return a copy."""
        other = Cells.__new__(Cells)
        other.width, other.height = self.width, self.height
        other.glyphs, other.inks = self.glyphs.copy(), self.inks.copy()
        return other

    def write(self, row: int, column: int, text: str, ink_number: int) -> int:
        """Write text, clipped to the block; return the column after it."""
        glyphs = _glyph_array(text)
        after = column + len(glyphs)
        start, end = max(0, column), min(self.width, after)
        if 0 <= row < self.height and start < end:
            line = self.glyphs[row]
            # half of a wide glyph is replaced: of what was there, and of the text at the edge
            if start and not line[start]:
                line[start - 1] = "…"
            if end < self.width and not line[end]:
                line[end] = "…"
            line[start:end] = glyphs[start - column : end - column]
            if start > column and not line[start]:
                line[start] = "…"
            if end < after and not glyphs[end - column]:
                line[end - 1] = "…"
            self.inks[row, start:end] = ink_number
        return after

    def write_right(self, row: int, column: int, text: str, ink_number: int) -> int:
        """Write text that ends before `column`; return its first column."""
        start = column - cell_width(text)
        self.write(row, start, text, ink_number)
        return start

    def place(self, row: int, column: int, block: Cells) -> None:
        """Copy another block into this one, clipped to its edges."""
        height = min(block.height, self.height - row)
        width = min(block.width, self.width - column)
        if height > 0 and width > 0:
            target = slice(row, row + height), slice(column, column + width)
            self.glyphs[target] = block.glyphs[:height, :width]
            self.inks[target] = block.inks[:height, :width]

    def count_changes(self, other: Cells) -> int:
        """Return the number of cells that differ: all of them if the sizes differ."""
        if self.glyphs.shape != other.glyphs.shape:
            return self.glyphs.size
        return int(np.count_nonzero(self.differs(other)))

    def changes(self, other: Cells) -> list[tuple[int, int, int]]:
        """Return (row, start, end) for each row that differs, from its first to its last change."""
        differs = self.differs(other)
        spans = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            start, end = int(columns[0]), int(columns[-1]) + 1
            # a wide glyph is sent whole
            while start and not (self.glyphs[row, start] and other.glyphs[row, start]):
                start -= 1
            while end < self.width and not (self.glyphs[row, end] and other.glyphs[row, end]):
                end += 1
            spans.append((row, start, end))
        return spans

    def differs(self, other: Cells) -> NDArray[np.bool_]:
        """Return whether each cell differs from that of another block of the same size."""
        differs: NDArray[np.bool_] = (self.codes != other.codes) | (self.inks != other.inks)
        return differs

    def strip(self, row: int, renderer: CellRenderer = DEFAULT_RENDERER) -> Strip:
        """Return one row as a strip of Textual, rendered for a terminal, with equal inks merged."""
        glyphs, inks = self.glyphs[row].tolist(), self.inks[row]
        edges = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), self.width]
        segments = [
            Segment(
                renderer.text(glyphs[start:end], number := int(inks[start])), renderer.style(number)
            )
            for start, end in pairwise(edges)
            if end > start
        ]
        return Strip(segments, self.width)

    def lines(self) -> list[str]:
        """Return the text, one line per row."""
        return ["".join(row) for row in self.glyphs.tolist()]


@lru_cache(4096)
def _glyph_array(text: str) -> NDArray[np.str_]:
    """Return `split_cells` as an array, which is faster to copy than a list."""
    return np.array(split_cells(text), "<U1")


def cell_width(text: str) -> int:
    """Return the width of a text in cells."""
    return len(_glyph_array(text))
