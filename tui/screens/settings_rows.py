"""Rows of the settings dialog: the most important settings first, those without effect folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from core.config.run_config import setting, settings

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
    rows = _grouped([each for each in important if each.name not in idle], IMPORTANT_HEADING)
    rows += _grouped([each for each in others if each.name not in idle])
    if idle:
        rows.append(Fold(len(idle), is_open))
        rows += [each for each in settings() if is_open and each.name in idle]
    return rows


def matching(words: list[str]) -> list[Row]:
    """Return the settings whose name, option, group or help contains all words, by group."""
    found = []
    for each in settings():
        names = f"{each.name.replace('_', ' ')} {each.option}"
        if all(word in f"{names} {each.group} {each.help}".lower() for word in words):
            found.append(each)
    return _grouped(found)


def best_match(rows: list[Row], words: list[str]) -> int:
    """Return the row of the setting that is meant by some words.

    A setting with that name or option comes first, then one whose name begins with it, then any.
    """
    name = "_".join(words)

    def rank(row: Row) -> int:
        if isinstance(row, str | Fold):
            return 4
        names = row.name, row.option.replace("-", "_")
        if name in names:
            return 0
        return 1 if row.name.startswith(name) else 2 if name in row.name else 3

    return min(range(len(rows)), key=lambda at: rank(rows[at]))


def name_of(row: Row) -> str:
    """Return the name of a setting, or an empty string for other rows."""
    return "" if isinstance(row, str | Fold) else row.name


def _grouped(found: list[Setting], heading: str = "") -> list[Row]:
    rows: list[Row] = []
    group = ""
    for each in found:
        if (heading or each.group) != group:
            group = heading or each.group
            rows.append(group)
        rows.append(each)
    return rows
