"""libsvm and svmlight files: a label, then `index:value` for each feature that is not zero."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.files.byte_stream import HEAD
from core.datasets.files.choice import choose, note_choice
from core.datasets.files.lines import Lines
from core.datasets.files.names import clean, counted, unusable
from core.datasets.files.table import MOST_DENSE, Table
from core.datasets.files.words import number

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets.dataset import ProgressCallback
    from core.datasets.files.byte_stream import ByteStream
    from core.datasets.files.table import Source

LIBSVM_SUFFIXES: Final = (".libsvm", ".svm", ".svmlight")
LABEL: Final = "label"
LARGEST_INDEX: Final = 1_000_000

_EXAMINED: Final = 20
"""Lines by which a file without a telling suffix is recognised."""

_LINE: Final = re.compile(
    r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?(?:\s+qid:[0-9]+)?((?:\s+[0-9]+:[-+0-9.enaif]+)*)\s*",
    re.IGNORECASE,
)


def is_libsvm(head: bytes) -> bool:
    """Return whether the first lines of a file have the form of a libsvm file."""
    lines = head.decode("latin-1").splitlines()
    if len(head) == HEAD:
        lines.pop()  # may be incomplete
    rows = [text for line in lines if (text := line.partition("#")[0].strip())][:_EXAMINED]
    found = [_LINE.fullmatch(row) for row in rows]
    return (
        bool(found)
        and all(found)
        and 2 * sum(bool(each and each[1]) for each in found) > len(found)
    )


class _Rows:
    """The rows of a file as triples of row, index and value.

    Attributes:
        labels: one per row.
        rows, indices, values: one per value.
        queries: number of rows with `qid`.
        comments: number of lines and rows with a comment.
    """

    def __init__(self, file: str) -> None:
        self.labels = array("d")
        self.rows = array("q")
        self.indices = array("q")
        self.values = array("d")
        self.queries = 0
        self.comments = 0
        self._file = file

    def add(self, line: str, at: int) -> None:
        """Add the row in a line; raises DataError."""
        text, sign, _ = line.partition("#")
        self.comments += bool(sign)
        label, *pairs = text.split() or [""]
        if not label:
            return
        self.labels.append(self._label(label, at))
        if pairs and pairs[0].startswith("qid:"):
            del pairs[0]
            self.queries += 1
        for pair in pairs:
            index, _, value = pair.partition(":")
            self.indices.append(self._index(index, pair, at))
            self.values.append(self._number(value, pair, at))
        own = self.indices[len(self.indices) - len(pairs) :]
        if len(set(own)) < len(own):
            raise self._invalid(at, "has an index twice", "every index at most once")
        self.rows.extend([len(self.labels) - 1] * len(pairs))

    def _label(self, text: str, at: int) -> float:
        if "," in text:
            raise self._invalid(at, f"has several labels, '{clean(text)}'", "one number")
        return self._number(text, text, at)

    def _index(self, text: str, pair: str, at: int) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise self._invalid(at, f"contains '{clean(pair)}'", "a label and pairs like 3:0.5")
        if int(text) > LARGEST_INDEX:
            raise self._invalid(at, f"has the index {int(text):,}", f"at most {LARGEST_INDEX:,}")
        return int(text)

    def _number(self, text: str, shown: str, at: int) -> float:
        try:
            value = number(text) if text else float("inf")
        except ValueError:
            value = float("inf")
        if np.isinf(value):
            raise self._invalid(at, f"contains '{clean(shown)}'", "a finite number")
        return value

    def _invalid(self, at: int, found: str, expected: str) -> Exception:
        return unusable(self._file, f"line {at} {found}: expected {expected} (libsvm format)")


def read_libsvm(stream: ByteStream, source: Source, file: str, progress: ProgressCallback) -> Table:
    """Return the chosen columns of a libsvm file; features are named after their indices."""
    lines = Lines(stream, file, source.encoding, progress)
    found = _Rows(file)
    while block := lines.block():
        for at, line in enumerate(block, lines.first):
            found.add(line, at)
    indices = np.frombuffer(found.indices, np.int64) if found.indices else np.zeros(0, np.int64)
    if not indices.size:
        raise unusable(file, "no line has a feature; expected a label and pairs like 3:0.5")
    first = 0 if indices.min() == 0 else 1
    names = [f"x{at}" for at in range(first, int(indices.max()) + 1)]
    choice = choose([*names, LABEL], source, file)
    if choice.text is not None:
        raise unusable(
            file, "a libsvm file contains numbers: expected a file with texts for --text"
        )
    if len(found.labels) * len(choice.features) > MOST_DENSE:
        raise unusable(
            file,
            f"{counted(len(found.labels), 'row')} of {counted(len(choice.features), 'feature')} exceed "
            f"{MOST_DENSE:,} numbers; choose some with --features",
        )
    notes = [f"libsvm format, indices from {first}; features that are not listed are 0."]
    if found.queries:
        notes.append(f"Ignored: the query (qid) of {counted(found.queries, 'row')}.")
    if found.comments:
        notes.append(f"Ignored: {counted(found.comments, 'comment')}.")
    table = Table(
        file,
        "row",
        [[*names, LABEL][at] for at in choice.features],
        [[*names, LABEL][at] for at in choice.targets],
        _dense(found, indices - first, choice.features, len(names)),
        _dense(found, indices - first, choice.targets, len(names)),
        notes=[*notes, *choice.notes],
    )
    note_choice(table, choice, [*names, LABEL])
    return table


def _dense(found: _Rows, indices: Labels, columns: tuple[int, ...], width: int) -> Array:
    """Return the columns, of which the last one, `width`, is the label."""
    result = np.zeros((len(found.labels), len(columns)))
    place = np.full(width + 1, -1)
    place[list(columns)] = np.arange(len(columns))
    to = place[indices]
    kept = to >= 0
    result[np.frombuffer(found.rows, np.int64)[kept], to[kept]] = np.frombuffer(found.values)[kept]
    if place[width] >= 0:
        result[:, place[width]] = np.frombuffer(found.labels)
    return result
