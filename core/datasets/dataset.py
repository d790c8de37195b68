"""A data set, its entry in the registry, and its split into training, test and validation inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from core.arrays import evenly_spaced
from core.dataclass import dataclass
from core.datasets.preparation import Preparation
from core.randomness import stream

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets.edits import Edit
    from core.datasets.summary import Summary

ProgressCallback: TypeAlias = Callable[[str, float], None]
"""Receives the current step and its progress from 0 to 1; may raise to cancel loading."""


class DataError(ValueError):
    """Unusable data; the message is one sentence for the user."""


@dataclass(frozen=True)
class Dataset:
    """Samples with classes or regression targets, in original units.

    Attributes:
        x: (samples, features) float64, NaN where a value is missing; (samples, 0) for texts.
        y: (samples,) class numbers, or (samples, targets) float64.
        feature_names: one name per column of `x`.
        class_names: one name per class, indexed by `y`; empty for regression.
        target_names: one name per column of `y`; empty for classification.
        texts: one text per sample, from which features are computed; else empty.
        one_hot: (start, stop) columns of each one-hot encoded feature.
        image: rows and columns of pixels, if the features are an image.
        notes: one sentence for each processing step so far.
        name: name of the data set or of its file.
        columns: name of the column of each feature, if several features can have the same.
        excluded: name of each column that is excluded, and the reason if the user did not do so.
        warnings: those of the notes that are shown at the start of a run.
    """

    x: Array
    y: Labels | Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    target_names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    one_hot: tuple[tuple[int, int], ...] = ()
    image: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    name: str = ""
    columns: tuple[str, ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    def rows(self, chosen: Labels) -> Dataset:
        """Return the samples with these indices."""
        texts = tuple(self.texts[row] for row in chosen.tolist()) if self.texts else ()
        return replace(self, x=self.x[chosen], y=self.y[chosen], texts=texts)


Generator: TypeAlias = Callable[..., "tuple[Array, Labels | Array]"]
"""A function of a random generator, samples, noise and, if it can be chosen, the number of classes.

