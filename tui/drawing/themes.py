"""Colours of each role, in two palettes, on a dark and on a light background.

All are from the 256-colour palette, so they look the same with more colours, and cost few bytes over
SSH; only the ramps of maps have more steps in true colour. Both palettes are safe for colour-blind
users: one contrasts blue with orange, the other, after matplotlib's viridis, violet with yellow, which
differ in lightness too.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from core.dataclass import dataclass
from tui.drawing.ramps import ramp, through

DEPTHS: Final = ("truecolor", "256", "16", "none")
PALETTES: Final = ("blue-orange", "viridis")
BACKGROUNDS: Final = ("dark", "light")
CLASSES: Final = 104
"""Number of classes with roles of their own; further classes repeat them."""

STEPS: Final = 13
"""Steps of a ramp from the neutral colour to a certain class, or to the largest number of one sign.

With the neutral one between them, two ramps have 27 levels, three for each of the nine levels of earlier
versions: neighbours hardly differ, and noise of training still changes few cells.
"""
SEQUENTIAL_LEVELS: Final = 24

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
            is_mark = foreground.startswith(("point", "boundary"))
            least = MARK_CONTRAST if is_mark else TEXT_CONTRAST
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
def theme(palette: str = "blue-orange", background: str = "dark", *, smooth: bool = True) -> Theme:
    """Return the theme of a palette and a background; `smooth` is for terminals with true colour."""
    dark = background == "dark"
    classes = CLASS_RAMPS[palette, background]
    colours = {role: pair[0 if dark else 1] for role, pair in _ROLES.items()}
    fields = [_levels(table, smooth=smooth)[1:] for table, _ in classes]
    for label in range(CLASSES):
        colours[f"point {label}"] = classes[label % len(classes)][1]
        for level, colour in enumerate(fields[label % len(classes)]):
            colours[f"field {label} {level}"] = colour
    negative, positive = (
        _levels(table, smooth=smooth) for table in DIVERGING_RAMPS[palette, background]
    )
    for name, scale in (
        ("diverging", [*reversed(negative), *positive[1:]]),
        ("sequential", _spread(SEQUENTIAL_COLOURS[palette, background], smooth=smooth)),
        ("grey", _spread(GREYS, smooth=smooth)),
    ):
        colours |= {f"{name} {level}": colour for level, colour in enumerate(scale)}
    return Theme(palette, dark, colours)


def _levels(table: str, *, smooth: bool) -> list[str]:
    """Return the colours of a ramp, the neutral one first, from a line of `CLASS_RAMPS`."""
    steps = [part.split("*") for part in table.split()]
    if smooth:
        return ramp(steps[0][0], steps[-1][0], STEPS)
    return [colour for colour, count in steps for _ in range(int(count))]


def _spread(colours: str, *, smooth: bool) -> list[str]:
    """Return the levels of a scale, from a line of `SEQUENTIAL_COLOURS`."""
    each = colours.split()
    if smooth:
        return through(each, SEQUENTIAL_LEVELS)
    return [colour for colour in each for _ in range(SEQUENTIAL_LEVELS // len(each))]


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
    "boundary": ("#d0d0d0", "#4e4e4e"),
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
    "curve train faded": ("#6c6c6c", "#9e9e9e"),
    "curve test faded": ("#5f5f87", "#af87d7"),
    "curve run 0": ("#5fafff", "#005faf"),
    "curve run 1": ("#ffaf00", "#af5f00"),
    "curve run 2": ("#d7ffd7", "#000000"),
    "curve run 3": ("#ff00af", "#87005f"),
    "curve run 4": ("#5f875f", "#6c6c6c"),
    "curve run 5": ("#ff0000", "#870000"),
    "curve run 6": ("#ffd7ff", "#875f87"),
    "curve run 7": ("#afafaf", "#0000af"),
}
"""Colours on a dark and on a light background."""

UNCERTAIN: Final = dict(zip(BACKGROUNDS, _ROLES["uncertain"], strict=True))
"""Neutral colour of all ramps."""

# The first two classes of each palette give it its name. The others were found by simulated annealing
# over the 240 entries of the 256-colour palette with known values. The certain colours maximise the
# smallest difference (CIEDE2000) between any two of the first k, for each k up to ten, and from
# "uncertain", in normal, protanopic, deuteranopic and tritanopic vision (Machado 2009). Samples do so
# given those. tests/tui/drawing/test_themes.py asserts the differences.
CLASS_RAMPS: Final = {
    ("blue-orange", "dark"): (
        ("#303030*2 #3a3a3a*3 #005f87*2 #005faf*7", "#87d7ff"),
        ("#303030*2 #3a3a3a*2 #444444*2 #875f00*4 #af5f00*4", "#ffd787"),
        ("#303030*2 #444444*2 #4e4e4e*2 #5f5f87*5 #8787af*3", "#ffffff"),
        ("#303030*5 #870000*9", "#d78700"),
        ("#303030*2 #444444*2 #4e4e4e*2 #875f5f*5 #af8787*3", "#d7ff00"),
        ("#303030*1 #3a3a3a*2 #444444*1 #005fd7*7 #0087ff*3", "#d7ffd7"),
        ("#303030*4 #5f005f*1 #87005f*9", "#af87af"),
        ("#303030*2 #3a3a3a*1 #444444*2 #4e4e4e*2 #00875f*7", "#afffaf"),
        ("#303030*1 #3a3a3a*2 #444444*1 #005f00*5 #00af5f*5", "#ffff87"),
        ("#303030*2 #3a3a3a*2 #444444*2 #4e4e4e*1 #875f87*7", "#ffafd7"),
    ),
    ("blue-orange", "light"): (
        ("#e4e4e4*3 #d7d7ff*2 #afd7ff*4 #87afff*5", "#00005f"),
        ("#e4e4e4*3 #ffd7af*7 #ffaf5f*4", "#5f0000"),
        ("#e4e4e4*2 #d0d0d0*2 #c6c6c6*2 #afaf87*5 #87875f*3", "#080808"),
        ("#e4e4e4*2 #d7d7d7*2 #c6c6c6*2 #bcbcbc*1 #af87af*7", "#0000d7"),
        ("#e4e4e4*1 #d7d7d7*2 #d7af87*4 #d7875f*5 #d75f00*2", "#5f0087"),
        ("#e4e4e4*5 #d7ffaf*9", "#d70000"),
        ("#e4e4e4*2 #afd7d7*4 #87d7af*3 #5fd7af*3 #00d7af*2", "#005f5f"),
        ("#e4e4e4*2 #d0d0d0*2 #87afd7*6 #5fafd7*1 #0087d7*3", "#262626"),
        ("#e4e4e4*1 #dadada*2 #d0d0d0*2 #5faf87*7 #00af87*2", "#444444"),
        ("#e4e4e4*2 #dadada*2 #d7d7d7*2 #d7afd7*8", "#af005f"),
    ),
    ("viridis", "dark"): (
        ("#303030*4 #5f0087*7 #5f00af*3", "#d7afff"),
        ("#303030*1 #3a3a3a*2 #444444*2 #5f5f00*6 #878700*3", "#ffffaf"),
        ("#303030*3 #5f5f87*4 #5f5faf*3 #8787d7*2 #8787ff*2", "#d7ffff"),
        ("#303030*5 #870000*9", "#ff8700"),
        ("#303030*2 #3a3a3a*2 #444444*2 #4e4e4e*1 #875f87*7", "#ffafd7"),
        ("#303030*2 #444444*2 #4e4e4e*2 #626262*3 #af87af*5", "#d7ff5f"),
        ("#303030*2 #3a3a3a*2 #444444*2 #5f5fd7*8", "#5fffd7"),
        ("#303030*1 #3a3a3a*2 #444444*2 #875f5f*6 #af5f5f*3", "#ffd7af"),
        ("#303030*4 #5f005f*1 #87005f*9", "#ff5fd7"),
        ("#303030*2 #444444*2 #4e4e4e*2 #d75f5f*6 #ff5f5f*2", "#87ff87"),
    ),
    ("viridis", "light"): (
        ("#e4e4e4*2 #d7d7ff*5 #afafff*3 #af87ff*4", "#5f0087"),
        ("#e4e4e4*4 #d7ff87*5 #ffff5f*5", "#5f5f00"),
        ("#e4e4e4*3 #d7d7af*2 #afaf87*3 #afaf5f*3 #878700*3", "#080808"),
        ("#e4e4e4*1 #dadada*2 #d0d0d0*2 #5faf87*7 #00af87*2", "#0000ff"),
        ("#e4e4e4*2 #dadada*2 #d7d787*6 #d7af00*4", "#5f0000"),
        ("#e4e4e4*1 #dadada*2 #d0d0d0*2 #d7afd7*5 #af87af*4", "#00005f"),
        ("#e4e4e4*3 #dadada*2 #ffafff*9", "#005fd7"),
        ("#e4e4e4*2 #ffd7d7*3 #ffafaf*3 #ff8787*4 #ff5f5f*2", "#444444"),
        ("#e4e4e4*5 #d7ffaf*9", "#875f5f"),
        ("#e4e4e4*3 #dadada*2 #87d7af*9", "#005f87"),
    ),
}
"""Per class the ramp from the neutral colour to certainty, and the colour of its samples.

