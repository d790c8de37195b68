"""The samples in the space of the last hidden layer, projected to two coordinates.

The hidden space panel draws it. In this space the decision boundary of the output layer is linear, so
the picture shows whether the layers below have made the data linearly separable.
"""

from __future__ import annotations

from collections import deque
from math import inf, isnan, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, PlaneChoice, principal_components
from core.arrays import evenly_spaced
from core.dataclass import dataclass
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network

MOST_SAMPLES: Final = 2000
LINES: Final = 9
"""Number of grid lines in each of the two directions."""
POINTS: Final = 40
"""Number of points of a grid line."""
MARGIN: Final = 0.05
"""Margin of the grid around the samples, relative to their range."""
MOST_PRODUCTS: Final = 2e8
"""Maximal number of multiplications to fit a linear model; above it, fewer samples are used."""
RIDGE: Final = 1e-4
"""Penalty of the linear model, relative to the mean variance of its inputs."""
MOST_STEPS: Final = 100
FEWEST_STEPS: Final = 20
MEMORY: Final = 8
"""Number of previous steps that L-BFGS uses."""
SHORTEST_STEP: Final = 1e-6
CONVERGED: Final = 1e-6
"""Relative decrease of the loss in one step at which the fit has converged."""

OUTPUT_NAMES: Final = ("w·h", "rest")


@dataclass(frozen=True)
class Axes:
    """A plane in the space of the hidden outputs.

    Attributes:
        origin: (units,) mean of the samples, which lies in the plane.
        directions: (2, units) orthonormal directions of the two coordinates.
        start: (2,) coordinates of the origin: those of the mean for two units, otherwise zero.
        names: names of the coordinates.
        pair: the two units, or None for principal components.
    """

    origin: Array
    directions: Array
    start: Array
    names: tuple[str, str]
    pair: tuple[int, int] | None

    @classmethod
    def of_units(cls, hidden: Array, across: int, up: int) -> Axes:
        """Return the plane of two units; the other units are fixed at their mean."""
        origin = hidden.mean(axis=0)
        directions = np.zeros((2, len(origin)))
        directions[0, across] = directions[1, up] = 1.0
        names = f"h{across + 1}", f"h{up + 1}"
        return cls(origin, directions, directions @ origin, names, (across, up))

    @classmethod
    def of_components(cls, hidden: Array, before: Axes | None = None) -> Axes:
        """Return the plane of the first two principal components of (samples, units).

        The sign of a component and the order of two equally strong ones are arbitrary: both are
        chosen such that the axes are as close as possible to `before`.
        """
        origin = hidden.mean(axis=0)
        directions, _ = principal_components(hidden - origin)
        names = "PC 1", "PC 2"
        known = before is not None and set(before.names) == set(names)
        if before is not None and known and len(before.origin) == len(origin):
            agreement = before.directions @ directions.T
            straight = abs(agreement[0, 0]) + abs(agreement[1, 1])
            crossed = abs(agreement[0, 1]) + abs(agreement[1, 0])
            if crossed > straight:
                directions, agreement = directions[::-1], agreement[:, ::-1]
                names = "PC 2", "PC 1"
            directions = directions * np.where(np.diag(agreement) < 0, -1.0, 1.0)[:, None]
        return cls(origin, directions, np.zeros(2), names, None)

    @classmethod
    def of_output(cls, hidden: Array, weights: Array, before: Axes | None = None) -> Axes:
        """Return the plane of the output's weight vector and the first component orthogonal to it.

        Only in this plane is the decision boundary of two classes the same line for all samples,
        whatever their other coordinates are: each sample lies on the side of its predicted class.

        Args:
            hidden: (samples, units).
            weights: (units,) weights of the output, or the difference of two outputs.
            before: see `of_components`.
        """
        origin = hidden.mean(axis=0)
        along = weights / max(float(np.linalg.norm(weights)), 1e-300)
        centred = hidden - origin
        rest = centred - np.outer(centred @ along, along)
        across = principal_components(rest)[0][0] if len(along) > 1 else np.zeros_like(along)
        across = across - (across @ along) * along
        if before is not None and before.names == OUTPUT_NAMES and len(before.origin) == len(along):
            across = across if across @ before.directions[1] >= 0 else -across
        return cls(origin, np.stack([along, across]), np.zeros(2), OUTPUT_NAMES, None)

    def coordinates(self, hidden: Array) -> Array:
        """Return the (samples, 2) coordinates of (samples, units) hidden outputs, projected."""
        return np.asarray((hidden - self.origin) @ self.directions.T + self.start)

    def hidden(self, points: Array) -> Array:
        """Return the (points, units) hidden outputs at (points, 2) coordinates of the plane."""
        return np.asarray(self.origin + (points - self.start) @ self.directions)


