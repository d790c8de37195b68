"""The numbers of the table and of the inspector as tab-separated text, for a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.panels.inspector.inspected import Inspected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

MOST_ROWS: Final = 1000
"""Samples that are copied: terminals accept about 100 kB."""


def copied_numbers(label: str, run: RunModel, options: ViewOptions) -> str:
    """Return the numbers of a panel as tab-separated text; empty if it has none to copy.

    Args:
        label: of the panel.
        run: the run that it shows.
        options: the selected unit and sample.
    """
    if label == "table" and run.current is not None:
        return _text(_table(*run.current))
    if label == "inspector":
        inspected = Inspected.of(run, options)
        return "" if inspected is None else _text(_unit(inspected))
    return ""


def _text(rows: Iterable[Sequence[object]]) -> str:
    # a tab or a line end in a name would be read as another cell
    return "".join("\t".join(" ".join(str(each).split()) for each in row) + "\n" for row in rows)


def _table(network: Network, data: DataSplit) -> Iterable[Sequence[object]]:
    """Return features, true targets, hidden outputs and predictions of the training samples."""
    x, y = data.x_train[:MOST_ROWS], np.asarray(data.y_train)[:MOST_ROWS]
    with np.errstate(all="ignore"):
        layers, predicted = network.hidden_outputs(x), network.predict(x)
    hidden = [
        f"hidden {layer + 1} unit {unit + 1}"
        for layer, outputs in enumerate(layers)
        for unit in range(outputs.shape[1])
    ]
    names = data.class_names or data.target_names
    if data.has_classes:
        predictions = [*(f"p({name})" for name in names), "predicted"]
        true = ["class"]
    else:
        predictions, true = [f"predicted {name}" for name in names], [*names]
        predicted = data.preparation.in_units(predicted)
        y = data.preparation.in_units(np.asarray(y, np.float64).reshape(len(x), -1))
    features = data.preparation.features(np.asarray(x, np.float64))
    yield ["sample", *data.feature_names, *true, *hidden, *predictions]
    for row in range(len(x)):
        outputs = [value for each in layers for value in each[row].tolist()]
        given = features[row].tolist() if features.shape[1] == len(data.feature_names) else []
        values = [row + 1, *given]
        if data.has_classes:
            last = [*predicted[row].tolist(), names[int(predicted[row].argmax())]]
            yield [*values, names[int(y[row])], *outputs, *last]
        else:
            yield [*values, *y[row].tolist(), *outputs, *predicted[row].tolist()]


def _unit(inspected: Inspected) -> Iterable[Sequence[object]]:
    """Return the sum of the selected unit for the selected sample."""
    layer, unit = inspected.cursor.layer, inspected.cursor.unit
    trace = inspected.trace.layers[layer]
    yield ["input", "x", "w", "x·w", "dL/dw"]
    values = (trace.inputs, trace.weights[:, unit], trace.products(unit))
    gradient = trace.weight_gradient[:, unit]
    for name, *numbers in zip(inspected.input_names(layer), *values, gradient, strict=True):
        yield [name, *map(float, numbers)]
    if trace.biases.size:
        bias = float(trace.biases[unit])
        yield ["bias", 1.0, bias, bias, float(trace.bias_gradient[unit])]
    for name, vector in (("z", trace.z), ("a", trace.a), ("f'(z)", trace.slope)):
        yield [name, float(vector[unit])]
    yield ["dL/dz", float(trace.delta[unit])]
