"""Roles of all colours on the screen, and the inks made of them.

Panels draw with roles, so that one drawing serves every terminal. `tui.drawing.themes` defines the
colour of each role, and `tui.drawing.rendering` its glyph on terminals without colours.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from tui.drawing.glyphs import TEST_MARKERS as TEST_MARKERS
from tui.drawing.glyphs import TRAIN_MARKERS as TRAIN_MARKERS
from tui.drawing.themes import CLASSES, SEQUENTIAL_LEVELS
from tui.drawing.themes import STEPS as STEPS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.style import Style

    from core.arrays import Labels

BACKGROUND: Final = "paper"
DIM: Final = "dim"
FAINT: Final = "faint"
TEXT: Final = "text"
BRIGHT: Final = "bright"
ACCENT: Final = "accent"
WARNING: Final = "warning"
ALARM: Final = "alarm"

FRAME: Final = "frame"
FOCUSED_FRAME: Final = "focused frame"

DEEP: Final = "deep"
"""Background of text on a map: black in a dark theme."""
SUNK: Final = "sunk"
TINTED: Final = "tinted"
RAISED: Final = "raised"
"""Backgrounds that differ slightly from the normal one, in increasing order."""

LEGIBLE: Final = "legible"
"""Black or white text, whichever has more contrast on its background."""

MISTAKE: Final = "mistake"
"""Background of the number of a frequent mistake; that of a more frequent one is WARNING."""

TRAIN: Final = 252
"""Training curve: light grey, as an index of the 256-colour palette for plotext."""
TEST: Final = 141
"""Test curve: violet, and darker, so that it differs in greyscale too."""

PENALIZED: Final = 179
"""Training loss with its penalty: ochre."""

VALIDATION: Final = 109
"""Validation curve: blue-green."""

LINEAR: Final = 137
"""Loss of a linear model: brown."""

OLD: Final = 239
"""Curve of the branch that was abandoned when training resumed from an earlier epoch: dim grey."""

TRAIN_FADED: Final = "curve train faded"
TEST_FADED: Final = "curve test faded"
"""Curves of a pinned run, and those that have a smoothed line."""

RUN_CURVES: Final = tuple(f"curve run {number}" for number in range(8))
"""Curves of several runs in one plot; more colours are too similar."""

READER: Final = "reader"
"""Cursor of a curve."""

UNCERTAIN: Final = "uncertain"

CLASS_FIELDS: Final = tuple(
    tuple(f"field {label} {level}" for level in range(STEPS)) for label in range(CLASSES)
)
"""Background of the map per predicted class, from a guess to certainty."""

BOUNDARY: Final = "boundary"
"""Line on the map where the predicted class changes."""

CLASS_POINTS: Final = tuple(f"point {label}" for label in range(CLASSES))
"""Colour of the samples per class."""

WRONG_TRAIN, WRONG_TEST = "✗", "×"

DIVERGING: Final = tuple(f"diverging {level}" for level in range(2 * STEPS + 1))
"""From the most negative to the most positive value."""

GREYS: Final = tuple(f"grey {level}" for level in range(SEQUENTIAL_LEVELS))
"""From black to white, on any background: the pixels of an image."""

SEQUENTIAL: Final = tuple(f"sequential {level}" for level in range(SEQUENTIAL_LEVELS))
"""From zero up."""

_CURVES: Final = {
    TRAIN: "curve train",
    TEST: "curve test",
    PENALIZED: "curve penalized",
    VALIDATION: "curve validation",
    LINEAR: "curve linear",
    OLD: "curve old",
}


@dataclass(frozen=True)
class Ink:
    """Appearance of a glyph: the roles of its foreground and background, and its weight."""

    foreground: str
    background: str
    bold: bool


_INKS: list[Ink] = []


@cache
def ink(foreground: str = TEXT, background: str = BACKGROUND, *, bold: bool = False) -> int:
    """Return the number of an ink: cells store numbers, which compare faster than styles."""
    _INKS.append(Ink(foreground, background, bold))
    return len(_INKS) - 1


def count_inks() -> int:
    """Return the number of inks so far."""
    return len(_INKS)


def get_ink(number: int) -> Ink:
    """Return the ink with this number."""
    return _INKS[number]


def style(number: int) -> Style:
    """Return the style of an ink, with colours named by their roles."""
    from tui.drawing.rendering import DEFAULT_RENDERER

    return DEFAULT_RENDERER.style(number)


def class_point(label: int) -> str:
    """Return the colour of the samples of a class."""
    return CLASS_POINTS[label % len(CLASS_POINTS)]


def class_fields(label: int) -> tuple[str, ...]:
    """Return the backgrounds of the map for a predicted class, from a guess to certainty."""
    return CLASS_FIELDS[label % len(CLASS_FIELDS)]


def train_marker(label: int) -> str:
    """Return the marker of the training samples of a class."""
    return TRAIN_MARKERS[label % len(TRAIN_MARKERS)]


def class_marker(label: int) -> tuple[str, int]:
    """Return the marker of a class and its ink."""
    return train_marker(label), ink(class_point(label))


@cache
def class_markers(classes: int) -> tuple[NDArray[np.str_], Labels]:
    """Return the markers of the first classes and their inks, as arrays."""
    glyphs, inks = zip(*map(class_marker, range(classes)), strict=True)
    return np.array(glyphs), np.array(inks, np.int64)


class InkPairs:
    """Ink numbers by foreground and background; each ink is made when it is first used.

    The maps of many classes have more than a million pairs, of which a picture uses a few hundred.
    """

    def __init__(self, colours: tuple[str, ...]) -> None:
        self._colours = colours
        self._numbers = np.full((len(colours), len(colours)), -1, np.int32)

    def __getitem__(self, pairs: tuple[Labels, Labels]) -> Labels:
        """Return the inks of foregrounds and backgrounds, given by indices into the colours."""
        found = self._numbers[pairs]
        if (found < 0).any():
            for upper, lower in {*zip(*(each[found < 0].tolist() for each in pairs), strict=True)}:
                self._numbers[upper, lower] = ink(self._colours[upper], self._colours[lower])
            found = self._numbers[pairs]
        return found.astype(np.int64)


@cache
def inks_of_pairs(colours: tuple[str, ...]) -> InkPairs:
    """Return the inks with these foregrounds and backgrounds."""
    return InkPairs(colours)


def sample_of(colours: tuple[str, ...], count: int) -> list[str]:
    """Return at most `count` colours of a scale, evenly spaced, for its legend."""
    if len(colours) <= count:
        return list(colours)
    last = len(colours) - 1
    return [colours[round(last * at / max(1, count - 1))] for at in range(count)]


def indexed(number: int) -> str:
    """Return the role of a curve, or a colour, given its number in plotext."""
    if number in _CURVES:
        return _CURVES[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return "#" + "".join(f"{steps[part]:02x}" for part in (red, *divmod(rest, 6)))
