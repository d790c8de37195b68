"""Picture of one unit in the inspector: map over the input plane, or weights of its pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, Window
from tui.drawing.cells import Cells, cell_width
from tui.drawing.palette import DIM, LEGIBLE, ink, train_marker
from tui.panels.boundary.map_drawing import half_blocks
from tui.panels.colour_scales import OutputScale
from tui.panels.inspector.inspected import Inspected, caption
from tui.panels.pixels import draw_pixels, draw_signed, scale_of

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.arrays import Array

GAP: Final = 2
"""Columns between two pictures."""


class UnitMap:
    """Draws the picture of the selected unit; caches the points of its map."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._inputs: Array = np.empty((0, 0))
        self._window = Window(0, 1, 0, 1, 1, 1)
        self._plane = Plane(np.zeros(2), np.eye(2), np.eye(2), ("", ""))

    def draw(self, it: Inspected, plane: PlaneChoice, width: int, height: int) -> Cells:
        """Return the weights of the unit if its inputs are pixels, otherwise its map."""
        image = it.data.preparation.image
        if image is not None and has_pixels(it):
            return draw_pictures(it, image, width, height)
        return self._map(it, plane, width, height)

    def _map(self, it: Inspected, plane: PlaneChoice, width: int, height: int) -> Cells:
        rows = height - 1
        # the colour scale, if it fits
        columns = min(width - 8 if width >= 40 else width, max(12, 3 * rows))
        if rows < 1 or columns < 4:
            return Cells(width, height)
        single = len(it.data.feature_names) == 1
        self._lay_out(it, plane, columns, 1 if single else 2 * rows)
        outputs = _outputs_at(it, self._inputs)
        scale = OutputScale.of(it.trace.layers[it.cursor.layer].activation, outputs)
        colours = scale.colours
        pixels = scale.levels(outputs).reshape(-1, columns)
        if single:
            pixels = pixels.repeat(2 * rows, axis=0)
        cells = Cells(width, height)
        across, up = self._plane.names
        axes = it.data.feature_names[0] if single else f"{across} × {up}"
        cells.place(0, 0, caption(f"its map over {axes}", width))
        cells.place(1, 0, half_blocks(pixels, colours))
        features = it.data.preparation.features(it.data.x_train[[it.cursor.sample]])
        coordinates = self._plane.coordinates(features)
        at_row, at_column = (int(each[0]) for each in self._window.pixels(coordinates))
        if single:
            at_row = rows
        marker = train_marker(it.label) if it.network.classes else "●"
        paper = colours[int(pixels[at_row, at_column])]
        cells.write(1 + at_row // 2, at_column, marker, ink(LEGIBLE, paper, bold=True))
        if columns + 8 <= width:
            _key_of_colours(cells, columns + 2, scale)
        return cells

    def _lay_out(self, it: Inspected, plane: PlaneChoice, columns: int, rows: int) -> None:
        key = it.data, plane, columns, rows
        if self._key and self._key[0] is key[0] and self._key[1:] == key[1:]:
            return
        preparation = it.data.preparation
        self._plane = Plane.through(it.data, plane)
        places = self._plane.coordinates(preparation.features(it.data.x_train))
        self._window = Window.around(places, columns, rows)
        if len(it.data.feature_names) == 1:
            # square pixels in a single row would make the range far wider than the data
            self._window = replace(Window.around(places, columns, columns), rows=rows)
        points = self._plane.features(self._window.points())
        self._inputs, self._key = preparation.inputs(points), key


def has_pixels(it: Inspected) -> bool:
    """Return whether the weights of the unit belong to the pixels of an image."""
    preparation = it.data.preparation
    return preparation.image is not None and it.cursor.layer == 0 and not preparation.extra


def _outputs_at(it: Inspected, x: Array) -> Array:
    if it.is_output:
        return it.network.logits(x)[:, it.cursor.unit]
    return it.network.hidden_outputs(x)[it.cursor.layer][:, it.cursor.unit]


def _key_of_colours(cells: Cells, column: int, scale: OutputScale) -> None:
    rows = cells.height - 1
    levels = np.linspace(len(scale.colours) - 1, 0, rows).round().astype(int).tolist()
    for row, level in enumerate(levels, start=1):
        cells.write(row, column, "  ", ink(background=scale.colours[level]))
    low, high = (f"{end:g}".replace("-", "−") for end in (scale.low, scale.high))
    if column + 3 + max(len(low), len(high)) <= cells.width:
        cells.write(1, column + 3, high, ink(DIM))
        cells.write(rows, column + 3, low, ink(DIM))


def draw_pictures(it: Inspected, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return the sample, the weights of a unit, and their products, as adjacent pictures."""
    layer, unit = it.trace.layers[0], it.cursor.unit
    features = it.data.preparation.features(it.data.x_train[[it.cursor.sample]])[0]
    # the first two as large as possible, the third if there is room
    each = max(1, (width - GAP) // 2)
    scale = max(1, scale_of(image, each, height - 1))
    across = min(each, image[1] * scale)
    cells = Cells(width, height)
    column = rows = 0
    for name, values, draw in (
        ("sample", features, draw_pixels),
        ("its weights", layer.weights[:, unit], draw_signed),
        ("w × x", layer.products(unit), draw_signed),
    ):
        picture = draw(values, image, across, height - 1)
        size = max(picture.width, cell_width(name) if scale == 1 else 0)
        if column + picture.width > width:
            break
        cells.place(0, column, caption(name, min(size, width - column)))
        cells.place(1, column, picture)
        rows = max(rows, 1 + picture.height)
        column += size + GAP
    shown = Cells(width, rows)
    shown.place(0, 0, cells)
    return shown