It returns x and y.
"""


@dataclass(frozen=True)
class DatasetInfo:
    """One entry of the registry.

    Attributes:
        name: value of the setting `dataset`.
        description: description in the help and the listing.
        generate: draws samples; None for a fixed data set.
        samples, noise, classes: defaults of these settings.
        any_classes: whether the number of classes can be chosen.
        targets: number of target values for regression; 0 for classification.
        features: number of columns of x; 0 for texts.
        fixed: returns the fixed data set. If there is `generate` too, it is used for a given number
            of samples.
        preprocess: default of this setting, a name in `PREPROCESSORS`.
        texts: whether the samples are texts.
        legacy: whether `generate` draws from `numpy.random.RandomState(seed)`, as in older tutorials.
    """

    name: str
    description: str
    generate: Generator | None
    samples: int
    noise: float = 0.0
    classes: int = 2
    any_classes: bool = False
    targets: int = 0
    features: int = 2
    fixed: Callable[[], Dataset] | None = None
    preprocess: str = "none"
    texts: bool = False
    legacy: bool = False

    def draw(
        self,
        seed: int,
        samples: int | None = None,
        noise: float | None = None,
        classes: int | None = None,
    ) -> Dataset:
        """Return the data set; options that are None have the defaults of this entry."""
        count = self.classes if classes is None else classes
        if self.fixed is not None and (samples is None or self.generate is None):
            return replace(self.fixed(), name=self.name)
        if self.generate is None:
            raise ValueError(f"{self.name} is a fixed data set without a generator")
        rng: Any = np.random.RandomState(seed % 2**32) if self.legacy else stream(seed, "data")
        x, y = self.generate(
            rng,
            self.samples if samples is None else samples,
            self.noise if noise is None else noise,
            *([count] if self.any_classes else []),
        )
        targets = numbered("y", self.targets) if self.targets else ()
        return Dataset(
            x, y, numbered("x", x.shape[1]), tuple(map(str, range(count))), targets, name=self.name
        )


def numbered(letter: str, count: int) -> tuple[str, ...]:
    """Return the names x₁, x₂, … of columns; the letter alone for a single one."""
    if count == 1:
        return (letter,)
    digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return tuple(f"{letter}{number}".translate(digits) for number in range(1, count + 1))


@dataclass(frozen=True, eq=False)
class DataSplit:
    """Training, test and validation samples as network inputs.

    Compared by identity.

    Attributes:
        x_train, x_test: (samples, inputs) arrays.
        y_train, y_test: class numbers, or scaled regression targets.
        feature_names: one name per feature; the network may have additional inputs.
        shared: whether the test samples are the training samples.
        x_validation, y_validation: validation samples, or None.
        preparation: the mapping from features to inputs.
        samples: numbers of training and test samples, if the arrays contain only some of them.
        counts: the same for each class.
        validation_samples: number of validation samples.
        summary: statistics for the data screen.
        edits: edits by the user since the data were generated or read.
    """

    x_train: Array
    y_train: Labels | Array
    x_test: Array
    y_test: Labels | Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    target_names: tuple[str, ...] = ()
    shared: bool = False
    x_validation: Array | None = None
    y_validation: Labels | Array | None = None
    preparation: Preparation = field(default_factory=Preparation)
    samples: tuple[int, int] | None = None
    counts: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    validation_samples: int = 0
    summary: Summary | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def has_classes(self) -> bool:
        """Whether this is classification and not regression."""
        return bool(self.class_names)

    @property
    def all_samples(self) -> tuple[int, int]:
        """Numbers of training and test samples, including those that were thinned out."""
        return self.samples or (len(self.y_train), len(self.y_test))

    @property
    def class_counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Numbers of training and test samples of each class, including those that were thinned out.

        Empty for regression.
        """
        if self.counts is not None:
            return self.counts
        return self._counts(self.y_train), self._counts(self.y_test)

    def _counts(self, y: Array | Labels) -> tuple[int, ...]:
        if not self.has_classes:
            return ()
        return tuple(np.bincount(y, minlength=len(self.class_names)).tolist())

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """All arrays; some may be the same object."""
        arrays = (self.x_train, self.y_train, self.x_test, self.y_test)
        third = (self.x_validation, self.y_validation)
        return (*arrays, *(each for each in third if each is not None))

    @property
    def parts(self) -> list[tuple[Array, Labels | Array]]:
        """Inputs and targets of all samples: training, test unless shared, and validation if any."""
        parts = [(self.x_train, self.y_train)]
        if not self.shared:
            parts.append((self.x_test, self.y_test))
        if self.x_validation is not None and self.y_validation is not None:
            parts.append((self.x_validation, self.y_validation))
        return parts

    @cached_property
    def digest(self) -> str:
        """Digest of all samples and names."""
        from hashlib import blake2b  # loads OpenSSL, so only when it is needed

        digest = blake2b(digest_size=16)
        digest.update(repr((self.feature_names, self.class_names, self.target_names)).encode())
        for array in chain.from_iterable(self.parts):
            digest.update(repr((array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def monitored(self, choice: str | None) -> str:
        """Return the samples whose loss is monitored, for a value of the setting `monitor`."""
        has_validation = self.y_validation is not None
        if choice is None or (choice == "validation" and not has_validation):
            return "validation" if has_validation else "test"
        return choice

    def thinned(self, most: int) -> DataSplit:
        """Return the data with at most `most` samples per part, evenly spaced."""
        train, test = evenly_spaced(len(self.y_train), most), evenly_spaced(len(self.y_test), most)
        few = replace(self, samples=self.all_samples, counts=self.class_counts)
        if self.x_validation is not None and self.y_validation is not None:
            # no panel shows validation samples
            few = replace(
                few, x_validation=self.x_validation[:0], y_validation=self.y_validation[:0]
            )
        if len(train) < len(self.y_train):
            few = replace(few, x_train=self.x_train[train], y_train=self.y_train[train])
        if len(test) < len(self.y_test):
            few = replace(few, x_test=self.x_test[test], y_test=self.y_test[test])
        return few


def from_arrays(
    x_train: Array,
    y_train: Array | Labels,
    x_test: Array,
    y_test: Array | Labels,
    *,
    numbers: bool,
) -> DataSplit:
    """Return arrays of a script as data, without preprocessing.

    Args:
        x_train: (samples, features) training inputs.
        y_train: (samples,) class numbers from 0; or (samples,) or (samples, targets) floating-point
            regression targets.
        x_test: as `x_train`, for testing.
        y_test: as `y_train`, for testing.
        numbers: whether floating-point numbers are regression targets and not classes.

    Raises:
        ValueError: if shapes do not fit together, or classes are not integers from 0.
    """
    _check_shapes(x_train, y_train, x_test, y_test)
    x_train, x_test = np.asarray(x_train, np.float64), np.asarray(x_test, np.float64)
    features = tuple(f"x{number}" for number in range(1, x_train.shape[1] + 1))
    if numbers and np.issubdtype(np.asarray(y_train).dtype, np.floating):
        y_train, y_test = (np.asarray(y, np.float64) for y in (y_train, y_test))
        y_train, y_test = (y.reshape(len(y), -1) for y in (y_train, y_test))
        targets = tuple(f"y{number}" for number in range(1, y_train.shape[1] + 1))
        return DataSplit(x_train, y_train, x_test, y_test, features, (), targets)
    y_train, y_test = _labels(y_train), _labels(y_test)
    classes = max(2, int(max(np.max(y_train), np.max(y_test))) + 1)
    return DataSplit(x_train, y_train, x_test, y_test, features, tuple(map(str, range(classes))))


def _check_shapes(
    x_train: Array, y_train: Array | Labels, x_test: Array, y_test: Array | Labels
) -> None:
    shapes = [np.shape(each) for each in (x_train, y_train, x_test, y_test)]
    inputs = shapes[0], shapes[2]
    if not all(len(shape) == 2 for shape in inputs) or inputs[0][1] != inputs[1][1]:
        raise ValueError(
            f"invalid shapes {inputs[0]} and {inputs[1]} of inputs: expected (samples, features)"
        )
    for x, y in (shapes[:2], shapes[2:]):
        if not y or x[0] != y[0] or not x[0]:
            raise ValueError(
                f"invalid shape {y} of targets: expected one target for each of {x[0]} inputs"
            )


def _labels(y: Array | Labels) -> Labels:
    labels = np.asarray(y).reshape(len(y), -1)
    if labels.shape[1] != 1 or np.any(labels != np.floor(labels)) or labels.min() < 0:
        raise ValueError("invalid classes: expected one integer from 0 for each sample")
    return np.asarray(labels[:, 0], np.int64)
