"""What stands on a terminal for what was drawn: a style and a glyph for each glyph and its ink.

There is one place where drawings become what a terminal can show, so that no panel needs to know.
With 256 colours or more a picture is in its colours. With 16, whose values nobody knows, or none, it
is in glyphs that mean the same: each class and each step of a scale has its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.style import Style

from tui.drawing.glyphs import class_letter, fallback
from tui.drawing.palette import (
    ACCENT,
    ALARM,
    BRIGHT,
    DEEP,
    LEGIBLE,
    TEST_MARKERS,
    TRAIN_MARKERS,
    WARNING,
    get_ink,
)
from tui.drawing.themes import Theme, is_picture, theme

if TYPE_CHECKING:
    from collections.abc import Sequence

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
"""Per class the glyphs of a map where it is predicted, from a guess to certainty.

No glyph is in two of them; further classes have their letters, small, and capital where it is sure.
"""

DIVERGING_GLYPHS: Final = "=~-_.:+*#"
SEQUENTIAL_GLYPHS: Final = " .:-=+*#"
"""In the order of `DIVERGING` and `SEQUENTIAL`."""

CURVES: Final = {
    "curve train": "*",
    "curve test": "o",
    "curve validation": "v",
    "curve penalized": "+",
    "curve linear": "=",
    "curve old": ".",
}
"""Curves where colours do not tell them apart; the titles show these before the names."""

_REVERSED: Final = frozenset({DEEP, BRIGHT, ACCENT, WARNING})
"""What stands out by what is behind it."""

_BOLD: Final = frozenset({BRIGHT, ALARM})

_HEAVY: Final = dict(zip("─│╭╮╰╯", "━┃┏┓┗┛", strict=True))

_PHRASES: Final = {"filled train, open test": "ABCDEF train, abcd test"}
"""Words on glyphs, where these have become others; as long as before."""

_SIXTEEN_DARK: Final = (6, 9, 13, 2, 11, 7)
_SIXTEEN_LIGHT: Final = (4, 1, 5, 0, 12)
"""Of the 16 colours, those of the classes; glyphs tell them too, for their values vary.

On black and on white these have a contrast of 4.5 with the values of xterm, of the Linux console (VGA)
and of PuTTY; blue, red and magenta on black, and green, yellow and cyan on white, have not. A terminal
of only eight colours ignores the numbers from 8 on, and writes in its own colour.
"""


@dataclass(frozen=True)
class TerminalLook:
    """What a terminal shows, and what a person wants of it.

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
        """Whether pictures have to do without colours."""
        return self.colours in {"16", "none"}

    @property
    def theme(self) -> Theme:
        """The colours."""
        return theme(self.palette, self.background)


class _GlyphTable(dict[int, str]):
    """What `str.translate` asks for the glyphs of one ink."""

    def __init__(self, form: CellRenderer, number: int) -> None:
        self._form, self._ink = form, get_ink(number)

    def __missing__(self, code: int) -> str:
        glyph = self[code] = self._form.glyph(chr(code), self._ink)
        return glyph


class CellRenderer:
    """Turns inks into styles, and glyphs into those that the terminal has."""

    def __init__(self, look: TerminalLook) -> None:
        self.look = look
        self._draws_all = not look.is_plain and look.glyphs == "unicode"
        self._styles: dict[int, Style] = {}
        self._tables: dict[int, _GlyphTable] = {}

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
        """Return the text of neighbours of the same ink."""
        text = "".join(glyphs)
        if self._draws_all:
            return text
        if self.look.glyphs != "unicode":
            if len(text) != len(glyphs):  # of a glyph that is two cells wide, both must be filled
                text = "".join(glyph or "?" for glyph in glyphs)
            for phrase, other in _PHRASES.items():
                text = text.replace(phrase, other)
        table = self._tables.get(number)
        if table is None:
            table = self._tables[number] = _GlyphTable(self, number)
        return text.translate(table)

    def glyph(self, glyph: str, ink: Ink) -> str:
        """Return what stands for a glyph of an ink."""
        look, here, behind = self.look, ink.foreground, ink.background
        picture = is_picture(here)
        if glyph in "▀ " and (picture or is_picture(behind)):
            if look.is_plain:
                if not picture:
                    shown = behind if here != LEGIBLE else ""
                else:
                    shown = stronger(here, behind) if glyph == "▀" else behind
                return picture_glyph(shown)
            return " " if look.glyphs == "ascii" else glyph
        if look.is_plain or look.glyphs != "unicode":
            if picture and look.is_plain and (glyph in TRAIN_MARKERS or _is_braille(glyph)):
                # a sample's value; or an edge's sign, which its strokes would not tell
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
            # many terminals make bold colours bright, and bright ones are too pale on white
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
        if role.startswith("point"):
            return classes[int(role.split()[1]) % len(classes)]
        if kind == "field":
            return classes[int(rest.split()[0]) % len(classes)]
        if kind == "diverging" and rest != "4":
            return classes[int(rest) > 4]
        return None


def stronger(one: str, other: str) -> str:
    """Return, of the two pixels of a cell, the one that says more."""
    return max(other, one, key=_strength)


def _strength(role: str) -> int:
    kind, _, rest = role.partition(" ")
    match kind:
        case "field":
            return 1 + int(rest.split()[1])
        case "diverging":
            return abs(int(rest) - 4)
        case "sequential":
            return int(rest)
    return 0


def picture_glyph(role: str) -> str:
    """Return the glyph that stands for a part of a picture where there are no colours."""
    kind, _, rest = role.partition(" ")
    match kind:
        case "field":
            label, level = map(int, rest.split())
            if label < len(CERTAINTY):
                return CERTAINTY[label][level]
            letter = chr(ord("a") + label % 26)
            return letter.upper() if level == 2 else letter
        case "diverging":
            return DIVERGING_GLYPHS[int(rest)]
        case "sequential":
            return SEQUENTIAL_GLYPHS[int(rest)]
    return " "


def _is_braille(glyph: str) -> bool:
    return "\u2800" < glyph <= "\u28ff"


def _named(role: str, colour: str) -> Color:
    triplet = ColorTriplet(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))
    return Color(role, ColorType.TRUECOLOR, triplet=triplet)


DEFAULT_RENDERER: Final = CellRenderer(TerminalLook())
"""The form that shows a drawing as it is: every colour, every glyph."""


def renderer_for(app: object) -> CellRenderer:
    """Return the renderer of an application's terminal, or the default one."""
    renderer = getattr(app, "renderer", None)
    return renderer if isinstance(renderer, CellRenderer) else DEFAULT_RENDERER
