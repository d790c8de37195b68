"""Networks and samples of the benchmarks, and how each contender is started, checked and timed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]

BETA1: Final = 0.9
BETA2: Final = 0.999
EPSILON: Final = 1e-8

AGREEMENT: Final = 1e-2
"""Largest relative difference of losses that are equal but for rounding, which grows with each step."""

CHECKED_EPOCHS: Final = 5


@dataclass(frozen=True)
class Case:
    """One network on one data set: softmax (or one logistic output), Adam, float32.

    Attributes:
        name: shown in the table.
        x: (samples, features).
        y: (samples,) classes.
        hidden: units of the hidden layers.
        batch: samples of a batch.
        rate: learning rate.
        many: epochs of one call where a peer trains many of them at once.
        epochs: epochs of a turn, each turn from the initial weights.
        activation: tanh or relu; all contenders but JAX have tanh only.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    hidden: tuple[int, ...]
    batch: int
    rate: float = 0.01
    many: int = 100
    epochs: int = 100
    activation: str = "tanh"

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.y)

    @property
    def is_full(self) -> bool:
        """Whether one batch has all samples, so that nothing is shuffled."""
        return self.batch >= self.samples

    def start(self, outputs: int | None = None) -> Layers:
        """Return initial weights and biases of each layer, the same for all contenders."""
        rng = np.random.default_rng(0)
        sizes = (self.x.shape[1], *self.hidden, outputs or self.classes)
        return [
            (
                rng.uniform(-1, 1, (inputs, units)).astype(np.float32)
                * np.float32(np.sqrt(6 / (inputs + units))),
                np.zeros(units, np.float32),
            )
            for inputs, units in pairwise(sizes)
        ]

    def loss(self, layers: Layers) -> float:
        """Return the mean cross-entropy of a network over all samples, computed in float64."""
        values = self.x.astype(np.float64)
        for number, (weights, biases) in enumerate(layers, 1):
            values = values @ weights.astype(np.float64) + biases
            if number < len(layers):
                values = np.tanh(values) if self.activation == "tanh" else np.maximum(values, 0)
        if values.shape[1] == 1:  # one logistic output
            values = np.hstack([np.zeros_like(values), values])
        values -= values.max(axis=1, keepdims=True)
        logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(self.samples), self.y].mean())


@dataclass(frozen=True)
class Contender:
    """An implementation of the training of a case.

    Attributes:
        name: head of its column.
        reset: returns to the initial weights, with a new optimiser.
        train: trains so many epochs, each with a shuffle of its own.
        follow: trains so many epochs on the samples in the given order.
        layers: returns weights and biases of each layer.
        outputs: output units, if not one per class.
        multiple: `train` is called with multiples of so many epochs.
    """

    name: str
    reset: Callable[[], object]
    train: Callable[[int], object]
    follow: Callable[[NDArray[np.int64], int], object]
    layers: Callable[[], Layers]
    outputs: int | None = None
    multiple: int = 1


def check(case: Case, contenders: list[Contender]) -> None:
    """Raise SystemExit if a contender does not compute what the first one computes.

    All take the same steps from the same weights. One with another number of outputs is compared with
    the first of its kind.
    """
    order = np.random.default_rng(1).permutation(case.samples)
    if case.is_full:
        order.sort()
    expected: dict[tuple[int | None, int], float] = {}
    kinds: dict[int | None, Contender] = {}
    for each in contenders:
        first = kinds.setdefault(each.outputs, each)
        # at least one call of those that train many epochs at once
        epochs = max(CHECKED_EPOCHS, each.multiple)
        if (each.outputs, epochs) not in expected:
            first.reset()
            first.follow(order, epochs)
            expected[each.outputs, epochs] = case.loss(first.layers())
        each.reset()
        found = [case.loss(each.layers())]
        each.follow(order, epochs)
        found.append(case.loss(each.layers()))
        wanted = [case.loss(case.start(each.outputs)), expected[each.outputs, epochs]]
        if not np.allclose(found, wanted, rtol=AGREEMENT, atol=0):
            raise SystemExit(
                f"{case.name}: {each.name} trains something else: loss {found[0]:.6f} before and "
                f"{found[1]:.6f} after {epochs} epochs, expected {wanted[0]:.6f} and {wanted[1]:.6f}"
            )
