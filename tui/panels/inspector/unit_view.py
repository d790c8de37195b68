"""Unit view of the inspector: computation of the output, histogram per class, and map or weights."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.trace import UnitStatistics, unit_statistics
from core.training.diagnostics import MOST_SAMPLES
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, DIM, FAINT, TEXT, WARNING, class_marker, class_point, ink
from tui.panels.colour_scales import OutputScale
from tui.panels.errors.residuals import BLOCKS
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    aligned,
    caption,
    dim_text,
    draw_bar,
    flow,
    largest_of,
    plain_text,
    side_by_side,
    small,
    stacked,
)
from tui.panels.inspector.unit_map import UnitMap, has_pixels
from tui.panels.inspector.unit_sum import draw_head, draw_result, draw_sum, tail_rows
from tui.panels.panel import centred_text

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.analysis.trace import UnitStatistics
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

TWO_COLUMNS_FROM: Final = 70
SIDE_BY_SIDE_FROM: Final = 50
FEWEST_TERMS: Final = 4
MOST_TARGETS: Final = 10
MOST_MAP: Final = 18
"""Largest number of rows of the map with its caption."""
GAP: Final = 2
PIXELS: Final = 22
"""Columns for two pictures of eight pixels, with their names."""
EMPTY_BELOW: Final = "The computation of one unit for one sample, number by number."


class UnitView:
    """Draws the selected unit."""

    def __init__(self) -> None:
        self._map = UnitMap()

    def __call__(self, run: RunModel, options: ViewOptions, width: int, height: int) -> Cells:
        """Return the view, the most important parts first; it may be higher than `height`."""
        inspected = Inspected.of(run, options)
        if inspected is None:
            return centred_text(width, height, EMPTY_BELOW)
        if width < 8:
            return Cells(width, height)
        margin = 1 if width >= 32 else 0
        with np.errstate(all="ignore"):
            drawn = self._draw(inspected, options.plane, width - 2 * margin, height)
        cells = Cells(width, drawn.height)
        cells.place(0, margin, drawn)
        return cells

    def _draw(self, it: Inspected, plane: PlaneChoice, width: int, height: int) -> Cells:
        cursor = it.cursor
        facts = unit_statistics(
            it.network, cursor.layer, cursor.unit, it.data.x_train[:MOST_SAMPLES]
        )
        head = draw_head(it, width)
        if width >= TWO_COLUMNS_FROM:
            left_width = max(46, width // 2)
            right_width = width - left_width - GAP
            result, outgoing = draw_result(it, left_width), _outgoing(it, left_width, MOST_TARGETS)
            notes = _notes(it, facts, left_width)
            rows = height - head.height - result.height - notes.height
            if rows - outgoing.height < FEWEST_TERMS + tail_rows(it):
                outgoing = _outgoing(it, left_width, 3)
            terms = draw_sum(
                it, left_width, max(rows - outgoing.height, FEWEST_TERMS + tail_rows(it))
            )
            spare = rows - outgoing.height - terms.height
            gap = Cells(left_width, int(spare >= 2))
            left = stacked([terms, result, notes, gap, outgoing], left_width)
            right = self._right(it, facts, plane, right_width, height - head.height)
            return stacked([head, side_by_side(left, right, GAP)], width)
        result, notes = draw_result(it, width), _notes(it, facts, width)
        outgoing = _outgoing(it, width, 6 if height >= 24 else 3)
        used = head.height + result.height + notes.height + outgoing.height
        fewest = FEWEST_TERMS + tail_rows(it)
        least_rows = histogram_rows(it)
        if width >= SIDE_BY_SIDE_FROM:
            if has_pixels(it):
                return self._beside_pixels(it, facts, plane, width, height)
            smallest = min(max(8, least_rows), max(least_rows, height - used - fewest))
            terms = draw_sum(it, width, max(fewest, height - used - smallest))
            spare = height - used - terms.height - smallest
            gap = Cells(width, int(spare >= 3))
            rows = smallest + max(0, min(6, spare - 3))
            half = (width - GAP) // 2
            tall = max(1, min(4, (rows - 2) // (least_rows - 2)))
            histogram = draw_histogram(it, facts, half, rows, tall)
            picture = self._map.draw(it, plane, width - half - GAP, rows)
            below = [gap, side_by_side(histogram, picture, GAP)]
        else:
            gap = Cells(width, 0)
            below = [
                draw_histogram(it, facts, width, least_rows),
                self._map.draw(it, plane, width, 9),
            ]
            terms = draw_sum(it, width, max(fewest, height - used - least_rows - 9))
        return stacked([head, terms, result, notes, gap, outgoing, *below], width)

    def _beside_pixels(
        self, it: Inspected, facts: UnitStatistics, plane: PlaneChoice, width: int, height: int
    ) -> Cells:
        """Return the view with pictures in place of the bars of the weights."""
        head, result, notes = draw_head(it, width), draw_result(it, width), _notes(it, facts, width)
        outgoing = _outgoing(it, width, 6 if height >= 24 else 3)
        used = head.height + result.height + notes.height + outgoing.height
        histogram_most = min(histogram_rows(it), max(4, height // 3))
        rows = max(FEWEST_TERMS + tail_rows(it), height - used - histogram_most)
        terms = draw_sum(it, width - PIXELS - GAP, rows)
        pictures = self._map.draw(it, plane, PIXELS, terms.height)
        spare = max(4, min(histogram_rows(it), height - used - terms.height))
        histogram = draw_histogram(it, facts, width, spare)
        both = side_by_side(terms, pictures, GAP)
        return stacked([head, both, result, notes, outgoing, histogram], width)

    def _right(
        self, it: Inspected, facts: UnitStatistics, plane: PlaneChoice, width: int, height: int
    ) -> Cells:
        rows = histogram_rows(it)
        groups = rows - 2
        tall = max(1, min(4, 1 + (height - rows - 14) // groups, (height - 11) // groups))
        histogram = draw_histogram(it, facts, width, rows + groups * (tall - 1), tall)
        left = max(6, min(MOST_MAP, height - histogram.height - 1))
        gap = Cells(width, 1 if histogram.height + left < height else 0)
        return stacked([histogram, gap, self._map.draw(it, plane, width, left)], width)


def _notes(it: Inspected, facts: UnitStatistics, width: int) -> Cells:
    """Return the gradient of the unit for this sample, and why it may not learn."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    norm = float(np.linalg.norm(layer.inputs.astype(np.float64)) * abs(layer.sum_delta[unit]))
    words = [
        [dim_text("slope "), plain_text(small(float(layer.slope[unit])))],
        [dim_text("∂L/∂z "), plain_text(small(float(layer.delta[unit])))],
        [dim_text("‖∂L/∂w‖ "), plain_text(small(norm))],
    ]
    if it.is_output:
        words = words[1:]
    last = it.last_batch_norm()
    if last is not None:
        words.append([dim_text("on the last batch "), plain_text(small(last))])
    blocks = [flow(words, width)]
    problem, samples = "", len(facts.outputs)
    name = layer.activation.name
    if not np.isfinite(facts.outputs).all():
        problem = "some of its outputs are not finite"
    elif facts.dead:
        problem = f"dead: {name} has no slope at any of {samples:,} samples, so it learns nothing"
    elif facts.saturated:
        problem = (
            f"saturated: near a bound of {name} at {100 * facts.near_bound:.0f} % of {samples:,} "
            "samples, so it learns little"
        )
    if problem:
        lines = wrap(problem, max(8, width))
        cells = Cells(width, len(lines))
        for row, line in enumerate(lines):
            cells.write(row, 0, line, ink(WARNING))
        blocks.append(cells)
    return stacked(blocks, width)


