"""The file of a run's past: written when there is more of it, and read as far as it fits the run."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import ConfigError
from core.config.run_config import RunConfig
from core.datasets import edits as data_edits
from core.datasets.prepare import prepare
from core.runs.archive import read_archive, write_archive
from core.runs.atomic_files import RunError, refusal
from core.runs.codec import Shapes, plain_state, state_for
from core.runs.folder import PAST, open_directory
from core.runs.json_fields import Fields
from core.runs.saved_history import MOST_BYTES, MOST_SEGMENTS, MOST_STOPS, SavedHistory, Station
from core.runs.snapshot import digest_of, edits_of, plain_edits, with_absolute_path
from core.training.checkpoints import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.runs.atomic_files import Directory
    from core.runs.snapshot import Header
    from core.training.trainer import Trainer

FORMAT: Final = "nnfs-tui past"


def write_saved_history(
    directory: Directory, past: SavedHistory, digest: Callable[[DataSplit], str]
) -> None:
    """Put the past in the place of the one there is; `digest` returns that of data; raises OSError."""
    stations = []
    arrays: dict[str, Array | Labels] = {}
    ids = {start.number: cut.id for start, cut in zip(past.starts, past.segments, strict=True)}
    for at, station in enumerate((*past.starts, *past.ends)):
        values, own = plain_state(station.state)
        stations.append(
            {
                "segment": ids[station.number],
                "is_start": at < len(past.starts),
                "config": with_absolute_path(station.config).as_dict(),
                "edits": plain_edits(station.data),
                "data_digest": digest(station.data),
                "state": values,
            }
        )
        arrays |= {f"{at}-{name}": array for name, array in own.items()}
    header: dict[str, Any] = {"format": FORMAT, "was_edited": past.was_edited, "stations": stations}
    directory.write_whole(PAST, lambda file: write_archive(file, header, arrays))


def read_saved_history(folder: Path, header: Header, trainer: Trainer) -> SavedHistory | None:
    """Return as much of the past as there is, up to the segment in which the run stands.

    Without it a run goes on all the same: what cannot be read is as if it were not there.

    Args:
        folder: of the run.
        header: of its newest moment.
        trainer: at that moment.
    """
    with suppress(RunError, ConfigError, ValueError, OSError, MemoryError):
        return _read(folder / PAST, header, trainer)
    return None


def _read(path: Path, header: Header, trainer: Trainer) -> SavedHistory | None:
    with open_directory(path.parent) as directory:
        values, arrays = read_archive(directory, PAST)
    fields = Fields(path, values)
    if fields.text("format") != FORMAT:
        raise refusal(path, "it is no past of a run")
    numbers = {cut.id: number for number, cut in enumerate(header.segments)}
    starts: dict[int, Station] = {}
    stops = []
    known = {(header.config.data_key, header.edits): (trainer.data, header.data_digest)}
    stations = fields.tables("stations")
    if len(stations) > MOST_SEGMENTS + MOST_STOPS:
        raise refusal(path, "it holds too many moments")
    for at, each in enumerate(stations):
        number = numbers.get(each.integer("segment"))
        if number is None:
            continue  # of a future that was given up
        config = RunConfig.from_mapping(each.mapping("config"))
        data = _data(known, path, config, each)
        own = {
            name.partition("-")[2]: array
            for name, array in arrays.items()
            if name.partition("-")[0] == str(at)
        }
        shapes = Shapes.of(trainer.network, config, data)
        state = state_for(shapes, path, each.table("state"), own)
        station = Station(number, config, data, state)
        if each.boolean("is_start"):
            starts[number] = station
        else:
            stops.append(station)
    _check_order(path, header, starts)
    first = len(header.segments)
    while first - 1 in starts:
        first -= 1
    if first == len(header.segments):
        return None
    ends = _ends(header)
    kept = [
        each
        for each in stops
        if each.number >= first and starts[each.number].place <= each.place <= ends[each.number]
    ]
    edits = any(cut.is_edit for cut in header.segments[: first + 1])
    past = SavedHistory(
        header.segments[first:],
        tuple(starts[number] for number in range(first, len(header.segments))),
        tuple(sorted(kept, key=lambda each: (each.number, each.place))),
        header.edited and (fields.boolean("was_edited") or edits),
    )
    return past.renumbered()


def _ends(header: Header) -> list[Position]:
    """Return the last place of each segment."""
    return [*(cut.place for cut in header.segments[1:]), Position(header.epoch, header.batch)]


def _check_order(path: Path, header: Header, starts: Mapping[int, Station]) -> None:
    """Raise RunError for what no run can have been: a way through it would not end."""
    ends = _ends(header)
    for number, start in starts.items():
        cut = header.segments[number].place
        # a change leaves the run where it was, or lets the epoch under way begin again
        within = start.place <= cut and start.place.epoch == cut.epoch
        if not (within and start.place <= ends[number]):
            raise refusal(path, "its moments are not in order")


def _data(
    known: dict[Any, tuple[DataSplit, str]], path: Path, config: RunConfig, fields: Fields
) -> DataSplit:
    """Return the data of a station; those of many are the same."""
    edits = edits_of(path, fields)
    key = config.data_key, edits
    if key not in known:
        data = data_edits.apply_all(prepare(config), edits)
        known[key] = data, digest_of(data)
        others = [each for each, _ in known.values()][1:]  # the first are the run's own
        arrays = {id(array): array.nbytes for each in others for array in each.arrays}
        if sum(arrays.values()) > MOST_BYTES:
            raise refusal(path, "its data take too much memory")
    data, digest = known[key]
    if digest != fields.text("data_digest"):
        raise refusal(path, "its data are others now")
    return data
