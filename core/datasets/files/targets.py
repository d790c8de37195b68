"""Interpretation of target columns: classification or regression, and the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.datasets.files.default_target import flags, has_texts, text_options
from core.datasets.files.names import clean, counted, distinct, listed, unusable
from core.datasets.files.words import MOST_CLASSES, order

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets.dataset import DataError
    from core.datasets.files.table import Table
    from core.datasets.files.words import Words

MOST_WHOLE: Final = 20
"""Maximum number of different integers that are interpreted as classes."""

FEWEST_NAMES: Final = 10
"""Number of values from which they are names, not classes, if most occur once."""


@dataclass(frozen=True)
class Targets:
    """Classes, as (samples,) numbers with names, or (samples, targets) regression targets."""

    y: Labels | Array
    class_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_targets(table: Table, task: str | None) -> Targets:
    """Return the targets of a table in which no row lacks one.

    Args:
        table: the table.
        task: `classification`, `regression`, or None to guess it.

    Raises:
        DataError: if the targets are unusable.
    """
    if task not in (None, "classification", "regression"):
        raise unusable(
            table.file,
            f"unknown task '{clean(str(task))}': expected classification or regression",
        )
    one = table.y.shape[1] == 1
    if not one:
        _read_flags(table)
    if not one and task != "regression" and not table.y_words and is_one_hot(table.y):
        return _one_hot(table)
    if task == "classification" and not one:
        raise unusable(
            table.file,
            f"classification has one target column, not {listed(table.target_names)}",
        )
    if task == "regression" or not one:
        return _numbers(table, asked=task is not None)
    if 0 in table.y_words:
        return _words(table, table.y_words[0], asked=task is not None)
    values, counts = np.unique(table.y[:, 0], return_counts=True)
    named = bool(table.class_names)
    if task == "classification" or named or _are_classes(values, int(counts.sum())):
        return _classes(table, values, asked=task is not None)
    return _numbers(table, asked=False)


def _read_flags(table: Table) -> None:
    """Replace targets that are all `False` and `True` by 0 and 1, as they may be one-hot columns."""
    columns = {at: flags(table.y[:, at], words) for at, words in table.y_words.items()}
    if any(each is None for each in columns.values()):
        return
    for at, column in columns.items():
        table.y[:, at] = column
    table.y_words = {}


def _are_names(values: int, samples: int) -> bool:
    return values >= FEWEST_NAMES and 2 * values > samples


def _are_classes(values: Array, samples: int) -> bool:
    few = len(values) <= MOST_WHOLE and samples >= 2 * len(values)
    return few and bool(np.all(values == np.floor(values)))


def is_one_hot(y: Array) -> bool:
    """Return whether each row contains one 1, otherwise zeros, and each column a 1."""
    is_binary = bool(np.all((y == 0) | (y == 1)))
    return is_binary and bool(np.all(y.sum(axis=1) == 1)) and bool(y.any(axis=0).all())


def _one_hot(table: Table) -> Targets:
    names = distinct(map(clean, table.target_names))
    note = (
        f"Classification: the {len(names)} classes {listed(names)} are one-hot columns; "
        "--task regression predicts them as numbers."
    )
    return Targets(np.argmax(table.y, axis=1).astype(np.int64), names, (), (note,))


def _words(table: Table, words: Words, *, asked: bool) -> Targets:
    name = clean(table.target_names[0])
    if words.mostly_numbers and not asked and len(words.values) > MOST_WHOLE:
        raise stray(table, name, words)
    are_names = words.too_many or (not asked and _are_names(len(words.values), len(table.y)))
    if are_names and has_texts(words):
        raise unusable(
            table.file,
            f"the target '{name}' contains texts; learn from them with {text_options(table)}",
        )
    if words.too_many:
        raise unusable(
            table.file,
            f"the target '{name}' has more than {words.most} classes{_example(table, words)}; "
            f"expected at most {words.most}; select another column with --target",
        )
    if are_names:
        raise unusable(
            table.file,
            f"the target '{name}' has {len(words.values)} different values in "
            f"{counted(len(table.y), 'row')}, so they are names and not classes"
            f"{_example(table, words)}; select another column with --target",
        )
    codes = table.y[:, 0].astype(np.int64)
    ordered = sorted(np.unique(codes).tolist(), key=lambda code: order(words.values[code]))
    _check_several(table, name, [words.values[code] for code in ordered])
    place = np.zeros(len(words.values), np.int64)
    place[ordered] = np.arange(len(ordered))
    names = distinct(clean(words.values[code]) for code in ordered)
    return Targets(place[codes], names, (), _classes_note(name, names, asked))


def _example(table: Table, words: Words) -> str:
    """Return the first value that is not a number, and where it is."""
    if words.stray is None:
        return ""
    return f", such as '{clean(words.stray.value)}' in {table.unit} {words.stray.line:,}"


def _classes(table: Table, values: Array, *, asked: bool) -> Targets:
    name = clean(table.target_names[0])
    if len(values) > MOST_CLASSES:
        raise unusable(
            table.file,
            f"the target '{name}' has {len(values):,} classes: expected at most {MOST_CLASSES}; "
            "numbers are predicted with --task regression",
        )
    shown = [written(value) for value in values.tolist()]
    if table.class_names:
        if values[0] < 0 or values[-1] >= len(table.class_names) or np.any(values % 1):
            raise unusable(
                table.file,
                f"the classes in '{name}' range from {shown[0]} to {shown[-1]}, but there are "
                f"{len(table.class_names)} class names, for numbers from 0",
            )
        shown = [table.class_names[int(value)] for value in values.tolist()]
    _check_several(table, name, shown)
    y = np.searchsorted(values, table.y[:, 0]).astype(np.int64)
    names = distinct(map(clean, shown))
    notes = _classes_note(name, names, asked)
    if _are_names(len(values), len(y)):
        what = (
            f"Most of the {len(values)} classes have one sample, so '{name}' is a number or an id"
        )
        notes = (*notes, f"{what}; --task regression predicts a number.")
    return Targets(y, names, (), notes)


def _check_several(table: Table, name: str, values: list[str]) -> None:
    if len(values) == 1:
        raise unusable(
            table.file,
            f"the target '{name}' is '{clean(values[0])}' in every row; "
            "expected at least two classes",
        )


def _classes_note(name: str, classes: tuple[str, ...], asked: bool) -> tuple[str, ...]:
    why = "" if asked else ", by its values"
    return (f"Classification{why}: '{name}' has the {len(classes)} classes {listed(classes)}.",)


def _numbers(table: Table, *, asked: bool) -> Targets:
    for at, words in sorted(table.y_words.items()):
        name = clean(table.target_names[at])
        raise stray(table, name, words)
    for at, column in enumerate(table.target_names):
        low, high = table.y[:, at].min(), table.y[:, at].max()
        if low == high:
            raise unusable(
                table.file,
                f"the target '{clean(column)}' is {written(float(low))} in every row; "
                "there is nothing to predict",
            )
    names = distinct(map(clean, table.target_names))
    why = "" if asked else ", by the values"
    note = f"Regression{why}: {counted(len(names), 'number')} to predict, {listed(names)}."
    return Targets(table.y, (), names, (note,))


def written(value: float) -> str:
    """Return a number as text, without decimals if it is an integer."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.12g}"


def stray(table: Table, name: str, words: Words) -> DataError:
    """Return the error for a word among numbers."""
    where = f"column '{name}' contains words"
    if words.stray is not None:
        value = clean(words.stray.value)
        where = f"{table.unit} {words.stray.line}, column '{name}' contains '{value}'"
    return unusable(table.file, f"{where}: {words.expected}")
