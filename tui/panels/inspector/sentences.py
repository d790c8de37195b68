"""Sentences of the inspector about one unit: why its sum has its sign, and what its gradient says.

Each sentence follows from the numbers as they are shown. `positive` in this module means that the sum z
of a hidden unit is above 0, where every activation is above its value at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.cells import cut
from tui.drawing.palette import TRAIN_MARKERS, train_marker
from tui.panels.inspector.inspected import MOST_NAME, Inspected, aligned, exact_column

if TYPE_CHECKING:
    from core.analysis.trace import UnitStatistics
    from tui.panels.inspector.inspected import Column

SWITCHING: Final = frozenset({"relu"})
"""Activations whose units are called on and off: their output is 0 below zero, for no other one."""
FEW_SAMPLES: Final = 8
"""Number of samples up to which they are listed."""


def sentence(it: Inspected, facts: UnitStatistics) -> str:
    """Return what decides the sum of the unit, and for which samples it is positive."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    products = layer.products(unit)
    if not (np.isfinite(products).all() and np.isfinite(layer.z[unit])):
        return "Some of its numbers are not finite, so nothing can be said about its sum."
    if it.is_output:
        return " ".join(filter(None, [_largest_words(it), _output_words(it)]))
    if layer.norm is not None:
        return " ".join(filter(None, [_largest_words(it), _samples_words(it, facts)]))
    return " ".join(filter(None, [_decision(it), _samples_words(it, facts)]))


def _numbers(it: Inspected) -> tuple[list[str], Column]:
    """Return the names of the inputs, and products, bias and z as they are shown."""
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    bias = [float(layer.biases[unit])] if layer.biases.size else [0.0]
    values = [*layer.products(unit).tolist(), *bias, float(layer.z[unit])]
    names = [cut(name, MOST_NAME) for name in it.input_names(it.cursor.layer)]
    return names, exact_column(values)


def _decision(it: Inspected) -> str:
    """Return what gives z its sign: one product, the bias, or several together."""
    names, column = _numbers(it)
    if column.units is None:
        return ""
    *products, bias, z = column.units
    if z == 0:
        return "Its sum is 0 when rounded."
    sign = 1 if z > 0 else -1
    name = it.trace.layers[it.cursor.layer].activation.name
    to = ("on", "off")[z < 0] if name in SWITCHING else ("positive", "negative")[z < 0]
    verb = "switches it" if name in SWITCHING else "makes z"
    most = max(range(len(products)), key=lambda at: sign * products[at])
    text = column.text_of
    if sign * products[most] > 0 and sign * (z - products[most]) <= 0:
        without = text(z - products[most])
        said = (
            f"{names[most]} {verb} {to}: without its {text(products[most])}, z would be {without}."
        )
    elif sign * bias > 0 and sign * (z - bias) <= 0:
        said = f"The bias {verb} {to}: without its {text(bias)}, z would be {text(z - bias)}."
    else:
        up = sum(each for each in (*products, bias) if each > 0)
        down = sum(each for each in (*products, bias) if each < 0)
        said = (
            f"No single product decides: {text(up)} in all against {text(down)}."
            if up and down
            else f"Everything pushes it the same way: z is {text(z)}."
        )
    return f"{said}{_opposition(it, [*names, 'The bias'], [*products, bias], sign, column)}"


def _opposition(
    it: Inspected, names: list[str], products: list[int], sign: int, column: Column
) -> str:
    """Return the addend that reduces |z| most, or the input that would if it were 1."""
    against = min(range(len(products)), key=lambda at: sign * products[at])
    size = -sign * products[against]
    layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
    if np.isin(layer.inputs, (0, 1)).all():
        # for inputs such as those of XOR, an input that is 0 here matters as much
        weights = sign * layer.weights[:, unit].astype(np.float64)
        weights[layer.inputs != 0] = 0
        absent = int(weights.argmin())
        would = exact_column([*layer.products(unit), -weights[absent]])
        if would.units is not None and would.units[-1] / 10**would.decimals > (
            max(0, size) / 10**column.decimals
        ):
            shown = would.texts[-1].strip().lstrip("+")
            return f" {names[absent]} would pull it back by {shown} if it were 1."
    if size > 0:
        return f" {names[against]} pulls it back by {column.text_of(size).lstrip('+')}."
    return ""


def _largest_words(it: Inspected) -> str:
    """Return the inputs that raise and lower the sum most."""
    names, column = _numbers(it)
    if column.units is None:
        return ""
    *products, _, _ = column.units
    high = max(range(len(products)), key=products.__getitem__)
    low = min(range(len(products)), key=products.__getitem__)
    words = []
    if products[high] > 0:
        words.append(f"{names[high]} raises it most ({column.text_of(products[high])})")
    if products[low] < 0:
        words.append(f"{names[low]} lowers it most ({column.text_of(products[low])})")
    return f"{'; '.join(words)}." if words else ""


def _output_words(it: Inspected) -> str:
    """Return how an output compares with the others."""
    z = it.trace.layers[-1].z.astype(np.float64)
    if it.network.loss.name != "softmax_cross_entropy" or len(z) < 2:
        return ""
    unit, column = it.cursor.unit, exact_column(z)
    if column.units is None:
        return ""
    names = it.unit_names(it.cursor.layer)
    others = [at for at in range(len(z)) if at != unit]
    rival = max(others, key=lambda at: (column.units or [])[at])
    lead = column.units[unit] - column.units[rival]
    shown = column.text_of(abs(lead)).lstrip("+")
    rival_name = f"{train_marker(rival)} {cut(names[rival], MOST_NAME)}"
    if lead == 0:
        return f"Its z equals that of {rival_name}."
    if lead > 0:
        return f"It is the largest output, {shown} above {rival_name}: the prediction."
    return f"It is {shown} below {rival_name}, so it is not the prediction."


def _samples_words(it: Inspected, facts: UnitStatistics) -> str:
    """Return for how many samples z is positive, and of which classes they are."""
    count, above = len(facts.positive), int(facts.positive.sum())
    name = it.trace.layers[it.cursor.layer].activation.name
    is_state = "It is on" if name in SWITCHING else "z is positive"
    if not count:
        return ""
    if above in {0, count}:
        return f"{is_state} for {'none' if not above else 'each'} of {count:,} samples."
    x = it.trace.layers[0].inputs
    if count <= FEW_SAMPLES and len(x) <= 3:
        rows = it.data.x_train[:count][facts.positive]
        points = [f"({', '.join(text.strip() for text in aligned(r, whole=True))})" for r in rows]
        return f"{is_state} for {', '.join(points)}{' only' * (above == 1)}."
    words = f"{is_state} for {above:,} of {count:,} samples"
    if not it.network.classes:
        return f"{words}."
    y = np.asarray(it.data.y_train[:count], np.int64)
    counts = np.bincount(y[facts.positive], minlength=it.network.classes)
    label = int(counts.argmax())
    marker = train_marker(label) if label < len(TRAIN_MARKERS) else ""
    class_name = cut(it.data.class_names[label], MOST_NAME)
    return f"{words}, {counts[label]:,} of them {f'{marker} {class_name}'.strip()}."


def gradient_words(delta: float) -> str:
    """Return what the sign of ∂L/∂z says about this sample's loss."""
    if not np.isfinite(delta):
        return ""
    if delta == 0:
        return "a small change of z leaves its loss"
    return "a larger z lowers its loss" if delta < 0 else "a smaller z lowers its loss"
