"""Sample view of the inspector: forward and backward pass of one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, BRIGHT, DIM, DIVERGING, LEGIBLE, TEXT, ink
from tui.panels.boundary.map_drawing import half_blocks
from tui.panels.colour_scales import OutputScale
from tui.panels.inspector.inspected import (
    LABEL,
    Inspected,
    aligned,
    caption,
    dim_text,
    flow,
    largest_of,
    plain_text,
    stacked,
)
from tui.panels.inspector.sample_answer import MOST_NAME, draw_answer, draw_loss
from tui.panels.inspector.sample_back import draw_back
from tui.panels.panel import centred_text

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
        return _joined(_stages(it, width - MARGIN, height, upto), width, step)


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
    inputs = _inputs(it, width, 2 if height < 20 else 4)
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
    stages += [Stage(UNMARKED, Cells(width, gap)), Stage(count, answer)]
    stages += [Stage(count + 1, loss), Stage(UNMARKED, Cells(width, gap))]
    heading, rows_back = draw_back(it, width)
    stages.append(Stage(count + 2, heading))
    for back, row in enumerate(rows_back):
        stages.append(Stage(count + 2 + back, row))
    return stages


# --- forward pass


def _inputs(it: Inspected, width: int, most: int) -> Cells:
    """Return the features in their own units, as many as fit."""
    data, cursor = it.data, it.cursor
    image = data.preparation.image
    features = data.preparation.features(data.x_train[[cursor.sample]])[0]
    if image is not None and most > 2:
        return _image(features, image, width)
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


def _image(features: Array, image: tuple[int, int], width: int) -> Cells:
    rows, columns = image
    high = largest_of(features) or 1.0
    pixels = quantize(features, len(DIVERGING), -high, high).reshape(rows, columns)
    if rows % 2:
        pixels = np.concatenate([pixels, np.full_like(pixels[:1], len(DIVERGING) // 2)])
    picture = half_blocks(pixels, DIVERGING)
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
