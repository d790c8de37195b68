"""What is kept of a run: a moment of it, and the header under which that stands in a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from core import __version__
from core.config.errors import ConfigError
from core.config.run_config import MOST_EPOCHS, RunConfig
from core.datasets.edits import MOST_EDITS, AddPoint, MovePoint, RemovePoint
from core.runs.atomic_files import Extent, refusal
from core.runs.cpu_kernels import kernels
from core.runs.saved_history import Segment
from core.training.checkpoints import Position
from core.training.epoch_log import COLUMNS
from core.training.state import EpochMetrics
from core.training.stopping import Stop

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.datasets.edits import Edit
    from core.runs.json_fields import Fields
    from core.runs.saved_history import SavedHistory
    from core.training.state import TrainerState
    from core.training.trainer import Trainer

FORMAT: Final = "nnfs-tui run"
VERSION: Final = 1

MOST_UNITS: Final = 200_000_000
"""Units of a layer; that many inputs are the most that data can have."""


class Doing(StrEnum):
    """What a run did when it was saved."""

    TRAINING = "training"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"


@dataclass(frozen=True)
class RunSnapshot:
    """A run as it is now.

    Attributes:
        config: what defines it, with every change so far.
        data: what it is trained on.
        state: the trainer's.
        sizes: units per layer, the inputs first.
        batches: in an epoch.
        metrics: the newest that are good.
        doing: what it does.
        stopped: why it is over, since the last epoch.
        restored: the epoch whose weights were brought back when it stopped.
        ended: why it was over when it was last at rest, which going on lifts.
        span: the epochs by which going on past its end lengthens it.
        edited: whether somebody gave a parameter another value.
        parts: the epochs from which losses mean something else than before.
        past: what can be gone back to.
    """

    config: RunConfig
    data: DataSplit
    state: TrainerState
    sizes: tuple[int, ...]
    batches: int
    metrics: EpochMetrics
    doing: Doing
    stopped: Stop | None = None
    restored: int | None = None
    ended: Stop | None = None
    span: int = 1
    edited: bool = False
    comparable_parts: tuple[int, ...] = (0,)
    history: SavedHistory | None = None

    @classmethod
    def of(cls, trainer: Trainer, metrics: EpochMetrics, doing: Doing, **more: Any) -> Self:
        """Return the moment at which a trainer stands; `more` is what it does not know of its run."""
        network = trainer.network
        return cls(
            trainer.config,
            trainer.data,
            trainer.state(),
            network.sizes,
            trainer.batches.count,
            metrics,
            doing,
            trainer.stopped,
            trainer.restored,
            **more,
        )


@dataclass(frozen=True)
class Header:
    """What the file of a moment says of it, beside the trainer's state; see `Moment`.

    Attributes:
        created, saved: when the run was begun and when this was written, in seconds of the epoch.
        edits: what was done by hand to the data that the config draws or reads.
        data_digest: of the data after that.
        has_classes: whether classes are told apart, and not numbers predicted.
        rows, events: what counts of the two append-only files.
        cuts: where the segments of its past begin, which another file may hold.
        kernels: those of the processor that it was trained with; empty where none were recorded.
    """

    created: float
    saved: float
    config: RunConfig
    edits: tuple[Edit, ...]
    data_digest: str
    sizes: tuple[int, ...]
    has_classes: bool
    epoch: int
    batch: int
    batches: int
    metrics: EpochMetrics
    doing: Doing
    stopped: Stop | None
    restored: int | None
    ended: Stop | None
    span: int
    edited: bool
    comparable_parts: tuple[int, ...]
    rows: Extent
    events: Extent
    segments: tuple[Segment, ...]
    kernels: str


def header_values(
    moment: RunSnapshot, created: float, saved: float, digest: str, rows: Extent, events: Extent
) -> dict[str, Any]:
    """Return the header of a moment as JSON takes it, without the trainer's state."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "program": __version__,
        "kernels": kernels(),
        "created": created,
        "saved": saved,
        "config": with_absolute_path(moment.config).as_dict(),
        "edits": plain_edits(moment.data),
        "data_digest": digest,
        "sizes": list(moment.sizes),
        "has_classes": moment.data.has_classes,
        "batches": moment.batches,
        "metrics": list(moment.metrics[: len(COLUMNS)]),
        "doing": moment.doing,
        "stopped": moment.stopped,
        "restored": moment.restored,
        "ended": moment.ended,
        "span": moment.span,
        "edited": moment.edited,
        "parts": list(moment.comparable_parts),
        "rows": list(rows),
        "events": list(events),
        "cuts": [
            {"id": cut.id, "place": list(cut.place), "is_edit": cut.is_edit}
            for cut in (() if moment.history is None else moment.history.segments)
        ],
    }


