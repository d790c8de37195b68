"""Checkpoints that are saved with a run, so that time travel still works after it was resumed.

Each segment is saved with the checkpoint right after its change, so that no change has to be applied
again; further checkpoints shorten the way to an epoch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import ConfigError
from core.config.run_config import RunConfig
from core.dataclass import dataclass
from core.datasets import edits as data_edits
from core.datasets.prepare import prepare
from core.runs.archive import read_archive, write_archive
from core.runs.atomic_files import RunError, refusal
from core.runs.codec import Fields, Shapes, decode_edits, decode_state, encode_checkpoint
from core.runs.folder import HISTORY, open_directory
from core.training.checkpoints import Checkpoint, Position, Segment
from core.training.time_travel import TimeTravel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.runs.atomic_files import Directory
    from core.runs.codec import Header
    from core.runs.reader import SavedRun
    from core.runs.saved_seeds import SavedSeedsHistory
    from core.training.trainer import Trainer

FORMAT: Final = "nnfs-tui past"
MOST_SEGMENTS: Final = 16
MOST_OTHERS: Final = 10
MOST_RECENT: Final = 6
"""Checkpoints ever further before the newest position: the first step back of a resumed run must not be
computed from a checkpoint a tenth of the run before it."""
LARGE: Final = 2**18
"""Bytes above which it is written less often."""
MOST_BYTES: Final = 2**24
"""Maximum bytes of the history in a run folder; the oldest checkpoints are dropped."""


@dataclass(frozen=True)
class SavedHistory:
    """Saved checkpoints of a run, the newest last.

    Attributes:
        starts: the checkpoint right after the change that begins each segment.
        others: further checkpoints, evenly spaced.
        recent: further checkpoints before the newest position, at the last save of a run at rest.
        was_edited: whether a parameter was edited before the first of them.
    """

    starts: tuple[Checkpoint, ...]
    others: tuple[Checkpoint, ...] = ()
    recent: tuple[Checkpoint, ...] = ()
    was_edited: bool = False

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter((*self.starts, *self.others, *self.recent))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that have checkpoints."""
        return tuple(each.segment for each in self.starts)

    def with_change(self, start: Checkpoint) -> SavedHistory:
        """Return the history after a change; `start` is the checkpoint right after it."""
        before = self.up_to(start.segment.position, start.segment.number - 1)
        return replace(before, starts=(*before.starts, start))._limited()

    def up_to(self, position: Position, number: int) -> SavedHistory:
        """Return the history up to a position in the segment of that number."""
        starts = (each for each in self.starts if each.segment.number <= number)

        def is_before(each: Checkpoint) -> bool:
            own = each.segment.number
            return own < number or (own == number and each.position <= position)

        others = tuple(filter(is_before, self.others))
        recent = tuple(filter(is_before, self.recent))
        return replace(self, starts=tuple(starts), others=others, recent=recent)

    def with_recent(self, checkpoints: Iterable[Checkpoint], head: Position) -> SavedHistory:
        """Return the history with other recent checkpoints, chosen from the given ones.

        The first is the newest from which the epoch before `head` can be computed, and each of the
        others is at least four times as far from it as the one before.
        """
        numbers = {each.segment.number for each in self.starts}
        stored = {each.order for each in (*self.starts, *self.others)}
        recent: list[Checkpoint] = []
        end = head.epoch if head.batch else head.epoch - 1
        for each in sorted(checkpoints, key=lambda each: each.order, reverse=True):
            is_next = not recent or end + 1 - each.epochs >= 4 * (end + 1 - recent[-1].epochs)
            if each.epochs <= end and is_next and each.segment.number in numbers:
                recent.append(each)
            if len(recent) == MOST_RECENT:
                break
        new = (each for each in recent if each.order not in stored)
        return replace(self, recent=tuple(new))._limited()

    def with_checkpoint(self, checkpoint: Checkpoint, *, was_edited: bool = False) -> SavedHistory:
        """Return the history with a newer checkpoint.

        If everything before it was dropped because of its size, the history starts there.
        """
        if not self.starts:
            segment = Segment.new(checkpoint.segment.number, checkpoint.position)
            start = replace(checkpoint, segment=segment)
            return SavedHistory((start,), was_edited=was_edited)._limited()
        if any(each.order == checkpoint.order for each in (*self.starts, *self.others)):
            return self
        others = [*self.others, checkpoint]
        while len(others) > MOST_OTHERS:
            epochs = [each.position.epoch for each in (self.starts[0], *others)]
            # drop the one between the two that are closest to each other, never the newest
            gaps = [after - before for before, after in zip(epochs[:-2], epochs[2:], strict=True)]
            del others[gaps.index(min(gaps))]
        return replace(self, others=tuple(others))._limited()

    @property
    def nbytes(self) -> int:
        """Bytes of all checkpoints, without the data of the newest segment."""
        checkpoints = tuple(self)
        newest = {id(each) for each in self.starts[-1].data.arrays} if self.starts else set()
        data = {id(array): array for each in checkpoints for array in each.data.arrays}
        older = sum(array.nbytes for number, array in data.items() if number not in newest)
        return older + sum(array.nbytes for each in checkpoints for array in each.state.arrays)

    def can_wait(self, before: SavedHistory | SavedSeedsHistory | None) -> bool:
        """Return whether it may be written later, since it is large, and its segments are `before`."""
        is_same = isinstance(before, SavedHistory) and before.segments == self.segments
        return is_same and self.nbytes > LARGE

    def write(self, directory: Directory) -> None:
        """Replace the history in a run folder; raises OSError when it cannot be written."""
        stations = []
        arrays: dict[str, Array | Labels] = {}
        ids = {each.number: each.id for each in self.segments}
        for at, checkpoint in enumerate(self):
            values, own = encode_checkpoint(checkpoint)
            segment = {"segment": ids[checkpoint.segment.number], "is_start": at < len(self.starts)}
            stations.append({**segment, **values})
            arrays |= {f"{at}-{name}": array for name, array in own.items()}
        header = {"format": FORMAT, "was_edited": self.was_edited, "stations": stations}
        directory.write_whole(HISTORY, lambda file: write_archive(file, header, arrays))

    def _limited(self) -> SavedHistory:
        history = self
        while history.starts and (
            len(history.starts) > MOST_SEGMENTS or history.nbytes > MOST_BYTES
        ):
            if history.recent and history.nbytes > MOST_BYTES:
                history = replace(history, recent=history.recent[:-1])
                continue
            if history.others and history.nbytes > MOST_BYTES:
                history = replace(history, others=history.others[1:])
                continue
            first, starts = history.starts[0], history.starts[1:]
            oldest = starts[0].segment.number if starts else 2**62
            history = SavedHistory(
                starts,
                tuple(each for each in history.others if each.segment.number >= oldest),
                tuple(each for each in history.recent if each.segment.number >= oldest),
                history.was_edited or first.segment.is_edit,
            )
        return history


def read_saved_history(folder: Path, header: Header, trainer: Trainer) -> SavedHistory | None:
    """Return the saved checkpoints up to the position of the run, with segments numbered from 0.

    A run can be resumed without them, so None is returned for a history that cannot be read.

    Args:
        folder: of the run.
        header: of its newest snapshot.
        trainer: in the state of that snapshot.
    """
    with suppress(RunError, ConfigError, ValueError, OSError, MemoryError):
        return _read(folder / HISTORY, header, trainer)
    return None


def read_time_travel(saved: SavedRun, trainer: Trainer) -> tuple[TimeTravel, SavedHistory | None]:
    """Return time travel within a saved run, and the saved checkpoints if they could be read.

    Args:
        saved: the run.
        trainer: in the state of its newest snapshot.
    """
    history = read_saved_history(saved.path, saved.header, trainer)
    if history is None:
        return TimeTravel(trainer, was_edited=saved.header.edited), None
    travel = TimeTravel.from_checkpoints(
        trainer, history.starts, history.others, was_edited=history.was_edited
    )
    return travel, history


def _read(path: Path, header: Header, trainer: Trainer) -> SavedHistory | None:
    with open_directory(path.parent) as directory:
        values, arrays = read_archive(directory, HISTORY)
    fields = Fields(path, values)
    if fields.text("format") != FORMAT:
        raise refusal(path, "it is not the history of a run")
    segments = {each.id: each for each in header.segments}
    starts: dict[int, Checkpoint] = {}
    others = []
    known = {(header.config.data_key, header.edits): trainer.data}
    stations = fields.tables("stations")
    if len(stations) > MOST_SEGMENTS + MOST_OTHERS + MOST_RECENT:
        raise refusal(path, "it has too many checkpoints")
    for at, each in enumerate(stations):
        segment = segments.get(each.integer("segment"))
        if segment is None:
            continue  # it is on a branch that was discarded
        config = RunConfig.from_mapping(each.mapping("config"))
        data = _data(known, config, each)
        own = arrays_of(arrays, at)
        shapes = Shapes.of(trainer.network, config, data)
        state = decode_state(shapes, each.table("state"), own)
        checkpoint = Checkpoint(segment, config, data, state)
        if each.boolean("is_start"):
            starts[segment.number] = checkpoint
        else:
            others.append(checkpoint)
    _check_order(path, header, starts)
    first = len(header.segments)
    while first - 1 in starts:
        first -= 1
    if first == len(header.segments):
        return None
    ends = _ends(header)
    valid = [
        each
        for each in others
        if (number := each.segment.number) >= first
        and starts[number].position <= each.position <= ends[number]
    ]
    edits = any(each.is_edit for each in header.segments[: first + 1])
    return SavedHistory(
        tuple(_renumbered(starts[each], first) for each in range(first, len(header.segments))),
        tuple(_renumbered(each, first) for each in sorted(valid, key=lambda each: each.order)),
        was_edited=header.edited and (fields.boolean("was_edited") or edits),
    )


