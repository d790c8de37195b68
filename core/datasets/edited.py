"""Samples that a person adds, moves or removes by hand, and the file in which such data are kept.

The training process applies an edit; the screen asks for one, and for the file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from core.datasets.dataset import Dataset
from core.datasets.prepare import LARGEST_INPUT
from core.datasets.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.arrays import Array, Labels
    from core.datasets.dataset import TrainTest
    from core.datasets.summary import Summary

FEWEST: Final = 2
"""Training samples that stay."""

EDITED: Final = " (edited)"
"""Behind the name of data that somebody changed by hand."""


ROUNDED: Final = 2
"""Units in the last place by which scaling and back may change a number."""


@dataclass(frozen=True)
class AddPoint:
    """A new training sample, behind the others.

    Attributes:
        features: in their own units.
        label: its class.
    """

    features: tuple[float, ...]
    label: int


@dataclass(frozen=True)
class MovePoint:
    """Other features for a training sample.

    Attributes:
        row: its number among all training samples.
        features: the new ones, in their own units.
        at: those that it is thought to have, or None for any.
    """

    row: int
    features: tuple[float, ...]
    at: tuple[float, ...] | None = None


@dataclass(frozen=True)
class RemovePoint:
    """One training sample less.

    Attributes:
        row: its number among all training samples.
        at: the features that it is thought to have, in their own units, or None for any.
    """

    row: int
    at: tuple[float, ...] | None = None


Edit: TypeAlias = AddPoint | MovePoint | RemovePoint


def apply(data: TrainTest, edit: Edit) -> TrainTest:
    """Return the data with one training sample added, moved or removed.

    The preparation stays as it was measured, so that the weights mean what they meant. A test part
    of its own stays, too; where it is the training part, it changes with that.

    Raises:
        ValueError: when too little would be left, or there is no such point; one sentence.
    """
    if data.preparation.text is not None:
        raise ValueError("texts are no points in a plane, and cannot be edited there")
    x, y = data.x_train, data.y_train
    match edit:
        case AddPoint():
            _check_label(data, edit.label)
            x = np.concatenate([x, _inputs(data, edit.features)])
            y = np.append(y, np.array([edit.label], y.dtype))
        case MovePoint():
            _check_row(data, edit.row, edit.at)
            x = x.copy()
            x[edit.row] = _inputs(data, edit.features)[0]
        case RemovePoint():
            _check_row(data, edit.row, edit.at)
            _check_left(data, edit.row)
            x, y = np.delete(x, edit.row, axis=0), np.delete(y, edit.row, axis=0)
    # by its row, which is sure now: what the point was is not asked again
    sure = edit if isinstance(edit, AddPoint) else replace(edit, at=None)
    edited = replace(data, x_train=x, y_train=y, edits=(*data.edits, sure))
    if data.shared:
        edited = replace(edited, x_test=x, y_test=y)
    more = len(y) - len(data.y_train)
    if data.samples is not None:
        train, test = data.samples
        edited = replace(edited, samples=(train + more, test + more * data.shared))
    if data.summary is not None:
        note = f"Edited: {describe(data, edit)}."
        edited = replace(edited, summary=_summary(edited, data.summary, note, more))
    return edited


def describe(data: TrainTest, edit: Edit) -> str:
    """Return a sentence on what an edit does to the data, which are those before it."""
    if isinstance(edit, AddPoint):
        name = data.class_names[edit.label]
        return f"a point of class {name} at {_written(edit.features)} was added"
    kind = "the point"
    if data.has_classes:
        kind += f" of class {data.class_names[int(data.y_train[edit.row])]}"
    where = f"{kind} at {_written(place_of(data, edit.row))}"
    if isinstance(edit, MovePoint):
        return f"{where} was moved to {_written(edit.features)}"
    return f"{where} was removed"


def place_of(data: TrainTest, row: int) -> tuple[float, ...]:
    """Return the features of a training sample, in their own units."""
    features = data.preparation.features(data.x_train[row : row + 1])[0]
    return tuple(float(each) for each in features)


def write_csv(data: TrainTest, path: Path) -> str:
    """Write the training and the test part in their own units, over whatever is there.

    The columns are `part`, the features, and last the class by its name, or the numbers to predict.

    Returns:
        A sentence on what was written.

    Raises:
        ValueError: when these are some of the samples only, or texts; one sentence.
        OSError: when the file cannot be written.
    """
    if data.preparation.text is not None:
        raise ValueError("texts are not saved: there are only their n-grams here")
    if data.all_samples != (len(data.y_train), len(data.y_test)):
        whole = sum(data.all_samples)
        raise ValueError(f"not saved: only some of the {whole:,} samples are here to be shown")
    parts = [("train", data.x_train, data.y_train), ("test", data.x_test, data.y_test)]
    if data.shared:
        parts = [("train and test", data.x_train, data.y_train)]
    if data.x_validation is not None and data.y_validation is not None and len(data.y_validation):
        parts.append(("validation", data.x_validation, data.y_validation))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_columns(data))
        for name, x, y in parts:
            writer.writerows([name, *row] for row in _rows(data, x, y))
    told = " and ".join(f"{len(y):,} {name}" for name, _, y in parts)
    if data.validation_samples and len(parts) < 3:
        told += f" samples, without the {data.validation_samples:,} for validation"
    else:
        told += " samples"
    return f"{path.name}: {told} are saved"


def _inputs(data: TrainTest, features: Sequence[float]) -> Array:
    if len(features) != len(data.feature_names):
        raise ValueError(
            f"a point of {len(features)} numbers was given; these data have "
            f"{len(data.feature_names)} features"
        )
    own = np.array([features], np.float64)
    inputs = data.preparation.inputs(own)
    if not (np.isfinite(own).all() and (np.abs(inputs) < LARGEST_INPUT).all()):
        raise ValueError(f"no network can compute with a point at {_written(features)}")
    return inputs


def _check_label(data: TrainTest, label: int) -> None:
    if not data.has_classes:
        raise ValueError("points are added to classes only; here numbers are predicted")
    if not 0 <= label < len(data.class_names):
        raise ValueError(f"class number {label} was given; there are {len(data.class_names)}")


def _check_row(data: TrainTest, row: int, at: tuple[float, ...] | None) -> None:
    if not 0 <= row < len(data.y_train):
        raise ValueError(f"there is no training sample {row + 1:,} any more")
    # a screen that has not heard of the last edit yet would hit a neighbour
    if at is not None and at != place_of(data, row):
        raise ValueError("the data have changed since that point was chosen; choose it again")


def _check_left(data: TrainTest, row: int) -> None:
    if len(data.y_train) <= FEWEST:
        raise ValueError(f"the last {FEWEST} training samples stay")
    if data.has_classes:
        label = int(data.y_train[row])
        if np.count_nonzero(data.y_train == label) == 1:
            raise ValueError(f"the last point of class {data.class_names[label]} stays")


def _summary(data: TrainTest, before: Summary, note: str, more: int) -> Summary:
    """Return the summary of all parts; what the file lacked is counted no more."""
    rows = [(data.x_train, data.y_train)]
    if not data.shared:
        rows.append((data.x_test, data.y_test))
    if data.x_validation is not None and data.y_validation is not None:
        rows.append((data.x_validation, data.y_validation))
    x = np.concatenate([data.preparation.features(each) for each, _ in rows])
    y = np.concatenate([each if data.has_classes else _numbers(data, each) for _, each in rows])
    whole = Dataset(
        x,
        y,
        data.feature_names,
        data.class_names,
        data.target_names,
        notes=(*before.notes, note),
        name=before.name.removesuffix(EDITED) + EDITED,
    )
    parts = tuple(
        (name, size + more if at == 0 else size) for at, (name, size) in enumerate(before.parts)
    )
    return summarize(whole, before.description, parts)


def _numbers(data: TrainTest, y: Labels | Array) -> Array:
    return data.preparation.in_units(np.asarray(y, np.float64))


def _columns(data: TrainTest) -> list[str]:
    names = [*data.feature_names, *(("class",) if data.has_classes else data.target_names)]
    part = "part"
    while part in names:
        part += "_"
    if len(set(names)) < len(names):  # a feature is called so, too
        names[-1] += "_"
    return [part, *names]


def _rows(data: TrainTest, x: Array, y: Labels | Array) -> list[list[str]]:
    features = data.preparation.features(x)
    if data.has_classes:
        targets = [[data.class_names[label]] for label in y.tolist()]
    else:
        targets = _cells(
            _numbers(data, y), data.preparation.target_shift, data.preparation.target_scale
        )
    cells = _cells(features, data.preparation.shift, data.preparation.scale)
    return [[*row, *target] for row, target in zip(cells, targets, strict=True)]


def _cells(values: Array, shift: Array, scale: Array) -> list[list[str]]:
    """Return texts that are these numbers; of scaled ones, 0.30000000000000004 was once 0.3."""
    scaled = bool(np.any(shift) or np.any(scale != 1))
    unsure = ROUNDED * np.spacing(np.abs(values).max(axis=0, initial=0.0)) if scaled else 0.0
    unsure = np.broadcast_to(unsure, values.shape)
    return [
        [_cell(value, least) for value, least in zip(row, rounding, strict=True)]
        for row, rounding in zip(values.tolist(), unsure.tolist(), strict=True)
    ]


def _cell(value: float, rounding: float) -> str:
    text = f"{value:.15g}"
    return text if abs(float(text) - value) <= rounding else repr(value)


def _written(features: Sequence[float]) -> str:
    return f"({', '.join(f'{each:.3g}' for each in features)})".replace("-", "−")
