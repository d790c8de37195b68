"""Dates and times, one cell at a time."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files.dates import (
    DATE_FORMATS,
    DAY_FIRST,
    MONTH_FIRST,
    date_formats,
    day_and_month,
    iso_date,
)


def readings(text: str) -> dict[str, float]:
    return {form.name: value for form in DATE_FORMATS if (value := form.value(text)) is not None}


def days(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("2024-02-29", "year-month-day", days(2024, 2, 29)),
        ("2024/2/9", "year-month-day", days(2024, 2, 9)),
        ("2024-02-29 18:00", "year-month-day", days(2024, 2, 29) + 0.75),
        ("2024-02-29T18:00:00Z", "year-month-day", days(2024, 2, 29) + 0.75),
        ("2024-02-29T18:00:00.000+06:00", "year-month-day", days(2024, 2, 29) + 0.5),
        ("20240229T180000", "yyyymmddThhmmss", days(2024, 2, 29) + 0.75),
        ("20240229T1800+0600", "yyyymmddThhmmss", days(2024, 2, 29) + 0.5),
        ("13/03/2004", "day/month/year", days(2004, 3, 13)),
        ("10.03.04", "day/month/year", days(2004, 3, 10)),
        ("03/13/1999 6:00 PM", "month/day/year", days(1999, 3, 13) + 0.75),
        ("3/13/99", "month/day/year", days(1999, 3, 13)),
        ("3 Mar 2024", "day month year", days(2024, 3, 3)),
        ("03-Mar-24", "day month year", days(2024, 3, 3)),
        ("Mon, 4 March 2024 12:00", "day month year", days(2024, 3, 4) + 0.5),
        ("Mar 3, 2024", "month day, year", days(2024, 3, 3)),
        ("SEPT 3 2024", "month day, year", days(2024, 9, 3)),
        ("2024-02", "year-month", days(2024, 2, 1)),
        ("May 2024", "month year", days(2024, 5, 1)),
        ("18.00.00", "time of day", 18),
        ("18:30", "time of day", 18.5),
        ("12:15 am", "time of day", 0.25),
        ("6:45:36 p.m.", "time of day", 18.76),
    ],
)
def test_a_date_is_read_in_its_format(text: str, form: str, value: float) -> None:
    assert readings(text)[form] == value
    assert date_formats(text)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "2024",
            "31/02/2020",
            "2023-02-29",
            "13/13/2004",
            "20240229",
            "20241301T000000",
            "0000-01-01",
            "18.00",
            "24:00",
            "10:60",
            "20-29",
            "4-4-2",
        ],
        *["1.2.3", "2024-02/29", "2024-13", "2024-01-01x", "ſep-3-2024", "２024-01-01"],
        *("", "13:00 pm", "Foo 3, 2024", "31 June 2020", "2024-01-01\n", "1" * 100),
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    assert not readings(text)
    assert not date_formats(text)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)))
def test_a_written_date_is_read_again(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    value = (moment - datetime(1970, 1, 1)) / timedelta(days=1)
    year = f"{moment.year:04}"
    for form, text in {
        "year-month-day": moment.isoformat(),
        "day/month/year": moment.strftime("%d.%m.") + year + moment.strftime(" %H:%M:%S"),
        "month/day/year": moment.strftime("%m/%d/") + year + moment.strftime(" %I:%M:%S %p"),
        "day month year": moment.strftime("%d %b ") + year + moment.strftime(" %H:%M:%S"),
        "month day, year": moment.strftime("%B %d, ") + year + moment.strftime(", %H:%M:%S"),
    }.items():
        assert readings(text)[form] == pytest.approx(value, abs=1e-6)
    assert iso_date(value) == moment.date().isoformat()


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["10/03/2004", "11/03/2004", "12/03/2004"], DAY_FIRST),
        (["03/10/2004", "03/11/2004", "03/12/2004"], MONTH_FIRST),
        (["01/01/2020", "01/02/2020", "01/12/2020"], DAY_FIRST),
        (["01/01/2020", "02/01/2020", "12/01/2020"], MONTH_FIRST),
        (["05.05.2020"], DAY_FIRST),
        (["05/05/2020"], MONTH_FIRST),
    ],
)
def test_the_order_of_day_and_month_is_the_likelier_one(texts: list[str], form: object) -> None:
    assert day_and_month(texts) is form
