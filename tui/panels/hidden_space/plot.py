"""Plot of the hidden space: class regions, bent grid, decision line, samples and axes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.hidden_space import decide
from tui.drawing import number_format
from tui.drawing.axes import axis_top
from tui.drawing.braille import DOTS
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    BACKGROUND,
    BRIGHT,
    DEEP,
    DIM,
    FAINT,
    LEGIBLE,
    RAISED,
    TEXT,
    TINTED,
    TRAIN_MARKERS,
    WRONG_TRAIN,
    class_fields,
    class_point,
    ink,
    inks_of_pairs,
    train_marker,
)
from tui.panels.colour_scales import NumberScale

if TYPE_CHECKING:
    from core.analysis.hidden_space import HiddenSpace, SpaceView
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.activations import Activation

MOST_STEPS: Final = 32
"""Largest number of points of a segment of a grid line."""

PADDING: Final = 0.06
"""Margin at each end as a share of the range: saturated units cluster there."""
REGION: Final = 8
"""Step of a class's colour that its region has: quieter than samples and lines on it."""
SHRINKS: Final = 0.6
"""Share of the range below which the samples make it shrink."""


class AxisRange:
    """Axis that follows the samples in steps, and rarely, since each step moves everything."""

    def __init__(self) -> None:
        self.low, self.high = -1.0, 1.0
        self._fitted = False

    def fit(self, values: Array) -> None:
        """Adapt the range to the values."""
        ends = -float(values.min(initial=0.0)), float(values.max(initial=0.0))
        now = -self.low, self.high
        least = 0.05 * max(*ends, 1e-9)
        fitted = []
        for end, held in zip(ends, now, strict=True):
            keeps = self._fitted and held * SHRINKS <= max(end, least) <= held
            fitted.append(held if keeps else axis_top(max(end, least)))
        self.low, self.high, self._fitted = -fitted[0], fitted[1], True

    def hold(self, low: float, high: float) -> None:
        """Set a fixed range."""
        self.low, self.high, self._fitted = low, high, False

    def shares(self, values: Array) -> Array:
        """Return the positions of values, from 0 at the left or lower edge to 1."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray((values - self.low) / length + PADDING / (1 + 2 * PADDING))

    def values(self, shares: Array) -> Array:
        """Return the values at positions from 0 to 1."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray(self.low + (shares - PADDING / (1 + 2 * PADDING)) * length)


