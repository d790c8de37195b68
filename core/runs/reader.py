"""Reads a kept run, and makes the trainer of it that goes on as if it had never stopped."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.errors import ConfigError
from core.datasets import DATASETS
from core.datasets import edits as data_edits
from core.datasets.dataset import DataError
from core.datasets.prepare import no_progress, prepare
from core.nn.network import parameter_count
from core.runs.archive import read_archive
from core.runs.atomic_files import RunError, refusal, shown
from core.runs.codec import Shapes, state_for
from core.runs.folder import EVENTS, ROWS, STATE, open_directory
from core.runs.json_fields import Fields
from core.runs.snapshot import Header, digest_of, header_of
from core.runs.writer import RunEvent
from core.training.epoch_log import COLUMNS
from core.training.trainer import Trainer, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.runs.atomic_files import Directory


COPIES: Final = 3
"""Numbers per unit and sample that a training step holds: an output, its derivative, a gradient."""


@dataclass(frozen=True)
class SavedRun:
    """Everything that a run folder holds, checked as far as it can be without the data.

    Attributes:
        path: of the folder.
        header: of its newest moment.
        rows: (epochs, columns) the metrics in the order in which they were measured.
        events: what happened, in order.
    """

    path: Path
    header: Header
    rows: NDArray[np.float64]
    events: tuple[RunEvent, ...]
    _state: Fields
    _arrays: Mapping[str, Array | Labels]

    def trainer(self, tell: ProgressCallback = no_progress) -> Trainer:
        """Return the trainer, with the data drawn or read again, where it was saved.

        Args:
            tell: is told how far loading is, and may end it by an exception.

        Raises:
            RunError: when the data are others now, or the state does not fit them.
        """
        try:
            return self._trainer(tell)
        except MemoryError:
            raise refusal(
                self.path / STATE, "the run is too large for the memory of this machine"
            ) from None

    def _trainer(self, tell: ProgressCallback) -> Trainer:
        header, path = self.header, self.path / STATE
        self._check_parameters()
        _check_memory(path, header, _drawn(header.config))
        data = self._data(tell)
        if sizes_of(header.config, data) != header.sizes:
            raise refusal(path, "sizes in its header are not those of its data")
        _check_memory(path, header, len(data.y_train))
        trainer = Trainer(header.config, data)
        shapes = Shapes.of(trainer.network, header.config, data)
        state = state_for(shapes, path, self._state, self._arrays)
        if state.learning_rate is None:  # of an earlier version
            state = replace(state, learning_rate=header.metrics.learning_rate)
        trainer.restore(state)
        trainer.stopped, trainer.restored = header.stopped, header.restored
        return trainer

    def _check_parameters(self) -> None:
        """Check that the file is as large as the network, before anything of that size is allocated."""
        header, found = self.header, self._arrays.get("parameters")
        count = parameter_count(header.sizes, batch_norm=header.config.batch_norm)
        if found is None or found.size != count:
            there = "missing" if found is None else f"{found.size:,} numbers"
            raise refusal(
                self.path / STATE, f"parameters is {there}; the network has {count:,} parameters"
            )

    def _data(self, tell: ProgressCallback) -> DataSplit:
        header, path = self.header, self.path / STATE
        try:
            data = data_edits.apply_all(prepare(header.config, tell), header.edits, tell)
        except (ConfigError, DataError) as error:
            raise refusal(self.path, f"its data cannot be had again: {error}") from None
        except ValueError as error:
            raise refusal(
                path, f"an edit of the data in its header is not possible: {error}"
            ) from None
        if digest_of(data) != header.data_digest:
            where = header.config.data
            what = header.config.source_name if where is None else where
            raise refusal(
                self.path, f"{what} holds other data now than those that the run was trained on"
            )
        return data


def _drawn(config: RunConfig) -> int:
    """Return how many training samples will be drawn; 0 where a file is to be read first."""
    if config.data is not None:
        return 0
    samples = config.samples or DATASETS[config.dataset].samples
    return int(samples * (1 - config.test_size - config.validation_size))


def _check_memory(path: Path, header: Header, samples: int) -> None:
    """Check that a step of training fits into the memory of this machine.

    The outputs of wide layers over a full batch are larger than the network by far.
    """
    config = header.config
    batch = samples if config.batch_size == "full" else min(int(config.batch_size), samples)
    needed = COPIES * batch * sum(header.sizes) * np.dtype(config.dtype).itemsize
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise refusal(
            path, f"a batch takes {needed / 2**30:,.0f} GiB, more than the memory of this machine"
        )


def read_header(path: Path) -> Header:
    """Return what the folder of a run says of it, which is fast.

    Raises:
        RunError: when there is no run in it that can be read.
    """
    with open_directory(path) as directory:
        return _read(directory, arrays=False)[0]


def read_run(path: Path) -> SavedRun:
    """Return a kept run.

    Raises:
        RunError: when a file is missing, damaged, or none of ours.
    """
    with open_directory(path) as directory:
        header, fields, arrays = _read(directory, arrays=True)
        rows, events = _rows(directory, header), _events(directory, header)
    return SavedRun(path, header, rows, events, fields, arrays)


def _read(
    directory: Directory, *, arrays: bool
) -> tuple[Header, Fields, Mapping[str, Array | Labels]]:
    path = directory.path
    if STATE not in directory.names():
        raise RunError(f"{shown(path.name)} holds no saved run: its first save did not finish")
    values, found = read_archive(directory, STATE, arrays=arrays)
    fields = Fields(path / STATE, values)
    header = header_of(path / STATE, fields)
    return header, fields.table("state"), found


def _rows(directory: Directory, header: Header) -> NDArray[np.float64]:
    data = directory.read_extent(ROWS, header.rows)
    width = len(COLUMNS)
    if len(data) % (8 * width):
        raise directory.refusal(ROWS, "it holds no whole rows")
    rows = np.frombuffer(data, "<f8").reshape(-1, width).astype(np.float64)
    epochs = rows[:, 0]
    steps = np.diff(epochs, prepend=-1.0)
    whole = np.isfinite(epochs).all() and (epochs >= 0).all() and (epochs == np.floor(epochs)).all()
    # each epoch follows the one before it, or takes the place of one that was there
    if not (whole and (steps <= 1).all()):
        raise directory.refusal(ROWS, "its epochs are not in order")
    if not len(rows) or epochs[-1] < header.epoch:
        last = f"end at epoch {epochs[-1]:,.0f}" if len(rows) else "are missing"
        raise directory.refusal(
            ROWS, f"its epochs {last}, expected all up to epoch {header.epoch:,}"
        )
    return rows


def _events(directory: Directory, header: Header) -> tuple[RunEvent, ...]:
    data = directory.read_extent(EVENTS, header.events)
    events = []
    for line in data.splitlines():
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise directory.refusal(EVENTS, "it holds what is no line of JSON") from None
        if not isinstance(values, dict):
            raise directory.refusal(EVENTS, "it holds a line that is no event")
        fields = Fields(directory.path / EVENTS, values)
        note, what = fields.text("note"), fields.text("what")
        events.append(RunEvent(fields.number("at"), fields.integer("epoch"), what, note))
    return tuple(events)
