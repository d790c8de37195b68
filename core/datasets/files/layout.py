"""How a text file is laid out: what parts its columns, and whether its first row names them."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.datasets.files.choice import check_names
from core.datasets.files.lines import LONGEST_LINE
from core.datasets.files.names import bad, clean
from core.datasets.files.words import has_decimal_comma, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.datasets.files.lines import Lines
    from core.datasets.files.table import Source

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 50
"""Lines by which the delimiter is found."""

_SHOWN: Final = {"\t": "tab", " ": "space"}
_WORDS: Final = {"tab": "\t", "\\t": "\t", "space": " "}


@dataclass(frozen=True)
class TextLayout:
    """The columns of a text file.

    Attributes:
        delimiter: one character.
        names: one per column.
        has_header: whether they are the file's own.
        skip: lines before the first row of data.
        notes: a sentence on each thing that was found out.
    """

    delimiter: str
    names: tuple[str, ...]
    has_header: bool
    skip: int
    notes: tuple[str, ...]


class Rows:
    """Rows of cells, and the line that each begins on; goes on into the next block within a quote."""

    def __init__(
        self, block: Sequence[str], first: int, lines: Lines, delimiter: str, file: str
    ) -> None:
        self._block = block
        self._first = first
        self._lines = lines
        self._file = file
        self._at = 0
        # strict, or a quote that is never closed would be the rest of the file
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)

    @property
    def read(self) -> int:
        """How many lines of the file were read."""
        return self._first + self._at - 1

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while self._at < len(self._block):
            line = self._first + self._at
            try:
                row = next(self._reader)
            except csv.Error as error:
                raise bad(self._file, self._unquoted(line, str(error))) from None
            if len(row) > 1 or (row and row[0].strip()):
                yield line, row

    def _feed(self) -> Iterator[str]:
        while self._block:
            while self._at < len(self._block):
                self._at += 1
                # the end of the line belongs to a text in quotes
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
            "a quote in a quoted cell is written twice"
        )


def find_layout(lines: Lines, source: Source, suffix: str, file: str) -> TextLayout:
    """Read the beginning of a file, and find out what is not said."""
    block, sample, first = _beginning(lines)
    if not sample:
        raise bad(file, "the file is empty; a row of names and rows of samples are needed")
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
        raise bad(
            file,
            f"line {line} has one column if {shown(delimiter)} parts the columns; "
            "say what parts them with --delimiter",
        )
    has_header = source.header
    if has_header is None:
        has_header = not any(is_number(cell) or has_decimal_comma(cell) for cell in row)
        what = "holds the names of the columns" if has_header else "is data, without names"
        notes.append(f"The first row {what}.")
    names = [cell.strip() for cell in row] if has_header else [""] * len(row)
    skip = rows.read if has_header else 0
    return TextLayout(delimiter, tuple(check_names(names, file)), has_header, skip, tuple(notes))


def _beginning(lines: Lines) -> tuple[list[str], list[str], int]:
    """Return the first lines, those that are not blank, and the number of the first of all."""
    first = 1
    read: list[str] = []
    sample: list[str] = []
    while len(sample) < SAMPLE and sum(map(len, sample)) < LONGEST_LINE:
        block = lines.block()
        if not block:
            break
        # a file can begin with any number of blank lines
        if not sample:
            read, first = [], lines.first
        read += block
        sample += [line for line in block if line.strip()][:SAMPLE]
    return read, sample[:SAMPLE], first


def shown(delimiter: str) -> str:
    """Return a delimiter as a sentence calls it."""
    return _SHOWN.get(delimiter) or f"'{clean(delimiter)}'"


def _checked(given: str, file: str) -> str:
    delimiter = _WORDS.get(given, given)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r\0.+-_':
        raise bad(
            file,
            f"the delimiter '{clean(given)}' is not accepted; "
            "expected one character such as , or ; or |, or the word tab or space",
        )
    return delimiter


def _found(sample: Sequence[str], file: str) -> str:
    scores = {each: _score(sample, each) for each in DELIMITERS}
    best = max(DELIMITERS, key=lambda each: scores[each])
    if not scores[best][0]:
        hint = "--delimiter space" if " " in sample[0].strip() else "--delimiter"
        raise bad(
            file,
            "the first lines have one column, whichever of , ; | and tab parts the columns; "
            f"say what parts them with {hint}",
        )
    return best


def _score(sample: Sequence[str], delimiter: str) -> tuple[float, float, int]:
    """Return how many rows agree on how many columns, how much of them is numbers, and how many."""
    try:
        rows = list(csv.reader([f"{line}\n" for line in sample], delimiter=delimiter))
    except csv.Error:
        return 0.0, 0.0, 0
    columns, agreeing = Counter(map(len, rows)).most_common(1)[0]
    if columns < 2:
        return 0.0, 0.0, 0
    cells = [cell for row in rows for cell in row]
    # 1,5;2,5 has three columns if commas part them, of which one is no number
    numbers = sum(is_number(cell) or has_decimal_comma(cell) for cell in cells)
    return agreeing / len(rows), numbers / len(cells), columns
