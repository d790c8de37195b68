"""Map of the boundary panel: plane, grid and sample positions for one network and size."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from core.analysis.planes import Plane, PlaneChoice, Window
from core.analysis.prediction_map import PredictionMap
from core.arrays import evenly_spaced
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    BRIGHT,
    DEEP,
    LEGIBLE,
    TEST_MARKERS,
    TRAIN_MARKERS,
    WRONG_TEST,
    WRONG_TRAIN,
    ink,
)
from tui.panels.boundary.class_boundary import BoundaryLine
from tui.panels.boundary.map_cursor import CellPosition, Reading, in_steps
from tui.panels.boundary.map_drawing import (
    GUTTER,
    class_levels,
    draw_axes,
    draw_labels,
    draw_legend,
    draw_number_legend,
    draw_numbers,
    half_blocks,
    map_colours,
)
from tui.panels.boundary.unit_line import UnitLine
from tui.panels.colour_scales import NumberScale

if TYPE_CHECKING:
    from core.analysis.prediction_map import Predictions
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network

MOST_POINTS: Final = 2000
"""Largest number of drawn samples of one part."""
REACH: Final = 6.0
"""Pixels within which the nearest training point is selected: columns, or twice the rows."""


class MapSamples:
    """One part of the data on a map: pixels and predictions of its samples.

    Attributes:
        chosen: rows of the drawn samples in the part.
        places: (samples, 2) coordinates on the plane.
    """

    def __init__(
        self, view: MapView, x: Array, y: Array | Labels, markers: tuple[str, str]
    ) -> None:
        chosen = evenly_spaced(len(y), MOST_POINTS)
        x, self.y = x[chosen], y[chosen]
        features = view.data.preparation.features(x)
        self.chosen, self.places = chosen, view.plane.coordinates(features)
        self.rows, self.columns = view.window.pixels(self.places)
        self.map = PredictionMap(view.network, x, view.target)
        self.markers = markers

    def cell(self, index: int) -> tuple[int, int]:
        """Return the row and the column of a sample in the panel."""
        return int(self.rows[index]) // 2, GUTTER + int(self.columns[index])


class MapView:
    """Plane, grid and samples of a map.

    Attributes:
        own: predictions of the network at the pixels.
        columns, rows: size of the map in cells, without the axes and the legend.
        explains_colours: whether the legend of the last drawing has room for the scale of certainty.
        unit_line: line of the selected unit in the last drawing, or None.
    """

    gutter: ClassVar[int] = GUTTER

    def __init__(
        self,
        network: Network,
        data: DataSplit,
        target: int,
        width: int,
        height: int,
        plane: PlaneChoice,
        *,
        around: DataSplit | None = None,
    ) -> None:
        """Compute the map for a panel of this size.

        Args:
            network: whose predictions are shown.
            data: samples to draw.
            target: output that is shown for regression.
            width: columns, with the axes.
            height: rows, with the axis and the legend.
            plane: chosen plane.
            around: samples that define plane and window, if they are not those of `data`.
        """
        frame = data if around is None else around
        self.network, self.data, self.target = network, data, target
        self._width, self._height, self._choice = width, height, plane
        self.columns, self.rows = width - GUTTER, height - (2 if height >= 8 else 1)
        self.plane = Plane.through(frame, plane)
        features = frame.preparation.features
        both = [frame.x_train] if frame.shared else [frame.x_train, frame.x_test]
        everything = np.concatenate([self.plane.coordinates(features(x)) for x in both])
        self.window = Window.around(everything, max(1, self.columns), max(2, 2 * self.rows))
        points = self.plane.features(self.window.points())
        self.own = PredictionMap(network, data.preparation.inputs(points), target)
        train = TRAIN_MARKERS, WRONG_TRAIN
        self._line = BoundaryLine()
        self.explains_colours = False
        self._scale = None if data.has_classes else NumberScale.of(data, target)
        self._around: dict[bool, tuple[Cells, bool]] = {}
        self.unit_line: UnitLine | None = None
        self.train = MapSamples(self, data.x_train, data.y_train, train)
        self.test: MapSamples | None = None
        if not data.shared:
            test = TEST_MARKERS, WRONG_TEST
            self.test = MapSamples(self, data.x_test, data.y_test, test)

    def shows(self, network: Network, data: DataSplit, *others: object) -> bool:
        """Return whether the map was computed for these arguments."""
        is_same = self.network is network and self.data is data
        return is_same and others == (self.target, self._width, self._height, self._choice)

    @property
    def grid(self) -> Predictions:
        """Predictions that are drawn as colours; by default those of the network."""
        return self.own

    @property
    def has_room(self) -> bool:
        """Whether the map fits."""
        return self.rows >= 1 and self.columns >= 2

    def draw(
        self,
        *,
        show_test: bool,
        sample: int | None = None,
        exact: bool = True,
        unit: tuple[int, int] | None = None,
    ) -> Cells:
        """Return the map with its axes and its legend.

        Args:
            show_test: whether the test samples are drawn.
            sample: selected training sample, or None.
            exact: whether the line between classes is, even if it hardly moved.
            unit: layer and number of the selected hidden unit, or None.
        """
        cells, scale = Cells(self._width, self._height), self._scale
        cells.place(0, 0, self._axes_and_legend(show_test=show_test))
        if scale is None:
            colours = map_colours(self.network.classes)
            levels = class_levels(self.grid.refresh())
        else:
            colours, levels = scale.colours, scale.levels(self.grid.refresh().values)
        pixels = levels.reshape(2 * self.rows, self.columns)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        if scale is None:
            own, shape = self.own if self.own is self.grid else self.own.refresh(), pixels.shape
            labels, logits = own.labels.reshape(shape), own.logits.reshape(-1, *shape)
            self._line.update(labels, logits, exact=exact)
            self._line.draw(cells, GUTTER, pixels, colours)
        self.unit_line = None if unit is None else UnitLine.of(self, *unit, self.unit_line)
        if self.unit_line is not None:
            self.unit_line.draw(cells, GUTTER, pixels, colours)
        for part in (self.test if show_test else None, self.train):
            if part is not None and scale is None:
                draw_labels(cells, part, pixels, colours)
            elif part is not None and scale is not None:
                draw_numbers(cells, part, scale, pixels)
        for index in np.flatnonzero(self.train.chosen == sample).tolist():
            cells.write(*self.train.cell(index), "◉", ink(BRIGHT, DEEP, bold=True))
        return cells

    def _axes_and_legend(self, *, show_test: bool) -> Cells:
        """Return the axes and the legend, which stay the same while the network learns."""
        if show_test not in self._around:
            cells, row, explained = Cells(self._width, self._height), self._height - 1, False
            draw_axes(cells, self.rows, self)
            if row > self.rows and self._scale is None:
                explained = self.draw_legend(cells, row, show_test=show_test)
            elif row > self.rows:
                draw_number_legend(cells, row, self.data, self.target)
            self._around[show_test] = cells, explained
        cells, self.explains_colours = self._around[show_test]
        return cells

    def draw_legend(self, cells: Cells, row: int, *, show_test: bool) -> bool:
        """Draw the legend of the classes; return whether it explains the colours."""
        return draw_legend(cells, row, self.data, show_test=show_test)

    # --- cursor

    def clamp(self, position: CellPosition) -> CellPosition:
        """Return the nearest cell of the map, which may have become smaller."""
        return position.within(self.columns, self.rows)

    def mark(self, cells: Cells, position: CellPosition) -> None:
        """Draw the crosshair, dark on bright, which contrasts with every colour of a map."""
        at = position.row, GUTTER + position.column
        cells.write(*at, "┼", ink(LEGIBLE, BRIGHT, bold=True))

    def features_at(self, position: CellPosition) -> tuple[float, ...]:
        """Return the features at a cell, in original units."""
        features: list[float] = self.plane.features(position.point(self.window))[0].tolist()
        return tuple(features)

    def read(self, position: CellPosition, layer: int) -> Reading:
        """Return the prediction at a cell."""
        point = position.point(self.window)
        place = tuple(
            (name, in_steps(value, step))
            for name, value, step in zip(
                self.plane.names, point[0].tolist(), self._pixel, strict=True
            )
        )
        features = self.plane.features(point)
        return Reading.of(self.network, self.data, features, place, self.target, layer)

    def nearest(self, position: CellPosition) -> int | None:
        """Return the index of the training point of the map near a cell, or None."""
        away = (self.train.places - position.point(self.window)) / self._pixel
        distances = np.hypot(*away.T)
        index = int(distances.argmin())
        return index if distances[index] <= REACH else None

    def sample_at(self, position: CellPosition) -> int | None:
        """Return the training sample near a cell, or None."""
        index = self.nearest(position)
        return None if index is None else int(self.train.chosen[index])

    @property
    def _pixel(self) -> tuple[float, float]:
        """Width and height of a pixel on the plane."""
        window = self.window
        return (
            (window.right - window.left) / window.columns,
            (window.top - window.bottom) / window.rows,
        )
