"""Many seeds outside of the screen: title of the terminal, progress, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.announcer import ENDINGS, LONGEST_NAME, PROGRESS
from tui.terminal.title import RunTitle

if TYPE_CHECKING:
    from tui.announcer import Announcer
    from tui.seeds.model import SeedsModel


class SeedsAnnouncer:
    """Announces the runs of many seeds."""

    def __init__(self, seeds: SeedsModel, announcer: Announcer) -> None:
        self._seeds, self._announcer = seeds, announcer
        self._state = seeds.run.state

    def update(self) -> None:
        """Follow the runs after an event."""
        seeds, run = self._seeds, self._seeds.run
        is_changed, self._state = run.state is not self._state, run.state
        sentence = ""
        if is_changed and run.state in ENDINGS:
            what = ENDINGS[run.state].replace("has", "have", 1)
            sentence = f"{self._name} {what}: {seeds.verdict or 'no epoch was trained'}"
        # otherwise a frame follows, with the title if it is due
        self._announcer.announce(run.state.value, sentence, is_due=is_changed or run.is_at_rest)

    def title(self) -> RunTitle | None:
        """Return their title, or None before the first epoch."""
        seeds = self._seeds
        if not seeds.is_known:
            return None
        state, epochs = seeds.run.state, seeds.config.epochs
        share = seeds.head_epoch / epochs if epochs else None
        text = f"{self._name} epoch {seeds.epoch:,}"
        return RunTitle(state.value, text, share, PROGRESS.get(state, "normal"))

    @property
    def _name(self) -> str:
        seeds = self._seeds
        return f"{seeds.config.source_name[:LONGEST_NAME]} {seeds.count:,} seeds"
