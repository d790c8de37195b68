"""Backward pass of one sample in the inspector: a row per layer, the last layer first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import BRIGHT, DIM, DIVERGING, TEXT, ink, train_marker
from tui.panels.inspector.inspected import LABEL, Inspected, largest_of, small

if TYPE_CHECKING:
    from core.arrays import Array

MOST_NAME: Final = 20


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