@dataclass(frozen=True)
class SpaceView:
    """The hidden space of one snapshot of the parameters.

    Attributes:
        axes: the plane.
        samples: (samples, 2) coordinates.
        predicted: (samples,) predicted classes; all zero for regression.
        grid: (lines, points, 2) coordinates of the transformed input grid: the first half of the lines
            at constant second coordinate of the input plane, the others at constant first coordinate.
        slopes: (2, outputs), see `offsets`.
        offsets: (outputs,): a point p of the plane has the logits p · slopes + offsets.
    """

    axes: Axes
    samples: Array
    predicted: Labels
    grid: Array
    slopes: Array
    offsets: Array

    @property
    def line(self) -> tuple[Array, float] | None:
        """(w, b) of the decision boundary w · p + b = 0 of two classes; otherwise None."""
        if self.slopes.shape[1] == 1:
            return self.slopes[:, 0], float(self.offsets[0])
        if self.slopes.shape[1] == 2:
            return self.slopes[:, 1] - self.slopes[:, 0], float(self.offsets[1] - self.offsets[0])
        return None

    def logits(self, points: Array) -> Array:
        """Return the (points, outputs) logits at (points, 2) coordinates of the plane."""
        return np.asarray(points @ self.slopes + self.offsets)


class HiddenSpace:
    """Evaluation of the hidden space for a network, its data and an input plane, in fixed buffers.

    Attributes:
        indices: indices of the training samples that are used.
        y: their class numbers or target values.
        inputs_linear_score: accuracy, or R², of a linear model of the inputs.
    """

    def __init__(
        self,
        network: Network,
        data: DataSplit,
        choice: PlaneChoice | None = None,
        most: int = MOST_SAMPLES,
    ) -> None:
        """Choose the samples and the grid.

        Raises:
            ValueError: if the network has no hidden layer.
        """
        if len(network.layers) < 2:
            raise ValueError("a network without a hidden layer has no hidden space")
        self.network = network
        self.indices = evenly_spaced(len(data.y_train), most)
        x, self.y = data.x_train[self.indices], data.y_train[self.indices]
        plane = Plane.through(data, choice)
        grid = _grid(plane.coordinates(data.preparation.features(x)), len(data.feature_names))
        self._lines = len(grid)
        points = plane.features(grid.reshape(-1, 2))
        inputs = np.concatenate([x, data.preparation.inputs(points)])
        passes = ForwardPasses(network, len(inputs))
        self._calls = [*network.fold_calls, *passes.calls(with_bias_row(inputs, network.dtype))]
        self._hidden, self._logits = passes.layers[-2].values, passes.logits
        self._targets = _targets(self.y, network.classes)
        self.inputs_linear_score = linear_score(x, self._targets, bool(network.classes))

    @property
    def units(self) -> int:
        """Number of units of the last hidden layer."""
        return len(self._hidden)

    def strongest(self) -> list[int]:
        """Return the units in order of the norm of their outgoing weights, the largest first."""
        weights = np.asarray(self.network.weights[-1], np.float64)
        if weights.shape[1] > 1 and self.network.classes:
            # a contribution that all classes share does not change the prediction
            weights = weights - weights.mean(axis=1, keepdims=True)
        strength = np.nan_to_num(np.linalg.norm(weights, axis=1))
        return [int(unit) for unit in np.argsort(-strength, kind="stable")]

    def picture(
        self,
        pair: tuple[int, int] | None = None,
        before: Axes | None = None,
        *,
        along_output: bool = False,
    ) -> SpaceView | None:
        """Return the view for the current parameters, or None if it is not finite.

        Args:
            pair: two units as coordinates, or None for the first two principal components.
            before: axes of the previous view, with which signs and order are aligned.
            along_output: for two classes, use the plane of `Axes.of_output`.
        """
        with np.errstate(all="ignore"):
            run(self._calls)
        hidden = self._hidden.T.astype(np.float64)
        weights = np.asarray(self.network.weights[-1], np.float64)
        biases: Array | float = 0.0
        if self.network.biases[-1].size:
            biases = np.asarray(self.network.biases[-1], np.float64)
        # no components can be computed if the squares overflow
        if not (np.abs(hidden).max() < 1e100 and np.isfinite(weights).all()):
            return None
        count = len(self.indices)
        seen = hidden[:count]
        if pair is not None:
            axes = Axes.of_units(seen, *pair)
        elif along_output and self.network.classes == 2:
            axes = Axes.of_output(
                seen, weights[:, -1] - weights[:, 0] * (weights.shape[1] - 1), before
            )
        else:
            axes = Axes.of_components(seen, before)
        coordinates = axes.coordinates(hidden)
        slopes = axes.directions @ weights
        offsets = (axes.origin - axes.start @ axes.directions) @ weights + biases
        logits = self._logits[:, :count].T
        labels = decide(logits) if self.network.classes else np.zeros(count, np.int64)
        return SpaceView(
            axes,
            coordinates[:count],
            labels,
            coordinates[count:].reshape(self._lines, POINTS, 2),
            slopes,
            offsets,
        )

    def linear(self) -> float:
        """Return the score of a linear model of all hidden units, at the last call of `picture`.

        The network's output layer is a linear model too, so its score is a lower bound.
        """
        count, classes = len(self.indices), bool(self.network.classes)
        seen, own = self._hidden.T[:count], self._logits.T[:count]
        with np.errstate(all="ignore"):
            if classes:
                reached = float((decide(own) == self.y).mean())
            else:
                spread = float(((self._targets - self._targets.mean(axis=0)) ** 2).sum())
                reached = 1 - float(((self._targets - own) ** 2).sum()) / max(spread, 1e-300)
            return linear_score(seen, self._targets, classes, reached)


