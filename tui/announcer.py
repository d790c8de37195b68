"""The run outside of the screen: title of the terminal, progress in its tab, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.process.messages import State
from tui.drawing import number_format
from tui.terminal.title import RunTitle, TerminalTitle, notification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui.run_model import RunModel

LONGEST_NAME: Final = 16
PROGRESS: Final[dict[State, str]] = {
    State.PAUSED: "paused",
    State.DIVERGED: "error",
    State.STOPPED: "error",
    State.FINISHED: "none",
}
ENDINGS: Final = {
    State.FINISHED: "has finished",
    State.DIVERGED: "has diverged",
    State.STOPPED: "has stopped: its process has ended",
}
"""Sentences of notifications, by the state that a run has reached."""


@dataclass(frozen=True)
class AnnounceOptions:
    """Announcements that are enabled: title, progress, notifications."""

    title: bool = False
    progress: bool = False
    notify: bool = False


class Announcer:
    """Announces a run to the terminal.

    Args:
        compute_title: returns the title of the run now, or None if there is none yet.
        options: what is announced.
        environment: variables by name, which identify the terminal.
        write: sends codes to the terminal, and the title if it is due.
        is_focused: returns whether the user looks at the terminal, as it last reported.

    Attributes:
        title: title and progress.
    """

    def __init__(
        self,
        compute_title: Callable[[], RunTitle | None],
        options: AnnounceOptions,
        environment: Mapping[str, str],
        write: Callable[[str], object],
        is_focused: Callable[[], bool],
    ) -> None:
        self._notifies, self._environment = options.notify, environment
        self._write, self._is_focused = write, is_focused
        self.title = TerminalTitle(
            compute_title, has_title=options.title, has_progress=options.progress
        )

    def announce(self, state: str, sentence: str = "", *, is_due: bool = True) -> None:
        """Announce the state of the run.

        Args:
            state: in one word.
            sentence: of the notification; empty for none.
            is_due: whether anything is sent if there is no notification.
        """
        self.title.change(state)
        codes = ""
        if sentence and self._notifies and not self._is_focused():
            codes = notification(self._environment, sentence)
        if codes or is_due:
            self._write(codes)


class RunAnnouncer:
    """Announces the run of a training process."""

    def __init__(self, run: RunModel, announcer: Announcer) -> None:
        self._run, self._announcer = run, announcer
        self._state, self._was_alarming = run.state, False

    def update(self) -> None:
        """Follow the run after an event."""
        run = self._run
        before, was_alarming = self._state, self._was_alarming
        self._state, self._was_alarming = run.state, run.diagnosis.is_alarming
        is_changed = run.state is not before
        what = ""
        if is_changed:
            what = ENDINGS.get(run.state, "")
        elif run.state is State.TRAINING and run.diagnosis.is_alarming and not was_alarming:
            what = "looks stuck"
        sentence = _sentence(run, what) if what else ""
        # otherwise a frame follows, with the title if it is due
        self._announcer.announce(run.state.value, sentence, is_due=is_changed or run.is_at_rest)

    def title(self) -> RunTitle | None:
        """Return the title of the run, or None before its first metrics."""
        run = self._run
        metrics = run.metrics
        if metrics is None:
            return None
        name = run.config.source_name[:LONGEST_NAME]
        text = f"{name} epoch {metrics.epoch:,} loss {number_format.loss(metrics.train_loss)}"
        share = run.head_epoch / run.config.epochs if run.config.epochs else None
        return RunTitle(run.state.value, text, share, PROGRESS.get(run.state, "normal"))


def _sentence(run: RunModel, what: str) -> str:
    metrics = run.metrics
    text = f"{run.config.source_name[:LONGEST_NAME]} {what}"
    if metrics is None:
        return text
    return f"{text}: epoch {metrics.epoch:,}, loss {number_format.loss(metrics.train_loss)}"
