"""Formula and result of a unit in the inspector: the lines above and below its sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui.drawing.cells import cut
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    aligned,
    bright_text,
    dim_text,
    flow,
    number,
    plain_text,
    small,
)

if TYPE_CHECKING:
    from tui.drawing.cells import Cells


def formula_of(it: Inspected) -> str:
    """Return the formula of the unit, such as a = tanh(w·x + b)."""
    layer = it.trace.layers[it.cursor.layer]
    x = "h" if it.cursor.layer else "x"
    inner = f"w·{x} + b" if layer.biases.size else f"w·{x}"
    if layer.norm is not None:
        inner = f"norm(w·{x})"
    name = layer.activation.name
    return f"z = {inner}" if it.is_output or name == "linear" else f"a = {name}({inner})"


def draw_head(it: Inspected, width: int) -> Cells:
    """Return the formula and the sample."""
    words = [[bright_text(formula_of(it))]]
    inputs = it.trace.layers[0].inputs
    sample = ""
    if it.cursor.layer:
        sample = f"h = outputs of hidden layer {it.cursor.layer}"
    elif len(inputs) <= 4:
        values = ", ".join(text.strip() for text in aligned(inputs, whole=True))
        sample = f"for the sample x = ({values})"
    if sample:
        words.append([plain_text(sample)])
    drawn = flow(words, width, gap=2)
    if it.network.classes:
        # the border names the sample too, so that it needs no line of its own
        whole = flow([*words, [dim_text("class "), *it.class_words(it.label)]], width, gap=2)
        drawn = whole if whole.height == drawn.height else drawn
    return drawn


def draw_result(it: Inspected, width: int) -> Cells:
    """Return the activation or the output computed from z."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    z, a = float(layer.z[unit]), float(layer.a[unit])
    if not it.is_output:
        name = layer.activation.name
        result = (
            f"a = z = {number(a)}" if name == "linear" else f"{name}({number(z)}) = {number(a)}"
        )
        if name != "linear":
            result = f"a = {result}"
        return flow([[bright_text(result)]], width)
    if not it.network.classes:
        shift, scale = it.data.preparation.target_units(unit)
        name = cut(it.unit_names(it.cursor.layer)[unit], MOST_NAME)
        value = z * scale + shift
        if (shift, scale) == (0, 1):
            result = f"{name} = z = {number(value)}"
        else:
            sign, size = ("−", -shift) if shift < 0 else ("+", shift)
            result = f"{name} = {small(scale)} × z {sign} {small(size)} = {number(value)}"
        true = float(np.asarray(it.data.y_train[it.cursor.sample]).reshape(-1)[unit])
        true = true * scale + shift
        return flow([[bright_text(result)], [dim_text("true "), plain_text(number(true))]], width)
    label = 1 if len(layer.z) == 1 else unit
    name = cut(it.unit_names(it.cursor.layer)[unit], MOST_NAME)
    probability = number(float(it.trace.predictions[label]))
    how = {
        "binary_cross_entropy": "sigmoid(z)",
        "mean_squared_error": "z in [0, 1], by their sum",
        "mean_absolute_error": "z in [0, 1], by their sum",
        "huber": "z in [0, 1], by their sum",
    }.get(it.network.loss.name, "softmax(z)")
    return flow([[bright_text(f"p({name}) = {how} = {probability}")]], width)
