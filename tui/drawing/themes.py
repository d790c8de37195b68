"""Colours of each role, in two palettes, on a dark and on a light background.

All are from the 256-colour palette, so they look the same with more colours, and cost few bytes over
SSH. Both palettes are safe for colour-blind users: one contrasts blue with orange, the other, after
matplotlib's viridis, violet with yellow, which differ in lightness too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

DEPTHS: Final = ("truecolor", "256", "16", "none")
PALETTES: Final = ("blue-orange", "viridis")
BACKGROUNDS: Final = ("dark", "light")
CLASSES: Final = 104
"""Number of classes with roles of their own; further classes repeat them."""

TEXT_CONTRAST: Final = 4.5
MARK_CONTRAST: Final = 3.0
"""Minimum contrast of text and of markers: WCAG 2.2, 1.4.3 and 1.4.11."""

TEXTS: Final = frozenset({"dim", "text", "bright", "accent", "warning", "alarm"})
"""Roles of text; frames, grids and separators need no contrast."""

QUIET: Final = frozenset({"paper", "raised"})
"""Roles of lines behind the samples, such as the grid of the hidden space."""


@dataclass(frozen=True)
class Theme:
    """Colours of all roles.

    Attributes:
        palette: one of `PALETTES`.
        dark: whether the background is dark.
        colours: `#rrggbb` by role; see `tui.drawing.palette` for the roles.
    """

    palette: str
    dark: bool
    colours: dict[str, str]

    def colour(self, role: str) -> str:
        """Return the colour of a role; a colour is returned unchanged."""
        return self.colours.get(role, role)

    def pair(self, foreground: str, background: str) -> tuple[str, str]:
        """Return the colours of a glyph and its background, with enough contrast."""
        paper = self.colour(background)
        if foreground == "legible":
            return legible_on(paper), paper
        colour = self.colour(foreground)
        if is_picture(background) and not is_picture(foreground) and foreground not in QUIET:
            least = MARK_CONTRAST if foreground.startswith("point") else TEXT_CONTRAST
            if contrast(colour, paper) < least:
                # markers remain light on dark, or dark on light, if the contrast is sufficient
                plain = "#ffffff" if self.dark else "#000000"
                colour = plain if contrast(plain, paper) >= least else legible_on(paper)
        elif foreground in TEXTS and contrast(colour, paper) < TEXT_CONTRAST:
            text = self.colour("text")
            colour = text if contrast(text, paper) >= TEXT_CONTRAST else legible_on(paper)
        return colour, paper


def is_picture(role: str) -> bool:
    """Return whether a role is part of a picture, and represents a class or a number."""
    return role.startswith(("field", "diverging", "sequential", "uncertain", "grey"))


@cache
def theme(palette: str = "blue-orange", background: str = "dark") -> Theme:
    """Return the theme of a palette and a background."""
    dark = background == "dark"
    classes, diverging, sequential = _PICTURES[palette, background]
    colours = {role: pair[0 if dark else 1] for role, pair in _ROLES.items()}
    for label in range(CLASSES):
        *fields, point = classes[label % len(classes)]
        colours[f"point {label}"] = point
        for level, colour in enumerate(fields):
            colours[f"field {label} {level}"] = colour
    for name, scale in (
        ("diverging", diverging),
        ("sequential", sequential),
        ("grey", _GREYS),
    ):
        colours |= {f"{name} {level}": each for level, each in enumerate(scale.split())}
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
    """Return black or white, whichever has more contrast, which is at least 4.5."""
    return max("#000000", "#ffffff", key=lambda letters: contrast(letters, paper))


_ROLES: Final = {
    "paper": ("#121212", "#eeeeee"),
    "deep": ("#000000", "#ffffff"),
    "sunk": ("#1c1c1c", "#e4e4e4"),
    "tinted": ("#262626", "#dadada"),
    "raised": ("#303030", "#d0d0d0"),
    "uncertain": ("#303030", "#e4e4e4"),
    "faint": ("#4e4e4e", "#b2b2b2"),
    "frame": ("#4e4e4e", "#b2b2b2"),
    "focused frame": ("#bcbcbc", "#303030"),
    "dim": ("#8a8a8a", "#5f5f5f"),
    "text": ("#bcbcbc", "#303030"),
    "bright": ("#eeeeee", "#000000"),
    "accent": ("#5fd7d7", "#005f87"),
    "warning": ("#ffaf5f", "#875f00"),
    "alarm": ("#ff5f5f", "#af0000"),
    "reader": ("#ffffaf", "#5f5f00"),
    "mistake": ("#af875f", "#af875f"),
    "curve train": ("#d0d0d0", "#303030"),
    "curve test": ("#af87ff", "#5f00af"),
    "curve penalized": ("#d7af5f", "#875f00"),
    "curve validation": ("#87afaf", "#005f5f"),
    "curve linear": ("#af875f", "#875f5f"),
    "curve old": ("#4e4e4e", "#bcbcbc"),
}
"""Colours on a dark and on a light background."""

# The first two classes of each palette give it its name. The others were found by simulated annealing
# over the 240 entries of the 256-colour palette with known values. The certain colours maximise the
# smallest difference (CIEDE2000) between any two of the first k, for each k up to ten, and from
# "uncertain", in normal, protanopic, deuteranopic and tritanopic vision (Machado 2009). Weaker steps and
# samples do so given those. tests/tui/drawing/test_themes.py asserts the differences.
_DARK_CLASSES: Final = (
    ("#5f5f87", "#005f87", "#005faf", "#87d7ff"),
    ("#875f5f", "#875f00", "#af5f00", "#ffd787"),
    ("#6c6c6c", "#767676", "#8787af", "#ffffff"),
    ("#1c1c1c", "#444444", "#870000", "#d78700"),
    ("#585858", "#8a8a8a", "#af8787", "#d7ff00"),
    ("#5f87af", "#5f87d7", "#0087ff", "#d7ffd7"),
    ("#5f0000", "#5f005f", "#87005f", "#af87af"),
    ("#005f5f", "#008787", "#00875f", "#afffaf"),
    ("#5f875f", "#5faf87", "#00af5f", "#ffff87"),
    ("#4e4e4e", "#626262", "#875f87", "#ffafd7"),
)
_LIGHT_CLASSES: Final = (
    ("#d7d7ff", "#afd7ff", "#87afff", "#00005f"),
    ("#ffd7af", "#ffd787", "#ffaf5f", "#5f0000"),
    ("#a8a8a8", "#878787", "#87875f", "#080808"),
    ("#d0d0d0", "#9e9e9e", "#af87af", "#0000d7"),
    ("#d7af5f", "#d78700", "#d75f00", "#5f0087"),
    ("#ffffff", "#d7d7af", "#d7ffaf", "#d70000"),
    ("#d7ffd7", "#87ffd7", "#00d7af", "#005f5f"),
    ("#8787af", "#8787d7", "#0087d7", "#262626"),
    ("#949494", "#87af87", "#00af87", "#444444"),
    ("#bcbcbc", "#afafd7", "#d7afd7", "#af005f"),
)
_VIRIDIS_DARK_CLASSES: Final = (
    ("#5f5f87", "#5f5faf", "#5f00af", "#d7afff"),
    ("#5f5f5f", "#5f5f00", "#878700", "#ffffaf"),
    ("#5f87af", "#5f87d7", "#8787ff", "#d7ffff"),
    ("#1c1c1c", "#5f0000", "#870000", "#ff8700"),
    ("#444444", "#585858", "#875f87", "#ffafd7"),
    ("#6c6c6c", "#808080", "#af87af", "#d7ff5f"),
    ("#005f87", "#5f5fff", "#5f5fd7", "#5fffd7"),
    ("#767676", "#875f5f", "#af5f5f", "#ffd7af"),
    ("#4e4e4e", "#5f005f", "#87005f", "#ff5fd7"),
    ("#9e9e9e", "#d78787", "#ff5f5f", "#87ff87"),
)
_VIRIDIS_LIGHT_CLASSES: Final = (
    ("#d7d7ff", "#d7afff", "#af87ff", "#5f0087"),
    ("#ffffd7", "#ffffaf", "#ffff5f", "#5f5f00"),
    ("#d7af87", "#afaf5f", "#878700", "#080808"),
    ("#87ffff", "#00d7d7", "#00af87", "#0000ff"),
    ("#afd787", "#ffd75f", "#d7af00", "#5f0000"),
    ("#bcbcbc", "#949494", "#af87af", "#00005f"),
    ("#d0d0d0", "#ffd7ff", "#ffafff", "#005fd7"),
    ("#ffafd7", "#ff87af", "#ff5f5f", "#444444"),
    ("#ffffff", "#d7d7af", "#d7ffaf", "#875f5f"),
    ("#87d7d7", "#afffd7", "#87d7af", "#005f87"),
)

_GREYS: Final = "#000000 #262626 #4e4e4e #767676 #9e9e9e #c6c6c6 #e4e4e4 #ffffff"
"""Colours of the pixels of an image: white on black, as handwriting is stored."""

_PICTURES: Final = {
    ("blue-orange", "dark"): (
        _DARK_CLASSES,
        "#0087d7 #005faf #005f87 #5f5f87 #303030 #875f5f #875f00 #af5f00 #d78700",
        "#1c1c1c #303030 #5f5f00 #878700 #afaf00 #d7d700 #ffff5f #ffffd7",
    ),
    ("blue-orange", "light"): (
        _LIGHT_CLASSES,
        "#005faf #5f87d7 #87afff #d7d7ff #e4e4e4 #ffd7af #ffaf5f #d78700 #875f00",
        "#ffffd7 #ffffaf #ffd75f #d7af00 #af8700 #875f00 #5f5f00 #303030",
    ),
    ("viridis", "dark"): (
        _VIRIDIS_DARK_CLASSES,
        "#af5fff #875fd7 #5f5faf #5f5f87 #303030 #5f5f00 #878700 #afaf00 #d7d700",
        "#1c1c1c #5f005f #5f5f87 #008787 #00af87 #5fd75f #afff00 #ffffaf",
    ),
    ("viridis", "light"): (
        _VIRIDIS_LIGHT_CLASSES,
        "#5f00af #875fd7 #af87ff #d7d7ff #e4e4e4 #ffffaf #d7d75f #afaf00 #5f5f00",
        "#ffffd7 #ffff87 #d7d75f #87d787 #5faf87 #5f8787 #5f5f87 #5f005f",
    ),
}
"""Colours of maps and samples by palette and background.

Per class three backgrounds of the map, from a guess to certainty, and the colour of its samples, which
further classes repeat; then numbers, from the most negative to the most positive one; then from zero up.
"""
