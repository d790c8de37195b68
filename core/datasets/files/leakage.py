"""Features that determine the target exactly, since they were computed from it.

A network that learns from such a feature has a perfect score and predicts nothing new.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import evenly_spaced
from core.datasets.files.column_entries import option
from core.datasets.files.names import clean, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.arrays import Array, Labels
    from core.datasets.files.table import Table
    from core.datasets.files.targets import Targets

FEWEST: Final = 10
"""Number of rows from which an exact relation is more than a coincidence."""

SAMPLE: Final = 2000
"""Rows that rule out most columns before all rows are examined."""

MOST_DECIMALS: Final = 6

MOST_SUMMANDS: Final = 100
"""Columns of numbers up to which a sum of some is searched."""


def leaks(table: Table, targets: Targets, features: Iterable[int]) -> list[str]:
    """Return one sentence for each kind of feature that determines the target.

    Args:
        table: the table, whose words are not yet one-hot encoded.
        targets: its targets.
        features: indices of the features that are used.
    """
    used = list(features)
    if len(table.y) < FEWEST or table.image is not None or len(used) < 2:
        return []
    few = evenly_spaced(len(table.y), SAMPLE)
    if targets.class_names:
        return _of_classes(table, targets, used, few)
    notes = []
    for name, y in zip(targets.target_names, np.asarray(targets.y, np.float64).T, strict=True):
        found = [
            at
            for at in used
            if at not in table.x_words
            and is_linear(table.x[few, at], y[few])
            and is_linear(table.x[:, at], y)
        ]
        if found:
            names = [table.feature_names[at] for at in found]
            notes.append(_sentence(names, f"the target '{name}', as a linear function"))
            continue
        numbers = [
            at
            for at in used
            if at not in table.x_words
            and np.fmin.reduce(table.x[few, at]) < np.fmax.reduce(table.x[few, at])
        ]
        summands = sum_of(table.x, numbers, y, few) if len(numbers) <= MOST_SUMMANDS else []
        if summands and len(summands) < len(used):
            names = [table.feature_names[at] for at in summands]
            notes.append(_sentence(names, f"the target '{name}', which is their sum or difference"))
    return notes


def _of_classes(table: Table, targets: Targets, used: list[int], few: Labels) -> list[str]:
    y = np.asarray(targets.y, np.int64)
    count = len(targets.class_names)
    if len(y) < 2 * count:
        return []
    codes, indicators = [], {}
    for at in used:
        if not _has_values(table.x[few, at], count):
            continue
        values = table.x[:, at]
        if is_code(values, y, count):
            codes.append(table.feature_names[at])
        elif (label := indicated(values, y, count)) is not None:
            indicators[at] = label
    target = f"the target '{clean(table.target_names[0])}'"
    notes = []
    if codes:
        notes.append(_sentence(codes, f"{target}: {_each(codes)} one value per class"))
    names = [table.feature_names[at] for at in indicators]
    if len(set(indicators.values())) < count - 1:  # a single property can be true of one class only
        names = [
            table.feature_names[at]
            for at, label in indicators.items()
            if _names_class(table.feature_names[at], label, targets.class_names)
        ]
    if names:
        what = "is one of its one-hot columns" if len(names) == 1 else "are its one-hot columns"
        notes.append(_sentence(names, f"{target}: {'it' if len(names) == 1 else 'they'} {what}"))
    return notes


def _each(names: list[str]) -> str:
    return "it has" if len(names) == 1 else "they have"


def _sentence(names: list[str], what: str) -> str:
    verb = "determines" if len(names) == 1 else "determine"
    made = "it is" if len(names) == 1 else "they are"
    return (
        f"Leakage: {listed(names)} {verb} {what}; if {made} computed from the target, use "
        f"{option('--exclude', *names)}."
    )


def _has_values(values: Array, most: int) -> bool:
    """Return whether a column has at least two and at most `most` different values."""
    return 2 <= len(np.unique(values[~np.isnan(values)])) <= most


def is_code(values: Array, y: Labels, classes: int) -> bool:
    """Return whether each value occurs with one class only, and each class with one value only."""
    known = ~np.isnan(values)
    if 10 * int(known.sum()) < 9 * len(values):
        return False
    different, codes = np.unique(values[known], return_inverse=True)
    if len(different) != classes:
        return False
    pairs = np.unique(codes.reshape(-1) * classes + y[known])
    return len(pairs) == classes and len(np.unique(pairs % classes)) == classes


def indicated(values: Array, y: Labels, classes: int) -> int | None:
    """Return the class that a column of two values separates from all others, or None."""
    known = ~np.isnan(values)
    different, codes = np.unique(values[known], return_inverse=True)
    if len(different) != 2 or not known.all():
        return None
    counts = np.bincount(codes.reshape(-1) * classes + y, minlength=2 * classes).reshape(2, -1)
    if ((counts > 0).sum(axis=0) > 1).any():  # a class with both values
        return None
    for row in counts:
        if (row > 0).sum() == 1:
            return int(np.argmax(row))
    return None


def _names_class(name: str, label: int, classes: tuple[str, ...]) -> bool:
    """Return whether the name of a column contains a word that only this class has."""
    others = {word for at, each in enumerate(classes) if at != label for word in _words(each)}
    own = {word for word in _words(classes[label]) if word not in others}
    return bool(own & _words(name))


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[\W_]+", text.casefold()) if word}


@np.errstate(all="ignore")  # products of large numbers overflow; a relation to them is not found
def is_linear(x: Array, y: Array) -> bool:
    """Return whether y is a·x + b, up to the rounding of both to the decimals in the file."""
    known = ~np.isnan(x)
    x, y = x[known], y[known]
    if len(x) < FEWEST or len(np.unique(x[:FEWEST])) < 3:
        return False
    steps = np.diff(x)
    if np.ptp(steps) <= 1e-9 * np.abs(steps).max():
        return False  # values in equal steps, as in examples of a straight line
    a, b = _centred(x), _centred(y)
    spread_x, spread_y = float(np.sqrt(a @ a)), float(np.sqrt(b @ b))
    if not spread_x * spread_y > 0 or abs(a @ b) < 0.9999 * spread_x * spread_y:
        return False
    slope = float(a @ b) / spread_x**2
    rounding = 0.5 * (_unit(y) + abs(slope) * _unit(x))
    most = 1.01 * rounding + 1e-9 * float(np.abs(b).max())
    # the rounding of coarse numbers could hide any relation
    is_fine = rounding < 0.02 * float(b.std())
    return is_fine and bool(np.abs(b - slope * a).max() <= most)


@np.errstate(all="ignore")
def sum_of(x: Array, columns: list[int], y: Array, few: Labels) -> list[int]:
    """Return the columns whose sum or difference is y; none if there are none, or only one.

    Args:
        x: (samples, features).
        columns: features that are numbers.
        y: targets.
        few: rows from which the coefficients are computed.
    """
    some = few[~np.isnan(x[few][:, columns]).any(axis=1)]
    if len(columns) < 2 or len(some) < FEWEST + 2 * len(columns):
        return []
    design = np.column_stack([x[some][:, columns], np.ones(len(some))])
    if not np.isfinite(design).all():
        return []
    coefficients, _, rank, _ = np.linalg.lstsq(design, y[some], rcond=None)
    signs = np.round(coefficients[:-1])
    is_sum = rank == design.shape[1] and np.abs(coefficients[:-1] - signs).max() < 1e-3
    if not is_sum or np.abs(signs).max() != 1 or np.count_nonzero(signs) < 2:
        return []
    found = [at for at, sign in zip(columns, signs, strict=True) if sign]
    known = ~np.isnan(x[:, found]).any(axis=1)
    rest = y[known] - x[known][:, found] @ signs[signs != 0]
    rounding = 0.5 * sum(_unit(x[known, at]) for at in found) + 0.5 * _unit(y[known])
    within = float(np.ptp(rest)) <= max(rounding, 1e-9 * float(np.abs(y).max()))
    return found if within and rounding < 0.02 * float(y.std()) else []


def _centred(values: Array) -> Array:
    return np.asarray(values - values.mean(), np.float64)


def _unit(values: Array) -> float:
    """Return the power of ten of which all values are multiples; 0 if they have more decimals."""
    for decimals in range(MOST_DECIMALS):
        if np.allclose(values, np.round(values, decimals), rtol=1e-12, atol=1e-12):
            return float(10.0**-decimals)
    return 0.0
