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
from tui.panels.inspector.activation_curve import LEAST, MOST, draw_curve
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    aligned,
    caption,
    coloured_markers,
    dim_text,
    draw_bar,
    exact_column,
    flow,
    largest_of,
    plain_text,
    side_by_side,
    small,
    stacked,
)
from tui.panels.inspector.next_steps import draw_steps, step_texts, step_words
from tui.panels.inspector.sample_view import draw_answer
from tui.panels.inspector.sentences import gradient_words, sentence
from tui.panels.inspector.unit_map import UnitMap, draw_pictures, has_pixels
from tui.panels.inspector.unit_sum import draw_head, draw_result
from tui.panels.inspector.waterfall import Waterfall, tail_rows
from tui.panels.panel import centred_text

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.analysis.trace import UnitStatistics
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

TWO_COLUMNS_FROM: Final = 100
SIDE_BY_SIDE_FROM: Final = 50
LEFT: Final = 58
"""Least width of the left of two columns."""
FEWEST_TERMS: Final = 4
MOST_TARGETS: Final = 12
MOST_MAP: Final = 18
"""Largest number of rows of the map with its caption."""
LEAST_MAP: Final = 6
GAP: Final = 2
TARGETS: Final = 26
"""Columns for the outgoing products, next to the curve."""
CURVE_FROM: Final = 12
"""Rows of a view from which it has a curve."""
TALL: Final = 28
"""Rows from which pictures of pixels have rows of their own, in which they are larger."""
STEPS_FROM: Final = 50
"""Columns from which the next step of each weight has a column of its own."""
ROOMY: Final = 19
"""Rows from which more than one of many targets is shown."""
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
        rows = height - head.height
        if width < TWO_COLUMNS_FROM:
            return stacked([head, self._one_column(it, facts, plane, width, rows)], width)
        left_width = max(LEFT, width * 3 // 5)
        right_width = width - left_width - GAP
        left = _computation(it, facts, left_width, rows)
        right = self._pictures_above(it, facts, plane, right_width, rows)
        return stacked([head, side_by_side(left, right, GAP)], width)

    def _one_column(
        self, it: Inspected, facts: UnitStatistics, plane: PlaneChoice, width: int, height: int
    ) -> Cells:
        """Return the computation, and below it as much of the pictures as fits."""
        if width < SIDE_BY_SIDE_FROM:
            above = _computation(it, facts, width, height - histogram_rows(it) - 9)
            histogram = draw_histogram(it, facts, width, histogram_rows(it))
            return stacked([above, histogram, self._map.draw(it, plane, width, 9)], width)
        least = max(LEAST_MAP, histogram_rows(it))
        image = it.data.preparation.image
        if image is not None and has_pixels(it) and height >= TALL:
            pictures = draw_pictures(it, image, width, height // 3)
            above = _computation(it, facts, width, height - pictures.height)
            rows = max(4, height - above.height - pictures.height)
            return stacked([above, pictures, draw_histogram(it, facts, width, rows)], width)
        if has_pixels(it):
            above = _computation(it, facts, width, height, below=least, pictures=True)
            histogram = draw_histogram(it, facts, width, max(4, height - above.height))
            return stacked([above, histogram], width)
        above = _computation(it, facts, width, height, below=min(least, 8))
        rows = min(max(least, height - above.height), MOST_MAP)
        half = (width - GAP) // 2
        left = half
        tall = max(1, min(4, (rows - 2) // (histogram_rows(it) - 2)))
        histogram = draw_histogram(it, facts, width - left - GAP, rows, tall)
        picture = self._map.draw(it, plane, left, rows)
        return stacked([above, side_by_side(histogram, picture, GAP)], width)

    def _pictures_above(
        self, it: Inspected, facts: UnitStatistics, plane: PlaneChoice, width: int, height: int
    ) -> Cells:
        """Return the map or the pictures, and the histogram below."""
        rows = histogram_rows(it)
        groups = rows - 2
        tall = max(1, min(4, 1 + (height - rows - 14) // groups, (height - 11) // groups))
        histogram = draw_histogram(it, facts, width, rows + groups * (tall - 1), tall)
        most = max(MOST_MAP, height // 2)
        picture = self._map.draw(it, plane, width, max(6, min(most, height - histogram.height - 1)))
        gap = Cells(width, 1 if histogram.height + picture.height < height else 0)
        return stacked([picture, gap, histogram], width)


def _computation(
    it: Inspected,
    facts: UnitStatistics,
    width: int,
    height: int,
    *,
    below: int = 0,
    pictures: bool = False,
) -> Cells:
    """Return the sum, the activation, what the unit gives to others, and what they mean.

    The sum has the rows that the other parts leave, at least a few; the curve what the sum leaves.

    Args:
        it: unit and sample.
        facts: outputs of the unit for all samples.
        width: of the block.
        height: available rows.
        below: rows to leave, if everything fits into the others.
        pictures: whether the pictures of pixels take the place of the curve.
    """
    fewest = FEWEST_TERMS + tail_rows(it) + 1
    words = [_wrapped(sentence(it, facts), width)]
    if width < STEPS_FROM:
        words.append(draw_steps(it, width))
    words += [_notes(it, facts, width)]
    rest = sum(block.height for block in words)
    inputs = len(it.trace.layers[it.cursor.layer].inputs)
    wanted = inputs + tail_rows(it) + 1
    has_curve = height >= CURVE_FROM
    targets = 0 if it.is_output else len(it.trace.layers[it.cursor.layer + 1].a)
    middle_rows = LEAST[1] + 1 + int(targets > 2 and height >= ROOMY) if has_curve else 0
    if height - below >= rest + middle_rows + min(wanted, fewest + FEWEST_TERMS):
        height -= below
    for_sum = max(fewest, min(wanted, height - rest - middle_rows))
    sums = Waterfall.of(it, for_sum - 1)
    steps = step_texts(it, sums.rows)
    fall = sums.draw(width, steps if width >= STEPS_FROM else ())
    spare = height - rest - fall.height
    rows = max(middle_rows, min(MOST[1], spare))
    middle = _activation(it, width, rows, has_curve=has_curve, pictures=pictures)
    gap = Cells(width, int(spare - middle.height >= 3))
    return stacked([fall, gap, middle, gap, *words], width)


def _activation(
    it: Inspected, width: int, height: int, *, has_curve: bool, pictures: bool
) -> Cells:
    """Return the curve of the activation next to the result and the outgoing products."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    activation = layer.activation
    if it.is_output or activation.name == "linear":
        has_curve = False
    image = it.data.preparation.image
    has_pictures = pictures and image is not None and has_pixels(it)
    if has_pictures:
        has_curve = True
    curve_width = min(MOST[0], width - TARGETS - GAP)
    if not has_curve or curve_width < LEAST[0]:
        result = _result(it, width)
        if it.is_output:
            rows = max(3, height - result.height)
            answer = draw_answer(it, width, rows) if it.network.classes > 1 else Cells(width, 0)
            return stacked([result, answer], width)
        return stacked([result, draw_outgoing(it, width, max(3, height - result.height))], width)
    if has_pictures and image is not None:
        curve = draw_pictures(it, image, curve_width, max(LEAST[1] + 1, height))
        room = width - curve_width - GAP
        result = _result(it, room)
        outgoing = draw_outgoing(it, room, max(3, curve.height - result.height))
        return side_by_side(curve, stacked([result, outgoing], room), GAP)
    room = width - curve_width - GAP
    result = _result(it, room)
    outgoing = draw_outgoing(it, room, min(MOST_TARGETS, max(3, height - result.height)))
    right = stacked([result, outgoing], room)
    rows = max(LEAST[1] + 1, min(height, max(right.height, curve_width // 3)))
    curve = draw_curve(activation, float(layer.z[unit]), float(layer.a[unit]), curve_width, rows)
    return side_by_side(curve, right, GAP)


def _result(it: Inspected, width: int) -> Cells:
    """Return the output of the unit and the slope of its activation there."""
    result = draw_result(it, width)
    if it.is_output:
        return result
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    slope = [dim_text("slope f′(z) "), plain_text(small(float(layer.slope[unit])))]
    return stacked([result, flow([slope], width)], width)


def _wrapped(text: str, width: int, colour: str = TEXT) -> Cells:
    lines = wrap(text, max(8, width)) if text else []
    cells = Cells(width, len(lines))
    for row, line in enumerate(lines):
        cells.write(row, 0, line, ink(colour))
    return coloured_markers(cells)


def _notes(it: Inspected, facts: UnitStatistics, width: int) -> Cells:
    """Return the gradient of the unit for this sample in words, and why it may not learn."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    norm = float(np.linalg.norm(layer.inputs.astype(np.float64)) * abs(layer.sum_delta[unit]))
    delta = float(layer.delta[unit])
    words = [
        [
            dim_text("∂L/∂z "),
            plain_text(small(delta)),
            dim_text(f" {gradient_words(delta)}".rstrip()),
        ],
        [dim_text("‖∂L/∂w‖ "), plain_text(small(norm)), dim_text(" for this sample")],
    ]
    last = it.last_batch_norm()
    if last is not None:
        words.append([dim_text("‖∂L/∂w‖ in the last batch "), plain_text(small(last))])
    blocks = [flow(words, width)]
    if it.ahead is not None:
        how, batch = step_words(it)
        step = [[dim_text("next step: "), plain_text(f"{how},")], [plain_text(batch)]]
        blocks.append(flow(step, width, gap=1, indent=2))
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
    return stacked([*blocks, _wrapped(problem, width, WARNING)], width)


def draw_outgoing(it: Inspected, width: int, most: int) -> Cells:
    """Return what the unit adds to the sums of the next layer, the largest products that fit."""
    if it.is_output:
        return Cells(width, 0)
    above = it.trace.layers[it.cursor.layer + 1]
    weights = above.weights[it.cursor.unit]
    a = float(it.trace.layers[it.cursor.layer].a[it.cursor.unit])
    names = it.unit_names(it.cursor.layer + 1)
    order = np.arange(len(weights))
    if len(order) > most - 1:
        sizes = np.nan_to_num(np.abs(weights), nan=np.inf)
        order = np.sort(np.argsort(-sizes, kind="stable")[: max(1, most - 2)])
    left_out = len(weights) - len(order)
    to_outputs = it.cursor.layer + 1 == it.hidden
    where = "the outputs" if to_outputs else f"hidden layer {it.cursor.layer + 2}"
    by = aligned(weights[order].tolist())
    products = exact_column((weights[order].astype(np.float64) * a).tolist()).texts
    marked = to_outputs and bool(it.network.classes)
    numbers = len(by[0]) + len(products[0]) + 6
    longest = max(cell_width(names[place]) for place in order.tolist())
    longest = min(longest, MOST_NAME, width - numbers - (2 if marked else 0))
    if longest < 1:
        return Cells(width, 0)
    end = (2 if marked else 0) + longest + numbers
    bars = width - end - 2
    bars = 0 if bars < 9 else min(41, bars - 1 + bars % 2)
    cells = Cells(width, 1 + len(order) + bool(left_out))
    given = exact_column([a]).texts[0]
    words = (f"gives {given} to {where}", f"gives {given} to", f"gives {given}")
    heading = next((each for each in words if cell_width(each) <= width), "")
    cells.place(0, 0, caption(heading, width))
    offset = int(len(names) == 1 and it.network.classes == 2)
    largest = largest_of(weights.astype(np.float64) * a)
    for row, (at, place) in enumerate(enumerate(order.tolist()), start=1):
        column = 0
        if marked:
            column = cells.write(row, 0, *class_marker(place + offset)) + 1
        cells.write(row, column, cut(names[place], longest), ink(TEXT))
        cells.write(row, column + longest, " × ", ink(DIM))
        cells.write(row, column + longest + 3, by[at], ink(TEXT))
        cells.write_right(row, end - len(products[at]), " = ", ink(DIM))
        cells.write_right(row, end, products[at], ink(TEXT))
        if bars:
            draw_bar(cells, row, end + 2, bars, float(weights[place]) * a, largest)
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
