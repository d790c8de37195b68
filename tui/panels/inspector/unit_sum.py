"""Computation of a unit's output in the inspector: products, sum and activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import BRIGHT, DIM, TEXT, ink
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    aligned,
    bright_text,
    dim_text,
    draw_bar,
    flow,
    largest_of,
    number,
    plain_text,
    small,
)

if TYPE_CHECKING:
    from core.arrays import Array


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


def tail_rows(it: Inspected) -> int:
    """Return the rows of a sum below its terms."""
    layer = it.trace.layers[it.cursor.layer]
    if layer.norm is not None:
        return 5
    return 2 if layer.biases.size else 1


def draw_sum(it: Inspected, width: int, height: int) -> Cells:
    """Return the rows input × weight = product, as many as fit, and the sum z."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    names = it.input_names(it.cursor.layer)
    products, weights = layer.products(unit), layer.weights[:, unit]
    most = max(2, height - tail_rows(it))
    heading = most > len(products)
    order = np.arange(len(products))
    if len(products) > most:
        sizes = np.nan_to_num(np.abs(products), nan=np.inf)
        order = np.argsort(-sizes, kind="stable")[: most - 1]
    left_out = len(products) - len(order)
    rest = float(products.sum() - products[order].sum())

    # name, first operand, second operand, result
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
        if layer.biases.size:
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
            # a row without operands has their room for its name
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
