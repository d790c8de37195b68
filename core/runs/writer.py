"""Writes the moments of one run into its folder; the keeper calls it, in a thread of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import monotonic, time
from typing import TYPE_CHECKING, Final

import numpy as np

from core.runs.archive import write_archive
from core.runs.atomic_files import NOTHING
from core.runs.codec import plain_state
from core.runs.folder import CONFIG, EVENTS, ROWS, STATE
from core.runs.saved_history_file import write_saved_history
from core.runs.snapshot import digest_of, header_values, with_absolute_path
from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.runs.atomic_files import Extent
    from core.runs.folder import RunFolder
    from core.runs.saved_history import SavedHistory
    from core.runs.snapshot import RunSnapshot

LARGE_PAST: Final = 2**18
PAUSE: Final = 20.0
"""Seconds between two times that a past of more bytes is written."""


@dataclass(frozen=True)
class RunEvent:
    """Something that happened to a run.

    Attributes:
        at: seconds of the epoch.
        epoch: how many were trained.
        what: in one word, such as `changed`.
        note: in a sentence.
    """

    at: float
    epoch: int
    kind: str
    note: str

    def line(self) -> str:
        """Return it as a line of JSON."""
        values = {"at": round(self.at, 3), "epoch": self.epoch, "what": self.kind}
        return json.dumps({**values, "note": self.note}) + "\n"


class RunWriter:
    """Appends to the two files that grow, and then puts the new moment in the place of the old.

    Whenever that is cut short, the moment before is what is read.

    Attributes:
        folder: where.
        saved: whether there is a moment in it.
    """

    def __init__(
        self,
        folder: RunFolder,
        created: float,
        rows: Extent = NOTHING,
        events: Extent = NOTHING,
        *,
        saved: bool = False,
    ) -> None:
        self.folder, self._created = folder, created
        self._rows, self._events = rows, events
        self._config: RunConfig | None = None
        self._digests: dict[int, tuple[DataSplit, str]] = {}
        self.has_snapshot = saved
        self._past: SavedHistory | None = None
        self._past_due = 0.0

    def write(
        self, moment: RunSnapshot, rows: NDArray[np.float64], events: Sequence[RunEvent] = ()
    ) -> None:
        """Save a moment, with what is new since the one before.

        Args:
            moment: the run now.
            rows: as `timeline.tabulate` makes them; an epoch that was there gives way.
            events: what happened.

        Raises:
            OSError: when it cannot be written; the moment before is still there.
        """
        directory = self.folder.directory
        directory.check_there()
        if self._config != moment.config:
            text = with_absolute_path(moment.config).to_toml().encode(errors="replace")
            directory.write_whole(CONFIG, lambda file: file.write(text))
            self._config = moment.config
        data = np.ascontiguousarray(rows[:, : len(COLUMNS)], "<f8").tobytes()
        told = "".join(each.line() for each in events).encode()
        self._write_past(moment.history)
        new_rows = directory.append(ROWS, self._rows, data)
        new_events = directory.append(EVENTS, self._events, told)
        digest = self._digest(moment.data)
        header = header_values(moment, self._created, time(), digest, new_rows, new_events)
        state, arrays = plain_state(moment.state)
        header["state"] = state
        directory.write_whole(STATE, lambda file: write_archive(file, header, arrays))
        self._rows, self._events = new_rows, new_events
        used = {id(moment.data)}
        if moment.history is not None:
            used |= {id(each.data) for each in (*moment.history.starts, *moment.history.ends)}
        self._digests = {number: each for number, each in self._digests.items() if number in used}
        self.has_snapshot = True

    def check_saved(self) -> None:
        """Raise OSError when what was saved is no longer there."""
        self.folder.directory.check_there()
        (self.folder.path / STATE).lstat()

    def _write_past(self, past: SavedHistory | None) -> None:
        """Write the past if there is more of it; a large one waits, unless something was changed."""
        if past is None or past is self._past:
            return
        same = self._past is not None and self._past.segments == past.segments
        if same and past.nbytes > LARGE_PAST and monotonic() < self._past_due:
            return
        write_saved_history(self.folder.directory, past, self._digest)
        self._past, self._past_due = past, monotonic() + PAUSE

    def _digest(self, data: DataSplit) -> str:
        if id(data) not in self._digests:
            self._digests[id(data)] = data, digest_of(data)
        return self._digests[id(data)][1]
