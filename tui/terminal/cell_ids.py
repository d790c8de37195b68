"""Ids of cells: each pair of a glyph and a style has one, so that screens are integer arrays.

A glyph that is two cells wide is followed by a cell with an empty glyph.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from unicodedata import combining, normalize

from rich.cells import cell_len, split_graphemes

from tui.terminal.escape_codes import PLAIN, SgrState, parse_sgr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNKNOWN: Final = -1
"""Id of a cell with unknown content."""
PLAIN_ID: Final = 0
"""Id of the style after a reset."""
MOST_CHANGES: Final = 20_000
"""Largest number of changes between two styles that are remembered, a few megabytes.

The pairs of the thousands of styles of a smooth map would be far more.
"""


class CellIds:
    """Table of cells, which assigns an id to each new pair of glyph and style.

    Attributes:
        to_256: whether colours are converted to the 256-colour palette.
        glyphs: glyph of each cell.
        styles: style of each cell.
        sizes: number of bytes of each glyph.
        style_ids: number of each cell's style; styles are compared often.
        has_wide: whether any glyph is two cells wide.
    """

    def __init__(self, *, to_256: bool = False) -> None:
        self.to_256 = to_256
        self.glyphs: list[str] = []
        self.styles: list[SgrState] = []
        self.sizes: list[int] = []
        self.style_ids: list[int] = []
        self.has_wide = False
        self._ids: dict[SgrState, dict[str, int]] = {}
        self._other_ids: dict[SgrState, dict[str, int]] = {}
        self._parsed: dict[str, SgrState] = {}
        self._ids_of_keys: dict[int, int] = {}
        self._different: list[SgrState] = [PLAIN]
        self._style_ids = {PLAIN: PLAIN_ID}
        self._changes: dict[tuple[int, int, bool], tuple[str, int]] = {}

    def __len__(self) -> int:
        return len(self.glyphs)

    def parse_style(self, parameters: str) -> SgrState:
        """Return the style that the parameters of `ESC [ ... m` set."""
        style = self._parsed.get(parameters)
        if style is None:
            style = self._parsed[parameters] = parse_sgr(parameters, to_256=self.to_256)
        return style

    def ids_for(self, text: str, style: SgrState) -> list[int]:
        """Return the id of each cell of a text; other characters are removed or replaced."""
        known = self._ids.get(style)
        if known is None:
            known = self._ids[style] = {}
        found = [known.get(glyph, UNKNOWN) for glyph in text]
        if UNKNOWN in found:
            return [self.id_for(glyph, style) for glyph in split_cells(text)]
        return found

    def ids_of_keys(self, keys: Sequence[int], cell: Callable[[int], tuple[str, str]]) -> list[int]:
        """Return the ids of cells, given a number for each; `cell` returns its glyph and its style."""
        known = self._ids_of_keys
        for key in {*keys}.difference(known):
            glyph, parameters = cell(key)
            style = self.parse_style(parameters)
            # one cell, or the first of two; the second has no glyph
            known[key] = self.id_for((split_cells(glyph) or ["·"])[0] if glyph else "", style)
        return [known[key] for key in keys]

    def id_for(self, glyph: str, style: SgrState) -> int:
        """Return the id of one cell."""
        # texts are looked up by character, so longer glyphs and empty ones have another table
        one = _is_one_cell(glyph)
        known = self._ids.setdefault(style, {}) if one else self._other_ids.setdefault(style, {})
        number = known.get(glyph)
        if number is None:
            seen = style.on_blank() if glyph == " " else style
            if seen != style:
                number = self.id_for(glyph, seen)
            else:
                number = len(self.glyphs)
                self.glyphs.append(glyph)
                self.styles.append(style)
                self.sizes.append(len(glyph.encode()))
                self.style_ids.append(self._style_id(style))
                self.has_wide = self.has_wide or not glyph
            known[glyph] = number
        return number

    def change(self, start: int, wanted: int, *, blank: bool) -> tuple[str, int]:
        """Return the sequence from one style id to another, and the id of the terminal's style after it.

        A blank needs only the visible part of the style.
        """
        key = start, wanted, blank
        change = self._changes.get(key)
        if change is None:
            if len(self._changes) >= MOST_CHANGES:
                self._changes.clear()
            before, style = self._different[start], self._different[wanted]
            after = self._style_id(before.after_blank(style)) if blank else wanted
            change = self._changes[key] = before.change(style, blank=blank), after
        return change

    def _style_id(self, style: SgrState) -> int:
        number = self._style_ids.get(style)
        if number is None:
            number = self._style_ids[style] = len(self._different)
            self._different.append(style)
        return number

    def is_second_half(self, number: int) -> bool:
        """Return whether the cell is the second half of a wide glyph."""
        return number != UNKNOWN and not self.glyphs[number]

    def blank(self, number: int) -> int:
        """Return the id of the blank that replaces half of a wide glyph."""
        return self.id_for(" ", self.styles[number] if number >= 0 else PLAIN)


def split_cells(text: str) -> list[str]:
    """Return one glyph per cell, with the width that Textual assumes, without other characters."""
    if text.isascii() and text.isprintable():
        return list(text)
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        cells += _cluster(text[start:end], width)
    return cells


@lru_cache(4096)
def _cluster(cluster: str, width: int) -> tuple[str, ...]:
    """Return the cells of a grapheme cluster: a letter with accents, or the first of joined emoji."""
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
