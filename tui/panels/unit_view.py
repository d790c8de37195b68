"""The inspector's unit view: how one unit comes to its output, in numbers, and what it has learnt."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

import numpy as np

from core.diagnostics import MOST_SAMPLES
from core.inspection import quantize
from core.planes import Plane, Window
from core.trace import UnitFacts, unit_facts
from tui.cells import Cells, cell_width, cut
from tui.curves import nice_ceiling
from tui.palette import ACCENT, BRIGHT, DIM, DIVERGING, FAINT, SEQUENTIAL, TEXT, WARNING, ink
from tui.panels.inspected import (
    Inspected,
    aligned,
    beside,
    bright,
    caption,
    colour_of,
    draw_bar,
    flow,
    largest_of,
    marker_of,
    number,
    plain,
    quiet,
    small,
    stacked,
)
from tui.panels.map_drawing import half_blocks
from tui.panels.panel import message
from tui.panels.residuals import BLOCKS

if TYPE_CHECKING:
    from core.activations import Activation
    from core.arrays import Array
    from core.planes import PlaneChoice
    from tui.panels.panel import ViewOptions
    from tui.session import Session

TWO_COLUMNS_FROM: Final = 70
SIDE_BY_SIDE_FROM: Final = 50
FEWEST_TERMS: Final = 4
MOST_TARGETS: Final = 10
MOST_NAME: Final = 20
MOST_MAP: Final = 18
"""Rows of its map, with those of its caption."""
GAP: Final = 2
EMPTY_BELOW: Final = "What one unit does with one sample, number by number."


class UnitView:
    """Draws the unit under the cursor; keeps the places of its map."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._inputs: Array = np.empty((0, 0))
        self._window = Window(0, 1, 0, 1, 1, 1)
        self._plane = Plane(np.zeros(2), np.eye(2), np.eye(2), ("", ""))

    def __call__(self, session: Session, options: ViewOptions, width: int, height: int) -> Cells:
        """Return the view; it may be higher than `height`, what matters most stands first."""
        inspected = Inspected.of(session, options)
        if inspected is None:
            return message(width, height, EMPTY_BELOW)
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
        facts = unit_facts(it.network, cursor.layer, cursor.unit, it.data.x_train[:MOST_SAMPLES])
        head = _head(it, width)
        if width >= TWO_COLUMNS_FROM:
            left_width = max(46, width // 2)
            right_width = width - left_width - GAP
            result, outgoing = _result(it, left_width), _outgoing(it, left_width, MOST_TARGETS)
            notes = _notes(it, facts, left_width)
            rows = height - head.height - result.height - notes.height
            if rows - outgoing.height < FEWEST_TERMS + _tail(it):
                outgoing = _outgoing(it, left_width, 3)
            terms = _sum(it, left_width, max(rows - outgoing.height, FEWEST_TERMS + _tail(it)))
            spare = rows - outgoing.height - terms.height
            gap = Cells(left_width, int(spare >= 2))
            left = stacked([terms, result, notes, gap, outgoing], left_width)
            right = self._right(it, facts, plane, right_width, height - head.height)
            return stacked([head, beside(left, right, GAP)], width)
        result, notes = _result(it, width), _notes(it, facts, width)
        outgoing = _outgoing(it, width, 6 if height >= 24 else 3)
        used = head.height + result.height + notes.height + outgoing.height
        fewest = FEWEST_TERMS + _tail(it)
        histogram_rows = _histogram_rows(it)
        if width >= SIDE_BY_SIDE_FROM:
            smallest = max(8, histogram_rows)
            terms = _sum(it, width, max(fewest, height - used - smallest))
            spare = height - used - terms.height - smallest
            gap = Cells(width, int(spare >= 3))
            rows = smallest + max(0, min(6, spare - 3))
            half = (width - GAP) // 2
            tall = max(1, min(4, (rows - 2) // (histogram_rows - 2)))
            histogram = _histogram(it, facts, half, rows, tall)
            picture = self._picture(it, plane, width - half - GAP, rows)
            below = [gap, beside(histogram, picture, GAP)]
        else:
            gap = Cells(width, 0)
            below = [
                _histogram(it, facts, width, histogram_rows),
                self._picture(it, plane, width, 9),
            ]
            terms = _sum(it, width, max(fewest, height - used - histogram_rows - 9))
        return stacked([head, terms, result, notes, gap, outgoing, *below], width)

    def _right(
        self, it: Inspected, facts: UnitFacts, plane: PlaneChoice, width: int, height: int
    ) -> Cells:
        rows = _histogram_rows(it)
        groups = rows - 2
        tall = max(1, min(4, 1 + (height - rows - 14) // groups, (height - 11) // groups))
        histogram = _histogram(it, facts, width, rows + groups * (tall - 1), tall)
        left = max(6, min(MOST_MAP, height - histogram.height - 1))
        gap = Cells(width, 1 if histogram.height + left < height else 0)
        return stacked([histogram, gap, self._picture(it, plane, width, left)], width)

    # --- pictures

    def _picture(self, it: Inspected, plane: PlaneChoice, width: int, height: int) -> Cells:
        """Return its weights, where they are those of a picture, or its own map."""
        image = it.data.preparation.image
        if image is not None and it.cursor.layer == 0 and not it.data.preparation.extra:
            return _images(it, image, width, height)
        return self._map(it, plane, width, height)

    def _map(self, it: Inspected, plane: PlaneChoice, width: int, height: int) -> Cells:
        rows = height - 1
        # where there is room, beside it stands what its colours mean
        columns = min(width - 8 if width >= 40 else width, max(12, 3 * rows))
        if rows < 1 or columns < 4:
            return Cells(width, height)
        single = len(it.data.feature_names) == 1
        self._lay_out(it, plane, columns, 1 if single else 2 * rows)
        outputs = _outputs_at(it, self._inputs)
        colours, low, high = scale_of(it.trace.layers[it.cursor.layer].activation, outputs)
        pixels = quantize(outputs, len(colours), low, high).reshape(-1, columns)
        if single:
            pixels = pixels.repeat(2 * rows, axis=0)
        cells = Cells(width, height)
        across, up = self._plane.names
        told = across if single else f"{across} × {up}"
        cells.place(0, 0, caption(f"its map over {told}", width))
        cells.place(1, 0, half_blocks(pixels, colours))
        features = it.data.preparation.features(it.data.x_train[[it.cursor.sample]])
        coordinates = self._plane.coordinates(features)
        at_row, at_column = (int(each[0]) for each in self._window.pixels(coordinates))
        if single:
            at_row = rows
        marker = marker_of(it.label) if it.network.classes else "●"
        paper = colours[int(pixels[at_row, at_column])]
        cells.write(1 + at_row // 2, at_column, marker, ink("#ffffff", paper, bold=True))
        if columns + 8 <= width:
            self._key_of_colours(cells, columns + 2, colours, low, high)
        return cells

    @staticmethod
    def _key_of_colours(
        cells: Cells, column: int, colours: tuple[str, ...], low: float, high: float
    ) -> None:
        rows = cells.height - 1
        levels = np.linspace(len(colours) - 1, 0, rows).round().astype(int).tolist()
        for row, level in enumerate(levels, start=1):
            cells.write(row, column, "  ", ink(background=colours[level]))
        if column + 3 + max(len(f"{low:g}"), len(f"{high:g}")) <= cells.width:
            cells.write(1, column + 3, f"{high:g}".replace("-", "−"), ink(DIM))
            cells.write(rows, column + 3, f"{low:g}".replace("-", "−"), ink(DIM))

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


def scale_of(activation: Activation, outputs: Array) -> tuple[tuple[str, ...], float, float]:
    """Return the colours of a unit's outputs, and the two values at their ends."""
    high = 1.0
    if not activation.saturates:
        high = nice_ceiling(max(0.1, largest_of(outputs)))
    if activation.scale in {"diverging", "unbounded"}:
        return DIVERGING, -high, high
    return SEQUENTIAL, 0.0, high


def _outputs_at(it: Inspected, x: Array) -> Array:
    if it.is_output:
        return it.network.logits(x)[:, it.cursor.unit]
    return it.network.hidden_outputs(x)[it.cursor.layer][:, it.cursor.unit]


def _images(it: Inspected, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return a unit's weights, the sample, and their products, as pictures side by side."""
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


# --- the sum


def formula_of(it: Inspected) -> str:
    """Return what the unit computes: a = tanh(w·x + b)."""
    layer = it.trace.layers[it.cursor.layer]
    x = "h" if it.cursor.layer else "x"
    inner = f"norm(w·{x})" if layer.norm is not None else f"w·{x} + b"
    name = layer.activation.name
    return f"z = {inner}" if it.is_output or name == "linear" else f"a = {name}({inner})"


def _head(it: Inspected, width: int) -> Cells:
    words = [[bright(formula_of(it))]]
    inputs = it.trace.layers[0].inputs
    told = ""
    if it.cursor.layer:
        told = f"h = outputs of hidden layer {it.cursor.layer}"
    elif len(inputs) <= 4:
        told = f"for the sample x = ({', '.join(text.strip() for text in aligned(inputs, whole=True))})"
    if told:
        words.append([plain(told)])
    if it.network.classes:
        words.append([quiet("class "), *it.class_words(it.label)])
    return flow(words, width, gap=2)


def _tail(it: Inspected) -> int:
    """Return how many rows a sum has below its terms."""
    return 2 if it.trace.layers[it.cursor.layer].norm is None else 5


def _sum(it: Inspected, width: int, height: int) -> Cells:
    """Return each input × weight = product, as many as fit, down to z."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    names = it.input_names(it.cursor.layer)
    products, weights = layer.products(unit), layer.weights[:, unit]
    most = max(2, height - _tail(it))
    heading = most > len(products)
    order = np.arange(len(products))
    if len(products) > most:
        sizes = np.nan_to_num(np.abs(products), nan=np.inf)
        order = np.argsort(-sizes, kind="stable")[: most - 1]
    left_out = len(products) - len(order)
    rest = float(products.sum() - products[order].sum())

    # name, first operand, second operand, result; the first has what a sum has of its own
    rows: list[tuple[str, str, str, float]] = []
    given = aligned(layer.inputs[order].tolist(), whole=True)
    norm = layer.norm
    operands: list[float] = weights[order].tolist()
    if norm is not None:
        operands += [float(each[unit]) for each in (norm.mean, norm.scale, norm.gamma, norm.beta)]
    by = aligned(operands)
    for at, place in enumerate(order.tolist()):
        rows.append((names[place], given[at], by[at], float(products[place])))
    if left_out:
        rows.append((f"… {left_out:,} more", "", "", rest))
    if norm is None:
        rows.append(("bias", "", "", float(layer.biases[unit])))
        rows.append(("z", "", "", float(layer.z[unit])))
    else:
        shifted = float(norm.z[unit]) - float(norm.mean[unit])
        normed, gamma = float(norm.normed[unit]), float(norm.gamma[unit])
        steps = by[len(order) :]
        rows += [
            ("w·x", "", "", float(norm.z[unit])),
            ("− running mean", "", steps[0], shifted),
            ("÷ √(σ² + ε)", "", steps[1], normed),
            ("× γ", "", steps[2], gamma * normed),
            ("+ β: z", "", steps[3], float(layer.z[unit])),
        ]
    return _table(rows, weights[order], width, heading=heading)


def _table(
    rows: list[tuple[str, str, str, float]], weights: Array, width: int, *, heading: bool
) -> Cells:
    results = aligned(row[3] for row in rows)
    first, second, last = (
        max(map(len, texts), default=1)
        for texts in ([row[1] for row in rows], [row[2] for row in rows], results)
    )
    numbers_width = first + 3 + second + 3 + last
    longest = max(cell_width(row[0]) for row in rows)
    whole = width >= numbers_width
    names = min(longest, MOST_NAME, max(0, width - numbers_width - 1)) if whole else 0
    names = 0 if names < 2 else names
    start = names + 1 if names else 0
    end = start + numbers_width if whole else min(width, max(last, longest + 3 + last))
    top = 1 if heading and whole else 0
    cells = Cells(width, len(rows) + top)
    if end < last:
        return Cells(width, 0)
    bars = width - end - 2
    bars = 0 if bars < 7 or not whole else min(41, bars - 1 + bars % 2)
    dim, text = ink(DIM), ink(TEXT)
    if top:
        cells.write_right(0, start + first, "x", dim)
        cells.write_right(0, start + first + 3 + second, "w", dim)
        cells.write_right(0, end, "w·x" if last >= 3 else "=", dim)
        if bars:
            cells.write(0, end + 2 + bars // 2 - min(3, bars // 2), "weight", dim)
    largest = largest_of(weights)
    for at, ((name, left, right, _), result) in enumerate(zip(rows, results, strict=True)):
        row = at + top
        term = at < len(weights)
        is_z = at == len(rows) - 1
        if whole:
            # a word of the sum's own has the room of its operands, too
            room = names if left else start + first + (0 if right else 3 + second)
            if room > 0:
                cells.write(row, 0, cut(name, room), text if term or is_z else dim)
            if left:
                cells.write_right(row, start + first, left, text)
                cells.write(row, start + first + 1, "×", dim)
            cells.write_right(row, start + first + 3 + second, right, text)
            cells.write(row, end - last - 2, "=", dim)
        else:
            cells.write(row, 0, cut(name, max(0, end - last - 3)), text if term else dim)
            if end - last >= 3:
                cells.write(row, end - last - 2, "=", dim)
        its_ink = ink(BRIGHT, bold=True) if is_z else text
        cells.write_right(row, end, result.rjust(last), its_ink)
        if bars and term:
            draw_bar(cells, row, end + 2, bars, float(weights[at]), largest)
    return cells


def _result(it: Inspected, width: int) -> Cells:
    """Return what becomes of z."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    z, a = float(layer.z[unit]), float(layer.a[unit])
    if not it.is_output:
        name = layer.activation.name
        told = f"a = z = {number(a)}" if name == "linear" else f"{name}({number(z)}) = {number(a)}"
        if name != "linear":
            told = f"a = {told}"
        return flow([[bright(told)]], width)
    if not it.network.classes:
        shift, scale = it.data.preparation.target_units(unit)
        name = cut(it.unit_names(it.cursor.layer)[unit], MOST_NAME)
        value = z * scale + shift
        if (shift, scale) == (0, 1):
            told = f"{name} = z = {number(value)}"
        else:
            sign, size = ("−", -shift) if shift < 0 else ("+", shift)
            told = f"{name} = {small(scale)} × z {sign} {small(size)} = {number(value)}"
        true = float(np.asarray(it.data.y_train[it.cursor.sample]).reshape(-1)[unit])
        true = true * scale + shift
        return flow([[bright(told)], [quiet("true "), plain(number(true))]], width)
    label = 1 if len(layer.z) == 1 else unit
    name = cut(it.unit_names(it.cursor.layer)[unit], MOST_NAME)
    probability = number(float(it.trace.predictions[label]))
    how = {
        "binary_cross_entropy": "sigmoid(z)",
        "mean_squared_error": "z in [0, 1], by their sum",
        "mean_absolute_error": "z in [0, 1], by their sum",
        "huber": "z in [0, 1], by their sum",
    }.get(it.network.loss.name, "softmax(z)")
    return flow([[bright(f"p({name}) = {how} = {probability}")]], width)


def _notes(it: Inspected, facts: UnitFacts, width: int) -> Cells:
    """Return its gradient for this sample, and what keeps it from learning."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    norm = float(np.linalg.norm(layer.inputs.astype(np.float64)) * abs(layer.sum_delta[unit]))
    words = [
        [quiet("slope "), plain(small(float(layer.slope[unit])))],
        [quiet("∂L/∂z "), plain(small(float(layer.delta[unit])))],
        [quiet("‖∂L/∂w‖ "), plain(small(norm))],
    ]
    if it.is_output:
        words = words[1:]
    last = it.last_batch_norm()
    if last is not None:
        words.append([quiet("on the last batch "), plain(small(last))])
    blocks = [flow(words, width)]
    told, samples = "", len(facts.outputs)
    name = layer.activation.name
    if not np.isfinite(facts.outputs).all():
        told = "its outputs are not all finite"
    elif facts.dead:
        told = f"dead: {name} has no slope at any of {samples:,} samples, so it learns nothing"
    elif facts.saturated:
        told = (
            f"saturated: near a bound of {name} at {100 * facts.near_bound:.0f} % of {samples:,} "
            "samples, so it learns little"
        )
    if told:
        lines = wrap(told, max(8, width))
        cells = Cells(width, len(lines))
        for row, line in enumerate(lines):
            cells.write(row, 0, line, ink(WARNING))
        blocks.append(cells)
    return stacked(blocks, width)


def _outgoing(it: Inspected, width: int, most: int) -> Cells:
    """Return the weights with which the next layer takes its output, the largest that fit."""
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
            column = cells.write(row, 0, marker_of(label), ink(colour_of(label))) + 1
        cells.write(row, column, cut(names[place], longest), ink(TEXT))
        cells.write_right(row, end, text, ink(TEXT))
        if bars:
            draw_bar(cells, row, end + 2, bars, float(weights[place]), largest_of(weights))
    if left_out:
        cells.write(cells.height - 1, 0, cut(f"… {left_out:,} more", width), ink(DIM))
    return cells


# --- over all samples


def _histogram_rows(it: Inspected) -> int:
    return 2 + max(1, it.network.classes)


def _histogram(it: Inspected, facts: UnitFacts, width: int, height: int, tall: int = 1) -> Cells:
    """Return how often it gives which output, a row of bars for each class."""
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
    _, low, high = scale_of(activation, facts.outputs)
    counts = facts.histogram(labels, groups, bins, low, high)
    totals = np.maximum(1, counts.sum(axis=1, keepdims=True))
    shares = counts / totals
    # a root: what is rare can still be seen beside what is frequent
    heights = np.sqrt(shares / max(float(shares.max(initial=0.0)), 1e-12))
    eighths = np.ceil(heights * 8 * tall - 1e-9).astype(np.int64)
    row = 1
    for group in range(groups):
        if row + tall >= height:
            # of the last row, what has no room is told
            left = groups - group
            if left:
                cells.write(row, 0, cut(f"… {left} more classes", width), ink(DIM))
            return cells
        levels = np.clip(eighths[group] - 8 * np.arange(tall)[::-1, None], 0, 8)
        area = slice(row, row + tall), slice(name_width, name_width + bins)
        cells.glyphs[area] = np.array(list(BLOCKS))[levels]
        cells.inks[area] = ink(colour_of(group) if it.network.classes else TEXT)
        if names:
            words_of = it.class_words(group)
            column = cells.write(row + tall - 1, 0, *words_of[0])
            cells.write(row + tall - 1, column, cut(words_of[1][0], name_width - 2), ink(TEXT))
        row += tall
    _histogram_axis(cells, row, name_width, bins, (low, high), it)
    return cells


def _histogram_axis(
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
        # beside the two numbers, and not over them
        at = int(np.clip((a - low) / (high - low) * bins, len(left) - 1, bins - len(right)))
        cells.write(row, start + at, "▴", ink(ACCENT))
