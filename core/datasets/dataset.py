"""A data set, its entry in the registry, and its split into training, test and validation inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from core.arrays import evenly_spaced
from core.datasets.preparation import Preparation
from core.randomness import stream

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets.edits import Edit
    from core.datasets.summary import Summary

ProgressCallback: TypeAlias = Callable[[str, float], None]
"""Told what is being done and how much of it is, from 0 to 1; raises to end it."""


class DataError(ValueError):
    """Data that cannot be learnt from; the message is one sentence for a person."""


@dataclass(frozen=True)
class Dataset:
    """Samples with classes, or with numbers to predict, in their own units.

    Attributes:
        x: (samples, features) float64, NaN where a value is missing; (samples, 0) for texts.
        y: (samples,) class numbers, or (samples, targets) float64.
        feature_names: one name per column of `x`.
        class_names: one name per class, `y` counts into it; empty where `y` is numbers.
        target_names: one name per column of `y`; empty where `y` is classes.
        texts: a text per sample, where features are to be made of those; else empty.
        one_hot: the columns, first and behind the last, that together are one categorical feature.
        image: rows and columns of pixels, where the features are those of a picture.
        notes: what was done to the data so far, a sentence each.
        name: what the data is called, such as the name of its file.
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

    def rows(self, chosen: Labels) -> Dataset:
        """Return some of the samples, by their numbers."""
        texts = tuple(self.texts[row] for row in chosen.tolist()) if self.texts else ()
        return replace(self, x=self.x[chosen], y=self.y[chosen], texts=texts)


Generator: TypeAlias = Callable[[Any, int, float, int], "tuple[Array, Labels | Array]"]
"""A function of a random generator, samples, noise and classes that returns x and y."""


@dataclass(frozen=True)
class DatasetInfo:
    """One entry of the registry.

    Attributes:
        name: value of the setting `dataset`.
        description: description in the help and the listing.
        generate: draws samples from (rng, samples, noise, classes); None for a fixed data set.
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
            count,
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
    """A data set in its parts; for a set too small to part, both are the whole of it.

    Two of them are equal only if they are one and the same.

    Attributes:
        x_train, x_test: (samples, inputs) as the network takes them.
        y_train, y_test: class numbers, or numbers to predict.
        feature_names: one name per feature in its own units; the network may have more inputs.
        shared: whether the test part is the training part.
        x_validation, y_validation: a third part, or None.
        preparation: how inputs follow from features.
        samples: how many samples the training and the test part have, where these are some of them.
        validation_samples: how many the third part has.
        summary: what the data screen shows.
        edits: what was done to them by hand since they were drawn or read.
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
    validation_samples: int = 0
    summary: Summary | None = None
    edits: tuple[Edit, ...] = ()

    @property
    def has_classes(self) -> bool:
        """Whether classes are told apart, and not numbers predicted."""
        return bool(self.class_names)

    @property
    def all_samples(self) -> tuple[int, int]:
        """How many samples the training and the test part have in truth."""
        return self.samples or (len(self.y_train), len(self.y_test))

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """Its arrays; some may be one and the same."""
        arrays = (self.x_train, self.y_train, self.x_test, self.y_test)
        third = (self.x_validation, self.y_validation)
        return (*arrays, *(each for each in third if each is not None))

    def monitored(self, choice: str | None) -> str:
        """Return the part whose loss decides, from the setting `monitor`."""
        has_validation = self.y_validation is not None
        if choice is None or (choice == "validation" and not has_validation):
            return "validation" if has_validation else "test"
        return choice

    def thinned(self, most: int) -> DataSplit:
        """Return these data with at most so many samples a part, evenly chosen."""
        train, test = evenly_spaced(len(self.y_train), most), evenly_spaced(len(self.y_test), most)
        few = replace(self, samples=self.all_samples)
        if self.x_validation is not None and self.y_validation is not None:
            # nothing shows its samples
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
    """Return arrays, (samples, features) and (samples,) or (samples, targets), as data.

    Args:
        x_train: the training inputs.
        y_train: class numbers from 0; or, in floating point, numbers to predict.
        x_test: the test inputs.
        y_test: their classes, or numbers.
        numbers: whether numbers in floating point are to be predicted, and not to be taken as classes.

    Raises:
        ValueError: when shapes do not fit one another, or classes are no whole numbers from 0.
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
            f"inputs of shapes {inputs[0]} and {inputs[1]} given; both are (samples, features)"
        )
    for x, y in (shapes[:2], shapes[2:]):
        if not y or x[0] != y[0] or not x[0]:
            raise ValueError(f"{x[0]} inputs and targets of shape {y} given; there is one for each")


def _labels(y: Array | Labels) -> Labels:
    labels = np.asarray(y).reshape(len(y), -1)
    if labels.shape[1] != 1 or np.any(labels != np.floor(labels)) or labels.min() < 0:
        raise ValueError("classes are whole numbers from 0, one for each sample")
    return np.asarray(labels[:, 0], np.int64)
