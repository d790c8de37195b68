"""A few moments of a run's past that are kept with it, so that it can be gone back to after a resume.

The run is cut into segments by what somebody changed. Each is kept with the moment right after the
change, so that no change has to be made again, and a few more moments shorten the way to an epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from secrets import randbits
from typing import TYPE_CHECKING, Final, NamedTuple

from core.training.checkpoints import Position

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.state import TrainerState

MOST_SEGMENTS: Final = 16
MOST_STOPS: Final = 16
MOST_BYTES: Final = 2**24
"""Bytes that the past of a run may take in its folder; what is older is given up."""


class Segment(NamedTuple):
    """Where a segment begins.

    Attributes:
        id: a number that no other segment has.
        place: where the change was made.
        is_edit: whether it gave a parameter another value.
    """

    id: int
    place: Position
    is_edit: bool = False


@dataclass(frozen=True)
class Station:
    """A moment of the past: a trainer's state, and what it was trained on.

    Attributes:
        number: how many changes were made before it, by the count of the run's history.
    """

    number: int
    config: RunConfig
    data: DataSplit
    state: TrainerState

    @property
    def place(self) -> Position:
        """When it was."""
        return Position(self.state.epoch, self.state.batches.next)


@dataclass(frozen=True)
class SavedHistory:
    """The segments that are kept, the newest last, and some stations within them.

    Attributes:
        cuts: one a segment.
        starts: the moment right after each cut.
        stops: others, in their order.
        was_edited: whether a parameter was edited before the first of them.
    """

    segments: tuple[Segment, ...]
    starts: tuple[Station, ...]
    ends: tuple[Station, ...] = ()
    was_edited: bool = False

    @classmethod
    def started(cls, start: Station, *, was_edited: bool = False) -> SavedHistory:
        """Return the past of a run that begins there."""
        return cls((Segment(randbits(62), start.place),), (start,), (), was_edited)

    def changed(self, place: Position, start: Station, *, is_edit: bool) -> SavedHistory:
        """Return the past after a change, made at that place; `start` is the moment after it."""
        left = self.branched(place, start.number - 1)
        cut = Segment(randbits(62), place, is_edit)
        return replace(
            left, segments=(*left.segments, cut), starts=(*left.starts, start)
        )._bounded()

    def branched(self, place: Position, number: int) -> SavedHistory:
        """Return the past of a run that goes on from a moment after so many changes."""
        count = sum(each.number <= number for each in self.starts)
        stops = (each for each in self.ends if each.number < number or each.place <= place)
        stops = (each for each in stops if each.number <= number)
        return replace(
            self, segments=self.segments[:count], starts=self.starts[:count], ends=tuple(stops)
        )

    def extended(self, stop: Station, *, was_edited: bool = False) -> SavedHistory:
        """Return the past of a run that has come to that moment.

        If nothing is kept before it, for it was too large or was given up, the past begins there.
        """
        if not self.segments:
            return SavedHistory.started(stop, was_edited=was_edited)._bounded()
        known = [*self.starts, *self.ends]
        if any((each.number, each.place) == (stop.number, stop.place) for each in known):
            return self
        stops = [*self.ends, stop]
        while len(stops) > MOST_STOPS:
            places = [self.starts[0].place.epoch if self.starts else 0]
            places += [each.place.epoch for each in stops]
            # without which the way from one to the next is shortest; never the newest
            gaps = [after - before for before, after in zip(places[:-2], places[2:], strict=True)]
            del stops[gaps.index(min(gaps))]
        return replace(self, ends=tuple(stops))._bounded()

    def renumbered(self) -> SavedHistory:
        """Return it with its changes counted from its first start, which has none before it."""
        first = self.starts[0].number

        def moved(stations: tuple[Station, ...]) -> tuple[Station, ...]:
            return tuple(replace(each, number=each.number - first) for each in stations)

        return replace(self, starts=moved(self.starts), ends=moved(self.ends))

    @property
    def nbytes(self) -> int:
        """The bytes of all of it, but for the data that the newest station has."""
        stations = (*self.starts, *self.ends)
        newest = {id(each) for each in self.starts[-1].data.arrays} if self.starts else set()
        data = {id(array): array for each in stations for array in each.data.arrays}
        held = sum(array.nbytes for number, array in data.items() if number not in newest)
        return held + sum(array.nbytes for each in stations for array in each.state.arrays)

    def _bounded(self) -> SavedHistory:
        past = self
        while past.segments and (len(past.segments) > MOST_SEGMENTS or past.nbytes > MOST_BYTES):
            if past.ends and past.nbytes > MOST_BYTES:
                past = replace(past, ends=past.ends[1:])
                continue
            oldest = past.starts[1].number if len(past.starts) > 1 else 2**62
            # what the first cut that stays has changed belongs to what stays
            past = replace(
                past,
                segments=past.segments[1:],
                starts=past.starts[1:],
                ends=tuple(each for each in past.ends if each.number >= oldest),
                was_edited=past.was_edited or past.segments[0].is_edit,
            )
        return past
