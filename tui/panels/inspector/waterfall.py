"""Sum of a unit in the inspector, as a waterfall: each product starts where the previous one ended."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import BRIGHT, DIM, DIVERGING, FAINT, TEXT, ink
from tui.panels.inspector.inspected import Inspected, aligned, exact_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IN_ORDER: Final = 4
"""Number of inputs up to which the products keep their order; more are sorted by size."""
MOST_NAME: Final = 32
FEWEST_BARS: Final = 10
"""Columns that the bars need; with fewer, there are only numbers."""
MOST_BARS: Final = 60
NEXT: Final = len("next step")
NOTE: Final = "w·x  rounding "


@dataclass(frozen=True)
class SumRow:
    """A row of the sum.

    Attributes:
        kind: `term`, `rest`, `bias`, `step` of a normalisation, or `sum`.
        name: of the input, or of what is added.
        x, w: operands, as text; empty if there is none.
        value: what is added, or the result so far for `step` and `sum`.
        start, end: of the bar.
        at: index of the input of a `term`.
    """

    kind: str
    name: str
    x: str
    w: str
    value: float
    start: float
    end: float
    at: int | None = None


@dataclass(frozen=True)
class Waterfall:
    """The sum of a unit for one sample.

    The numbers in `texts` are rounded. `rounding` is the difference between the sum that is shown and
    the sum of the shown numbers, so that these add up exactly; it is empty if they do anyway.
    """

    rows: tuple[SumRow, ...]
    texts: tuple[str, ...]
    rounding: str

    @classmethod
    def of(cls, it: Inspected, height: int) -> Waterfall:
        """Return the sum, with as many products as fit; the others are added up in one row."""
        layer, unit = it.trace.layers[it.cursor.layer], it.cursor.unit
        names = it.input_names(it.cursor.layer)
        products, weights = layer.products(unit), layer.weights[:, unit]
        most = max(2, height - tail_rows(it))
        order = np.arange(len(products))
        if len(products) > min(most, IN_ORDER):
            sizes = np.nan_to_num(np.abs(products), nan=np.inf)
            order = np.argsort(-sizes, kind="stable")
        if len(products) > most:
            order = order[: most - 1]
        left = np.setdiff1d(np.arange(len(products)), order)
        norm = layer.norm
        x = aligned(layer.inputs[order].tolist(), whole=True)
        operands: list[float] = weights[order].tolist()
        if norm is not None:
            steps = (norm.mean, norm.scale, norm.gamma, norm.beta)
            operands += [float(each[unit]) for each in steps]
        w = aligned(operands)
        rows: list[SumRow] = []
        total = 0.0

        def add(kind: str, name: str, value: float, x: str = "", w: str = "", at: int = -1) -> None:
            nonlocal total
            start, total = total, total + value
            rows.append(SumRow(kind, name, x, w, value, start, total, at if at >= 0 else None))

        for row, place in enumerate(order.tolist()):
            add("term", names[place], float(products[place]), x[row], w[row], place)
        if left.size:
            add("rest", f"… {left.size:,} more", float(products[left].sum()))
        if norm is None:
            if layer.biases.size:
                add("bias", "bias", float(layer.biases[unit]))
            z = float(layer.z[unit])
            rows.append(SumRow("sum", "z", "", "", z, 0.0, z))
        else:
            dense, mean = float(norm.z[unit]), float(norm.mean[unit])
            normed, gamma = float(norm.normed[unit]), float(norm.gamma[unit])
            rows.append(SumRow("sum", "w·x", "", "", dense, 0.0, dense))
            for name, operand, value in (
                ("− running mean", w[-4], dense - mean),
                ("÷ √(σ² + ε)", w[-3], normed),
                ("× γ", w[-2], gamma * normed),
                ("+ β: z", w[-1], float(layer.z[unit])),
            ):
                kind = "sum" if name.endswith("z") else "step"
                rows.append(SumRow(kind, name, "", operand, value, 0.0, value))
        texts, rounding = _rounded(rows)
        return cls(tuple(rows), texts, rounding)

    @property
    def terms(self) -> list[SumRow]:
        """The rows of single products."""
        return [row for row in self.rows if row.kind == "term"]

    def draw(self, width: int, next_steps: Sequence[str] = (), *, heading: bool = True) -> Cells:
        """Return the rows with their bars.

        Args:
            width: of the block.
            next_steps: text next to each row about the next change of its weight, or none.
            heading: whether a row above names the columns.
        """
        layout = _Columns.of(self, width, next_steps)
        top = int(heading and layout.whole)
        cells = Cells(width, len(self.rows) + top)
        if layout.end < layout.last:
            return Cells(width, 0)
        scale = BarScale.of(self.rows, layout.bars)
        if top:
            self._draw_heading(cells, layout, scale)
        for at, (row, text) in enumerate(zip(self.rows, self.texts, strict=True)):
            self._draw_numbers(cells, at + top, row, text, layout)
            if layout.bars:
                scale.draw(cells, at + top, layout.end + 2, row)
            if layout.next:
                cells.write_right(at + top, width, next_steps[at], ink(TEXT))
        return cells

    def _draw_heading(self, cells: Cells, layout: _Columns, scale: BarScale) -> None:
        dim = ink(DIM)
        cells.write_right(0, layout.start + layout.first, "x", dim)
        cells.write_right(0, layout.start + layout.first + 3 + layout.second, "w", dim)
        cells.write_right(0, layout.end, "w·x" if layout.last >= 3 else "=", dim)
        if layout.bars:
            cells.write(0, layout.end + 2 + scale.zero, "0", dim)
            room = layout.bars - scale.zero - 2
            words = next((each for each in ("the sum so far", "sum") if len(each) <= room), "")
            cells.write(0, layout.end + 2 + scale.zero + 2, words, dim)
        if layout.next:
            cells.write_right(0, cells.width, "next step", dim)

    def _draw_numbers(
        self, cells: Cells, at: int, row: SumRow, text: str, layout: _Columns
    ) -> None:
        dim, plain = ink(DIM), ink(TEXT)
        is_sum = row.kind == "sum"
        name_ink = plain if row.kind in {"term", "sum"} else dim
        if layout.whole:
            # a row without operands has their room for its name
            operands = layout.first + (0 if row.w else 3 + layout.second)
            room = layout.names if row.x else layout.start + operands
            column = cells.write(at, 0, cut(row.name, room), name_ink) if room > 0 else 0
            if row.x:
                cells.write_right(at, layout.start + layout.first, row.x, plain)
                cells.write(at, layout.start + layout.first + 1, "×", dim)
            elif is_sum and self.rounding and column + 2 + len(self.rounding) <= room:
                first = next(each for each in self.rows if each.kind == "sum")
                if row is first:
                    cells.write(at, column + 2, self.rounding, dim)
            cells.write_right(at, layout.start + layout.first + 3 + layout.second, row.w, plain)
            cells.write(at, layout.end - layout.last - 2, "=", dim)
        else:
            cells.write(at, 0, cut(row.name, max(0, layout.end - layout.last - 3)), name_ink)
            if layout.end - layout.last >= 3:
                cells.write(at, layout.end - layout.last - 2, "=", dim)
        result_ink = ink(BRIGHT, bold=True) if is_sum else plain
        cells.write_right(at, layout.end, text, result_ink)


def tail_rows(it: Inspected) -> int:
    """Return the rows of a sum below its products."""
    layer = it.trace.layers[it.cursor.layer]
    if layer.norm is not None:
        return 5
    return 2 if layer.biases.size else 1


def _rounded(rows: Sequence[SumRow]) -> tuple[tuple[str, ...], str]:
    """Return the numbers of all rows, and what rounding adds to the first sum."""
    column = exact_column(row.value for row in rows)
    if column.units is None:
        return tuple(column.texts), ""
    place = next(at for at, row in enumerate(rows) if row.kind == "sum")
    difference = column.units[place] - sum(column.units[:place])
    return tuple(column.texts), f"rounding {column.text_of(difference)}" if difference else ""


@dataclass(frozen=True)
class _Columns:
    """Columns of a waterfall.

    Attributes:
        names: width of the names; 0 without names.
        start: first column of the numbers.
        first, second, last: widths of x, w and the result.
        end: column after the numbers.
        bars: width of the bars; 0 without bars.
        next: width of the next steps, with the gap before them; 0 without them.
        whole: whether there is room for the operands.
    """

    names: int
    start: int
    first: int
    second: int
    last: int
    end: int
    bars: int
    next: int
    whole: bool

    @classmethod
    def of(cls, fall: Waterfall, width: int, next_steps: Sequence[str]) -> _Columns:
        first = _longest(row.x for row in fall.rows) or 1
        second = _longest(row.w for row in fall.rows) or 1
        last = _longest(fall.texts)
        numbers = first + 3 + second + 3 + last
        longest = _longest(row.name for row in fall.terms)
        # the note about rounding follows the name of the sum
        long = _longest(row.name for row in fall.rows if row.w and not row.x)
        longest = max(longest, long - first - 1, len(NOTE) + last - first - 3 - second - 1)
        whole = width >= numbers
        names = min(longest, MOST_NAME, max(0, width - numbers - 1)) if whole else 0
        names = 0 if names < 2 else names
        steps = 2 + max(NEXT, *map(len, next_steps)) if next_steps else 0
        if names > 12:
            # a long name leaves room for the bars
            names = max(12, min(names, width - numbers - 3 - FEWEST_BARS - steps))
        start = names + 1 if names else 0
        long_rows = _longest(row.name for row in fall.rows if not row.x and not row.w)
        end = start + numbers if whole else min(width, max(last, long_rows + 3 + last))
        if not whole or width - end < steps:
            steps = 0
        bars = width - end - 2 - steps
        bars = min(MOST_BARS, bars) if bars >= FEWEST_BARS and whole else 0
        return cls(names, start, first, second, last, end, bars, steps, whole)


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_width, texts), default=0)


@dataclass(frozen=True)
class BarScale:
    """Common scale of all bars of a sum.

    Attributes:
        width: in columns.
        zero: column on whose left edge zero lies.
        per_half: value of half a column.
    """

    width: int
    zero: int
    per_half: float

    @classmethod
    def of(cls, rows: Iterable[SumRow], width: int) -> BarScale:
        """Return the scale on which all bars fit."""
        ends = [end for row in rows for end in (row.start, row.end) if isfinite(end)]
        low, high = min(0.0, *ends), max(0.0, *ends)
        if width < 2 or high - low <= 0 or not isfinite(high - low):
            return cls(width, 0, 1.0)
        zero = round((width - 1) * -low / (high - low)) if low < 0 else 0
        zero = min(max(zero, int(low < 0)), width - 1)
        # the zero line itself takes part of a column on the right
        needed = [(-low, 2 * zero), (high, 2 * (width - zero))]
        return cls(width, zero, max(size / halves for size, halves in needed if halves))

    def half_of(self, value: float) -> int:
        """Return the half column of a value, from the left."""
        return min(2 * self.width, max(0, 2 * self.zero + round(value / self.per_half)))

    def draw(self, cells: Cells, at: int, column: int, row: SumRow) -> None:
        """Draw the bar of a row, and the line of zero."""
        cells.write(at, column + self.zero, "▏", ink(FAINT))
        if not (isfinite(row.start) and isfinite(row.end)):
            return
        start, end = self.half_of(row.start), self.half_of(row.end)
        low, high = sorted((start, end))
        colour = DIVERGING[-1] if row.end >= row.start else DIVERGING[0]
        if row.kind in {"sum", "step"}:
            self._draw_total(cells, at, column, (low, high), row)
            return
        if low == high:
            # nothing is added: the sum stays where it is
            cells.write(at, column + min(low // 2, self.width - 1), "┊", ink(DIM))
            return
        first, last = (low + 1) // 2, high // 2
        cells.write(at, column + first, "█" * (last - first), ink(colour))
        if low % 2:
            cells.write(at, column + low // 2, "▐", ink(colour))
        if high % 2:
            cells.write(at, column + high // 2, "▌", ink(colour))

    def _draw_total(
        self, cells: Cells, at: int, column: int, span: tuple[int, int], row: SumRow
    ) -> None:
        """Draw an arrow from zero to a result."""
        first, last = span[0] // 2, (span[1] + 1) // 2
        colour = ink(TEXT if row.kind == "sum" else DIM)
        if last <= first:
            cells.write(at, column + min(first, self.width - 1), "┊", colour)
            return
        line = "━" * (last - first - 1)
        text = f"{line}▸" if row.end > row.start else f"◂{line}"
        cells.write(at, column + first, text, colour)
