"""Detection of the header: is the first row of a table like the rows below it, or above them?"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.datasets.files.dialect import looks_numeric
from core.datasets.files.words import is_missing, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

MOSTLY: Final = 0.7
"""Fraction of the cells of a column by which its kind is decided; the others may be missing or wrong."""

FEW_REPEATED: Final = 0.1
"""Fraction of the columns in which a name may also be a value."""

FEWEST_COUNTED: Final = 3

_DIGIT: Final = re.compile(r"\d")


def find_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[bool, str]:
    """Return whether the first row contains the names of the columns, and the reason.

    Args:
        first: the first row.
        rows: the rows below, of the same length.
    """
    names = [cell.strip() for cell in first]
    columns = [
        [row[at].strip() for row in rows if not is_missing(row[at])] for at in range(len(names))
    ]
    kinds = [_kind(column) for column in columns]
    above = [_kind([name]) if not is_missing(name) else "" for name in names]
    pairs = list(zip(above, kinds, strict=True))
    words_above = sum(one == "word" and other in {"number", "digits"} for one, other in pairs)
    words_above += sum(one == "digits" and other == "number" for one, other in pairs)
    alike = sum(one == other == "number" for one, other in pairs)
    if alike and _count(names, columns):
        return True, "its numbers count the columns"
    if alike and words_above <= 4 * alike:
        return False, "it contains numbers, as do the rows below"
    if words_above:
        return True, "it contains words above numbers"
    if not any(columns):
        return not any(is_number(name) for name in names), "all its cells are words"
    if any(each == "number" for each in above):
        return False, "it contains numbers"
    return _of_words(names, columns, pairs)


def _of_words(
    names: Sequence[str], columns: Sequence[Sequence[str]], pairs: Sequence[tuple[str, str]]
) -> tuple[bool, str]:
    """Decide for a table of words: names rarely occur as values, the values of categories do."""
    # of columns in which every value is another one, nothing can be said
    repetitive = [
        (name.casefold(), {cell.casefold() for cell in column})
        for name, column in zip(names, columns, strict=True)
        if name and len(set(column)) < len(column)
    ]
    occurring = sum(name in values for name, values in repetitive)
    if occurring > FEW_REPEATED * len(repetitive):
        return False, "its words occur in the rows below"
    if any(one == other == "digits" for one, other in pairs):
        return False, "it is like the rows below"
    filled = [name for name in names if name]
    if len(set(filled)) < len(filled):
        return False, "some of its cells are the same"
    if repetitive:
        return True, "its words do not occur in the rows below"
    return True, "all its cells are words"


def _kind(cells: Sequence[str]) -> str:
    """Return the kind of most cells: `number`, `digits` if they contain some, `word`, or empty."""
    if not cells:
        return ""
    if sum(map(looks_numeric, cells)) >= MOSTLY * len(cells):
        return "number"
    if sum(bool(_DIGIT.search(cell)) for cell in cells) >= MOSTLY * len(cells):
        return "digits"
    return "word"


def _count(names: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Return whether the numbers in the first row are consecutive, as years and column numbers are."""
    words = [name for name in names if name and not is_number(name)]
    numbers = [int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 10]
    if len(numbers) < FEWEST_COUNTED or len(numbers) + len(words) < sum(map(bool, names)):
        return False
    if not words and numbers[0] > 1:
        return False
    is_counted = all(after == before + 1 for before, after in pairwise(numbers))
    return is_counted and not any(
        name in column for name, column in zip(names, columns, strict=True) if name
    )
