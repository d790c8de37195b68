"""Layout of a text file: its dialect, its columns, and the lines before its first row."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.datasets.files.choice import check_names
from core.datasets.files.dialect import (
    BLANKS,
    Dialect,
    find_delimiter,
    find_quote,
    has_blanks,
    looks_numeric,
    option,
    shown,
)
from core.datasets.files.header import find_header
from core.datasets.files.lines import LONGEST_LINE
from core.datasets.files.names import clean, counted, listed, unusable
from core.datasets.files.rows import COMMENTS, Rows, is_rule
from core.datasets.files.words import is_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.datasets.dataset import DataError
    from core.datasets.files.lines import Lines
    from core.datasets.files.table import Source

SAMPLE: Final = 50
"""Number of lines from which the layout is guessed."""

_WORDS: Final = {"tab": "\t", "\\t": "\t", "space": BLANKS, "whitespace": BLANKS}
_UNIT: Final = re.compile(r"\[.*\]|\(.*\)")
_SEPARATOR_LINE: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class TextLayout:
    """The columns of a text file.

    Attributes:
        dialect: form of the rows.
        names: one per column.
        has_header: whether the file contains the names.
        skip: number of lines before the first row of data.
        notes: one sentence for each guess.
        cut: number of empty cells after the last column in most rows.
        words: columns that contain words even if they look like numbers.
        rewrite: brings a line with its number into the form of a CSV file; None leaves all as they are.
        suspicious: whether a quote that encloses whole rows is an error.
        header: cells of the header, which is repeated where files have been joined; empty without one.
    """

    dialect: Dialect
    names: tuple[str, ...]
    has_header: bool
    skip: int
    notes: tuple[str, ...]
    cut: int = 0
    words: frozenset[int] = field(default=frozenset())
    rewrite: Callable[[str, int], str] | None = None
    suspicious: bool = True
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    """One of the first rows: its line, its cells, and the number of its last line."""

    line: int
    cells: list[str]
    last: int

    @property
    def filled(self) -> int:
        """Number of cells that are not empty."""
        return sum(bool(cell.strip()) for cell in self.cells)

    def fits(self, width: int) -> bool:
        """Return whether there are as many cells, apart from empty ones at the end."""
        return len(self.cells) == width or (
            len(self.cells) > width and not any(map(str.strip, self.cells[width:]))
        )


def find_layout(
    lines: Lines,
    source: Source,
    suffix: str,
    file: str,
    *,
    quotes: bool = True,
    suspicious: bool = True,
    cut: bool = True,
) -> TextLayout:
    """Read the beginning of a file and guess what was not specified.

    Args:
        lines: the lines of the file.
        source: the options of the user.
        suffix: suffix of the file's name in lower case.
        file: name of the file in messages.
        quotes: false if quotes are part of the text.
        suspicious: whether a quote that encloses whole rows is an error.
        cut: whether to leave out columns at the end without a name and without values.
    """
    block, sample, first = _beginning(lines)
    if not sample:
        raise unusable(file, "the file is empty; a row of names and rows of samples are needed")
    notes: list[str] = []
    delimiter = None if source.delimiter is None else _checked(source.delimiter, file)
    separator = _SEPARATOR_LINE.fullmatch(sample[0].strip(" "))
    if separator:
        at = block.index(sample[0]) + 1
        block, first, sample = block[at:], first + at, sample[1:]
        delimiter = delimiter or separator[1]
        notes.append(f"The columns are separated by {shown(delimiter)}, as the first line says.")
    elif delimiter is None:
        delimiter = "\t" if suffix == ".tsv" else _guessed(sample, file, quotes=quotes)
        notes += [] if suffix == ".tsv" else [f"The columns are separated by {shown(delimiter)}."]
    dialect = _dialect(_without_comments(sample), delimiter, quotes=quotes)
    if dialect.quote == "'":
        notes.append("Cells are enclosed in single quotes.")
    lines.rewrite = dialect.rewrite
    block = block if dialect.rewrite is None else [dialect.rewrite(line, 0) for line in block]
    found = _Finder(file, dialect, source.header, notes, cut=cut)
    rows = Rows(block, first, lines, dialect, file, suspicious=suspicious)
    names, has_header, skip = found.columns(
        [_Row(line, row, rows.read) for line, row in islice(rows, SAMPLE)]
    )
    return TextLayout(
        replace(dialect, comment=found.comment),
        tuple(check_names(_distinct(names, notes), file)),
        has_header,
        skip,
        tuple(notes),
        found.cut,
        rewrite=dialect.rewrite,
        suspicious=suspicious,
        header=tuple(names) if has_header and not found.is_row else (),
    )


class _Finder:
    """Finds the columns in the first rows, and the lines before them.

    Attributes:
        comment: beginning of the comments before the table, or an empty string.
        cut: number of empty cells after the last column.
        is_row: whether the header is also one of the rows below it.
    """

    def __init__(
        self, file: str, dialect: Dialect, header: bool | None, notes: list[str], *, cut: bool
    ) -> None:
        self.comment = ""
        self.cut = 0
        self.is_row = False
        self._file = file
        self._dialect = dialect
        self._header = header
        self._notes = notes
        self._cuts = cut

    def columns(self, rows: list[_Row]) -> tuple[list[str], bool, int]:
        """Return the names of the columns, whether the file contains them, and the lines to skip."""
        if not rows:
            raise unusable(self._file, "no row follows the first line; rows of samples are needed")
        rows = [row for row in rows if row.filled] or rows
        plain = [row for row in rows if not self._comment_of(row)]
        if 2 * len(plain) < len(rows):
            plain = rows  # hashtags, for example
        width = self._width(plain)
        if width < 2:
            raise _one_column(
                [self._text(row) for row in plain], self._dialect, plain[0].line, self._file
            )
        comments = []
        if rows[0] not in plain:
            self.comment = self._comment_of(rows[0])
            comments = rows[: rows.index(plain[0])]
            self._skipped("Comment", "Comments", comments)
            rows = [row for row in rows if self._comment_of(row) != self.comment]
        else:
            rows = [row for row in rows if row in plain or row.fits(width)]
        rows = self._without_titles(rows, width)
        if len(rows) > 1 and (_are_units(rows[1]) or _are_plain_units(rows, width)):
            self._skipped("Units", "", rows[1:2])
            rows = [replace(rows[0], last=rows[1].last), *rows[2:]]
        elif len(rows) > 1 and is_rule(rows[1].cells):
            rows = [replace(rows[0], last=rows[1].last), *rows[2:]]
        return self._named(rows, width, comments)

    def _comment_of(self, row: _Row) -> str:
        """Return the beginning of a comment, or an empty string; `#` alone is the name of a column."""
        first = row.cells[0].strip()
        if first in COMMENTS and self._dialect.delimiter != BLANKS:
            return ""
        return next((each for each in COMMENTS if first.startswith(each)), "")

    def _width(self, rows: list[_Row]) -> int:
        """Return the usual number of columns, without empty ones at the end."""
        filled = [row for row in rows if row.filled] or rows
        width = Counter(len(row.cells) for row in filled).most_common(1)[0][0]
        usual = [row.cells for row in filled if len(row.cells) == width]
        if self._cuts and self._dialect.delimiter != BLANKS:
            while width > 2 and not any(cells[width - 1].strip() for cells in usual):
                width -= 1
                self.cut += 1
        return width

    def _without_titles(self, rows: list[_Row], width: int) -> list[_Row]:
        top = 0
        while top < len(rows) - 1 and self._is_title(rows[top], rows[top + 1 :], width):
            top += 1
        # a table of titles only has none
        if top == len(rows) - 1:
            top = 0
        if top:
            self._skipped("Title", "Titles", rows[:top])
        return rows[top:]

    def _is_title(self, row: _Row, rest: Sequence[_Row], width: int) -> bool:
        following = rest[0]
        if _counts_columns(row, following, width):
            return True
        if row.fits(width):
            alone = row.filled == 1 < following.filled and width > 2 and not _has_number(row)
            return alone or _is_above_header(row, rest, width)
        if _names_rows(row, following, width) or looks_numeric(row.cells[0]):
            return False
        short = row.filled == 1 or 2 * row.filled < width
        if self._dialect.delimiter == BLANKS:
            return True
        return short and (not _has_number(row) or _begin_with_header(rest, width))

    def _named(
        self, rows: list[_Row], width: int, comments: list[_Row]
    ) -> tuple[list[str], bool, int]:
        first = rows[0]
        names = [cell.strip() for cell in first.cells[:width]]
        if len(rows) > 1 and _names_rows(first, rows[1], width) and self._header is not False:
            self._note(True, "it contains words above the rows")
            self._notes.append("The first column has no name in the header.")
            return ["", *names], True, first.last
        if not first.fits(width):
            if len(rows) == 1 or not rows[1].fits(width):
                width = len(names)
            else:
                raise self._ragged(first, width)
        data = [row.cells[:width] for row in rows[1:] if row.fits(width) and row.filled]
        has_header, why = find_header(names, data)
        if self._header is not None:
            has_header, why = self._header, ""
            # a header that the user chose may also be a row
            self.is_row = names in [list(map(str.strip, row)) for row in data]
        if self.cut:
            many = counted(self.cut, "cell")
            self._notes.append(f"Ignored: {many} without a value at the end of each row.")
        if not has_header and self._header is None and comments:
            named = self._in_comment(comments[-1], width)
            if named and find_header(named, [names, *data])[0]:
                self._notes.append(
                    f"The comment in line {comments[-1].line} contains the column names."
                )
                return named, True, first.line - 1
        if self._header is None:
            self._note(has_header, why, hint=_can_override(names, data, has_header=has_header))
        if not has_header:
            return [""] * width, False, first.line - 1
        return names, True, first.last

    def _note(self, has_header: bool, why: str, *, hint: bool = False) -> None:
        what = "contains the column names" if has_header else "is data; the columns have no names"
        other = "off" if has_header else "on"
        option = f" (--header {other} overrides this)" if hint else ""
        self._notes.append(f"The first row {what}: {why}{option}.")

    def _ragged(self, first: _Row, width: int) -> DataError:
        return unusable(
            self._file,
            f"line {first.line} has {counted(len(first.cells), 'field')}, most of the rows after it "
            f"have {width}; give each column one name, or delete the line",
        )

    def _in_comment(self, row: _Row, width: int) -> list[str]:
        """Return the names of the columns in a comment, if there are as many."""
        cells = [cell.strip() for cell in row.cells]
        cells[0] = cells[0][len(self.comment) :].strip()
        cells = cells if cells[0] else cells[1:]
        return cells if len(cells) == width and all(cells) else []

    def _skipped(self, one: str, several: str, rows: list[_Row]) -> None:
        text = clean(self._text(rows[0]))
        if len(rows) == 1:
            self._notes.append(f"{one} in line {rows[0].line}, left out: '{text}'.")
        else:
            lines = f"lines {rows[0].line} to {rows[-1].last}"
            self._notes.append(f"{several} in {lines}, left out, from '{text}'.")

    def _text(self, row: _Row) -> str:
        return (
            (" " if self._dialect.delimiter == BLANKS else self._dialect.delimiter)
            .join(row.cells)
            .strip(f"{self._dialect.delimiter} ")
        )


def _distinct(names: Sequence[str], notes: list[str]) -> list[str]:
    """Return the names with a number after those that occur before, and add a note on them."""
    counts: Counter[str] = Counter()
    taken, renamed, result = set(names), [], []
    for name in names:
        counts[name] += 1
        other = name
        while name and counts[name] > 1 and other in taken:
            other = f"{name} ({counts[name]})"
            counts[name] += other in taken
        if other != name:
            taken.add(other)
            renamed.append(other)
        result.append(other)
    if renamed:
        notes.append(f"Columns with the name of another one were renamed: {listed(renamed)}.")
    return result


def _begin_with_header(rows: Sequence[_Row], width: int) -> bool:
    """Return whether the first of the rows that have all columns contains their names."""
    fitting = [row.cells[:width] for row in rows if row.fits(width) and row.filled]
    return len(fitting) > 1 and find_header(fitting[0], fitting[1:])[0]


def _is_above_header(row: _Row, rest: Sequence[_Row], width: int) -> bool:
    """Return whether a row of codes or groups, some empty or repeated, precedes the column names."""
    if len(rest) < 2 or not all(each.fits(width) for each in rest[:2]):
        return False
    codes, names = ([cell.strip() for cell in each.cells[:width]] for each in (row, rest[0]))
    return (
        len({*codes} - {""}) < width == len({*names} - {""})
        and not any(map(looks_numeric, [*codes, *names]))
        and not any(map(is_missing, names))
        and _has_number(rest[1])
    )


def _names_rows(row: _Row, following: _Row, width: int) -> bool:
    """Return whether a header lacks the name of the first column, as R writes it."""
    return (
        len(row.cells) == width - 1
        and following.fits(width)
        and all(cell.strip() and not looks_numeric(cell) for cell in row.cells)
        and any(map(looks_numeric, following.cells[1:]))
    )


def _can_override(names: list[str], data: list[list[str]], *, has_header: bool) -> bool:
    """Return whether the file can be read as well with the other meaning of its first row."""
    if has_header:  # a name in a column of numbers would be a word among them
        return not any(looks_numeric(cell) for row in data for cell in row)
    return len(set(names)) == len(names)


def _are_units(row: _Row) -> bool:
    """Return whether a row consists of units in brackets."""
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    return bool(cells) and all(_UNIT.fullmatch(cell) for cell in cells)


def _are_plain_units(rows: Sequence[_Row], width: int) -> bool:
    """Return whether the second row consists of words between a header and rows of numbers."""
    if not rows[0].fits(width) or not rows[1].fits(width):
        return False
    header, units, *others = (row.cells[:width] for row in rows if row.fits(width))
    filled = [at for at, cell in enumerate(units) if not is_missing(cell)]
    below = [[row[at] for row in others if row[at].strip()] for at in filled]
    return (
        rows[0].filled == width
        and len(filled) > 1
        and not any(map(looks_numeric, [*header, *units]))
        and all(column and all(map(looks_numeric, column)) for column in below)
    )


def _counts_columns(row: _Row, following: _Row, width: int) -> bool:
    """Return whether a row is one of sizes and class names, such as `150,4,setosa,versicolor`."""
    cells = [cell.strip() for cell in row.cells if cell.strip()]
    return (
        len(cells) > 3
        and cells[0].isdigit()
        and cells[1] == str(width - 1)
        and not any(map(looks_numeric, cells[2:]))
        and following.fits(width)
        and all(map(looks_numeric, following.cells))
    )


def _has_number(row: _Row) -> bool:
    return any(map(looks_numeric, row.cells))


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


def _without_comments(sample: Sequence[str]) -> Sequence[str]:
    rest = [line for line in sample if not line.lstrip().startswith(COMMENTS)]
    return rest if 2 * len(rest) >= len(sample) else sample


def _dialect(sample: Sequence[str], delimiter: str, *, quotes: bool) -> Dialect:
    quote = find_quote(sample, delimiter) if quotes else ""
    return Dialect(delimiter, quote, bool(quote) and has_blanks(sample, delimiter, quote))


def _guessed(sample: Sequence[str], file: str, *, quotes: bool) -> str:
    rest = _without_comments(sample)
    delimiter = find_delimiter(rest, quotes=quotes)
    if delimiter is None:
        raise _one_column(rest, None, 1, file)
    return delimiter


def _checked(given: str, file: str) -> str:
    delimiter = _WORDS.get(given, given)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\n\r\0.+-_':
        raise unusable(
            file,
            f"invalid delimiter '{clean(given)}': expected one character such as , or ; or |, "
            "or the word tab or whitespace",
        )
    return delimiter


def _one_column(sample: Sequence[str], dialect: Dialect | None, line: int, file: str) -> DataError:
    """Return the error for a file that has one column, with an option that reads the first lines."""
    if dialect is None:
        what = (
            "the first lines have only one column with any of , ; | tab and blanks as the delimiter"
        )
    else:
        what = f"line {line} has only one column with {shown(dialect.delimiter)} as the delimiter"
    other = find_delimiter(sample, others=True)
    if other is not None and (dialect is None or other != dialect.delimiter):
        return unusable(file, f"{what}; use {option(other)}")
    return unusable(file, f"{what}; expected at least two columns, features and a target")
