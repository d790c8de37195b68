"""Runs of many seeds as one saved run: that of the lowest seed, with a leading axis of runs.

The folder has the files of a single run. The arrays of a trainer's state have a further axis, its other
values are in a list, and a row of the metrics has those of all runs; so do checkpoints for time travel.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.config.errors import ConfigError
from core.dataclass import dataclass
from core.datasets.dataset import DataError
from core.lockstep.history import COLUMNS
from core.lockstep.lanes import LaneStates
from core.lockstep.sharing import CannotShareError
from core.lockstep.summary import quartiles
from core.lockstep.time_travel import OVERHEAD_OF_RUN, LockstepTravel
from core.lockstep.trainer import Lockstep, prepared
from core.nn.network import parameter_count
from core.runs.archive import read_archive, write_archive
from core.runs.atomic_files import RunError, refusal
from core.runs.autosaver import RunSnapshot
from core.runs.codec import Fields, Shapes, decode_state, encode_snapshot, encode_state
from core.runs.folder import HISTORY, STATE, RunFolder, open_directory
from core.runs.reader import check_memory, drawn_samples, read_any
from core.runs.saved_history import FORMAT, MOST_BYTES, arrays_of
from core.training.checkpoints import Checkpoint, Position, Segment
from core.training.components import build_network, sizes_of
from core.training.state import EpochMetrics
from core.training.stopping import State, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.runs.atomic_files import Directory, Extent
    from core.runs.reader import SavedRun
    from core.runs.saved_history import SavedHistory
    from core.training.state import TrainerState

MEDIAN: Final = 2
"""Column of a spread."""

MOST_CHECKPOINTS: Final = 6
MOST_STATES: Final = 2000
"""States of single runs in all checkpoints, at most: each takes 60 µs to write at the end."""


@dataclass(frozen=True)
class SavedSeedsHistory:
    """Checkpoints ever further before the newest epoch, so that the first step back is a short way.

    Attributes:
        checkpoints: setting of the learning rate and states, in order.
    """

    checkpoints: tuple[tuple[float, LaneStates], ...]

    @classmethod
    def of(cls, travel: LockstepTravel, runs: int) -> SavedSeedsHistory:
        """Return checkpoints of so many runs, whose newest epoch is not among them.

        Each of them is at least four times as far from the newest epoch as the one before; the last ones
        are left out if all together would be too large.
        """
        chosen: list[int] = []
        for epoch in reversed(travel.epochs):
            distance = travel.head - epoch
            if distance and (not chosen or distance >= 4 * (travel.head - chosen[-1])):
                chosen.append(epoch)
        del chosen[min(MOST_CHECKPOINTS, MOST_STATES // runs) :]
        found, left = [], MOST_BYTES
        for each in reversed(travel.states_of(chosen)):
            left -= sum(array.nbytes for array in each.arrays) + OVERHEAD_OF_RUN * runs
            if left < 0:
                break
            found.append((_rate_at(travel.rates, each.epoch), each))
        return cls(tuple(reversed(found)))

    def can_wait(self, _: SavedHistory | SavedSeedsHistory | None) -> bool:
        """Return whether it may be written later: no, as it is only made of runs at rest."""
        return False

    def write(self, directory: Directory) -> None:
        """Replace the history in a run folder; raises OSError when it cannot be written."""
        stations = []
        arrays: dict[str, Array | Labels] = {}
        for at, (rate, lanes) in enumerate(self.checkpoints):
            values, own = _encode_lanes(lanes)
            stations.append({"rate": rate, "state": values})
            arrays |= {f"{at}-{name}": array for name, array in own.items()}
        header = {"format": FORMAT, "stations": stations}
        directory.write_whole(HISTORY, lambda file: write_archive(file, header, arrays))


@dataclass(frozen=True)
class SeedsSnapshot(RunSnapshot):
    """The newest state of the runs; that of a single run is the one with the lowest seed.

    Attributes:
        lanes: states of all runs.
        data: samples of each.
        rates: settings of the learning rate by the epoch from which they apply.
        checkpoints: of runs at rest.
    """

    lanes: LaneStates | None = None
    data: tuple[DataSplit, ...] = ()
    rates: Mapping[int, float] | None = None
    checkpoints: SavedSeedsHistory | None = None

    @classmethod
    def of(
        cls, lockstep: Lockstep, travel: LockstepTravel, state: State, *, is_at_rest: bool = False
    ) -> SeedsSnapshot:
        """Return the current state of the runs, whose status is given; at rest, with checkpoints."""
        lanes = LaneStates.of(lockstep)
        first = Checkpoint(
            Segment.new(0, Position(0)), lockstep.configs[0], lockstep.data[0], lanes.states[0]
        )
        healthy = np.array([each is not Stop.DIVERGED for each in lockstep.stopped])
        medians = quartiles(np.where(healthy, lanes.rows, np.nan))[:, MEDIAN]
        return cls(
            first,
            EpochMetrics(lanes.epoch, *medians.tolist()),
            state,
            ended=lockstep.stopped[0] if lockstep.is_finished else None,
            lanes=lanes,
            data=tuple(lockstep.data),
            rates=travel.rates,
            checkpoints=SavedSeedsHistory.of(travel, len(lanes.states)) if is_at_rest else None,
        )

    @property
    def past(self) -> SavedSeedsHistory | None:
        return self.checkpoints

    @property
    def columns(self) -> int:
        return 1 + len(COLUMNS) * len(self.data)

    @property
    def options(self) -> str:
        return f" --seeds {len(self.data)}"

    def encode(
        self, created: float, saved: float, rows: Extent, events: Extent
    ) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
        header, _ = encode_snapshot(self, created, saved, rows, events)
        lanes, rates = self.lanes, self.rates
        assert lanes is not None
        assert rates is not None
        values, arrays = _encode_lanes(lanes)
        changes = [{"epoch": epoch, "rate": rate} for epoch, rate in rates.items()]
        state = {**values, "batch": 0, "rates": changes}
        of_all = {"data_digest": _digest(self.data), "stopped": None, "restored": None}
        return {**header, **of_all, "seeds": len(lanes.states), "state": state}, arrays


def _encode_lanes(lanes: LaneStates) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return states as JSON values and named arrays."""
    encoded = [encode_state(each) for each in lanes.states]
    arrays: dict[str, Array | Labels] = {
        name: np.array([own[name] for _, own in encoded]) for name in encoded[0][1]
    }
    arrays |= {"rates": lanes.rates, "rows": lanes.rows, "best_rows": lanes.best_rows}
    values = {
        "epoch": lanes.epoch,
        "groups": [{"runs": list(each)} for each in lanes.groups],
        "to_replay": sorted(lanes.to_replay),
        "runs": [
            {**own, "stopped": each.stopped, "restored": each.restored}
            for (own, _), each in zip(encoded, lanes.states, strict=True)
        ],
    }
    return values, arrays


def rows_of(lockstep: Lockstep, start: int, stop: int) -> NDArray[np.float64]:
    """Return the metrics of all runs in epochs from `start` to before `stop`, as they are saved.

    Returns:
        (epochs, 1 + columns × runs) rows: the number of the epoch, 0 for that before training, and each
        of `history.COLUMNS` for all runs.
    """
    trained = lockstep.history.rows(max(start - 1, 0), max(stop - 1, 0))
    untrained = lockstep.untrained[None] if start == 0 < stop else trained[:0]
    values = np.concatenate([untrained, trained])
    columns = len(COLUMNS) * len(lockstep.configs)
    return np.column_stack([np.arange(start, stop), values.reshape(-1, columns)])


def restore_seeds(saved: SavedRun, progress: ProgressCallback) -> tuple[Lockstep, LockstepTravel]:
    """Return the runs in their saved state, which continue bit for bit, and their time travel.

    Args:
        saved: the contents of their folder.
        progress: called while the data are loaded; an exception cancels loading.

    Raises:
        RunError: when the data have changed, or the state does not fit them.
    """
    header, path = saved.header, saved.path / STATE
    _check_arrays(saved)
    rates = _rates(saved)
    try:
        configs = seeds_of(header.config.changed(learning_rate=rates[0]), header.seeds or 1)
        check_memory(path, header, drawn_samples(header.config))
        data = prepared(configs, progress)
        if _digest(data) != header.data_digest:
            what = header.config.source_name
            raise refusal(saved.path, f"{what} has changed since the runs were trained on it")
        if sizes_of(configs[0], data[0]) != header.sizes:
            raise refusal(path, "sizes in its header differ from those of its data")
        check_memory(path, header, len(data[0].y_train))
        lockstep = Lockstep(configs, data)
    except (ConfigError, CannotShareError, DataError, MemoryError) as error:
        raise refusal(path, f"its runs cannot be prepared: {error}") from None
    lanes = _lanes(saved.state, saved.arrays, lockstep, header.epoch)
    rows = saved.epochs[: header.epoch + 1, 1:].reshape(-1, len(COLUMNS), len(configs))
    lockstep.untrained = rows[0].copy()
    travel = LockstepTravel(lockstep)
    lockstep.history.extend(rows[1:])
    travel.resume([*_read_checkpoints(saved, lockstep, rates), lanes], rates)
    return lockstep, travel


def open_seeds(
    path: Path, patience: float, progress: ProgressCallback
) -> tuple[RunFolder, SavedRun, Lockstep, LockstepTravel]:
    """Open the folder of saved runs, and return it, its contents, the runs, and their time travel.

    Args:
        path: of the folder.
        patience: seconds to wait for a process that uses it.
        progress: called while the data are loaded; an exception cancels loading.

    Raises:
        RunError: when another process uses them, they are damaged, or their data have changed.
    """
    folder = RunFolder.open(path, patience)
    try:
        saved = read_any(path)
        lockstep, travel = restore_seeds(saved, progress)
    except BaseException:
        folder.close()
        raise
    return folder, saved, lockstep, travel


def seeds_of(config: RunConfig, count: int) -> list[RunConfig]:
    """Return the settings of runs with consecutive seeds, the first of which are given."""
    return [config.changed(seed=(config.seed + at) % 2**63) for at in range(count)]


def _check_arrays(saved: SavedRun) -> None:
    """Check the number of runs and parameters, before anything of that size is allocated."""
    header, path = saved.header, saved.path / STATE
    if header.seeds is None:
        raise refusal(path, "it is a single run")
    config = header.config
    count = parameter_count(header.sizes, batch_norm=config.batch_norm, bias=config.bias)
    found = saved.arrays.get("parameters")
    expected = header.seeds, count
    if found is None or found.shape != expected:
        there = "missing" if found is None else f"of shape {found.shape}"
        raise refusal(path, f"parameters is {there}, expected {expected}")


def _rates(saved: SavedRun) -> dict[int, float]:
    tables, epoch = saved.state.tables("rates"), saved.header.epoch
    rates = {each.integer("epoch", 0, epoch): each.rate("rate") for each in tables}
    if list(rates) != sorted(rates) or 0 not in rates or not all(rates.values()):
        raise saved.state.refusal("rates", "rates above 0 by epochs in order, from 0")
    if rates[max(rates)] != saved.header.config.learning_rate:
        raise saved.state.refusal("rates", "the learning rate of its config as the last one")
    return rates


def _rate_at(rates: Mapping[int, float], epoch: int) -> float:
    return rates[max(at for at in rates if at <= epoch)]


