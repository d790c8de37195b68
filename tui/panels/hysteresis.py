"""Hysteresis of colours: cells that hardly change stay as they are while the network learns.

Batches move values across the edge of a level and back. Each time that would be a cell to send, over SSH
some ten bytes, and a flicker without meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.palette import STEPS, UNCERTAIN, count_inks, get_ink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Labels
    from tui.drawing.cells import Cells

PIXEL_SLACK: Final = 1
"""Levels by which a pixel may differ from its exact colour; such colours hardly do."""
PAPER_SLACK: Final = 2
"""Levels by which the background of a glyph may, of which less is visible."""

_UPPER, _LOWER, _BLANK = ord("▀"), ord("▄"), ord(" ")
_FAR: Final = 1000
"""Level of colours that are alike only if they are the same, or on the same scale."""
_LEVEL: Final = (1 << 16) - 1
"""Bits of a colour's number for its level; the number of its scale is in those above them."""


def keep_similar(cells: Cells, shown: Cells) -> None:
    """Replace the cells that are nearly those of the last drawing by them, within the slack."""
    at = np.nonzero(cells.differs(shown))
    codes, before = cells.codes[at], shown.codes[at]
    inks, inks_before = cells.inks[at], shown.inks[at]
    glyphs, papers = _COLOURS.of_all()
    glyph, glyph_before, paper, paper_before = (
        *(glyphs[inks], glyphs[inks_before]),
        *(papers[inks], papers[inks_before]),
    )
    # both halves of a cell; behind any other glyph they are the same
    here, there = np.where(
        [[codes == _UPPER, codes == _LOWER], [before == _UPPER, before == _LOWER]],
        [[glyph], [glyph_before]],
        [[paper], [paper_before]],
    )
    apart = _distance(here, there).max(axis=0)
    same_glyph = (codes == before) & (glyph == glyph_before)
    slack = np.where(
        _are_pixels(codes) & _are_pixels(before),
        PIXEL_SLACK,
        np.where(same_glyph, PAPER_SLACK, -1),
    )
    stays = apart <= slack
    held = at[0][stays], at[1][stays]
    cells.codes[held], cells.inks[held] = before[stays], inks_before[stays]


def _are_pixels(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((codes == _UPPER) | (codes == _LOWER) | (codes == _BLANK))


def _distance(one: Labels, other: Labels) -> Labels:
    """Return the number of levels between colours: on different scales, on the way over their start."""
    first, second = one & _LEVEL, other & _LEVEL
    same = (one ^ other) <= _LEVEL
    return np.asarray(np.where(same, np.abs(first - second), first + second))


class _InkColours:
    """Numbers of the foreground and the background of each ink: the scale and the level of a colour."""

    def __init__(self) -> None:
        self._scales: dict[tuple[str, bool], int] = {}
        self._glyphs: Labels = np.empty(0, np.int64)
        self._papers = self._glyphs

    def of_all(self) -> tuple[Labels, Labels]:
        """Return the colours of the glyphs of all inks, and those behind them."""
        missing = [get_ink(number) for number in range(len(self._glyphs), count_inks())]
        if missing:
            glyphs = [self._number(each.foreground, bold=each.bold) for each in missing]
            papers = [self._number(each.background) for each in missing]
            self._glyphs = np.concatenate([self._glyphs, np.array(glyphs)])
            self._papers = np.concatenate([self._papers, np.array(papers)])
        return self._glyphs, self._papers

    def _number(self, role: str, *, bold: bool = False) -> int:
        scale, level = _place_of(role)
        return self._scales.setdefault((scale, bold), len(self._scales)) * (_LEVEL + 1) + level


_COLOURS: Final = _InkColours()


def _place_of(role: str) -> tuple[str, int]:
    """Return the scale of a colour, and its level; classes and signs begin at the neutral colour."""
    kind, _, rest = role.partition(" ")
    match kind:
        case "field":
            label, level = rest.split()
            return f"field {label}", 1 + int(level)
        case "diverging":
            number = int(rest) - STEPS
            return f"diverging {number > 0}", abs(number)
        case "sequential" | "grey":
            return kind, _FAR + int(rest)
    return role, 0 if role == UNCERTAIN else _FAR
