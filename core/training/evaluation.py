"""Loss and score of a network on a fixed set of samples.

The trainer evaluates each part of the data. The calls are built once, in chunks, so that
measuring allocates nothing and can be interrupted between two chunks.
"""

from __future__ import annotations

from math import inf, nan
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.nn.calls import Calls, run
from core.nn.network import ForwardPasses
from core.training.metrics import Correct, SquaredErrors, r_squared, squared_deviations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Array
    from core.nn.losses import Value
    from core.nn.network import Network

CHUNK: Final = 4096
"""Samples per chunk: their activations stay in the processor's cache."""


class Measure(NamedTuple):
    """Mean loss without penalty, weighted if classes have weights, and accuracy or R²."""

    loss: float
    score: float


NOT_MEASURED: Final = Measure(nan, nan)


class SplitMeasures(NamedTuple):
    """Measures on the parts of the data; those of training and test are equal if they share samples."""

    train: Measure
    test: Measure
    validation: Measure


class _Chunk(NamedTuple):
    calls: Calls
    loss: Value
    score: Correct | SquaredErrors


class Evaluation:
    """Measures a network with its current parameters."""

    def __init__(
        self, network: Network, inputs: Array, targets: Array, *, chunk: int = CHUNK
    ) -> None:
        """Build the calls.

        Args:
            network: to measure.
            inputs: (features + 1, samples).
            targets: (rows, samples) as encoded by the loss.
            chunk: samples per chunk.
        """
        self.samples = inputs.shape[1]
        self._next, self._total = 0, 0.0
        self._count: NDArray[np.float64] | int = 0
        self._weight = 0.0
        self._fold = network.fold_calls
        self._chunks = []
        self._deviations = None if network.classes else squared_deviations(targets)
        passes: dict[int, ForwardPasses] = {}
        for start in range(0, self.samples, chunk):
            part = slice(start, min(start + chunk, self.samples))
            size = part.stop - part.start
            if size not in passes:
                passes[size] = ForwardPasses(network, size)
            logits, shown = passes[size].logits, np.ascontiguousarray(targets[:, part])
            loss = network.loss.value(logits, shown)
            self._weight += loss.weight
            score: Correct | SquaredErrors
            if network.classes:
                score = Correct(network.loss, logits, shown)
            else:
                score = SquaredErrors(logits, shown)
            calls = [*passes[size].calls(inputs[:, part]), *loss.calls, *score.calls]
            self._chunks.append(_Chunk(calls, loss, score))
        self.restart()

    @property
    def calls(self) -> int:
        """Number of NumPy calls per measurement, without the sums."""
        return sum(len(chunk.calls) for chunk in self._chunks)

    def measure(self) -> Measure:
        """Return loss and score with the current parameters."""
        self.restart()
        measured = self.advance(inf)
        return NOT_MEASURED if measured is None else measured

    def advance(self, until: float) -> Measure | None:
        """Measure until a time of `perf_counter`; return loss and score, or None if not complete."""
        chunks = self._chunks
        if not self._next:
            run(self._fold)
        for at in range(self._next, len(chunks)):
            calls, loss, score = chunks[at]
            for each in calls:
                each()
            self._total += loss.total()
            self._count += score.count()
            if at + 1 < len(chunks) and perf_counter() >= until:
                self._next = at + 1
                return None
        measured = self._measure()
        self.restart()
        return measured

    def restart(self) -> None:
        """Discard an incomplete measurement."""
        self._next, self._total = 0, 0.0
        self._count = 0 if self._deviations is None else np.zeros(self._deviations.size)

    def _measure(self) -> Measure:
        if self._deviations is None:
            score = float(self._count) / self.samples
        else:
            score = r_squared(np.asarray(self._count), self._deviations)
        # without samples of a class that has a weight, there is no loss
        return Measure(self._total / self._weight if self._weight else 0.0, score)


class SplitEvaluation:
    """Measures a network on the training, test and validation samples, one part after another."""

    def __init__(
        self, network: Network, parts: Sequence[tuple[Array, Array]], *, has_validation: bool
    ) -> None:
        """Build the calls.

        Args:
            network: to measure.
            parts: of each part the inputs, (features + 1, samples), and the targets, (samples, rows) as
                encoded by the loss. The test samples are missing if they are the training samples.
            has_validation: whether the last part is the validation samples.
        """
        self._parts = [Evaluation(network, inputs, targets.T) for inputs, targets in parts]
        self._has_test = len(parts) - has_validation > 1
        self._has_validation = has_validation
        self._measured: list[Measure] = []

    def measure(self) -> SplitMeasures:
        """Return the measures with the current parameters."""
        return self._measures([each.measure() for each in self._parts])

    def advance(self, until: float) -> SplitMeasures | None:
        """Measure until a time of `perf_counter`; return the measures, or None if not complete."""
        measured = self._measured
        for each in self._parts[len(measured) :]:
            measure = each.advance(until)
            if measure is None:
                return None
            measured.append(measure)
        self._measured = []
        return self._measures(measured)

    def restart(self) -> None:
        """Discard an incomplete measurement."""
        self._measured = []
        for each in self._parts:
            each.restart()

    def _measures(self, measured: list[Measure]) -> SplitMeasures:
        train, validation = measured[0], measured[-1] if self._has_validation else NOT_MEASURED
        return SplitMeasures(train, measured[1] if self._has_test else train, validation)
