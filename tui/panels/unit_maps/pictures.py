"""Pictures of the maps panel: the largest with which all units fit, and their drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, Window
from core.dataclass import dataclass
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.braille import draw_line
from tui.drawing.cells import Cells
from tui.drawing.palette import FAINT, SUNK, TEXT, ink
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
        inputs: (inputs, points) of the network, row by row from the top left.
        outputs: per layer (units, points); the last ones are logits.
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
        self.inputs = inputs.T
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


LEAST_WIDTH, LEAST_HEIGHT = 8, 4
"""Size of the smallest picture in cells."""


@dataclass(frozen=True)
class MapsLayout:
    """Positions of the pictures.

    Attributes:
        width, height: size of a picture in cells, without the label above it.
        across: pictures per row.
        down: rows that fit.
        rows: layer and units of each row; the last layer is the output layer.
    """

    width: int
    height: int
    across: int
    down: int
    rows: tuple[tuple[int, range], ...]

    @classmethod
    def of(cls, hidden: tuple[int, ...], outputs: int, width: int, height: int) -> MapsLayout:
        """Return the layout with the largest pictures that shows all units, or else the smallest.

        Args:
            hidden: units of each hidden layer.
            outputs: pictures of the outputs, shown if they fit too.
            width: available columns.
            height: available rows.
        """
        for layers in ((*hidden, outputs), hidden):
            best: MapsLayout | None = None
            for across in range(1, max(1, (width + 1) // (LEAST_WIDTH + 1)) + 1):
                rows = _rows(layers, across)
                wide, high = (width + 1) // across - 1, height // len(rows) - 1
                # pictures are roughly square; a cell is twice as high as wide
                wide, high = min(wide, 3 * high), min(high, 3 * wide // 4)
                if wide < LEAST_WIDTH or high < LEAST_HEIGHT:
                    continue
                if best is None or wide * high > best.width * best.height:
                    best = cls(wide, high, across, len(rows), rows)
            if best is not None:
                return best
        across = max(1, (width + 1) // (LEAST_WIDTH + 1))
        down = max(1, height // (LEAST_HEIGHT + 1))
        wide, high = max(1, (width + 1) // across - 1), max(1, height // down - 1)
        wide, high = min(wide, 3 * high), min(high, max(1, 3 * wide // 4))
        return cls(wide, high, across, down, _rows(hidden, across))

    def unit_at(self, row: int, column: int, first: int) -> tuple[int, int] | None:
        """Return the layer and the unit whose picture or label is in a cell, or None.

        Args:
            row: row of the cell.
            column: column of the cell.
            first: first visible row of pictures.
        """
        down, across = first + row // (self.height + 1), column // (self.width + 1)
        if not 0 <= down < len(self.rows) or not 0 <= across < len(self.rows[down][1]):
            return None
        layer, units = self.rows[down]
        return layer, units[across]


def _rows(layers: tuple[int, ...], across: int) -> tuple[tuple[int, range], ...]:
    """Return the rows of pictures; each layer starts a new row."""
    return tuple(
        (layer, range(first, min(units, first + across)))
        for layer, units in enumerate(layers)
        for first in range(0, units, across)
    )
