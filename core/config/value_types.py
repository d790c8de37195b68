"""Types of setting values: each reads, checks and describes the values that it accepts."""

from __future__ import annotations

import csv
import io
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


NONE: Final = "none"
"""Value, or entry, of a setting that selects nothing."""


class ValueType(Protocol):
    """The values that a setting accepts."""

    @property
    def accepts(self) -> str:
        """Completes the sentence "expected ..."."""

    def read(self, text: str) -> Any:
        """Return the value for a text that the user typed; raises ValueError."""

    def check(self, value: Any) -> Any:
        """Return the value in its canonical type; raises ValueError."""


@dataclass(frozen=True)
class Integer:
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
class Float:
    """A number within bounds; `open_low` and `open_high` exclude a bound itself."""

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
        return (
            number + 0.0
        )  # -0.0 is written differently from 0, and NumPy rejects it as a deviation


@dataclass(frozen=True)
class OneOf:
    """One of several words, each with an optional line of explanation."""

    words: tuple[str, ...]
    lines: tuple[str, ...] = ()

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
class HyphenatedName(OneOf):
    """A name that the user writes with hyphens or underscores, and that is a Python identifier."""

    def check(self, value: Any) -> str:
        return super().check(str(value).replace("_", "-")).replace("-", "_")

    def write(self, value: Any) -> str:
        return hyphenated(str(value))


def hyphenated(name: str) -> str:
    """Return the name of a data set or a preset as it is shown everywhere."""
    return name.replace("_", "-")


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
        unit = Integer(1, self.most_units)
        sizes = tuple(unit.check(size) for size in ([value] if isinstance(value, int) else value))
        if len(sizes) > self.most_layers:
            raise ValueError
        return sizes


@dataclass(frozen=True)
class BatchSize:
    """Number of samples, or `full` for all of them at once."""

    accepts: str = "a whole number from 1 to 1000000, or full"

    def read(self, text: str) -> int | str:
        return self.check(text.strip() if text.strip() == "full" else int(text))

    def check(self, value: Any) -> int | str:
        return "full" if value == "full" else Integer(1, 1_000_000).check(value)


@dataclass(frozen=True)
class Text:
    """One line of text, such as the name of a file."""

    accepts: str

    def read(self, text: str) -> str:
        return self.check(text)

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or not value or not value.isprintable():
            raise ValueError
        return value


@dataclass(frozen=True)
class ColumnNames:
    """Column names, numbers from 1 or ranges, separated by commas; a name with a comma is quoted."""

    or_none: bool = False

    @property
    def accepts(self) -> str:
        columns = "column names, numbers from 1 or ranges such as 2-5, separated by commas"
        return f"{columns}, or none" if self.or_none else columns

    @property
    def words(self) -> tuple[str, ...]:
        return (NONE,) if self.or_none else ()

    def read(self, text: str) -> tuple[str, ...]:
        if self.or_none and text.strip().lower() == NONE:
            return ()
        try:
            return self.check(next(csv.reader([text], skipinitialspace=True, strict=True)))
        except (csv.Error, StopIteration):
            raise ValueError from None

    def write(self, value: Any) -> str:
        if not value:
            return NONE
        written = io.StringIO()
        # quotes distinguish a name from a keyword of the setting
        words = {"auto", "all", "off", "none"}
        if len(value) == 1 and value[0].lower() in words:
            return f'"{value[0]}"'
        csv.writer(written, lineterminator="").writerow(value)
        return written.getvalue()

    def check(self, value: Any) -> tuple[str, ...]:
        values = [value] if isinstance(value, int) else value
        if isinstance(values, str):
            return self.read(values)
        names = tuple(str(each).strip() for each in values)
        if not all(names) or not (names or self.or_none):
            raise ValueError
        return names


@dataclass(frozen=True)
class MissingMarkers(ColumnNames):
    """Values of all columns or, as in `pressure=0`, of one, separated by commas."""

    @property
    def accepts(self) -> str:
        return "values such as -1 or pressure=0, separated by commas, or none"


@dataclass(frozen=True)
class MultiChoice:
    """Any subset of several words, separated by commas; or `none`, or `all`."""

    words: tuple[str, ...]
    lines: tuple[str, ...] = ()

    @property
    def accepts(self) -> str:
        return f"any of {', '.join(self.words)}, separated by commas; all, or none"

    def read(self, text: str) -> tuple[str, ...]:
        text = text.strip().lower()
        if text in {"none", "all"}:
            return self.words if text == "all" else ()
        return self.check([part.strip() for part in text.split(",")])

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return self.read(value)
        if not set(value) <= set(self.words):
            raise ValueError
        return tuple(word for word in self.words if word in value)


