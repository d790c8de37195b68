"""Editing samples by hand (add, move, remove), and exporting edited data as CSV.

The screen requests an edit, the training process applies it.
"""

from __future__ import annotations

import csv
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from core.dataclass import dataclass
from core.datasets.dataset import Dataset
from core.datasets.prepare import LARGEST_INPUT, no_progress
from core.datasets.summary import summarize
from core.output_file import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.datasets.summary import Summary

FEWEST: Final = 2
"""Minimum number of training samples."""

EDITED: Final = " (edited)"
"""Suffix of the name of edited data."""


MOST_EDITS: Final = 10_000
"""Maximum number of edits of a data set: all are applied again when the run is resumed."""

_BETWEEN: Final = 100
"""Edits between two calls of the progress callback."""

ROUNDED: Final = 2
"""Units in the last place by which scaling and unscaling may change a number."""


@dataclass(frozen=True)
class AddPoint:
    """Append a training sample.

    Attributes:
        features: features in original units.
        label: class number.
    """

    features: tuple[float, ...]
    label: int


@dataclass(frozen=True)
class MovePoint:
    """Change the features of a training sample.

    Attributes:
        row: index of the training sample.
        features: new features in original units.
        at: expected features before the edit, or None for any.
    """

    row: int
    features: tuple[float, ...]
    at: tuple[float, ...] | None = None


@dataclass(frozen=True)
class RemovePoint:
    """Remove a training sample.

    Attributes:
        row: index of the training sample.
        at: expected features in original units, or None for any.
    """

    row: int
    at: tuple[float, ...] | None = None


Edit: TypeAlias = AddPoint | MovePoint | RemovePoint


def apply(data: DataSplit, edit: Edit) -> DataSplit:
    """Return the data with one training sample added, moved or removed; see `apply_all`."""
    return apply_all(data, (edit,))


def apply_all(
    data: DataSplit, edits: Sequence[Edit], progress: ProgressCallback = no_progress
) -> DataSplit:
    """Return the data after a sequence of edits of training samples.

    The fitted preparation does not change, so that trained weights stay valid. Separate test samples
    do not change; shared ones change with the training samples.

    Args:
        data: data before the edits.
        edits: edits in order.
        progress: progress callback, which may raise to cancel.

    Raises:
        ValueError: if too few samples would remain, or a point does not exist; one sentence.
    """
    if not edits:
        return data
    if data.preparation.text is not None:
        raise ValueError("points of a text data set cannot be edited")
    if len(data.edits) + len(edits) > MOST_EDITS:
        raise ValueError(
            f"data take at most {MOST_EDITS:,} edits; save the data as a file to continue"
        )
    samples, notes = _Samples(data), []
    for at, edit in enumerate(edits):
        if not at % _BETWEEN:
            progress("editing the data", at / len(edits))
        notes.append(f"Edited: {samples.apply(edit)}.")
    x, y = samples.arrays()
    # the features were checked now; when the edits are applied again, the row suffices
    sure = [each if isinstance(each, AddPoint) else replace(each, at=None) for each in edits]
    edited = replace(data, x_train=x, y_train=y, edits=(*data.edits, *sure))
    if data.shared:
        edited = replace(edited, x_test=x, y_test=y)
    more = len(y) - len(data.y_train)
    if data.samples is not None:
        train, test = data.samples
        edited = replace(edited, samples=(train + more, test + more * data.shared))
    if data.counts is not None:
        train_counts, test_counts = data.counts
        added = zip(train_counts, _counts(edited), _counts(data), strict=True)
        counts = tuple(count + new - old for count, new, old in added)
        edited = replace(edited, counts=(counts, counts if data.shared else test_counts))
    if data.summary is not None:
        edited = replace(edited, summary=_summary(edited, data.summary, notes, more))
    return edited


def _counts(data: DataSplit) -> list[int]:
    """Return the number of training samples of each class; empty for regression."""
    classes = len(data.class_names)
    return np.bincount(data.y_train, minlength=classes).tolist() if classes else []


class _Samples:
    """Training samples during edits; the cost of an edit does not depend on their number.

    Arrays are assembled once, at the end, from old samples, added ones and the order of both.
    """

    def __init__(self, data: DataSplit) -> None:
        self._data = data
        self._x, self._y = data.x_train.copy(), data.y_train
        self._added: list[Array] = []
        self._labels: list[int] = []
        self._order = array("q", np.arange(len(self._y), dtype=np.int64).tobytes())
        self._counts = _counts(data)

    def apply(self, edit: Edit) -> str:
        """Apply an edit and return its description; raises ValueError."""
        data = self._data
        if isinstance(edit, AddPoint):
            _check_label(data, edit.label)
            self._added.append(_inputs(data, edit.features))
            self._labels.append(edit.label)
            self._counts[edit.label] += 1
            self._order.append(len(self._y) + len(self._added) - 1)
            return _sentence(data, edit, edit.label, ())
        self._check_row(edit)
        number = self._order[edit.row]
        label, place = self._label(number), _place(data, self._inputs(number))
        if isinstance(edit, MovePoint):
            self._inputs(number)[:] = _inputs(data, edit.features)
        else:
            self._check_left(label)
            del self._order[edit.row]
            if data.has_classes:
                self._counts[label] -= 1
        return _sentence(data, edit, label, place)

    def arrays(self) -> tuple[Array, Labels | Array]:
        """Return the inputs and the targets."""
        x, y = self._x, self._y
        if self._added:
            x = np.concatenate([x, *self._added])
            y = np.concatenate([y, np.array(self._labels, y.dtype)])
        order = np.frombuffer(self._order, np.int64)
        return x[order], y[order]

    def _inputs(self, number: int) -> Array:
        """Return the (1, inputs) view of a sample, by its index before any removal."""
        if number < len(self._x):
            return self._x[number : number + 1]
        return self._added[number - len(self._x)]

    def _label(self, number: int) -> int:
        if not self._data.has_classes:
            return 0
        old = number < len(self._y)
        return int(self._y[number]) if old else self._labels[number - len(self._y)]

    def _check_row(self, edit: MovePoint | RemovePoint) -> None:
        if not 0 <= edit.row < len(self._order):
            raise ValueError(f"training sample {edit.row + 1:,} no longer exists")
        # a screen that has not received the last edit would hit a neighbour
        inputs = self._inputs(self._order[edit.row])
        if edit.at is not None and edit.at != _place(self._data, inputs):
            raise ValueError("the data have changed since the point was selected; select it again")

    def _check_left(self, label: int) -> None:
        if len(self._order) <= FEWEST:
            raise ValueError(f"the last {FEWEST} training samples cannot be removed")
        if self._data.has_classes and self._counts[label] == 1:
            raise ValueError(
                f"the last point of class {self._data.class_names[label]} cannot be removed"
            )


