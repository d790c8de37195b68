"""Rows of the settings dialog: the most important settings first, those without effect folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from core.config.run_config import setting, settings
from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.config.settings import Setting

IMPORTANT: Final = (
    *("hidden", "activation", "learning_rate", "optimizer", "batch_size"),
    *("l2", "dropout", "samples", "noise", "seed"),
)
"""The settings that are changed most often, in the order of the dialog."""
IMPORTANT_HEADING: Final = "most important"


@dataclass(frozen=True)
class Fold:
    """The row that shows or hides the settings without effect in this run."""

    count: int
    is_open: bool

    @property
    def text(self) -> str:
        """The words of the row."""
        what = "1 setting" if self.count == 1 else f"{self.count} settings"
        return f"{what} without effect here"


Row: TypeAlias = "Setting | Fold | str"
"""A setting, the fold, or the name of a group."""


def arranged(idle: Collection[str], *, is_open: bool) -> list[Row]:
    """Return all rows: the most important settings, the other ones by group, the fold.

    Args:
        idle: names of the settings that have no effect.
        is_open: whether those are shown, too.
    """
    important = [setting(name) for name in IMPORTANT]
    others = [each for each in settings() if each.name not in IMPORTANT]
    rows = grouped([each for each in important if each.name not in idle], IMPORTANT_HEADING)
    rows += grouped([each for each in others if each.name not in idle])
    if idle:
        rows.append(Fold(len(idle), is_open))
        rows += [each for each in settings() if is_open and each.name in idle]
    return rows


def name_of(row: Row) -> str:
    """Return the name of a setting, or an empty string for other rows."""
    return "" if isinstance(row, str | Fold) else row.name


def grouped(found: list[Setting], heading: str = "") -> list[Row]:
    """Return rows for some settings, each group after its name."""
    rows: list[Row] = []
    group = ""
    for each in found:
        if (heading or each.group) != group:
            group = heading or each.group
            rows.append(group)
        rows.append(each)
    return rows
