"""Layout of a text file: its delimiter, and whether its first row is a header."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.datasets.files.choice import check_names
from core.datasets.files.lines import LONGEST_LINE
from core.datasets.files.names import clean, unusable
from core.datasets.files.words import has_decimal_comma, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.datasets.files.lines import Lines
    from core.datasets.files.table import Source

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 50
"""Number of lines from which the delimiter is guessed."""

_SHOWN: Final = {"\t": "tab", " ": "space"}
_WORDS: Final = {"tab": "\t", "\\t": "\t", "space": " "}


@dataclass(frozen=True)
class TextLayout:
    """The columns of a text file.

    Attributes:
        delimiter: one character.
        names: one per column.
        has_header: whether the file contains the names.
        skip: number of lines before the first row of data.
        notes: one sentence for each guess.
    """

    delimiter: str
    names: tuple[str, ...]
    has_header: bool
    skip: int
    notes: tuple[str, ...]


class Rows:
    """Rows of cells with their first line numbers; a quoted cell may continue in the next block."""

    def __init__(
        self, block: Sequence[str], first: int, lines: Lines, delimiter: str, file: str
    ) -> None:
        self._block = block
        self._first = first
        self._lines = lines
        self._file = file
        self._at = 0
        # strict, as a quote that is never closed would otherwise swallow the rest of the file
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)

    @property
    def read(self) -> int:
        """Number of lines read so far."""
        return self._first + self._at - 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while self._at < len(self._block):
            line = self._first + self._at
            try:
                row = next(self._reader)
            except csv.Error as error:
                raise unusable(self._file, self._unquoted(line, str(error))) from None
            if len(row) > 1 or (row and row[0].strip()):
                yield line, row

    def _feed(self) -> Iterator[str]:
        while self._block:
            while self._at < len(self._block):
                self._at += 1
                # a line end within quotes belongs to the cell
                yield self._block[self._at - 1] + "\n"
            block = self._lines.block()
            if not block:
                return
            self._block, self._at, self._first = block, 0, self._lines.first

    def _unquoted(self, line: int, error: str) -> str:
        if "field limit" in error:
            most = csv.field_size_limit()
            return f"the row in line {line} has a cell of over {most:,} characters; close its quote"
        if "end of data" in error:
            return f"a quote is opened in line {line} and never closed; close it, or double it"
        return (
            f"the row in line {line} has a quote within a cell that begins with one; "
            "a quote in a quoted cell is doubled"
        )


def find_layout(lines: Lines, source: Source, suffix: str, file: str) -> TextLayout:
    """Read the beginning of a file and guess what was not specified."""
    block, sample, first = _beginning(lines)
    if not sample:
        raise unusable(file, "the file is empty; a row of names and rows of samples are needed")
    notes = []
    if source.delimiter is not None:
        delimiter = _checked(source.delimiter, file)
    elif suffix == ".tsv":
        delimiter = "\t"
    else:
        delimiter = _found(sample, file)
        notes.append(f"The columns are separated by {shown(delimiter)}.")
    rows = Rows(block, first, lines, delimiter, file)
    line, row = next(iter(rows))
    if len(row) < 2:
        raise unusable(
            file,
            f"line {line} has only one column with {shown(delimiter)} as the delimiter; "
            "set --delimiter",
        )
    has_header = source.header
    if has_header is None:
        has_header = not any(is_number(cell) or has_decimal_comma(cell) for cell in row)
        what = "contains the column names" if has_header else "is data; the columns have no names"
        notes.append(f"The first row {what}.")
    names = [cell.strip() for cell in row] if has_header else [""] * len(row)
    skip = rows.read if has_header else 0
    return TextLayout(delimiter, tuple(check_names(names, file)), has_header, skip, tuple(notes))


def _beginning(lines: Lines) -> tuple[list[str], list[str], int]:
    """Return the first lines, the non-blank ones among them, and the number of the first line."""
    first = 1
    read: list[str] = []
    sample: list[str] = []
    while len(sample) < SAMPLE and sum(map(len, sample)) < LONGEST_LINE:
        block = lines.block()
        if not block:
            break
        # a file may begin with any number of blank lines
        if not sample:
            read, first = [], lines.first
        read += block
        sample += [line for line in block if line.strip()][:SAMPLE]
    return read, sample[:SAMPLE], first


def shown(delimiter: str) -> str:
    """Return the name of a delimiter for messages."""
    return _SHOWN.get(delimiter) or f"'{clean(delimiter)}'"


def _checked(given: str, file: str) -> str:
    delimiter = _WORDS.get(given, given)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r\0.+-_':
        raise unusable(
            file,
            f"invalid delimiter '{clean(given)}': expected one character such as , or ; or |, "
            "or the word tab or space",
        )
    return delimiter


def _found(sample: Sequence[str], file: str) -> str:
    scores = {each: _score(sample, each) for each in DELIMITERS}
    best = max(DELIMITERS, key=lambda each: scores[each])
    if not scores[best][0]:
        hint = "--delimiter space" if " " in sample[0].strip() else "--delimiter"
        raise unusable(
            file,
            "the first lines have only one column with any of , ; | and tab as the delimiter; "
            f"set {hint}",
        )
    return best


def _score(sample: Sequence[str], delimiter: str) -> tuple[float, float, int]:
    """Return the fraction of rows that agree on the number of columns, that of numbers, the columns."""
    try:
        rows = list(csv.reader([f"{line}\n" for line in sample], delimiter=delimiter))
    except csv.Error:
        return 0.0, 0.0, 0
    columns, agreeing = Counter(map(len, rows)).most_common(1)[0]
    if columns < 2:
        return 0.0, 0.0, 0
    cells = [cell for row in rows for cell in row]
    # 1,5;2,5 split at commas has three columns, of which one is not a number
    numbers = sum(is_number(cell) or has_decimal_comma(cell) for cell in cells)
    return agreeing / len(rows), numbers / len(cells), columns
