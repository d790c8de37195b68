"""The kinds of values that settings take: how each is read, checked, and told about in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class ConfigError(ValueError):
    """A setting that is not accepted; the message says what was given and what is accepted."""

    def __init__(self, name: str, given: object, accepted: str) -> None:
        self.name = name
        self.given = given
        self.accepted = accepted
        super().__init__(name, given, accepted)

    def __str__(self) -> str:
        return self.sentence(self.name)

    def sentence(self, name: str) -> str:
        """Return the message with the setting called `name`, such as its command-line option."""
        shown = self.given if isinstance(self.given, str) else as_text(self.given)
        return f"{name}: {shown!r} was given; accepted is {self.accepted}"


class Kind(Protocol):
    """What values a setting takes."""

    @property
    def accepts(self) -> str:
        """Completes the sentence "accepted is ..."."""

    def read(self, text: str) -> Any:
        """Return the value that a person wrote; raises ValueError."""

    def check(self, value: Any) -> Any:
        """Return the value in its canonical type; raises ValueError."""


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    low: int
    high: int

    @property
    def accepts(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, text: str) -> int:
        return self.check(int(text.replace("_", "")))

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or int(value) != value or not self.low <= value <= self.high:
            raise ValueError
        return int(value)


@dataclass(frozen=True)
class Real:
    """A number within bounds, which can themselves be left out."""

    low: float
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = True

    @property
    def accepts(self) -> str:
        low = f"above {self.low:g}" if self.open_low else f"from {self.low:g}"
        if self.high == float("inf"):
            return f"a number {low}" if self.open_low else f"a number {low} up"
        return f"a number {low} {'and below' if self.open_high else 'to'} {self.high:g}"

    def read(self, text: str) -> float:
        return self.check(float(text))

    def check(self, value: Any) -> float:
        if isinstance(value, bool | str):
            raise ValueError
        number = float(value)
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        if not (isfinite(number) and above and below):
            raise ValueError
        return number


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def accepts(self) -> str:
        return f"one of {', '.join(self.words)}"

    def read(self, text: str) -> str:
        return self.check(text.strip())

    def check(self, value: Any) -> str:
        if value not in self.words:
            raise ValueError
        return str(value)


@dataclass(frozen=True)
class Sizes:
    """Units per hidden layer, such as 8,8; `none` for no hidden layer."""

    most_layers: int = 16
    most_units: int = 4096

    @property
    def accepts(self) -> str:
        return (
            f"units per hidden layer such as 8 or 8,8 (1 to {self.most_units} units, "
            f"at most {self.most_layers} layers), or none"
        )

    def read(self, text: str) -> tuple[int, ...]:
        if text.strip().lower() == "none":
            return ()
        return self.check(tuple(int(part) for part in text.split(",")))

    def check(self, value: Any) -> tuple[int, ...]:
        unit = Whole(1, self.most_units)
        sizes = tuple(unit.check(size) for size in value)
        if len(sizes) > self.most_layers:
            raise ValueError
        return sizes


@dataclass(frozen=True)
class BatchSize:
    """A number of samples, or `full` for all of them at once."""

    accepts: str = "a whole number from 1 to 1000000, or full"

    def read(self, text: str) -> int | str:
        return self.check(text.strip() if text.strip() == "full" else int(text))

    def check(self, value: Any) -> int | str:
        return "full" if value == "full" else Whole(1, 1_000_000).check(value)


@dataclass(frozen=True)
class OrDefault:
    """Another kind's values, or None for the data set's own."""

    kind: Kind

    @property
    def accepts(self) -> str:
        return f"{self.kind.accepts}, or auto"

    def read(self, text: str) -> Any:
        return None if text.strip().lower() == "auto" else self.kind.read(text)

    def check(self, value: Any) -> Any:
        return None if value is None or value == "auto" else self.kind.check(value)


def suggestion(given: str, words: Iterable[str]) -> str:
    """Return the end of a sentence that names the close matches, or nothing."""
    close = get_close_matches(given.lower(), list(words), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def as_text(value: Any) -> str:
    """Return a setting's value as a person writes it."""
    if value is None:
        return "auto"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, float):
        short = f"{value:.12g}"
        return short if float(short) == value else repr(value)
    return str(value)
