"""Columns that the settings `features` and `exclude` select: names, numbers, ranges, all but some."""

from __future__ import annotations

import csv
import io
import re
import shlex
from typing import TYPE_CHECKING, Final

from core.config.errors import suggestion
from core.config.value_types import NONE
from core.dataclass import dataclass
from core.datasets.files.names import clean, listed, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NO_NAME: Final = re.compile(r"column [0-9]+")
# more digits are not a column number, and slow to convert
_RANGE: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True)
class Entries:
    """Columns that a setting names, by index.

    Attributes:
        chosen: all columns without a minus sign, in the order of the entries.
        named: those of them that are named one by one, not by a range.
        removed: columns after a minus sign.
    """

    chosen: tuple[int, ...] = ()
    named: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


def read_entries(
    entries: Iterable[str], names: Sequence[str], file: str, noun: str = "column"
) -> Entries:
    """Return the columns of entries such as `age`, `3`, `2-10`, `-id` and `-2-5`.

    The name of a column precedes any other meaning, so a column may be named `2-10` or `-id`.

    Raises:
        DataError: if there is no such column.
    """
    chosen: list[int] = []
    named: list[int] = []
    removed: list[int] = []
    for entry in entries:
        is_negative = len(entry) > 1 and entry[0] == "-" and position(entry, names) is None
        columns = _columns(entry[1:] if is_negative else entry, names, file, noun)
        if is_negative:
            removed += columns
            continue
        chosen += columns
        if len(columns) == 1:
            named += columns
    first = (tuple(dict.fromkeys(each)) for each in (chosen, named, removed))
    return Entries(*first)


def _columns(entry: str, names: Sequence[str], file: str, noun: str) -> tuple[int, ...]:
    """Return the column, or the columns of a range of numbers."""
    ends = _RANGE.fullmatch(entry.strip())
    if ends is None or position(entry, names) is not None:
        return (find(entry, names, file, noun),)
    first, last = int(ends[1]), int(ends[2])
    if not 1 <= first <= last <= len(names):
        raise unusable(
            file,
            f"there are no {noun}s '{clean(entry)}': expected a range within 1-{len(names)}",
        )
    return tuple(range(first - 1, last))


def position(asked: str, names: Sequence[str]) -> int | None:
    """Return the index of a column, by its name or its number from 1, or None."""
    cleaned = [clean(name) for name in names]
    for these in (names, cleaned):
        if asked in these:
            return these.index(asked)
    if asked.strip() in names:
        return names.index(asked.strip())
    if asked.isascii() and asked.isdigit() and len(asked) < 10 and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    return None


def find(asked: str, names: Sequence[str], file: str, noun: str = "column") -> int:
    """Return the index of a column, by its name or its number from 1.

    Raises:
        DataError: if there is no such column.
    """
    at = position(asked, names)
    if at is not None:
        return at
    by_lower = {clean(name).lower(): clean(name) for name in reversed(names)}
    hint = suggestion(clean(asked), by_lower)
    raise unusable(
        file, f"there is no {noun} '{clean(asked)}'; expected one of {listed(names)}{hint}"
    )


@dataclass(frozen=True)
class FeatureColumns:
    """Columns that the settings `features` and `exclude` select, by index.

    Attributes:
        features: selected columns; all but the excluded ones if none are requested.
        excluded: columns that the user excludes.
        kept: columns that are not excluded even if they seem to measure nothing.
        named: columns that are requested one by one, not by a range.
        chosen: requested columns; empty if none are.
    """

    features: tuple[int, ...]
    excluded: tuple[int, ...]
    kept: tuple[int, ...]
    named: tuple[int, ...]
    chosen: tuple[int, ...]


def feature_columns(
    names: Sequence[str],
    features: Sequence[str],
    exclude: Sequence[str] | None,
    file: str,
    noun: str = "column",
) -> FeatureColumns:
    """Return the columns that the settings `features` and `exclude` select.

    Args:
        names: names of all columns.
        features: the setting `features`.
        exclude: the setting `exclude`; empty or with the entry `none`, every column is kept that is
            not excluded by another entry.
        file: name of the file or the data set, for messages.
        noun: noun for a column, for messages.

    Raises:
        DataError: if there is no such column.
    """
    asked = read_entries(features, names, file, noun)
    is_none = exclude is not None and (not exclude or NONE in exclude)
    others = [each for each in exclude or () if each != NONE]
    without = read_entries(others, names, file, noun)
    excluded = {*asked.removed, *without.chosen}
    left = tuple(at for at in asked.chosen or range(len(names)) if at not in excluded)
    kept = left if is_none else (*asked.chosen, *without.removed)
    return FeatureColumns(left, tuple(sorted(excluded)), kept, asked.named, asked.chosen)


def is_unnamed(name: str) -> bool:
    """Return whether a name is the one that a column without a name has, such as `column 3`."""
    return _NO_NAME.fullmatch(name) is not None


def option(flag: str, *names: str) -> str:
    """Return a command-line option for columns, quoted for the shell where needed."""
    # a column without a name is called by its number
    names = tuple(name.removeprefix("column ") if is_unnamed(name) else name for name in names)
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(map(clean, names))
    value = shlex.quote(written.getvalue())
    return f"{flag}={value}" if names[0].startswith("-") else f"{flag} {value}"
