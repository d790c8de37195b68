"""Missing values written as numbers or words: requested ones, sentinels, and suspicious zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.datasets.files.column_entries import find, option
from core.datasets.files.names import MOST_LISTED, clean, counted
from core.datasets.files.words import NAN, is_number, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.arrays import Array
    from core.datasets.files.table import Table

NO_DETECTION: Final = "none"

_SENTINELS: Final = frozenset(
    float(sign + digit * count)
    for sign, digit, counts in (("-", "9", range(2, 8)), ("", "9", range(3, 8)))
    for count in counts
) | {-100.0, -200.0, -500.0, -1000.0, -10000.0, -32768.0}
"""Numbers that data loggers and statistics programs write for missing values."""

_CERTAIN: Final = frozenset({-999.0, -9999.0, -99999.0, -999999.0, -9999999.0})

FEWEST_OTHERS: Final = 5
"""Different other values of a column that a sentinel is compared with."""

FEWEST_NEAR_ZERO: Final = 10
"""Different other values of a column whose zeros may be missing values."""

MOST_ZEROS: Final = 0.5
"""Share of zeros that are suspicious; a value that most rows have is normal."""

FARTHEST_ZERO: Final = 0.1
"""Distance of the closest value from zero, as a part of the median, from which zeros are suspicious."""

_SAMPLE: Final = 20_000


class MissingValues:
    """Additional missing values: for all columns, or for one in the form `column=value`."""

    def __init__(self, given: Sequence[str]) -> None:
        self.detect = NO_DETECTION not in {each.strip().casefold() for each in given}
        self._everywhere: set[str] = set()
        self._of_columns: dict[str, set[str]] = {}
        for each in given:
            name, equals, value = each.rpartition("=")
            folded = value.strip().casefold()
            if equals:
                self._of_columns.setdefault(name.strip(), set()).add(folded)
            elif folded != NO_DETECTION:
                self._everywhere.add(folded)

    def __bool__(self) -> bool:
        return bool(self._everywhere or self._of_columns)

    def check(self, names: Sequence[str], file: str) -> None:
        """Raise DataError if a column does not exist."""
        for each in self._of_columns:
            find(each, names, file)

    def of(self, name: str) -> frozenset[str]:
        """Return the values of a column, stripped and casefolded."""
        own = self._of_columns.get(name) or self._of_columns.get(clean(name)) or set()
        return frozenset(self._everywhere | own)


def find_missing(table: Table, given: Sequence[str]) -> None:
    """Replace numbers and words that mean missing values by NaN, and add notes on them."""
    missing = MissingValues(given)
    notes = _requested(table, missing)
    table.notes += table.markers.notes
    table.notes += notes
    if table.image is None and len(table.y):
        if missing.detect:
            table.notes += _sentinels(table)
        table.notes += _zeros(table)


@dataclass(frozen=True)
class _Column:
    """A column of numbers, with its smallest and its largest value."""

    name: str
    values: Array
    low: float
    high: float


def _columns(table: Table) -> Iterator[_Column]:
    """Yield the columns of numbers; features first."""
    for names, array, others in (
        (table.feature_names, table.x, {*table.x_words, *table.x_dates}),
        (() if table.class_names else table.target_names, table.y, {*table.y_words}),
    ):
        if len(array):
            # for all columns at once, which is many times as fast
            low, high = np.fmin.reduce(array, axis=0), np.fmax.reduce(array, axis=0)
        for at, name in enumerate(names if len(array) else ()):
            if at not in others:
                yield _Column(name, array[:, at], float(low[at]), float(high[at]))


def _requested(table: Table, missing: MissingValues) -> list[str]:
    found = []
    for column in _columns(table) if missing else ():
        for text in filter(is_number, sorted(missing.of(column.name))):
            rows = column.values == number(text)
            if count := int(rows.sum()):
                column.values[rows] = NAN
                found.append(f"{text} in '{clean(column.name)}' ({counted(count, 'cell')})")
    for names, array, all_words in (
        (table.feature_names, table.x, table.x_words),
        (table.target_names, table.y, table.y_words),
    ):
        for at, words in all_words.items():
            if words.too_many:
                continue
            own = missing.of(names[at])
            codes = [code for code, each in enumerate(words.values) if each.casefold() in own]
            rows = np.isin(array[:, at], codes)
            if count := int(rows.sum()):
                array[rows, at] = NAN
                shown = ", ".join(f"'{clean(words.values[code])}'" for code in codes)
                found.append(f"{shown} in '{clean(names[at])}' ({counted(count, 'cell')})")
    return [f"Read as missing, as requested: {first_of(found)}."] if found else []


def _sentinels(table: Table) -> list[str]:
    """Replace numbers far outside the other values of their column."""
    outermost = [
        (column.name, column.values, value)
        for column in _columns(table)
        for value in {column.low, column.high} & _SENTINELS
    ]
    known = {value for _, values, value in outermost if _is_far(values, value)}
    found: dict[float, list[str]] = {}
    for name, values, value in outermost:
        if _is_sentinel(values, value, is_known=value in known):
            rows = values == value
            values[rows] = NAN
            cells = counted(int(rows.sum()), "cell")
            found.setdefault(value, []).append(f"'{clean(name)}' ({cells})")
    return [
        f"Read as missing: {value:.0f}, which is far from all other values, in {first_of(where)}; "
        "--na none keeps it as a number."
        for value, where in found.items()
    ]


def _is_far(column: Array, value: float) -> bool:
    """Return whether a value is repeated, and further from the others than these from one another."""
    others = _others(column, value)
    if np.count_nonzero(column == value) < 2 or len(np.unique(others)) < FEWEST_OTHERS:
        return False
    spread = float(others.max() - others.min())
    # large numbers are more often real than negative ones
    return float(np.abs(others - value).min()) > (spread if value < 0 else 5 * spread)


def _is_sentinel(column: Array, value: float, *, is_known: bool) -> bool:
    others = _others(column, value)
    if is_known:  # in another column: values of this one may be spread more widely
        return not others.size or float(np.abs(others - value).min()) >= abs(value) / 2
    is_repeated = int(np.count_nonzero(column == value)) > 1
    if not (value in _CERTAIN and is_repeated and others.size):
        return False
    return float(others.min()) >= 0


def _others(column: Array, value: float) -> Array:
    others: Array = column[(column != value) & ~np.isnan(column)]
    return others


def _zeros(table: Table) -> list[str]:
    """Return a note on zeros that may be missing values; they are not changed."""
    found, options = [], []
    for column in _columns(table):
        if column.low == column.high or 0.0 not in (column.low, column.high):
            continue
        others = np.abs(_others(column.values, 0.0))
        zeros = int(np.count_nonzero(column.values == 0))
        if zeros <= MOST_ZEROS * (zeros + len(others)) and _is_far_from_zero(others):
            sign = "at least" if column.high else "at most"
            nearest = others.min() if column.high else -others.min()
            found.append(
                f"'{clean(column.name)}' ({counted(zeros, 'zero')}; all other values are {sign} "
                f"{nearest:.6g})"
            )
            options.append(f"{column.name}=0")
    if not found:
        return []
    hint = option("--na", *options[:MOST_LISTED])
    return [f"Zeros that may be missing values: {first_of(found)}; if so, use {hint}."]


def _is_far_from_zero(others: Array) -> bool:
    different = np.unique(others[:_SAMPLE])
    if len(different) < FEWEST_NEAR_ZERO:
        return False
    least, step = float(others.min()), float(np.diff(different).min())
    # counts from 1 are close to 0, however far 1 is from their median
    return least >= FARTHEST_ZERO * float(np.median(others)) and least >= 5 * step


def first_of(items: list[str]) -> str:
    """Return the first few items, and the number of the others."""
    more = len(items) - MOST_LISTED
    return ", ".join(items[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
