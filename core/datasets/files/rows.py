"""Rows of a text table: lines split into cells; lines that are not rows are counted."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.datasets.dataset import DataError
from core.datasets.files.names import clean, counted, unusable
from core.datasets.files.words import is_missing, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.datasets.files.dialect import Dialect
    from core.datasets.files.layout import TextLayout
    from core.datasets.files.lines import Lines

COMMENTS: Final = ("#", "%", "//")
"""Beginnings of comments in tables."""

MOST_FOOTER: Final = 10
"""Maximum number of lines after a table."""

MOST_FIRSTS: Final = 1000
"""Number of different first cells that are remembered."""

_RULE: Final = frozenset(" \t|+:=-")

_GRAND_TOTALS: Final = ("total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme")
_TOTALS: Final = (*_GRAND_TOTALS, "average", "mean", "count", "source", "note")


class QuoteError(DataError):
    """Quotes that do not enclose cells; the file may be readable if they are part of the text.

    Attributes:
        line: number of the line with the quote.
        is_in_text: whether the cell with the quote has several words.
        certain: false if the file is readable with either meaning of the quotes.
    """

    def __init__(
        self, message: DataError, line: int, cells: Sequence[str], *, certain: bool
    ) -> None:
        super().__init__(str(message))
        self.line = line
        self.is_in_text = any('"' in cell and " " in cell.strip() for cell in cells)
        self.certain = certain


class LongerRowError(DataError):
    """A row with values after the last column, where the first rows have empty cells."""


class Rows:
    """Rows of cells with their first line numbers; a quoted cell may continue in the next block."""

    def __init__(
        self,
        block: Sequence[str],
        first: int,
        lines: Lines,
        dialect: Dialect,
        file: str,
        *,
        suspicious: bool = True,
    ) -> None:
        self._block = block
        self._first = self.start = first
        self._lines = lines
        self._dialect = dialect
        self._file = file
        self._suspicious = suspicious and dialect.delimiter == "\t"
        self._at = 0
        self._taken: list[str] = []
        self._firsts: set[str] = set()
        self._reader = dialect.cells(self._feed())
        self.comments = 0

    @property
    def ends_file(self) -> bool:
        """Whether no further lines follow those read so far."""
        return self._lines.is_at_end

    @property
    def read(self) -> int:
        """Number of lines read so far."""
        return self._first + self._at - 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        comment = self._dialect.comment
        while self._at < len(self._block):
            if comment and self._block[self._at].lstrip().startswith(comment):
                self._at += 1
                self.comments += 1
                continue
            line = self._first + self._at
            self._taken.clear()
            try:
                row = next(self._reader)
            except csv.Error as error:
                raise self._quote_error(line, self._unquoted(line, str(error))) from None
            if self._suspicious and len(self._taken) > 1 and self._are_rows(row):
                say = f"a quote in line {line} encloses whole rows; double it"
                raise self._quote_error(line, say, certain=False)
            if len(row) > 1 or (row and row[0].strip()):
                if self._suspicious and len(self._firsts) < MOST_FIRSTS:
                    self._firsts.add(row[0])
                yield line, row

    def _feed(self) -> Iterator[str]:
        while self._block:
            while self._at < len(self._block):
                self._at += 1
                self._taken.append(self._block[self._at - 1])
                # a line end within quotes belongs to the cell
                yield self._block[self._at - 1] + "\n"
            block = self._lines.block()
            if not block:
                return
            self._block, self._at, self._first = block, 0, self._lines.first

    def _quote_error(self, line: int, sentence: str, *, certain: bool = True) -> QuoteError:
        cells = self._taken[0].split(self._dialect.separator) if self._taken else []
        return QuoteError(unusable(self._file, sentence), line, cells, certain=certain)

    def _are_rows(self, row: Sequence[str]) -> bool:
        """Return whether each line of the last row looks like a row, so that quotes are stray."""
        counts = {each.count(self._dialect.separator) for each in self._taken}
        firsts = [each.partition(self._dialect.separator)[0] for each in self._taken[1:]]
        known = {row[0], *self._firsts}
        return (
            len(counts) == 1
            and counts != {0}
            and all(first in known or is_number(first) for first in firsts)
        )

    def _unquoted(self, line: int, error: str) -> str:
        if "field limit" in error or "field larger" in error:
            most = csv.field_size_limit()
            return f"the row in line {line} has a cell of over {most:,} characters; close its quote"
        if "end of data" in error:
            return f"a quote is opened in line {line} and never closed; close it, or double it"
        return (
            f"the row in line {line} has a quote within a cell that begins with one; "
            "a quote in a quoted cell is doubled"
        )


@dataclass
class Skipped:
    """The lines of a file that are not rows of its table.

    Attributes:
        file: name of the file in messages.
        comments: number of comments.
        empty: number of rows in which every cell is empty.
        headers: number of repeated headers.
        longer: number of rows with additional empty cells at the end.
        footer: lines with their texts and the errors to raise if rows follow them.
    """

    file: str
    comments: int = 0
    empty: int = 0
    headers: int = 0
    longer: int = 0
    footer: list[tuple[int, str, str]] = field(default_factory=list)

    def check_followed(self) -> None:
        """Raise DataError if a line that is not a row is followed by one."""
        if self.footer:
            raise unusable(self.file, self.footer[0][2])

    def leave_out(self, line: int, row: Sequence[str], layout: TextLayout) -> None:
        """Leave out a row that may be a line after the table; raises DataError for any other."""
        width = len(layout.names)
        what = "the header" if layout.has_header else "the first row"
        error = (
            f"line {line} has {counted(len(row), 'field')}, {what} has {width}; "
            "every row needs the same number"
        )
        if len(row) == width:
            error = f"line {line} contains a total ('{clean(row[0].strip())}'), and rows follow it"
        elif layout.cut and len(row) > width:
            raise LongerRowError(str(unusable(self.file, error)))
        elif not is_footer(row, width):
            raise unusable(self.file, error)
        if len(self.footer) == MOST_FOOTER:
            self.check_followed()
        self.footer.append((line, layout.dialect.separator.join(row), error))

    def notes(self) -> list[str]:
        """Return a sentence on each kind of line."""
        notes = []
        if self.comments:
            notes.append(f"Left out: {counted(self.comments, 'comment')}.")
        if self.empty:
            notes.append(f"Left out: {counted(self.empty, 'row')} with empty cells only.")
        if self.headers:
            notes.append(f"Left out: {counted(self.headers, 'row')} with the header again.")
        if self.longer:
            notes.append(
                f"Ignored: additional empty cells at the end of {counted(self.longer, 'row')}."
            )
        if self.footer:
            line, text, _ = self.footer[0]
            what = (
                f"line {line}"
                if len(self.footer) == 1
                else f"the {len(self.footer)} lines from {line}"
            )
            notes.append(f"Left out: {what} after the table ('{clean(text)}').")
        return notes


def fitted(rows: Rows, layout: TextLayout, skipped: Skipped) -> Iterator[tuple[int, list[str]]]:
    """Return the rows with as many cells as there are columns; count the others or raise DataError."""
    width = len(layout.names)
    for line, row in rows:
        fits = row
        if len(row) > width and not any(map(str.strip, row[width:])):
            fits = row[:width]
            skipped.longer += not layout.cut
        if not any(map(str.strip, fits)):
            skipped.empty += 1
        elif is_header(fits, layout):
            skipped.headers += 1
        elif len(fits) == width:
            skipped.check_followed()
            yield line, fits
        elif row[0].lstrip().startswith(COMMENTS) or is_rule(row):
            skipped.comments += 1
        else:
            skipped.leave_out(line, row, layout)
    skipped.comments += rows.comments


def is_header(row: Sequence[str], layout: TextLayout) -> bool:
    """Return whether a row repeats the header."""
    # most rows differ in the last cell
    return (
        bool(layout.header)
        and row[-1].strip() == layout.header[-1]
        and tuple(map(str.strip, row)) == layout.header
    )


def is_rule(row: Sequence[str]) -> bool:
    """Return whether a row is a line of dashes, as between a header and the rows below it."""
    text = "".join(row)
    return ("---" in text or "===" in text) and _RULE.issuperset(text)


def is_total(
    row: Sequence[str], above: Sequence[Sequence[str]], *, is_number_column: bool, is_whole: bool
) -> bool:
    """Return whether a row sums up the rows above: a word such as `Total` in a column of numbers.

    In a column of words, it is the last row of the file, and the word occurs once; of a file of several
    blocks, this is not known.

    Args:
        row: the last row of a block.
        above: the rows before it in the block.
        is_number_column: whether the first column contains numbers in the blocks before.
        is_whole: whether the block contains the whole table.
    """
    first = row[0].strip().casefold().rstrip(":")
    if first not in _TOTALS:
        return False
    firsts = [each[0] for each in above if not is_missing(each[0])]
    if (firsts or is_number_column) and all(map(is_number, firsts)):
        return True
    return (
        is_whole
        and first in _GRAND_TOTALS
        and all(each.strip().casefold() != first for each in firsts)
    )


def may_be_total(line: str, dialect: Dialect) -> bool:
    """Return whether a line begins with a word such as `Total`."""
    return line.partition(dialect.separator)[0].strip().casefold().rstrip(":") in _TOTALS


def is_footer(row: Sequence[str], width: int) -> bool:
    """Return whether a row may be a line after the table, such as a sum or the number of rows."""
    filled = [cell for cell in row if cell.strip()]
    first = row[0].strip()
    if len(row) > width or is_number(first) or is_missing(first):
        return False
    named = first.casefold().startswith(_TOTALS) or first.startswith("(")
    return named or len(filled) == 1
