"""Controller of the screen of a sweep: commands to its process, and its replies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol, cast

from core.process.messages import Failed
from core.sweeps.messages import RepeatRuns, SweepProgress
from core.sweeps.reports import MOST_WATCHED
from tui.controller import restarted

if TYPE_CHECKING:
    from core.process.messages import Command, Event
    from core.sweeps.messages import StartSweep
    from tui.process_link import ProcessLink
    from tui.sweep.model import SweepModel

REPEATED_AT_ONCE: Final = 30.0
"""Seconds of processor time up to which runs of an earlier sweep are trained again for their maps."""


class SweepView(Protocol):
    """Callbacks of the controller to the screen."""

    def listen(self) -> object:
        """Pass every event of the process to `SweepController.on_event`, until it ends."""

    def pull(self) -> None:
        """Request the next frame."""

    def show_progress(self) -> None:
        """Show the change made by an event that the model already includes."""

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""


class SweepController:
    """Trains a sweep in its process, and follows it through the events."""

    def __init__(
        self, model: SweepModel, start: StartSweep, link: ProcessLink, view: SweepView
    ) -> None:
        self._model, self._start, self._link, self._view = model, start, link, view
        self._repeated: set[int] = set()

    def begin(self) -> None:
        """Start the sweep in a process that is waiting for it."""
        self._link.when_stopped = lambda pid: self._view.show_note(
            f"the process of the sweep is stopped: kill -CONT {pid} resumes it"
        )
        self._view.listen()
        self._send(self._start)
        self._view.pull()

    def _send(self, command: object) -> None:
        # the link passes any message; these are those of `core.sweeps.worker`
        self._link.send(cast("Command", command))

    def on_event(self, event: Event | SweepProgress) -> None:
        """Handle an event of the process."""
        model = self._model
        if isinstance(event, Failed):
            reason = event.reason.replace("training process", "process of the sweep")
            self._link.close()  # with the processes that it had started
            model.end(reason)
        elif isinstance(event, SweepProgress):
            model.apply(event)
            if event.notes:
                model.run.note = event.notes[-1]
        if model.failure:
            model.run.note = f"{model.failure}; finished runs are kept, r continues"
        elif model.run.is_at_rest:
            model.run.note = model.problem
            seconds = sum(
                next(iter(model.summary(cell).outcomes)).seconds for cell in self._without_map()
            )
            if 0 < seconds <= REPEATED_AT_ONCE:
                self._repeat()
        self._view.show_progress()

    def restart(self) -> None:
        """Continue a sweep that has failed."""
        model = self._model
        if not model.failure:
            self._view.show_note("the sweep has not failed: there is nothing to continue")
            return
        self._start = replace(self._start, known=tuple(row.outcome for row in model.rows))
        if self._link.ended and not restarted(self._link, self._view):
            return
        model.restart()
        self._repeated.clear()  # also what was to be trained again has failed
        model.run.note = ""
        self.begin()
        self._view.show_progress()

    def repeat_runs(self) -> None:
        """Train runs of an earlier sweep again, for their maps."""
        if not self._model.run.is_at_rest:
            self._view.show_note("maps of earlier runs: after the end of the sweep")
        elif self._model.failure:
            self._view.show_note("r continues the sweep first")
        elif not self._without_map():
            self._view.show_note("each combination that is shown has its map")
        else:
            self._repeat()
            self._view.show_progress()

    def _without_map(self) -> list[int]:
        """Return the combinations whose first run has an outcome, but no weights to draw a map with."""
        model = self._model
        return [
            cell
            for cell in range(min(MOST_WATCHED, len(model.cells)))
            if cell not in model.reports
            and cell not in self._repeated
            and model.summary(cell).outcomes
        ]

    def _repeat(self) -> None:
        cells = tuple(self._without_map())
        self._repeated.update(cells)
        self._model.resume()
        self._send(RepeatRuns(cells))
        count = f"{len(cells)} run{'s' * (len(cells) > 1)}"
        self._model.run.note = f"training {count} of an earlier sweep again, for their maps"
        self._view.pull()

    def close(self) -> None:
        """End the process."""
        for event in cast("list[object]", self._link.close()):
            if isinstance(event, SweepProgress):
                self._model.apply(event)
