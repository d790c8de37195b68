"""Cursor of the boundary panel: position, prediction at that point, and drawing.

`BoundaryPanel` stores the position; the rest follows from it and the current parameters.
"""

from __future__ import annotations

from math import ceil, log10
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.analysis.prediction_map import classify
from core.dataclass import dataclass
from tui.drawing import number_format
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import BRIGHT, DIM, TEXT, class_marker, ink

if TYPE_CHECKING:
    from core.analysis.planes import Window
    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.panel import StyledText

LEAST_BOX: Final = 24, 4
"""Least columns and rows of a map with a box for the reading; below them it replaces the legend."""
WIDEST: Final = 36
"""Largest width of the reading in columns."""

_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class CellPosition(NamedTuple):
    """Cell of the map, counted from the upper left. Its point is the centre of the cell."""

    column: int
    row: int

    def within(self, columns: int, rows: int) -> CellPosition:
        """Return the nearest cell of a map of this size."""
        return CellPosition(min(max(self.column, 0), columns - 1), min(max(self.row, 0), rows - 1))

    def point(self, window: Window) -> Array:
        """Return the (1, 2) coordinates on the plane; a cell is two pixels high."""
        across = window.left + (self.column + 0.5) * (window.right - window.left) / window.columns
        up = window.top - (2 * self.row + 1) * (window.top - window.bottom) / window.rows
        return np.array([[across, up]])


@dataclass(frozen=True)
class Reading:
    """Prediction of the network at a point.

    Attributes:
        place: names and values of the coordinates, in their own units.
        outputs: marker, its ink, name and value of each class or target.
        predicted: index of the predicted class, or of the shown target.
        likely: indices of the other outputs, the most probable class first.
        hidden: (units,) outputs of the hidden layer that the panels show.
        layer: name of that layer, such as `h₂`.
    """

    place: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, int, str, str], ...]
    predicted: int
    likely: tuple[int, ...]
    hidden: Array
    layer: str

    @classmethod
    def of(
        cls,
        network: Network,
        data: DataSplit,
        features: Array,
        place: tuple[tuple[str, str], ...],
        target: int,
        layer: int,
    ) -> Reading:
        """Return the prediction for one sample.

        Args:
            network: the network.
            data: data with the names and units.
            features: (1, features) array in the units of the data.
            place: names and values of the coordinates.
            target: index of the shown target.
            layer: hidden layer whose outputs are returned.
        """
        x = data.preparation.inputs(features)
        given, layers = network.predict(x), network.hidden_outputs(x)
        layer = min(layer, len(layers) - 1)
        hidden = layers[layer][0] if layers else np.empty(0)
        called = f"h{layer + 1}".translate(_SUBSCRIPTS) if len(layers) > 1 else "h"
        outputs: list[tuple[str, int, str, str]]
        if data.has_classes:
            predicted = int(classify(network, x)[0][0])
            outputs = [
                (*class_marker(label), name, f"{number_format.percent(share)} %")
                for label, (name, share) in enumerate(
                    zip(data.class_names, given[0].tolist(), strict=True)
                )
            ]
            order = np.argsort(-given[0], kind="stable").tolist()
        else:
            predicted = target
            values = data.preparation.in_units(np.asarray(given, np.float64))[0].tolist()
            outputs = [
                ("", 0, name, f"{value:.4g}".replace("-", "−"))
                for name, value in zip(data.target_names, values, strict=True)
            ]
            order = list(range(len(outputs)))
        likely = tuple(number for number in order if number != predicted)
        return cls(place, tuple(outputs), predicted, likely, hidden, called)

    def place_lines(self, room: int) -> list[str]:
        """Return the coordinates in one line, or in a line each if the names are long."""
        whole = "  ".join(map(" ".join, self.place))
        if cell_width(whole) <= room:
            return [whole]
        return [f"{cut(name, room - 1 - len(value))} {value}" for name, value in self.place]

    def in_order(self, most: int) -> list[int]:
        """Return the indices of the shown outputs: all in order, or the most likely ones."""
        if len(self.outputs) <= most:
            return list(range(len(self.outputs)))
        return [self.predicted, *self.likely][: max(1, most)]

    def output(self, number: int, room: int) -> StyledText:
        """Return one output in at most this many cells, with its name shortened."""
        glyph, colour, name, value = self.outputs[number]
        is_predicted = number == self.predicted
        words = ink(BRIGHT, bold=True) if is_predicted else ink(TEXT)
        room -= cell_width(value) + 1 + 2 * bool(glyph)
        return [*([(f"{glyph} ", colour)] if glyph else []), (f"{cut(name, room)} {value}", words)]

    def hidden_words(self, room: int) -> str:
        """Return as many hidden outputs as fit."""
        text = self.layer
        for number, value in enumerate(self.hidden.tolist()):
            more = f" {number_format.signed(value)}"
            last = number == len(self.hidden) - 1
            if len(text) + len(more) + (0 if last else 2) > room:
                return f"{text} …" if number else ""
            text += more
        return text if self.hidden.size else ""


