"""Shared parts of the inspector's views: trace of the sample, names, and aligned numbers."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.analysis.trace import Trace, trace_sample
from core.dataclass import dataclass
from core.datasets.preparation import EXTRA_FEATURES
from tui.drawing.cells import Cells, cell_width, cut, printable
from tui.drawing.palette import (
    BRIGHT,
    DIM,
    DIVERGING,
    FAINT,
    TEXT,
    TRAIN_MARKERS,
    class_marker,
    class_point,
    ink,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network
    from core.training.next_step import NextStep
    from tui.panels.panel import StyledText
    from tui.panels.view_options import Cursor, ViewOptions
    from tui.run_model import RunModel

LABEL: Final = 11
"""Columns of the names of layers."""
MOST_NAME: Final = 20
"""Largest width of the name of an input, a unit or a class."""
SPACE: Final = "␣"
"""Replaces a blank at the end of an n-gram, which would be invisible."""


@dataclass(frozen=True)
class Inspected:
    """The selected unit and sample, and the current trace of the sample.

    Attributes:
        cursor: clamped to the network and its data.
        hidden: number of hidden layers.
        gradient: flat gradient of the last step, or None.
        ahead: the next step of the run, while it is at rest and if it is known.
        optimizer: name of the optimiser.
    """

    network: Network
    data: DataSplit
    cursor: Cursor
    trace: Trace
    hidden: int
    gradient: Array | None = None
    ahead: NextStep | None = None
    optimizer: str = ""

    @classmethod
    def of(cls, run: RunModel, options: ViewOptions) -> Inspected | None:
        """Return the selected unit and sample; None before the first epoch."""
        if run.current is None or not len(run.current[1].x_train):
            return None
        network, data = run.current
        cursor = options.cursor.within(network.sizes, len(data.x_train))
        with np.errstate(all="ignore"):
            row, y = data.x_train[cursor.sample], data.y_train[cursor.sample]
            trace = trace_sample(network, row, y)
        hidden, optimizer = len(network.layers) - 1, run.config.optimizer
        return cls(network, data, cursor, trace, hidden, run.gradient, run.step_ahead, optimizer)

    def last_batch_norm(self) -> float | None:
        """Return the gradient norm of the unit's weights in the last step, or None."""
        layer = self.network.layers[self.cursor.layer]
        part = self.network.slices[self.cursor.layer]
        if self.gradient is None or self.gradient.size != self.network.parameters.size:
            return None
        weights = self.gradient[part][: layer.weights.size].reshape(layer.weights.shape)
        return float(np.linalg.norm(weights[:, self.cursor.unit].astype(np.float64)))

    @property
    def is_output(self) -> bool:
        """Whether the unit is in the output layer."""
        return self.cursor.layer == self.hidden

    @property
    def label(self) -> int:
        """Class of the sample."""
        return int(self.data.y_train[self.cursor.sample])

    def input_names(self, layer: int) -> list[str]:
        """Return the names of the inputs of a layer."""
        if layer:
            return [f"h{unit + 1}" for unit in range(self.network.sizes[layer])]
        extra = [EXTRA_FEATURES[word][0] for word in self.data.preparation.extra]
        return [_shown(name) for name in (*self.data.feature_names, *extra)]

    def unit_names(self, layer: int) -> list[str]:
        """Return the names of the units of a layer; outputs are named after classes or targets."""
        if layer < self.hidden:
            return [f"unit {unit + 1}" for unit in range(self.network.sizes[layer + 1])]
        if not self.network.classes:
            return [_shown(name) for name in self.data.target_names]
        names = [_shown(name) for name in self.data.class_names]
        # a single output for two classes belongs to the second one
        return names[1:] if self.network.sizes[-1] == 1 else names

    def layer_name(self, layer: int) -> str:
        """Return the name of a layer."""
        return "output" if layer == self.hidden else f"hidden {layer + 1}"

    def class_words(self, label: int) -> StyledText:
        """Return the marker and the name of a class."""
        name = cut(_shown(self.data.class_names[label]), 20)
        return [class_marker(label), (f" {name}", ink(TEXT))]


def _shown(name: str) -> str:
    name = printable(name)
    inner = name.strip(" ")
    if not inner:
        return SPACE * len(name) or "–"
    start = name.index(inner)
    return SPACE * start + inner + SPACE * (len(name) - start - len(inner))


# --- numbers


def aligned(values: Iterable[float], *, whole: bool = False) -> list[str]:
    """Return numbers of equal width, with equal decimals and true minus signs.

    Args:
        values: the numbers.
        whole: whether integers are written without decimals.
    """
    numbers = [float(value) for value in values]
    sizes = [abs(value) for value in numbers if isfinite(value)]
    largest = max(sizes, default=0.0)
    if whole and largest < 1000 and all(size == int(size) for size in sizes):
        texts = [_fixed(value, 0) for value in numbers]
    elif largest >= 1e5 or 0 < largest < 0.01:
        texts = [_scientific(value) for value in numbers]
    else:
        decimals = 3 if largest < 100 else 2 if largest < 1000 else 1
        texts = [_fixed(value, decimals) for value in numbers]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


class Column(NamedTuple):
    """Signed numbers of equal width and with equal decimals.

    Attributes:
        texts: the numbers; a zero has no sign.
        units: the numbers as multiples of the last decimal, exactly as written; None if some are not
            finite, or are written with exponents.
        decimals: number of decimals.
    """

    texts: list[str]
    units: list[int] | None
    decimals: int

    def text_of(self, units: int) -> str:
        """Return a number in the same format, without padding."""
        return _plus(_fixed(units / 10**self.decimals, self.decimals))


