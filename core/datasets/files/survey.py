"""Formats that fit the cells of a column: `Survey` examines all of them before one is chosen."""

from __future__ import annotations

from collections import Counter
from operator import ne
from typing import TYPE_CHECKING, Final, NamedTuple

from core.datasets.files.dates import (
    DATE_FORMATS,
    DAY_FIRST,
    MONTH_FIRST,
    DateFormat,
    date_formats,
    day_and_month,
)
from core.datasets.files.names import clean, counted
from core.datasets.files.number_formats import (
    FORMATS,
    LONGEST_NUMBER,
    PLAIN,
    NumberFormat,
    number_of_shape,
    shapes,
    written_number,
)
from core.datasets.files.words import MISSING, MISSING_NUMBERS, Stray, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.datasets.files.number_formats import WrittenNumber

Format = NumberFormat | DateFormat

ALL_FORMATS: Final[tuple[Format, ...]] = (*FORMATS, *DATE_FORMATS)

MOST_WORDS: Final = 1000
"""Words after which a column that consists mostly of words is not examined any further."""

MOST_DATES: Final = 1000
"""Different dates from which the order of day and month is decided."""

MOST_STRAYS: Final = 3
"""Different words among numbers that an error suggests to read as missing."""

MOST_MARKERS: Final = 8


def bits_of(forms: Iterable[Format]) -> int:
    """Return formats as bits in the order of `ALL_FORMATS`."""
    return sum(1 << ALL_FORMATS.index(each) for each in forms)


NUMBERS: Final = bits_of(FORMATS)
DATES: Final = bits_of(DATE_FORMATS)
WITH_COMMA: Final = bits_of(each for each in FORMATS if each.decimal == ",")
WITH_POINT: Final = NUMBERS & ~WITH_COMMA

_COMMA_FIRST: Final = tuple(sorted(FORMATS, key=lambda each: each.decimal != ","))
_EITHER: Final = bits_of([DAY_FIRST, MONTH_FIRST])


def is_value(cell: str) -> bool:
    """Return whether a cell is a number in any format, or a date; missing values are neither."""
    text = cell.strip()
    written = written_number(text)
    return (
        (written is not None and written.formats > 0) or is_number(text) or date_formats(text) > 0
    )


class Marker(NamedTuple):
    """Cells with the same text of a missing value, and the line of the first one."""

    cells: int
    line: int


class Markers:
    """Texts that are read as missing values."""

    def __init__(self) -> None:
        self.found: dict[str, Marker] = {}

    def add(self, text: str, cells: int, line: int) -> None:
        """Count cells with a text; empty cells and `nan` need no explanation."""
        if text and text.casefold().lstrip("+-") != "nan":
            before, first = self.found.get(text, (0, line))
            self.found[text] = Marker(before + cells, min(first, line))

    def merge(self, other: Markers) -> None:
        """Add the counts of another column."""
        for text, (cells, line) in other.found.items():
            self.add(text, cells, line)

    @property
    def notes(self) -> list[str]:
        """One sentence, or none."""
        shown = [
            f"'{clean(text)}' ({counted(cells, 'cell')}, first in line {line:,})"
            for text, (cells, line) in sorted(self.found.items())
        ]
        more = len(shown) - MOST_MARKERS
        texts = ", ".join(shown[:MOST_MARKERS]) + (f" and {more} more" if more > 0 else "")
        return [f"Read as missing: {texts}."] if shown else []


