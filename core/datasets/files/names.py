"""Sanitising of names and texts from files, for all readers and messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from core.datasets.dataset import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST: Final = 40
MOST_LISTED: Final = 8

# C0, C1, line and paragraph separators, bidirectional controls, lone surrogates
_CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str, longest: int = LONGEST) -> str:
    """Return the text with printable characters only, in normal form C, cut to a length."""
    # a cell can be as long as a book: only the beginning is examined
    composed = normalize("NFC", text[: 8 * longest])
    shown = "".join(each if each.isprintable() else "·" for each in composed)
    if len(shown) > longest or len(text) > 8 * longest:
        return shown[: longest - 1] + "…"
    return shown


def clean_text(text: str) -> str:
    """Return a text with spaces in place of control characters."""
    return _CONTROLS.sub(" ", text)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return unique names: the second of the same name ends in (2)."""
    taken: dict[str, int] = {}
    result = []
    for name in names:
        shown, number = name, taken.get(name, 1)
        while shown in taken:
            number += 1
            end = f" ({number})"
            room = LONGEST - len(end)
            shown = (name if len(name) <= room else name[: room - 1] + "…") + end
        taken[name] = number
        taken.setdefault(shown, 1)
        result.append(shown)
    return tuple(result)


def of_category(column: str, value: str) -> str:
    """Return the name of the one-hot feature for a value of a column."""
    whole = f"{clean(column)}={clean(value)}"
    return whole if len(whole) <= LONGEST else f"{clean(column, 18)}={clean(value, 21)}"


def listed(names: Sequence[str]) -> str:
    """Return the first few names, quoted, and the number of the others."""
    shown = ", ".join(f"'{clean(name)}'" for name in names[:MOST_LISTED])
    more = len(names) - MOST_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def unusable(file: str, sentence: str) -> DataError:
    """Return the error for an unusable file; the sentence names the problem and the remedy."""
    return DataError(f"{file}: {sentence}")
