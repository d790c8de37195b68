"""Written forms of numbers: decimal commas, thousands separators, currency and percent signs.

A single cell may fit several forms (`3,667`); `column_formats` decides from all cells of a column.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_NUMBER: Final = 100
"""Characters; no written number is longer, and patterns take their time with longer texts."""

_CURRENCY: Final = (
    "(?:US|R|A|C)?\\$|[\u00a2-\u00a5\u0e3f\u20a0-\u20c0]"
    "|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL"
)
_MINUS: Final = "\u2212\u2013-"  # the hyphen is last, as it would be a range in a character class
BLANKS: Final = " \u00a0\u2007\u2009\u202f"
_BODY: Final = rf"[0-9.,](?:[0-9.,'\u2019{BLANKS}]*[0-9.,])?(?:[eE][+-]?[0-9]+)?"
_WRITTEN: Final = re.compile(
    rf"(?P<open>\(?) ?(?P<sign>[+{_MINUS}]?) ?(?P<before>{_CURRENCY})?[{BLANKS}]?"
    rf"(?P<inner>[+{_MINUS}]?)(?P<body>{_BODY})"
    rf"[{BLANKS}]?(?P<after>{_CURRENCY})?(?P<percent>%?) ?(?P<close>\)?)"
)
_ONE_SIGN: Final = str.maketrans({**dict.fromkeys(BLANKS, " "), "\u2019": "'"})


class NumberFormat(NamedTuple):
    """The decimal sign, and the thousands separator or an empty string."""

    decimal: str
    group: str


FORMATS: Final = tuple(
    NumberFormat(decimal, group)
    for decimal, other in ((".", ","), (",", "."))
    for group in ("", other, " ", "'")
)
"""All formats, in order of preference for a column that fits several."""

PLAIN: Final = FORMATS[0]


def _bits(decimal: str = ".,", group: str = "") -> int:
    return sum(
        1 << at
        for at, each in enumerate(FORMATS)
        if each.decimal in decimal and (not group or each.group == group)
    )


_ALL: Final = _bits()
_DECIMAL: Final = {sign: _bits(decimal=sign) for sign in ".,"}
_GROUP: Final = {sign: _bits(group=sign) for sign in ".,' "}


class WrittenNumber(NamedTuple):
    """A number with its signs, before it is known which format it has.

    Attributes:
        body: digits and separators.
        negative: whether a sign or parentheses make it negative.
        removed: a currency or percent sign, or parentheses; empty if there is none.
    """

    body: str
    negative: bool = False
    removed: str = ""

    @property
    def formats(self) -> int:
        """The formats that fit, as bits in the order of `FORMATS`; 0 if none does."""
        return _formats_of(self.body)

    @property
    def separators(self) -> frozenset[str]:
        """Characters between the digits."""
        return frozenset(each for each in self.body if not each.isalnum()) - {"+", "-"}

    def value(self, form: NumberFormat) -> float:
        """Return the number in a format that fits."""
        body = self.body.replace(form.group, "") if form.group else self.body
        number = float(body.replace(form.decimal, "."))
        return -number if self.negative else number


def written_number(text: str) -> WrittenNumber | None:
    """Return a stripped cell as a number, or None if it is none in any format."""
    match = _WRITTEN.fullmatch(text) if len(text) <= LONGEST_NUMBER else None
    if match is None:
        return None
    opened, sign, before, inner, body, after, percent, close = match.groups()
    signs = sign + inner
    if bool(opened) != bool(close) or len(signs) > 1 or (opened and signs) or (before and after):
        return None
    removed = before or after or ""
    if removed and percent:
        return None
    written = WrittenNumber(
        body.translate(_ONE_SIGN),
        bool(opened) or signs not in {"", "+"},
        removed or percent or ("()" if opened else ""),
    )
    return written if written.formats else None


def shapes(texts: Sequence[str]) -> list[str]:
    """Return texts with all digits but leading zeros replaced by 1.

    Numbers with the same shape fit the same formats, and a column has few shapes.
    """
    together = _shape("\n".join(texts)).split("\n")
    # a cell in quotes may contain a line end
    return together if len(together) == len(texts) else list(map(_shape, texts))


def _shape(text: str) -> str:
    return _INNER_ZERO.sub("1", text).translate(_ONE_DIGIT)


_INNER_ZERO: Final = re.compile(r"(?<=[0-9.,'])0")
_ONE_DIGIT: Final = str.maketrans("23456789", "11111111")


@lru_cache(10_000)
def number_of_shape(shape: str) -> WrittenNumber | None:
    """Return an example of the numbers with a shape, or None if they are none in any format."""
    return written_number(shape)


def _formats_of(body: str) -> int:
    if body.isdecimal():
        return _ALL
    mantissa, exponent, _ = body.upper().partition("E")
    if mantissa.endswith(","):  # punctuation; 3388. is common
        return 0
    separators = {each for each in mantissa if not each.isdecimal()}
    if exponent:
        return _exponential(mantissa, "".join(separators))
    if len(separators) == 1:
        return _with_one_separator(mantissa, separators.pop())
    decimal = max(mantissa.rfind("."), mantissa.rfind(","))
    if len(separators) != 2 or decimal < 0:
        return 0
    whole, sign, rest = mantissa[:decimal], mantissa[decimal], mantissa[decimal + 1 :]
    group = (separators - {sign}).pop()
    if (rest and not rest.isdecimal()) or not _is_grouped(whole.split(group)):
        return 0
    return _DECIMAL[sign] & _GROUP[group]


def _exponential(mantissa: str, sign: str) -> int:
    """Return the formats of a number with an exponent, which has no thousands separators."""
    if not sign:
        return _ALL
    return _DECIMAL.get(sign, 0) if mantissa.count(sign) == 1 and len(mantissa) > 1 else 0


def _with_one_separator(body: str, sign: str) -> int:
    parts = body.split(sign)
    formats = _GROUP[sign] if _is_grouped(parts) else 0
    if sign in _DECIMAL and len(parts) == 2 and any(parts):
        formats |= _DECIMAL[sign]
    return formats


def _is_grouped(parts: list[str]) -> bool:
    """Return whether these are groups of three digits, the first one shorter and without a 0."""
    first, *others = parts
    return (
        first.isdecimal()
        and len(first) <= 3
        and not first.startswith("0")
        and all(len(each) == 3 and each.isdecimal() for each in others)
    )
