"""Selection of the feature and target columns of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.config.errors import suggestion
from core.datasets.files.names import clean, listed, unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.datasets.files.table import Source

TARGET_NAMES: Final = ("target", "label", "class", "y")


@dataclass(frozen=True)
class ColumnChoice:
    """Selected columns, by index; no features if texts are read."""

    features: tuple[int, ...]
    targets: tuple[int, ...]
    text: int | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def used(self) -> tuple[int, ...]:
        """Features, then targets."""
        return self.features + self.targets


def check_names(names: Sequence[str], file: str) -> list[str]:
    """Return the names, with placeholders for empty ones; duplicates raise DataError."""
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name and seen.setdefault(name, place) != place:
            raise unusable(
                file,
                f"columns {seen[name]} and {place} have the same name '{clean(name)}'; "
                "each column needs a unique name",
            )
    return [name or f"column {place}" for place, name in enumerate(names, 1)]


def choose(names: Sequence[str], source: Source, file: str) -> ColumnChoice:
    """Return the requested columns, or the default ones where none are requested.

    Args:
        names: names of all columns.
        source: the request.
        file: the file's name in messages.
    """
    notes = []
    text = None if source.text is None else find(source.text, names, file)
    asked = tuple(dict.fromkeys(find(each, names, file) for each in source.features))
    targets = tuple(dict.fromkeys(find(each, names, file) for each in source.target))
    if not targets:
        targets, note = _default_target(names, {*asked, text}, file)
        notes.append(note)
    for place in targets:
        if place == text:
            raise unusable(file, f"column '{clean(names[place])}' is both the text and the target")
        if place in asked:
            raise unusable(file, f"column '{clean(names[place])}' is both a feature and a target")
    if text is not None:
        others = [name for at, name in enumerate(names) if at != text and at not in targets]
        notes.append(f"Features are n-grams of the texts in column '{clean(names[text])}'.")
        if others:
            notes.append(f"Left out, as features come from the texts: {listed(others)}.")
        return ColumnChoice((), targets, text, tuple(notes))
    features = asked or tuple(at for at in range(len(names)) if at not in targets)
    if not features:
        raise unusable(file, "no column is left for features; all columns are targets")
    return ColumnChoice(features, targets, None, tuple(notes))


def find(asked: str, names: Sequence[str], file: str, noun: str = "column") -> int:
    """Return the index of a column, by its name or its number from 1."""
    cleaned = [clean(name) for name in names]
    for these in (names, cleaned):
        if asked in these:
            return these.index(asked)
    if asked.strip() in names:
        return names.index(asked.strip())
    # more digits are not a column number, and slow to convert
    if asked.isascii() and asked.isdigit() and len(asked) < 10 and 1 <= int(asked) <= len(names):
        return int(asked) - 1
    by_lower = {name.lower(): name for name in reversed(cleaned)}
    hint = suggestion(clean(asked), by_lower)
    raise unusable(
        file, f"there is no {noun} '{clean(asked)}'; expected one of {listed(names)}{hint}"
    )


def _default_target(
    names: Sequence[str], taken: set[int | None], file: str
) -> tuple[tuple[int, ...], str]:
    free = [at for at in range(len(names)) if at not in taken]
    if not free:
        raise unusable(file, "no column is left for the target; all columns are features")
    named = [at for at in free if names[at].strip().casefold() in TARGET_NAMES]
    target = named[0] if len(named) == 1 else free[-1]
    why = "by its name" if len(named) == 1 else "the last column"
    return (target,), f"The target is '{clean(names[target])}', {why}."