class Survey:
    """Counts of the formats that fit the cells of a column.

    Attributes:
        fitting: number of cells by the formats that fit, as bits.
        fits_all: formats that fit all cells.
        removed: number of cells with each currency or percent sign, or parentheses.
        separators: characters between the digits of numbers.
        number_markers: missing values if the column consists of numbers or dates.
        word_markers: missing values if it consists of words.
        padded: number of cells with blanks around their text.
        strays: different cells that fit no format, at most one more than `MOST_STRAYS`.
        is_plain: whether all numbers are written as Python writes them.
        has_long_integer: whether an integer of four or more digits has no thousands separator.
    """

    def __init__(self, missing: frozenset[str]) -> None:
        self.missing = missing
        self.fitting: Counter[int] = Counter()
        self.fits_all = NUMBERS | DATES
        self.removed: Counter[str] = Counter()
        self.separators: set[str] = set()
        self.number_markers = Markers()
        self.word_markers = Markers()
        self.strays: dict[str, None] = {}
        self.padded = 0
        self.is_plain = True
        self.has_long_integer = False
        self._dates: dict[str, None] = {}
        self._first: dict[tuple[int, bool], Stray] = {}  # by formats, and whether a sign is removed

    @property
    def cells(self) -> int:
        """Number of cells that are not missing."""
        return self.fitting.total()

    @property
    def is_over(self) -> bool:
        """Whether the column certainly consists of words."""
        return self.fitting[0] > MOST_WORDS and 2 * self.fitting[0] > self.cells

    def add(self, cells: Sequence[str], lines: Sequence[int]) -> None:
        """Examine the cells of a block."""
        if self.is_over:
            return
        stripped = [cell.strip() for cell in cells]
        self.padded += sum(map(ne, cells, stripped))
        shaped = shapes(stripped)
        others = set()
        for shape, count in Counter(shaped).items():
            # a number that is a missing value by request has the shape of others
            written = (
                None if self.missing or len(shape) > LONGEST_NUMBER else number_of_shape(shape)
            )
            if written is None:
                others.add(shape)
            else:
                self._count_number(written, shape, count)
                self._note_first(written.formats, written.removed, stripped, shaped, shape, lines)
        if others:
            rest = [text for text, shape in zip(stripped, shaped, strict=True) if shape in others]
            for text, count in Counter(rest).items():
                self._count_text(text, count, stripped, lines)

    def _count_number(self, written: WrittenNumber, text: str, count: int) -> None:
        self.is_plain = self.is_plain and is_number(text)
        for sign in {written.removed, "()" if text.startswith("(") else ""} - {""}:
            self.removed[sign] += count
        self.separators |= written.separators
        self.has_long_integer |= len(written.body) > 3 and written.body.isdecimal()
        self._count_fitting(written.formats, count)

    def _count_fitting(self, fits: int, count: int) -> None:
        self.fitting[fits] += count
        self.fits_all &= fits

    def _note_first(
        self,
        fits: int,
        removed: str,
        texts: list[str],
        among: list[str],
        text: str,
        lines: Sequence[int],
    ) -> None:
        key = fits, removed != ""
        if key not in self._first:
            at = among.index(text)
            self._first[key] = Stray(lines[at], texts[at])

    def _count_text(self, text: str, count: int, stripped: list[str], lines: Sequence[int]) -> None:
        """Count cells with a text that is not known to be a number."""
        folded = text.casefold()
        if folded in MISSING_NUMBERS or folded in self.missing:
            line = lines[stripped.index(text)]
            self.number_markers.add(text, count, line)
            if folded in MISSING:  # requested words are reported when they are replaced
                self.word_markers.add(text, count, line)
            return
        written = written_number(text)
        if written is not None:
            self._count_number(written, text, count)
            fits = written.formats
        else:
            fits = self._formats_of_text(text)
            self._count_fitting(fits, count)
        removed = "" if written is None else written.removed
        self._note_first(fits, removed, stripped, stripped, text, lines)

    def _formats_of_text(self, text: str) -> int:
        if is_number(text):  # infinite, or longer than any number that is written in a format
            return bits_of([PLAIN])
        # a column that has been dates so far is only compared with the formats of those
        dates = date_formats(text, (self.fits_all & DATES) >> len(FORMATS) or -1)
        if dates and len(self._dates) < MOST_DATES:
            self._dates[text] = None
        elif not dates and len(self.strays) <= MOST_STRAYS:
            self.strays[text] = None
        return dates << len(FORMATS)

    def best(self, allowed: int, *, comma: bool) -> Format | None:
        """Return the format that fits most cells, or None if none fits any.

        Args:
            allowed: formats to choose from, as bits.
            comma: whether numbers in other columns have decimal commas.
        """
        if self.fits_all & NUMBERS == NUMBERS:
            return PLAIN  # also if all cells are missing
        numbers = FORMATS
        if comma:
            numbers = _COMMA_FIRST
        elif self.has_long_integer:  # in a column with thousands separators, it would have one
            numbers = (PLAIN, *_COMMA_FIRST)
        dates: tuple[DateFormat, ...] = DATE_FORMATS
        if self.fits_all & _EITHER == _EITHER:
            dates = (day_and_month(self._dates), *DATE_FORMATS)
        order: tuple[Format, ...] = (*numbers, *dates)
        found = max(order, key=lambda form: self.count(bits_of([form]) & allowed))
        return found if self.count(bits_of([found]) & allowed) else None

    def count(self, forms: int) -> int:
        """Return the number of cells that one of these formats fits."""
        return sum(cells for fits, cells in self.fitting.items() if fits & forms)

    def stray(self, form: Format | None) -> Stray | None:
        """Return the first cell that a format does not fit."""
        bit = 0 if form is None else bits_of([form])
        others = [first for (fits, _), first in self._first.items() if not fits & bit]
        return min(others, key=lambda each: each.line, default=None)

    def example(self, form: Format) -> Stray | None:
        """Return the first cell that shows a format best."""
        bit = bits_of([form])
        fitting = [
            (not removed, fits.bit_count(), first.line, first)
            for (fits, removed), first in self._first.items()
            if fits & bit
        ]
        return min(fitting, key=lambda each: each[:3])[-1] if fitting else None
