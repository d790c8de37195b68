"""Writes the snapshots of one run into its folder; called by the autosaver, in a thread of its own."""

from __future__ import annotations

import json
from time import monotonic, time
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.command_line import command_of
from core.dataclass import dataclass
from core.runs.archive import write_archive
from core.runs.atomic_files import NOTHING, shown
from core.runs.codec import resolve_data_path
from core.runs.folder import CONFIG, EVENTS, ROWS, STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.runs.atomic_files import Extent
    from core.runs.autosaver import RunSnapshot
    from core.runs.folder import RunFolder
    from core.runs.saved_history import SavedHistory
    from core.runs.saved_seeds import SavedSeedsHistory

PAUSE: Final = 20.0
"""Minimum seconds between two writes of a large history."""


@dataclass(frozen=True)
class RunEvent:
    """An entry in the event log of a run.

    Attributes:
        at: seconds since the Unix epoch.
        epoch: number of epochs trained.
        kind: one word, such as `changed`.
        note: a sentence.
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
    """Appends to the two append-only files of a run, and then replaces its snapshot.

    If a write is interrupted at any point, the previous snapshot is still valid.

    Attributes:
        folder: of the run.
        has_snapshot: whether it has a snapshot.
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
        self.has_snapshot = saved
        self._history: SavedHistory | SavedSeedsHistory | None = None
        self._history_due = 0.0

    def write(
        self, snapshot: RunSnapshot, rows: NDArray[np.float64], events: Sequence[RunEvent] = ()
    ) -> None:
        """Save a snapshot, with everything new since the previous one.

        Args:
            snapshot: the newest state of the run.
            rows: (epochs, columns) new epochs; one that exists is superseded, and columns beyond those
                of the snapshot are not saved.
            events: new events.

        Raises:
            OSError: when it cannot be written; the previous snapshot remains.
        """
        directory = self.folder.directory
        config = snapshot.checkpoint.config
        directory.check_there()
        if self._config != config:
            resolved = resolve_data_path(config)
            command = shown(f"{command_of(resolved)}{snapshot.options}")
            text = f"# {command}\n{resolved.to_toml()}".encode(errors="replace")
            directory.write_whole(CONFIG, lambda file: file.write(text))
            self._config = config
        table = np.ascontiguousarray(rows[:, : snapshot.columns], "<f8").tobytes()
        lines = "".join(each.line() for each in events).encode()
        self._write_history(snapshot.past)
        new_rows = directory.append(ROWS, self._rows, table)
        new_events = directory.append(EVENTS, self._events, lines)
        header, arrays = snapshot.encode(self._created, time(), new_rows, new_events)
        directory.write_whole(STATE, lambda file: write_archive(file, header, arrays))
        self._rows, self._events = new_rows, new_events
        self.has_snapshot = True

    def check_saved(self) -> None:
        """Raise OSError if the snapshot no longer exists."""
        self.folder.directory.check_there()
        (self.folder.path / STATE).lstat()

    def _write_history(self, history: SavedHistory | SavedSeedsHistory | None) -> None:
        """Write the history if it has changed; a large one is delayed, except after a change."""
        if history is None or history is self._history:
            return
        if history.can_wait(self._history) and monotonic() < self._history_due:
            return
        history.write(self.folder.directory)
        self._history, self._history_due = history, monotonic() + PAUSE
