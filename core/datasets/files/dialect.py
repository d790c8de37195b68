"""Dialect of a text table: the delimiter, the quotes and the blanks, guessed from the first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.datasets.files.names import clean
from core.datasets.files.survey import is_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DELIMITERS: Final = (",", ";", "\t", "|")
OTHERS: Final = (":", "~", "^", "!", "/", "&")
"""Delimiters that are recommended if they fit, but never guessed."""

BLANKS: Final = " "
"""The delimiter of files whose columns are separated by any number of blanks and tabs."""

AGREEING: Final = 0.8
"""Fraction of the first rows that have the same number of columns if the delimiter is right."""

JOINED: Final = 0.1
"""Fraction of the cells from which they contain more than one value."""

ALL: Final = 0.9
"""Fraction of numbers of a table that has no other columns: the header may be among the rows."""

_SHOWN: Final = {"\t": "tab", BLANKS: "blanks"}
_OPTIONS: Final = {
    ",": "comma",
    "\t": "tab",
    BLANKS: "whitespace",
    ";": "semicolon",
    "|": "pipe",
    "&": "'&'",
}


@dataclass(frozen=True)
class Dialect:
    """The form of the rows of a text table.

    Attributes:
        delimiter: one character; a blank for any number of blanks and tabs.
        quote: character around cells that contain delimiters; empty if quotes are part of the cells.
        skip_blanks: whether blanks after a delimiter are not part of the cell.
        comment: beginning of lines that are comments; empty if there are none.
    """

    delimiter: str
    quote: str = '"'
    skip_blanks: bool = False
    comment: str = ""

    @property
    def separator(self) -> str:
        """The delimiter of the rewritten lines."""
        return "\t" if self.delimiter == BLANKS else self.delimiter

    @property
    def rewrite(self) -> Callable[[str, int], str] | None:
        """The function that gives lines the form of a CSV file, if they have another form."""
        return _Tabs(self.quote) if self.delimiter == BLANKS else None

    def cells(self, lines: Iterable[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Return the rows of rewritten lines that end in line breaks; raises csv.Error."""
        # strict, as a quote that is never closed would otherwise swallow the rest of the file
        return csv.reader(
            lines,
            delimiter=self.separator,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            skipinitialspace=self.skip_blanks,
            strict=strict,
        )

    def rows(self, sample: Sequence[str], *, strict: bool = False) -> list[list[str]]:
        """Return the rows of some lines, the last of which may be incomplete unless `strict`.

        There are none if a cell is too long, or quotes are wrong.
        """
        rewrite = self.rewrite
        lines = sample if rewrite is None else [rewrite(line, 0) for line in sample]
        try:
            return list(self.cells((f"{line}\n" for line in lines), strict=strict))
        except csv.Error:
            return []


class _Tabs:
    """Replaces the blanks between cells by tabs; those within quotes stay."""

    def __init__(self, quote: str) -> None:
        self._quote = quote
        self._cells = re.compile(
            rf"{quote}(?:[^{quote}]|{quote}{quote})*{quote}(?=[ \t]|$)|[^ \t]+"
        )

    def __call__(self, line: str, number: int = 0) -> str:
        del number
        if self._quote and self._quote in line:
            return "\t".join(self._cells.findall(line))
        return "\t".join(filter(None, line.replace("\t", " ").split(" ")))


def shown(delimiter: str) -> str:
    """Return the name of a delimiter for messages."""
    return _SHOWN.get(delimiter) or f"'{clean(delimiter)}'"


def option(delimiter: str) -> str:
    """Return the command-line option for a delimiter."""
    return f"--delimiter {_OPTIONS.get(delimiter, clean(delimiter))}"


def looks_numeric(cell: str) -> bool:
    """Return whether a cell contains a number, of whatever format."""
    return is_value(cell)


@dataclass(frozen=True)
class _Fit:
    """Fit of a delimiter.

    Attributes:
        agreeing: fraction of the rows that have as many columns as most.
        numbers: fraction of the cells that are numbers.
        words: fraction of the cells that are neither numbers nor empty.
        joined: fraction of the cells that are words with a comma.
        columns: number of columns of most rows.
    """

    agreeing: float = 0.0
    numbers: float = 0.0
    words: float = 0.0
    joined: float = 0.0
    columns: int = 0

    def __lt__(self, other: _Fit) -> bool:
        return self._key < other._key

    @property
    def _key(self) -> tuple[float, float, int]:
        return self.agreeing, self.numbers, self.columns


