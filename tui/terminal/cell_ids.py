"""Numbers for cells: each pair of a glyph and a pen has one, so that screens are arrays.

Behind a glyph that is two cells wide stands a cell with an empty one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from unicodedata import combining, normalize

from rich.cells import cell_len, split_graphemes

from tui.terminal.escape_codes import PLAIN, SgrState, parse_sgr

UNKNOWN: Final = -1
"""A cell of which nothing is known."""


class CellIds:
    """Numbers every cell that it meets.

    Attributes:
        to_256: whether colours become entries of the 256-colour palette.
    """

    def __init__(self, *, to_256: bool = False) -> None:
        self.to_256 = to_256
        self.glyphs: list[str] = []
        self.styles: list[SgrState] = []
        self.sizes: list[int] = []
        self.has_wide = False
        self._ids: dict[SgrState, dict[str, int]] = {}
        self._other_ids: dict[SgrState, dict[str, int]] = {}
        self._parsed: dict[str, SgrState] = {}

    def __len__(self) -> int:
        return len(self.glyphs)

    def parse_style(self, parameters: str) -> SgrState:
        """Return the pen that the parameters of `ESC [ ... m` set."""
        pen = self._parsed.get(parameters)
        if pen is None:
            pen = self._parsed[parameters] = parse_sgr(parameters, to_256=self.to_256)
        return pen

    def ids_for(self, text: str, pen: SgrState) -> list[int]:
        """Return the number of each cell that a text takes; nothing but glyphs is left of it."""
        known = self._ids.get(pen)
        if known is None:
            known = self._ids[pen] = {}
        found = [known.get(glyph, UNKNOWN) for glyph in text]
        if UNKNOWN in found:
            return [self.id_for(glyph, pen) for glyph in split_cells(text)]
        return found

    def id_for(self, glyph: str, pen: SgrState) -> int:
        """Return the number of one cell."""
        # a text is looked up a character at a time, so what is more or less than one stands apart
        one = _is_one_cell(glyph)
        known = self._ids.setdefault(pen, {}) if one else self._other_ids.setdefault(pen, {})
        number = known.get(glyph)
        if number is None:
            seen = pen.on_blank() if glyph == " " else pen
            if seen != pen:
                number = self.id_for(glyph, seen)
            else:
                number = len(self.glyphs)
                self.glyphs.append(glyph)
                self.styles.append(pen)
                self.sizes.append(len(glyph.encode()))
                self.has_wide = self.has_wide or not glyph
            known[glyph] = number
        return number

    def is_second_half(self, number: int) -> bool:
        """Tell whether a wide glyph stands in the cell before."""
        return number != UNKNOWN and not self.glyphs[number]

    def blank(self, number: int) -> int:
        """Return the blank that is left of a cell whose glyph was cut in two."""
        return self.id_for(" ", self.styles[number] if number >= 0 else PLAIN)


def split_cells(text: str) -> list[str]:
    """Return a glyph a cell, without anything that is none, as wide as Textual takes the text."""
    if text.isascii() and text.isprintable():
        return list(text)
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        cells += _cluster(text[start:end], width)
    return cells


@lru_cache(4096)
def _cluster(cluster: str, width: int) -> tuple[str, ...]:
    """Return the cells of a letter with what stands on it; of joined ones, the first is shown."""
    composed = normalize("NFC", cluster)
    glyph = composed[:1] + "".join(each for each in composed[1:] if combining(each))
    if width == 0:
        return ()
    if not glyph[:1].isprintable() or cell_len(glyph) > width:
        return ("·",) * width
    if cell_len(glyph) < width:
        return (glyph, " ")
    return (glyph, "") if width == 2 else (glyph,)


@lru_cache(4096)
def _is_one_cell(glyph: str) -> bool:
    return len(glyph) == 1 and glyph.isprintable() and cell_len(glyph) == 1
