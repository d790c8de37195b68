"""Every colour on the screen by its role, and the inks made of them.

Panels draw with roles: what colour each is, and what stands for it where there is none, is said in
`tui.drawing.themes` and `tui.drawing.rendering`. So one drawing serves every terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.glyphs import TEST_MARKERS as TEST_MARKERS
from tui.drawing.glyphs import TRAIN_MARKERS as TRAIN_MARKERS
from tui.drawing.themes import CLASSES

if TYPE_CHECKING:
    from rich.style import Style

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
"""Behind what must stand out from a map: black on a dark background."""
SUNK: Final = "sunk"
TINTED: Final = "tinted"
RAISED: Final = "raised"
"""Papers that differ a little from the background, more and more."""

LEGIBLE: Final = "legible"
"""Letters in black or white, whichever reads better on what is behind them."""

MISTAKE: Final = "mistake"
"""Behind the number of a frequent mistake; WARNING is behind that of a more frequent one."""

TRAIN: Final = 252
"""The training curve: light grey, of the 256-colour palette as plotext counts it."""
TEST: Final = 141
"""The test curve: violet, and darker, so that grey tells it too."""

PENALIZED: Final = 179
"""The training loss with its penalty: ochre."""

VALIDATION: Final = 109
"""The validation curve: a quiet blue-green."""

LINEAR: Final = 137
"""What a linear model reaches: brown."""

OLD: Final = 239
"""What a run had trained before it went on from the past: a dim grey."""

READER: Final = "reader"
"""Where a person reads a curve."""

UNCERTAIN: Final = "uncertain"

CLASS_FIELDS: Final = tuple(
    (f"field {label} 0", f"field {label} 1", f"field {label} 2") for label in range(CLASSES)
)
"""Per class the background of a map where it is predicted, from a guess to certainty."""

CLASS_POINTS: Final = tuple(f"point {label}" for label in range(CLASSES))
"""Per class the colour of its samples."""

WRONG_TRAIN, WRONG_TEST = "✗", "×"

DIVERGING: Final = tuple(f"diverging {level}" for level in range(9))
"""From the most negative to the most positive value."""

SEQUENTIAL: Final = tuple(f"sequential {level}" for level in range(8))
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
    """How a glyph is drawn: the roles of its colour and of what is behind it, and its weight."""

    foreground: str
    background: str
    bold: bool


_INKS: list[Ink] = []


@cache
def ink(foreground: str = TEXT, background: str = BACKGROUND, *, bold: bool = False) -> int:
    """Return the number of an ink: cells hold numbers, which compare faster than styles."""
    _INKS.append(Ink(foreground, background, bold))
    return len(_INKS) - 1


def get_ink(number: int) -> Ink:
    """Return the ink that has this number."""
    return _INKS[number]


def style(number: int) -> Style:
    """Return the style of an ink, in colours that are called by their roles."""
    from tui.drawing.rendering import DEFAULT_RENDERER

    return DEFAULT_RENDERER.style(number)


@cache
def inks_of_pairs(colours: tuple[str, ...]) -> np.ndarray:
    """Return (colours, colours) ink numbers: a cell's foreground by its background."""
    return np.array([[ink(upper, lower) for lower in colours] for upper in colours])


def indexed(number: int) -> str:
    """Return the role of the curve, or the colour, that plotext calls by its number."""
    if number in _CURVES:
        return _CURVES[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return "#" + "".join(f"{steps[part]:02x}" for part in (red, *divmod(rest, 6)))
