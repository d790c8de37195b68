"""The followed run outside of the screen: title of the terminal, progress, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.logs.activity import FollowState
from tui.announcer import LONGEST_NAME
from tui.follow.curves import shown_value
from tui.terminal.title import RunTitle, TerminalTitle, notification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tui.announcer import AnnounceOptions
    from tui.follow.model import FollowModel

PROGRESS: Final = {FollowState.STALLED: "paused", FollowState.OVER: "none"}
ENDINGS: Final = {FollowState.STALLED: "has stalled", FollowState.OVER: "is over"}
"""Sentences of notifications, by the state that a run has reached."""


class FollowAnnouncer:
    """Follows a log, and announces its run to the terminal.

    Args:
        model: of the run.
        options: what is announced.
        environment: variables by name, which identify the terminal.
        write: sends codes to the terminal, and the title if it is due.
        is_focused: returns whether the user looks at the terminal, as it last reported.

    Attributes:
        title: title and progress.
    """

    def __init__(
        self,
        model: FollowModel,
        options: AnnounceOptions,
        environment: Mapping[str, str],
        write: Callable[[str], object],
        is_focused: Callable[[], bool],
    ) -> None:
        self._model, self._notifies, self._environment = model, options.notify, environment
        self._write, self._is_focused = write, is_focused
        self.title = TerminalTitle(
            lambda: title_of(model), has_title=options.title, has_progress=options.progress
        )
        self._state = model.state

    def update(self) -> None:
        """Follow the run after something new was read."""
        before, self._state = self._state, self._model.state
        self.title.change(self._state.value)
        codes = ""
        if self._state is not before and self._state in ENDINGS and self._notifies:
            title = title_of(self._model)
            if title is not None and not self._is_focused():
                name, _, numbers = title.text.partition(" ")
                codes = notification(self._environment, f"{name} {ENDINGS[self._state]}: {numbers}")
        self._write(codes)


def title_of(model: FollowModel) -> RunTitle | None:
    """Return the title of a run, or None before its first values."""
    step = model.newest_step
    if step is None:
        return None
    name = model.follower.path.name.replace(" ", "_")[:LONGEST_NAME]
    text = f"{name} {model.unit} {step:,}"
    parts = [each for quantity in model.quantities[:1] for each in quantity.parts.values()]
    if parts:
        text += f" {parts[0]} {shown_value(model.newest(parts[0]))}"
    share = None if not model.planned else step / model.planned
    return RunTitle(model.state.value, text, share, PROGRESS.get(model.state, "normal"))
