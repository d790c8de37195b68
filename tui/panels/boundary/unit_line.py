"""Zeros of the weighted sum of a unit, on a map or a curve, with marks on its positive side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Window
from core.analysis.unit_input import UnitInput
from tui.drawing.braille import cells_of_dots
from tui.drawing.palette import BRIGHT, ink
from tui.panels.boundary.class_boundary import inks_on

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.network import Network
    from tui.drawing.cells import Cells
    from tui.panels.boundary.fitted_curve import FittedCurve
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

    @classmethod
    def of(cls, view: MapView, layer: int, unit: int, before: UnitLine | None) -> UnitLine:
        """Return the line of a unit, or the one before with another unit if it is of this layer."""
        line = cls(view, layer) if before is None or before.layer != layer else before
        line.unit = unit
        return line

    def draw(self, cells: Cells, left: int, pixels: Labels, colours: tuple[str, ...]) -> None:
        """Draw the line of the unit on the map.

        Args:
            cells: target of the drawing.
            left: first column of the map.
            pixels: index of the colour of each pixel, two rows of pixels per row of cells.
            colours: colours of the map.
        """
        rows, columns = self._view.rows, self._view.columns
        z = self._input.at(self.unit).astype(np.float64).reshape(rows + 1, columns + 1)
        with np.errstate(all="ignore"):
            between = self._down @ z @ self._across.T
        self.words = describe_zeros(self._view.network, self.layer, between)
        if not np.isfinite(between).all():
            return
        positive = between > 0
        edge = np.zeros_like(positive)
        edge[:, :-1] = positive[:, :-1] != positive[:, 1:]
        edge[:-1] |= positive[:-1] != positive[1:]
        # thicker than the line between the classes
        edge[1:] |= edge[:-1].copy()
        edge[:, 1:] |= edge[:, :-1].copy()
        at_rows, at_columns, glyphs = cells_of_dots(edge)
        at = at_rows, left + at_columns
        cells.glyphs[at] = glyphs
        cells.inks[at] = inks_on(BRIGHT, colours)[pixels[2 * at_rows + 1, at_columns]]
        for row, column in _marks(np.column_stack([at_rows, at_columns]), z):
            paper = colours[int(pixels[2 * row + 1, column])]
            cells.write(row, left + column, "+", ink(BRIGHT, paper, bold=True))


class UnitZeros:
    """Places z = 0 of the units of one layer on the curve of a single feature.

    Attributes:
        layer: layer of the unit; 0 is the first hidden one.
        unit: unit whose places are drawn.
        words: description of the last drawing.
    """

    def __init__(self, view: FittedCurve, layer: int) -> None:
        """Prepare the evaluation; layer 0 is the first hidden one."""
        self._view, self.layer = view, layer
        self._input = UnitInput(view.network, view.inputs, layer)
        self.unit, self.words = 0, ""

    @classmethod
    def of(cls, view: FittedCurve, layer: int, unit: int, before: UnitZeros | None) -> UnitZeros:
        """Return the places of a unit, or those before with another unit if they are of this layer."""
        zeros = cls(view, layer) if before is None or before.layer != layer else before
        zeros.unit = unit
        return zeros

    def draw(self, cells: Cells) -> None:
        """Draw a vertical line at each place, where the plot is empty."""
        z = self._input.at(self.unit).astype(np.float64)
        self.words = describe_zeros(self._view.network, self.layer, z)
        if not np.isfinite(z).all():
            return
        dots = np.flatnonzero((z[:-1] > 0) != (z[1:] > 0))
        dots += np.abs(z[dots]) > np.abs(z[dots + 1])
        left, rows = self._view.gutter, self._view.rows
        for dot in dots.tolist():
            self._write(cells, slice(0, rows), left + dot // 2, "⢸" if dot % 2 else "⡇")
        for dot in dots.tolist():
            away = 2 if z[min(dot + 1, len(z) - 1)] > z[max(dot - 1, 0)] else -2
            row = int(MARKS[0] * rows)
            if 0 <= dot // 2 + away < self._view.columns:
                self._write(cells, slice(row, row + 1), left + dot // 2 + away, "+", bold=True)

    @staticmethod
    def _write(cells: Cells, rows: slice, column: int, glyph: str, *, bold: bool = False) -> None:
        blank = np.isin(cells.glyphs[rows, column], (" ", "─"))
        cells.glyphs[rows, column][blank] = glyph
        cells.inks[rows, column][blank] = ink(BRIGHT, bold=bold)


def describe_zeros(network: Network, layer: int, z: Array) -> str:
    """Return what the drawing of z = 0 shows, or why it shows nothing."""
    own = network.layers[layer]
    formula = "z"
    if layer == 0 and own.norm is None:
        formula = "w·x + b" if own.has_offsets else "w·x"
    low, high = float(z.min()), float(z.max())
    if not np.isfinite(z).all():
        return f"{formula} is not finite"
    if low == high == 0:
        return f"{formula} = 0 everywhere"
    if low > 0:
        return f"{formula} > 0 everywhere"
    if high <= 0:
        return f"{formula} {'<' if high < 0 else '≤'} 0 everywhere"
    return f"{formula} = 0"


def _between(cells: int, parts: int) -> Array:
    """Return the (cells · parts, cells + 1) weights that interpolate between the edges of cells."""
    places = (np.arange(cells * parts) + 0.5) / parts
    first = places.astype(np.int64)
    weights = np.zeros((cells * parts, cells + 1))
    every = np.arange(cells * parts)
    weights[every, first] = 1 - (places - first)
    weights[every, first + 1] = places - first
    return weights


def _marks(places: Labels, z: Array) -> list[tuple[int, int]]:
    """Return the cells of the marks, on the positive side of a line through (cells, 2) places."""
    if not len(places):
        return []
    # in the order of the longer side of the line
    extent = np.ptp(places, axis=0) * (2, 1)
    line = {*map(tuple, places.tolist())}
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
        inside = 0 <= at[0] < z.shape[0] - 1 and 0 <= at[1] < z.shape[1] - 1
        if inside and at not in line:
            marks.append(at)
    return marks
