"""What each colour of the palette is, in two palettes, on a dark and on a light background.

All are from the 256-colour palette, so they look the same with more, and cost few bytes over SSH.
Both palettes are safe for colour-blind eyes: one sets blue against orange, the other, after
matplotlib's viridis, violet against yellow, which differ in lightness too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

DEPTHS: Final = ("truecolor", "256", "16", "none")
PALETTES: Final = ("blue-orange", "viridis")
BACKGROUNDS: Final = ("dark", "light")
CLASSES: Final = 104
"""Classes that have a role of their own; from there on they repeat."""

TEXT_CONTRAST: Final = 4.5
MARK_CONTRAST: Final = 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11: what text, and what a mark, needs at least."""

TEXTS: Final = frozenset({"dim", "text", "bright", "accent", "warning", "alarm"})
"""Roles of letters, unlike those of frames, grids and separators, which need no contrast."""

QUIET: Final = frozenset({"paper", "raised"})
"""Lines behind the samples, such as the bent grid of the hidden space, that are to stand back."""

Fields: TypeAlias = "tuple[tuple[str, str, str], ...]"


@dataclass(frozen=True)
class Theme:
    """A colour for each role.

    Attributes:
        palette: one of `PALETTES`.
        dark: whether letters are light.
        colours: `#rrggbb` by role; see `tui.palette` for the roles.
    """

    palette: str
    dark: bool
    colours: dict[str, str]

    def colour(self, role: str) -> str:
        """Return the colour of a role; a colour stays what it is."""
        return self.colours.get(role, role)

    def pair(self, foreground: str, background: str) -> tuple[str, str]:
        """Return the colours of a glyph and of what is behind it, which it stands out from."""
        paper = self.colour(background)
        if foreground == "legible":
            return legible_on(paper), paper
        colour = self.colour(foreground)
        if is_picture(background) and not is_picture(foreground) and foreground not in QUIET:
            least = MARK_CONTRAST if foreground.startswith("point") else TEXT_CONTRAST
            if contrast(colour, paper) < least:
                colour = legible_on(paper)
        elif foreground in TEXTS and contrast(colour, paper) < TEXT_CONTRAST:
            text = self.colour("text")
            colour = text if contrast(text, paper) >= TEXT_CONTRAST else legible_on(paper)
        return colour, paper


def is_picture(role: str) -> bool:
    """Tell whether a role is part of a picture, and means a class or a number."""
    return role.startswith(("field", "diverging", "sequential", "uncertain"))


@cache
def theme(palette: str = "blue-orange", background: str = "dark") -> Theme:
    """Return one of the four."""
    dark = background == "dark"
    words = _DARK if dark else _LIGHT
    pictures = _PICTURES[palette, background]
    colours = dict(words)
    for label in range(CLASSES):
        at = label % len(pictures.points)
        colours[f"point {label}"] = pictures.points[at]
        for level, colour in enumerate(pictures.fields[at]):
            colours[f"field {label} {level}"] = colour
    colours |= {f"diverging {level}": each for level, each in enumerate(pictures.diverging)}
    colours |= {f"sequential {level}": each for level, each in enumerate(pictures.sequential)}
    return Theme(palette, dark, colours)


@cache
def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def legible_on(paper: str) -> str:
    """Return black or white, whichever stands out more; it is never less than 4.5."""
    return max("#000000", "#ffffff", key=lambda letters: contrast(letters, paper))


_DARK: Final = {
    "paper": "#121212",
    "deep": "#000000",
    "sunk": "#1c1c1c",
    "tinted": "#262626",
    "raised": "#303030",
    "uncertain": "#303030",
    "faint": "#4e4e4e",
    "frame": "#4e4e4e",
    "focused frame": "#bcbcbc",
    "dim": "#8a8a8a",
    "text": "#bcbcbc",
    "bright": "#eeeeee",
    "accent": "#5fd7d7",
    "warning": "#ffaf5f",
    "alarm": "#ff5f5f",
    "reader": "#ffffaf",
    "mistake": "#af875f",
    "curve train": "#d0d0d0",
    "curve test": "#af87ff",
    "curve penalized": "#d7af5f",
    "curve validation": "#87afaf",
    "curve linear": "#af875f",
    "curve old": "#4e4e4e",
}
_LIGHT: Final = {
    "paper": "#eeeeee",
    "deep": "#ffffff",
    "sunk": "#e4e4e4",
    "tinted": "#dadada",
    "raised": "#d0d0d0",
    "uncertain": "#e4e4e4",
    "faint": "#b2b2b2",
    "frame": "#b2b2b2",
    "focused frame": "#303030",
    "dim": "#5f5f5f",
    "text": "#303030",
    "bright": "#000000",
    "accent": "#005f87",
    "warning": "#875f00",
    "alarm": "#af0000",
    "reader": "#5f5f00",
    "mistake": "#af875f",
    "curve train": "#303030",
    "curve test": "#5f00af",
    "curve penalized": "#875f00",
    "curve validation": "#005f5f",
    "curve linear": "#875f5f",
    "curve old": "#bcbcbc",
}


