"""The followed run outside of the screen: title of the terminal, progress, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.logs.activity import FollowState
from tui.announcer import LONGEST_NAME
from tui.follow.curves import shown_value
from tui.terminal.title import RunTitle

if TYPE_CHECKING:
    from tui.announcer import Announcer
    from tui.follow.model import FollowModel

PROGRESS: Final = {FollowState.STALLED: "paused", FollowState.OVER: "none"}
ENDINGS: Final = {FollowState.STALLED: "has stalled", FollowState.OVER: "is over"}
"""Sentences of notifications, by the state that a run has reached."""


class FollowAnnouncer:
    """Announces a run whose log is followed."""

    def __init__(self, model: FollowModel, announcer: Announcer) -> None:
        self._model, self._announcer = model, announcer
        self._state = model.state

    def update(self) -> None:
        """Follow the run after something new was read."""
        before, self._state = self._state, self._model.state
        sentence, title = "", title_of(self._model)
        if self._state is not before and self._state in ENDINGS and title is not None:
            name, _, numbers = title.text.partition(" ")
            sentence = f"{name} {ENDINGS[self._state]}: {numbers}"
        self._announcer.announce(self._state.value, sentence)


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
