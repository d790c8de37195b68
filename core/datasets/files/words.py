"""Cells of text files: numbers, words or missing values; and the codes of a column of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING: Final = frozenset(
    {"", "na", "n/a", "n.a.", "<na>", "#n/a", "#na", "nan", "null", "?"}
    | {"#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!"}  # errors of spreadsheets
    | {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "-nan", "nan(ind)", "-nan(ind)"}  # of C programs
)
"""Texts of missing values, stripped and in lower case."""

MISSING_NUMBERS: Final = MISSING | {"none", "-", "--", "\u2013", "\u2014", ".", ".."}
"""Texts of missing values in columns of numbers and dates; among words, these can be categories."""

NAN: Final = float("nan")

MOST_CATEGORIES: Final = 20
MOST_CLASSES: Final = 100
MOST_SPELLINGS: Final = 10
"""Spellings per value, on average."""


def number(cell: str) -> float:
    """Return the number in a cell, NaN for a missing value; raises ValueError.

    Accepts what `numpy.loadtxt` accepts and the texts in `MISSING_NUMBERS`; unlike `float`, neither
    underscores nor digits of other scripts.
    """
    text = cell.strip()
    if text.casefold() in MISSING_NUMBERS:
        return NAN
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def is_missing(cell: str) -> bool:
    """Return whether a cell of a column of numbers is a missing value."""
    return cell.strip().casefold() in MISSING_NUMBERS


def is_number(cell: str) -> bool:
    """Return whether a cell contains a number; a missing value is none."""
    try:
        number(cell)
    except ValueError:
        return False
    return not is_missing(cell)


def folded(value: str) -> str:
    """Return a value without differences in case and blanks, and without a full stop at the end."""
    return " ".join(value.casefold().split()).removesuffix(".") or value


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
        values: different values, in each of their spellings.
        stray: the first value that is not a number, in the format of the others.
        mostly_numbers: whether there are more numbers than words.
        expected: description of the numbers, for the error that names the stray value.
    """

    def __init__(self, most: int, stray: Stray | None = None, *, typed: bool = False) -> None:
        self.most = most
        self.stray = stray
        self.typed = typed  # the file declares the column as text, even if values look like numbers
        self.values: list[str] = []
        self.mostly_numbers = False
        self.expected = "expected a number, or nothing if it is missing"
        self._codes: dict[str, float] = {}
        self._folded: set[str] = set()

    @property
    def too_many(self) -> bool:
        """Whether there are more than `most` values; the codes are meaningless then."""
        return len(self._folded) > self.most or len(self.values) > MOST_SPELLINGS * self.most

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
        self._folded.add(folded(cell))
        if self.stray is None and (self.typed or not is_number(cell)):
            self.stray = Stray(line, cell)
        return code
