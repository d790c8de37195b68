"""Steps of a ramp on a terminal of 256 colours: entries of its palette, by computed distance.

Of all sequences of up to four entries that change in lightness in one direction and keep their hue,
dynamic programming finds the one nearest (CIEDE2000, mean square) to the ramp in true colour. Entries
of different classes stay distinguishable.
"""

from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.tui.drawing.colour_difference import VISIONS, ciede2000, lab
from tui.drawing.ramps import oklab, ramp
from tui.drawing.themes import (
    CLASS_RAMPS,
    DIVERGING_RAMPS,
    STEPS,
    UNCERTAIN,
)

MOST: Final = 4
"""Entries besides the neutral one: nine for both directions."""
HUE: Final = 25.0
"""Degrees by which the hue of an entry may differ from that of the ramp."""
GREY: Final = 0.02
"""Chroma below which an entry has no hue; classes may share it, since it says that none is likely."""
LIGHTER: Final = 0.004
"""Smallest difference in lightness of two steps."""
APART: Final = 3.0, 2.0
"""Smallest difference from the steps of other classes, in normal and in any other vision."""

_CUBE: Final = (0, 95, 135, 175, 215, 255)
ENTRIES: Final = [
    *(f"#{red:02x}{green:02x}{blue:02x}" for red in _CUBE for green in _CUBE for blue in _CUBE),
    *(f"#{8 + 10 * step:02x}" + 2 * f"{8 + 10 * step:02x}" for step in range(24)),
]
_OK: Final = np.array([oklab(entry) for entry in ENTRIES])
_CHROMA: Final = np.hypot(_OK[:, 1], _OK[:, 2])
_SEEN: Final = {vision: np.array([lab(entry, vision) for entry in ENTRIES]) for vision in VISIONS}
_APART: Final = {vision: ciede2000(each[:, None], each) for vision, each in _SEEN.items()}
"""Difference of any two entries, per kind of vision."""


def nearest_steps(neutral: str, end: str, others: tuple[str, ...] = ()) -> list[str]:
    """Return the entry for each level of the ramp, the neutral colour first.

    Args:
        neutral: start of the ramp, an entry of the palette.
        end: its other end, likewise.
        others: entries that belong to other ramps.
    """
    ideal = ramp(neutral, end, STEPS)
    chosen = np.flatnonzero(_allowed(neutral, end, others))
    chosen = chosen[np.argsort(_OK[chosen, 0], kind="stable")]
    if oklab(end)[0] < oklab(neutral)[0]:
        chosen = chosen[::-1]
    far = np.array([ciede2000(lab(colour), _SEEN["normal"][chosen]) for colour in ideal]) ** 2
    summed = np.vstack([np.zeros(len(chosen)), far.cumsum(axis=0)])
    names = [ENTRIES[at] for at in chosen.tolist()]
    return _divided(summed, _may_follow(chosen), names.index(neutral), names.index(end), names)


def _allowed(neutral: str, end: str, others: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which entries may be steps."""
    low, high = sorted((oklab(neutral)[0], oklab(end)[0]))
    wanted = oklab(end)
    hue = np.degrees(np.arctan2(_OK[:, 2], _OK[:, 1]) - np.arctan2(wanted[2], wanted[1]))
    fits = (np.abs((hue + 180) % 360 - 180) <= HUE) | (_CHROMA < GREY)
    for vision, apart in _APART.items():
        for other in others:
            least = APART[vision != "normal"]
            fits &= (apart[ENTRIES.index(other)] >= least) | (_CHROMA < GREY)
    fits &= (low <= _OK[:, 0]) & (_OK[:, 0] <= high)
    fits[[ENTRIES.index(neutral), ENTRIES.index(end)]] = True
    # a few greys are in the palette twice
    first = np.array([ENTRIES.index(entry) for entry in ENTRIES]) == np.arange(len(ENTRIES))
    return np.asarray(fits & first)


def _may_follow(chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which entries (columns) may follow which (rows)."""
    away = np.abs(_OK[chosen, 0] - _OK[chosen[0], 0])
    chroma = _CHROMA[chosen]
    return np.asarray((away - away[:, None] > LIGHTER) & (chroma - chroma[:, None] > -GREY / 2))


def _divided(
    summed: NDArray[np.float64],
    may_follow: NDArray[np.bool_],
    first: int,
    last: int,
    names: list[str],
) -> list[str]:
    """Return the cheapest division of the levels among the entries."""
    levels = len(summed) - 1
    least = np.full((MOST + 1, levels + 1, len(names)), np.inf)
    before = np.zeros((*least.shape, 2), np.int64)
    least[0, 1:, first] = summed[1:, first] - summed[0, first]
    for count in range(1, MOST + 1):
        for end in range(count + 1, levels + 1):
            costs = least[count - 1, count:end, :, None] - summed[count:end, None, :]
            costs = np.where(may_follow, costs, np.inf).reshape(-1, len(names))
            best = costs.argmin(axis=0)
            least[count, end] = costs[best, np.arange(len(names))] + summed[end]
            before[count, end] = np.add(np.stack(np.divmod(best, len(names)), axis=1), (count, 0))
    count, end, entry = int(least[:, levels, last].argmin()), levels, last
    found: list[str] = []
    while count >= 0:
        start, previous = before[count, end, entry].tolist() if count else (0, first)
        found = [names[entry]] * (end - start) + found
        count, end, entry = count - 1, start, previous
    return found


def class_steps(palette: str, background: str) -> list[list[str]]:
    """Return the steps of each class, from the certain colours of all of them."""
    certain = [_last(each) for each, _ in CLASS_RAMPS[palette, background]]
    found: list[list[str]] = []
    for end in certain:
        taken = {colour for each in found for colour in each if _chroma(colour) >= GREY}
        others = tuple(sorted((taken | set(certain)) - {end}))
        found.append(nearest_steps(UNCERTAIN[background], end, others))
    return found


def diverging_steps(palette: str, background: str) -> list[list[str]]:
    """Return the steps to the most negative and to the most positive number."""
    ends = DIVERGING_RAMPS[palette, background]
    return [nearest_steps(UNCERTAIN[background], _last(each)) for each in ends]


def _last(line: str) -> str:
    return line.split()[-1].partition("*")[0]


def _chroma(colour: str) -> float:
    return float(np.hypot(*oklab(colour)[1:]))


def table(levels: list[str]) -> str:
    """Return levels as `tui.drawing.themes` writes them."""
    return " ".join(f"{colour}*{len(list(alike))}" for colour, alike in groupby(levels))
