"""Writes the runs of a session to a file, in the format of `train --json`."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter
from typing import IO, TYPE_CHECKING

from core.process.messages import Branched, Moved, Progress, Reopened, Run, State, StateChanged
from core.training.stopping import Stop
from tui.cli import json_log

if TYPE_CHECKING:
    from core.process.messages import Event
    from tui.run_model import RunModel


class RunLog:
    """Appends events to an open file, each epoch once."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._last = 0
        self._resumed_at: int | None = None
        self._open = False
        self._started = perf_counter()

    def write(self, event: Event, run: RunModel) -> None:
        """Write the lines for an event that was already applied to the model.

        Raises:
            OSError: when they cannot be written.
        """
        if isinstance(event, Run) and event.fresh:
            self._end("interrupted")
            if run.network is not None and run.data is not None:
                self._line(json_log.start(event.config, run.network, run.data))
            self._last, self._open, self._started = 0, True, perf_counter()
            self._resumed_at = None
        elif isinstance(event, Reopened):
            self._resumed_at, self._started = self._last, perf_counter()
        elif isinstance(event, Progress) and run.data is not None:
            kind = json_log.Kind.of(run.config, run.data)
            for row in event.rows():
                if row.epoch > self._last:
                    self._open = True  # a run that had ended was resumed, and will end again
                    self._line(json_log.epoch(row, kind))
                    self._last = row.epoch
        elif isinstance(event, Branched):
            # later epochs that were written belong to a discarded branch
            self._line(json_log.branch(event))
            self._last, self._open = event.epoch, True
            if self._resumed_at is not None:
                self._resumed_at = min(self._resumed_at, event.epoch)
        elif isinstance(event, Moved) and event.edited is not None:
            self._line(json_log.edit(event))
        elif isinstance(event, StateChanged) and event.state is State.FINISHED:
            self._end(event.stopped or Stop.EPOCHS, event.restored)
        elif isinstance(event, StateChanged) and event.state is State.DIVERGED:
            self._end(Stop.DIVERGED)
            self._last -= 1  # it is trained again if training resumes

    def close(self) -> None:
        """Write the end of a run that has not ended, and close the file."""
        with suppress(OSError):  # an earlier write has reported it
            self._end("interrupted")
            self._file.flush()
        with suppress(OSError):
            self._file.close()

    def _end(self, stopped: json_log.Ending, restored: int | None = None) -> None:
        if self._open:
            seconds = perf_counter() - self._started
            trained = None if self._resumed_at is None else self._last - self._resumed_at
            self._line(json_log.end(self._last, seconds, stopped, restored, trained))
            self._open = False

    def _line(self, line: str) -> None:
        self._file.write(f"{line}\n")