def decide(logits: Array) -> Labels:
    """Return the (samples,) predicted classes for (samples, outputs) logits."""
    if logits.shape[1] == 1:
        return np.asarray(logits[:, 0] > 0, np.int64)
    return np.asarray(logits.argmax(axis=1), np.int64)


def linear_score(
    x: Array, targets: Array, has_classes: bool, reached: float | None = None
) -> float:
    """Return the accuracy, or R², of a linear model on the samples to which it is fitted.

    Regression: ridge regression in closed form. Classification: softmax regression by L-BFGS (Liu &
    Nocedal 1989) on whitened features; the best accuracy of all iterations counts, since the lowest
    loss does not always have the fewest errors.

    Args:
        x: (samples, features).
        targets: (samples, outputs), one-hot for classes.
        has_classes: whether the task is classification.
        reached: known score of a linear model of these features, a lower bound.
    """
    reached = -inf if reached is None or isnan(reached) else reached
    x = np.asarray(x, np.float64)
    few = evenly_spaced(len(x), max(2, int(MOST_PRODUCTS / max(1, x.shape[1] * min(x.shape)))))
    x, level = x - x[few].mean(axis=0), targets[few].mean(axis=0)
    x /= max(float(np.abs(x).max()), 1e-300)  # avoids overflow of squares
    x = x @ _whitening(x[few])
    if not has_classes:
        given = x @ (x[few].T @ (targets[few] - level)) / len(few) + level
        spread = float(((targets - targets.mean(axis=0)) ** 2).sum())
        return max(reached, 1 - float(((targets - given) ** 2).sum()) / max(spread, 1e-300))
    x = np.column_stack([x, np.ones(len(x))])
    labels = targets.argmax(axis=1)
    for weights in _softmax_regressions(x[few], targets[few]):
        reached = max(reached, float(((x @ weights).argmax(axis=1) == labels).mean()))
        if reached == 1:
            break
    return reached


