"""The sweep outside of the screen: title of the terminal, progress, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.messages import State
from tui.announcer import LONGEST_NAME, PROGRESS
from tui.terminal.title import RunTitle

if TYPE_CHECKING:
    from tui.announcer import Announcer
    from tui.sweep.model import SweepModel

ENDINGS: Final = {State.FINISHED: "has finished", State.STOPPED: "has ended early"}
"""Sentences of notifications, by the state that a sweep has reached."""


class SweepAnnouncer:
    """Announces all runs of a sweep."""

    def __init__(self, sweep: SweepModel, announcer: Announcer) -> None:
        self._sweep, self._announcer = sweep, announcer
        self._state = sweep.run.state

    def update(self) -> None:
        """Follow the sweep after an event."""
        run = self._sweep.run
        is_changed, self._state = run.state is not self._state, run.state
        sentence = ""
        if is_changed and run.state in ENDINGS:
            sentence = f"{self._name} {ENDINGS[run.state]}: {self._numbers}"
        # otherwise a frame follows, with the title if it is due
        self._announcer.announce(run.state.value, sentence, is_due=is_changed or run.is_at_rest)

    def title(self) -> RunTitle:
        """Return its title."""
        state, results = self._sweep.run.state, self._sweep.results
        share = results.finished / results.total if results.total else None
        text = f"{self._name} {self._numbers}"
        return RunTitle(state.value, text, share, PROGRESS.get(state, "normal"))

    @property
    def _name(self) -> str:
        return f"sweep of {self._sweep.run.config.source_name[:LONGEST_NAME]}"

    @property
    def _numbers(self) -> str:
        results = self._sweep.results
        return f"{results.finished:,} of {results.total:,} runs"
