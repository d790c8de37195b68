"""Predictions of several networks at the same points: of each of them, and where they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lockstep.evaluation import forward_calls
from core.nn.calls import run
from core.nn.network import with_bias_row
from core.training.components import build_network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.datasets.preparation import Preparation


class LanePredictions:
    """Predictions of the first networks of a lockstep at fixed points of the input space.

    Attributes:
        count: number of networks.
        labels: (runs, points) predicted classes; all zero for regression.
        values: (runs, points) predicted values of one target, in its units; all zero for classes.
    """

    def __init__(
        self,
        config: RunConfig,
        data: DataSplit,
        preparations: Sequence[Preparation],
        points: Array,
        count: int,
        target: int = 0,
    ) -> None:
        """Allocate the buffers.

        Args:
            config: of any of the runs.
            data: samples of any of the runs.
            preparations: of the samples of each run, a single one if they share their samples.
            points: (points, features) in original units.
            count: number of networks.
            target: output that is shown for regression.
        """
        self.count, self._target = count, target
        self._network = network = build_network(config, data, count)
        distinct = preparations[:count]
        blocks = [with_bias_row(each.inputs(points), network.dtype) for each in distinct]
        inputs = blocks[0] if len(blocks) == 1 else np.stack([each.T for each in blocks]).mT
        self._logits, self._calls = forward_calls(network, inputs)
        units = [each.target_units(target) for each in distinct]
        shifts, scales = np.array(units).T[..., None]
        self._shifts, self._scales = shifts, scales
        shape = count, len(points)
        self.labels: Labels = np.zeros(shape, np.int64)
        self.values: Array = np.zeros(shape)

    def refresh(self, parameters: Array, statistics: Array) -> LanePredictions:
        """Update the predictions for (runs, parameters) of at least `count` runs."""
        network, count = self._network, self.count
        network.parameters[:] = parameters[:count]
        network.statistics[:] = statistics[:count]
        with np.errstate(all="ignore"):  # of a network that has diverged
            run(network.fold_calls)
            run(self._calls)
            logits = self._logits
            if not network.classes:
                self.values = logits[:, self._target] * self._scales + self._shifts
            elif logits.shape[1] == 1:
                self.labels = (logits[:, 0] > 0).astype(np.int64)
            else:
                self.labels = logits.argmax(axis=1)
        return self

    def probabilities(self) -> list[Array]:
        """Return the (points, classes) probabilities of each network."""
        with np.errstate(all="ignore"):
            return [self._network.loss.probabilities(each).T for each in self._logits]


class Agreement:
    """Agreement of networks at the points of a map, in the form of a `PredictionMap`.

    Attributes:
        labels: (points,) class that most networks predict.
        values: (points,) share of them, from 0 if all classes are predicted equally often to 1; for
            regression, the median of the predicted values, as an output of a network.
        unanimous: share of the points where all networks predict the same class.
    """

    def __init__(
        self,
        predictions: LanePredictions,
        classes: int,
        source: Callable[[], tuple[Array, Array, NDArray[np.bool_]]],
        units: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        """Show predictions.

        Args:
            predictions: of each network.
            classes: number of classes; 0 for regression.
            source: returns parameters, statistics, and which of the runs count.
            units: shift and scale of the target, as `Preparation.target_units` returns them.
        """
        self._predictions, self._classes, self._source = predictions, classes, source
        self._units = units
        points = predictions.labels.shape[1]
        self.labels: Labels = np.zeros(points, np.int64)
        self.values: Array = np.zeros(points)
        self._shares: Array = np.zeros((max(1, classes), points))
        self.unanimous = 0.0

    @property
    def logits(self) -> Array:
        """Share of the networks for each class, (classes, points)."""
        return self._shares

    def refresh(self) -> Agreement:
        """Update for the current parameters."""
        parameters, statistics, counted = self._source()
        found = self._predictions.refresh(parameters, statistics)
        counted = counted[: found.count]
        if not counted.any():
            counted = np.ones_like(counted)
        if not self._classes:
            shift, scale = self._units
            with np.errstate(all="ignore"):
                self.values = (np.median(found.values[counted], axis=0) - shift) / scale
            return self
        labels = found.labels[counted]
        for label in range(self._classes):
            np.mean(labels == label, axis=0, out=self._shares[label])
        self.labels = self._shares.argmax(axis=0)
        most, guess = self._shares.max(axis=0), 1 / self._classes
        self.values = np.clip((most - guess) / (1 - guess), 0, 1) if guess < 1 else most
        self.unanimous = float(np.mean(most > 1 - 1e-9))
        return self
