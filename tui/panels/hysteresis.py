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


def keep_similar(cells: Cells, shown: Cells) -> None:
    """Replace the cells that are nearly those of the last drawing by them, within the slack."""
    at = np.nonzero(cells.differs(shown))
    codes, before = cells.codes[at], shown.codes[at]
    inks, inks_before = cells.inks[at], shown.inks[at]
    levels = _LEVELS.of_all()
    here, there = levels[inks], levels[inks_before]
    upper, lower = map(_distance, _pixels(codes, here), _pixels(before, there))
    are_pixels = _are_pixels(codes) & _are_pixels(before)
    stays = are_pixels & (np.maximum(upper, lower) <= PIXEL_SLACK)
    paper = _distance(here[:, 1], there[:, 1])
    same_glyph = (codes == before) & (here[:, 0] == there[:, 0]).all(axis=1)
    stays |= ~are_pixels & same_glyph & (paper <= PAPER_SLACK)
    held = at[0][stays], at[1][stays]
    cells.codes[held], cells.inks[held] = before[stays], inks_before[stays]


def _are_pixels(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((codes == _UPPER) | (codes == _LOWER) | (codes == _BLANK))


def _pixels(codes: NDArray[np.uint32], levels: Labels) -> tuple[Labels, Labels]:
    """Return the places of the upper and the lower half of each cell."""
    glyph, paper = levels[:, 0], levels[:, 1]
    upper, lower = (codes == half for half in (_UPPER, _LOWER))
    return np.where(upper[:, None], glyph, paper), np.where(lower[:, None], glyph, paper)


def _distance(one: Labels, other: Labels) -> Labels:
    """Return the number of levels between colours: on different scales, on the way over their start."""
    same = one[:, 0] == other[:, 0]
    found: Labels = np.where(same, np.abs(one[:, 1] - other[:, 1]), one[:, 1] + other[:, 1])
    return found


class _InkLevels:
    """Scale and level of the foreground and of the background of each ink."""

    def __init__(self) -> None:
        self._scales: dict[tuple[str, bool], int] = {}
        self._known: Labels = np.empty((0, 2, 2), np.int64)

    def of_all(self) -> Labels:
        """Return (inks, 2, 2): for both colours of an ink the number of its scale, and the level."""
        missing = range(len(self._known), count_inks())
        if missing:
            each = [get_ink(number) for number in missing]
            new = [
                (self._place(it.foreground, bold=it.bold), self._place(it.background))
                for it in each
            ]
            self._known = np.concatenate([self._known, np.array(new)])
        return self._known

    def _place(self, role: str, *, bold: bool = False) -> tuple[int, int]:
        scale, level = _place_of(role)
        return self._scales.setdefault((scale, bold), len(self._scales)), level


_LEVELS: Final = _InkLevels()


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