def exact_column(values: Iterable[float]) -> Column:
    """Return signed numbers, rounded to equal decimals, that can be added up as they are written."""
    numbers = [float(value) for value in values]
    largest = max((abs(value) for value in numbers if isfinite(value)), default=0.0)
    decimals = _decimals_of(largest)
    if decimals is None:
        texts = [_plus(_scientific(value)) for value in numbers]
    else:
        texts = [_plus(_fixed(value, decimals)) for value in numbers]
    width = max(map(len, texts), default=0)
    units = None
    if decimals is not None and all(map(isfinite, numbers)):
        # from the text: multiplying by a power of ten could round differently
        units = [int(text.replace("−", "-").replace(".", "")) for text in texts]
    return Column([text.rjust(width) for text in texts], units, decimals or 0)


def _decimals_of(largest: float) -> int | None:
    """Return the decimals of a column of numbers; None if they are written with exponents."""
    if largest >= 1e7 or 0 < largest < 1e-6:
        return None
    if largest >= 100:
        return 2 if largest < 1000 else 1
    return 3 if largest == 0 or largest >= 0.1 else 2 - floor(log10(largest))


def _plus(text: str) -> str:
    """Return a number with a plus sign if it is positive."""
    return f"+{text}" if text.strip("0.–") and not text.startswith("−") else text


def number(value: float) -> str:
    """Return one number in the format of `aligned`."""
    return aligned([value])[0]


def small(value: float) -> str:
    """Return a number with three significant digits, such as a gradient."""
    if isfinite(value) and (value == 0 or 0.001 <= abs(value) < 1000):
        return _minus(f"{value:#.3g}".rstrip(".")) if value else "0"
    return _scientific(value)


def _fixed(value: float, decimals: int) -> str:
    if not isfinite(value):
        return "–"
    text = f"{value:.{decimals}f}"
    # a number rounded to zero has no sign
    return text.lstrip("-") if not text.strip("-0.") else _minus(text)


def _scientific(value: float) -> str:
    if not isfinite(value):
        return "–"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    return _minus(f"{mantissa}e{int(exponent)}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


# --- parts of a view


def flow(parts: Sequence[StyledText], width: int, gap: int = 3, indent: int = 0) -> Cells:
    """Return parts in a flow over as many rows as needed, without breaking any of them."""
    rows: list[list[StyledText]] = [[]]
    used = 0
    for part in parts:
        size = sum(cell_width(text) for text, _ in part)
        if rows[-1] and used + gap + size > width:
            rows.append([])
            used = indent
        used += size + (gap if rows[-1] else 0)
        rows[-1].append(part)
    cells = Cells(width, len(rows))
    for row, line in enumerate(rows):
        column = indent if row else 0
        for at, part in enumerate(line):
            column += gap if at else 0
            for text, its_ink in part:
                shown = cut(text, max(0, width - column))
                column = cells.write(row, column, shown, its_ink)
    return cells


def caption(text: str, width: int, *more: tuple[str, int]) -> Cells:
    """Return a row with a caption for what follows."""
    cells = Cells(width, 1)
    column = cells.write(0, 0, cut(text, width), ink(DIM))
    for words, its_ink in more:
        if column + cell_width(words) <= width:
            column = cells.write(0, column, words, its_ink)
    return cells


def coloured_markers(cells: Cells) -> Cells:
    """Return a text in which the markers of classes have their colours.

    The colour tells the renderer that ▲ is a class, whose letter replaces it in ASCII, and no arrow.
    """
    for label, marker in enumerate(TRAIN_MARKERS):
        cells.inks[cells.glyphs == marker] = ink(class_point(label))
    return cells


def stacked(blocks: Sequence[Cells], width: int) -> Cells:
    """Return blocks stacked vertically."""
    cells = Cells(width, sum(block.height for block in blocks))
    row = 0
    for block in blocks:
        cells.place(row, 0, block)
        row += block.height
    return cells


def side_by_side(left: Cells, right: Cells, gap: int = 2) -> Cells:
    """Return two blocks side by side."""
    cells = Cells(left.width + gap + right.width, max(left.height, right.height))
    cells.place(0, 0, left)
    cells.place(0, left.width + gap, right)
    return cells


def draw_bar(cells: Cells, row: int, column: int, width: int, value: float, largest: float) -> None:
    """Draw a signed number as a bar from the centre: blue to the left, orange to the right."""
    half = (width - 1) // 2
    middle = column + half
    cells.write(row, middle, "│", ink(FAINT))
    if not isfinite(value) or largest <= 0 or half < 1:
        return
    steps = min(2 * half, round(abs(value) / largest * 2 * half))
    whole, rest = divmod(steps, 2)
    if value < 0:
        colour = ink(DIVERGING[0])
        cells.write(row, middle - whole, "█" * whole, colour)
        if rest:
            cells.write(row, middle - whole - 1, "▐", colour)
    else:
        colour = ink(DIVERGING[-1])
        cells.write(row, middle + 1, "█" * whole + "▌" * rest, colour)


def largest_of(values: Array) -> float:
    """Return the largest finite magnitude."""
    return float(np.abs(values).max(initial=0.0, where=np.isfinite(values)))


def bright_text(text: str) -> tuple[str, int]:
    """Return bright text."""
    return text, ink(BRIGHT, bold=True)


def plain_text(text: str) -> tuple[str, int]:
    """Return text in the normal colour."""
    return text, ink(TEXT)


def dim_text(text: str) -> tuple[str, int]:
    """Return dim text."""
    return text, ink(DIM)
