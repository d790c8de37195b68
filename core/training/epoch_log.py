"""Metrics of every epoch, which the curves, the diagnosis and the status line read."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from core.training.diagnostics import LayerDiagnostics
from core.training.packed_column import (
    BLOCK,
    CHUNK,
    Blocks,
    PackedColumn,
    joined,
    ranges_of,
    single_ranges,
)
from core.training.state import EpochMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Labels

COLUMNS: Final = EpochMetrics._fields[:-1]
"""The metrics with one number per epoch: all except the diagnostics of the layers."""

_WIDTH: Final = len(COLUMNS)
_PER_LAYER: Final = len(LayerDiagnostics._fields)

CURVES: Final = (
    *("train_loss", "test_loss", "validation_loss", "penalized_loss"),
    *("train_score", "test_score", "validation_score"),
)
"""Columns that are drawn as curves; `penalized_loss` is the training loss plus the penalty."""

_ALIKE: Final = {
    "test_loss": "train_loss",
    "test_score": "train_score",
    "penalized_loss": "train_loss",
}
"""Columns that equal another if there are no test samples, or no penalty."""

_MOST_KNOWN: Final = 16
"""Epochs that are not read again for each text of a frame."""

_LEVELS: Final = (BLOCK**2, CHUNK)
"""Epochs of the larger blocks, whose ranges are in one array for the whole run."""


def tabulate(rows: Sequence[EpochMetrics]) -> NDArray[np.float64]:
    """Return the metrics as (epochs, columns) numbers: `COLUMNS`, then the diagnostics of each layer.

    All rows must have the same number of layers.
    """
    if not rows:
        return np.empty((0, _WIDTH))
    if not rows[0].layers:
        return np.array([row[:_WIDTH] for row in rows])
    return np.array([[*row[:_WIDTH], *(x for each in row.layers for x in each)] for row in rows])


def metrics_of(row: NDArray[np.float64]) -> EpochMetrics:
    """Return the metrics of one row of `tabulate`."""
    epoch, *values = row.tolist()
    rest = values[_WIDTH - 1 :]
    layers = tuple(
        LayerDiagnostics(*rest[start : start + _PER_LAYER])
        for start in range(0, len(rest), _PER_LAYER)
    )
    # the same NaN object for all, since otherwise rows without validation would never be equal
    metrics: list[Any] = [nan if value != value else value for value in values[: _WIDTH - 1]]
    return EpochMetrics(int(epoch), *metrics)._replace(layers=layers)


def layers_of(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the diagnostics in a table as (epochs, layers, measures); possibly without layers."""
    return table[:, _WIDTH:].reshape(len(table), -1, _PER_LAYER)


class _Chunk(NamedTuple):
    """`CHUNK` epochs, which do not change any more.

    Attributes:
        columns: by name.
        ranges: of the blocks of `BLOCK` epochs, by curve; a constant curve has none.
        lowest: the lowest finite value by curve, or infinity.
    """

    columns: dict[str, PackedColumn]
    ranges: dict[str, NDArray[np.float32]]
    lowest: dict[str, float]