def find_delimiter(
    sample: Sequence[str], *, quotes: bool = True, others: bool = False
) -> str | None:
    """Return the delimiter with which most lines have the same number of columns, or None.

    Args:
        sample: the first lines.
        quotes: false if quotes are part of the text.
        others: whether to try unusual delimiters as well.
    """
    candidates = (*DELIMITERS, *(OTHERS if others else ()))
    fits = {each: _fit(sample, each, quotes=quotes) for each in candidates}
    best = max(candidates, key=lambda each: fits[each]._key)
    blanks = _fit(sample, BLANKS, quotes=quotes)
    if _are_better(blanks, best, fits[best]):
        return BLANKS
    return best if fits[best].agreeing else None


def _are_better(blanks: _Fit, best: str, fit: _Fit) -> bool:
    """Return whether blanks separate the columns rather than the best delimiter."""
    if blanks.agreeing < AGREEING:
        return False
    if fit.agreeing < AGREEING:
        return fit.agreeing < blanks.agreeing
    # words next to commas may contain blanks, and so do formatted numbers
    if best == ",":
        return blanks.numbers > fit.numbers and blanks.joined < JOINED
    if best != "\t" or blanks.agreeing < fit.agreeing:
        return False
    if fit.agreeing < blanks.agreeing and fit.numbers <= blanks.numbers:
        return True
    # blanks as well as tabs between numbers, or a tab only before the last column
    if blanks.numbers > ALL and blanks.words + JOINED < fit.words:
        return True
    return fit.columns < blanks.columns and blanks.numbers > 0.5 > fit.numbers


def _fit(sample: Sequence[str], delimiter: str, *, quotes: bool) -> _Fit:
    quote = find_quote(sample, delimiter) if quotes else ""
    dialect = Dialect(delimiter, quote, skip_blanks=True)
    rows = [row for row in dialect.rows(sample) if any(map(str.strip, row))]
    if not rows:
        return _Fit()
    columns, agreeing = Counter(map(len, rows)).most_common(1)[0]
    if columns < 2:
        return _Fit()
    cells = [cell for row in rows for cell in row]
    # 1,5;2,5 split at commas has three columns, of which one is not a number
    words = [cell for cell in cells if not looks_numeric(cell)]
    filled, joined = sum(map(bool, map(str.strip, words))), sum("," in word for word in words)
    total = len(cells)
    return _Fit(
        agreeing / len(rows), 1 - len(words) / total, filled / total, joined / total, columns
    )


def find_quote(sample: Sequence[str], delimiter: str) -> str:
    """Return the character that encloses cells: a double quote, unless only single quotes do so."""
    if any('"' in line for line in sample) or not any("'" in line for line in sample):
        return '"'
    plain = _widths(Dialect(delimiter, ""), sample)
    single = _widths(Dialect(delimiter, "'", skip_blanks=True), sample)
    if len(single) == 1 < len(plain):
        return "'"
    cells = [map(str.strip, row) for row in Dialect(delimiter, "").rows(sample)]
    enclosed = sum(any(re.fullmatch("'[^']*'", cell) for cell in row) for row in cells)
    return "'" if enclosed >= AGREEING * len(sample) and len(single) == 1 else '"'


def _widths(dialect: Dialect, sample: Sequence[str]) -> set[int]:
    """Return the different numbers of columns; none if the quotes do not enclose cells."""
    return {len(row) for row in dialect.rows(sample, strict=True) if row}


def has_blanks(sample: Sequence[str], delimiter: str, quote: str) -> bool:
    """Return whether blanks follow the delimiters: before every cell, or before a quote."""
    if delimiter == BLANKS:
        return False
    each = [cell for line in sample for cell in line.split(delimiter)[1:] if cell]
    if sum(cell.startswith(" ") for cell in each) >= AGREEING * max(1, len(each)):
        return True
    for line in sample:
        row = next(iter(Dialect(delimiter, quote).rows([line])), [])
        for cell in row[1:]:
            # within quotes, a quote would be doubled
            if cell.lstrip(" ").startswith(quote) and f"{delimiter} {cell.lstrip(' ')}" in line:
                return True
    return False
