"""Histograms of the outputs of a unit in the inspector, one per class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, DIM, FAINT, TEXT, class_point, ink
from tui.panels.colour_scales import OutputScale
from tui.panels.errors.residuals import BLOCKS
from tui.panels.inspector.inspected import Inspected, caption

if TYPE_CHECKING:
    from core.analysis.trace import UnitStatistics


def histogram_rows(it: Inspected) -> int:
    """Return the least rows of a histogram, including its caption and axis."""
    return 2 + max(1, it.network.classes)


def draw_histogram(
    it: Inspected, facts: UnitStatistics, width: int, height: int, tall: int = 1
) -> Cells:
    """Return the histogram of the unit's outputs, a row of bars per class."""
    cells = Cells(width, height)
    count = len(facts.outputs)
    all_of = it.data.all_samples[0]
    samples = f"{count:,}" if count == all_of else f"{count:,} of {all_of:,}"
    words = "z" if it.is_output else "outputs"
    cells.place(0, 0, caption(f"{words} for {samples} samples", width))
    groups = max(1, it.network.classes)
    y = it.data.y_train[:count]
    labels = np.asarray(y, np.int64) if it.network.classes else np.zeros(count, np.int64)
    name_width = 0
    names = list(it.data.class_names) if it.network.classes else []
    if names:
        name_width = min(max(map(cell_width, names)) + 3, max(2, width // 3))
    bins = width - name_width
    if bins < 4:
        return cells
    activation = it.trace.layers[it.cursor.layer].activation
    scale = OutputScale.of(activation, facts.outputs)
    low, high = scale.low, scale.high
    counts = facts.histogram(labels, groups, bins, low, high)
    totals = np.maximum(1, counts.sum(axis=1, keepdims=True))
    shares = counts / totals
    # square root: rare outputs remain visible next to frequent ones
    heights = np.sqrt(shares / max(float(shares.max(initial=0.0)), 1e-12))
    eighths = np.ceil(heights * 8 * tall - 1e-9).astype(np.int64)
    row = 1
    for group in range(groups):
        if row + tall >= height:
            # the last row reports the classes that do not fit
            left = groups - group
            if left:
                cells.write(row, 0, cut(f"… {left} more classes", width), ink(DIM))
            return cells
        levels = np.clip(eighths[group] - 8 * np.arange(tall)[::-1, None], 0, 8)
        area = slice(row, row + tall), slice(name_width, name_width + bins)
        cells.glyphs[area] = np.array(list(BLOCKS))[levels]
        cells.inks[area] = ink(class_point(group) if it.network.classes else TEXT)
        if names:
            words_of = it.class_words(group)
            column = cells.write(row + tall - 1, 0, *words_of[0])
            cells.write(row + tall - 1, column, cut(words_of[1][0], name_width - 2), ink(TEXT))
        row += tall
    _axis(cells, row, name_width, bins, (low, high), it)
    return cells


def _axis(
    cells: Cells, row: int, start: int, bins: int, ends: tuple[float, float], it: Inspected
) -> None:
    low, high = ends
    layer = it.trace.layers[it.cursor.layer]
    cells.write(row, start, "─" * bins, ink(FAINT))
    left, right = f"{low:g} ".replace("-", "−"), f" {high:g}".replace("-", "−")
    cells.write(row, start, left, ink(DIM))
    cells.write_right(row, start + bins, right, ink(DIM))
    a = float(layer.a[it.cursor.unit])
    if np.isfinite(a) and bins > len(left) + len(right):
        # between the two numbers
        at = int(np.clip((a - low) / (high - low) * bins, len(left) - 1, bins - len(right)))
        cells.write(row, start + at, "▴", ink(ACCENT))
