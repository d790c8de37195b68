"""The request for a file, and the table of columns that every reader returns."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.datasets.files.dates import DateColumn
    from core.datasets.files.survey import Markers
    from core.datasets.files.words import Words

MOST_DENSE: Final = 200_000_000
"""Maximum number of cells of a sparse file, in which a few bytes can stand for many."""

FEWEST: Final = 4
"""Minimum number of samples."""


def _no_markers() -> Markers:
    # imported when a file is read: the patterns of dates and numbers take time at every start
    from core.datasets.files.survey import Markers

    return Markers()


@dataclass(frozen=True)
class Source:
    """A file and the columns to read from it.

    Attributes:
        path: path of the file.
        target: columns to predict, by name or by number from 1; empty for the default.
        features: columns to predict from, as entries of the setting; empty for all others.
        exclude: columns that are no features; None to find those that measure nothing as well, and
            empty to exclude none.
        delimiter: column separator, or None to guess it.
        header: whether the first row contains the column names, or None to guess it.
        encoding: encoding of a text file; None for UTF-8, with or without a byte order mark.
        task: `classification`, `regression`, or None to guess it.
        text: the column of texts that are the samples, or None.
        decimal: decimal sign of numbers in text files, `point` or `comma`; None to detect it.
        na: additional missing values, each a value or `column=value`; `none` turns off the detection
            of sentinel numbers.
    """

    path: str
    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    task: str | None = None
    text: str | None = None
    exclude: tuple[str, ...] | None = None
    decimal: str | None = None
    na: tuple[str, ...] = ()


@dataclass
class Table:
    """The selected columns of a file.

    Attributes:
        file: sanitised name of the file.
        unit: noun for a row in messages, `line` or `row`.
        feature_names, target_names: names in the file.
        x: (rows, features) numbers, or codes of words; NaN where a value is missing.
        y: (rows, targets) likewise.
        x_words, y_words: words by column index.
        texts: one text per row if texts were requested, else None.
        class_names: names of the classes, if the target is their number from 0.
        image: rows and columns of pixels.
        notes: one sentence for each processing step so far.
        excluded: names of the columns that the user excludes.
        kept: names of features that are not excluded even if they seem to measure nothing.
        is_guessed: whether the target is only the last column that is left.
        x_dates: dates by column index.
        markers: texts that were read as missing values.
    """

    file: str
    unit: str
    feature_names: Sequence[str]
    target_names: Sequence[str]
    x: Array
    y: Array
    x_words: dict[int, Words] = field(default_factory=dict)
    y_words: dict[int, Words] = field(default_factory=dict)
    texts: list[str] | None = None
    class_names: tuple[str, ...] = ()
    image: tuple[int, int] | None = None
    notes: list[str] = field(default_factory=list)
    excluded: Sequence[str] = ()
    kept: Sequence[str] = ()
    is_guessed: bool = False
    x_dates: dict[int, DateColumn] = field(default_factory=dict)
    markers: Markers = field(default_factory=_no_markers)


class Store:
    """Feature and target arrays that grow in place, to avoid copies."""

    def __init__(self, features: int, targets: int) -> None:
        self.rows = 0
        self.x: Array = np.empty((0, features))
        self.y: Array = np.empty((0, targets))
        self.texts: list[str] = []

    def append(self, block: Array, share: float) -> None:
        """Add rows of features and targets, with which a fraction `share` of the file has been read."""
        first, self.rows = self.rows, self.rows + len(block)
        if self.rows > len(self.y):
            self._resize(int(self.rows / min(max(share, 0.01), 1.0) * 1.02) + 1)
        features = self.x.shape[1]
        self.x[first : self.rows] = block[:, :features]
        self.y[first : self.rows] = block[:, features:]

    def close(self) -> None:
        """Release unused memory."""
        self._resize(self.rows)

    def _resize(self, rows: int) -> None:
        # there are no views of the arrays yet
        self.x.resize((rows, self.x.shape[1]), refcheck=False)
        self.y.resize((rows, self.y.shape[1]), refcheck=False)
