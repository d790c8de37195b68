"""Escape codes: styles (SGR) and cursor moves, each as the shortest sequence from the current state."""

from __future__ import annotations

from typing import Final, NamedTuple

_SEEN_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that are visible on a blank: underlines, reverse, strike, overline."""


class SgrState(NamedTuple):
    """State of a terminal's style, as the SGR parameters that set it."""

    attributes: tuple[str, ...] = ()
    foreground: str = "39"
    background: str = "49"

    def on_blank(self) -> SgrState:
        """Return the part that is visible on a blank."""
        if _SEEN_ON_BLANKS.intersection(self.attributes):
            return self
        return SgrState((), PLAIN.foreground, self.background)

    def after_blank(self, blank: SgrState) -> SgrState:
        """Return the state after drawing a blank, which leaves the foreground unchanged if possible."""
        if self.attributes == blank.attributes == ():
            return SgrState((), self.foreground, blank.background)
        return blank

    def change(self, wanted: SgrState, *, blank: bool) -> str:
        """Return the sequence from this style to another; for a blank, only the visible part."""
        if self.attributes != wanted.attributes:
            parts = ["", *wanted.attributes]
            if wanted.foreground != PLAIN.foreground:
                parts.append(wanted.foreground)
            if wanted.background != PLAIN.background:
                parts.append(wanted.background)
            return f"\x1b[{';'.join(parts)}m"
        parts = []
        if wanted.foreground != self.foreground and not (blank and not wanted.attributes):
            parts.append(wanted.foreground)
        if wanted.background != self.background:
            parts.append(wanted.background)
        return f"\x1b[{';'.join(parts)}m" if parts else ""


PLAIN: Final = SgrState()

_CUBE: Final = (0, 95, 135, 175, 215, 255)
"""Red, green and blue levels of the entries 16 to 231 of the 256-colour palette."""
_GREYS: Final = tuple(range(8, 248, 10))
"""Levels of the entries 232 to 255."""
_FIRST_FIXED: Final = 22
"""First entry of the 256-colour palette that is the same in practically all terminals."""


def palette_entry(red: int, green: int, blue: int) -> int:
    """Return the index, from 16 to 255, of the palette entry nearest to a colour.

    The values of the first 16 entries are unknown, since users configure them. Rich's conversion is not
    used, because it moves nearly every grey by one entry.
    """
    wanted = red, green, blue
    at = [min(range(6), key=lambda step: abs(_CUBE[step] - part)) for part in wanted]
    grey = min(range(24), key=lambda step: abs(3 * _GREYS[step] - red - green - blue))
    in_cube = sum((_CUBE[step] - part) ** 2 for step, part in zip(at, wanted, strict=True))
    in_greys = sum((_GREYS[grey] - part) ** 2 for part in wanted)
    return 232 + grey if in_greys < in_cube else 16 + 36 * at[0] + 6 * at[1] + at[2]


def _same_entry(red: int, green: int, blue: int) -> int | None:
    """Return the palette entry of exactly this colour, or None.

    Not the first entries of the cube, which some programs use for the colours of a theme.
    """
    entry = palette_entry(red, green, blue)
    if entry >= 232:
        same = (_GREYS[entry - 232],) * 3
    else:
        at = entry - 16
        same = _CUBE[at // 36], _CUBE[at // 6 % 6], _CUBE[at % 6]
    return entry if entry >= _FIRST_FIXED and same == (red, green, blue) else None


def _colour(kind: str, parts: list[str], *, to_256: bool) -> tuple[str, ...]:
    """Return the parameters of a colour, the shortest ones."""
    if kind == "2" and all(part.isdecimal() for part in parts):
        values = int(parts[0]), int(parts[1]), int(parts[2])
        entry = palette_entry(*values) if to_256 else _same_entry(*values)
        if entry is not None:
            return "5", str(entry)
    return kind, *parts


def parse_sgr(parameters: str, *, to_256: bool = False) -> SgrState:
    """Return the style that these parameters set after a reset, since Textual resets after each use.

    With `to_256`, RGB colours become entries of the 256-colour palette. Without, only those that are
    equal to one, which takes half the bytes.
    """
    attributes: list[str] = []
    foreground, background = PLAIN.foreground, PLAIN.background
    numbers = iter(parameters.split(";"))
    for number in numbers:
        if number in {"38", "48"}:
            kind = next(numbers, "5")
            rest = [next(numbers, "0") for _ in range(3 if kind == "2" else 1)]
            colour = ";".join((number, *_colour(kind, rest, to_256=to_256)))
            if number == "38":
                foreground = colour
            else:
                background = colour
        elif number in {"", "0"}:
            attributes, foreground, background = [], PLAIN.foreground, PLAIN.background
        elif number.isdigit() and (30 <= int(number) <= 37 or 90 <= int(number) <= 97):
            foreground = number
        elif number.isdigit() and (40 <= int(number) <= 47 or 100 <= int(number) <= 107):
            background = number
        elif number not in {"39", "49"}:
            attributes.append(number)
    return SgrState(tuple(attributes), foreground, background)


def move(start: tuple[int, int] | None, row: int, column: int) -> str:
    """Return the sequence that moves the cursor; rows and columns count from 0.

    `start` is (row, column), or None if unknown.
    """
    absolute = f"\x1b[{row + 1};{column + 1}H" if column else f"\x1b[{row + 1}H"
    if start is None:
        return absolute
    across = _across(start[1], column)
    if start[0] == row:
        return across
    return min(absolute, _along(start[0], row) + across, key=len)


def _along(start: int, row: int) -> str:
    by = row - start
    if -2 <= by <= 4:
        # a line feed would also return to the first column where the line discipline converts it
        return "\v" * by if by > 0 else "\x1bM" * -by
    return min(f"\x1b[{abs(by)}{'B' if by > 0 else 'A'}", f"\x1b[{row + 1}d", key=len)


def _across(start: int, column: int) -> str:
    by = column - start
    if by > 0:
        return f"\x1b[{by if by > 1 else ''}C"
    ways = ["\b" * -by, f"\x1b[{column + 1}G", f"\x1b[{-by}D"]
    return min(ways, key=len) if column else ("\r" if by else "")
