"""A better guess of the target, from the values of the columns, if the last column cannot be it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.datasets.files.column_entries import is_unnamed, option
from core.datasets.files.identifiers import are_different_integers, is_id, why
from core.datasets.files.names import clean
from core.datasets.files.table import FEWEST
from core.datasets.files.words import MOST_CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.arrays import Array
    from core.datasets.files.table import Source, Table
    from core.datasets.files.words import Words

ROWS_PER_NAME: Final = 5
"""Names have fewer rows per value, classes have more."""

FEW: Final = 10
"""Different integers in the first column of a file without names that may be classes."""

WORDS_PER_TEXT: Final = 4.5
"""Mean number of words from which the values of a column are texts."""


@dataclass(frozen=True)
class Revision:
    """Another request for the same file, and one sentence on the reason."""

    source: Source
    note: str


def revised(table: Table, source: Source) -> Revision | None:
    """Return a request with other columns if those in the table cannot be meant, or None."""
    if source.text is not None or table.image is not None or len(table.y) < FEWEST:
        return None
    if table.is_guessed:
        return _one_hot(table, source) or _texts(table, source) or _other_target(table, source)
    return _texts(table, source)


def advice(table: Table) -> list[str]:
    """Return a sentence on the first column, if its values look like classes or an identifier."""
    names = table.feature_names
    if not table.is_guessed or len(names) < 3:
        return []
    if table.y_words:
        return _first_of_words(table)
    notes = []
    first = 0
    if are_different_integers(table.x[:, 0]):  # an identifier, which may have been excluded
        first = 1
        if (
            all(map(is_unnamed, names))
            and 0 not in table.x_words
            and not why(names[0], table.x[:, 0], None)
        ):
            without = option("--exclude", names[0])
            notes.append(f"'{names[0]}' differs in every row; if it is an id, use {without}.")
    if _may_be_classes(table, first):
        use = option("--target", names[first])
        notes.append(f"'{clean(names[first])}' may be the target: use {use}.")
    return notes


def _first_of_words(table: Table) -> list[str]:
    """Return a sentence if the first of many columns of words has two values, and the last has more."""
    first, last = table.x_words.get(0), table.y_words[0]
    names = table.feature_names
    if first is None or not all(map(is_unnamed, names)) or len(first.values) != 2:
        return []
    if len(last.values) <= 2:
        return []
    use = option("--target", names[0])
    return [f"'{clean(names[0])}' has two values, and may be the target: use {use}."]


def _may_be_classes(table: Table, at: int) -> bool:
    """Return whether a column is the only one of words, or of few integers in a file without names."""
    words = table.x_words.get(at)
    if words is not None:
        is_letter = all(len(value) <= 2 for value in words.values)
        return len(table.x_words) == 1 and (is_letter or not words.too_many)
    if table.x_words or not all(map(is_unnamed, table.feature_names)):
        return False
    return _are_few_integers(table.x[:, at]) and len(np.unique(table.y[:, 0])) > FEW


def _begins_with_classes(table: Table) -> bool:
    """Return whether the first column of a file without names has few integers."""
    is_unnamed_file = all(map(is_unnamed, table.feature_names))
    return is_unnamed_file and 0 not in table.x_words and _are_few_integers(table.x[:, 0])


def _are_few_integers(column: Array) -> bool:
    values = np.unique(column)
    return len(values) <= FEW and bool(np.all(values == np.floor(values)))


def has_texts(words: Words) -> bool:
    """Return whether the values of a column are many texts of several words each."""
    counts = [len(value.split()) for value in words.values]
    return len(counts) > MOST_CATEGORIES and sum(counts) >= WORDS_PER_TEXT * len(counts)


def text_options(table: Table) -> str:
    """Return the options that learn from the texts in the target column, if one other has classes."""
    text = option("--text", table.target_names[0])
    few = [
        table.feature_names[at]
        for at, words in table.x_words.items()
        if not words.too_many and len(words.values) > 1
    ]
    if len(few) == 1:
        return f"{text} {option('--target', few[0])}"
    return f"{text} and select the target with --target"


def _one_hot(table: Table, source: Source) -> Revision | None:
    """Return a request with the adjacent columns at the end of the file that are one-hot targets."""
    last, names = flags(table.y[:, 0], table.y_words.get(0)), [table.target_names[0]]
    if last is None or not _is_binary(last):
        return None
    total = last.copy()
    for at in range(table.x.shape[1] - 1, 0, -1):
        column = flags(table.x[:, at], table.x_words.get(at))
        if column is None or not _is_binary(column) or not column.any():
            return None
        total += column
        names.insert(0, table.feature_names[at])
        if total.max() > 1:
            return None
        if total.min() == 1:
            note = f"The targets are the last {len(names)} columns, of which one is 1 in each row."
            return Revision(replace(source, target=tuple(names)), note)
    return None


def flags(column: Array, words: Words | None) -> Array | None:
    """Return a column of numbers, or of `False` and `True` as 0 and 1; None for other words."""
    if words is None:
        return column
    folded = [value.casefold() for value in words.values]
    if words.too_many or not {*folded} <= {"false", "true"}:
        return None
    result = np.full(len(column), np.nan)
    known = ~np.isnan(column)
    result[known] = np.array([each == "true" for each in folded])[column[known].astype(np.int64)]
    return result


def _is_binary(column: Array) -> bool:
    return bool(np.all((column == 0) | (column == 1)))


def _texts(table: Table, source: Source) -> Revision | None:
    """Return a request for texts if the other columns are one of texts and one of their classes."""
    of_target = table.y_words.get(0)
    if not (table.x_words or of_target) or len(table.target_names) != 1:
        return None
    features = list(islice(_useful(table), 2))
    if len(features) != 1:
        return None
    at = features[0]
    words = table.x_words.get(at)
    text, target = table.feature_names[at], table.target_names[0]
    if words is not None and words.too_many:
        found = not words.mostly_numbers
    else:
        text, target = target, text
        is_class = words is not None and not words.too_many
        found = not source.target and is_class and of_target is not None and has_texts(of_target)
    if not found:
        return None
    note = (
        f"The only other column, '{clean(text)}', contains texts: the target is '{clean(target)}'."
    )
    return Revision(replace(source, text=text, target=(target,)), note)


def _useful(table: Table) -> Iterator[int]:
    """Yield the features that vary and measure something, or contain texts."""
    for at, name in enumerate(table.feature_names):
        words = table.x_words.get(at)
        if words is not None and words.too_many:
            if not is_id(name):
                yield at
        elif not why(name, table.x[:, at], words) and _varies(table.x[:, at]):
            yield at


def _varies(column: Array) -> bool:
    return bool(np.fmin.reduce(column) < np.fmax.reduce(column))


def _other_target(table: Table, source: Source) -> Revision | None:
    """Return a request for another target if the guessed one contains names or numbers of rows."""
    name = table.target_names[0]
    reason = unfit(name, table.y[:, 0], table.y_words.get(0))
    if not reason and not _varies(table.y[:, 0]) and _begins_with_classes(table):
        reason = "is the same in every row"  # the last pixel of an image
    if not reason:
        return None
    fit = [
        at
        for at, each in enumerate(table.feature_names)
        if not unfit(each, table.x[:, at], table.x_words.get(at)) and _varies(table.x[:, at])
    ]
    if len(fit) < 2:  # no feature would be left
        return None
    # the target is usually at one of the ends
    at = 0 if fit[0] == 0 else fit[-1]
    place = "the first column" if at == 0 else "the last other one"
    other = table.feature_names[at]
    note = (
        f"The target is '{clean(other)}', {place}, as '{clean(name)}' {reason}; "
        f"{option('--target', 'NAME')} selects another."
    )
    return Revision(replace(source, target=(other,)), note)


def unfit(name: str, values: Array, words: Words | None) -> str:
    """Return the reason why a column cannot be the target, or an empty string."""
    if words is None:
        return why(name, values, None) if is_id(name) else ""
    if words.mostly_numbers:
        return ""
    few = ROWS_PER_NAME * len(words.values) <= len(values)
    if words.too_many or (len(words.values) > MOST_CATEGORIES and not few):
        return "contains texts" if has_texts(words) else "contains names"
    return why(name, values, words)
