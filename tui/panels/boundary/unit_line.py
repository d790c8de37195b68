"""The line on the map where the weighted sum of a unit is zero, with marks on its positive side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Window
from core.analysis.unit_input import UnitInput
from tui.drawing.braille import DOTS
from tui.drawing.palette import BRIGHT, ink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from tui.drawing.cells import Cells
    from tui.panels.boundary.map_view import MapView

AWAY: Final = 2.5
"""Distance of a mark from the line, in columns."""
MARKS: Final = (0.2, 0.5, 0.8)
"""Places of the marks along the line."""


class UnitLine:
    """Contour z = 0 of the units of one layer over the plane of a map.

    In the first layer, z is linear, and the line is exact; elsewhere z is interpolated between the
    corners of the cells.

    Attributes:
        layer: layer of the unit; 0 is the first hidden one.
        unit: unit whose line is drawn.
        words: description of the last drawing.
    """

    def __init__(self, view: MapView, layer: int) -> None:
        """Prepare the evaluation; layer 0 is the first hidden one."""
        self._view, self.layer = view, layer
        window, columns, rows = view.window, view.columns, view.rows
        wide = (window.right - window.left) / columns / 2
        tall = (window.top - window.bottom) / rows / 2
        corners = Window(
            window.left - wide,
            window.right + wide,
            window.bottom - tall,
            window.top + tall,
            columns + 1,
            rows + 1,
        )
        features = view.plane.features(corners.points())
        self._input = UnitInput(view.network, view.data.preparation.inputs(features), layer)
        self._across, self._down = _between(columns, 2), _between(rows, 4)
        self.unit, self.words = 0, ""

    def shows(self, view: MapView, layer: int) -> bool:
        """Return whether the line was prepared for these arguments."""
        return self._view is view and self.layer == layer

    def draw(self, cells: Cells, left: int, pixels: Labels, colours: tuple[str, ...]) -> None:
        """Draw the line of the unit on the map.

        Args:
            cells: target of the drawing.
            left: first column of the map.
            pixels: index of the colour of each pixel, two rows of pixels per row of cells.
            colours: colours of the map.
        """
        rows, columns = self._view.rows, self._view.columns
        z = np.nan_to_num(self._input.at(self.unit).astype(np.float64)).reshape(
            rows + 1, columns + 1
        )
        positive = self._down @ z @ self._across.T > 0
        edge = np.zeros_like(positive)
        edge[:, :-1] = positive[:, :-1] != positive[:, 1:]
        edge[:-1] |= positive[:-1] != positive[1:]
        # thicker than the line between the classes
        edge[1:] |= edge[:-1].copy()
        edge[:, 1:] |= edge[:, :-1].copy()
        bits = np.zeros((rows, columns), np.int64)
        for down in range(4):
            for across in range(2):
                bits += edge[down::4, across::2] * DOTS[down, across]
        for row, column in np.argwhere(bits).tolist():
            paper = colours[int(pixels[2 * row + 1, column])]
            cells.write(
                row, left + column, chr(0x2800 + int(bits[row, column])), ink(BRIGHT, paper)
            )
        for row, column in _marks(bits > 0, z):
            paper = colours[int(pixels[2 * row + 1, column])]
            cells.write(row, left + column, "+", ink(BRIGHT, paper, bold=True))
        formula = "z" if self.layer or self._view.network.layers[0].norm else "w·x + b"
        self.words = f"{formula} = 0"
        if not bits.any():
            self.words = f"{formula} {'>' if positive.all() else '<'} 0 everywhere"


def _between(cells: int, parts: int) -> Array:
    """Return the (cells · parts, cells + 1) weights that interpolate between the edges of cells."""
    places = (np.arange(cells * parts) + 0.5) / parts
    first = places.astype(np.int64)
    weights = np.zeros((cells * parts, cells + 1))
    every = np.arange(cells * parts)
    weights[every, first] = 1 - (places - first)
    weights[every, first + 1] = places - first
    return weights


def _marks(line: NDArray[np.bool_], z: Array) -> list[tuple[int, int]]:
    """Return the cells of the marks, on the positive side of the line."""
    places = np.argwhere(line)
    if not len(places):
        return []
    # in the order of the longer side of the line
    extent = np.ptp(places, axis=0) * (2, 1)
    places = places[np.argsort(places[:, int(extent.argmax())], kind="stable")]
    marks = []
    for share in MARKS:
        row, column = places[int(share * (len(places) - 1))].tolist()
        corner = z[row : row + 2, column : column + 2]
        # a row is as high as two columns are wide
        right = float(corner[:, 1].sum() - corner[:, 0].sum())
        down = float(corner[1].sum() - corner[0].sum()) / 2
        length = float(np.hypot(right, down))
        if not 0 < length < np.inf:
            continue
        at = (
            row + round(AWAY * down / length / 2),
            column + round(AWAY * right / length),
        )
        inside = 0 <= at[0] < line.shape[0] and 0 <= at[1] < line.shape[1]
        if inside and not line[at]:
            marks.append(at)
    return marks
