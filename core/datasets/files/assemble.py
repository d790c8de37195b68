"""Conversion of the columns of a file, of any format, to a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.datasets.dataset import Dataset
from core.datasets.files.column_entries import option
from core.datasets.files.default_target import advice, has_texts
from core.datasets.files.identifiers import (
    identifiers,
    note_identifiers,
    note_target,
    note_trends,
)
from core.datasets.files.leakage import leaks
from core.datasets.files.names import clean, counted, distinct, listed, of_category, unusable
from core.datasets.files.table import FEWEST
from core.datasets.files.targets import find_targets, stray
from core.datasets.files.words import MOST_CATEGORIES, order

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets.files.table import Table


def assemble(table: Table, task: str | None) -> Dataset:
    """Return the data set of a table, whose arrays it takes over.

    Raises:
        DataError: if the table is unusable.
    """
    if len(table.y) < FEWEST:
        raise unusable(
            table.file,
            f"too few samples: {counted(len(table.y), 'row')}; at least {FEWEST} are needed",
        )
    notes = [*table.notes, *_drop_rows(table)]
    targets = find_targets(table, task)
    notes += targets.notes
    warnings = note_target(table)
    names: list[str] = []
    columns: list[str] = []
    one_hot: list[tuple[int, int]] = []
    excluded = dict.fromkeys(map(clean, table.excluded), "")
    if table.texts is None:
        found = identifiers(table, has_classes=bool(targets.class_names))
        excluded |= {clean(table.feature_names[at]): reason for at, reason in found.items()}
        used = [at for at in range(len(table.feature_names)) if at not in found]
        notes += advice(table) + note_trends(table, used)
        warnings += note_identifiers(table, found) + leaks(table, targets, used)
        names, columns, one_hot, more = _features(table, used)
        notes += more
    notes += warnings
    return Dataset(
        x=table.x,
        y=targets.y,
        feature_names=distinct(names),
        class_names=targets.class_names,
        target_names=targets.target_names,
        texts=tuple(table.texts or ()),
        one_hot=tuple(one_hot),
        image=table.image,
        notes=tuple(notes),
        name=table.file,
        columns=tuple(columns),
        excluded=tuple(excluded.items()),
        warnings=tuple(warnings),
    )


def _drop_rows(table: Table) -> list[str]:
    """Drop rows without a target or a text; return a note on each."""
    notes = []
    keep = np.logical_not(np.isnan(table.y).any(axis=1)).reshape(-1)
    if dropped := int(np.sum(~keep)):
        notes.append(f"Left out: {counted(dropped, 'row')} without a target.")
    if table.texts is not None:
        filled = np.array([bool(text.strip()) for text in table.texts], bool)
        if empty := int(np.sum(keep & ~filled)):
            notes.append(f"Left out: {counted(empty, 'row')} with an empty text.")
        keep &= filled
    left = int(keep.sum())
    if left < FEWEST:
        raise unusable(
            table.file,
            f"only {left:,} of {counted(len(keep), 'row')} have a target and a text; "
            f"at least {FEWEST} are needed",
        )
    if left < len(keep):
        table.x, table.y = table.x[keep], table.y[keep]
        if table.texts is not None:
            table.texts = [text for text, kept in zip(table.texts, keep, strict=True) if kept]
    return notes


def _features(
    table: Table, used: list[int]
) -> tuple[list[str], list[str], list[tuple[int, int]], list[str]]:
    """Encode categories one-hot and drop constant columns.

    Returns the names of the features, the names of their columns, the ranges of one-hot encoded
    columns, and notes.
    """
    low, high = np.fmin.reduce(table.x, axis=0), np.fmax.reduce(table.x, axis=0)
    varies = low < high  # false where all values are missing
    names: list[str] = []
    columns: list[str] = []
    one_hot: list[tuple[int, int]] = []
    parts: list[tuple[int, list[int]]] = []  # a column and the codes of its categories
    constant: list[str] = []
    encoded: list[str] = []
    many: list[str] = []  # columns with too many different words
    texts: list[str] = []
    notes: list[str] = []
    for at in used:
        column = table.feature_names[at]
        words = table.x_words.get(at)
        if words is not None and words.too_many:
            if words.mostly_numbers and not words.typed:
                raise stray(table, clean(column), words)
            (texts if has_texts(words) else many).append(column)
        elif not varies[at] and table.image is None:
            constant.append(column)
        elif words is None:
            parts.append((at, []))
            names.append(clean(column))
            columns.append(clean(column))
        else:
            found = np.unique(table.x[:, at])
            codes = found[~np.isnan(found)].astype(np.int64).tolist()
            codes.sort(key=lambda code: order(words.values[code]))
            parts.append((at, codes))
            one_hot.append((len(names), len(names) + len(codes)))
            names += [of_category(column, words.values[code]) for code in codes]
            columns += [clean(column)] * len(codes)
            encoded.append(column)
    if many:
        has = "has" if len(many) == 1 else "have"
        what = f"which {has} more than {MOST_CATEGORIES} different values that are not numbers"
        notes.append(f"Left out: {listed(many)}, {what}.")
    notes += [
        f"Left out: '{clean(column)}'; use {option('--text', column)} to learn from its texts."
        for column in texts
    ]
    if constant:
        notes.append(f"Left out, as they are constant: {listed(constant)}.")
    if encoded:
        notes.append(f"One-hot encoded: {listed(encoded)}.")
    if not parts:
        raise unusable(table.file, "no column is left for features; " + _why_none(constant, notes))
    table.x = _parted(table.x, parts, len(names))
    return names, columns, one_hot, notes


def _why_none(constant: list[str], notes: list[str]) -> str:
    if constant:
        return f"constant: {listed(constant)}"
    return notes[0][:1].lower() + notes[0][1:].rstrip(".")


def _parted(x: Array, parts: list[tuple[int, list[int]]], width: int) -> Array:
    if width == x.shape[1] and all(not words for _, words in parts):
        return x  # nothing was left out: the array, which may be large, is not copied
    result = np.empty((len(x), width))
    to = 0
    for at, words in parts:
        column = x[:, at]
        if not words:
            result[:, to] = column
            to += 1
            continue
        for code in words:
            result[:, to] = np.where(np.isnan(column), np.nan, column == code)
            to += 1
    return result
