"""Reads saved runs, and restores the trainer, which continues bit for bit."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.errors import ConfigError
from core.dataclass import dataclass
from core.datasets import DATASETS
from core.datasets import edits as data_edits
from core.datasets.dataset import DataError
from core.datasets.prepare import no_progress, prepare
from core.nn.network import parameter_count
from core.runs.archive import read_archive
from core.runs.atomic_files import RunError, refusal, shown
from core.runs.codec import Fields, Header, Shapes, decode_header, decode_state
from core.runs.folder import EVENTS, ROWS, STATE, open_directory
from core.runs.writer import RunEvent
from core.training.components import sizes_of
from core.training.epoch_log import COLUMNS
from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.runs.atomic_files import Directory


COPIES: Final = 3
"""Values per unit and sample in a training step: the output, its derivative and a gradient."""


@dataclass(frozen=True)
class SavedRun:
    """Contents of a run folder, validated as far as possible without the data.

    Attributes:
        path: of the folder.
        header: of the newest snapshot.
        rows: (epochs, columns) the metrics in the order in which they were measured.
        events: the event log, oldest first.
        state, arrays: of the trainer, unchecked.
    """

    path: Path
    header: Header
    rows: NDArray[np.float64]
    events: tuple[RunEvent, ...]
    state: Fields
    arrays: Mapping[str, Array | Labels]

    @property
    def epochs(self) -> NDArray[np.float64]:
        """(epochs, columns) the metrics of each epoch that led to the snapshot."""
        rows = without_superseded(self.rows)
        return rows[rows[:, 0] <= self.last_measured]

    @property
    def last_measured(self) -> int:
        """The last epoch that led to the snapshot, or the one after it that diverged.

        Rows of later ones are of a branch that was left, if none was trained since.
        """
        return self.header.epoch + (self.header.stopped is Stop.DIVERGED)

    @property
    def changed(self) -> tuple[str, ...]:
        """Kinds of changes during the run, which its settings alone do not repeat."""
        kinds = {
            "weights": self.header.edited,
            "data": bool(self.header.edits),
            "settings": any(event.kind == "changed" for event in self.events),
        }
        return tuple(name for name, is_changed in kinds.items() if is_changed)

    def trainer(self, progress: ProgressCallback = no_progress) -> Trainer:
        """Return the trainer in its saved state; its data are drawn or read again.

        Args:
            progress: called while the data are loaded; an exception cancels loading.

        Raises:
            RunError: when the data have changed, or the state does not fit them.
        """
        try:
            return self._trainer(progress)
        except MemoryError:
            raise refusal(
                self.path / STATE, "the run is too large for the memory of this machine"
            ) from None

    def _trainer(self, progress: ProgressCallback) -> Trainer:
        header, path = self.header, self.path / STATE
        self._check_parameters()
        check_memory(path, header, drawn_samples(header.config))
        config, data = self._data(progress)
        if sizes_of(config, data) != header.sizes:
            raise refusal(path, "sizes in its header differ from those of its data")
        check_memory(path, header, len(data.y_train))
        trainer = Trainer(config, data)
        self.restore(trainer)
        return trainer

    def restore(self, trainer: Trainer) -> None:
        """Set a trainer of the same run to its saved state.

        Raises:
            RunError: when the state does not fit it.
        """
        header, config, data = self.header, trainer.config, trainer.data
        shapes = Shapes.of(trainer.network, config, data)
        state = decode_state(shapes, self.state, self.arrays)
        if state.learning_rate is None:  # saved by an early version
            state = replace(state, learning_rate=header.metrics.learning_rate)
        trainer.restore(state)
        trainer.stopped, trainer.restored = header.stopped, header.restored

    def _check_parameters(self) -> None:
        """Check the number of parameters, before anything of that size is allocated."""
        header, found = self.header, self.arrays.get("parameters")
        config = header.config
        count = parameter_count(header.sizes, batch_norm=config.batch_norm, bias=config.bias)
        if found is None or found.size != count:
            there = "missing" if found is None else f"{found.size:,} numbers"
            raise refusal(
                self.path / STATE, f"parameters is {there}, expected {count:,} for its network"
            )

    def _data(self, progress: ProgressCallback) -> tuple[RunConfig, DataSplit]:
        """Return the data, and the config with which they are those of the run."""
        config, digest = self.header.config, self.header.data_digest
        data = self._load(config, progress)
        if data.digest != digest and config.data is not None and config.exclude is None:
            # early versions excluded no column of a file by themselves; whether the file as it is now
            # can be read like that says nothing about the change
            with suppress(RunError, MemoryError):
                whole = config.changed(exclude=())
                data_of_all = self._load(whole, progress)
                if data_of_all.digest == digest:
                    return whole, data_of_all
        if data.digest != digest:
            what = config.source_name if config.data is None else config.data
            raise refusal(self.path, f"{what} has changed since the run was trained on it")
        return config, data

    def _load(self, config: RunConfig, progress: ProgressCallback) -> DataSplit:
        try:
            return data_edits.apply_all(prepare(config, progress), self.header.edits, progress)
        except (ConfigError, DataError) as error:
            raise refusal(self.path, f"its data cannot be loaded: {error}") from None
        except ValueError as error:
            sentence = f"an edit of the data in its header is invalid: {error}"
            raise refusal(self.path / STATE, sentence) from None


def without_superseded(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows of a run without those before a later one of the same or an earlier epoch."""
    later = np.minimum.accumulate(rows[::-1, 0])[::-1]
    return rows[rows[:, 0] < np.append(later[1:], np.inf)]


