"""Sums of one step in slow motion: what the step computes, with its numbers, as on paper.

Forward: h2 = tanh(0 × −3.388 + 1 × 1.740 − 0.376) = tanh(1.365) = 0.877. Backward: the chain rule.
Numbers are rounded; each result is computed from exact ones.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.cells import Cells, cut
from tui.drawing.palette import BRIGHT, DIM, TEXT, ink, train_marker
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    aligned,
    coloured_markers,
    flow,
    number,
    small,
    stacked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.analysis.trace import LayerTrace
    from core.arrays import Array
    from tui.panels.panel import StyledText

INDENT: Final = 2
UNWRITTEN: Final = "= derivative of the loss"
"""In place of a formula for losses whose derivative is not a single term."""


def draw_step(it: Inspected, step: int, unit: int | None, width: int, rows: int) -> Cells:
    """Return the sums of a step, at most `rows` rows.

    Args:
        it: the sample and its trace.
        step: 0 for the inputs, then each layer, the loss, and each layer backward.
        unit: the unit of the layer that is computed; None for all of its units.
        width: of the block.
        rows: of the block; of longer sums, the largest products are shown.
    """
    layers = len(it.trace.layers)
    if step == 0:
        return _cropped(_lines(_input_words(it), width), rows)
    if step == layers + 1:
        return _cropped(_lines(_loss_words(it), width), rows)
    layer = step - 1 if step <= layers else 2 * layers + 1 - step
    words = _forward if step <= layers else _backward
    units = len(it.trace.layers[layer].a)
    if unit is not None:
        return _cropped(_fitted(partial(words, it, layer, unit), width, rows), rows)
    return _all_units(it, layer, words, width, rows, units)


def _all_units(
    it: Inspected,
    layer: int,
    words: Callable[[Inspected, int, int, int], list[list[str]]],
    width: int,
    rows: int,
    units: int,
) -> Cells:
    """Return a sum per unit, as many as fit, and the number of the others."""
    blocks: list[Cells] = []
    left = rows
    for unit in range(units):
        room = left - int(unit < units - 1)  # the last row counts the units that do not fit
        block = _fitted(partial(_main_line, words, it, layer, unit), width, room)
        if block.height > room:
            break
        blocks.append(block)
        left -= block.height
    if len(blocks) < units and left > 0:
        more = f"{units - len(blocks):,} {'more ' * bool(blocks)}units"
        note = Cells(width, 1)
        note.write(0, 0, cut(f"… {more}; / computes one after the other", width), ink(DIM))
        blocks.append(note)
    return _cropped(stacked(blocks, width), rows)


def _main_line(
    words: Callable[[Inspected, int, int, int], list[list[str]]],
    it: Inspected,
    layer: int,
    unit: int,
    most: int,
) -> list[list[str]]:
    """Return the line with the result: the output, or ∂L/∂z in the backward pass."""
    lines = words(it, layer, unit, most)
    if words is not _backward:
        return lines[-1:]
    # before the lines of ∂L/∂(w·x), with batch normalisation, and of the weights
    at = len(lines) - (2 if it.trace.layers[layer].norm is None else 3)
    return lines[at : at + 1]


def _fitted(words: Callable[[int], list[list[str]]], width: int, rows: int) -> Cells:
    """Return the sums with as many products as fit into the rows, and at least one."""
    block = Cells(width, 0)
    for most in (64, 32, 16, 12, 8, 6, 4, 3, 2, 1):
        block = _lines(words(most), width)
        if block.height <= rows:
            break
    return block


def _cropped(block: Cells, rows: int) -> Cells:
    cells = Cells(block.width, min(rows, block.height))
    cells.place(0, 0, block)
    return cells


def _lines(lines: Sequence[Sequence[str]], width: int) -> Cells:
    return stacked([_flowing(line, width) for line in lines if line], width)


def _flowing(words: Sequence[str], width: int) -> Cells:
    """Return words that are never broken; the result, the last one, is bright."""
    inks = [ink(TEXT)] * (len(words) - 1) + [ink(BRIGHT, bold=True)]
    parts: list[StyledText] = [[pair] for pair in zip(words, inks, strict=True)]
    return coloured_markers(flow(parts, width, gap=1, indent=INDENT))


# --- forward


def _input_words(it: Inspected) -> list[list[str]]:
    inputs = it.trace.layers[0].inputs
    names = it.input_names(0)
    texts = [text.strip() for text in aligned(inputs, whole=True)]
    shown = [
        f"{cut(name, MOST_NAME)} = {text}" for name, text in zip(names[:12], texts, strict=False)
    ]
    more = [f"… {len(names) - 12:,} more"] if len(names) > 12 else []
    return [["the inputs:", *shown, *more], ["/ computes the next unit, . the next layer", ""]]


def _unit_name(it: Inspected, layer: int, unit: int) -> str:
    """Return a short name: h2, or the marker and the name of a class."""
    if layer < it.hidden:
        return f"h{unit + 1}"
    name = cut(it.unit_names(layer)[unit], MOST_NAME)
    if not it.network.classes:
        return name
    label = 1 if len(it.trace.layers[layer].z) == 1 else unit
    return f"{train_marker(label)} {name}"


def _sum_words(
    products: list[tuple[str, str]], rest: float, left: int, bias: float | None
) -> list[str]:
    """Return a × b + c × d …, with the signs of the bias and of the rest as operators."""
    words = [f"{'+ ' * bool(at)}{one} × {two}" for at, (one, two) in enumerate(products)]
    if left:
        words.append(f"{_operator(rest)} {number(abs(rest))} ({left:,} more)")
    if bias is not None:
        words.append(f"{_operator(bias)} {number(abs(bias))}")
    return words


def _operator(value: float) -> str:
    return "−" if value < 0 else "+"


def _largest(products: Array, most: int) -> list[int]:
    """Return the indices of the largest products, in their order."""
    if len(products) <= most:
        return list(range(len(products)))
    sizes = np.nan_to_num(np.abs(products), nan=np.inf)
    chosen: list[int] = np.sort(np.argsort(-sizes, kind="stable")[:most]).tolist()
    return chosen


def _forward(it: Inspected, layer: int, unit: int, most: int) -> list[list[str]]:
    """Return the sum of a unit, its activation and its result."""
    trace = it.trace.layers[layer]
    products = trace.products(unit)
    order = _largest(products, most)
    x = [text.strip() for text in aligned(trace.inputs[order].tolist(), whole=True)]
    w = [text.strip() for text in aligned(trace.weights[order, unit].tolist())]
    rest = float(products.sum() - products[order].sum())
    left = len(products) - len(order)
    bias = float(trace.biases[unit]) if trace.biases.size else None
    pairs = list(zip(x, w, strict=True))
    words = _sum_words(pairs, rest, left, bias)
    z, a = float(trace.z[unit]), float(trace.a[unit])
    name = _unit_name(it, layer, unit)
    if trace.norm is not None:
        norm = trace.norm
        steps = [
            number(float(each[unit])) for each in (norm.mean, norm.scale, norm.gamma, norm.beta)
        ]
        dense = number(float(norm.z[unit]))
        normed = [
            "z =",
            f"({dense} − {steps[0]})",
            f"/ {steps[1]}",
            f"× {steps[2]}",
            f"+ {steps[3]}",
        ]
        result = [f"{name} = {trace.activation.name}({number(z)})", f"= {number(a)}"]
        return [["w·x =", *words, f"= {dense}"], [*normed, f"= {number(z)}"], result]
    function = trace.activation.name
    if layer == it.hidden or function == "linear":
        symbol = f"z({name})" if layer == it.hidden else name
        return [[f"{symbol} =", *words, f"= {number(z)}"]]
    words = (
        [f"{name} = {function}({words[0]}", *words[1:-1], f"{words[-1]})"]
        if len(words) > 1
        else [f"{name} = {function}({words[0]})"]
    )
    return [[*words, f"= {function}({number(z)})", f"= {number(a)}"]]


# --- loss


def _loss_words(it: Inspected) -> list[list[str]]:
    from tui.panels.inspector.sample_view import loss_words

    return [*_probability_words(it), ["loss", *loss_words(it)]]


def _probability_words(it: Inspected) -> list[list[str]]:
    """Return how the probability of the true class follows from the outputs."""
    z, trace = it.trace.layers[-1].z.astype(np.float64), it.trace
    if not trace.classes:
        return []
    p = number(float(trace.predictions[it.label]))
    name = f"p({cut(it.class_words(it.label)[1][0].strip(), MOST_NAME)})"
    if it.network.loss.name == "softmax_cross_entropy":
        texts = [f"e^{number(float(each))}" for each in z]
        if len(z) > 4:
            return [[f"{name} =", f"{texts[it.label]} /", "Σ e^z", f"= {p}"]]
        return [[f"{name} =", f"{texts[it.label]} /", f"({' + '.join(texts)})", f"= {p}"]]
    if it.network.loss.name == "binary_cross_entropy":
        sign = "−" if it.label else ""
        inner = f"1 / (1 + e^{sign}({number(float(z[0]))}))"
        return [[f"{name} =", inner, f"= {p}"]]
    return []


# --- backward


def _backward(it: Inspected, layer: int, unit: int, most: int) -> list[list[str]]:
    """Return the chain rule for a unit: ∂L/∂z, that of its sum, then the gradient of its weights."""
    trace = it.trace.layers[layer]
    delta = float(trace.delta[unit])
    name = _unit_name(it, layer, unit)
    if layer == it.hidden:
        lines = [[f"∂L/∂z({name})", *_output_delta(it, unit), f"= {small(delta)}"]]
    else:
        lines = _hidden_delta(it, layer, unit, most)
    sum_delta = float(trace.sum_delta[unit])
    if trace.norm is not None:
        norm = trace.norm
        words = f"= {small(delta)} × {small(float(norm.gamma[unit]))} / {small(float(norm.scale[unit]))}"
        lines.append(["∂L/∂(w·x) = ∂L/∂z · γ / √(σ² + ε)", words, f"= {small(sum_delta)}"])
    return [*lines, _weight_words(it, layer, unit, most)]


def _sum_gradient(layer: LayerTrace) -> str:
    """Return the name of the gradient of a sum: batch normalisation is between the sum and z."""
    return "∂L/∂z" if layer.norm is None else "∂L/∂(w·x)"


def _output_delta(it: Inspected, unit: int) -> list[str]:
    """Return ∂L/∂z of an output as a formula with numbers, if it is a simple one."""
    trace, loss = it.trace, it.network.loss
    delta = float(trace.layers[-1].delta[unit])
    z = float(trace.layers[-1].z[unit])
    if loss.name in {"softmax_cross_entropy", "binary_cross_entropy"}:
        label = 1 if len(trace.layers[-1].z) == 1 else unit
        p, smoothing = float(trace.predictions[label]), loss.label_smoothing
        target = (1 - smoothing) * (label == it.label) + smoothing / trace.classes
        formula, words, found = "p − t", f"{small(p)} − {target:g}", p - target
    elif loss.name == "mean_squared_error":
        count, target = len(trace.layers[-1].z), float(trace.targets[unit])
        formula = "(z − t) · 2 / outputs"
        words = f"({number(z)} − {number(target)}) × 2 / {count}"
        found = 2 * (z - target) / count
    else:
        return [UNWRITTEN]
    if trace.weight != 1:
        formula, words = f"({formula}) · class weight", f"({words}) × {small(trace.weight)}"
        found *= trace.weight
    if not np.isclose(found, delta, rtol=1e-3, atol=1e-6):
        return [UNWRITTEN]
    return [f"= {formula}", f"= {words}"]


def _hidden_delta(it: Inspected, layer: int, unit: int, most: int) -> list[list[str]]:
    trace, above = it.trace.layers[layer], it.trace.layers[layer + 1]
    name = _unit_name(it, layer, unit)
    weights = above.weights[unit].astype(np.float64)
    products = weights * above.sum_delta
    order = _largest(products, most)
    pairs = [(number(float(weights[at])), small(float(above.sum_delta[at]))) for at in order]
    rest = float(products.sum() - products[order].sum())
    words = [f"{'+ ' * bool(at)}{one} × {two}" for at, (one, two) in enumerate(pairs)]
    if len(order) < len(products):
        words.append(f"{_operator(rest)} {small(abs(rest))} ({len(products) - len(order):,} more)")
    from_above = f"= Σ w · {_sum_gradient(above)} above"
    gradient, slope = float(trace.output_gradient[unit]), float(trace.slope[unit])
    delta = float(trace.delta[unit])
    if trace.activation.name == "linear":
        return [
            [
                f"∂L/∂z({name})",
                from_above,
                f"= {words[0]}",
                *words[1:],
                f"= {small(delta)}",
            ]
        ]
    return [
        [
            f"∂L/∂{name}",
            from_above,
            f"= {words[0]}",
            *words[1:],
            f"= {small(gradient)}",
        ],
        [
            f"∂L/∂z({name})",
            f"= ∂L/∂{name} · f′(z)",
            f"= {small(gradient)} × {small(slope)}",
            f"= {small(delta)}",
        ],
    ]


def _weight_words(it: Inspected, layer: int, unit: int, most: int) -> list[str]:
    """Return the gradient of each weight: that of the sum times its input."""
    trace = it.trace.layers[layer]
    sum_delta = float(trace.sum_delta[unit])
    gradients = trace.inputs.astype(np.float64) * sum_delta
    order = _largest(gradients, most)
    names = it.input_names(layer)
    x = [text.strip() for text in aligned(trace.inputs[order].tolist(), whole=True)]
    words = [
        f"{cut(names[at], MOST_NAME)} {small(sum_delta)} × {text} = {small(float(gradients[at]))}"
        for at, text in zip(order, x, strict=True)
    ]
    if len(order) < len(gradients):
        words.append(f"… {len(gradients) - len(order):,} more")
    if trace.biases.size:
        words.append(f"bias {small(sum_delta)}")
    return [
        f"∂L/∂w = {_sum_gradient(trace)} · {'h' if layer else 'x'}:",
        *(f"{w};" for w in words[:-1]),
        words[-1],
    ]