def _softmax_regressions(x: Array, targets: Array) -> Iterator[Array]:
    """Yield the weights of each iteration of L-BFGS on the mean cross-entropy, from zero."""

    def measured(weights: Array) -> tuple[float, Array]:
        logits = x @ weights
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        sums = shares.sum(axis=1, keepdims=True)
        loss = float((np.log(sums[:, 0]) - (logits * targets).sum(axis=1)).mean())
        return loss, x.T @ (shares / sums - targets) / len(x)

    weights = np.zeros((x.shape[1], targets.shape[1]))
    known: deque[tuple[Array, Array]] = deque(maxlen=MEMORY)
    loss, slope = measured(weights)
    steps = min(MOST_STEPS, max(FEWEST_STEPS, int(MOST_PRODUCTS / (x.size * weights.shape[1]))))
    for _ in range(steps):
        ahead = _quasi_newton(slope, known)
        fall, length = float((ahead * slope).sum()), 1.0
        tried = measured(weights - ahead)
        while not tried[0] <= loss - 1e-4 * length * fall:
            length /= 2
            if length < SHORTEST_STEP:
                return
            tried = measured(weights - length * ahead)
        known.append((-length * ahead, tried[1] - slope))
        weights = weights - length * ahead
        yield weights
        if loss - tried[0] <= CONVERGED * loss:
            return
        loss, slope = tried


def _quasi_newton(slope: Array, known: Sequence[tuple[Array, Array]]) -> Array:
    """Return the gradient times the approximate inverse Hessian, from (step, gradient change) pairs."""
    ahead, shares = slope.copy(), []
    for step, change in reversed(known):
        share = float((step * ahead).sum() / (step * change).sum())
        ahead -= share * change
        shares.append(share)
    if known:
        step, change = known[-1]
        ahead *= (step * change).sum() / (change * change).sum()
    else:
        ahead *= 2  # for whitened features the Hessian is at most 1/2 (Böhning 1992)
    for (step, change), share in zip(known, reversed(shares), strict=True):
        ahead += step * (share - float((change * ahead).sum() / (step * change).sum()))
    return ahead


def _whitening(x: Array) -> Array:
    """Return the matrix that makes (samples, features) uncorrelated with variance 1.

    Features with little variance remain small. The number of new features is the smaller of the two.
    """
    count, wide = len(x), x.shape[1] > len(x)
    products = (x @ x.T if wide else x.T @ x) / count
    penalty = RIDGE * float(np.trace(products)) / len(products)
    products[np.diag_indices_from(products)] += max(penalty, 1e-12)
    root = np.linalg.inv(np.linalg.cholesky(products)).T
    return x.T @ root / sqrt(count) if wide else np.asarray(root)


def _targets(y: Labels | Array, classes: int) -> Array:
    if classes:
        return np.eye(classes)[np.asarray(y, np.int64)]
    return np.asarray(y, np.float64).reshape(len(y), -1)


def _grid(coordinates: Array, features: int) -> Array:
    """Return the (lines, points, 2) grid of the input plane around the samples' coordinates."""
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    low, high = low - MARGIN * spread, high + MARGIN * spread
    along = np.linspace(low, high, POINTS)
    if features < 2:
        return np.stack([along[:, 0], np.zeros(POINTS)], axis=1)[None]
    at = np.linspace(low, high, LINES)
    level = np.stack(np.broadcast_arrays(along[None, :, 0], at[:, None, 1]), axis=2)
    upright = np.stack(np.broadcast_arrays(at[:, None, 0], along[None, :, 1]), axis=2)
    return np.concatenate([level, upright])
