"""Theme and filter that adapt Textual's own widgets to the terminal.

Panels are rendered for the terminal by themselves; borders, fields and lists pass through this filter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.theme import Theme as TextualTheme

from tui.drawing.glyphs import fallback

if TYPE_CHECKING:
    from textual.color import Color

    from tui.drawing.rendering import TerminalLook

ROLES: Final = ("paper", "raised", "faint", "dim", "text", "bright", "accent", "warning", "alarm")
"""Roles available in the style sheet, for example as `$role-paper`."""

_PLAIN: Final = {
    "ansi_default": "ansi-background ansi-foreground border border-blurred block-cursor-foreground "
    "block-cursor-blurred-foreground input-cursor-foreground input-cursor-background "
    "input-selection-foreground scrollbar-background scrollbar-background-hover "
    "scrollbar-background-active scrollbar-corner-color",
    "ansi_white": "block-cursor-background block-cursor-blurred-background "
    "input-selection-background scrollbar scrollbar-hover scrollbar-active",
    "reverse": "input-cursor-text-style",
}
"""Textual's variables in a theme without colours, by their value."""


class WidgetFilter(LineFilter):
    """Filter that removes colours and replaces glyphs that the terminal does not have."""

    def __init__(self, look: TerminalLook) -> None:
        super().__init__()
        self._look = look

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments adapted to the terminal."""
        return [
            segment
            if segment.control
            else Segment(
                _written(segment.text, self._look.glyphs),
                _colourless(segment.style)
                if self._look.is_plain and segment.style is not None
                else segment.style,
            )
            for segment in segments
        ]


@lru_cache(4096)
def _written(text: str, repertoire: str) -> str:
    if repertoire == "unicode" or text.isascii():
        return text
    return "".join(fallback(glyph, repertoire) * (cell_len(glyph) or 1) for glyph in text)


@lru_cache(1024)
def _colourless(style: Style) -> Style:
    """Return a style without colours; a background becomes reverse video."""
    behind = style.bgcolor
    stands_out = behind is not None and not behind.is_default
    return Style(
        bold=style.bold or None,
        italic=style.italic or None,
        underline=style.underline or None,
        reverse=True if bool(style.reverse) != stands_out else None,
        meta=style.meta or None,
    )


def textual_theme(look: TerminalLook) -> TextualTheme:
    """Return a theme for Textual's widgets with the colours of the panels."""
    if look.is_plain:
        # default is the normal background; white becomes reverse video in the filter
        return TextualTheme(
            "nnfs-plain",
            primary="ansi_default",
            secondary="ansi_default",
            warning="ansi_default",
            error="ansi_default",
            success="ansi_default",
            accent="ansi_default",
            foreground="ansi_default",
            background="ansi_default",
            surface="ansi_default",
            panel="ansi_default",
            boost="ansi_default",
            dark=look.theme.dark,
            ansi=True,
            variables={name: value for value, names in _PLAIN.items() for name in names.split()},
        )
    colour = look.theme.colour
    return TextualTheme(
        f"nnfs-{look.palette}-{look.background}",
        primary=colour("accent"),
        secondary=colour("dim"),
        warning=colour("warning"),
        error=colour("alarm"),
        success=colour("accent"),
        accent=colour("accent"),
        foreground=colour("text"),
        background=colour("paper"),
        surface=colour("sunk"),
        panel=colour("tinted"),
        dark=look.theme.dark,
        # Textual's own are blended with the background, and have too little contrast for text
        variables={
            "block-cursor-blurred-foreground": colour("bright"),
            "block-cursor-blurred-background": colour("raised"),
            "input-selection-foreground": colour("paper"),
            "input-selection-background": colour("accent"),
        },
    )


def css_variables(look: TerminalLook) -> dict[str, str]:
    """Return the variables of the style sheet."""
    colour = look.theme.colour
    return {f"role-{role}": "ansi_default" if look.is_plain else colour(role) for role in ROLES}
