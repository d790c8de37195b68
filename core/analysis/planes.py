"""Planes in the space of the inputs, and the window of a plane that a map shows."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import evenly_spaced
from core.dataclass import dataclass

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit

UNLIKE: Final = 4.0
"""Ratio of the ranges of two directions above which they are drawn at different scales."""

MOST_SAMPLES: Final = 2000
"""Training samples from which principal components are computed."""

MOST_FEATURES: Final = 100
"""Features up to which a plane through the data says something about them."""

PAIRED: Final = 4
"""The most informative features, whose pairs are planes."""


def has_plane(data: DataSplit) -> bool:
    """Return whether a map through the features is drawn of many networks at once."""
    return data.preparation.text is None and len(data.feature_names) <= MOST_FEATURES


@dataclass(frozen=True)
class Window:
    """A rectangle of the input plane, divided into pixels.

    Attributes:
        left, right, bottom, top: outer edges, in units of the features.
        columns, rows: number of pixels.
    """

    left: float
    right: float
    bottom: float
    top: float
    columns: int
    rows: int

    @classmethod
    def around(cls, x: Array, columns: int, rows: int, margin: float = 0.15) -> Window:
        """Return the smallest window around (samples, 2) points with square pixels.

        One direction may therefore show more than the range of the data. If the ranges differ greatly,
        such as for features with different units, each direction has its own scale.
        """
        low, high = x[:, :2].min(axis=0), x[:, :2].max(axis=0)
        centre = (low + high) / 2
        spread = high - low
        # a single feature has no second direction: any range will do
        spread[spread <= 0] = spread.max() if spread.max() > 0 else 1.0
        extent = spread * (1 + 2 * margin)
        if extent.max() > UNLIKE * extent.min():
            width, height = extent / 2
        else:
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
        """Return the (samples,) pixel rows and columns of (samples, 2) points."""
        across = (x[:, 0] - self.left) / (self.right - self.left) * self.columns
        down = (self.top - x[:, 1]) / (self.top - self.bottom) * self.rows
        return (
            np.clip(down.astype(np.int64), 0, self.rows - 1),
            np.clip(across.astype(np.int64), 0, self.columns - 1),
        )


@dataclass(frozen=True)
class PlaneChoice:
    """The plane that the user has chosen; by default, the first two principal components.

    Attributes:
        across, up: numbers of two features, or None for principal components.
        held: training sample whose values fix the other features; None for their mean.
    """

    across: int | None = None
    up: int | None = None
    held: int | None = None

    def describe(self, names: tuple[str, ...]) -> str:
        """Return a description with the names of the features."""
        if self.across is None or self.up is None:
            return f"the first two principal components of {len(names)} features"
        where = "their mean" if self.held is None else f"sample {self.held + 1:,}"
        return f"{names[self.across]} across, {names[self.up]} up, the others at {where}"


@dataclass(frozen=True)
class Plane:
    """A plane in the space of the features, in their units, on which a map is drawn.

    Attributes:
        origin: (features,) point with the coordinates (0, 0).
        axes: (2, features) change of the features per unit of each coordinate.
        projection: (2, features) change of each coordinate per unit of a feature.
        names: names of the coordinates.
        caption: in a few words, which plane it is, and then the rest; empty where there is no other.
    """

    origin: Array
    axes: Array
    projection: Array
    names: tuple[str, str]
    caption: tuple[str, str] = ("", "")

    @classmethod
    def through(cls, data: DataSplit, chosen: PlaneChoice | None = None) -> Plane:
        """Return the plane of two features, or of the first two principal components of more."""
        names = data.feature_names
        if len(names) < 2 or data.preparation.text is not None:
            chosen = None
        if len(names) == 2:
            return cls(np.zeros(2), np.eye(2), np.eye(2), (names[0], names[1]))
        if chosen is None or chosen.across is None or chosen.up is None:
            return cls.of_components(data)
        return cls.of_features(data, chosen.across, chosen.up, chosen.held)

    @classmethod
    def with_window(
        cls, data: DataSplit, chosen: PlaneChoice, columns: int, rows: int, margin: float = 0.05
    ) -> tuple[Plane, Window]:
        """Return a plane and the part of it that a map of so many pixels shows: all samples."""
        plane = cls.through(data, chosen)
        both = [data.x_train] if data.shared else [data.x_train, data.x_test]
        places = [plane.coordinates(data.preparation.features(x)) for x in both]
        return plane, Window.around(np.concatenate(places), columns, rows, margin)

    @classmethod
    def of_features(cls, data: DataSplit, across: int, up: int, held: int | None) -> Plane:
        """Return the plane of two features, with the others fixed at their mean or at a sample."""
        features = data.preparation.features(data.x_train)
        middle = features.mean(axis=0) if held is None else features[held].copy()
        middle[[across, up]] = 0.0
        axes = np.zeros((2, len(middle)))
        axes[0, across] = axes[1, up] = 1.0
        names = data.feature_names
        where = "mean" if held is None else f"sample {held + 1:,}"
        caption = f"others at {where}", f"· {len(names) - 2} of them"
        return cls(middle, axes, axes, (names[across], names[up]), caption)

    @classmethod
    def of_components(cls, data: DataSplit) -> Plane:
        """Return the plane of the first two principal components of the training inputs."""
        few = evenly_spaced(len(data.x_train), MOST_SAMPLES)
        features = data.preparation.features(data.x_train[few])
        scale = (
            data.preparation.scale if data.preparation.scale.size else np.ones(features.shape[1])
        )
        origin = features.mean(axis=0)
        centred = (features - origin) / scale
        directions, shares = principal_components(centred)
        caption = (
            f"{100 * shares.sum():.0f} % of variance",
            f"· principal components of {len(scale)} features",
        )
        return cls(origin, directions * scale, directions / scale, ("PC 1", "PC 2"), caption)

    def coordinates(self, features: Array) -> Array:
        """Return the (samples, 2) coordinates of (samples, features), projected."""
        return (features - self.origin) @ self.projection.T

    def features(self, points: Array) -> Array:
        """Return the (points, features) at (points, 2) coordinates."""
        return self.origin + points @ self.axes


def ranked_features(data: DataSplit) -> list[int]:
    """Return the numbers of the features, those with the strongest relation to the target first."""
    if data.summary is None:
        return list(range(len(data.feature_names)))
    relations = [abs(each.relation) for each in data.summary.features]
    order = np.argsort([-relation if relation == relation else 1.0 for relation in relations])
    return [int(number) for number in order]


def next_plane(data: DataSplit, current: PlaneChoice) -> PlaneChoice:
    """Return the plane after another one: principal components, then pairs of the best features."""
    pairs = combinations(ranked_features(data)[:PAIRED], 2)
    planes = [PlaneChoice(), *(PlaneChoice(*pair) for pair in pairs)]
    shown = PlaneChoice(current.across, current.up)
    at = planes.index(shown) if shown in planes else -1
    return planes[(at + 1) % len(planes)]


def principal_components(centred: Array) -> tuple[Array, Array]:
    """Return the first two principal directions, (2, features), and their explained variance ratios."""
    if centred.shape[1] < 2:
        return np.eye(2, centred.shape[1]), np.array([1.0, 0.0])
    # both products have the same nonzero eigenvalues: use the smaller one
    wide = centred.shape[1] > centred.shape[0]
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    directions = vectors[:, [-1, -2]].T
    if wide:
        directions = directions @ centred
        directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-300)
    # the sign of a component is arbitrary: make its largest element positive
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    directions = directions * np.where(largest < 0, -1.0, 1.0)
    whole = max(float(values.clip(0).sum()), 1e-300)
    return directions, values[[-1, -2]].clip(0) / whole