def in_steps(value: float, step: float) -> str:
    """Return a coordinate with the decimals that distinguish neighbouring pixels."""
    decimals = max(0, ceil(-log10(step))) if step > 0 else 0
    if decimals > 6 or abs(value) >= 1e7:
        return f"{value:.6g}".replace("-", "−")
    return f"{value:.{decimals}f}".replace("-", "−")


def draw_reading(
    cells: Cells,
    reading: Reading,
    place: CellPosition,
    extent: tuple[int, int],
    hint: StyledText,
    gutter: int,
) -> None:
    """Write a reading into the corner of the map farthest from its point.

    Args:
        cells: content of the panel: a gutter, then the map.
        reading: prediction at the point.
        place: cell of the point.
        extent: columns and rows of the map.
        hint: keys that apply there.
        gutter: columns to the left of the map.
    """
    columns, rows = extent
    if columns < LEAST_BOX[0] or rows // 2 < LEAST_BOX[1]:
        line = read_out_line(reading, cells.width - gutter, hint)
        cells.place(cells.height - 1, gutter, line)
        return
    box = read_out(reading, columns, rows // 2, hint)
    top = 0 if place.row >= rows // 2 else rows - box.height
    left = 0 if place.column >= columns // 2 else columns - box.width
    cells.place(top, gutter + left, box)


def read_out(reading: Reading, width: int, height: int, hint: StyledText) -> Cells:
    """Return a box of at most this size: coordinates, outputs, hidden outputs and hint."""
    room = min(width, WIDEST) - 2
    hidden = reading.hidden_words(room)
    lines: list[StyledText] = [[(line, ink(TEXT))] for line in reading.place_lines(room)]
    after: list[StyledText] = [[(hidden, ink(DIM))]] if hidden else []
    after += [hint] if hint else []
    after = after[: max(0, height - len(lines) - 1)]  # after the prediction
    most = height - len(lines) - len(after)
    shown = reading.in_order(most)
    if len(shown) < len(reading.outputs) and most > 1:
        shown = shown[:-1]
        after.insert(0, [(f"… {len(reading.outputs) - len(shown)} more", ink(DIM))])
    lines += [reading.output(number, room) for number in shown]
    lines += after
    widest = max(sum(cell_width(text) for text, _ in line) for line in lines)
    box = Cells(min(room, widest) + 2, len(lines))
    for row, line in enumerate(lines):
        column = 1
        for text, number in line:
            column = box.write(row, column, text, number)
    return box


def read_out_line(reading: Reading, width: int, hint: StyledText) -> Cells:
    """Return one row: coordinates, prediction, and as much of the rest as fits."""
    cells = Cells(width, 1)
    place = "  ".join(f"{cut(name, 8)} {value}" for name, value in reading.place)
    column = cells.write(0, 0, cut(place, width), ink(TEXT)) + 2
    pieces = [reading.output(number, WIDEST) for number in (reading.predicted, *reading.likely)]
    for words in [*pieces[:2], hint, *pieces[2:]]:
        if words and column + sum(cell_width(text) for text, _ in words) <= width:
            for text, number in words:
                column = cells.write(0, column, text, number)
            column += 2
    cells.write(0, column, reading.hidden_words(width - column), ink(DIM))
    return cells
