"""Reads a kept run, and makes the trainer of it that goes on as if it had never stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.datasets import edited
from core.datasets.dataset import DataError
from core.datasets.prepare import prepare, silent
from core.kinds import ConfigError
from core.runs.archive import read_archive
from core.runs.fields import Fields
from core.runs.files import read_extent, refusal
from core.runs.folder import EVENTS, ROWS, STATE
from core.runs.moment import Header, digest_of, header_of
from core.runs.states import Shapes, state_for
from core.runs.writer import RunEvent
from core.timeline import COLUMNS
from core.trainer import Trainer, sizes_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.datasets.dataset import Tell, TrainTest


@dataclass(frozen=True)
class KeptRun:
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

    def trainer(self, tell: Tell = silent) -> Trainer:
        """Return the trainer, with the data drawn or read again, where it was saved.

        Args:
            tell: is told how far loading is, and may end it by an exception.

        Raises:
            RunError: when the data are others now, or the state does not fit them.
        """
        header, path = self.header, self.path / STATE
        data = self._data(tell)
        if sizes_of(header.config, data) != header.sizes:
            raise refusal(path, "sizes in its header are not those of its config")
        trainer = Trainer(header.config, data)
        shapes = Shapes.of(trainer.network, header.config, data)
        trainer.restore(state_for(shapes, path, self._state, self._arrays))
        trainer.stopped, trainer.restored = header.stopped, header.restored
        return trainer

    def _data(self, tell: Tell) -> TrainTest:
        header, path = self.header, self.path / STATE
        try:
            data = prepare(header.config, tell)
            for edit in header.edits:
                data = edited.apply(data, edit)
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


def read_header(path: Path) -> Header:
    """Return what the folder of a run says of it, which is fast.

    Raises:
        RunError: when there is no run in it that can be read.
    """
    return _read(path, arrays=False)[0]


def read_run(path: Path) -> KeptRun:
    """Return a kept run.

    Raises:
        RunError: when a file is missing, damaged, or none of ours.
    """
    header, fields, arrays = _read(path, arrays=True)
    return KeptRun(path, header, _rows(path, header), _events(path, header), fields, arrays)


def _read(path: Path, *, arrays: bool) -> tuple[Header, Fields, Mapping[str, Array | Labels]]:
    values, found = read_archive(path / STATE, arrays=arrays)
    fields = Fields(path / STATE, values)
    header = header_of(path / STATE, fields)
    return header, fields.table("state"), found


def _rows(path: Path, header: Header) -> NDArray[np.float64]:
    data = read_extent(path / ROWS, header.rows)
    width = len(COLUMNS)
    if len(data) % (8 * width):
        raise refusal(path / ROWS, "it holds no whole rows")
    rows = np.frombuffer(data, "<f8").reshape(-1, width).astype(np.float64)
    epochs = rows[:, 0]
    steps = np.diff(epochs, prepend=-1.0)
    whole = np.isfinite(epochs).all() and (epochs >= 0).all() and (epochs == np.floor(epochs)).all()
    # each epoch follows the one before it, or takes the place of one that was there
    if not (whole and (steps <= 1).all()):
        raise refusal(path / ROWS, "its epochs are not in order")
    return rows


def _events(path: Path, header: Header) -> tuple[RunEvent, ...]:
    data = read_extent(path / EVENTS, header.events)
    events = []
    for line in data.splitlines():
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise refusal(path / EVENTS, "it holds what is no line of JSON") from None
        if not isinstance(values, dict):
            raise refusal(path / EVENTS, "it holds a line that is no event")
        fields = Fields(path / EVENTS, values)
        note, what = fields.text("note"), fields.text("what")
        events.append(RunEvent(fields.real("at"), fields.whole("epoch"), what, note))
    return tuple(events)
