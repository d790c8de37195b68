"""Text files: blocks of plain numbers are parsed by `numpy.loadtxt`, all others cell by cell.

Both parsers give the same columns; only the careful one can report an invalid cell.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from core.dataclass import dataclass
from core.datasets.dataset import DataError
from core.datasets.files.choice import choose, note_choice
from core.datasets.files.column_formats import ColumnFormats, SurveyedWords, infinite_number
from core.datasets.files.layout import find_layout
from core.datasets.files.lines import Lines
from core.datasets.files.missing import MissingValues
from core.datasets.files.names import clean, clean_text
from core.datasets.files.rows import (
    LongerRowError,
    QuoteError,
    Rows,
    Skipped,
    fitted,
    is_header,
    is_total,
    may_be_total,
)
from core.datasets.files.survey import Markers
from core.datasets.files.table import Store, Table
from core.datasets.files.words import MOST_CATEGORIES, MOST_CLASSES, Words, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.arrays import Array
    from core.datasets.dataset import ProgressCallback
    from core.datasets.files.byte_stream import ByteStream
    from core.datasets.files.choice import ColumnChoice
    from core.datasets.files.column_formats import CellReader
    from core.datasets.files.layout import TextLayout
    from core.datasets.files.table import Source


@dataclass(frozen=True)
class Parsed:
    """Parsed rows of a file.

    Attributes:
        numbers: (rows, columns of numbers).
        cells: cells of each other column.
        lines: number of the first line of each row.
    """

    numbers: Array
    cells: list[Sequence[str]]
    lines: Sequence[int]


@dataclass(frozen=True)
class ParsedColumns:
    """Columns to read from each row, by index: plain numbers and all others.

    Attributes:
        skipped: lines that are not rows.
        comma: whether the decimal sign is a comma, so that a point is not.
        markers: missing values that are found among the numbers.
        missing: additional missing values, which may be infinite numbers.
    """

    layout: TextLayout
    file: str
    numbers: tuple[int, ...]
    words: tuple[int, ...]
    skipped: Skipped
    comma: bool = False
    markers: Markers = field(default_factory=Markers)
    missing: MissingValues = field(default_factory=lambda: MissingValues(()))


class NotNumbersError(Exception):
    """Columns that were read as plain numbers contain other cells: the file has to be read again."""

    def __init__(self, places: set[int]) -> None:
        super().__init__()
        self.places = places


def read_text(
    stream: ByteStream, suffix: str, source: Source, file: str, progress: ProgressCallback
) -> Table:
    """Return the chosen columns of a text file.

    The layout is guessed from the first lines. If a later line contradicts it, other layouts are tried.
    """

    def from_start() -> Lines:
        return Lines(stream, file, source.encoding, progress)

    def read(**given: bool) -> Table:
        return read_columns(
            from_start, find_layout(from_start(), source, suffix, file, **given), source, file
        )

    try:
        return read()
    except LongerRowError as error:
        return _or_raise(error, lambda: read(cut=False))
    except QuoteError as error:
        quote = error
    if not quote.is_in_text:
        if quote.certain:
            raise quote
        return read(suspicious=False)
    try:
        table = read(quotes=False)
    except DataError:
        return _or_raise(quote, lambda: read(suspicious=False))
    table.notes.append(
        f"Quotes are part of the texts, since the one in line {quote.line} does not enclose a cell."
    )
    return table


def _or_raise(error: DataError, read: Callable[[], Table]) -> Table:
    """Return another reading of the file; raise the first error if it fails as well."""
    try:
        return read()
    except DataError:
        raise error from None


def read_columns(
    from_start: Callable[[], Lines], layout: TextLayout, source: Source, file: str
) -> Table:
    """Return the chosen columns of a text file whose layout is known."""
    choice = choose(layout.names, source, file)
    missing = MissingValues(source.na)
    missing.check(layout.names, file)
    formats = ColumnFormats(layout, missing, source.decimal, file)
    while True:
        lines = from_start()
        lines.rewrite = layout.rewrite
        try:
            table = _read_columns(lines, layout, choice, formats, file)
        except NotNumbersError as found:
            formats.examine(found.places)
            continue
        if formats.settle(choice.used):
            break
    encoding = [f"Read as {clean(source.encoding)}."] if source.encoding else []
    table.notes = [*encoding, *layout.notes, *table.notes, *choice.notes]
    formats.finish(choice.used, table)
    note_choice(table, choice, layout.names)
    return table


def _read_columns(
    lines: Lines, layout: TextLayout, choice: ColumnChoice, formats: ColumnFormats, file: str
) -> Table:
    used = choice.used
    readers: dict[int, CellReader] = {}
    for at, place in enumerate(used):
        most = MOST_CATEGORIES if at < len(choice.features) else MOST_CLASSES
        if reader := formats.reader(place, most):
            readers[at] = reader
    numeric = [at for at in range(len(used)) if at not in readers]
    others = tuple(used[at] for at in readers)
    text = () if choice.text is None else (choice.text,)
    numbers = tuple(used[at] for at in numeric)
    columns = ParsedColumns(
        layout,
        file,
        numbers,
        others + text,
        Skipped(file),
        formats.comma,
        missing=formats.missing,
    )
    store = Store(len(choice.features), len(choice.targets))
    while block := lines.block():
        parsed = _parse(block, lines, columns)
        if not parsed.lines:
            continue
        values = np.empty((len(parsed.lines), len(used)))
        values[:, numeric] = parsed.numbers
        for (at, each), cells in zip(readers.items(), parsed.cells, strict=False):
            values[:, at] = each.codes(cells, parsed.lines)
        store.append(values, lines.share)
        if text:
            store.texts.extend(map(clean_text, parsed.cells[-1]))
    store.close()
    features = len(choice.features)
    words = {
        at: each.words if isinstance(each, SurveyedWords) else each
        for at, each in readers.items()
        if isinstance(each, SurveyedWords | Words)
    }
    return Table(
        file,
        "line",
        [layout.names[place] for place in choice.features],
        [layout.names[place] for place in choice.targets],
        store.x,
        store.y,
        {at: each for at, each in words.items() if at < features},
        {at - features: each for at, each in words.items() if at >= features},
        store.texts if text else None,
        notes=columns.skipped.notes(),
        markers=columns.markers,
    )


def _parse(block: list[str], lines: Lines, columns: ParsedColumns) -> Parsed:
    skip = columns.layout.skip + 1 - lines.first
    first = lines.first + max(skip, 0)
    rest = block[max(skip, 0) :]
    try:
        return fast(rest, first, columns)
    except ValueError:
        layout = columns.layout
        rows = Rows(rest, first, lines, layout.dialect, columns.file, suspicious=layout.suspicious)
        return careful(rows, columns)


def fast(block: Sequence[str], first: int, columns: ParsedColumns) -> Parsed:
    """Parse plain lines without quotes; raises ValueError for anything that needs `careful`."""
    dialect, width = columns.layout.dialect, len(columns.layout.names)
    delimiter = dialect.separator
    text = "".join(block)
    if (dialect.quote and dialect.quote in text) or not delimiter.isascii():
        raise ValueError
    if _repeats_header(block, text, columns.layout):
        raise ValueError
    if columns.comma and "." in text:
        raise ValueError
    if block and may_be_total(block[-1], dialect):
        raise ValueError
    block, comments, empty = _only_rows(block, text, columns.layout)
    numbers: Sequence[int] = range(first, first + len(block))
    if "" in block:  # loadtxt skips empty lines
        numbers = [first + at for at, line in enumerate(block) if line]
        block = [line for line in block if line]
    if not block:
        raise ValueError
    every = columns.numbers == tuple(range(width))  # loadtxt counts the columns itself
    if not every and any(line.count(delimiter) != width - 1 for line in block):
        raise ValueError
    values: Array = np.empty((len(block), 0))
    if columns.numbers:
        usecols = None if every else columns.numbers
        try:
            values = _load(block, delimiter, usecols)
        except ValueError:
            values = _load(_filled(block, delimiter), delimiter, usecols)
        if values.shape != (len(block), len(columns.numbers)) or np.isinf(values).any():
            raise ValueError
    cells: list[Sequence[str]] = []
    if columns.words:
        # split off only as many cells as needed, from the closer end of the line
        low, high = min(columns.words), max(columns.words)
        if low > width - 1 - high:
            rows = [line.rsplit(delimiter, width - low) for line in block]
            cells = [[row[place - width] for row in rows] for place in columns.words]
        else:
            rows = [line.split(delimiter, high + 1) for line in block]
            cells = [[row[place] for row in rows] for place in columns.words]
        if dialect.skip_blanks:
            cells = [[cell.lstrip(" ") for cell in column] for column in cells]
    columns.skipped.check_followed()
    columns.skipped.comments += comments
    columns.skipped.empty += empty
    return Parsed(values, cells, numbers)


def _repeats_header(block: Sequence[str], text: str, layout: TextLayout) -> bool:
    """Return whether a line is the header again, which could be a row of words."""
    name = max(layout.header, key=len, default="")
    if not name or name not in text:
        return False
    lines = (line.split(layout.dialect.separator) for line in block if name in line)
    return any(is_header(row[: len(layout.names)], layout) for row in lines)


def _only_rows(
    block: Sequence[str], text: str, layout: TextLayout
) -> tuple[Sequence[str], int, int]:
    """Return lines with empty ones in place of those that are not rows, and their numbers.

    Raises:
        ValueError: if the lines do not all end in the same way.
    """
    delimiter, comment = layout.dialect.separator, layout.dialect.comment
    comments = empty = 0
    if comment and comment in text:
        found = [line.lstrip().startswith(comment) for line in block]
        comments = sum(found)
        block = ["" if each else line for each, line in zip(found, block, strict=True)]
    if delimiter * (len(layout.names) - 1) in text:
        found = [line != "" and not line.strip(delimiter) for line in block]
        empty = sum(found)
        block = ["" if each else line for each, line in zip(found, block, strict=True)]
    if layout.cut:
        end = delimiter * layout.cut
        if not all(line.endswith(end) for line in block if line):
            raise ValueError
        block = [line[: -layout.cut] for line in block]
    return block, comments, empty


def _load(block: Sequence[str], delimiter: str, usecols: tuple[int, ...] | None) -> Array:
    values: Array = np.loadtxt(block, delimiter=delimiter, comments=None, ndmin=2, usecols=usecols)
    return values


def _filled(block: Sequence[str], delimiter: str) -> list[str]:
    """Return lines with `nan` in empty cells, the only missing values in most files."""
    empty, word = delimiter * 2, f"{delimiter}nan{delimiter}"
    lines = []
    for line in block:
        first = "nan" if line.startswith(delimiter) else ""
        last = "nan" if line.endswith(delimiter) else ""
        # the second pass fills every other one of adjacent empty cells
        lines.append(first + line.replace(empty, word).replace(empty, word) + last)
    return lines


def careful(rows: Rows, columns: ParsedColumns) -> Parsed:
    """Parse rows cell by cell; raises DataError, or NotNumbersError if there are words."""
    lines, cells = [], []
    for line, row in fitted(rows, columns.layout, columns.skipped):
        lines.append(line)
        cells.append(row)
    numeric = 0 in columns.numbers and bool(lines) and lines[0] > columns.layout.skip + 1
    is_whole = rows.start == columns.layout.skip + 1 and rows.ends_file
    if cells and is_total(cells[-1], cells[:-1], is_number_column=numeric, is_whole=is_whole):
        columns.skipped.leave_out(lines.pop(), cells.pop(), columns.layout)
    strays: set[int] = set()
    values = np.empty((len(lines), len(columns.numbers)))
    infinite: list[tuple[int, int]] = []
    for at, place in enumerate(columns.numbers):
        column = [row[place] for row in cells]
        parsed = None if columns.comma and "." in "".join(column) else _numbers(column)
        if parsed is None:
            strays.add(place)
            continue
        values[:, at] = parsed
        if not np.isfinite(values[:, at]).all():
            requested = columns.missing.of(columns.layout.names[place])
            infinite += [
                (row, place)
                for row in np.flatnonzero(np.isinf(values[:, at])).tolist()
                if column[row].strip().casefold() not in requested
            ][:1]
            for nan in np.flatnonzero(np.isnan(values[:, at])).tolist():
                columns.markers.add(column[nan].strip(), 1, lines[nan])
    if strays:
        raise NotNumbersError(strays)
    if infinite:
        first, place = min(infinite)
        raise infinite_number(
            columns.file, lines[first], columns.layout.names[place], cells[first][place]
        )
    return Parsed(values, [[row[place] for row in cells] for place in columns.words], lines)


def _numbers(column: list[str]) -> list[float] | None:
    """Return the numbers in a column, or None if a cell is not a plain number."""
    text = "".join(column)
    if text.isascii() and "_" not in text:
        try:
            return list(map(float, column))  # twice as fast
        except ValueError:
            pass
    try:
        return list(map(number, column))
    except ValueError:
        return None