def drawn_samples(config: RunConfig) -> int:
    """Return the number of training samples that will be drawn; 0 if they are read from a file."""
    if config.data is not None:
        return 0
    samples = config.samples or DATASETS[config.dataset].samples
    return int(samples * (1 - config.test_size - config.validation_size))


def check_memory(path: Path, header: Header, samples: int) -> None:
    """Check that a training step fits into memory.

    The outputs of wide layers for a full batch can be far larger than the network.
    """
    config = header.config
    batch = samples if config.batch_size == "full" else min(int(config.batch_size), samples)
    needed = (
        COPIES * (header.seeds or 1) * batch * sum(header.sizes) * np.dtype(config.dtype).itemsize
    )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise refusal(
            path, f"a batch needs {needed / 2**30:,.0f} GiB, more than the memory of this machine"
        )


def read_header(path: Path, *, is_single: bool = False) -> Header:
    """Return the description of a saved run, without reading its arrays.

    Args:
        path: of its folder.
        is_single: whether runs of many seeds are refused.

    Raises:
        RunError: when it cannot be read.
    """
    with open_directory(path) as directory:
        header = _read(directory, arrays=False)[0]
    if is_single:
        _refuse_seeds(path, header)
    return header


def read_run(path: Path) -> SavedRun:
    """Return a saved run.

    Raises:
        RunError: when a file is missing, damaged or of another format, or it has many seeds.
    """
    saved = read_any(path)
    _refuse_seeds(path, saved.header)
    return saved


def _refuse_seeds(path: Path, header: Header) -> None:
    if header.seeds is not None:
        raise RunError(
            f"{shown(path.name)} has the runs of {header.seeds:,} seeds: nnfs-tui resume opens them, "
            "and enter one of them as a run of its own"
        )


def read_any(path: Path) -> SavedRun:
    """Return a saved run, which `saved_seeds` restores if it has many seeds.

    Raises:
        RunError: when a file is missing, damaged or of another format.
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
        raise RunError(f"{shown(path.name)} has no saved run: its first save did not finish")
    values, found = read_archive(directory, STATE, arrays=arrays)
    fields = Fields(path / STATE, values)
    header = decode_header(fields)
    return header, fields.table("state"), found


def _rows(directory: Directory, header: Header) -> NDArray[np.float64]:
    data = directory.read_extent(ROWS, header.rows)
    # for many seeds, each metric of all runs
    width = 1 + (len(COLUMNS) - 1) * (header.seeds or 1)
    if len(data) % (8 * width):
        raise directory.refusal(ROWS, "its last row is incomplete")
    rows = np.frombuffer(data, "<f8").reshape(-1, width).astype(np.float64)
    epochs = rows[:, 0]
    steps = np.diff(epochs, prepend=-1.0)
    whole = np.isfinite(epochs).all() and (epochs >= 0).all() and (epochs == np.floor(epochs)).all()
    # each epoch follows the previous one, or supersedes an earlier row of the same epoch
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
            raise directory.refusal(EVENTS, "a line is not JSON") from None
        if not isinstance(values, dict):
            raise directory.refusal(EVENTS, "a line is not an event")
        fields = Fields(directory.path / EVENTS, values)
        note, what = fields.text("note"), fields.text("what")
        events.append(RunEvent(fields.number("at"), fields.integer("epoch"), what, note))
    return tuple(events)
