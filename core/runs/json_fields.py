"""Values out of a JSON header that anybody may have written, each of the type that it has to be."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final

from core.runs.atomic_files import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


LARGEST: Final = 2**63
"""Whole numbers beyond it may be too large for a float."""


class Fields:
    """One table of a header; each question raises RunError, in a sentence that names the file."""

    def __init__(self, path: Path, values: Mapping[str, Any], within: str = "") -> None:
        self._path, self._values, self._within = path, values, within

    def integer(self, name: str, low: int = 0, high: int = 2**62) -> int:
        """Return a whole number within bounds."""
        return int(
            self._take(
                name,
                lambda value: type(value) is int and low <= value <= high,
                f"a whole number from {low} to {high}",
            )
        )

    def integer_or_none(self, name: str) -> int | None:
        """Return a whole number from 0, or None."""
        return None if self._get(name) is None else self.integer(name)

    def number(self, name: str) -> float:
        """Return a number, which may be infinite or NaN."""
        return float(self._take(name, _is_number, "a number"))

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._take(name, lambda value: isinstance(value, str), "a text"))

    def text_or_empty(self, name: str) -> str:
        """Return a text, or an empty one where there is none."""
        return "" if self._get(name) is None else self.text(name)

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._take(name, lambda value: isinstance(value, bool), "true or false"))

    def word(self, name: str, words: Callable[[str], Any]) -> Any:
        """Return a word as the given type has it."""
        text = self.text(name)
        try:
            return words(text)
        except ValueError:
            raise self.refusal(name, "a word that is known") from None

    def word_or_none(self, name: str, words: Callable[[str], Any]) -> Any:
        """Return a word as the given type has it, or None."""
        return None if self._get(name) is None else self.word(name, words)

    def numbers(self, name: str, count: int | None = None) -> tuple[float, ...]:
        """Return numbers, as many as asked for."""

        def fits(value: Any) -> bool:
            return (
                isinstance(value, list)
                and count in {None, len(value)}
                and all(map(_is_number, value))
            )

        many = "numbers" if count is None else f"{count} numbers"
        return tuple(map(float, self._take(name, fits, many)))

    def integers(self, name: str, low: int = 0, high: int = 2**62) -> tuple[int, ...]:
        """Return whole numbers within bounds."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(
                type(each) is int and low <= each <= high for each in value
            )

        return tuple(self._take(name, fits, "whole numbers"))

    def wholes_or_none(self, name: str, count: int, high: int) -> tuple[int, ...] | None:
        """Return so many whole numbers from 0, or None."""
        if self._get(name) is None:
            return None
        values = self.integers(name, 0, high)
        if len(values) != count:
            raise self.refusal(name, f"{count} whole numbers")
        return values

    def rate_or_none(self, name: str) -> float | None:
        """Return a finite number from 0, or None."""
        if self._get(name) is None:
            return None
        value = self.number(name)
        if not 0 <= value < inf:
            raise self.refusal(name, "a learning rate")
        return value

    def holds(self, name: str) -> bool:
        """Return whether there is anything under a name but an empty list."""
        return self._get(name) not in (None, [])

    def table(self, name: str) -> Fields:
        """Return a table within this one."""
        return Fields(self._path, self.mapping(name), f"{self._within}{name}.")

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a table as it stands there."""
        return dict(self._take(name, lambda value: isinstance(value, dict), "a table"))

    def tables(self, name: str) -> list[Fields]:
        """Return the tables of a list."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(each, dict) for each in value)

        found = self._take(name, fits, "a list of tables")
        return [
            Fields(self._path, each, f"{self._within}{name}[{at}].")
            for at, each in enumerate(found)
        ]

    def _get(self, name: str) -> Any:
        return self._values.get(name)

    def _take(self, name: str, fits: Callable[[Any], bool], wanted: str) -> Any:
        value = self._get(name)
        if not fits(value):
            raise self.refusal(name, wanted)
        return value

    def refusal(self, name: str, wanted: str) -> Exception:
        """Return the sentence that a field is not what it has to be."""
        where = f"{self._within}{name} in its header"
        if name not in self._values:
            return refusal(self._path, f"{where} is missing")
        return refusal(self._path, f"{where} is {self._get(name)!r}, and no such thing as {wanted}")


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= LARGEST)
