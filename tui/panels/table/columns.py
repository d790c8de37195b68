"""Columns of the table panel: the ones that fit, and the format of their numbers."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import ranked_features
from core.dataclass import dataclass
from tui.drawing import number_format
from tui.drawing.cells import cell_width, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network

MARKS: Final = 4
"""Columns for the cursor, the class, the cross of a misclassified sample, and a gap."""
LEAST_DIGITS: Final = 6
MOST_DIGITS: Final = 9
MOST_NAME: Final = 10
RULE: Final = " ‖"
SHARE_OF_OUTPUTS: Final = 0.4
"""Largest share of the width for the output columns, unless there is only one."""


@dataclass(frozen=True)
class ColumnId:
    """Identity of a column, by which the table can be sorted.

    Attributes:
        kind: `sample`, `true`, `feature`, `unit`, `output`, or `predicted` for the most probable
            class if not all outputs fit.
        layer: hidden layer of a unit.
        at: index of the feature, unit or output.
    """

    kind: str
    at: int = 0
    layer: int = 0


SAMPLE: Final = ColumnId("sample")
TRUE: Final = ColumnId("true")


@dataclass(frozen=True)
class Feature:
    """Format of a feature, the same in every row."""

    column: ColumnId
    name: str
    decimals: int
    width: int


@dataclass(frozen=True)
class TableLayout:
    """Columns that fit.

    Attributes:
        features: features, on the left.
        units: hidden units, which can be scrolled.
        shown: number of visible units.
        outputs: outputs, on the right.
        digits: characters per output of a unit.
        output_digits: characters per output of the network.
    """

    features: tuple[Feature, ...]
    units: tuple[ColumnId, ...]
    shown: int
    outputs: tuple[ColumnId, ...]
    digits: int
    output_digits: int

    @classmethod
    def of(
        cls,
        network: Network,
        known: Sequence[Feature],
        layer: int,
        digits: tuple[int, int],
        width: int,
    ) -> TableLayout:
        """Return the columns that fit.

        Args:
            network: network with the hidden units and outputs.
            known: features, the most relevant first.
            layer: hidden layer that is shown if not all layers fit.
            digits: characters per output of a unit, and of the network.
            width: width of the table.
        """
        unit_digits, out_digits = digits
        room = width - MARKS
        outputs = [ColumnId("output", at) for at in range(network.classes or network.sizes[-1])]
        if network.classes == 2:
            outputs = outputs[1:]
        fit = int(max(width * SHARE_OF_OUTPUTS, out_digits + 4) - len(RULE)) // (out_digits + 2)
        if len(outputs) > fit and network.classes:
            outputs, out_digits = [ColumnId("predicted")], LEAST_DIGITS + 1
        outputs = outputs[: max(1, fit)]
        if network.sizes[1:-1] and room < out_digits + unit_digits + 4 + len(RULE):
            outputs = []  # the first unit has priority in a table of units
        room -= len(outputs) * (out_digits + 2) + len(RULE)
        sizes = network.sizes[1:-1]
        everything = [
            ColumnId("unit", at, no) for no, size in enumerate(sizes) for at in range(size)
        ]
        least = sum(each.width + 1 for each in known[:2]) + len(RULE)
        gaps = len(sizes) - 1
        if least + len(everything) * (unit_digits + 2) + gaps <= room:
            units = everything
        else:
            units, gaps = [each for each in everything if each.layer == layer], 0
        wanted = len(units) * (unit_digits + 2) + gaps
        # features get a third of the width after the first unit, and what units cannot use
        spare = max(room // 3, room % (unit_digits + 2))
        for_features = max(room - wanted, min(room - (unit_digits + 2), spare)) - len(RULE)
        features: list[Feature] = []
        for each in known:
            if for_features < each.width + 1:
                break
            for_features -= each.width + 1
            features.append(each)
        used = sum(each.width + 1 for each in features) + (len(RULE) if features else 0)
        shown = len(units)
        if wanted > room - used:
            shown = max(0, (room - used) // (unit_digits + 2))
        return cls(tuple(features), tuple(units), shown, tuple(outputs), unit_digits, out_digits)


def decimal(value: float, decimals: int) -> str:
    """Return a number with a true minus sign, which is omitted before zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def format_value(value: float, width: int) -> str:
    """Return a value with three decimals, or as many as fit."""
    if not isfinite(value):
        return "–"
    for decimals in (3, 2, 1, 0):
        text = decimal(value, decimals)
        if len(text) <= width:
            return text
    return cut(number_format.short(value), width)


def digits_of(values: Array) -> int:
    """Return the characters of the longest value with three decimals."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return LEAST_DIGITS
    ends = (float(finite.min()), float(finite.max()))
    longest = max(len(f"{end:.3f}") for end in ends) if max(map(abs, ends)) < 1e9 else MOST_DIGITS
    return min(MOST_DIGITS, max(LEAST_DIGITS, longest))


def features_of(data: DataSplit) -> list[Feature]:
    """Return the features with their formats, the most correlated with the target first."""
    if len(data.feature_names) <= 2:
        ranked = list(range(len(data.feature_names)))
    else:
        ranked = ranked_features(data)[:50]
    values = data.preparation.features(data.x_train)[:, ranked]
    result = []
    for number, column in zip(ranked, values.T, strict=True):
        decimals = _decimals(column)
        ends = (f"{end:.{decimals}f}" for end in (column.min(initial=0), column.max(initial=0)))
        # an n-gram may consist of blanks
        name = data.feature_names[number].replace(" ", "␣" if data.preparation.text else " ")
        width = max(2, *map(len, ends), min(cell_width(name) + 1, MOST_NAME))
        result.append(Feature(ColumnId("feature", number), name, decimals, min(width, 12)))
    return result


def _decimals(values: Array) -> int:
    """Return the decimals of the values, at most two significant digits of their range."""
    span = float(np.ptp(values)) if values.size else 0.0
    most = 0 if span >= 1000 else 1 if span >= 100 else 2 if span >= 0.5 else 3
    for decimals in range(most):
        if np.allclose(values.round(decimals), values, rtol=0, atol=1e-6 * max(span, 1e-9)):
            return decimals
    return most