@dataclass(frozen=True)
class _Pictures:
    """The colours of maps and samples.

    Attributes:
        fields: per class the background of a map where it is predicted, from a guess to certainty.
        points: per class the colour of its samples.
        diverging: from the most negative to the most positive value.
        sequential: from zero up.
    """

    fields: Fields
    points: tuple[str, ...]
    diverging: tuple[str, ...]
    sequential: tuple[str, ...]


_BLUE: Final = ("#5f5f87", "#005f87", "#005faf")
_ORANGE: Final = ("#875f5f", "#875f00", "#af5f00")
_OTHERS: Final = (
    ("#875f87", "#87005f", "#af005f"),
    ("#87875f", "#5f5f00", "#878700"),
    ("#5f8787", "#5f87af", "#5fafd7"),
    ("#875f5f", "#5f0000", "#870000"),
    ("#767676", "#949494", "#b2b2b2"),
)
_GREEN: Final = ("#5f875f", "#005f5f", "#00875f")
_OTHER_POINTS: Final = ("#ffafd7", "#ffff5f", "#d7ffff", "#ff8787", "#eeeeee")

_PALE_BLUE: Final = ("#d7d7ff", "#afd7ff", "#87afff")
_PALE_ORANGE: Final = ("#ffd7af", "#ffd787", "#ffaf5f")
_PALE_GREEN: Final = ("#d7ffd7", "#afffd7", "#5fd7af")
_PALE_OTHERS: Final = (
    ("#ffd7ff", "#ffafd7", "#ff87af"),
    ("#ffffd7", "#ffffaf", "#d7d75f"),
    ("#d7ffff", "#afffff", "#5fd7d7"),
    ("#ffd7d7", "#ffafaf", "#ff8787"),
    ("#d0d0d0", "#bcbcbc", "#a8a8a8"),
)
_PALE_OTHER_POINTS: Final = ("#87005f", "#5f5f00", "#005f5f", "#870000", "#303030")

_PICTURES: Final = {
    ("blue-orange", "dark"): _Pictures(
        (_BLUE, _ORANGE, _GREEN, *_OTHERS),
        ("#87d7ff", "#ffd787", "#87ffaf", *_OTHER_POINTS),
        (
            *("#0087d7", "#005faf", "#005f87", "#5f5f87", "#303030"),
            *("#875f5f", "#875f00", "#af5f00", "#d78700"),
        ),
        (
            *("#1c1c1c", "#303030", "#5f5f00", "#878700"),
            *("#afaf00", "#d7d700", "#ffff5f", "#ffffd7"),
        ),
    ),
    ("blue-orange", "light"): _Pictures(
        (_PALE_BLUE, _PALE_ORANGE, _PALE_GREEN, *_PALE_OTHERS),
        ("#00005f", "#5f0000", "#005f00", *_PALE_OTHER_POINTS),
        (
            *("#005faf", "#5f87d7", "#87afff", "#d7d7ff", "#e4e4e4"),
            *("#ffd7af", "#ffaf5f", "#d78700", "#875f00"),
        ),
        (
            *("#ffffd7", "#ffffaf", "#ffd75f", "#d7af00"),
            *("#af8700", "#875f00", "#5f5f00", "#303030"),
        ),
    ),
    ("viridis", "dark"): _Pictures(
        (
            ("#5f5f87", "#5f5faf", "#5f00af"),
            ("#5f5f5f", "#5f5f00", "#878700"),
            _GREEN,
            *(_BLUE, _ORANGE, *_OTHERS[2:]),
        ),
        ("#d7afff", "#ffffaf", "#87ffaf", "#87d7ff", "#ffd787", *_OTHER_POINTS[2:]),
        (
            *("#af5fff", "#875fd7", "#5f5faf", "#5f5f87", "#303030"),
            *("#5f5f00", "#878700", "#afaf00", "#d7d700"),
        ),
        (
            *("#1c1c1c", "#5f005f", "#5f5f87", "#008787"),
            *("#00af87", "#5fd75f", "#afff00", "#ffffaf"),
        ),
    ),
    ("viridis", "light"): _Pictures(
        (
            ("#d7d7ff", "#d7afff", "#af87ff"),
            ("#ffffd7", "#ffffaf", "#ffff5f"),
            _PALE_GREEN,
            *(_PALE_BLUE, _PALE_ORANGE, *_PALE_OTHERS[2:]),
        ),
        ("#5f0087", "#5f5f00", "#005f5f", "#00005f", "#5f0000", *_PALE_OTHER_POINTS[2:]),
        (
            *("#5f00af", "#875fd7", "#af87ff", "#d7d7ff", "#e4e4e4"),
            *("#ffffaf", "#d7d75f", "#afaf00", "#5f5f00"),
        ),
        (
            *("#ffffd7", "#ffff87", "#d7d75f", "#87d787"),
            *("#5faf87", "#5f8787", "#5f5f87", "#5f005f"),
        ),
    ),
}
