"""Sample view of the inspector: forward pass, prediction and loss of one sample, and backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    DIM,
    DIVERGING,
    FAINT,
    LEGIBLE,
    TEXT,
    class_marker,
    class_point,
    ink,
    train_marker,
)
from tui.panels.colour_scales import OutputScale
from tui.panels.inspector.inspected import (
    LABEL,
    MOST_NAME,
    Inspected,
    aligned,
    bright_text,
    caption,
    coloured_markers,
    dim_text,
    flow,
    largest_of,
    number,
    plain_text,
    small,
    stacked,
)
from tui.panels.inspector.step_sums import draw_step
from tui.panels.panel import centred_text
from tui.panels.pixels import draw_pixels

if TYPE_CHECKING:
    from core.arrays import Array
    from tui.panels.panel import StyledText
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

MARGIN: Final = 2
"""Columns for the mark of the current step."""
MOST_CLASSES: Final = 10
MOST_STRIP: Final = 6
"""Largest number of rows for the outputs of a layer."""
FEWEST_SUMS, MOST_SUMS = 3, 7
"""Rows for the sums of a step in slow motion, which stay the same from step to step."""
UNMARKED: Final = -1
EMPTY: Final = "The forward pass of one sample to its loss, and the backward pass of the gradient."


class Stage(NamedTuple):
    """Block of rows that one step adds."""

    step: int
    cells: Cells


def draw_sample(
    run: RunModel,
    options: ViewOptions,
    width: int,
    height: int,
    step: int | None = None,
    unit: int | None = None,
) -> Cells:
    """Return the view up to a step and a unit of it; it may be higher than `height`.

    Args:
        run: model of the run.
        options: view options with the cursor.
        width: width of the view.
        height: available rows.
        step: last shown step; None for all.
        unit: last computed unit of the step's layer; None for all.
    """
    it = Inspected.of(run, options)
    if it is None:
        return centred_text(width, height, EMPTY)
    if width < 12:
        return Cells(width, height)
    with np.errstate(all="ignore"):
        upto = None if step is None or unit is None else (step - 1, unit + 1)
        if step is None:
            return _joined(_stages(it, width - MARGIN, height, upto), width, step)
        rows = min(MOST_SUMS, max(FEWEST_SUMS, height // 3))
        sums = Cells(width, rows + 1)
        sums.place(0, 1, draw_step(it, step, unit, width - 2, rows))
        sums.write(rows, 0, "─" * width, ink(FAINT))
        stages = _stages(it, width - MARGIN, height - sums.height, upto)
        return stacked([sums, _joined(stages, width, step)], width)


def _joined(stages: list[Stage], width: int, step: int | None) -> Cells:
    """Return the stages stacked vertically, with empty rows for later steps."""
    blocks = []
    for stage in stages:
        block = Cells(width, stage.cells.height)
        if step is None or stage.step <= step:
            block.place(0, MARGIN, stage.cells)
        if stage.step == step:
            for row in range(block.height):
                block.write(row, 0, "▌", ink(ACCENT))
        blocks.append(block)
    return stacked(blocks, width)


def _stages(it: Inspected, width: int, height: int, upto: tuple[int, int] | None) -> list[Stage]:
    layers = it.trace.layers
    count = len(layers)
    # the layers share the rows that the other stages leave
    inputs = _inputs(it, width, 2 if height < 20 else 4, height // 3)
    loss = draw_loss(it, width)
    rows = height - inputs.height - loss.height - (1 + count)
    answer = draw_answer(it, width, min(MOST_CLASSES, max(3, rows - count)))
    spare = max(0, rows - answer.height - count)
    tall = []
    for layer in range(count):
        wanted = min(_rows_wanted(it, layer, width), MOST_STRIP)
        tall.append(1 + min(spare, wanted - 1))
        spare -= tall[-1] - 1
    gap = 1 if spare >= 3 else 0
    stages = [Stage(0, inputs), Stage(UNMARKED, Cells(width, gap))]
    for layer in range(count):
        units = upto[1] if upto is not None and upto[0] == layer else None
        stages.append(Stage(layer + 1, _forward(it, layer, width, tall[layer], units)))
    if upto is not None and upto[0] == it.hidden and upto[1] < len(layers[-1].z):
        answer = Cells(width, answer.height)  # the other outputs are not computed yet
    stages += [Stage(UNMARKED, Cells(width, gap)), Stage(count, answer)]
    stages += [Stage(count + 1, loss), Stage(UNMARKED, Cells(width, gap))]
    heading, rows_back = draw_back(it, width)
    stages.append(Stage(count + 2, heading))
    for back, row in enumerate(rows_back):
        stages.append(Stage(count + 2 + back, row))
    return stages


# --- forward pass


def _inputs(it: Inspected, width: int, most: int, picture_rows: int) -> Cells:
    """Return the features in their own units, as many as fit, or the picture that they are."""
    data, cursor = it.data, it.cursor
    image = data.preparation.image
    features = data.preparation.features(data.x_train[[cursor.sample]])[0]
    if image is not None and most > 2:
        return _image(features, image, width, max(most, picture_rows))
    names = it.input_names(0)[: len(features)]
    order = np.arange(len(features))
    if data.preparation.text is not None or image is not None:
        # of very many, the most relevant ones
        order = np.argsort(-np.abs(features), kind="stable")
        order = order[: max(1, int(np.count_nonzero(features)))]
    label: StyledText = [plain_text("features".ljust(LABEL - 3))]
    shown = 0
    best = flow([label], width)
    for upto in range(1, len(order) + 1):
        left = len(features) - upto
        parts = [label] + [
            [
                dim_text(f"{cut(names[place], MOST_NAME)} "),
                plain_text(_feature(float(features[place]))),
            ]
            for place in order[:upto].tolist()
        ]
        more: list[StyledText] = [[dim_text(f"… {left:,} more")]] if left else []
        drawn = flow([*parts, *more], width, indent=LABEL)
        if shown and drawn.height > most:
            break
        best, shown = drawn, upto
    return best


def _feature(value: float) -> str:
    """Return a feature as measured, without the rounding noise of scaling and back."""
    return f"{value:.5g}".replace("-", "−")


def _image(features: Array, image: tuple[int, int], width: int, most: int) -> Cells:
    """Return the pixels of the sample, as large as the rows allow."""
    rows, columns = image
    picture = draw_pixels(features, image, width - LABEL, most)
    cells = Cells(width, max(1, picture.height))
    cells.write(0, 0, "features", ink(TEXT))
    cells.place(0, LABEL, picture)
    summary = f"{rows} × {columns} pixels, from {features.min():g} to {features.max():g}"
    summary = summary.replace("-", "−")
    start = LABEL + picture.width + 2
    if start + len(summary) <= width:
        cells.write(0, start, summary, ink(DIM))
    return cells


def _forward(it: Inspected, layer: int, width: int, rows: int, units: int | None) -> Cells:
    """Return the (first) outputs of a layer as coloured cells, with numbers if they fit."""
    trace = it.trace.layers[layer]
    values = trace.z if layer == it.hidden else trace.a
    name = "outputs z" if layer == it.hidden else it.layer_name(layer)
    scale = OutputScale.of(trace.activation, values)
    marked = it.cursor.unit if it.cursor.layer == layer else None
    texts, across, in_a_row = _numbers_in_a_row(values, width)
    room = width - LABEL
    levels = scale.levels(values).tolist()
    with_numbers = room >= across and -(-len(values) // in_a_row) <= rows
    if not with_numbers:
        across, in_a_row = (2, room // 2) if len(values) * 2 <= room else (1, room)
    if in_a_row < 1:
        return caption(name, width)
    needed = -(-len(values) // in_a_row)
    cells = Cells(width, min(rows, needed))
    cells.write(0, 0, name, ink(BRIGHT if layer == it.cursor.layer else TEXT))
    shown = len(values)
    if needed > rows:
        words = f" … {len(values):,}"
        shown = max(0, rows * in_a_row - len(words))
        cells.write_right(rows - 1, width, words, ink(DIM))
    for unit in range(shown if units is None else min(shown, units)):
        row, column = unit // in_a_row, LABEL + unit % in_a_row * across
        paper = scale.colours[levels[unit]]
        its_ink = ink(LEGIBLE, paper, bold=unit == marked)
        if with_numbers:
            text = texts[unit].center(across)
            text = f"▐{texts[unit]}▌" if unit == marked else text
        else:
            text = ("◂▸"[:across] if across == 2 else "▪") if unit == marked else " " * across
        cells.write(row, column, text, its_ink)
    return cells


def _rows_wanted(it: Inspected, layer: int, width: int) -> int:
    """Return the rows that the outputs of a layer need as numbers, or else as colours."""
    values = it.trace.layers[layer].a
    _, across, in_a_row = _numbers_in_a_row(values, width)
    as_numbers = -(-len(values) // in_a_row)
    if across <= width - LABEL and as_numbers <= MOST_STRIP:
        return as_numbers
    return -(-len(values) // max(1, width - LABEL))


def _numbers_in_a_row(values: Array, width: int) -> tuple[list[str], int, int]:
    """Return numbers, the width of each with its padding, and the count per row."""
    texts = aligned(values.tolist())
    across = max(len(text) for text in texts) + 2
    return texts, across, max(1, (width - LABEL) // across)


def draw_answer(it: Inspected, width: int, most: int) -> Cells:
    """Return the probabilities as bars, or true and predicted values in their own units."""
    return _probabilities(it, width, most) if it.network.classes else _numbers(it, width, most)


def _probabilities(it: Inspected, width: int, most: int) -> Cells:
    probabilities = it.trace.predictions.astype(np.float64)
    names = [
        cut(it.class_words(label)[1][0].strip(), MOST_NAME) for label in range(len(probabilities))
    ]
    order = np.arange(len(probabilities))
    if len(order) > most:
        # the true class is always shown
        keys = np.nan_to_num(probabilities, nan=-1.0)
        keys[it.label] = 2.0
        order = np.sort(np.argsort(-keys, kind="stable")[: max(1, most - 1)])
    left = len(probabilities) - len(order)
    longest = max(cell_width(names[label]) for label in order.tolist())
    longest = max(1, min(longest, width - 10))
    cells = Cells(width, len(order) + bool(left))
    # before the bars: marker, name, and a number of five digits
    start = 2 + longest + 1 + 5 + 1
    ends = {it.label: "◂ true", it.trace.predicted: "◂ predicted"}
    if it.label == it.trace.predicted:
        ends = {it.label: "◂ true, predicted"}
    tail = max(map(len, ends.values())) + 1
    bars = width - start - tail
    for row, label in enumerate(order.tolist()):
        stands_out = label in ends
        its_ink = ink(BRIGHT if stands_out else TEXT)
        cells.write(row, 0, *class_marker(label))
        cells.write(row, 2, names[label], its_ink)
        value = float(probabilities[label])
        cells.write_right(row, start - 1, f"{value:.3f}" if np.isfinite(value) else "–", its_ink)
        column = start
        if bars >= 4:
            eighths = round(value * bars * 8) if np.isfinite(value) else 0
            text = "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
            column = cells.write(row, start, text, ink(class_point(label))) + 1
        mark = ends.get(label, "")
        for words in (mark, mark[:6] if mark.startswith("◂ true") else mark[:1]):
            if words and column + len(words) <= width:
                cells.write(row, column, words, ink(BRIGHT))
                break
    if left:
        cells.write(cells.height - 1, 2, cut(f"… {left:,} more", width - 2), ink(DIM))
    return cells


def _numbers(it: Inspected, width: int, most: int) -> Cells:
    data = it.data
    row = np.asarray(data.y_train[[it.cursor.sample]], np.float64).reshape(1, -1)
    true = data.preparation.in_units(row)[0]
    predicted = data.preparation.in_units(it.trace.predictions.astype(np.float64)[None])[0]
    names = it.unit_names(it.hidden)
    order = list(range(len(names)))[: most if len(names) <= most else max(1, most - 1)]
    parts: list[Cells] = []
    for target in order:
        texts = aligned([true[target], predicted[target], true[target] - predicted[target]])
        words = [
            [plain_text(cut(names[target], MOST_NAME))],
            [dim_text("true "), plain_text(texts[0].strip())],
            [dim_text("predicted "), bright_text(texts[1].strip())],
            [dim_text("residual "), plain_text(texts[2].strip())],
        ]
        parts.append(flow(words, width))
    if len(order) < len(names):
        parts.append(caption(f"… {len(names) - len(order):,} more", width))
    return stacked(parts, width)


def draw_loss(it: Inspected, width: int) -> Cells:
    """Return the lines with the computation of the loss."""
    words = loss_words(it)
    parts = [
        [bright_text("loss")],
        *([plain_text(each)] for each in words[:-1]),
        [bright_text(words[-1])],
    ]
    return flow(parts, width, gap=1)


def loss_words(it: Inspected) -> list[str]:
    """Return the computation of the loss: formula, numbers if they are few, and value."""
    loss = it.network.loss
    if not loss.class_weights:
        return _unweighted_words(it)
    if loss.smooths and loss.label_smoothing:
        *_, value = _unweighted_words(it)
        terms = f"t smoothed by {loss.label_smoothing:g}, w the class weights"
        return ["= −Σ w·t·log p,", terms, value]
    first, *rest, value = _unweighted_words(it)
    return [first, *rest, f"× class weight {small(it.trace.weight)}", value]


def _unweighted_words(it: Inspected) -> list[str]:
    trace, loss = it.trace, it.network.loss
    value = f"= {small(trace.loss)}"
    z, targets = trace.layers[-1].z.astype(np.float64), trace.targets
    if loss.name in {"softmax_cross_entropy", "binary_cross_entropy"}:
        if loss.label_smoothing:
            return ["= −Σ t·log p,", f"t smoothed by {loss.label_smoothing:g}", value]
        probability = float(trace.predictions[it.label])
        # near one, the complement is more informative than three digits
        shown = number(probability) if probability < 0.9995 else f"(1 − {small(1 - probability)})"
        if probability >= 1:
            shown = "1.000"
        name = cut(it.class_words(it.label)[1][0].strip(), MOST_NAME)
        return [f"= −log p({name})", f"= −log {shown}", value]
    if loss.name == "hinge":
        margins = [
            max(0.0, 1 + float(each) - float(z[it.label]))
            for other, each in enumerate(z)
            if other != it.label
        ]
        terms = _terms([number(margin) for margin in margins], len(z))
        return ["= Σ max(0, 1 + z_other − z_class) / classes", *terms, value]
    differences = z - targets
    if loss.name == "mean_squared_error":
        return [
            "= mean of (z − t)²",
            *_terms([f"({number(d)})²" for d in differences], len(z)),
            value,
        ]
    if loss.name == "mean_absolute_error":
        return [
            "= mean of |z − t|",
            *_terms([f"|{number(d)}|" for d in differences], len(z)),
            value,
        ]
    delta = loss.huber_delta
    sizes = np.abs(differences)
    inner = np.minimum(sizes, delta)
    terms = [number(float(each)) for each in inner * (sizes - inner / 2)]
    return [f"= mean of d²/2, beyond {delta:g} a line,", "d = z − t", *_terms(terms, len(z)), value]


def _terms(texts: list[str], by: int) -> list[str]:
    """Return the text of a mean with its numbers, unless they are many."""
    if len(texts) > 4:
        return []
    if by == 1:
        return [f"= {texts[0]}"]
    return [f"= ({' + '.join(texts)}) / {by}"]


def draw_back(it: Inspected, width: int) -> tuple[Cells, list[Cells]]:
    """Return the headings and a row per layer, from the last to the first."""
    layers = it.trace.layers
    order = range(len(layers) - 1, -1, -1)
    deltas = aligned_small([float(np.linalg.norm(each.delta)) for each in layers])
    gradients = aligned_small([each.weight_gradient_norm for each in layers])
    largest = []
    for layer, each in enumerate(layers):
        names = it.unit_names(layer)
        at = int(np.nan_to_num(np.abs(each.delta), nan=np.inf).argmax())
        name = cut(names[at], MOST_NAME)
        if layer == it.hidden and it.network.classes:
            label = at if len(names) > 1 else 1
            name = f"{train_marker(label)} {name}"
        largest.append((name, small(float(each.delta[at]))))
    delta_width = max(4, *map(len, deltas)) + 2
    gradient_width = max(7, *map(len, gradients)) + 2
    place = LABEL + delta_width + gradient_width + 2
    told_width = max(cell_width(name) + 1 + len(value) for name, value in largest)
    strips = place + max(told_width, 9) + 2
    heading = Cells(width, 1)
    rows = []
    fits = [LABEL + delta_width <= width, place - 2 <= width, place + told_width <= width]
    heading.write(0, 0, "backward" if width >= LABEL else "", ink(DIM))
    for fit, column, word in (
        (fits[0], LABEL + delta_width, "‖δ‖"),
        (fits[1], place - 2, "‖∂L/∂W‖"),
    ):
        if fit:
            heading.write_right(0, column, word, ink(DIM))
    if fits[2]:
        heading.write(0, place, cut("largest δ", width - place), ink(DIM))
    if strips + 8 <= width:
        title = "δ = ∂L/∂z" if strips + 9 <= width else "δ"
        heading.write(0, strips, title, ink(DIM))
    for layer in order:
        row = Cells(width, 1)
        row.write(0, 0, it.layer_name(layer), ink(BRIGHT if layer == it.cursor.layer else TEXT))
        if fits[0]:
            row.write_right(0, LABEL + delta_width, deltas[layer], ink(TEXT))
        if fits[1]:
            row.write_right(0, place - 2, gradients[layer], ink(TEXT))
        if fits[2]:
            name, value = largest[layer]
            column = row.write(0, place, f"{name} ", ink(DIM))
            row.write(0, column, value, ink(TEXT))
            coloured_markers(row)
        if strips + 8 <= width:
            _delta_strip(row, strips, layers[layer].delta)
        rows.append(row)
    return heading, rows


def _delta_strip(row: Cells, start: int, delta: Array) -> None:
    """Write the deltas of a layer as colours on their own scale."""
    room = row.width - start
    high = largest_of(delta) or 1.0
    across = max(1, min(3, room // len(delta)))
    levels = quantize(delta, len(DIVERGING), -high, high).tolist()
    most = room // across
    for unit, level in enumerate(levels[:most]):
        row.write(0, start + unit * across, " " * across, ink(background=DIVERGING[level]))
    if len(levels) > most:
        row.write_right(0, row.width, "…", ink(DIM))


def aligned_small(values: list[float]) -> list[str]:
    """Return numbers of very different magnitude, right-aligned, with three digits each."""
    texts = [small(value) for value in values]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]
