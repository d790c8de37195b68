"""Residuals of a regression in the errors panel: scatter plot and histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from tui.drawing import number_format
from tui.drawing.axes import axis_top, nice_ceiling
from tui.drawing.cells import Cells
from tui.drawing.palette import ACCENT, DIM, FAINT, TEXT, ink

if TYPE_CHECKING:
    from core.arrays import Array, Labels

GUTTER: Final = 7
MARGIN: Final = 0.05
MIDDLE: Final = 0.98
"""Share of the residuals within the limits of the histograms."""

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
FEWEST_BARS: Final = 5


@dataclass(frozen=True)
class ResidualPoints:
    """True and predicted values of one part of the data.

    Attributes:
        true, predicted: (samples,) float64; NaN is omitted.
        marker, colour: of the samples and of the name above the histogram.
        name: name of the part.
    """

    true: Array
    predicted: Array
    marker: str
    colour: str
    name: str

    @property
    def residuals(self) -> Array:
        """Finite differences between true and predicted values."""
        residuals = self.true - self.predicted
        return residuals[np.isfinite(residuals)]


def value_range(true: Array) -> tuple[float, float]:
    """Return the limits of both axes, which depend on the true values alone and stay fixed."""
    finite = true[np.isfinite(true)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    # constant values have a range of zero
    margin = (high - low) * MARGIN or max(abs(high) * 0.1, 1e-9)
    return low - margin, high + margin


def draw_scatter(
    parts: list[ResidualPoints], span: tuple[float, float], target: str, width: int, height: int
) -> Cells:
    """Return predicted (vertical) against true values (horizontal), later parts on top.

    Predictions outside the span are arrows at the edge.
    """
    cells = Cells(width, height)
    rows, columns = height - 1, width - GUTTER
    if rows < 1 or columns < 2:
        return cells
    low, high = span
    # a dim line where prediction and truth agree
    across = np.arange(columns)
    cells.glyphs[_cells_of(across[::-1] + 0.5, 0, columns, rows), GUTTER + across] = "·"
    cells.inks[:rows, GUTTER:] = ink(FAINT)
    for part in parts:
        drawn = np.isfinite(part.predicted) & np.isfinite(part.true)
        true, predicted = part.true[drawn], part.predicted[drawn]
        at = GUTTER + _cells_of(true, low, high, columns)
        up = rows - 1 - _cells_of(predicted, low, high, rows)
        cells.glyphs[up, at] = part.marker
        cells.inks[up, at] = ink(part.colour)
        for outside, glyph in ((predicted > high, "↑"), (predicted < low, "↓")):
            cells.glyphs[up[outside], at[outside]] = glyph
    dim, text = ink(DIM), ink(TEXT)
    bottom, top = _short(low), _short(high)
    cells.write_right(0, GUTTER - 1, top, dim)
    if rows > 1:
        cells.write_right(rows - 1, GUTTER - 1, bottom, dim)
    if rows > 2:
        cells.write_right(rows // 2, GUTTER - 1, "pred.", text)
    cells.write(rows, GUTTER, bottom, dim)
    cells.write_right(rows, width, top, dim)
    room = columns - len(bottom) - len(top) - 2
    name = f"true {target}" if len(target) + 5 <= room else "true"
    if len(name) <= room:
        middle = GUTTER + len(bottom) + 1 + (room - len(name)) // 2
        cells.write(rows, middle, name, text)
    return cells


def draw_histogram(part: ResidualPoints, limit: float, width: int, height: int) -> Cells:
    """Return the histogram of residuals from -limit to limit, with their mean and deviation."""
    cells = Cells(width, height)
    residuals = part.residuals
    column = cells.write(0, 0, f"{part.marker} {part.name}", ink(part.colour))
    words = spread_words(residuals)
    brief = words.replace("mean ", "").replace("sd", "±")
    top = 1
    for text, row, start in ((words, 0, column + 2), (brief, 0, column + 2), (brief, 1, 0)):
        if start + len(text) <= width and height - row >= 4:
            cells.write(row, start, text, ink(TEXT))
            top = row + 1
            break
    rows = height - top - 1
    if rows < 1 or width < FEWEST_BARS:
        return cells
    # Rice's rule, 2 n^(1/3) bars, and an odd number, so that one bar is centred at zero
    wanted = max(FEWEST_BARS, 2 * len(residuals) ** (1 / 3))
    thick = max(1, int(width // wanted))
    bars = width // thick
    bars -= 1 - bars % 2
    counts = np.bincount(_cells_of(residuals, -limit, limit, bars), minlength=bars)
    left = (width - bars * thick) // 2
    tallest = axis_top(float(counts.max()) / max(1, len(residuals)))
    eighths = np.ceil(counts / max(1, len(residuals)) / tallest * rows * 8 - 1e-9).astype(np.int64)
    levels = np.clip(eighths - 8 * np.arange(rows)[::-1, None], 0, 8).repeat(thick, axis=1)
    area = slice(top, top + rows), slice(left, left + bars * thick)
    cells.glyphs[area] = np.array(list(BLOCKS))[levels]
    cells.inks[area] = ink(part.colour)
    zero = left + bars * thick // 2
    above = cells.glyphs[top : top + rows, zero] == " "
    cells.glyphs[top : top + rows, zero][above] = "┊"
    cells.inks[top : top + rows, zero][above] = ink(DIM)
    end, dim = _short(limit), ink(DIM)
    cells.write(height - 1, left, _short(-limit), dim)
    cells.write_right(height - 1, left + bars * thick, end, dim)
    cells.write(height - 1, zero, "0", ink(ACCENT))
    return cells


def limit_of(parts: list[ResidualPoints]) -> float:
    """Return the limit of the histograms, in steps of 1, 2 and 5: each change moves every bar."""
    sizes = np.concatenate([np.abs(part.residuals) for part in parts])
    # a few outliers, drawn at the edges, must not press all others into one bar
    middle = float(np.quantile(sizes, MIDDLE)) if sizes.size else 0.0
    return nice_ceiling(middle) if middle > 0 else 1.0


def spread_words(residuals: Array) -> str:
    """Return the mean and the standard deviation as text."""
    if not residuals.size:
        return "no number"
    mean, spread = float(residuals.mean()), float(residuals.std())
    sign = "−" if mean < 0 else "+"
    return f"mean {sign}{number_format.short(abs(mean))} sd {number_format.short(spread)}"


def _cells_of(values: Array, low: float, high: float, cells: int) -> Labels:
    """Return the index of the bin, of equal ones from low to high, of each value."""
    scaled = (values - low) * (cells / (high - low))
    return np.asarray(np.clip(scaled, 0, cells - 1), np.int64)


def _short(value: float) -> str:
    return number_format.short(value)
