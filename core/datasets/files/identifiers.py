"""Feature columns that measure nothing: numbers of rows, identifiers, and names of samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import evenly_spaced
from core.datasets.files.column_entries import is_unnamed, option
from core.datasets.files.names import MOST_LISTED, clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.datasets.files.table import Table
    from core.datasets.files.words import Words

NAMES: Final = frozenset(
    {"id", "ids", "index", "idx", "row", "rowid", "rownames", "rownum", "uuid", "guid", "key"}
    | {"no", "nr", "num", "number", "sno", "slno", "serial", "serialno", "unnamed", "record"}
)
"""Names of columns that identify a row, without digits and punctuation."""

TIMES: Final = frozenset(
    {"year", "yr", "month", "week", "day", "date", "time", "quarter", "jahr", "annee", "année"}
    | {"anno", "ano", "año", "jaar", "t"}
)
"""Names of columns with a time, which may count the rows."""

FEWEST: Final = 10
"""Number of rows from which 1, 2, 3, … counts them; in fewer, it may be a measurement."""

SAMPLE: Final = 1000
"""Rows that rule out most columns before all rows are examined."""

DATES: Final = "a date of its own for each row, in order"
COUNTS: Final = "counts the rows"
DIFFERS: Final = "differs in every row"

_LAST_WORD_ID: Final = re.compile(
    r"(?i:(?:.*[\W_])?(?:ids?|no|nr|number|uuid|guid|key)[\W_]*)"
    r"|.*[a-z](?:Id|ID|No|Nr|Number|Key)",
    re.DOTALL,
)


def identifiers(table: Table, *, has_classes: bool) -> dict[int, str]:
    """Return the features that measure nothing, by index, with the reason.

    Features that the user requested are not among them, nor is any if none would be left.

    Args:
        table: the table.
        has_classes: whether classes are predicted; numbers can have a trend over dates.
    """
    if table.image is not None or table.texts is not None:
        return {}
    kept = set(table.kept)
    unnamed = _unnamed([*table.feature_names, *table.target_names])
    found = {}
    for at, name in enumerate(table.feature_names):
        if name in kept:
            continue
        if at in table.x_dates:
            reason = DATES if has_classes and counts_dates(table, at) else ""
        else:
            words = table.x_words.get(at)
            reason = why(name, table.x[:, at], words, is_named=name not in unnamed)
            if reason == COUNTS and not has_classes and is_time(name):
                reason = ""  # a trend, as with dates
        if reason:
            found[at] = reason
    return found if any(_is_usable(table, at) for at in _others(table, found)) else {}


def note_identifiers(table: Table, found: dict[int, str]) -> list[str]:
    """Return a sentence on the columns that are excluded, and how to include them."""
    if not found:
        return []
    columns = [f"'{clean(table.feature_names[at])}' ({reason})" for at, reason in found.items()]
    shown = ", ".join(columns[:MOST_LISTED])
    if len(columns) > MOST_LISTED:
        shown += f" and {len(columns) - MOST_LISTED} more"
    they = "it" if len(columns) == 1 else "them"
    return [
        f"Excluded, as nothing is measured: {shown}; --exclude none includes {they} in the features."
    ]


def note_trends(table: Table, used: Sequence[int]) -> list[str]:
    """Return a sentence on the dates among the features that are like a number of the row."""
    names = [
        name
        for at, name in ((at, table.feature_names[at]) for at in used)
        if (at in table.x_dates and counts_dates(table, at))
        or (is_time(name) and why(name, table.x[:, at], table.x_words.get(at)) == COUNTS)
    ]
    return [
        f"'{clean(name)}' has {DATES}; {option('--exclude', name)} learns without a trend."
        for name in names
    ]


def counts_dates(table: Table, at: int) -> bool:
    """Return whether a column contains dates that follow each other from row to row."""
    dates = table.x_dates[at]
    return dates.monotone and dates.unique


def note_target(table: Table) -> list[str]:
    """Return a sentence if the target is an identifier."""
    if len(table.target_names) != 1 or not is_id(table.target_names[0]):
        return []
    reason = why(table.target_names[0], table.y[:, 0], table.y_words.get(0))
    name = clean(table.target_names[0])
    return (
        [f"The target '{name}' {reason}, so it is an id and cannot be predicted."] if reason else []
    )


def why(name: str, values: Array, words: Words | None, *, is_named: bool = True) -> str:
    """Return the reason why a column measures nothing, or an empty string.

    Args:
        name: name of the column.
        values: numbers or codes of words, one per row.
        words: the words, or None.
        is_named: whether the file gives the column a name; a single column without one contains the
            names of the rows, as written by R and pandas.
    """
    if words is not None:
        if words.too_many or np.isnan(values).any():
            return ""
        return DIFFERS if len(np.unique(values)) == len(values) else ""
    some = values[evenly_spaced(len(values), SAMPLE)]
    if np.any(some != np.floor(some)):  # also true of a missing value
        return ""
    is_identifier = not is_named or is_id(name)
    # numbers that count the rows are as dense as possible
    is_dense = len(values) >= FEWEST and values.max() - values.min() == len(values) - 1
    if not (is_dense or is_identifier) or not are_different_integers(values):
        return ""
    steps = np.diff(values)
    if np.all(steps == 1) or np.all(steps == -1):
        return COUNTS
    if is_dense and values.min() in (0, 1):
        return COUNTS
    return DIFFERS if is_identifier else ""


def are_different_integers(values: Array) -> bool:
    """Return whether the values are integers that differ in every row."""
    some = values[evenly_spaced(len(values), SAMPLE)]
    if np.any(some != np.floor(some)) or len(np.unique(some)) < len(some):
        return False  # a missing value differs from itself
    is_whole = np.all(values == np.floor(values)) and np.isfinite(values).all()
    return bool(is_whole) and len(np.unique(values)) == len(values)


def is_id(name: str) -> bool:
    """Return whether the name is that of an identifier, such as `id`, `row_id`, `PassengerId` or `#`."""
    plain = re.sub(r"[\W_]", "", name).casefold()
    is_usual = not plain or plain.rstrip("0123456789") in NAMES
    return is_usual or _LAST_WORD_ID.fullmatch(name.strip()) is not None


def is_time(name: str) -> bool:
    """Return whether the name is that of a time, such as `Year`."""
    return re.sub(r"[\W_0-9]", "", name).casefold() in TIMES


def _unnamed(names: Sequence[str]) -> set[str]:
    """Return the names of columns without a name in a file in which other columns have one."""
    unnamed = set(filter(is_unnamed, names))
    return set() if len(unnamed) == len(names) else unnamed


def _others(table: Table, found: dict[int, str]) -> list[int]:
    return [at for at in range(len(table.feature_names)) if at not in found]


def _is_usable(table: Table, at: int) -> bool:
    """Return whether a column varies, and has numbers or few different words."""
    words = table.x_words.get(at)
    if words is not None and words.too_many:
        return False
    column = table.x[:, at]
    return bool(np.fmin.reduce(column) < np.fmax.reduce(column))
