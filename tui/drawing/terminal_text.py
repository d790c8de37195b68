"""Adaptation of texts about drawings to the palette and the glyphs of the terminal.

The texts themselves are written for the default palette and all glyphs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.drawing.rendering import CERTAINTY, CURVES, DIVERGING_GLYPHS

if TYPE_CHECKING:
    from tui.drawing.rendering import TerminalLook

_VIRIDIS: Final = {"blue": "violet", "orange": "yellow"}

_PLAIN: Final = {
    "(grey)": f"({CURVES['curve train']})",
    "(violet)": f"({CURVES['curve test']})",
    "Ochre": CURVES["curve penalized"],
    "blue negative": f"{DIVERGING_GLYPHS[:4]} negative",
    "orange positive": f"{DIVERGING_GLYPHS[5:]} positive",
    "in the colour of the class predicted there, purer where it is more certain": (
        "in the glyphs of the class predicted there, in the order of the classes "
        f"{', '.join(' '.join(triple) for triple in CERTAINTY)}, the last of three where it is certain"
    ),
    "as a colour": "as a glyph",
    ", a dotted line, is where colours meet": " is where glyphs meet",
    "colours meet": "glyphs meet",
    "its colour": "its glyphs",
    "of one colour": "of one glyph",
}

_DOTTED: Final = {"blue negative": "dotted negative", "orange positive": "continuous positive"}
"""The same for lines of weights."""

_SPELLED: Final = {
    "filled for train, hollow for test, ✗ and × misclassified": (
        "capital letters for train, small ones for test, X and x misclassified"
    ),
    "√": "sqrt ",
    "Σ": "sum ",
    "∂": "d",
    "²": "^2",
    "ᵀ": "^T",
    "ŷ": "y'",
    "η": "eta",
    "ε": "eps",
    "γ": "gamma",
    "β": "beta",
    "δ": "delta",
    "θ": "theta",
    "λ": "lambda",
    "μ": "mu",
    "σ": "sigma",
    "Φ": "Phi",
    "φ": "phi",
    "π": "pi",
    "∞": "inf",
    "→": "->",
    " · ": "; ",
    "·": "*",
}
"""Glyphs whose fallback needs more than one cell."""

_KEYS: Final = {
    "← ↑ ↓ →": "arrows",
    "⇧": "shift+",
    "←": "left",
    "→": "right",
    "↑": "up",
    "↓": "down",
    "⇟": "pagedown",
}


def terminal_text(text: str, look: TerminalLook) -> str:
    """Return a text about a drawing, adapted to the terminal."""
    if look.dots_negative:
        text = _replaced(text, _DOTTED)
    if look.is_plain:
        text = _replaced(text, _PLAIN)
    elif look.palette == "viridis":
        text = _replaced(text, _VIRIDIS)
    return text if look.glyphs == "unicode" else _replaced(text, _SPELLED)


def key_name(shown: str, look: TerminalLook) -> str:
    """Return the name of a key, spelled out if the terminal has no glyph for it."""
    return shown if look.glyphs == "unicode" else _replaced(shown, _KEYS)


def _replaced(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


HINTS: Final = " · "
"""Between the keys of a dialog."""


def hints_that_fit(hints: str, width: int) -> str:
    """Return the keys of a dialog without those that do not fit into its lower border.

    The first, which is about the current row, and the last, which closes, are kept longest.
    """
    parts = hints.split(HINTS)
    # on either side of the border's text are a blank, a part of the border and a corner
    while len(parts) > 1 and cell_len(HINTS.join(parts)) > width - 6:
        parts.pop(1 if len(parts) > 2 else 0)
    return HINTS.join(parts)
