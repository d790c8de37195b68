"""ARFF files of Weka: declared attributes, then rows that are rewritten as those of a CSV file.

https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.datasets.files.choice import check_names
from core.datasets.files.csv_file import read_columns
from core.datasets.files.dialect import Dialect
from core.datasets.files.layout import TextLayout
from core.datasets.files.lines import Lines
from core.datasets.files.names import clean, counted, listed, unusable
from core.datasets.files.table import MOST_DENSE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.datasets.dataset import ProgressCallback
    from core.datasets.files.byte_stream import ByteStream
    from core.datasets.files.table import Source, Table

_QUOTED: Final = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_RELATION: Final = re.compile(rb"(?:\s|%[^\n\r]*[\n\r])*@relation\b", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rf"@attribute\s+({_QUOTED}|[^\s{{]+)\s*(.+)", re.IGNORECASE)
_VALUE: Final = re.compile(rf"\s*+({_QUOTED}|(?:[^,\s'\"][^,]*)?)\s*(?:,|$)")
_PAIR: Final = re.compile(rf"\s*(\d{{1,9}})\s+({_QUOTED}|[^,\s]+)\s*(?:,|$)")
_ESCAPE: Final = re.compile(r"\\(.)")
_NUMBERS: Final = ("numeric", "real", "integer")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}
_PLAIN: Final = re.compile(r"[^'\"{%\\]*")


@dataclass(frozen=True)
class _Attribute:
    """A declared column: its name, its type, and the value that sparse rows leave out."""

    name: str
    kind: str
    omitted: str


def is_arff(head: bytes) -> bool:
    """Return whether the beginning of a file is that of an ARFF file."""
    return _RELATION.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def read_arff(stream: ByteStream, source: Source, file: str, progress: ProgressCallback) -> Table:
    """Return the chosen columns of an ARFF file."""
    attributes, skip = _declared(Lines(stream, file, source.encoding, progress), file)
    rows = _Rows(attributes, skip, file)

    def from_start() -> Lines:
        rows.cells = 0
        return Lines(stream, file, source.encoding, progress)

    nominal = [each.name for each in attributes if each.kind == "nominal"]
    notes = [f"ARFF: {counted(len(attributes), 'attribute')}."]
    if nominal:
        notes.append(f"Declared as categories: {listed(nominal)}.")
    layout = TextLayout(
        Dialect(",", skip_blanks=True),
        tuple(check_names([each.name for each in attributes], file)),
        has_header=True,
        skip=skip,
        notes=tuple(notes),
        words=frozenset(
            at for at, each in enumerate(attributes) if each.kind in {"nominal", "string"}
        ),
        rewrite=rows,
    )
    return read_columns(from_start, layout, source, file)


def _declared(lines: Lines, file: str) -> tuple[list[_Attribute], int]:
    """Return the attributes and the number of the line that begins the data."""
    attributes: list[_Attribute] = []
    while block := lines.block():
        for number, line in enumerate(map(str.strip, block), lines.first):
            word = line.partition(" ")[0].partition("\t")[0].lower()
            if word == "@data":
                if len(attributes) < 2:
                    raise unusable(
                        file, f"{counted(len(attributes), 'attribute')}: expected at least two"
                    )
                return attributes, number
            if word == "@attribute":
                attributes.append(_attribute(line, number, file))
            elif line and line[0] != "%" and word != "@relation":
                raise unusable(
                    file, f"line {number} is '{clean(line)}': expected @attribute or @data"
                )
    raise unusable(file, "there is no line @data; an ARFF file has one before its rows")


def _attribute(line: str, number: int, file: str) -> _Attribute:
    found = _ATTRIBUTE.fullmatch(line)
    kind = found[2].strip() if found else ""
    word = kind.partition(" ")[0].lower()
    name = _unquoted(found[1]).strip() if found else ""
    if kind.startswith("{") and kind.endswith("}"):
        values = _cells(kind[1:-1])
        return _Attribute(name, "nominal", values[0] if values else "?")
    if word in _NUMBERS:
        return _Attribute(name, "numeric", "0")
    if word in {"string", "date"}:
        return _Attribute(name, word, "?")
    raise unusable(
        file,
        f"line {number} is '{clean(line)}': expected @attribute, a name, and numeric, string, date or "
        "a list of values in braces",
    )


class _Rows:
    """Rewrites the rows as lines of a CSV file.

    Attributes:
        cells: number of cells of sparse rows so far; a few bytes can stand for many cells.
    """

    def __init__(self, attributes: Sequence[_Attribute], skip: int, file: str) -> None:
        self.cells = 0
        self._skip = skip
        self._attributes = attributes
        self._file = file

    def __call__(self, line: str, number: int) -> str:
        if _PLAIN.fullmatch(line):
            return line if "," in line else ",".join(line.split())
        text = line.strip()
        if text.startswith(("%", "@")):
            return ""
        is_sparse = text.startswith("{") and text.endswith("}")
        cells = self._dense(text[1:-1]) if is_sparse else _cells(text)
        if not cells and number > self._skip:
            raise unusable(
                self._file,
                f"line {number} is '{clean(text)}': expected values between commas, or pairs of the "
                "number of an attribute and a value in braces; quotes enclose values",
            )
        return ",".join(map(_for_csv, cells))

    def _dense(self, text: str) -> list[str]:
        """Return all cells of a sparse row; none if it is not one."""
        self.cells += len(self._attributes)
        if self.cells > MOST_DENSE:
            raise unusable(
                self._file,
                f"sparse rows of {len(self._attributes):,} attributes exceed {MOST_DENSE:,} numbers; "
                "use a part of the file",
            )
        row = [each.omitted for each in self._attributes]
        text, at = text.rstrip(), 0
        while at < len(text):
            pair = _PAIR.match(text, at)
            if pair is None or int(pair[1]) >= len(row):
                return []
            row[int(pair[1])] = _unquoted(pair[2])
            at = pair.end()
        return row


def _cells(text: str) -> list[str]:
    """Return the values between commas; none if quotes are not balanced."""
    cells = []
    at = 0
    while True:
        value = _VALUE.match(text, at)
        if value is None:
            return []
        cells.append(_unquoted(value[1].rstrip()))
        at = value.end()
        if not value[0].endswith(","):
            return cells


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value[1:-1])
    return value


def _for_csv(cell: str) -> str:
    cell = cell.replace("\n", " ").replace("\r", " ")
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell
