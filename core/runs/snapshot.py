"""The newest state of a run, as it is saved, and the header that describes it in the file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.datasets.edits import Edit
    from core.runs.atomic_files import Extent
    from core.runs.saved_history import SavedHistory
    from core.training.checkpoints import Checkpoint, Segment
    from core.training.state import EpochMetrics
    from core.training.stopping import State, Stop


@dataclass(frozen=True)
class RunSnapshot:
    """The newest checkpoint of a run, and what only the run knows.

    Attributes:
        checkpoint: configuration, data and state of the trainer.
        metrics: of the last epoch that did not diverge.
        state: status of the run.
        ended: why the run had ended when it last stopped; training on clears it.
        extension: epochs that are added when training continues after the last one.
        edited: whether a parameter was edited.
        loss_starts: epochs from which losses are not comparable with those before.
        history: earlier checkpoints.
    """

    checkpoint: Checkpoint
    metrics: EpochMetrics
    state: State
    ended: Stop | None = None
    extension: int = 1
    edited: bool = False
    loss_starts: tuple[int, ...] = (0,)
    history: SavedHistory | None = None


@dataclass(frozen=True)
class Header:
    """Description of a saved run without the state of the trainer; see also `RunSnapshot`.

    Attributes:
        created, saved: when the run started and when this was written, in seconds since the Unix epoch.
        edits: edits of the data that the configuration draws or reads.
        data_digest: digest of the data after these edits.
        sizes: units per layer, the inputs first.
        has_classes: whether the targets are classes.
        epoch, batch: position in the run.
        batches: number of batches per epoch.
        stopped: why the run ended with its last epoch.
        restored: the epoch whose weights were restored when it ended.
        rows, events: valid extents of the two append-only files.
        segments: all segments up to the current position; the history may have fewer.
        kernels: `cpu_kernels.kernels()` of the processor; empty in files of early versions.
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
    state: State
    stopped: Stop | None
    restored: int | None
    ended: Stop | None
    extension: int
    edited: bool
    loss_starts: tuple[int, ...]
    rows: Extent
    events: Extent
    segments: tuple[Segment, ...]
    kernels: str


def resolve_data_path(config: RunConfig) -> RunConfig:
    """Return the config with an absolute path of its data file, as it may be read elsewhere."""
    if config.data is None or Path(config.data).is_absolute():
        return config
    try:
        return config.changed(data=str(Path.cwd() / config.data))
    except OSError:  # the working directory was removed, and the file with it
        return config


def digest_of(data: DataSplit) -> str:
    """Return a digest of all samples and names of a data set."""
    from hashlib import blake2b  # loads OpenSSL, so only when it is needed

    digest = blake2b(digest_size=16)
    digest.update(repr((data.feature_names, data.class_names, data.target_names)).encode())
    for array in chain.from_iterable(data.parts):
        digest.update(repr((array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
