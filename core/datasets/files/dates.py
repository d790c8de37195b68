"""Dates and times of day in cells, and their conversion to numbers."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST_DATE: Final = 60

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH: Final = "sept|" + "|".join(f"{each[:3]}(?:{each[3:]})?" for each in _MONTHS)
_YEAR: Final = r"(?P<year>[0-9]{4}|[0-9]{2})"
_DAY: Final = "(?P<day>[0-9]{1,2})"
_CLOCK: Final = (
    r"(?P<hour>[0-9]{1,2})(?P<colon>[:.])(?P<minute>[0-9]{2})"
    r"(?:(?P=colon)(?P<second>[0-9]{2}(?:[.,][0-9]{1,9})?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE: Final = r"(?: ?(?P<zone>[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_PLAIN_CLOCK: Final = (
    "(?P<hour>[0-9]{2})(?P<colon>)(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?P<half>)"
)
_TIME: Final = f"(?:(?:[Tt]|,? +){_CLOCK}{_ZONE})?"


@dataclass(frozen=True)
class DateFormat:
    """One way of writing dates or times.

    Attributes:
        name: shown to the user.
        pattern: named groups year, month, day, hour, minute, second.
        is_time: whether it is a time of day, which becomes hours; dates become days.
    """

    name: str
    pattern: re.Pattern[str]
    is_time: bool = False

    def value(self, text: str) -> float | None:
        """Return days since 1970 or hours since midnight, or None for another text."""
        match = self.pattern.fullmatch(text) if len(text) <= LONGEST_DATE else None
        if match is None:
            return None
        found = match.groupdict()
        hours = _hours(found)
        if hours is None or self.is_time:
            return hours
        try:
            day = date(_year(found["year"]), _month(found["month"]), int(found.get("day") or 1))
        except ValueError:
            return None
        return day.toordinal() - _EPOCH + hours / 24


_EPOCH: Final = date(1970, 1, 1).toordinal()


def _numeric(first: str, second: str, third: str) -> re.Pattern[str]:
    return re.compile(rf"{first}(?P<mark>[-/.]){second}(?P=mark){third}{_TIME}")


_NUMBER: Final = "(?P<month>[0-9]{1,2})"
_NAME: Final = rf"(?P<month>{_MONTH})\.?"
_ANY_CASE: Final = re.IGNORECASE | re.ASCII
_WEEKDAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?"

YEAR_FIRST: Final = DateFormat("year-month-day", _numeric("(?P<year>[0-9]{4})", _NUMBER, _DAY))
DAY_FIRST: Final = DateFormat("day/month/year", _numeric(_DAY, _NUMBER, _YEAR))
MONTH_FIRST: Final = DateFormat("month/day/year", _numeric(_NUMBER, _DAY, _YEAR))
DATE_FORMATS: Final = (
    YEAR_FIRST,
    DAY_FIRST,
    MONTH_FIRST,
    DateFormat(
        "day month year",
        re.compile(rf"{_WEEKDAY}{_DAY}[- /.]{{0,2}}{_NAME}[- /,]{{1,2}}{_YEAR}{_TIME}", _ANY_CASE),
    ),
    DateFormat(
        "month day, year", re.compile(rf"{_WEEKDAY}{_NAME}[- ]{_DAY},? {_YEAR}{_TIME}", _ANY_CASE)
    ),
    DateFormat(
        "yyyymmddThhmmss",  # without a time, it is a number
        re.compile(
            rf"(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})T{_PLAIN_CLOCK}{_ZONE}"
        ),
    ),
    DateFormat("year-month", re.compile(rf"(?P<year>[0-9]{{4}})[-/]{_NUMBER}")),
    DateFormat("month year", re.compile(rf"{_NAME}[- ](?P<year>[0-9]{{4}})", _ANY_CASE)),
    DateFormat("time of day", re.compile(_CLOCK), is_time=True),
)
"""All formats, in order of preference for a column that fits several."""


@dataclass(frozen=True)
class DateColumn:
    """Properties of a column of dates, over all rows.

    Attributes:
        monotone: whether the dates never decrease, or never increase.
        unique: whether each date occurs once.
    """

    monotone: bool
    unique: bool


def date_formats(text: str, among: int = -1) -> int:
    """Return the formats that fit a stripped cell, as bits in the order of `DATE_FORMATS`."""
    if not 4 <= len(text) <= LONGEST_DATE or not any(each.isdecimal() for each in text):
        return 0
    return sum(
        1 << at
        for at, form in enumerate(DATE_FORMATS)
        if among >> at & 1 and form.value(text) is not None
    )


def day_and_month(texts: Iterable[str]) -> DateFormat:
    """Return the likelier order of day and month in dates that fit both.

    Dates on the first of each month are more likely than dates in January only. Otherwise, it is the
    order in which the dates are closer together.
    """
    values: dict[DateFormat, set[float]] = {DAY_FIRST: set(), MONTH_FIRST: set()}
    parts: tuple[set[int], set[int]] = (set(), set())
    dotted = False
    for text in texts:
        match = DAY_FIRST.pattern.fullmatch(text)
        if match is None:
            continue
        dotted = dotted or match["mark"] == "."
        parts[0].add(int(match["day"]))
        parts[1].add(int(match["month"]))
        for form, seen in values.items():
            seen.add(form.value(text) or 0.0)
    first, second = parts
    if first == {1} != second:
        return DAY_FIRST
    if second == {1} != first:
        return MONTH_FIRST
    spans = [max(seen, default=0.0) - min(seen, default=0.0) for seen in values.values()]
    if spans[0] == spans[1]:
        return DAY_FIRST if dotted else MONTH_FIRST
    return DAY_FIRST if spans[0] < spans[1] else MONTH_FIRST


def iso_date(days: float) -> str:
    """Return a day since 1970 as an ISO date."""
    return date.fromordinal(int(days // 1) + _EPOCH).isoformat()


def _hours(found: Mapping[str, str | None]) -> float | None:
    if found.get("hour") is None:
        return 0.0
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    second = float((found["second"] or "0").replace(",", "."))
    if found["colon"] == "." and found["second"] is None and not found["half"]:
        return None  # 18.00 is a number
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    if hour > 23 or minute > 59 or second >= 60:
        return None
    return hour + minute / 60 + second / 3600 - _zone_hours(found.get("zone"))


def _zone_hours(zone: str | None) -> float:
    if not zone or zone[0] not in "+-":
        return 0.0
    hours = int(zone[1:3]) + int(zone[-2:]) / 60
    return -hours if zone[0] == "-" else hours


def _year(text: str | None) -> int:
    year = int(text or 0)
    if len(text or "") > 2:
        return year
    return year + (1900 if year > 68 else 2000)  # as in strptime


def _month(text: str | None) -> int:
    name = (text or "").lower()
    if name.isdecimal():
        return int(name)
    return next(at for at, each in enumerate(_MONTHS, 1) if each.startswith(name[:3]))
