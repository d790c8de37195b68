"""What a view of the network needs, computed from one snapshot of its parameters.

The screen asks here at its own resolution, and only for what is visible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.calls import Calls, call, constant, run
from core.network import ForwardPasses, columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.network import Network


@dataclass(frozen=True)
class Window:
    """A part of the input plane, cut into a grid of square pixels.

    Attributes:
        left, right, bottom, top: the outer edges, in units of the features.
        columns, rows: the number of pixels.
    """

    left: float
    right: float
    bottom: float
    top: float
    columns: int
    rows: int

    @classmethod
    def around(cls, x: Array, columns: int, rows: int, margin: float = 0.15) -> Window:
        """Return the smallest window around (samples, 2) points that keeps the aspect ratio.

        The direction in which there is room to spare shows more than the data's range.
        """
        low, high = x[:, :2].min(axis=0), x[:, :2].max(axis=0)
        centre = (low + high) / 2
        extent = np.maximum(high - low, 1e-9) * (1 + 2 * margin)
        pixel = max(extent[0] / columns, extent[1] / rows)
        width, height = pixel * columns / 2, pixel * rows / 2
        return cls(
            float(centre[0] - width),
            float(centre[0] + width),
            float(centre[1] - height),
            float(centre[1] + height),
            columns,
            rows,
        )

    def points(self) -> Array:
        """Return (rows · columns, 2) pixel centres, row by row from the top left."""
        across = np.linspace(self.left, self.right, self.columns * 2 + 1)[1::2]
        down = np.linspace(self.top, self.bottom, self.rows * 2 + 1)[1::2]
        return np.column_stack([np.tile(across, self.rows), np.repeat(down, self.columns)])

    def pixels(self, x: Array) -> tuple[Labels, Labels]:
        """Return the (samples,) rows and columns of the pixels in which (samples, 2) points lie."""
        across = (x[:, 0] - self.left) / (self.right - self.left) * self.columns
        down = (self.top - x[:, 1]) / (self.top - self.bottom) * self.rows
        return (
            np.clip(down.astype(np.int64), 0, self.rows - 1),
            np.clip(across.astype(np.int64), 0, self.columns - 1),
        )


@dataclass(frozen=True)
class Plane:
    """A plane through the inputs, on which a map is drawn.

    Attributes:
        origin: (features,) the input at its middle.
        axes: (2, features) the inputs that one step along each coordinate adds.
        names: what the coordinates are called.
    """

    origin: Array
    axes: Array
    names: tuple[str, str]

    @classmethod
    def through(cls, x: Array, feature_names: tuple[str, ...]) -> Plane:
        """Return the plane of two features, or of the first two principal components of more.

        One feature has a line, of which every point above and below counts the same.
        """
        features = x.shape[1]
        if features <= 2:
            names = feature_names if features == 2 else (feature_names[0], "")
            return cls(np.zeros(features), np.eye(2, features), (names[0], names[1]))
        origin = x.mean(axis=0)
        axes = np.linalg.svd(x - origin, full_matrices=False)[2][:2]
        # the sign of a component is nobody's choice: let its largest part point up
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
        return cls(origin, axes * np.sign(largest), ("PC 1", "PC 2"))

    def coordinates(self, x: Array) -> Array:
        """Return the (samples, 2) coordinates of (samples, features) inputs, projected."""
        return (x - self.origin) @ self.axes.T

    def inputs(self, points: Array) -> Array:
        """Return the (points, features) inputs at (points, 2) coordinates."""
        return self.origin + points @ self.axes


class Map:
    """What a network predicts at a set of inputs, again and again without allocating anything.

    Attributes:
        labels: (points,) predicted classes; for numbers, all zero.
        values: (points,) how certain each is, 0 for a guess and 1 for sure; for numbers, the first
            predicted one.
    """

    def __init__(self, network: Network, x: Array) -> None:
        """Lay out the passes for (points, features) inputs."""
        self.network = network
        points = len(x)
        self._passes = ForwardPasses(network, points)
        self._calls = [*network.fold_calls, *self._passes.calls(columns(x, network.dtype))]
        z = self._passes.logits
        self.labels = np.zeros(points, np.int64)
        self.values = np.zeros(points, z.dtype)
        if not network.classes:
            self._calls.append(call(np.copyto, self.values, z[0]))
        else:
            self._calls += self._pick(z)
            self._calls += network.loss.certainty(z, self.values)

    def refresh(self) -> Map:
        """Compute everything with the network's parameters as they are."""
        run(self._calls)
        return self

    def _pick(self, z: Array) -> Calls:
        """Return the calls that choose a class: from the logits, as the accuracy is counted."""
        if len(z) == 1:
            above = np.empty(z.shape[1], np.bool_)
            return [
                call(np.greater, z[0], constant(0, z), above),
                call(np.copyto, self.labels, above),
            ]
        # along the last axis it needs no buffer of its own
        rows = np.empty(z.T.shape, z.dtype)
        return [call(np.copyto, rows, z.T), call(np.argmax, rows, 1, self.labels)]


def classify(network: Network, x: Array) -> tuple[Labels, Array]:
    """Return (samples,) predicted classes, and how certain each is: 0 for a guess, 1 for sure."""
    shown = Map(network, x).refresh()
    return shown.labels, shown.values


def quantize(values: Array, levels: int, low: float, high: float) -> NDArray[np.int64]:
    """Return the number of the level, of `levels` equal ones from low to high, of each value."""
    scaled = (np.nan_to_num(values, nan=low) - low) * (levels / (high - low))
    return np.asarray(np.clip(scaled, 0, levels - 1), np.int64)


def in_class_order(y: Labels | Array, most: int) -> Labels:
    """Return at most that many sample numbers, sorted by class, or value, and spread evenly."""
    order = np.argsort(y, kind="stable")
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)]
