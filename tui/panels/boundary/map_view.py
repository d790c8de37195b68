"""Map of the boundary panel: plane, grid and sample positions for one network and size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, PlaneChoice, Window
from core.analysis.prediction_map import PredictionMap
from core.arrays import evenly_spaced
from tui.drawing.palette import TEST_MARKERS, TRAIN_MARKERS, WRONG_TEST, WRONG_TRAIN

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network

MOST_POINTS: Final = 2000
"""Largest number of drawn samples of one part."""


class MapSamples:
    """One part of the data on a map: pixels and predictions of its samples.

    Attributes:
        chosen: rows of the drawn samples in the part.
        places: (samples, 2) coordinates on the plane.
    """

    def __init__(
        self, view: MapView, network: Network, x: Array, y: Array | Labels, markers: tuple[str, str]
    ) -> None:
        chosen = evenly_spaced(len(y), MOST_POINTS)
        x, self.y = x[chosen], y[chosen]
        features = view.data.preparation.features(x)
        self.chosen, self.places = chosen, view.plane.coordinates(features)
        self.rows, self.columns = view.window.pixels(self.places)
        self.map = PredictionMap(network, x, view.target)
        self.markers = markers


class MapView:
    """Plane, grid and samples of a map."""

    def __init__(
        self,
        network: Network,
        data: DataSplit,
        columns: int,
        rows: int,
        plane: PlaneChoice,
        target: int = 0,
    ) -> None:
        self._key = network, data, columns, rows, plane, target
        self.data, self.target = data, target
        self.plane = Plane.through(data, plane)
        features = data.preparation.features
        both = [data.x_train] if data.shared else [data.x_train, data.x_test]
        everything = np.concatenate([self.plane.coordinates(features(x)) for x in both])
        self.window = Window.around(everything, columns, rows)
        points = self.plane.features(self.window.points())
        self.grid = PredictionMap(network, data.preparation.inputs(points), target)
        train = TRAIN_MARKERS, WRONG_TRAIN
        self.train = MapSamples(self, network, data.x_train, data.y_train, train)
        self.test: MapSamples | None = None
        if not data.shared:
            test = TEST_MARKERS, WRONG_TEST
            self.test = MapSamples(self, network, data.x_test, data.y_test, test)

    def shows(
        self,
        network: Network,
        data: DataSplit,
        columns: int,
        rows: int,
        plane: PlaneChoice,
        target: int = 0,
    ) -> bool:
        """Return whether the map was computed for these arguments."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2:] == (columns, rows, plane, target)
