"""The error for a setting that is not accepted, and suggestions for misspelt words."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from core.config.value_types import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigError(ValueError):
    """A setting that is not accepted; the message names the value and what is expected instead."""

    def __init__(self, name: str, given: object, expected: str) -> None:
        self.name = name
        self.given = given
        self.expected = expected
        super().__init__(name, given, expected)

    def __str__(self) -> str:
        return self.sentence(self.name.replace("_", " "))

    def sentence(self, name: str) -> str:
        """Return the message with the setting called `name`, such as its command-line option."""
        literal = isinstance(self.given, str | bool)
        try:
            shown = str(self.given) if literal else as_text(self.given)
        except ValueError:  # Python refuses to write a number of so many digits in decimal
            shown = "a number of thousands of digits"
        return f"invalid value {shown!r} for {name}: expected {self.expected}"


def suggestion(given: str, words: Iterable[str]) -> str:
    """Return the end of an error message that names close matches, or an empty string."""
    close = get_close_matches(given.lower(), list(words), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
