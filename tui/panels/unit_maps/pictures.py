"""Small pictures of units: output over the plane, or weights of the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, Window
from core.analysis.prediction_map import quantize
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.braille import draw_line
from tui.drawing.cells import Cells
from tui.drawing.palette import DIVERGING, FAINT, SUNK, TEXT, ink
from tui.panels.boundary.map_drawing import half_blocks

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.colour_scales import OutputScale

MARGIN: Final = 0.08
"""Margin of a curve around the samples as a share of their range."""


class UnitGrid:
    """Outputs of all units at the points of one small picture.

    Attributes:
        outputs: per layer (units, points), row by row from the top left; the last ones are logits.
    """

    def __init__(
        self, network: Network, data: DataSplit, plane: PlaneChoice, width: int, height: int
    ) -> None:
        self._key = network, data, plane, width, height
        features = data.preparation.features
        if has_curves(data):
            x = features(data.x_train)[:, 0]
            low, high = float(x.min()), float(x.max())
            margin = MARGIN * (high - low) or 1.0
            points: Array = np.linspace(low - margin, high + margin, 2 * width)[:, None]
        else:
            through = Plane.through(data, plane)
            both = [data.x_train] if data.shared else [data.x_train, data.x_test]
            everything = np.concatenate([through.coordinates(features(x)) for x in both])
            points = through.features(Window.around(everything, width, 2 * height).points())
        inputs = data.preparation.inputs(points)
        self._passes = ForwardPasses(network, len(points))
        self._calls = [
            *network.fold_calls,
            *self._passes.calls(with_bias_row(inputs, network.dtype)),
        ]
        self.outputs = [each.values for each in self._passes.layers]

    def shows(
        self, network: Network, data: DataSplit, plane: PlaneChoice, width: int, height: int
    ) -> bool:
        """Return whether the grid was computed for these arguments."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2:] == (plane, width, height)

    def refresh(self) -> None:
        """Recompute the outputs with the current parameters."""
        with np.errstate(all="ignore"):
            run(self._calls)


def has_curves(data: DataSplit) -> bool:
    """Return whether the data have a single feature, for which the pictures are curves."""
    return len(data.feature_names) == 1 and data.preparation.text is None


def draw_values(values: Array, width: int, height: int, scale: OutputScale) -> Cells:
    """Return the picture of a unit from its (points,) outputs: a map, or a curve."""
    if len(values) == 2 * width * height and height > 0:
        return half_blocks(scale.levels(values).reshape(2 * height, width), scale.colours)
    cells = Cells(width, height)
    # zero line, and a margin so that a saturated unit is visible
    span = (scale.high - scale.low) or 1.0
    heights = 0.04 + 0.92 * (np.asarray(values, np.float64) - scale.low) / span
    cells.inks[:, :] = ink(TEXT, SUNK)
    if scale.low < 0 < scale.high:
        zero = min(height - 1, int((1 - (0.04 + 0.92 * -scale.low / span)) * height))
        cells.glyphs[zero, :] = "─"
        cells.inks[zero, :] = ink(FAINT, SUNK)
    draw_line(cells, 0, 0, heights, height, ink(scale.line, SUNK, bold=True))
    return cells


def weights_picture(weights: Array, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return the picture of the (inputs,) weights of a unit, pixel by pixel."""
    rows, across = image
    values = np.asarray(weights[: rows * across], np.float64).reshape(image)
    largest = float(np.abs(values).max(initial=0.0, where=np.isfinite(values))) or 1.0
    levels = quantize(values, len(DIVERGING), -largest, largest)
    # pixels of equal size if that fits
    size = min(2 * height // rows, width // across)
    whole = size > 0 and size * rows % 2 == 0
    tall, wide = (size * rows, size * across) if whole else (2 * height, width)
    down, right = np.arange(tall) * rows // tall, np.arange(wide) * across // wide
    return half_blocks(levels[down][:, right], DIVERGING)