def _outgoing(it: Inspected, width: int, most: int) -> Cells:
    """Return the weights from the unit to the next layer, the largest that fit."""
    if it.is_output:
        return Cells(width, 0)
    above = it.trace.layers[it.cursor.layer + 1]
    weights = above.weights[it.cursor.unit]
    names = it.unit_names(it.cursor.layer + 1)
    order = np.arange(len(weights))
    if len(order) > most:
        sizes = np.nan_to_num(np.abs(weights), nan=np.inf)
        order = np.sort(np.argsort(-sizes, kind="stable")[: most - 1])
    left_out = len(weights) - len(order)
    to_outputs = it.cursor.layer + 1 == it.hidden
    where = "outputs" if to_outputs else f"hidden layer {it.cursor.layer + 2}"
    texts = aligned(weights[order].tolist())
    last = max(map(len, texts))
    marked = to_outputs and bool(it.network.classes)
    room = width - last - 1 - (2 if marked else 0)
    longest = min(MOST_NAME, max(cell_width(names[place]) for place in order.tolist()))
    longest = max(0, min(longest, room))
    end = (2 if marked else 0) + longest + 1 + last
    bars = width - end - 2
    bars = 0 if bars < 5 else min(41, bars - 1 + bars % 2)
    cells = Cells(width, 1 + len(order) + bool(left_out))
    cells.place(0, 0, caption(f"out → {where}", width))
    if end > width:
        return Cells(width, 0)
    offset = int(len(names) == 1 and it.network.classes == 2)
    for row, (place, text) in enumerate(zip(order.tolist(), texts, strict=True), start=1):
        column = 0
        if marked:
            label = place + offset
            column = cells.write(row, 0, *class_marker(label)) + 1
        cells.write(row, column, cut(names[place], longest), ink(TEXT))
        cells.write_right(row, end, text, ink(TEXT))
        if bars:
            draw_bar(cells, row, end + 2, bars, float(weights[place]), largest_of(weights))
    if left_out:
        cells.write(cells.height - 1, 0, cut(f"… {left_out:,} more", width), ink(DIM))
    return cells


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
