"""Pictures of the report as SVG: curves, the decision boundary and the confusion matrix."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import Plane, Window
from core.analysis.prediction_map import PredictionMap
from core.arrays import evenly_spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from core.arrays import Labels
    from core.datasets.dataset import DataSplit
    from core.nn.network import Network

COLOURS: Final = (
    *("#4477aa", "#ee7733", "#228833", "#aa3377", "#ccbb44", "#66ccee", "#882255", "#999933"),
    *("#cc6677", "#44aa99"),
)
"""Of classes and curves, told apart by colour-blind readers (Tol 2021)."""
CELLS: Final = 72
"""Cells of a map in each direction."""
MOST_POINTS: Final = 600
LEVELS: Final = 6
"""Steps of certainty in a map."""
CURVE_POINTS: Final = 400
"""Blocks of epochs of a curve, each drawn as its range."""


def colour_of(number: int) -> str:
    """Return the colour of a class or a curve; the colours repeat."""
    return COLOURS[number % len(COLOURS)]


def keys(names: Sequence[str]) -> str:
    """Return the names of classes or curves, each with its colour."""
    return "".join(
        f'<span class="key"><i style="background:{colour_of(at)}"></i>{escape(name)}</span>'
        for at, name in enumerate(names)
    )


def curves(series: Sequence[tuple[str, NDArray[np.float64]]], epochs: NDArray[np.float64]) -> str:
    """Return a chart of named (epochs,) series; values that are no numbers are left out."""
    values = np.concatenate([each[np.isfinite(each)] for _, each in series] or [np.empty(0)])
    if not values.size:
        return ""
    width, height, left, bottom = 500, 230, 52, 30
    low, high = float(values.min()), float(values.max())
    logarithmic = low > 0 and high / low > 20
    if logarithmic:
        low, high = log10(low), log10(high)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    first, last = float(epochs[0]), max(float(epochs[-1]), float(epochs[0]) + 1)

    def x_of(epoch: float) -> float:
        return left + (epoch - first) / (last - first) * (width - left - 12)

    def y_of(value: float) -> float:
        scaled = log10(value) if logarithmic else value
        return 10 + (high - scaled) / (high - low) * (height - bottom - 10)

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img">']
    for at in _ticks(low, high):
        shown = f"{10**at:.3g}" if logarithmic else f"{at:.3g}"
        y = y_of(10**at if logarithmic else at)
        parts.append(f'<path class="grid" d="M{left} {y:.1f}H{width - 12}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>')
    for at in _ticks(first, last):
        y = height - bottom + 18
        parts.append(f'<text x="{x_of(at):.1f}" y="{y}" text-anchor="middle">{at:,.0f}</text>')
    for number, (_, line) in enumerate(series):
        path = _path(line, epochs, x_of, y_of)
        parts.append(f'<path class="curve" stroke="{colour_of(number)}" d="{path}"/>')
    return "".join([*parts, "</svg>"])


def _path(
    line: NDArray[np.float64],
    epochs: NDArray[np.float64],
    x_of: Callable[[float], float],
    y_of: Callable[[float], float],
) -> str:
    """Return the path of a series: each block of epochs as its lowest and highest value."""
    words, pen = [], "M"
    for block in np.array_split(np.arange(len(line)), min(CURVE_POINTS, len(line))):
        known = block[np.isfinite(line[block])]
        if not known.size:
            pen = "M"
            continue
        ends = sorted({int(known[line[known].argmin()]), int(known[line[known].argmax()])})
        for at in ends:
            words.append(f"{pen}{x_of(float(epochs[at])):.1f} {y_of(float(line[at])):.1f}")
            pen = "L"
    return "".join(words)


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers between two bounds."""
    step = 10.0 ** floor(log10((high - low) / 5))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 6)
    return [step * number for number in range(ceil(low / step), floor(high / step + 1e-9) + 1)]


def boundary(network: Network, data: DataSplit) -> str:
    """Return the map of the predicted classes over the plane of the data, with training samples."""
    plane = Plane.through(data)
    points = plane.coordinates(data.preparation.features(data.x_train))
    window = Window.around(points, CELLS, CELLS)
    inputs = data.preparation.inputs(plane.features(window.points()))
    shown = PredictionMap(network, inputs).refresh()
    labels = shown.labels.reshape(CELLS, CELLS)
    certainty = np.nan_to_num(shown.values).clip(0, 1).reshape(CELLS, CELLS)
    strength = np.minimum((certainty * LEVELS).astype(np.int64), LEVELS - 1)
    parts = [
        f'<svg viewBox="0 0 {CELLS} {CELLS}" role="img" class="map" shape-rendering="crispEdges">'
    ]
    for row in range(CELLS):
        key = labels[row] * LEVELS + strength[row]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        for at, end in zip(starts, [*starts[1:], CELLS], strict=True):
            opacity = 0.12 + 0.5 * strength[row, at] / (LEVELS - 1)
            parts.append(
                f'<rect x="{at}" y="{row}" width="{end - at}" height="1" '
                f'fill="{colour_of(int(labels[row, at]))}" fill-opacity="{opacity:.2f}"/>'
            )
    few = evenly_spaced(len(points), MOST_POINTS)
    scale = CELLS / (window.right - window.left), CELLS / (window.top - window.bottom)
    for (x, y), label in zip(points[few], np.asarray(data.y_train)[few], strict=True):
        across, down = (x - window.left) * scale[0], (window.top - y) * scale[1]
        parts.append(
            f'<circle cx="{across:.2f}" cy="{down:.2f}" r="0.8" fill="{colour_of(int(label))}"/>'
        )
    return "".join([*parts, "</svg>"])


def matrix(counts: Labels, names: Sequence[str]) -> str:
    """Return a table of (classes, classes) counts, rows true and columns predicted classes."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = []
    for name, row in zip(names, counts, strict=True):
        total = max(int(row.sum()), 1)
        cells = "".join(
            f'<td style="--share:{count / total:.2f}">{int(count):,}</td>' for count in row
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return f'<table class="matrix"><tr><th></th>{head}</tr>{"".join(rows)}</table>'
