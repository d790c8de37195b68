"""Next step of the weights of a unit in the inspector: what the next batch would add to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.cells import Cells, cut
from tui.panels.inspector.inspected import (
    MOST_NAME,
    Inspected,
    dim_text,
    exact_column,
    flow,
    plain_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from tui.panels.inspector.waterfall import SumRow
    from tui.panels.panel import StyledText

MOST_STEPS: Final = 4
"""Largest number of weights in a line of text."""


def step_texts(it: Inspected, rows: Sequence[SumRow]) -> list[str]:
    """Return the next change of the weight in each row of a sum, such as +0.0003 ↑; empty if none."""
    changes = _changes(it)
    if changes is None:
        return []
    weights, biases, norms = changes
    values: list[float | None] = []
    for row in rows:
        if row.at is not None:
            values.append(float(weights[row.at]))
        elif row.kind == "bias":
            values.append(float(biases[0]))
        elif norms.size and row.name.startswith(("× γ", "+ β")):
            values.append(float(norms[int(row.name.startswith("+ β"))]))
        else:
            values.append(None)
    shown = iter(_with_arrows([value for value in values if value is not None]))
    return ["" if value is None else next(shown) for value in values]


def draw_steps(it: Inspected, width: int) -> Cells:
    """Return the largest next changes of the weights of a unit as a line of text."""
    changes = _changes(it)
    if changes is None:
        return Cells(width, 0)
    weights, biases, _ = changes
    order = np.argsort(-np.nan_to_num(np.abs(weights), nan=np.inf), kind="stable")[:MOST_STEPS]
    names = it.input_names(it.cursor.layer)
    named = [(cut(names[at], MOST_NAME), float(weights[at])) for at in sorted(order.tolist())]
    named += [("bias", float(each)) for each in biases]
    texts = _with_arrows([value for _, value in named])
    parts: list[StyledText] = [[dim_text("next step")]]
    for (name, _), text in zip(named, texts, strict=True):
        parts.append([dim_text(f"{name} "), plain_text(text.strip())])
    if len(weights) > len(order):
        parts.append([dim_text(f"… {len(weights) - len(order):,} more")])
    return flow(parts, width, gap=2)


def step_words(it: Inspected) -> list[str]:
    """Return by what the next step is taken, and on which samples; empty if it is not known."""
    ahead = it.ahead
    if ahead is None:
        return []
    how = f"{it.optimizer}, rate {ahead.learning_rate:g}"
    if ahead.batches == 1:
        return [how, f"all {ahead.samples:,} samples"]
    return [how, f"batch {ahead.batch:,} of {ahead.batches:,} ({ahead.samples:,} samples)"]


def _changes(it: Inspected) -> tuple[Array, Array, Array] | None:
    """Return the next changes of a unit's weights, of its bias (or none), and of its γ and β."""
    if it.ahead is None:
        return None
    layer, unit = it.network.layers[it.cursor.layer], it.cursor.unit
    change = it.ahead.change[it.network.slices[it.cursor.layer]].astype(np.float64)
    matrix = change[: layer.matrix.size].reshape(layer.matrix.shape)[:, unit]
    norms = change[layer.matrix.size :].reshape(-1, layer.units)[:, unit]
    return matrix[: layer.inputs], matrix[layer.inputs :], norms


def _with_arrows(values: Sequence[float]) -> list[str]:
    """Return changes of equal width; a weight that stays as it is has no arrow."""
    texts = exact_column(values).texts
    return [
        f"{text} {'↑' if value > 0 else '↓' if value < 0 else ' '}"
        for text, value in zip(texts, values, strict=True)
    ]
