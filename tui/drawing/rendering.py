"""Rendering of cells for a terminal: a style and a glyph for each glyph and its ink.

Panels are independent of the terminal; only this module adapts their drawings. With 256 colours or more,
pictures are in colour. With 16, whose values are unknown, or none, they are in glyphs with the same
meaning: each class and each step of a scale has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.style import Style

from core.dataclass import dataclass
from tui.drawing.glyphs import class_letter, fallback
from tui.drawing.palette import (
    ACCENT,
    ALARM,
    BOUNDARY,
    BRIGHT,
    DEEP,
    DIVERGING,
    LEGIBLE,
    RUN_CURVES,
    SEQUENTIAL,
    TEST_MARKERS,
    TRAIN_MARKERS,
    UNCERTAIN,
    WARNING,
    count_inks,
    get_ink,
)
from tui.drawing.palette import ink as ink_number
from tui.drawing.themes import STEPS, Theme, is_picture, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tui.drawing.cells import Cells
    from tui.drawing.palette import Ink

CERTAINTY: Final = (
    (".", ",", ":"),
    ("-", "=", "#"),
    ("`", "'", '"'),
    ("~", "+", "*"),
    ("/", "|", "!"),
    ("(", "<", "{"),
    (")", ">", "}"),
    ("_", "^", "&"),
)
"""Glyphs of the map per predicted class, from a guess to certainty.

All glyphs are different; further classes have letters, small ones and, if certain, capital ones.
"""

DIVERGING_GLYPHS: Final = "=~-_.:+*#"
SEQUENTIAL_GLYPHS: Final = " .:-=+*#"
"""Glyphs in the order of `DIVERGING` and `SEQUENTIAL`; some neighbouring levels share one."""

CURVES: Final = {
    "curve train": "*",
    "curve test": "o",
    "curve validation": "v",
    "curve penalized": "+",
    "curve linear": "=",
    "curve old": ".",
    "curve train faded": ":",
    "curve test faded": ",",
    **dict(zip(RUN_CURVES, "abcdefgh", strict=True)),
}
"""Glyphs of curves on terminals without colours; titles show them before the names."""

_REVERSED: Final = frozenset({DEEP, BRIGHT, ACCENT, WARNING})
"""Backgrounds that become reverse video."""

_BOLD: Final = frozenset({BRIGHT, ALARM})

_UPPER_HALF, _BLANK = ord("▀"), ord(" ")

_HEAVY: Final = dict(zip("─│╭╮╰╯", "━┃┏┓┗┛", strict=True))

_PHRASES: Final = {"filled train, open test": "ABCDEF train, abcd test"}
"""Texts about glyphs, adapted to their fallbacks, of the same length."""

_SIXTEEN_DARK: Final = (6, 9, 13, 2, 11, 7)
_SIXTEEN_LIGHT: Final = (4, 1, 5, 0, 12)
"""Colours of the classes with 16 colours; glyphs differ too, since the values of colours vary.