def _read_checkpoints(
    saved: SavedRun, lockstep: Lockstep, rates: Mapping[int, float]
) -> list[LaneStates]:
    """Return the saved checkpoints before the newest epoch; none from a file that cannot be read.

    The file may be older or newer than the state, and of a discarded branch: a checkpoint is used only
    if it has the metrics and the learning rate of its epoch.
    """
    with suppress(RunError, OSError, MemoryError):
        with open_directory(saved.path) as directory:
            values, arrays = read_archive(directory, HISTORY)
        fields, found = Fields(saved.path / HISTORY, values), list[LaneStates]()
        for at, each in enumerate(fields.tables("stations")[:MOST_CHECKPOINTS]):
            state = each.table("state")
            epoch = state.integer("epoch", found[-1].epoch + 1 if found else 0)
            if epoch >= lockstep.history.epochs or each.rate("rate") != _rate_at(rates, epoch):
                continue
            lanes = _lanes(state, arrays_of(arrays, at), lockstep, epoch)
            active = [run for run, own in enumerate(lanes.states) if own.stopped is None]
            measured = lockstep.history.rows(epoch - 1)[0] if epoch else lockstep.untrained
            if lanes.rows[:, active].tobytes() == measured[:, active].tobytes():
                found.append(lanes)
        return found
    return []


def _lanes(
    fields: Fields, arrays: Mapping[str, Array | Labels], lockstep: Lockstep, epoch: int
) -> LaneStates:
    count = len(lockstep.configs)
    tables = fields.tables("runs")
    if len(tables) != count:
        raise fields.refusal("runs", f"{count:,} runs")
    config, data = lockstep.configs[0], lockstep.data[0]
    shapes = Shapes.of(build_network(config, data), config, data)
    # an axis that is too short has no array for the last runs
    own: list[dict[str, Array | Labels]] = [
        {name: each[at] for name, each in arrays.items() if each.ndim and at < len(each)}
        for at in range(count)
    ]
    states = tuple(_lane(shapes, *each, epoch) for each in zip(tables, own, strict=True))

    def numbers(name: str, *shape: int) -> NDArray[np.float64]:
        found = arrays.get(name)
        if found is None or found.shape != shape or found.dtype != np.float64:
            there = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
            raise refusal(fields.path, f"{name} is {there}, expected float64 of shape {shape}")
        return found.astype(np.float64)

    return LaneStates(
        epoch,
        states,
        _to_replay(fields, states),
        numbers("rates", count),
        numbers("rows", len(COLUMNS), count),
        numbers("best_rows", len(COLUMNS), count),
        _groups(fields, states),
    )


def _lane(
    shapes: Shapes, fields: Fields, arrays: Mapping[str, Array | Labels], epoch: int
) -> TrainerState:
    """Return the state of a run between two epochs."""
    state = decode_state(shapes, fields, arrays)
    stopped = fields.optional("stopped", fields.stop)
    if state.start is not None or state.epoch > epoch or (stopped is None and state.epoch != epoch):
        raise fields.refusal("epoch", "that of all runs, unless it has ended")
    restored = fields.optional("restored", fields.integer)
    rate = state.learning_rate
    if rate is None:
        raise fields.refusal("learning_rate", "a learning rate")
    return replace(state, stopped=stopped, restored=restored)


def _to_replay(fields: Fields, states: Sequence[TrainerState]) -> frozenset[int]:
    runs = fields.integers("to_replay", 0, len(states) - 1)
    if any(states[run].stopped is not Stop.DIVERGED for run in runs):
        raise fields.refusal("to_replay", "runs that have diverged")
    return frozenset(runs)


def _groups(fields: Fields, states: Sequence[TrainerState]) -> tuple[tuple[int, ...], ...]:
    groups = tuple(each.integers("runs", 0, len(states) - 1) for each in fields.tables("groups"))
    members = [run for group in groups for run in group]
    active = {run for run, each in enumerate(states) if each.stopped is None}
    # all active runs of a group have taken as many steps
    steps = [{states[run].steps for run in group if run in active} for group in groups]
    is_partition = len(set(members)) == len(members) and active <= set(members)
    if not is_partition or any(len(each) != 1 for each in steps):
        raise fields.refusal("groups", "each run that has not ended in one group")
    return groups


def _digest(data: Sequence[DataSplit]) -> str:
    """Return the digest of the samples of all runs."""
    digest = blake2b(digest_size=16)
    for each in data:
        digest.update(each.digest.encode())
    return digest.hexdigest()
