"""The error for a setting that is not accepted, and suggestions for misspelt words."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from core.config.value_types import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_QUOTED: Final = 100
"""Maximum number of characters of a value in an error message."""


class ConfigError(ValueError):
    """A setting that is not accepted; the message names the value and what is expected instead."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name = name
        self.value = value
        self.expected = expected
        super().__init__(name, value, expected)

    def __str__(self) -> str:
        return self.sentence(self.name.replace("_", " "))

    def sentence(self, name: str) -> str:
        """Return the message with the setting called `name`, such as its command-line option."""
        literal = isinstance(self.value, str | bool)
        try:
            shown = str(self.value) if literal else as_text(self.value)
        except ValueError:  # Python refuses to write a number of so many digits in decimal
            shown = "a number of thousands of digits"
        return f"invalid value {quoted(shown)} for {name}: expected {self.expected}"


def quoted(value: object) -> str:
    """Return a value as an error message shows it: as a literal, without the middle if it is long.

    A value can be as long as a file, and must not hide the rest of its message.
    """
    text = value if isinstance(value, str) else repr(value)
    if len(text) > LONGEST_QUOTED:
        end = LONGEST_QUOTED // 3
        text = f"{text[: LONGEST_QUOTED - end]}…{text[-end:]}"
    return repr(text) if isinstance(value, str) else text


def suggestion(value: str, words: Iterable[str]) -> str:
    """Return the end of an error message that names close matches, or an empty string."""
    close = get_close_matches(value.lower(), list(words), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
