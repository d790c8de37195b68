"""Summary statistics of a data set, shown on the data screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import evenly_spaced
from core.dataclass import dataclass

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets.dataset import Dataset

BINS: Final = 16
FIRST_ROWS: Final = 20
MOST_FEATURES: Final = 1000
"""Maximum number of features that are summarised; a vocabulary can be longer."""


@dataclass(frozen=True)
class FeatureSummary:
    """Statistics of one feature over all samples, in original units.

    Attributes:
        missing: number of samples without a value.
        histogram: number of samples in each of `BINS` equal intervals from minimum to maximum.
        column: name of the column from which it is computed; empty for an n-gram of texts.
        relation: relation to the target: Pearson's correlation for a number or two classes; the
            correlation ratio η for more classes.
    """

    name: str
    minimum: float
    mean: float
    maximum: float
    missing: int
    histogram: tuple[int, ...]
    relation: float
    column: str = ""


@dataclass(frozen=True)
class Summary:
    """Summary of a data set.

    Attributes:
        parts: name and size of each part, such as ("train", 150).
        features: at most `MOST_FEATURES` features.
        rows: the first rows, or some of the texts, as strings; features first, then the target.
        classes: name and number of samples of each class.
        targets: regression targets; the relation is to the target itself.
        notes: one sentence for each processing step.
        excluded: columns that are no features, with the reason if the user did not exclude them.
        warnings: those of the notes that are shown at the start of a run.
        image: rows and columns of pixels, if the features are an image.
    """

    name: str
    description: str
    samples: int
    feature_count: int
    parts: tuple[tuple[str, int], ...]
    features: tuple[FeatureSummary, ...]
    rows: tuple[tuple[str, ...], ...]
    classes: tuple[tuple[str, int], ...]
    targets: tuple[FeatureSummary, ...]
    notes: tuple[str, ...]
    excluded: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    image: tuple[int, int] | None = None


def summarize(
    data: Dataset, description: str = "", parts: tuple[tuple[str, int], ...] = ()
) -> Summary:
    """Return the summary of a data set."""
    shown = data.x[:, :MOST_FEATURES]
    y = np.asarray(data.y, np.float64).reshape(len(data.y), -1)
    features = tuple(
        _feature(name, shown[:, at], y[:, 0], len(data.class_names))
        for at, name in enumerate(data.feature_names[:MOST_FEATURES])
    )
    if not data.texts:
        columns = data.columns or data.feature_names
        features = tuple(
            replace(each, column=column) for each, column in zip(features, columns, strict=False)
        )
    else:
        # the strongest n-grams first; alphabetical order would be useless
        features = tuple(sorted(features, key=lambda each: -abs(each.relation)))
    targets = tuple(
        _feature(name, y[:, at], y[:, at], 0) for at, name in enumerate(data.target_names)
    )
    classes = ((name, int(np.sum(data.y == at))) for at, name in enumerate(data.class_names))
    return Summary(
        data.name,
        description,
        len(data.y),
        len(data.feature_names),
        parts,
        features,
        # the first of sorted texts would all be of one class
        tuple(
            _row(data, int(at))
            for at in (
                evenly_spaced(len(data.y), FIRST_ROWS)
                if data.texts
                else range(min(FIRST_ROWS, len(data.y)))
            )
        ),
        tuple(classes),
        targets,
        data.notes,
        data.excluded,
        data.warnings,
        data.image,
    )


def _feature(name: str, values: Array, target: Array, classes: int) -> FeatureSummary:
    known = ~np.isnan(values)
    seen, paired = values[known], target[known]
    if not seen.size:
        nan = float("nan")
        return FeatureSummary(name, nan, nan, nan, len(values), (0,) * BINS, nan)
    low, high = float(seen.min()), float(seen.max())
    histogram = _histogram(seen, low, high)
    relation = _correlation(seen, paired) if classes <= 2 else _correlation_ratio(seen, paired)
    return FeatureSummary(
        name,
        low,
        float(seen.mean()),
        high,
        int(len(values) - seen.size),
        histogram,
        relation,
    )


def _histogram(values: Array, low: float, high: float) -> tuple[int, ...]:
    """Return counts in equal intervals; NumPy's function rejects intervals of zero length."""
    # halved, as the length of a range can overflow
    length = high / 2 - low / 2
    if not length > 0:
        return (len(values), *[0] * (BINS - 1))
    bins = ((values / 2 - low / 2) / length * BINS).astype(np.int64).clip(0, BINS - 1)
    return tuple(np.bincount(bins, minlength=BINS).tolist())


def _correlation(values: Array, target: Array) -> float:
    """Return Pearson's r; 0 if one of the two is constant."""
    a, b = _centred(values), _centred(target)
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else 0.0


def _centred(values: Array) -> Array:
    """Return the centred values, scaled to at most 1 so that their squares do not overflow."""
    largest = float(np.abs(values).max())
    scaled = values / largest if largest > 0 else values
    return np.asarray(scaled - scaled.mean(), np.float64)


def _correlation_ratio(values: Array, target: Array) -> float:
    """Return η, the square root of the fraction of variance between classes."""
    labels, values = np.asarray(target, np.int64), _centred(values)
    counts = np.bincount(labels)
    sums = np.bincount(labels, weights=values)
    mean = values.mean()
    whole = float(((values - mean) ** 2).sum())
    means = np.divide(sums, counts, out=np.full(len(counts), mean), where=counts > 0)
    between = float((counts * (means - mean) ** 2).sum())
    return float(np.sqrt(between / whole)) if whole > 0 else 0.0


def _row(data: Dataset, at: int) -> tuple[str, ...]:
    values = (
        [data.texts[at]]
        if data.texts
        else [_cell(each) for each in data.x[at, :MOST_FEATURES].tolist()]
    )
    if data.class_names:
        return (*values, data.class_names[int(data.y[at])])
    return (*values, *(_cell(each) for each in np.asarray(data.y)[at].tolist()))


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"
