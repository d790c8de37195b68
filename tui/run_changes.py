"""Changes during a run, which the curves mark: settings, data, weights and branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from core.process.status_text import shown_value
from tui.diagnosis import trains_alike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.config.run_config import RunConfig

MOST_CHANGES: Final = 500
"""Number of changes that are remembered, the newest ones."""

BRANCH: Final = "branch"
DATA: Final = "data edited"
WEIGHT: Final = "weight edited"

_SHORT: Final = {"learning rate": "lr"}
_STOPPING: Final = ("epochs", "target", "patience", "diagnostics")
"""Beginnings of settings that do not change how the network learns."""


class Change(NamedTuple):
    """A change after an epoch.

    Attributes:
        epoch: the last epoch before the change.
        name: name of the setting, or what happened.
        before: text of the old value, or "".
        after: text of the new value, or "".
    """

    epoch: int
    name: str
    before: str = ""
    after: str = ""

    @property
    def words(self) -> str:
        """The change in words."""
        name = _SHORT.get(self.name, self.name)
        return f"{name} {self.before} → {self.after}" if self.before else name


class RunChanges:
    """The changes of the current branch, in order."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    @property
    def epochs(self) -> list[int]:
        """The epochs with changes, in increasing order."""
        return sorted({each.epoch for each in self._changes})

    def words_at(self, epoch: int) -> str:
        """Return the changes after an epoch in words, or ""."""
        return ", ".join(each.words for each in self._changes if each.epoch == epoch)

    def clear(self) -> None:
        """Forget all changes: another run begins."""
        self._changes = []

    def record(self, epoch: int, name: str) -> None:
        """Record that something happened."""
        self._add(Change(epoch, name))

    def record_settings(self, epoch: int, before: RunConfig, after: RunConfig) -> bool:
        """Record changed settings, if they change how the network learns; return whether they do."""
        if trains_alike(before, after):
            return False
        for each in after.differences(before):
            name, old, new = (
                each.name.replace("_", " "),
                *(shown_value(each, c) for c in (before, after)),
            )
            if not name.startswith(_STOPPING):
                self._add(Change(epoch, name, old, new))
        return True

    def branch(self, epoch: int) -> None:
        """Record that training was resumed from an epoch, which discards all later changes."""
        self._changes = [each for each in self._changes if each.epoch <= epoch]
        self._add(Change(epoch, BRANCH))

    def restore(self, events: Iterable[tuple[int, str, str]]) -> None:
        """Record the changes in the event log of a saved run.

        Args:
            events: epoch, kind and note of each event, oldest first.
        """
        self.clear()
        for epoch, kind, note in events:
            match kind:
                case "branched":
                    self.branch(epoch)
                case "edited":
                    self.record(epoch, WEIGHT)
                case "changed" if note.endswith("the data are edited"):
                    self.record(epoch, DATA)
                case "changed":
                    for part in note.partition(": trained weights kept")[0].split("; "):
                        self._add_text(epoch, part)

    def _add_text(self, epoch: int, text: str) -> None:
        setting, arrow, after = text.partition(" → ")
        name, _, before = setting.rpartition(" ")
        if arrow and name and not name.startswith(_STOPPING):
            self._add(Change(epoch, name, before, after))

    def _add(self, change: Change) -> None:
        """Add a change; several of one setting after the same epoch are one, or none if it is undone."""
        for at, each in enumerate(self._changes):
            if (each.epoch, each.name) == (change.epoch, change.name):
                del self._changes[at]
                change = change._replace(before=each.before)
                break
        if not change.before or change.before != change.after:
            self._changes = [*self._changes, change][-MOST_CHANGES:]
