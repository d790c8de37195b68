"""The boundary panel for one feature: what the network gives along it, as a curve over the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.arrays import evenly
from tui import numbers
from tui.braille import draw_line
from tui.cells import Cells
from tui.palette import (
    ACCENT,
    CLASS_POINTS,
    DIM,
    TEST,
    TEST_MARKERS,
    TEXT,
    TRAIN_MARKERS,
    indexed,
    ink,
)
from tui.panels.map_view import MOST_POINTS

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import TrainTest
    from core.network import Network

GUTTER = 7
MARGIN = 0.08


def draw_fitted(
    network: Network, data: TrainTest, target: int, width: int, height: int, *, show_test: bool
) -> Cells:
    """Return the curve of the predicted number, or of each class's probability, over the samples.

    Args:
        network: what predicts.
        data: with one feature.
        target: which of the numbers to predict.
        width: of the block.
        height: of the block.
        show_test: whether the test samples are drawn, too.
    """
    cells = Cells(width, height)
    rows, columns = height - 2, width - GUTTER
    if rows < 2 or columns < 4:
        return cells
    low, high = _range(data.preparation.features(data.x_train)[:, 0])
    across = np.linspace(low, high, 2 * columns)
    outputs = network.predict(data.preparation.inputs(across[:, None]))
    parts = [(data.x_train, data.y_train, True)]
    if show_test:
        parts.insert(0, (data.x_test, data.y_test, False))
    curves: list[tuple[Array, int]]
    if data.has_classes:
        bottom, top = -0.05, 1.05
        first = 1 if len(data.class_names) == 2 else 0
        curves = [
            (outputs[:, label], ink(CLASS_POINTS[label % len(CLASS_POINTS)], bold=True))
            for label in range(first, len(data.class_names))
        ]
    else:
        units = data.preparation.in_units(np.asarray(data.y_train, np.float64))
        bottom, top = _range(units[:, target])
        curves = [(data.preparation.in_units(outputs)[:, target], ink(ACCENT, bold=True))]
    for x, y, is_train in parts:
        chosen = evenly(len(y), MOST_POINTS)
        places = data.preparation.features(x[chosen])[:, 0]
        column = ((places - low) / (high - low) * columns).astype(np.int64).clip(0, columns - 1)
        heights = _heights(data, y[chosen], target)
        row = ((top - heights) / (top - bottom) * rows).astype(np.int64).clip(0, rows - 1)
        glyphs, inks = _markers(data, y[chosen], is_train=is_train)
        cells.glyphs[row, GUTTER + column] = glyphs
        cells.inks[row, GUTTER + column] = inks
    for values, number in curves:
        draw_line(cells, 0, GUTTER, (values - bottom) / (top - bottom), rows, number)
    _axes(cells, data, target, rows, (low, high), (bottom, top))
    return cells


def _range(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _heights(data: TrainTest, y: Array | Labels, target: int) -> Array:
    """Return where samples are drawn: at their number; of two classes at 0 and 1, of more at 1."""
    if not data.has_classes:
        return data.preparation.in_units(np.asarray(y, np.float64))[:, target]
    return np.asarray(y, np.float64) if len(data.class_names) == 2 else np.ones(len(y))


def _markers(
    data: TrainTest, y: Array | Labels, *, is_train: bool
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
    data: TrainTest,
    target: int,
    rows: int,
    across: tuple[float, float],
    up: tuple[float, float],
) -> None:
    dim, text = ink(DIM), ink(TEXT)
    bottom, top = ("0", "1") if data.has_classes else numbers.ends(*up)
    cells.write_right(0, GUTTER - 1, top, dim)
    cells.write_right(rows - 1, GUTTER - 1, bottom, dim)
    left, right = numbers.ends(*across)
    name = data.feature_names[0]
    cells.write(rows, GUTTER, left, dim)
    cells.write_right(rows, cells.width, right, dim)
    cells.write(rows, GUTTER + max(0, cells.width - GUTTER - len(name)) // 2, name, text)
    column = GUTTER
    if not data.has_classes:
        column = cells.write(rows + 1, column, f"{data.target_names[target]}  ", text)
        column = cells.write(rows + 1, column, "⠒⠒ ", ink(ACCENT, bold=True))
        column = cells.write(rows + 1, column, "predicted  ", dim)
        column = cells.write(rows + 1, column, f"{TRAIN_MARKERS[0]} train  ", dim)
        if not data.shared:
            cells.write(rows + 1, column, f"{TEST_MARKERS[0]} test  ", dim)
        return
    curves = "probability of "
    if len(data.class_names) == 2:
        curves += data.class_names[1]
    else:
        curves += "each class"
    column = cells.write(rows + 1, column, f"{curves}  ", dim)
    for label, name in enumerate(data.class_names):
        point = ink(CLASS_POINTS[label % len(CLASS_POINTS)])
        column = cells.write(rows + 1, column, TRAIN_MARKERS[label % len(TRAIN_MARKERS)], point)
        column = cells.write(rows + 1, column, f" {name}  ", text)
