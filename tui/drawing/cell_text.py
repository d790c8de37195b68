"""Text in terminal cells: glyphs of two cells, accents, and text shortened to a width.

Separate from blocks of cells, which import Textual: listings print text without it.
"""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

from rich.cells import cell_len

COMBINING: Final = "\u0300"
"""Character before which all printable ones are one cell wide."""


def split_cells(text: str) -> list[str]:
    """Return one glyph per cell, with an empty one after each that is two cells wide."""
    if text.isprintable() and (text.isascii() or cell_len(text) == len(text)):
        # one cell each, unless a wide glyph compensates for one of no width
        glyphs = list(text)
        if text.isascii() or all(map(cell_len, glyphs)):
            return glyphs
    cells: list[str] = []
    for each in normalize("NFC", text):
        # control characters must not reach the terminal
        glyph = each if each.isprintable() else "·"
        size = cell_len(glyph)
        if size:  # otherwise an accent without a letter
            cells += [glyph] if size == 1 else [glyph, ""]
    return cells


def cut(text: str, width: int) -> str:
    """Return the text, shortened to `width` cells with "…" if it is longer."""
    if text.isprintable() and text and max(text) < COMBINING and width > 0:
        # the long way takes 25 µs, of which a list of thousands of lines would consist
        return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"
    glyphs = split_cells(text)
    if len(glyphs) <= width:
        return text
    if width <= 0:
        return ""
    # a wide glyph is removed completely
    kept = glyphs[: width - 1] if glyphs[width - 1] else glyphs[: max(0, width - 2)]
    return "".join(kept).rstrip() + "…"


def printable(text: str) -> str:
    """Return the text with a dot for each control character, which must not reach the terminal."""
    return "".join(split_cells(text))
