"""Categories and classes that differ only in case, blanks or a full stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.files.column_entries import option
from core.datasets.files.missing import first_of
from core.datasets.files.names import clean, listed
from core.datasets.files.words import MISSING_NUMBERS, folded

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets.files.table import Table
    from core.datasets.files.words import Words

MOST_LETTERS: Final = 5
"""Single letters that are merged; more of them may be an alphabet, in which case matters."""


def merge_spellings(table: Table) -> None:
    """Merge values of a column that are written in several ways, and add notes on them."""
    for names, array, all_words in (
        (table.feature_names, table.x, table.x_words),
        (table.target_names, table.y, table.y_words),
    ):
        for at, words in all_words.items():
            if not words.too_many:
                table.notes += _merge(names[at], array[:, at], words)
                table.notes += _possibly_missing(names[at], array[:, at], words)


def _merge(name: str, column: Array, words: Words) -> list[str]:
    counts = _counts(column, words)
    spellings: dict[str, list[int]] = {}
    for code, value in enumerate(words.values):
        spellings.setdefault(folded(value), []).append(code)
    if sum(len(each) == 1 for each in spellings) > MOST_LETTERS:
        spellings = {key: codes for key, codes in spellings.items() if len(key) > 1}
    target = np.arange(len(words.values), dtype=np.float64)
    merged = []
    for codes in spellings.values():
        used = sorted((code for code in codes if counts[code]), key=lambda code: -counts[code])
        if len(used) > 1:
            target[used] = used[0]
            merged.append(
                " = ".join(f"'{clean(words.values[code])}' ({counts[code]:,})" for code in used)
            )
    if merged:
        known = ~np.isnan(column)
        column[known] = target[column[known].astype(np.int64)]
    return [f"Read as the same value of '{clean(name)}': {first_of(merged)}."] if merged else []


def _possibly_missing(name: str, column: Array, words: Words) -> list[str]:
    """Return a note on values that would be missing among numbers."""
    counts = _counts(column, words)
    found = [
        value
        for code, value in enumerate(words.values)
        if counts[code] and value.casefold() in MISSING_NUMBERS
    ]
    if not found or (found == ["-"] and "+" in words.values):
        return []
    hint = option("--na", *(f"{name}={value}" for value in found))
    value, it = ("is a value", "it is") if len(found) == 1 else ("are values", "they are")
    return [
        f"{listed(found)} {value} of '{clean(name)}' like any other; if {it} missing, use {hint}."
    ]


def _counts(column: Array, words: Words) -> list[int]:
    known = column[~np.isnan(column)].astype(np.int64)
    counts: list[int] = np.bincount(known, minlength=len(words.values)).tolist()
    return counts
