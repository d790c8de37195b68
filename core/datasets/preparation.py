"""Preprocessing: features in original units to network inputs, and back for the axes of a map.

Statistics, such as means, are computed from the training samples only.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.dataclass import dataclass
from core.memory import SCIKIT_LEARN, importing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.arrays import Array
    from core.datasets.dataset import Dataset

PREPROCESSORS: Final = {
    "standard": "mean 0 and standard deviation 1 over the training samples",
    "minmax": "from 0 to 1 over the training samples",
    "none": "no scaling",
}

EXTRA_FEATURES: Final[dict[str, tuple[str, Callable[[Array], Array]]]] = {
    "x1sq": ("x₁²", lambda x: x[:, 0] ** 2),
    "x2sq": ("x₂²", lambda x: x[:, 1] ** 2),
    "x1x2": ("x₁x₂", lambda x: x[:, 0] * x[:, 1]),
    "sinx1": ("sin x₁", lambda x: np.sin(x[:, 0])),
    "sinx2": ("sin x₂", lambda x: np.sin(x[:, 1])),
}
"""By keyword on the command line: the formula to show and the function that computes it."""


@dataclass(frozen=True)
class TextFeatures:
    """The vocabulary of the training texts.

    Attributes:
        analyzer: `char_wb` or `word`.
        ngrams: lengths of the shortest and the longest n-gram.
        vocabulary: the n-grams, one per feature.
        idf: (features,) inverse document frequencies.
    """

    analyzer: str
    ngrams: tuple[int, int]
    vocabulary: tuple[str, ...]
    idf: Array

    @classmethod
    def fit(cls, texts: Sequence[str], analyzer: str, most: int) -> TextFeatures:
        """Select the most frequent n-grams of the texts.

        Raises:
            ValueError: if the texts contain no n-gram.
        """
        with importing(SCIKIT_LEARN):
            from sklearn.feature_extraction.text import TfidfVectorizer  # a second to import

        ngrams = (1, 3) if analyzer == "char" else (1, 2)
        kind = "char_wb" if analyzer == "char" else "word"
        found = TfidfVectorizer(analyzer=kind, ngram_range=ngrams, max_features=most)
        found.fit(texts)
        names = tuple(map(str, found.get_feature_names_out()))
        return cls(kind, ngrams, names, np.asarray(found.idf_, np.float64))

    def of(self, texts: Sequence[str]) -> Array:
        """Return the (samples, features) TF-IDF of texts, each of length 1 or 0."""
        with importing(SCIKIT_LEARN):
            from sklearn.feature_extraction.text import TfidfVectorizer

        known: Any = TfidfVectorizer(
            analyzer=self.analyzer, ngram_range=self.ngrams, vocabulary=self.vocabulary
        )
        known.idf_ = self.idf
        return np.asarray(known.transform(texts).toarray(), np.float64)


@dataclass(frozen=True)
class Preparation:
    """The mapping from features to network inputs; by default, the inputs are the features.

    Attributes:
        fill: (features,) replacement of missing values.
        shift, scale: (features,) arrays; an input is (feature - shift) / scale.
        extra: keywords of `EXTRA_FEATURES`, computed from the first two inputs and appended.
        target_shift, target_scale: (targets,) arrays, the same for regression targets.
        text: conversion of texts to features, or None.
        image: rows and columns of pixels, if the features are an image.
        one_hot: (start, stop) columns of each one-hot encoded feature.
    """

    fill: Array = field(default_factory=lambda: np.empty(0))
    shift: Array = field(default_factory=lambda: np.empty(0))
    scale: Array = field(default_factory=lambda: np.empty(0))
    target_shift: Array = field(default_factory=lambda: np.empty(0))
    target_scale: Array = field(default_factory=lambda: np.empty(0))
    extra: tuple[str, ...] = ()
    text: TextFeatures | None = None
    image: tuple[int, int] | None = None
    one_hot: tuple[tuple[int, int], ...] = ()

    @classmethod
    def fit(
        cls,
        train: Dataset,
        preprocess: str,
        extra: tuple[str, ...] = (),
        target_preprocess: str | None = None,
    ) -> Preparation:
        """Compute the statistics of the training samples.

        Args:
            train: the training samples; features of texts are already in `x`.
            preprocess: a keyword of `PREPROCESSORS`.
            extra: keywords of `EXTRA_FEATURES`.
            target_preprocess: a keyword of `PREPROCESSORS` for regression targets, if it differs.
        """
        x, y = train.x, np.asarray(train.y, np.float64)
        # values may be missing
        fill, missing = _fill(train), np.isnan(x)
        filled = np.where(missing, fill, x) if missing.any() else x
        shift, scale = _spread(filled, preprocess)
        numbers = np.empty((len(y), 0)) if train.class_names else y
        return cls(
            fill,
            shift,
            scale,
            *_spread(numbers, target_preprocess or preprocess),
            extra,
            image=train.image,
            one_hot=train.one_hot,
        )

    def with_text(self, text: TextFeatures) -> Preparation:
        """Return a copy for texts that are converted to these features."""
        return replace(self, text=text)

    def inputs(self, x: Array) -> Array:
        """Return (samples, inputs) for (samples, features) in original units."""
        if self.shift.size:
            x = x - self.shift
            if np.isnan(x).any():
                rows, columns = np.nonzero(np.isnan(x))
                x[rows, columns] = (self.fill - self.shift)[columns]
            x /= self.scale
        if not self.extra:
            return x
        more = [EXTRA_FEATURES[word][1](x) for word in self.extra]
        return np.column_stack([x, *more])

    def features(self, inputs: Array) -> Array:
        """Return the (samples, features) in original units for (samples, inputs)."""
        if not self.shift.size:
            return inputs[:, : inputs.shape[1] - len(self.extra)]
        return inputs[:, : self.shift.size] * self.scale + self.shift

    def targets(self, y: Array) -> Array:
        """Return the scaled (samples, targets) for targets in original units."""
        return (y - self.target_shift) / self.target_scale if self.target_shift.size else y

    def in_units(self, outputs: Array) -> Array:
        """Return the (samples, targets) outputs of a network in original units."""
        if not self.target_shift.size:
            return outputs
        return outputs * self.target_scale + self.target_shift

    def target_units(self, target: int) -> tuple[float, float]:
        """Return shift and scale of a target: its value in original units is scale · output + shift."""
        if not self.target_shift.size:
            return 0.0, 1.0
        return float(self.target_shift[target]), float(self.target_scale[target])

    def inputs_of_texts(self, texts: Sequence[str]) -> Array:
        """Return (samples, inputs) for texts."""
        if self.text is None:
            raise ValueError("these data are not texts")
        return self.inputs(self.text.of(texts))


SQUARED: Final = 1e100
"""Squares of numbers up to this size, and down to its inverse, neither overflow nor vanish."""


def _spread(values: Array, preprocess: str) -> tuple[Array, Array]:
    """Return the shift and the scale of each column."""
    if preprocess == "none":
        return np.zeros(values.shape[1]), np.ones(values.shape[1])
    if preprocess == "standard":
        # squares of very large numbers overflow, those of very small ones vanish
        unit = np.abs(values).max(axis=0)
        unit = np.where((unit < SQUARED) & (unit > 1 / SQUARED), 1.0, np.where(unit > 0, unit, 1.0))
        scaled = values if (unit == 1).all() else values / unit
        shift, scale = scaled.mean(axis=0) * unit, scaled.std(axis=0) * unit
    else:
        shift, scale = values.min(axis=0), np.ptp(values, axis=0)
    # a column that is constant in the training samples has no information at any scale
    return shift, np.where(scale > 1e-12 * np.abs(shift), scale, 1.0)


def _fill(train: Dataset) -> Array:
    """Return the median of each feature, or the most frequent value of a categorical one."""
    known = ~np.isnan(train.x)
    fill = np.zeros(train.x.shape[1])
    for column in range(fill.size):
        values = train.x[known[:, column], column]
        fill[column] = np.median(values) if values.size else 0.0
    for first, last in train.one_hot:
        counts = np.nansum(train.x[:, first:last], axis=0)
        fill[first:last] = np.arange(last - first) == counts.argmax()
    return fill
