"""Every colour on the screen, and the styles made of them.

Over SSH a terminal usually says that it has 256 colours, so all of these are from that palette: they
look the same with more. The first classes are blue and orange, which colour-blind eyes tell apart;
lightness grows with certainty, so the maps can be read in grey too.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from rich.style import Style

BACKGROUND: Final = "#121212"
DIM: Final = "#767676"
FAINT: Final = "#4e4e4e"
TEXT: Final = "#bcbcbc"
BRIGHT: Final = "#eeeeee"
ACCENT: Final = "#5fd7d7"
WARNING: Final = "#ffaf5f"
ALARM: Final = "#ff5f5f"

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

READER: Final = "#ffffaf"
"""Where a person reads a curve."""

UNCERTAIN: Final = "#303030"

CLASS_FIELDS: Final = (
    ("#5f5f87", "#005f87", "#005faf"),
    ("#875f5f", "#875f00", "#af5f00"),
    ("#5f875f", "#005f5f", "#00875f"),
    ("#875f87", "#87005f", "#af005f"),
    ("#87875f", "#5f5f00", "#878700"),
    ("#5f8787", "#5f87af", "#5fafd7"),
    ("#875f5f", "#5f0000", "#870000"),
    ("#767676", "#949494", "#b2b2b2"),
)
"""Per class the background of a map where it is predicted, from a guess to certainty."""

CLASS_POINTS: Final = (
    "#87d7ff",
    "#ffd787",
    "#87ffaf",
    "#ffafd7",
    "#ffff5f",
    "#d7ffff",
    "#ff8787",
    "#eeeeee",
)
"""Per class the colour of its samples."""

TRAIN_MARKERS: Final = "●▲■◆▼★✚"
TEST_MARKERS: Final = "○△□◇▽☆✛"
# one marker less than colours: the pairs repeat after 56 classes, not after 8
WRONG_TRAIN, WRONG_TEST = "✗", "×"

DIVERGING: Final = (
    "#0087d7",
    "#005faf",
    "#005f87",
    "#5f5f87",
    "#303030",
    "#875f5f",
    "#875f00",
    "#af5f00",
    "#d78700",
)
"""From the most negative to the most positive value."""

SEQUENTIAL: Final = (
    "#1c1c1c",
    "#303030",
    "#5f5f00",
    "#878700",
    "#afaf00",
    "#d7d700",
    "#ffff5f",
    "#ffffd7",
)
"""From zero up."""

_STYLES: list[Style] = []


@cache
def ink(foreground: str = TEXT, background: str = BACKGROUND, *, bold: bool = False) -> int:
    """Return the number of a style: cells hold numbers, which compare faster than styles."""
    _STYLES.append(Style(color=foreground, bgcolor=background, bold=bold or None))
    return len(_STYLES) - 1


def style(number: int) -> Style:
    """Return the style that `ink` gave this number."""
    return _STYLES[number]


@cache
def inks_of_pairs(colours: tuple[str, ...]) -> np.ndarray:
    """Return (colours, colours) ink numbers: a cell's foreground by its background."""
    return np.array([[ink(upper, lower) for lower in colours] for upper in colours])


def indexed(number: int) -> str:
    """Return the colour that plotext calls by its number in the 256-colour palette."""
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return "#" + "".join(f"{steps[part]:02x}" for part in (red, *divmod(rest, 6)))


def legible_on(background: str) -> str:
    """Return black or white, whichever reads better on that background."""
    red, green, blue = (int(background[at : at + 2], 16) for at in (1, 3, 5))
    return "#000000" if 0.3 * red + 0.59 * green + 0.11 * blue > 115 else "#ffffff"
