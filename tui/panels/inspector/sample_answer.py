"""Prediction and loss of one sample in the inspector, with the true class or values."""

from __future__ import annotations

from typing import Final

import numpy as np

from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import BRIGHT, DIM, TEXT, class_marker, class_point, ink
from tui.panels.inspector.inspected import (
    Inspected,
    aligned,
    bright_text,
    caption,
    dim_text,
    flow,
    number,
    plain_text,
    small,
    stacked,
)

MOST_NAME: Final = 20


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
