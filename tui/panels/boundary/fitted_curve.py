"""The boundary panel for a single feature: the prediction as a curve, and the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.arrays import evenly_spaced
from tui.drawing import number_format
from tui.drawing.braille import draw_line
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    CLASS_POINTS,
    DEEP,
    DIM,
    FAINT,
    LEGIBLE,
    READER,
    TEST,
    TEST_MARKERS,
    TEXT,
    TRAIN_MARKERS,
    class_marker,
    class_point,
    indexed,
    ink,
)
from tui.panels.boundary.map_cursor import CellPosition, Reading, in_steps
from tui.panels.boundary.map_view import MOST_POINTS
from tui.panels.boundary.unit_line import UnitZeros

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network

GUTTER = 7
MARGIN = 0.08


class FittedCurve:
    """Curve of the predicted value, or of the probability of each class, with the samples.

    As on a map, a line is where the predicted class changes.

    Attributes:
        rows, columns: size of the plot without the axes.
        inputs: (2 · columns, inputs) of the network at each column of dots.
        unit_line: where z = 0 for the selected unit in the last drawing, or None.
    """

    gutter: ClassVar[int] = GUTTER

    def __init__(
        self, network: Network, data: DataSplit, target: int, width: int, height: int
    ) -> None:
        """Compute the layout for data with one feature, and one of the targets."""
        self.network, self.data, self.target = network, data, target
        self._width, self._height = width, height
        self.rows, self.columns = height - 2, width - GUTTER
        self._places = data.preparation.features(data.x_train)[:, 0]
        self._left, self._right = _range(self._places)
        if data.has_classes:
            self._bottom, self._top = -0.05, 1.05
        else:
            units = data.preparation.in_units(np.asarray(data.y_train, np.float64))
            self._bottom, self._top = _range(units[:, target])
        across = np.linspace(self._left, self._right, 2 * max(0, self.columns))
        self.unit_line: UnitZeros | None = None
        self.inputs: Array = data.preparation.inputs(across[:, None])

    def shows(self, network: Network, data: DataSplit, *others: object) -> bool:
        """Return whether the curve was prepared for these arguments."""
        is_same = self.network is network and self.data is data
        return is_same and others == (self.target, self._width, self._height)

    @property
    def has_room(self) -> bool:
        """Whether the curve fits."""
        return self.rows >= 2 and self.columns >= 4

    def draw(
        self, *, show_test: bool, sample: int | None = None, unit: tuple[int, int] | None = None
    ) -> Cells:
        """Return the plot.

        Args:
            show_test: whether the test samples are drawn.
            sample: selected training sample, or None.
            unit: layer and number of the selected hidden unit, or None.
        """
        cells = Cells(self._width, self._height)
        if not self.has_room:
            return cells
        data, target = self.data, self.target
        outputs = self._predict(self.inputs)
        parts = [(data.x_train, data.y_train, True)]
        if show_test and not data.shared:
            parts.insert(0, (data.x_test, data.y_test, False))
        for x, y, is_train in parts:
            chosen = evenly_spaced(len(y), MOST_POINTS)
            row, column = self._cells_of(x[chosen], y[chosen])
            glyphs, inks = _markers(data, y[chosen], is_train=is_train)
            cells.glyphs[row, GUTTER + column] = glyphs
            cells.inks[row, GUTTER + column] = inks
        self.unit_line = None if unit is None else UnitZeros.of(self, *unit, self.unit_line)
        if self.unit_line is not None:
            self.unit_line.draw(cells)
        if data.has_classes:
            self._draw_changes(cells, outputs)
        for values, number in self.curves(outputs):
            heights = (values - self._bottom) / (self._top - self._bottom)
            draw_line(cells, 0, GUTTER, heights, self.rows, number)
        if sample is not None and 0 <= sample < len(data.y_train):
            chosen = np.array([sample])
            row, column = self._cells_of(data.x_train[chosen], data.y_train[chosen])
            place = int(row[0]), GUTTER + int(column[0])
            cells.write(*place, "◉", ink(BRIGHT, DEEP, bold=True))
        ends = (self._left, self._right), (self._bottom, self._top)
        _axes(cells, data, target, self.rows, *ends)
        return cells

    def _draw_changes(self, cells: Cells, outputs: Array) -> None:
        """Draw where the predicted class changes; of two classes, also the probability 0.5."""
        labels = outputs.argmax(axis=1)
        plot = slice(0, self.rows), slice(GUTTER, GUTTER + self.columns)
        glyphs, inks = cells.glyphs[plot], cells.inks[plot]
        lines = np.full(glyphs.shape, " ")
        if len(self.data.class_names) == 2:
            share = (self._top - 0.5) / (self._top - self._bottom)
            lines[min(self.rows - 1, int(share * self.rows))] = "─"
        lines[:, np.flatnonzero(labels[:-1] != labels[1:]) // 2] = "┊"
        drawn = (glyphs == " ") & (lines != " ")
        glyphs[drawn] = lines[drawn]
        inks[drawn] = ink(FAINT)

    def clamp(self, position: CellPosition) -> CellPosition:
        """Return the nearest column, at the bottom: a cursor on a curve is a vertical line."""
        return CellPosition(position.column, self.rows - 1).within(self.columns, self.rows)

    def mark(self, cells: Cells, position: CellPosition) -> None:
        """Draw the cursor: a vertical line, with a cross on each curve."""
        column = GUTTER + position.column
        for row in range(self.rows):
            if cells.glyphs[row, column] == " ":
                cells.write(row, column, "│", ink(READER))
        outputs = self._predict(self.data.preparation.inputs(self._features(position)))
        for values, _ in self.curves(outputs):
            height = float((values[0] - self._bottom) / (self._top - self._bottom))
            if np.isfinite(height) and 0 <= height <= 1:
                row = min(self.rows - 1, int((1 - height) * self.rows))
                cells.write(row, column, "┼", ink(LEGIBLE, BRIGHT, bold=True))

    def read(self, position: CellPosition, layer: int) -> Reading:
        """Return the prediction at a column."""
        features = self._features(position)
        step = (self._right - self._left) / self.columns
        place = ((self.data.feature_names[0], in_steps(float(features[0, 0]), step)),)
        return Reading.of(self.network, self.data, features, place, self.target, layer)

    def sample_at(self, position: CellPosition) -> int:
        """Return the training sample that is nearest to a column."""
        return int(np.abs(self._places - self._features(position)[0, 0]).argmin())

    def _features(self, position: CellPosition) -> Array:
        """Return the feature at the centre of a column, as a (1, 1) array."""
        step = (self._right - self._left) / self.columns
        return np.array([[self._left + (position.column + 0.5) * step]])

    def _predict(self, inputs: Array) -> Array:
        with np.errstate(all="ignore"):  # of a network that has diverged
            return self.network.predict(inputs)

    def curves(self, outputs: Array) -> list[tuple[Array, int]]:
        """Return the values of each curve and its ink, the last one on top."""
        data = self.data
        if not data.has_classes:
            return [(data.preparation.in_units(outputs)[:, self.target], ink(ACCENT, bold=True))]
        first = 1 if len(data.class_names) == 2 else 0
        return [
            (outputs[:, label], ink(class_point(label), bold=True))
            for label in range(first, len(data.class_names))
        ]

    def _cells_of(self, x: Array, y: Array | Labels) -> tuple[Labels, Labels]:
        """Return the rows and columns of samples."""
        places = self.data.preparation.features(x)[:, 0]
        share = (places - self._left) / (self._right - self._left)
        column = (share * self.columns).astype(np.int64).clip(0, self.columns - 1)
        share = (self._top - _heights(self.data, y, self.target)) / (self._top - self._bottom)
        return (share * self.rows).astype(np.int64).clip(0, self.rows - 1), column


def _range(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _heights(data: DataSplit, y: Array | Labels, target: int) -> Array:
    """Return the heights of samples: the target; 0 and 1 for two classes, 1 for more."""
    if not data.has_classes:
        return data.preparation.in_units(np.asarray(y, np.float64))[:, target]
    return np.asarray(y, np.float64) if len(data.class_names) == 2 else np.ones(len(y))


def _markers(
    data: DataSplit, y: Array | Labels, *, is_train: bool
) -> tuple[np.ndarray, np.ndarray]:
    markers = TRAIN_MARKERS if is_train else TEST_MARKERS
    if not data.has_classes:
        colour = ink(TEXT) if is_train else ink(indexed(TEST))
        return np.full(len(y), markers[0]), np.full(len(y), colour)
    labels = np.asarray(y, np.int64)
    glyphs = np.array(list(markers))[labels % len(markers)]
    inks = np.array([ink(colour) for colour in CLASS_POINTS])[labels % len(CLASS_POINTS)]
    return glyphs, inks


def _axes(
    cells: Cells,
    data: DataSplit,
    target: int,
    rows: int,
    across: tuple[float, float],
    up: tuple[float, float],
) -> None:
    dim, text = ink(DIM), ink(TEXT)
    bottom, top = ("0", "1") if data.has_classes else number_format.ends(*up)
    cells.write_right(0, GUTTER - 1, top, dim)
    cells.write_right(rows - 1, GUTTER - 1, bottom, dim)
    left, right = number_format.ends(*across)
    name = data.feature_names[0]
    cells.write(rows, GUTTER, left, dim)
    cells.write_right(rows, cells.width, right, dim)
    cells.write(rows, GUTTER + max(0, cells.width - GUTTER - len(name)) // 2, name, text)
    column = GUTTER
    if not data.has_classes:
        name, samples = data.target_names[target], f"{TRAIN_MARKERS[0]} train"
        samples += "" if data.shared else f"  {TEST_MARKERS[0]} test"
        words = f"{name}  ", "predicted  "
        if GUTTER + len("".join(words)) + len("⠒⠒ ") + len(samples) > cells.width:
            words = "", f"{name}  "  # the target's name is enough
        column = cells.write(rows + 1, column, words[0], text)
        column = cells.write(rows + 1, column, "⠒⠒ ", ink(ACCENT, bold=True))
        column = cells.write(rows + 1, column, words[1], dim if words[0] else text)
        cells.write(rows + 1, column, samples, dim)
        return
    curves = "probability of "
    if len(data.class_names) == 2:
        curves += data.class_names[1]
    else:
        curves += "each class"
    column = cells.write(rows + 1, column, f"{curves}  ", dim)
    for label, name in enumerate(data.class_names):
        column = cells.write(rows + 1, column, *class_marker(label))
        column = cells.write(rows + 1, column, f" {name}  ", text)