A ramp names each of its colours with the number of levels that have it on a terminal of 256 colours, as
`tests.tui.drawing.cube_steps` computes them. In true colour only its ends count. Further classes repeat
these.
"""

DIVERGING_RAMPS: Final = {
    ("blue-orange", "dark"): (
        "#303030*1 #3a3a3a*3 #005f87*4 #005faf*3 #0087d7*3",
        "#303030*2 #444444*3 #875f00*4 #af5f00*2 #d78700*3",
    ),
    ("blue-orange", "light"): (
        "#e4e4e4*3 #afd7ff*1 #87afd7*4 #5f87af*3 #005faf*3",
        "#e4e4e4*2 #d0d0d0*2 #d7af87*4 #af875f*3 #af5f00*3",
    ),
    ("viridis", "dark"): (
        "#303030*3 #5f5f87*4 #875faf*3 #875fd7*2 #af5fff*2",
        "#303030*3 #5f5f00*3 #878700*3 #afaf00*3 #d7d700*2",
    ),
    ("viridis", "light"): (
        "#e4e4e4*2 #afafd7*3 #af87d7*3 #875fd7*3 #5f00af*3",
        "#e4e4e4*2 #c6c6c6*2 #afaf87*4 #87875f*3 #5f5f00*3",
    ),
}
"""Ramps to the most negative and to the most positive number, likewise."""

GREYS: Final = "#000000 #262626 #4e4e4e #767676 #9e9e9e #c6c6c6 #e4e4e4 #ffffff"
"""Colours of the pixels of an image: white on black, as handwriting is stored."""

SEQUENTIAL_COLOURS: Final = {
    ("blue-orange", "dark"): "#1c1c1c #303030 #5f5f00 #878700 #afaf00 #d7d700 #ffff5f #ffffd7",
    ("blue-orange", "light"): "#ffffd7 #ffffaf #ffd75f #d7af00 #af8700 #875f00 #5f5f00 #303030",
    ("viridis", "dark"): "#1c1c1c #5f005f #5f5f87 #008787 #00af87 #5fd75f #afff00 #ffffaf",
    ("viridis", "light"): "#ffffd7 #ffff87 #d7d75f #87d787 #5faf87 #5f8787 #5f5f87 #5f005f",
}
"""Colours from zero up, which differ in lightness; in true colour there are more steps between them."""
