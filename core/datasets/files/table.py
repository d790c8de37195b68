"""What every reader hands on: columns of numbers, words by their numbers, or texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.datasets.files.words import Words


@dataclass(frozen=True)
class Source:
    """A file of samples.

    Attributes:
        path: of a CSV, TSV, NPZ or Parquet file.
        target: the columns to predict, by name or by number from 1; empty for the reader's choice.
        features: the columns to predict from; empty for all others.
        delimiter: what stands between two columns, or None to find out.
        header: whether the first row holds names, or None to find out.
        encoding: of a text file; None for UTF-8, with or without a byte order mark.
        task: `classification`, `regression`, or None to find out.
        text: the column whose texts are the samples, or None.
    """

    path: str
    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    task: str | None = None
    text: str | None = None


@dataclass
class Table:
    """The columns of a file that were chosen.

    Attributes:
        file: the file's name, clean.
        unit: what a row is called, `line` or `row`.
        feature_names, target_names: as the file has them.
        x: (rows, features) numbers, or numbers of words; NaN where a value is missing.
        y: (rows, targets) likewise.
        x_words, y_words: the words, by column.
        texts: one per row, where texts were asked for, else None.
        class_names: what the classes of whole numbers from 0 are called.
        image: rows and columns of pixels.
        notes: what was done so far.
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


class Store:
    """Two arrays that grow in place, so that nothing is held twice."""

    def __init__(self, features: int, targets: int) -> None:
        self.rows = 0
        self.x: Array = np.empty((0, features))
        self.y: Array = np.empty((0, targets))
        self.texts: list[str] = []

    def append(self, block: Array, share: float) -> None:
        """Add rows of features and then targets; `share` of the file is read with them."""
        first, self.rows = self.rows, self.rows + len(block)
        if self.rows > len(self.y):
            self._resize(int(self.rows / min(max(share, 0.01), 1.0) * 1.02) + 1)
        features = self.x.shape[1]
        self.x[first : self.rows] = block[:, :features]
        self.y[first : self.rows] = block[:, features:]

    def close(self) -> None:
        """Give back what was not needed."""
        self._resize(self.rows)

    def _resize(self, rows: int) -> None:
        # no view of them is handed out before all is read
        self.x.resize((rows, self.x.shape[1]), refcheck=False)
        self.y.resize((rows, self.y.shape[1]), refcheck=False)