def arrays_of(arrays: Mapping[str, Array | Labels], number: int) -> dict[str, Array | Labels]:
    """Return the arrays of a checkpoint in the file of a history, by their own names."""
    prefix = f"{number}-"
    return {name[len(prefix) :]: each for name, each in arrays.items() if name.startswith(prefix)}


def _renumbered(checkpoint: Checkpoint, first: int) -> Checkpoint:
    segment = checkpoint.segment
    return replace(checkpoint, segment=segment._replace(number=segment.number - first))


def _ends(header: Header) -> list[Position]:
    """Return the last position of each segment."""
    positions = [each.position for each in header.segments[1:]]
    return [*positions, Position(header.epoch, header.batch)]


def _check_order(path: Path, header: Header, starts: Mapping[int, Checkpoint]) -> None:
    """Raise RunError for an impossible order, with which time travel would not terminate."""
    ends = _ends(header)
    for number, start in starts.items():
        change = header.segments[number].position
        # a change keeps the position, or restarts the current epoch
        within = start.position <= change and start.position.epoch == change.epoch
        if not (within and start.position <= ends[number]):
            raise refusal(path, "its checkpoints are not in order")


def _data(known: dict[Any, DataSplit], config: RunConfig, fields: Fields) -> DataSplit:
    """Return the data of a checkpoint; many checkpoints share them."""
    edits = decode_edits(fields)
    key = config.data_key, edits
    if key not in known:
        known[key] = data_edits.apply_all(prepare(config), edits)
        others = list(known.values())[1:]  # the first are those of the run
        arrays = {id(array): array.nbytes for each in others for array in each.arrays}
        if sum(arrays.values()) > MOST_BYTES:
            raise refusal(fields.path, "its data take too much memory")
    data = known[key]
    if data.digest != fields.text("data_digest"):
        raise refusal(fields.path, "its data have changed")
    return data