def header_of(path: Path, fields: Fields) -> Header:
    """Return the header that stands in a file.

    Raises:
        RunError: when it is of no run, or of a later version, or a value is none that it can have.
    """
    if fields.text("format") != FORMAT:
        raise refusal(path, "it is no file of a kept run")
    version = fields.integer("version")
    if version != VERSION:
        raise refusal(path, f"version {version} of the format is not read, only {VERSION}")
    try:
        config = RunConfig.from_mapping(fields.mapping("config"))
    except ConfigError as error:
        raise refusal(path, f"its config is not accepted ({error})") from None
    state = fields.table("state")
    sizes = fields.integers("sizes", 1, MOST_UNITS)
    if sizes[1:-1] != config.hidden:
        raise refusal(path, "sizes in its header are not those of its config")
    epoch, *values = fields.numbers("metrics", len(COLUMNS))
    if not 0 <= epoch < 2**53:
        raise refusal(path, "its metrics are of no epoch")
    # one NaN for all of them, as a timeline has it
    told: list[Any] = [nan if value != value else value for value in values]
    return Header(
        _moment(path, fields, "created"),
        _moment(path, fields, "saved"),
        config,
        edits_of(path, fields),
        fields.text("data_digest"),
        sizes,
        fields.boolean("has_classes"),
        state.integer("epoch", 0, 2 * MOST_EPOCHS),
        state.integer("batch"),
        fields.integer("batches", 1),
        EpochMetrics(int(epoch), *told),
        fields.word("doing", Doing),
        fields.word_or_none("stopped", Stop),
        fields.integer_or_none("restored"),
        fields.word_or_none("ended", Stop),
        fields.integer("span", 1, MOST_EPOCHS),
        fields.boolean("edited"),
        _parts(path, fields),
        _extent(path, fields, "rows"),
        _extent(path, fields, "events"),
        tuple(
            Segment(each.integer("id"), _place(path, each), each.boolean("is_edit"))
            for each in fields.tables("cuts")
        ),
        fields.text_or_empty("kernels"),
    )


def with_absolute_path(config: RunConfig) -> RunConfig:
    """Return the config with the whole path of its file: it may be read from another folder."""
    if config.data is None or Path(config.data).is_absolute():
        return config
    try:
        return config.changed(data=str(Path.cwd() / config.data))
    except OSError:  # the working directory was removed, and the file with it
        return config


def digest_of(data: DataSplit) -> str:
    """Return a digest of everything that a network learns from or is measured by, and of the names."""
    from hashlib import blake2b  # which loads OpenSSL: not before it is needed

    digest = blake2b(digest_size=16)
    digest.update(repr((data.feature_names, data.class_names, data.target_names)).encode())
    arrays: list[Array | Labels | None] = [data.x_train, data.y_train]
    if not data.shared:
        arrays += [data.x_test, data.y_test]
    arrays += [data.x_validation, data.y_validation]
    for array in arrays:
        if array is not None:
            digest.update(repr((array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _moment(path: Path, fields: Fields, name: str) -> float:
    value = fields.number(name)
    if not 0 <= value < 2**37:  # of which a calendar makes a date
        raise refusal(path, f"{name} in its header is no time")
    return value


def _place(path: Path, fields: Fields) -> Position:
    values = fields.integers("place")
    if len(values) != 2:
        raise refusal(path, "place in its header is no epoch and batch")
    return Position(*values)


def _parts(path: Path, fields: Fields) -> tuple[int, ...]:
    parts = fields.integers("parts")
    if not parts or parts[0] or list(parts) != sorted(set(parts)):
        raise refusal(path, "parts in its header are no epochs in order, from 0")
    return parts


def _extent(path: Path, fields: Fields, name: str) -> Extent:
    values = fields.integers(name)
    if len(values) != 2:
        raise refusal(path, f"{name} in its header are no length and checksum")
    return Extent(*values)


def plain_edits(data: DataSplit) -> list[dict[str, Any]]:
    """Return what was done by hand to data, as JSON takes it."""
    return [_plain_edit(each) for each in data.edits]


def edits_of(path: Path, fields: Fields) -> tuple[Edit, ...]:
    """Return the edits in a header."""
    edits = fields.tables("edits")
    if len(edits) > MOST_EDITS:
        raise refusal(path, f"its header holds more than {MOST_EDITS:,} edits of the data")
    return tuple(_edit(path, each) for each in edits)


def _plain_edit(edit: Edit) -> dict[str, Any]:
    match edit:
        case AddPoint():
            return {"edit": "add", "features": list(edit.features), "label": edit.label}
        case MovePoint():
            return {"edit": "move", "row": edit.row, "features": list(edit.features)}
        case RemovePoint():
            return {"edit": "remove", "row": edit.row}


def _edit(path: Path, fields: Fields) -> Edit:
    match fields.text("edit"):
        case "add":
            return AddPoint(fields.numbers("features"), fields.integer("label"))
        case "move":
            return MovePoint(fields.integer("row"), fields.numbers("features"))
        case "remove":
            return RemovePoint(fields.integer("row"))
    raise refusal(path, "its header holds an edit of the data that is not known")
