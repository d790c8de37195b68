"""Tables in cells: columns of numbers, small charts, and texts with glyphs of any width.

Used by the summary of a data set, whose contents come from untrusted files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import DIM, ink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TextSpan: TypeAlias = tuple[str, int]
"""A text with its ink."""
TableLine: TypeAlias = list[tuple[int, str, int]]
"""Texts with their columns and inks."""

GAP: Final = 2
UNKNOWN: Final = "–"
LEVELS: Final = "▁▂▃▄▅▆▇"
"""Without the full block, with which the histograms of neighbouring rows would touch."""
DIGITS: Final = 4
"""Digits of the largest value of a feature; smaller values have as many decimals."""


class Page(Cells):
    """Page of the summary of a data set.

    Attributes:
        hidden: number of features of the first rows to the right of the visible ones.
        columns: name of the column that a row of the page describes.
    """

    hidden = 0

    def __init__(self, width: int, height: int) -> None:
        super().__init__(width, height)
        self.columns: dict[int, str] = {}


def wrapped(words: Iterable[str], width: int, between: str = " ") -> list[str]:
    """Return lines of whole words; a word longer than a line is cut."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]}{between}{word}" if lines else word
        if lines and cell_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(word, width))
    return lines


@dataclass
class TableColumn:
    """One column of a table.

    Attributes:
        heading: lines of the heading.
        cells: text and ink per row.
        right: whether the texts are aligned to the right.
        size: width in cells; if 0, that of the widest text.
    """

    heading: list[str]
    cells: list[TextSpan]
    right: bool = True
    size: int = 0
    heading_ink: int = field(default_factory=lambda: ink(DIM))

    def __post_init__(self) -> None:
        if not self.size:
            texts = chain(self.heading, (text for text, _ in self.cells))
            self.size = max(map(cell_width, texts), default=0)


def table_width(columns: Sequence[TableColumn]) -> int:
    """Return the width of a row in cells."""
    return sum(column.size for column in columns) + GAP * (len(columns) - 1)


def table_lines(columns: Sequence[TableColumn], rows: int) -> list[TableLine]:
    """Return the lines of headings and cells."""
    top = max((len(column.heading) for column in columns), default=0)
    lines: list[TableLine] = [[] for _ in range(top + rows)]
    start = 0
    for column in columns:
        heading = [(text, column.heading_ink) for text in column.heading]
        for at, (text, number) in enumerate([*heading, *column.cells], top - len(heading)):
            fitting = cut(text, column.size)
            shift = column.size - cell_width(fitting) if column.right else 0
            lines[at].append((start + shift, fitting, number))
        start += column.size + GAP
    return lines


def histogram(counts: Sequence[int], bins: int = 0) -> str:
    """Return one glyph per bin, blank for zero; if `bins` is smaller, neighbours are added up."""
    if 0 < bins < len(counts):
        size = ceil(len(counts) / bins)
        counts = [sum(counts[at : at + size]) for at in range(0, len(counts), size)]
    most = max(counts, default=0)
    return "".join(
        LEVELS[ceil(len(LEVELS) * count / most) - 1] if count else " " for count in counts
    )


def share_bar(share: float, width: int) -> str:
    """Return a bar of a share of the width; any share above 0 is visible."""
    halves = round(min(1.0, max(0.0, share)) * width * 2)
    whole, rest = divmod(max(halves, int(share > 0)), 2)
    return "━" * whole + "╸" * rest


def decimals(values: Sequence[float]) -> int:
    """Return the number of decimals for `DIGITS` digits of the largest value; −1 for exponents."""
    known = [value for value in values if isfinite(value)]
    largest = max(map(abs, known), default=0.0)
    if largest == 0:
        return 0
    power = floor(log10(largest))
    if not -4 <= power < 7:
        return -1
    most = max(0, DIGITS - 1 - power)
    needed = (
        places
        for places in range(most)
        if all(abs(round(value, places) - value) < 1e-6 * largest for value in known)
    )
    return next(needed, most)


def format_decimals(value: float, places: int) -> str:
    """Return a number with some decimals, or an exponent, and a typographic minus."""
    if not isfinite(value):
        return UNKNOWN
    if places < 0:
        mantissa, power = f"{value:.2e}".split("e")
        text = f"{mantissa}e{int(power)}" if value else "0"
    else:
        text = f"{value:.{places}f}"
        if float(text) == 0:
            text = text.removeprefix("-")
    return text.replace("-", "−")


def aligned(texts: list[str]) -> list[str]:
    """Return numbers aligned at their decimal points, unless the column would be too wide."""
    parts = [text.partition(".") for text in texts]
    before = max((len(whole) for whole, _, _ in parts), default=0)
    after = max((len(point + rest) for _, point, rest in parts), default=0)
    if before + after > 11:
        return texts
    return [f"{whole}{(point + rest):<{after}}" for whole, point, rest in parts]
