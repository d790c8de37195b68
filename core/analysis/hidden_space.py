"""The samples as the last hidden layer sees them, in two coordinates; the hidden space panel draws it.

There the output layer decides by straight lines, so that one sees whether the layers before have
made the data linearly separable.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isnan, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, PlaneChoice, principal_components
from core.arrays import evenly_spaced
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network

MOST_SAMPLES: Final = 2000
LINES: Final = 9
"""Grid lines in each of the two directions."""
POINTS: Final = 40
"""Points of a grid line."""
MARGIN: Final = 0.05
"""How far the grid reaches beyond the samples, as a share of their range."""
MOST_PRODUCTS: Final = 2e8
"""Multiplications for which a linear model is fitted at most; with more, to fewer samples."""
RIDGE: Final = 1e-4
"""Its penalty, as a share of the mean variance of what it is given."""
MOST_STEPS: Final = 100
FEWEST_STEPS: Final = 20
MEMORY: Final = 8
"""Steps that the fit of a linear model looks back on."""
SHORTEST_STEP: Final = 1e-6
CONVERGED: Final = 1e-6
"""Share of its loss by which a step lowers it when the fit is over."""

OUTPUT_NAMES: Final = ("w·h", "rest")


@dataclass(frozen=True)
class Axes:
    """A plane through the hidden outputs.

    Attributes:
        origin: (units,) the hidden outputs at its middle: the mean of the samples.
        directions: (2, units) what one step along each coordinate adds; orthonormal.
        start: (2,) the coordinates of the middle: those of the mean for two units, else zero.
        names: what the coordinates are called.
        pair: the two units, or None for principal components.
    """

    origin: Array
    directions: Array
    start: Array
    names: tuple[str, str]
    pair: tuple[int, int] | None

    @classmethod
    def of_units(cls, hidden: Array, across: int, up: int) -> Axes:
        """Return the plane of two units, in which the others are held at their mean."""
        origin = hidden.mean(axis=0)
        directions = np.zeros((2, len(origin)))
        directions[0, across] = directions[1, up] = 1.0
        names = f"h{across + 1}", f"h{up + 1}"
        return cls(origin, directions, directions @ origin, names, (across, up))

    @classmethod
    def of_components(cls, hidden: Array, before: Axes | None = None) -> Axes:
        """Return the plane of the first two principal components of (samples, units).

        A component has no sign of its own, and two that are equally strong have no order: both are
        chosen such that the axes are as near as can be to those before.
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
        """Return the plane of the output's own direction, and of what varies most across it.

        In it alone the line at which two classes are decided is the same for all samples, whatever
        the other units give: each lies on the side of the class that is predicted for it.

        Args:
            hidden: (samples, units).
            weights: (units,) of the output that decides.
            before: as for `of_components`.
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
        predicted: (samples,) classes; all zero where numbers are predicted.
        grid: (lines, points, 2) coordinates of the bent input grid: the first half of the lines at
            constant second coordinate of the input plane, the others at constant first one.
        slopes: (2, outputs) and
        offsets: (outputs,) such that a point p of the plane has the logits p · slopes + offsets.
    """

    axes: Axes
    samples: Array
    predicted: Labels
    grid: Array
    slopes: Array
    offsets: Array

    @property
    def line(self) -> tuple[Array, float] | None:
        """For two classes (w, b), with w · p + b = 0 where the output decides; else None."""
        if self.slopes.shape[1] == 1:
            return self.slopes[:, 0], float(self.offsets[0])
        if self.slopes.shape[1] == 2:
            return self.slopes[:, 1] - self.slopes[:, 0], float(self.offsets[1] - self.offsets[0])
        return None

    def logits(self, points: Array) -> Array:
        """Return the (points, outputs) logits at (points, 2) coordinates of the plane."""
        return np.asarray(points @ self.slopes + self.offsets)


class HiddenSpace:
    """Lays out the passes once for a network, its data and an input plane; pictures follow.

    Attributes:
        chosen: which training samples are looked at.
        y: their classes or numbers.
        inputs_linear: what a linear model reaches on the inputs: accuracy, or R².
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
            ValueError: when the network has no hidden layer.
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
        """How many units the last hidden layer has."""
        return len(self._hidden)

    def strongest(self) -> list[int]:
        """Return the units, those with the largest outgoing weights first."""
        weights = np.asarray(self.network.weights[-1], np.float64)
        if weights.shape[1] > 1 and self.network.classes:
            # what is added to all classes alike decides nothing
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
        """Return the picture of the parameters as they are, or None where it is not finite.

        Args:
            pair: two units as coordinates, or None for the first two principal components.
            before: the axes of the last picture, from which these are not to flip.
            along_output: of two classes, take the output's direction instead; see `of_output`.
        """
        with np.errstate(all="ignore"):
            run(self._calls)
        hidden = self._hidden.T.astype(np.float64)
        weights = np.asarray(self.network.weights[-1], np.float64)
        biases = np.asarray(self.network.biases[-1], np.float64)
        # numbers whose squares are none have no components either
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
        """Return what a linear model reaches on all hidden units, as `picture` saw them last.

        The network's own output layer is one, and so what it reaches is the least.
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
    """Return the class of each of (samples, outputs) logits."""
    if logits.shape[1] == 1:
        return np.asarray(logits[:, 0] > 0, np.int64)
    return np.asarray(logits.argmax(axis=1), np.int64)


def linear_score(
    x: Array, targets: Array, has_classes: bool, reached: float | None = None
) -> float:
    """Return what a linear model reaches on the samples that it is fitted to: accuracy, or R².

    For numbers it is ridge regression in closed form. For classes it is softmax regression by L-BFGS
    (Liu & Nocedal 1989) on whitened features; of all models on the way there, the most accurate
    counts, for the lowest loss is not always that of the fewest errors.

    Args:
        x: (samples, features).
        targets: (samples, outputs): for classes 1 for the sample's own one, and 0 else.
        has_classes: which of the two it is.
        reached: what some linear model of these features is known to reach.
    """
    reached = -inf if reached is None or isnan(reached) else reached
    x = np.asarray(x, np.float64)
    few = evenly_spaced(len(x), max(2, int(MOST_PRODUCTS / max(1, x.shape[1] * min(x.shape)))))
    x, level = x - x[few].mean(axis=0), targets[few].mean(axis=0)
    x /= max(float(np.abs(x).max()), 1e-300)  # for the squares of what is very large
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
    """Yield weights of ever smaller mean cross-entropy, by L-BFGS from zero."""

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
    """Return the slope times the inverse of the Hessian that (step, change of slope) pairs tell of."""
    ahead, shares = slope.copy(), []
    for step, change in reversed(known):
        share = float((step * ahead).sum() / (step * change).sum())
        ahead -= share * change
        shares.append(share)
    if known:
        step, change = known[-1]
        ahead *= (step * change).sum() / (change * change).sum()
    else:
        ahead *= 2  # of whitened features the Hessian is at most a half (Böhning 1992)
    for (step, change), share in zip(known, reversed(shares), strict=True):
        ahead += step * (share - float((change * ahead).sum() / (step * change).sum()))
    return ahead


def _whitening(x: Array) -> Array:
    """Return a matrix that makes the features of (samples, features) uncorrelated, of variance 1.

    What hardly varies stays small. There are as many new features as the fewer of the two.
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
    """Return (lines, points, 2) coordinates of the input plane, around those of the samples."""
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
