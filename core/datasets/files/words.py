"""Cells of text files: numbers, words or missing values; and the codes of a column of words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Texts of missing values, stripped and in lower case."""

NAN: Final = float("nan")

_DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)

MOST_CATEGORIES: Final = 20
MOST_CLASSES: Final = 100


def number(cell: str) -> float:
    """Return the number in a cell, NaN for a missing value; raises ValueError.

    Accepts what `numpy.loadtxt` accepts and the texts in `MISSING`; unlike `float`, neither
    underscores nor digits of other scripts.
    """
    text = cell.strip()
    if text.casefold() in MISSING:
        return NAN
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def is_missing(cell: str) -> bool:
    """Return whether a cell is a missing value."""
    return cell.strip().casefold() in MISSING


def is_number(cell: str) -> bool:
    """Return whether a cell contains a number; a missing value is none."""
    try:
        number(cell)
    except ValueError:
        return False
    return not is_missing(cell)


def has_decimal_comma(cell: str) -> bool:
    """Return whether a cell is a number with a decimal comma."""
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def order(value: str) -> tuple[bool, float, str]:
    """Return the sort key of a value: numbers by size, then words."""
    return (False, number(value), value) if is_number(value) else (True, 0.0, value)


@dataclass(frozen=True)
class Stray:
    """The first cell of a column that is not a number, and its line or row."""

    line: int
    value: str


class Words:
    """The values of one column, numbered in order of appearance.

    Attributes:
        values: different values, at most one more than `most`.
        stray: the first value that is not a number.
        numbers, commas: how many values are numbers, and numbers with a decimal comma.
    """

    def __init__(self, most: int, stray: Stray | None = None, *, typed: bool = False) -> None:
        self.most = most
        self.stray = stray
        self.typed = typed  # the file declares the column as text, even if values look like numbers
        self.values: list[str] = []
        self.numbers = 0
        self.commas = 0
        self._codes: dict[str, float] = {}

    @property
    def too_many(self) -> bool:
        """Whether there are more than `most` values; the codes are meaningless then."""
        return len(self.values) > self.most

    @property
    def mostly_numbers(self) -> bool:
        """Whether there are more numbers than words."""
        return 2 * (self.numbers + self.commas) > len(self.values)

    @property
    def only_commas(self) -> bool:
        """Whether the column contains numbers only, some with a decimal comma."""
        return self.commas > 0 and self.numbers + self.commas == len(self.values)

    @property
    def has_spaces(self) -> bool:
        """Whether some values consist of several words, as texts do."""
        return any(" " in value for value in self.values)

    def codes(self, cells: Sequence[str], lines: Sequence[int]) -> list[float]:
        """Return the code of each cell's value, NaN for a missing value."""
        if self.too_many:
            return [0.0] * len(cells)
        known = self._codes
        stripped = [cell.strip() for cell in cells]
        try:
            return [known[cell] for cell in stripped]
        except KeyError:
            return [self._code(cell, lines[at]) for at, cell in enumerate(stripped)]

    def _code(self, cell: str, line: int) -> float:
        code = self._codes.get(cell)
        if code is not None or self.too_many:
            return code or 0.0
        if cell.casefold() in MISSING:
            self._codes[cell] = NAN
            return NAN
        self._codes[cell] = code = float(len(self.values))
        self.values.append(cell)
        if not self.typed and is_number(cell):
            self.numbers += 1
        elif self.stray is None:
            self.stray = Stray(line, cell)
        self.commas += not self.typed and has_decimal_comma(cell)
        return code
