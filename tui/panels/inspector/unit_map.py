"""Picture of one unit in the inspector: map over the input plane, or weights of its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.analysis.planes import Plane, Window
from core.analysis.prediction_map import quantize
from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, DIVERGING, LEGIBLE, ink, train_marker
from tui.panels.boundary.map_drawing import half_blocks
from tui.panels.colour_scales import OutputScale
from tui.panels.inspector.inspected import Inspected, caption, largest_of

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.arrays import Array


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
            return _images(it, image, width, height)
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


def _images(it: Inspected, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return the weights of a unit, the sample, and their products as adjacent pictures."""
    layer = it.trace.layers[0]
    rows, columns = image
    scale = max(1, min(2, 2 * (height - 1) // rows, width // columns))
    weights, inputs = layer.weights[:, it.cursor.unit], layer.inputs
    blocks = []
    for name, values in (
        ("its weights", weights),
        ("sample", inputs),
        ("w × x", layer.products(it.cursor.unit)),
    ):
        high = largest_of(values) or 1.0
        levels = quantize(values, len(DIVERGING), -high, high).reshape(rows, columns)
        pixels = levels.repeat(scale, axis=0).repeat(scale, axis=1)
        if len(pixels) % 2:
            pixels = np.concatenate([pixels, np.full_like(pixels[:1], len(DIVERGING) // 2)])
        picture = half_blocks(pixels, DIVERGING)
        size = max(picture.width, len(name))
        block = Cells(min(size, width), 1 + picture.height)
        block.place(0, 0, caption(name, size))
        block.place(1, 0, picture)
        blocks.append(block)
    cells = Cells(width, max(block.height for block in blocks))
    column = 0
    for block in blocks:
        if column + block.width > width:
            break
        cells.place(0, column, block)
        column += block.width + 2
    return cells
