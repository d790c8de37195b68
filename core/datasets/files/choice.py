"""Selection of the feature and target columns of a file."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.datasets.files.column_entries import feature_columns, find, read_entries
from core.datasets.files.names import clean, listed, unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.datasets.files.column_entries import FeatureColumns
    from core.datasets.files.table import Source, Table

TARGET_NAMES: Final = frozenset(
    (
        *("target", "targets", "label", "labels", "class", "classes", "y", "outcome"),
        *(
            "species",
            "diagnosis",
            "survived",
            "attrition",
            "churn",
            "mpg",
            "medv",
            "medianhousevalue",
        ),
        *("price", "saleprice", "sellingprice", "houseprice"),
    )
)
"""Names of the column to predict in well-known files, without punctuation."""


@dataclass(frozen=True)
class ColumnChoice:
    """Selected columns, by index.

    Attributes:
        features: none if texts are read.
        targets: at least one.
        text: the column of texts, or None.
        notes: one sentence for each guess.
        excluded: columns that the user excludes.
        kept: features that are not excluded even if they seem to measure nothing.
        is_guessed: whether the target is only the last column that is left.
    """

    features: tuple[int, ...]
    targets: tuple[int, ...]
    text: int | None = None
    notes: tuple[str, ...] = ()
    excluded: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    is_guessed: bool = False

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
    asked = feature_columns(names, source.features, source.exclude, file)
    targets = read_entries(source.target, names, file).chosen
    is_guessed = False
    if not targets:
        taken = {*asked.chosen, *asked.excluded, text}
        targets, note, is_guessed = _default_target(names, taken, file)
        notes.append(note)
    _check_apart(names, targets, text, asked, file)
    if text is not None:
        others = [name for at, name in enumerate(names) if at != text and at not in targets]
        notes.append(f"Features are n-grams of the texts in column '{clean(names[text])}'.")
        if others:
            notes.append(f"Left out, as features come from the texts: {listed(others)}.")
        return ColumnChoice((), targets, text, tuple(notes))
    features = tuple(at for at in asked.features if at not in targets)
    if not features:
        what = "targets or excluded" if asked.excluded else "targets"
        raise unusable(file, f"no column is left for features; all columns are {what}")
    return ColumnChoice(
        features,
        targets,
        None,
        tuple(notes),
        excluded=asked.excluded,
        kept=asked.kept,
        is_guessed=is_guessed and not asked.chosen,
    )


def note_choice(table: Table, choice: ColumnChoice, names: Sequence[str]) -> None:
    """Record in a table which columns were chosen by the user, and which were guessed."""
    table.excluded = [names[at] for at in choice.excluded]
    table.kept = [names[at] for at in choice.kept]
    table.is_guessed = choice.is_guessed


def _check_apart(
    names: Sequence[str],
    targets: tuple[int, ...],
    text: int | None,
    asked: FeatureColumns,
    file: str,
) -> None:
    """Raise DataError if a target is used for anything else."""
    for at in targets:
        target = "the target" if at == text else "a target"
        roles = {
            "the text": at == text,
            "a feature": at in asked.named,
            "excluded": at in asked.excluded,
        }
        for role, is_taken in roles.items():
            if is_taken:
                raise unusable(file, f"column '{clean(names[at])}' is both {role} and {target}")


def _default_target(
    names: Sequence[str], taken: set[int | None], file: str
) -> tuple[tuple[int, ...], str, bool]:
    """Return the target, a note, and whether it is a guess: the last column that is left."""
    free = [at for at in range(len(names)) if at not in taken]
    if not free:
        raise unusable(
            file, "no column is left for the target; all columns are features or excluded"
        )
    named = _named_target(names, free)
    if named is not None:
        return (named,), f"The target is '{clean(names[named])}', by its name.", False
    return (free[-1],), f"The target is '{clean(names[free[-1]])}', the last column.", True


def _named_target(names: Sequence[str], free: Sequence[int]) -> int | None:
    """Return the column whose name suggests a target; of several, one at either end of the file."""
    plain = [re.sub(r"[\W_]", "", name).casefold() for name in names]
    likely = [at for at in free if plain[at] in TARGET_NAMES]
    # y is a coordinate next to z, or after x in front of other columns
    if "z" in plain or ("x", "y") in pairwise(plain[:-1]):
        likely = [at for at in likely if plain[at] != "y"]
    at_ends = [at for at in likely if at in (free[-1], free[0])]
    candidates = likely if len(likely) == 1 else at_ends
    return candidates[0] if len(candidates) == 1 else None