def describe(data: DataSplit, edit: Edit) -> str:
    """Return one sentence on an edit, given the data before it."""
    if isinstance(edit, AddPoint):
        return _sentence(data, edit, edit.label, ())
    label = int(data.y_train[edit.row]) if data.has_classes else 0
    return _sentence(data, edit, label, place_of(data, edit.row))


def _sentence(data: DataSplit, edit: Edit, label: int, place: tuple[float, ...]) -> str:
    if isinstance(edit, AddPoint):
        return f"a point of class {data.class_names[label]} at {_written(edit.features)} was added"
    kind = "the point"
    if data.has_classes:
        kind += f" of class {data.class_names[label]}"
    where = f"{kind} at {_written(place)}"
    if isinstance(edit, MovePoint):
        return f"{where} was moved to {_written(edit.features)}"
    return f"{where} was removed"


def place_of(data: DataSplit, row: int) -> tuple[float, ...]:
    """Return the features of a training sample in original units."""
    return _place(data, data.x_train[row : row + 1])


def write_csv(data: DataSplit, path: Path) -> str:
    """Write all samples in original units to a CSV file, which is replaced if it exists.

    The columns are `part`, the features, and the name of the class or the regression targets.

    Returns:
        One sentence on the written samples.

    Raises:
        ValueError: if the data are texts, or only some of the samples; one sentence.
        OSError: if the file cannot be written; an existing file is unchanged.
    """
    if data.preparation.text is not None:
        raise ValueError("texts cannot be saved: only their n-grams are loaded")
    if data.all_samples != (len(data.y_train), len(data.y_test)):
        whole = sum(data.all_samples)
        raise ValueError(f"not saved: only some of the {whole:,} samples are loaded")
    parts = [("train", data.x_train, data.y_train), ("test", data.x_test, data.y_test)]
    if data.shared:
        parts = [("train and test", data.x_train, data.y_train)]
    if data.x_validation is not None and data.y_validation is not None and len(data.y_validation):
        parts.append(("validation", data.x_validation, data.y_validation))
    with replacing(path) as file:
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


def _inputs(data: DataSplit, features: Sequence[float]) -> Array:
    if len(features) != len(data.feature_names):
        raise ValueError(
            f"a point with {len(features)} values does not fit data with "
            f"{len(data.feature_names)} features"
        )
    own = np.array([features], np.float64)
    inputs = data.preparation.inputs(own)
    if not (np.isfinite(own).all() and (np.abs(inputs) < LARGEST_INPUT).all()):
        raise ValueError(f"a point at {_written(features)} is too far away for a network")
    return inputs


def _check_label(data: DataSplit, label: int) -> None:
    if not data.has_classes:
        raise ValueError("points can be added for classification only")
    if not 0 <= label < len(data.class_names):
        raise ValueError(
            f"class number {label} does not exist; there are {len(data.class_names)} classes"
        )


def _place(data: DataSplit, inputs: Array) -> tuple[float, ...]:
    return tuple(float(each) for each in data.preparation.features(inputs)[0])


def _summary(data: DataSplit, before: Summary, notes: list[str], more: int) -> Summary:
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
        notes=(*before.notes, *notes),
        name=before.name.removesuffix(EDITED) + EDITED,
    )
    parts = tuple(
        (name, size + more if at == 0 else size) for at, (name, size) in enumerate(before.parts)
    )
    return summarize(whole, before.description, parts)


def _numbers(data: DataSplit, y: Labels | Array) -> Array:
    return data.preparation.in_units(np.asarray(y, np.float64))


def _columns(data: DataSplit) -> list[str]:
    names = [*data.feature_names, *(("class",) if data.has_classes else data.target_names)]
    part = "part"
    while part in names:
        part += "_"
    if len(set(names)) < len(names):  # a feature has the same name
        names[-1] += "_"
    return [part, *names]


def _rows(data: DataSplit, x: Array, y: Labels | Array) -> list[list[str]]:
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
    """Return numbers as text; after scaling, 0.30000000000000004 is written as 0.3."""
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