class EpochLog:
    """Metrics of the epochs 0 to n, in order and without a gap.

    The newest epochs are in a table, all others in chunks that are shared with copies. Appending takes
    the same time for every epoch, and so does drawing a curve of any length (see `blocks`).
    """

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self._tail = np.empty((256, _WIDTH))
        self._in_tail = 0
        self._known: dict[int, EpochMetrics] = {}  # of the last calls of `at`
        self._levels = [np.empty((len(CURVES), 5, 1), np.float32) for _ in _LEVELS]

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK + self._in_tail

    def extend(self, table: NDArray[np.float64]) -> None:
        """Append the rows of a table; if its first epoch exists, it replaces that and all later ones."""
        if not len(table):
            return
        self.truncate(int(table[0, 0]))
        rows = table[:, :_WIDTH]
        while len(rows):
            taken = rows[: CHUNK - self._in_tail]
            stop = self._in_tail + len(taken)
            if stop > len(self._tail):
                grown = np.empty((min(CHUNK, max(stop, 2 * len(self._tail))), _WIDTH))
                grown[: self._in_tail] = self._tail[: self._in_tail]
                self._tail = grown
            self._tail[self._in_tail : stop] = taken
            self._in_tail, rows = stop, rows[len(taken) :]
            if stop == CHUNK:
                self._seal()

    def truncate(self, count: int) -> None:
        """Drop all epochs except the first `count`."""
        self._known.clear()
        if count >= len(self):
            return
        whole, rest = divmod(count, CHUNK)
        if whole < len(self._chunks):
            # the table of a copy stays as it is
            chunk, self._tail = self._chunks[whole], np.empty((CHUNK, _WIDTH))
            for at, name in enumerate(COLUMNS):
                self._tail[:, at] = chunk.columns[name].values()
            del self._chunks[whole:]
        self._in_tail = rest

    def copy(self) -> EpochLog:
        """Return a copy, which shares the chunks."""
        other = EpochLog()
        other._chunks, other._in_tail = self._chunks.copy(), self._in_tail
        other._tail = self._tail[: self._in_tail].copy()
        other._levels = [each.copy() for each in self._levels]
        return other

    def column(self, name: str, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Return a copy of one column, of the epochs from `start` to before `stop`."""
        stop = len(self) if stop is None else min(stop, len(self))
        if stop <= start:
            return np.empty(0)
        first, last = start // CHUNK, (stop - 1) // CHUNK
        parts = [_of_chunk(each, name) for each in self._chunks[first : last + 1]]
        if last >= len(self._chunks):
            parts.append(self._of_tail(name))
        return np.concatenate(parts)[start - first * CHUNK : stop - first * CHUNK]

    def sample(self, name: str, epochs: Labels) -> NDArray[np.float64]:
        """Return one column at some epochs."""
        found, chunk_of = np.empty(len(epochs)), epochs // CHUNK
        for at in np.unique(chunk_of).tolist():
            here = chunk_of == at
            positions = epochs[here] - at * CHUNK
            if at < len(self._chunks):
                found[here] = self._chunks[at].columns[name].pick(positions)
            else:
                found[here] = self._tail[positions, COLUMNS.index(name)]
        return found

    def lowest(self, name: str, start: int, stop: int) -> int | None:
        """Return the first epoch with the lowest finite value of a curve, or None if there is none."""
        best, at = np.inf, None
        position = start
        while position < stop:
            number = position // CHUNK
            end = min(stop, (number + 1) * CHUNK)
            is_whole = number < len(self._chunks) and end - position == CHUNK
            if not is_whole or self._chunks[number].lowest[name] < best:
                values = _finite(self.column(name, position, end))
                lowest = int(values.argmin())
                if values[lowest] < best:
                    best, at = float(values[lowest]), position + lowest
            position = end
        return at

    def blocks(self, name: str, start: int, stop: int, size: float) -> Blocks:
        """Return the ranges of a curve in blocks of epochs, the largest that are not above `size`.

        The first block may begin before `start`.
        """
        stop = min(stop, len(self))
        length = max((each for each in (BLOCK, *_LEVELS) if each <= size), default=1)
        if stop <= start:
            return Blocks(np.empty(0, np.int64), np.empty((5, 0)))
        if length == 1:
            values = self.column(name, start, stop)
            return Blocks(np.arange(start, stop), single_ranges(values, start))
        first, sealed = start // length, len(self._chunks) * CHUNK
        whole = max(first, min(stop, sealed) // length) * length
        parts: list[NDArray[np.float32]] = []
        if first * length < whole and length == BLOCK:
            chunks = range(first * length // CHUNK, (whole - 1) // CHUNK + 1)
            shared = [self._chunks[each].ranges[name] for each in chunks]
            skipped = first - chunks[0] * (CHUNK // BLOCK)
            parts = [np.concatenate(shared, axis=1)[:, skipped : skipped + whole // length - first]]
        elif first * length < whole:
            level = self._levels[_LEVELS.index(length)]
            parts = [level[CURVES.index(name), :, first : whole // length]]
        if stop > whole:
            parts.append(ranges_of(self.column(name, whole, stop), length))
        ranges = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return Blocks((first + np.arange(ranges.shape[1])) * length, ranges)

    def last(self) -> EpochMetrics | None:
        """Return the newest epoch, or None if there is none."""
        return self.at(len(self) - 1) if len(self) else None

    def at(self, index: int) -> EpochMetrics:
        """Return the epoch at an index, without its diagnostics."""
        found = self._known.get(index)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[index] = metrics_of(self._row(index))
        return found

    def _row(self, index: int) -> NDArray[np.float64]:
        number, position = divmod(index, CHUNK)
        if number == len(self._chunks):
            row: NDArray[np.float64] = self._tail[position]
            return row
        columns, places = self._chunks[number].columns, np.array([position])
        return np.array([columns[name].pick(places)[0] for name in COLUMNS])

    def _of_tail(self, name: str) -> NDArray[np.float64]:
        rows = self._tail[: self._in_tail]
        if name == "penalized_loss":
            return rows[:, COLUMNS.index("train_loss")] + rows[:, COLUMNS.index("penalty")]
        return rows[:, COLUMNS.index(name)].copy()

    def _seal(self) -> None:
        """Turn the table, which is full, into a chunk."""
        chunk = _Chunk({}, {}, {})
        values = {name: self._of_tail(name) for name in (*COLUMNS, "penalized_loss")}
        number = len(self._chunks)
        for level, size in enumerate(_LEVELS):
            self._reserve(level, (number + 1) * CHUNK // size)
        for name, numbers in values.items():
            like = _ALIKE.get(name, name)
            same = like != name and np.array_equal(numbers, values[like], equal_nan=True)
            if name in COLUMNS:
                chunk.columns[name] = chunk.columns[like] if same else PackedColumn(numbers)
            if name in CURVES:
                chunk.ranges[name] = chunk.ranges[like] if same else _chunk_ranges(numbers)
                ranges, curve = chunk.ranges[name], CURVES.index(name)
                for level, size in enumerate(_LEVELS):
                    blocks = CHUNK // size
                    ranges = ranges[:, :blocks] if _is_constant(ranges) else joined(ranges)
                    here = slice(number * blocks, (number + 1) * blocks)
                    self._levels[level][curve, :, here] = ranges
                chunk.lowest[name] = float(_finite(numbers).min())
        self._chunks.append(chunk)
        self._in_tail = 0

    def _reserve(self, level: int, blocks: int) -> None:
        """Make room for this number of blocks of a level."""
        ranges = self._levels[level]
        if blocks > ranges.shape[2]:
            grown = np.empty((*ranges.shape[:2], max(blocks, 2 * ranges.shape[2])), np.float32)
            grown[:, :, : ranges.shape[2]] = ranges
            self._levels[level] = grown


def _of_chunk(chunk: _Chunk, name: str) -> NDArray[np.float64]:
    if name == "penalized_loss":
        return chunk.columns["train_loss"].values() + chunk.columns["penalty"].values()
    return chunk.columns[name].values()


def _chunk_ranges(values: NDArray[np.float64]) -> NDArray[np.float32]:
    if (values == values[0]).all() or np.isnan(values).all():
        return np.broadcast_to(ranges_of(values[:BLOCK], BLOCK), (5, CHUNK // BLOCK))
    return ranges_of(values, BLOCK)


def _is_constant(ranges: NDArray[np.float32]) -> bool:
    return ranges.strides[1] == 0


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with infinity in place of those that are not finite."""
    return np.where(np.isfinite(values), values, np.inf)
