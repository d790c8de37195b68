"""Loss and score of several runs on the same or different samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.nn.calls import Calls, call, run
from core.nn.network import ForwardPasses
from core.training.evaluation import CHUNK
from core.training.metrics import Correct, SquaredErrors, squared_deviations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array
    from core.nn.network import Network

BLOCK: Final = 1 << 17
"""Outputs of a layer that are computed at once, so that they stay in the processor's cache."""

LEAST_SAMPLES: Final = 64
"""Samples of a block, even if a layer has many outputs for them."""


class StackedEvaluation:
    """Measures the networks of a stack on one part of their data."""

    def __init__(self, network: Network, inputs: Array, targets: Array) -> None:
        """Build the calls.

        Args:
            network: to measure.
            inputs: (runs, features + 1, samples), or (features + 1, samples) for the same samples in all
                runs.
            targets: (runs, rows, samples) or (rows, samples), as encoded by the loss.
        """
        self._samples = inputs.shape[-1]
        self._fold = network.fold_calls
        self._deviations = None if network.classes else squared_deviations(targets)
        self._chunks = []
        self._weight = np.zeros(())
        # the sums are those of single runs, bit for bit, if the chunks are
        for start in range(0, self._samples, CHUNK):
            part = slice(start, min(start + CHUNK, self._samples))
            logits, calls = forward_calls(network, inputs[..., part])
            shown = np.ascontiguousarray(targets[..., part])
            loss = network.loss.value(logits, shown)
            self._weight = self._weight + loss.weights
            score: Correct | SquaredErrors
            if network.classes:
                score = Correct(network.loss, logits, shown)
            else:
                score = SquaredErrors(logits, shown)
            self._chunks.append(([*calls, *loss.calls, *score.calls], loss, score))

    def measure(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean loss and score of each run."""
        run(self._fold)
        total: NDArray[np.float64] | float = 0.0
        count: NDArray[np.float64] | NDArray[np.int64] | int = 0
        for calls, loss, score in self._chunks:
            for each in calls:
                each()
            total = total + loss.totals()
            count = count + score.counts()
        return self._mean(np.asarray(total)), self._score(np.asarray(count, np.float64))

    def _mean(self, total: NDArray[np.float64]) -> NDArray[np.float64]:
        # without samples of a class that has a weight, there is no loss
        weight = self._weight
        return np.asarray(np.divide(total, weight, out=np.zeros_like(total), where=weight != 0))

    def _score(self, count: NDArray[np.float64]) -> NDArray[np.float64]:
        deviations = self._deviations
        if deviations is None:
            return np.asarray(count / self._samples)
        # as `r_squared`
        exact = np.broadcast_to(deviations == 0, count.shape)
        scores = np.where(exact, count == 0, 1 - count / np.where(deviations == 0, 1, deviations))
        return np.asarray(scores.sum(axis=-1) / scores.shape[-1])


def forward_calls(network: Network, inputs: Array) -> tuple[Array, Calls]:
    """Return the (runs, outputs, samples) logits, and the calls that compute them, block by block."""
    runs, samples = len(network.parameters), inputs.shape[-1]
    most = max(LEAST_SAMPLES, BLOCK // (runs * max(network.sizes[1:])))
    block = -(-samples // -(-samples // most))  # blocks of about equal size
    if block >= samples:
        passes = ForwardPasses(network, samples)
        return passes.logits, passes.calls(inputs)
    logits = np.empty((runs, network.sizes[-1], samples), network.dtype)
    known: dict[int, ForwardPasses] = {}
    calls: Calls = []
    for start in range(0, samples, block):
        part = slice(start, min(start + block, samples))
        size = part.stop - part.start
        if size not in known:
            known[size] = ForwardPasses(network, size)
        passes = known[size]
        calls += passes.calls(inputs[..., part])
        calls.append(call(np.copyto, logits[..., part], passes.logits))
    return logits, calls
