"""Fallbacks for glyphs that a terminal cannot show, one cell each, so that nothing moves.

There are three repertoires: Unicode, the font of the Linux console, and ASCII.
"""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

TRAIN_MARKERS: Final = "●▲■◆▼★✚▶◀♠♣♥⬢"
TEST_MARKERS: Final = "○△□◇▽☆✛▷◁♤♧♡⬡"
"""One marker per class, for thirteen classes, since colours alone may be hard to distinguish."""

REPERTOIRES: Final = ("unicode", "console", "ascii")

_CONSOLE: Final = frozenset("─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓·±²µ°÷")
"""Glyphs used here that the fonts of the Linux console, of 256 glyphs, have beyond ASCII."""

_ROUNDED: Final = dict(zip("╭╮╰╯━┃┏┓┗┛╸┊", "┌┐└┘─│┌┐└┘─│", strict=True))

_LETTERS: Final = str.maketrans(TRAIN_MARKERS + TEST_MARKERS, "ABCDEFGHIJKLMabcdefghijklm")
"""Letters of the classes, capital for training samples."""

_SIGNS: Final = str.maketrans(
    {
        **dict(zip("─━┄│┃┊┌┐└┘╭╮╰╯├┤┬┴┼┏┓┗┛╸╲", "---|||" + "+" * 17 + "-\\", strict=True)),
        **dict(zip(" ▁▂▃▄▅▆▇█", " _..-=+*#", strict=True)),
        **dict(zip("▏▎▍▌▋▊▉▐", "||||###[", strict=True)),
        **dict(zip("▔▕▀░▒▓▪", "-|\"':%#", strict=True)),
        "🔎": ">",
        **dict(zip("←→↑↓⇧⇟⇞◂▸▴▾◀▶▲▼△▽◁▷", "<>^v^vv<>^v<>^v^v<>", strict=True)),
        **dict(zip("●○■□◆◇★☆✚✛◉✗×♠♤♣♧♥♡⬢⬡", "o.#_*<*.+.@XxSsCcHhOo", strict=True)),
        **dict(zip("·…−–—‖′″‘’“”•␣⌊⌋", "..---|'\"''\"\"*_[]", strict=True)),
        **dict(zip("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀᵗ", "01234567890123456789+-Tt", strict=True)),
        **dict(
            zip("αβγδεηθλµμπσφΔΣΦ∂√∞±÷½≤≥≈≠∈∑∏°", "abgdenOlmmpsfDSFdV8~/h<>~/eSPo", strict=True)
        ),
    }
)


def class_letter(glyph: str) -> str:
    """Return the letter of a class, given its marker."""
    return glyph.translate(_LETTERS)


def fallback(glyph: str, repertoire: str) -> str:
    """Return the glyph, or one of the repertoire with the same meaning, or "?"."""
    if repertoire == "unicode" or glyph.isascii():
        return glyph
    if repertoire == "console":
        glyph = _ROUNDED.get(glyph, glyph)
        if glyph in _CONSOLE:
            return glyph
    if "\u2800" <= glyph <= "\u28ff":
        return stroke(ord(glyph) - 0x2800)
    sign = glyph.translate(_SIGNS)
    if not sign.isascii():
        # é becomes e
        sign = normalize("NFKD", glyph)[:1]
    return sign if sign.isascii() and sign.isprintable() and sign else "?"


def in_ascii(text: str) -> str:
    """Return a text with a fallback for each character that is not ASCII."""
    return "".join(each if each.isascii() else fallback(each, "ascii") for each in text)


def stroke(dots: int) -> str:
    """Return the ASCII character nearest to braille dots, given by their bits."""
    left = [row for row, bit in enumerate((0x01, 0x02, 0x04, 0x40)) if dots & bit]
    right = [row for row, bit in enumerate((0x08, 0x10, 0x20, 0x80)) if dots & bit]
    rows = left + right
    if not rows:
        return " "
    if max(len(left), len(right)) >= 3:
        return "|" if min(len(left), len(right)) < 3 else "#"
    if left and right:
        rise = sum(left) / len(left) - sum(right) / len(right)
        if abs(rise) >= 1:
            return "/" if rise > 0 else "\\"
    height = sum(rows) / len(rows)
    if len(rows) >= 2 and max(rows) - min(rows) >= 2:
        return ":"
    return "'" if height < 1 else "-" if height < 2.5 else "_" if len(rows) > 1 else "."