class HiddenSpacePlot:
    """Plot of a hidden space with two axes, which change as rarely as possible.

    Attributes:
        across, up: horizontal and vertical axis.
    """

    def __init__(self) -> None:
        self.across, self.up = AxisRange(), AxisRange()

    def fit(self, picture: SpaceView, activation: Activation) -> None:
        """Set the ranges of the axes: the bounds of the activation, if it has any."""
        for axis, values in zip((self.across, self.up), picture.samples.T, strict=True):
            if picture.axes.pair is not None and activation.saturates:
                axis.hold(-1.0 if activation.scale == "diverging" else 0.0, 1.0)
            else:
                axis.fit(values)

    def draw(
        self,
        space: HiddenSpace,
        data: DataSplit,
        picture: SpaceView,
        columns: int,
        rows: int,
        *,
        grid: bool,
        target: int,
        sample: int | None,
    ) -> Cells:
        """Return the plot.

        Args:
            space: hidden space.
            data: data with the training samples.
            picture: samples, grid and axes in the selected coordinates.
            columns: width of the plot.
            rows: height of the plot.
            grid: whether the bent input grid is drawn.
            target: index of the target that colours the samples.
            sample: selected sample, or None.
        """
        fields = self._fields(space, picture, columns, 2 * rows)
        colours = _field_colours(space.network.classes)
        upper, lower = fields[::2], fields[1::2]
        cells = Cells(columns, rows)
        cells.glyphs = np.where(upper == lower, " ", "▀")
        cells.inks = inks_of_pairs(colours)[upper, lower]
        if grid:
            half = len(picture.grid) // 2
            inks = (DIM, FAINT) if space.network.classes <= 2 else (BACKGROUND, RAISED)
            for lines, colour in zip((picture.grid[:half], picture.grid[half:]), inks, strict=True):
                self._dots(cells, self._between(lines, columns, rows), fields, colours, colour)
        line = picture.line if space.network.classes else None
        if line is not None:
            self._dots(cells, self._straight(*line), fields, colours, BRIGHT)
        places = self.places(picture.samples, columns, rows)
        if space.network.classes:
            self._labels(cells, space, picture, places, fields, colours)
        else:
            self._values(cells, space, data, target, places)
        if sample is not None and 0 <= sample < len(data.y_train):
            self._mark(cells, space, data, sample, picture, fields, colours)
        return cells

    def _fields(self, space: HiddenSpace, picture: SpaceView, columns: int, rows: int) -> Labels:
        """Return the index into the region colours for each pixel; a cell has two."""
        if not space.network.classes:
            return np.zeros((rows, columns), np.int64)
        across = self.across.values((np.arange(columns) + 0.5) / columns)
        up = self.up.values(1 - (np.arange(rows) + 0.5) / rows)
        points = np.column_stack([np.tile(across, rows), np.repeat(up, columns)])
        return 1 + decide(picture.logits(points)).reshape(rows, columns)

    def _between(self, lines: Array, columns: int, rows: int) -> Array:
        """Return (points, 2) positions along lines, dense enough for continuous dots."""
        shares = np.stack([self.across.shares(lines[..., 0]), self.up.shares(lines[..., 1])], -1)
        # points far outside are invisible, and would only need more steps
        shares = np.clip(shares, -2, 3)
        steps = np.diff(shares, axis=1)
        longest = float((np.abs(steps) * (2 * columns, 4 * rows)).max(initial=1.0))
        parts = np.arange(min(MOST_STEPS, ceil(longest) + 1)) / min(MOST_STEPS, ceil(longest) + 1)
        places = shares[:, :-1, None] + steps[:, :, None] * parts[:, None]
        return np.asarray(places.reshape(-1, 2))

    def _straight(self, weights: Array, bias: float) -> Array:
        """Return the (points, 2) positions of the line w · p + b = 0."""
        corner = np.array([self.across.values(np.array(0.0)), self.up.values(np.array(0.0))])
        far = np.array([self.across.values(np.array(1.0)), self.up.values(np.array(1.0))])
        # positions are linear in the coordinates: another straight line
        slope = weights * (far - corner)
        level = float(weights @ corner) + bias
        length = float(slope @ slope)
        if not (length > 0 and np.isfinite(level / length)):
            return np.empty((0, 2))
        # in both directions from the point nearest to the centre
        middle = np.full(2, 0.5)
        foot = middle - slope * ((float(slope @ middle) + level) / length)
        along = np.array([-slope[1], slope[0]]) / np.sqrt(length)
        return np.asarray(foot + np.linspace(-1, 1, 1000)[:, None] * along)

    @staticmethod
    def _dots(
        cells: Cells, shares: Array, fields: Labels, colours: tuple[str, ...], colour: str
    ) -> None:
        """Draw positions as braille dots, which replace other glyphs."""
        across, down = shares[:, 0] * 2 * cells.width, (1 - shares[:, 1]) * 4 * cells.height
        inside = (
            (across >= 0) & (across < 2 * cells.width) & (down >= 0) & (down < 4 * cells.height)
        )
        field = np.zeros((4 * cells.height, 2 * cells.width), bool)
        field[down[inside].astype(np.int64), across[inside].astype(np.int64)] = True
        bits = np.zeros((cells.height, cells.width), np.int64)
        for row in range(4):
            for column in range(2):
                bits += field[row::4, column::2] * DOTS[row, column]
        rows, columns = np.nonzero(bits)
        cells.glyphs[rows, columns] = (bits[rows, columns] + 0x2800).astype(np.uint32).view("<U1")
        inks = np.array([ink(colour, paper) for paper in colours])
        cells.inks[rows, columns] = inks[fields[2 * rows, columns]]

    def places(self, points: Array, columns: int, rows: int) -> tuple[Labels, Labels]:
        """Return the rows and columns of (samples, 2) points, clamped to the plot."""
        across = np.clip(self.across.shares(points[:, 0]), 0, 1) * columns
        down = np.clip(1 - self.up.shares(points[:, 1]), 0, 1) * rows
        return (
            np.minimum(down.astype(np.int64), rows - 1),
            np.minimum(across.astype(np.int64), columns - 1),
        )

    @staticmethod
    def _labels(
        cells: Cells,
        space: HiddenSpace,
        picture: SpaceView,
        places: tuple[Labels, Labels],
        fields: Labels,
        colours: tuple[str, ...],
    ) -> None:
        y = np.asarray(space.y, np.int64)
        right = picture.predicted == y
        classes = space.network.classes
        points = [class_point(label) for label in range(classes)]
        quiet = np.array([[ink(point, paper) for paper in colours] for point in points])
        loud = np.array([ink(point, DEEP, bold=True) for point in points])
        markers = np.array([train_marker(label) for label in range(classes)])
        # misclassified samples are drawn last, on top of the others
        order = np.argsort(~right, kind="stable")
        rows, columns = places[0][order], places[1][order]
        y, right = y[order], right[order]
        cells.glyphs[rows, columns] = np.where(right, markers[y], WRONG_TRAIN)
        cells.inks[rows, columns] = np.where(right, quiet[y, fields[2 * rows, columns]], loud[y])

    @staticmethod
    def _values(
        cells: Cells,
        space: HiddenSpace,
        data: DataSplit,
        target: int,
        places: tuple[Labels, Labels],
    ) -> None:
        target = max(0, min(target, len(data.target_names) - 1))
        scale = NumberScale.of(data, target)
        levels = scale.levels(np.asarray(space.y, np.float64)[:, target])
        inks = np.array([ink(colour) for colour in scale.colours])
        cells.glyphs[places] = TRAIN_MARKERS[0]
        cells.inks[places] = inks[levels]

    def _mark(
        self,
        cells: Cells,
        space: HiddenSpace,
        data: DataSplit,
        sample: int,
        picture: SpaceView,
        fields: Labels,
        colours: tuple[str, ...],
    ) -> None:
        hidden = space.network.hidden_outputs(data.x_train[sample : sample + 1])[-1]
        rows, columns = self.places(picture.axes.coordinates(hidden), cells.width, cells.height)
        row, column = int(rows[0]), int(columns[0])
        marker = TRAIN_MARKERS[0]
        if space.network.classes:
            marker = train_marker(int(data.y_train[sample]))
            logits = space.network.logits(data.x_train[sample : sample + 1])
            if decide(logits)[0] != data.y_train[sample]:
                marker = WRONG_TRAIN
        for beside, half in ((column - 1, "▐"), (column + 1, "▌")):
            if 0 <= beside < cells.width:
                cells.write(row, beside, half, ink(BRIGHT, colours[fields[2 * row, beside]]))
        cells.write(row, column, marker, ink(LEGIBLE, BRIGHT, bold=True))

    def name_axes(self, cells: Cells, names: tuple[str, str], left: int, rows: int) -> None:
        """Write the names and the limits of the axes to the left of the plot and below it."""
        dim, text = ink(DIM), ink(TEXT)
        columns = cells.width - left
        ends = np.array([[self.across.low, self.up.low], [self.across.high, self.up.high]])
        at_rows, at_columns = self.places(ends, columns, rows)
        if left:
            for row, label in zip(at_rows.tolist(), number_format.ends(*ends[:, 1]), strict=True):
                cells.write_right(row, left - 1, label, dim)
            if at_rows[0] - at_rows[1] >= 2:
                cells.write_right(int(at_rows.sum()) // 2, left - 1, names[1], text)
        if rows < cells.height:
            low, high = number_format.ends(*ends[:, 0])
            column = left + int(at_columns[0])
            after = cells.write(rows, max(left, column - len(low) + 1), low, dim)
            last = min(cells.width - len(high), left + int(at_columns[1]))
            cells.write(rows, last, high, dim)
            middle = left + (columns - len(names[0])) // 2
            if after < middle and middle + len(names[0]) < last:
                cells.write(rows, middle, names[0], text)


def _field_colours(classes: int) -> tuple[str, ...]:
    """Return the backgrounds: none, then the region of each class."""
    if classes <= 2:
        # the decision line is drawn instead
        return (BACKGROUND, BACKGROUND, TINTED)[: 1 + classes]
    return (BACKGROUND, *(class_fields(label)[REGION] for label in range(classes)))
