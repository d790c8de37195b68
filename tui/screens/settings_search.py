"""Search of the settings dialog: words, or the name of a setting and a value, such as `noise 0.3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.config.errors import ConfigError
from core.config.run_config import settings
from core.config.value_types import (
    ColumnNames,
    Delimiter,
    MultiChoice,
    OptionalValue,
    Text,
    is_closed,
    words_of,
)
from core.dataclass import dataclass
from tui.screens.settings_rows import Fold, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.config.settings import Setting
    from tui.screens.settings_rows import Row

NOTHING: Final = "no setting has that in its name or its description"
SAME, BEGINS, CONTAINS, OTHER = range(4)
"""How well a name fits some words, the best first."""


@dataclass(frozen=True)
class Found:
    """The result of a search.

    Attributes:
        rows: the settings found; empty if there are none.
        at: the row of the setting that is meant.
        value: the value that the text gives to it, or an empty string.
        problem: why nothing is found.
    """

    rows: list[Row]
    at: int = 0
    value: str = ""
    problem: str = ""


def search(text: str) -> Found:
    """Return the settings that a text means.

    A name that an accepted value follows comes first: in `patience 1`, the number is no part of a
    description. A setting that accepts any text is meant by its name only if no description contains
    all words.
    """
    pairs = [*_names_and_values(text)]
    for words, value in pairs:
        found = _valued(_matching(words), words, value, CONTAINS)
        if found is not None and (_is_word(found) or not takes_any_text(found.rows[found.at])):
            return found
    words = _words(text)
    if rows := _matching(words):
        return Found(rows, _best(rows, words)[1])
    for words, value in pairs:
        if found := _valued(_matching(words), words, value, OTHER):
            return found
    return Found([], problem=next((_problem(*pair) for pair in pairs if _problem(*pair)), NOTHING))


def takes_any_text(row: Row) -> bool:
    """Return whether the value of a setting may contain any character, such as a file name."""
    if isinstance(row, str | Fold):
        return False
    kind = row.value_type
    while isinstance(kind, OptionalValue):
        kind = kind.kind
    return isinstance(kind, Text | ColumnNames | Delimiter)


def _words(name: str) -> list[str]:
    """Return the words of a name: `learning-rate`, `learning_rate` and `Learning rate` are the same."""
    return name.lower().replace("_", " ").replace("-", " ").split()


def _is_word(found: Found) -> bool:
    """Return whether the value is a word of the setting, such as `auto`."""
    row = found.rows[found.at]
    return not isinstance(row, str | Fold) and found.value.lower() in words_of(row.value_type)


def _names_and_values(text: str) -> Iterator[tuple[list[str], str]]:
    """Return the words of each possible name at the start of a text, and the rest; long names first."""
    parts = text.replace("=", " ", 1).split()
    for count in range(len(parts) - 1, 0, -1):
        words = _words(" ".join(parts[:count]))
        if words:
            yield words, " ".join(parts[count:])


def _matching(words: list[str]) -> list[Row]:
    """Return the settings whose name, option, group or help contains all words, by group."""
    found = []
    for each in settings():
        names = " ".join([*_words(each.name), *_words(each.option)])
        if all(word in f"{names} {each.group} {each.help}".lower() for word in words):
            found.append(each)
    return grouped(found)


def _rank(row: Row, words: list[str]) -> int:
    """Return how well the name of a setting fits the words."""
    if isinstance(row, str | Fold):
        return OTHER + 1
    name = " ".join(words)
    names = [" ".join(_words(each)) for each in (row.name, row.option)]
    if name in names:
        return SAME
    return BEGINS if names[0].startswith(name) else CONTAINS if name in names[0] else OTHER


def _best(rows: list[Row], words: list[str]) -> tuple[int, int]:
    """Return how well the best of some rows fits the words, and its index."""
    return min((_rank(row, words), at) for at, row in enumerate(rows))


def _valued(rows: list[Row], words: list[str], value: str, worst: int) -> Found | None:
    """Return the setting that is meant by some words and accepts a value, if there is one."""
    ranked = sorted((_rank(row, words), at) for at, row in enumerate(rows))
    for rank, at in ranked:
        row = rows[at]
        if rank > worst or isinstance(row, str | Fold):
            break
        if text := _canonical(row, value):
            return Found(rows, at, text)
        if rank == SAME:
            break  # the value is invalid, and no other setting is meant
    return None


def _canonical(setting: Setting, text: str) -> str:
    """Return an accepted value as it is written in its row, or an empty string."""
    try:
        value = setting.read(text)
    except ConfigError:
        return ""
    kind = setting.value_type
    return setting.write(value) if is_closed(kind) or isinstance(kind, MultiChoice) else text


def _problem(words: list[str], value: str) -> str:
    """Return why a setting does not accept a value, if the words are its name."""
    rows = _matching(words)
    rank, at = _best(rows, words) if rows else (OTHER, 0)
    if rank != SAME or isinstance(row := rows[at], str | Fold) or not value:
        return ""
    return f"{row.name.replace('_', ' ')}: expected {row.value_type.accepts}"