@dataclass(frozen=True)
class Delimiter:
    """Column separator: one character, or a word for it."""

    accepts: str = "comma, semicolon, tab, pipe, whitespace, or one character"

    def read(self, text: str) -> str:
        return self.check({**_DELIMITERS, "\\t": "\t"}.get(text.lower(), text))

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError
        character = _DELIMITERS.get(value, value)
        if len(character) != 1 or character in '"\r\n\0':
            raise ValueError
        return character

    def write(self, value: Any) -> str:
        return next((word for word, each in _DELIMITERS.items() if each == value), str(value))


_DELIMITERS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "pipe": "|",
    "whitespace": " ",
    "space": " ",
}
"""A blank stands for any number of blanks and tabs."""


@dataclass(frozen=True)
class OptionalValue:
    """The values of another type, or None, for which the user writes a keyword."""

    kind: ValueType
    word: str

    @property
    def accepts(self) -> str:
        return f"{self.kind.accepts}, or {self.word}"

    @property
    def words(self) -> tuple[str, ...]:
        return (self.word, *words_of(self.kind))

    def read(self, text: str) -> Any:
        return None if text.strip().lower() == self.word else self.kind.read(text)

    def check(self, value: Any) -> Any:
        return None if value is None or value == self.word else self.kind.check(value)

    def write(self, value: Any) -> str:
        if value is None:
            return self.word
        return str(getattr(self.kind, "write", as_text)(value))


def auto(kind: ValueType) -> OptionalValue:
    """Return a type whose value may be left to the program."""
    return OptionalValue(kind, "auto")


def or_off(kind: ValueType) -> OptionalValue:
    """Return a type whose value may be absent."""
    return OptionalValue(kind, "off")


@dataclass(frozen=True)
class Switch:
    """On or off."""

    accepts: str = "on or off"
    words: tuple[str, ...] = ("off", "on")

    def read(self, text: str) -> bool:
        return self.check(text.strip().lower())

    def check(self, value: Any) -> bool:
        if isinstance(value, str):
            if value not in self.words:
                raise ValueError
            return value == "on"
        if not isinstance(value, bool):
            raise ValueError
        return value

    def write(self, value: Any) -> str:
        return "on" if value else "off"


@dataclass(frozen=True)
class PerLayer:
    """One value for all hidden layers, or a tuple with one value per layer."""

    kind: ValueType

    @property
    def accepts(self) -> str:
        return f"{self.kind.accepts}; or one such value per hidden layer, separated by commas"

    @property
    def words(self) -> tuple[str, ...]:
        return words_of(self.kind)

    def read(self, text: str) -> Any:
        values = [self.kind.read(part) for part in text.split(",")]
        return values[0] if len(values) == 1 else tuple(values)

    def check(self, value: Any) -> Any:
        if isinstance(value, str) and "," in value:
            return self.read(value)
        if isinstance(value, list | tuple):
            values = tuple(self.kind.check(each) for each in value)
            if not values:
                raise ValueError
            return values[0] if len(values) == 1 else values
        return self.kind.check(value)


@dataclass(frozen=True)
class LayerNumbers:
    """Layer numbers, such as 1 or 1,2; or `none`."""

    accepts: str = "layer numbers such as 1 or 1,2 (the output layer is the last), or none"

    def read(self, text: str) -> tuple[int, ...]:
        if text.strip().lower() == "none":
            return ()
        return self.check([int(part) for part in text.split(",")])

    def check(self, value: Any) -> tuple[int, ...]:
        values = [value] if isinstance(value, int) else value
        if isinstance(values, str):
            return self.read(values)
        number = Integer(1, 1000)
        return tuple(sorted({number.check(each) for each in values}))


def choice(lines: Mapping[str, str]) -> OneOf:
    """Return a choice of words, each with its explanation."""
    return OneOf(tuple(lines), tuple(lines.values()))


def line_of(kind: ValueType, word: str) -> str:
    """Return the explanation of a word, or an empty string."""
    inner = kind
    while isinstance(inner, OptionalValue | PerLayer):
        inner = inner.kind
    if isinstance(inner, OneOf | MultiChoice) and inner.lines and word in inner.words:
        return inner.lines[inner.words.index(word)]
    return ""


def is_closed(kind: ValueType) -> bool:
    """Return whether a type accepts only words."""
    if isinstance(kind, OptionalValue):
        return is_closed(kind.kind)
    return isinstance(kind, OneOf | Switch)


def words_of(kind: ValueType) -> tuple[str, ...]:
    """Return the words that a type accepts."""
    words: tuple[str, ...] = getattr(kind, "words", ())
    return words


def as_text(value: Any) -> str:
    """Return a setting's value as the user would write it."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple | list):
        return ",".join(map(as_text, value)) or "none"
    if isinstance(value, float):
        short = f"{value:.12g}"
        return short if float(short) == value else repr(value)
    return str(value)
