"""Numbers in the formats that people and spreadsheets write, one cell at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files.number_formats import (
    FORMATS,
    NumberFormat,
    shapes,
    written_number,
)


def readings(text: str) -> dict[str, float]:
    """Return the number in each format that fits."""
    written = written_number(text)
    if written is None:
        return {}
    return {
        "".join(form): written.value(form)
        for at, form in enumerate(FORMATS)
        if written.formats >> at & 1
    }


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("1,5", ",", 1.5),
        ("-0,753", ",", -0.753),
        (",5", ",", 0.5),
        ("1,5e-3", ",", 0.0015),
        ("3,667", ".,", 3667),
        ("1,234.5", ".,", 1234.5),
        ("12,345,678", ".,", 12345678),
        ("3.667,5", ",.", 3667.5),
        ("1.234.567", ",.", 1234567),
        ("1 234", ". ", 1234),
        ("1\u00a0234,5", ", ", 1234.5),
        ("12\u202f345\u202f678", ". ", 12345678),
        ("1'234.50", ".'", 1234.5),
        ("1\u2019234", ".'", 1234),
        ("3388.", ".", 3388),
        ("+4", ".", 4),
        ("\u22123.5", ".", -3.5),
        ("$767,755", ".,", 767755),
        ("$ 5", ".", 5),
        ("-$5.20", ".", -5.2),
        ("$-5.20", ".", -5.2),
        ("($5.20)", ".", -5.2),
        ("(1,234)", ".,", -1234),
        ("\u20ac 3,50", ",", 3.5),
        ("3,50 \u20ac", ",", 3.5),
        ("3,50\u00a0\u20ac", ",", 3.5),
        ("\u00a31.50", ".", 1.5),
        ("1.234,56 EUR", ",.", 1234.56),
        ("CHF 1'234.50", ".'", 1234.5),
        ("R$ 1.234,56", ",.", 1234.56),
        ("1.30%", ".", 1.3),
        ("-5 %", ".", -5),
    ],
)
def test_a_number_is_read_in_its_format(text: str, form: str, value: float) -> None:
    assert readings(text)[form] == value


def test_a_number_may_fit_several_formats() -> None:
    assert readings("3,667") == {".,": 3667, ",": 3.667, ",.": 3.667, ", ": 3.667, ",'": 3.667}
    assert set(readings("3.667")) == {".", ".,", ". ", ".'", ",."}
    assert set(readings("0,667").values()) == {0.667}, "a group does not begin with 0"
    assert set(readings("3,6670").values()) == {3.667}
    assert set(readings("3667").values()) == {3667}
    assert len(readings("3667")) == len(FORMATS)


@pytest.mark.parametrize(
    "text",
    [
        *[
            ".",
            ",",
            "-",
            "()",
            "$",
            "%",
            "1,2,3",
            "1.234,56.7",
            "1,,5",
            "--5",
            "(5",
            "5)",
            "(-5)",
            "5%%",
            "$5%",
            "$5$",
            "1_000",
            "0x1",
            "1e",
            "e5",
            "x5",
        ],
        *("", "1,", "1.234,", "1 23", "1,234e5.", "5 kg", "1\n2", "5\x00", "\x1b[31m5", "1\u200b2"),
        *("\uff11\uff12", "\u0661", "\u00b2", "9" * 40 + ",5" * 500),
    ],
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not readings(text)


SEPARATORS = {",": ",", ".": ".", " ": "\u00a0", "'": "'", "": ""}


def write(number: int, digits: int, form: NumberFormat) -> str:
    """Return number / 10 ** digits with exactly so many decimals."""
    whole, rest = divmod(abs(number), 10**digits)
    text = f"{whole:,}".replace(",", SEPARATORS[form.group])
    sign = "-" if number < 0 else ""
    return sign + text + (f"{form.decimal}{rest:0{digits}}" if digits else "")


@given(st.integers(-(10**12), 10**12), st.integers(0, 6), st.sampled_from(FORMATS))
def test_a_written_number_is_read_again(number: int, digits: int, form: NumberFormat) -> None:
    text = write(number, digits, form)
    value = float(f"{number}e-{digits}")
    assert readings(text)["".join(form)] == value
    assert readings(f"{text} \u20ac")["".join(form)] == value
    assert readings(f"{text}%")["".join(form)] == value


@given(st.lists(st.text("0123456789.,' -+$%()eE\u00a0\u2212\n", max_size=12), min_size=1))
def test_numbers_with_the_same_shape_fit_the_same_formats(texts: list[str]) -> None:
    for text, shape in zip(texts, shapes(texts), strict=True):
        assert set(readings(text)) == set(readings(shape))


@given(st.text(max_size=200))
def test_any_text_is_a_number_or_none(text: str) -> None:
    assert all(abs(value) >= 0 for value in readings(text).values())