These have a contrast of 4.5 on black or on white with the values of xterm, the Linux console (VGA) and
PuTTY, unlike blue, red and magenta on black, and green, yellow and cyan on white. A terminal with only
eight colours ignores numbers above 7, and uses its default colour.
"""


@dataclass(frozen=True)
class TerminalLook:
    """Colours and glyphs of a terminal, and the palette and background that the user wants.

    Attributes:
        colours: one of `themes.DEPTHS`.
        glyphs: one of `glyphs.REPERTOIRES`.
        palette: one of `themes.PALETTES`.
        background: one of `themes.BACKGROUNDS`.
    """

    colours: str = "truecolor"
    glyphs: str = "unicode"
    palette: str = "blue-orange"
    background: str = "dark"

    @property
    def is_plain(self) -> bool:
        """Whether pictures are drawn without colours."""
        return self.colours in {"16", "none"}

    @property
    def dots_negative(self) -> bool:
        """Whether lines of negative weights are dotted, as there are no colours."""
        return self.colours == "none" and self.glyphs == "unicode"

    @property
    def edge_glyphs(self) -> tuple[str, str]:
        """Glyphs of negative and positive weights in the legend."""
        if self.dots_negative:
            return "·", "━"
        if self.colours == "none":
            return DIVERGING_GLYPHS[0], DIVERGING_GLYPHS[-1]
        return "━", "━"

    @property
    def theme(self) -> Theme:
        """The colours of all roles."""
        return theme(self.palette, self.background, smooth=self.colours == "truecolor")


class _GlyphTable(dict[int, str]):
    """Table for `str.translate` with the glyphs of one ink."""

    def __init__(self, renderer: CellRenderer, number: int) -> None:
        self._renderer, self._ink = renderer, get_ink(number)

    def __missing__(self, code: int) -> str:
        glyph = self[code] = self._renderer.glyph(chr(code), self._ink)
        return glyph


class CellRenderer:
    """Converts inks to styles, and glyphs to those that the terminal has.

    Attributes:
        draws_all: whether all glyphs are drawn as they are.
    """

    def __init__(self, look: TerminalLook, *, merges_pixels: bool = True) -> None:
        """Create a renderer; `merges_pixels` is whether both pixels of a cell may share a colour."""
        self.look = look
        self._merges_pixels = merges_pixels
        self.draws_all = not look.is_plain and look.glyphs == "unicode"
        self._styles: dict[int, Style] = {}
        self._tables: dict[int, _GlyphTable] = {}
        self._alike: dict[str, str] = {}
        self._merged: NDArray[np.intp] = np.empty(0, np.intp)
        self._is_plain_ink: NDArray[np.bool_] = np.empty(0, np.bool_)

    @property
    def has_halves(self) -> bool:
        """Whether a cell can show two pixels."""
        return not self.look.is_plain and self.look.glyphs != "ascii"

    def style(self, number: int) -> Style:
        """Return the style of an ink."""
        style = self._styles.get(number)
        if style is None:
            style = self._styles[number] = self._style(get_ink(number))
        return style

    def text(self, glyphs: Sequence[str], number: int) -> str:
        """Return the text of neighbouring cells of the same ink."""
        text = "".join(glyphs)
        if self.draws_all:
            return text
        if self.look.glyphs != "unicode":
            if len(text) != len(glyphs):  # both cells of a wide glyph must be filled
                text = "".join(glyph or "?" for glyph in glyphs)
            for phrase, other in _PHRASES.items():
                text = text.replace(phrase, other)
        table = self._tables.get(number)
        if table is None:
            table = self._tables[number] = _GlyphTable(self, number)
        return text.translate(table)

    @property
    def merges_levels(self) -> bool:
        """Whether the terminal has fewer colours than scales have levels."""
        return self.look.colours != "truecolor"

    def merge_levels(self, cells: Cells, *, exact: bool = False) -> None:
        """Draw pixels that look alike in one colour: fewer cells change, and a blank is fewer bytes.

        With fewer colours than levels, those are the levels of a scale with the same colour. In true
        colour, they are the two pixels of a cell with neighbouring levels, unless it is to be `exact`.
        """
        if not self.merges_levels and (exact or not self._merges_pixels):
            return
        if len(self._merged) < count_inks():
            self._extend_merged()
        if self.merges_levels:
            cells.inks = self._merged[cells.inks]
        rows, columns = np.nonzero(cells.codes == _UPPER_HALF)
        alike = self._is_plain_ink[cells.inks[rows, columns]]
        at = rows[alike], columns[alike]
        cells.inks[at] = self._merged[cells.inks[at]]
        cells.codes[at] = _BLANK

    def _extend_merged(self) -> None:
        """Add the inks that are new since the last picture."""
        merged, is_plain = self._merged.tolist(), self._is_plain_ink.tolist()
        while len(merged) < count_inks():  # grows while merged inks are added
            each = get_ink(len(merged))
            here, behind = each.foreground, each.background
            if self.merges_levels:
                here, behind = self._first_alike(here), self._first_alike(behind)
            elif is_picture(here) and (shared := shared_level(here, behind)):
                here = behind = shared
            merged.append(ink_number(here, behind, bold=each.bold))
            is_plain.append(here == behind)
        self._merged, self._is_plain_ink = np.array(merged), np.array(is_plain)

    def _first_alike(self, role: str) -> str:
        """Return the first role of the same scale that looks like this one."""
        if not is_picture(role):
            return role
        if role not in self._alike:
            looks = picture_glyph if self.look.is_plain else self.look.theme.colour
            scale, _, level = role.rpartition(" ")
            before = [f"{scale} {each}" for each in range(int(level))] if scale else []
            if role.startswith("field"):
                before.insert(0, UNCERTAIN)
            same = (each for each in before if looks(each) == looks(role))
            self._alike[role] = next(same, role)
        return self._alike[role]

    def glyph(self, glyph: str, ink: Ink) -> str:
        """Return the glyph that the terminal shows for a glyph of an ink."""
        look, here, behind = self.look, ink.foreground, ink.background
        picture = is_picture(here)
        if here == BOUNDARY and look.is_plain:
            return picture_glyph(behind)  # where classes meet, their glyphs do
        if glyph in "▀ " and (picture or is_picture(behind)):
            if look.is_plain:
                if not picture:
                    shown = behind if here != LEGIBLE else ""
                else:
                    shown = stronger(here, behind) if glyph == "▀" else behind
                return picture_glyph(shown)
            return " " if look.glyphs == "ascii" else glyph
        if look.is_plain or look.glyphs != "unicode":
            # in ASCII without colours, only a glyph can show the sign of an edge
            is_edge = _is_braille(glyph) and look.colours == "none" and look.glyphs != "unicode"
            if picture and look.is_plain and (glyph in TRAIN_MARKERS or is_edge):
                # the value of a sample or the sign of an edge, which its dots do not show
                return picture_glyph(here).strip() or "o"
            if here in CURVES and (glyph == "─" or _is_braille(glyph)):
                return glyph if look.glyphs == "unicode" and here == "curve train" else CURVES[here]
        if look.is_plain and here == "focused frame" and glyph in _HEAVY:
            if look.glyphs == "unicode":
                return _HEAVY[glyph]
            glyph = "=" if glyph == "─" else glyph
        if look.glyphs == "unicode":
            return glyph
        if glyph in TRAIN_MARKERS + TEST_MARKERS and (here.startswith("point") or here == LEGIBLE):
            return class_letter(glyph)
        return fallback(glyph, look.glyphs)

    def _style(self, ink: Ink) -> Style:
        look = self.look
        if look.is_plain:
            number = self._sixteen(ink) if look.colours == "16" else None
            # many terminals show bold text in bright colours, which are too pale on white
            bold = (ink.bold or ink.foreground in _BOLD) and (
                number is None or look.background == "dark"
            )
            return Style(
                color=None if number is None else Color.from_ansi(number),
                bold=bold or None,
                reverse=ink.background in _REVERSED or None,
            )
        behind = ink.background
        if look.glyphs == "ascii" and is_picture(behind) and is_picture(ink.foreground):
            behind = stronger(ink.foreground, behind)
        foreground, background = look.theme.pair(ink.foreground, behind)
        return Style.from_color(
            _named(ink.foreground, foreground), _named(behind, background)
        ) + Style(bold=ink.bold or None)

    def _sixteen(self, ink: Ink) -> int | None:
        role = ink.foreground
        dark = self.look.background == "dark"
        classes = _SIXTEEN_DARK if dark else _SIXTEEN_LIGHT
        kind, _, rest = (role if is_picture(role) else ink.background).partition(" ")
        if role in {LEGIBLE, ALARM}:
            return classes[1] if role == ALARM else None
        if role.startswith(("point", "curve run")):
            return classes[int(role.split()[-1]) % len(classes)]
        if kind == "field":
            return classes[int(rest.split()[0]) % len(classes)]
        if kind == "diverging" and picture_glyph(f"diverging {rest}") != DIVERGING_GLYPHS[4]:
            return classes[int(rest) > STEPS]
        return None


def shared_level(one: str, other: str) -> str:
    """Return the level for two pixels with neighbouring levels of a scale, or "" for others.

    It is that with the even number: where a level passes by, a cell changes once and not twice.
    """
    scales = [each.rpartition(" ") for each in (one, other)]
    if not all(name.startswith(("diverging", "sequential")) for name, _, _ in scales):
        if not all(each == UNCERTAIN or each.startswith("field") for each in (one, other)):
            return ""
        # the uncertain colour is the one before the first of each class
        levels = [-1 if each == UNCERTAIN else int(each.split()[2]) for each in (one, other)]
        labels = {name for name, _, _ in scales if name}
    else:
        levels, labels = [int(level) for _, _, level in scales], {name for name, _, _ in scales}
    if len(labels) > 1 or abs(levels[0] - levels[1]) != 1:
        return ""
    return one if levels[0] % 2 == 0 else other


def stronger(one: str, other: str) -> str:
    """Return the role of higher certainty or magnitude, of the two pixels of a cell."""
    return max(other, one, key=_strength)


def _strength(role: str) -> int:
    kind, _, rest = role.partition(" ")
    match kind:
        case "field":
            return 1 + int(rest.split()[1])
        case "diverging":
            return abs(int(rest) - STEPS)
        case "sequential" | "grey":
            return int(rest)
    return 0


def picture_glyph(role: str) -> str:
    """Return the glyph of a role of a picture on a terminal without colours."""
    kind, _, rest = role.partition(" ")
    match kind:
        case "field":
            label, level = map(int, rest.split())
            # a quarter of the certainty each: as uncertain places, a guess, more, and certain
            quarter = 4 * level // STEPS - 1
            if quarter < 0:
                return " "
            if label < len(CERTAINTY):
                return CERTAINTY[label][quarter]
            letter = chr(ord("a") + label % 26)
            return letter.upper() if quarter == 2 else letter
        case "diverging":
            return DIVERGING_GLYPHS[len(DIVERGING_GLYPHS) * int(rest) // len(DIVERGING)]
        case "sequential" | "grey":
            return SEQUENTIAL_GLYPHS[len(SEQUENTIAL_GLYPHS) * int(rest) // len(SEQUENTIAL)]
    return " "


def _is_braille(glyph: str) -> bool:
    return "\u2800" < glyph <= "\u28ff"


def _named(role: str, colour: str) -> Color:
    triplet = ColorTriplet(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))
    return Color(role, ColorType.TRUECOLOR, triplet=triplet)


DEFAULT_RENDERER: Final = CellRenderer(TerminalLook(), merges_pixels=False)
"""Renderer that changes nothing: all colours and all glyphs."""


def renderer_for(app: object) -> CellRenderer:
    """Return the renderer of an application's terminal, or the default one."""
    renderer = getattr(app, "renderer", None)
    return renderer if isinstance(renderer, CellRenderer) else DEFAULT_RENDERER
