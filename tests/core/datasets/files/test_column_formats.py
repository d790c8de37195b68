"""Columns of numbers in other formats and of dates: values, notes, and options."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files import csv_file
from core.datasets.files.column_formats import ColumnFormats
from core.datasets.files.number_formats import FORMATS, NumberFormat
from core.datasets.files.read import read
from core.datasets.files.table import Source
from tests.core.datasets.files.samples import Folder, fuzzed, no_word, notes_of, parsing, table
from tests.core.datasets.files.test_number_formats import write


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def column(cells: list[str], *, others: str = "y") -> str:
    """Return a file whose first column consists of these cells; the second counts the rows."""
    return "a\t" + others + "\n" + "".join(f"{cell}\t{at}\n" for at, cell in enumerate(cells))


def values(folder: Folder, cells: list[str], **asked: Any) -> list[float]:
    data = folder.read(column(cells), target=("y",), **asked)
    assert data.feature_names == ("a",)
    found: list[float] = data.x.ravel().tolist()
    return found


# decimal signs and thousands separators


def test_decimal_commas_are_read(folder: Folder) -> None:
    content = "a;b\n1,5;2\n-2,25;3\n,5;4\n4;5,5\n"
    data = folder.read(content, target=("b",))
    assert data.x.ravel().tolist() == [1.5, -2.25, 0.5, 4]
    assert data.y.ravel().tolist() == [2, 3, 4, 5.5]
    assert "Numbers with decimal commas: 'a', 'b' (8 cells; line 2: '1,5' is 1.5)." in data.notes


@pytest.mark.parametrize(
    ("cells", "expected", "note"),
    [
        (["3,667", "893", "4,147", "12,000"], [3667, 893, 4147, 12000], "'3,667' is 3667"),
        (["3.667,5", "893", "4.147", "0,25"], [3667.5, 893, 4147, 0.25], "'3.667,5' is 3667.5"),
        (["1 234", "5 678", "9", "1\u00a0000"], [1234, 5678, 9, 1000], "blanks between thousands"),
        (["1 234,5", "5", "6,5", "7"], [1234.5, 5, 6.5, 7], "decimal commas, blanks between"),
        (["1'234.5", "5", "6.5", "7"], [1234.5, 5, 6.5, 7], "apostrophes between thousands"),
        (["0,667", "1,667", "2,667", "3,667"], [0.667, 1.667, 2.667, 3.667], "decimal commas"),
        (["3388.", "+5", ".5", "6e2"], [3388, 5, 0.5, 600], ""),
        (["$767,755", "$1", "$22", "$3"], [767755, 1, 22, 3], "commas between thousands, '$'"),
        (["-$5", "($5.5)", "$6", "$7"], [-5, -5.5, 6, 7], "'$'"),
        (
            ["5,5 \u20ac", "6 \u20ac", "7,25 \u20ac", "8"],
            [5.5, 6, 7.25, 8],
            "decimal commas, '\u20ac'",
        ),
        (["1.30%", "2%", "0.5%", "3%"], [1.3, 2, 0.5, 3], "'%' (not divided by 100)"),
        (["(1,234)", "5", "6", "7"], [-1234, 5, 6, 7], "parentheses instead of a minus sign"),
        (
            ["($5.50)", "$4", "$6", "$7"],
            [-5.5, 4, 6, 7],
            "'$', parentheses instead of a minus sign",
        ),
        (["\u22125", "6", "7.5", "8"], [-5, 6, 7.5, 8], "unusual signs"),
    ],
    ids=str,
)
def test_a_format_is_found_in_all_cells_of_a_column(
    folder: Folder, cells: list[str], expected: list[float], note: str
) -> None:
    data = folder.read(column(cells), target=("y",))
    assert data.x.ravel().tolist() == expected
    assert note in notes_of(data)
    assert ("Numbers with" in notes_of(data)) == bool(note)


def test_three_digits_after_each_comma_are_thousands_unless_said_otherwise(folder: Folder) -> None:
    cells = ["3,667", "893", "4,147", "2,000"]
    data = folder.read(column(cells), target=("y",))
    assert (
        "Numbers with commas between thousands: 'a' (4 cells; line 2: '3,667' is 3667, or 3.667 with "
        "--decimal comma)." in data.notes
    )
    assert values(folder, cells, decimal="comma") == [3.667, 893, 4.147, 2]
    assert values(folder, cells, decimal="point") == [3667, 893, 4147, 2000]


def test_an_integer_without_separators_means_that_commas_are_decimal(folder: Folder) -> None:
    cells = ["3,667", "12893", "4,147", "2,000"]
    data = folder.read(column(cells), target=("y",))
    assert data.x.ravel().tolist() == [3.667, 12893, 4.147, 2]
    assert "'3,667' is 3.667, or 3667 with --decimal point" in notes_of(data)
    assert values(folder, cells, decimal="point") == [3667, 12893, 4147, 2000]


def test_other_columns_decide_what_is_ambiguous(folder: Folder) -> None:
    rows = [("3,667", "3.667", "1,5"), ("4,147", "4.147", "2,5"), ("5", "5", "3"), ("6", "7", "4")]
    content = "a;b;c\n" + "".join(";".join(row) + "\n" for row in rows)
    data = folder.read(content)
    assert data.x.tolist() == [[3.667, 3667], [4.147, 4147], [5, 5], [6, 7]]
    assert "--decimal" not in notes_of(data), "the column with 1,5 could not be read with a point"


def test_an_option_that_would_fail_is_not_offered(folder: Folder) -> None:
    content = 'a,b\n"3,667",1.5\n"4,147",2.5\n5,3\n6,4.5\n'
    data = folder.read(content)
    assert data.x.ravel().tolist() == [3667, 4147, 5, 6]
    assert "--decimal" not in notes_of(data)
    said = folder.refused(content, decimal="comma")
    assert "line 2, column 'b' contains '1.5': expected a number" in said
    assert "--decimal comma" in said


def test_points_are_thousands_if_commas_are_decimal(folder: Folder) -> None:
    assert values(folder, ["3.667", "4.147", "5", "6"]) == [3.667, 4.147, 5, 6]
    assert values(folder, ["3.667", "4.147", "5", "6"], decimal="comma") == [3667, 4147, 5, 6]


def test_formats_that_do_not_fit_together_are_refused(folder: Folder) -> None:
    said = folder.refused(column(["1.5", "2.5", "3,5", "4"]), target=("y",))
    assert "line 4, column 'a' contains '3,5'" in said
    assert "same format as '1.5' in line 2" in said


def test_a_target_with_currency_signs_is_a_number(folder: Folder) -> None:
    content = "a,price\n" + "".join(f'{at},"${at},500"\n' for at in range(1, 31))
    data = folder.read(content)
    assert data.y.ravel().tolist() == [1000.0 * at + 500 for at in range(1, 31)]


@pytest.mark.parametrize("cells", [["\uff11", "\uff12"], ["1_000", "2"], ["1\x1b", "2"]])
def test_hostile_cells_are_words(folder: Folder, cells: list[str]) -> None:
    data = folder.read(column(cells * 2), target=("y",))
    assert data.one_hot == ((0, 2),)


def test_very_long_cells_are_words_or_plain_numbers(folder: Folder) -> None:
    long = "0." + "1" * 5000
    assert values(folder, [long, "-", "2", "3"])[0] == float(long)
    data = folder.read(column(["1," * 5000, "$2", "3", "4"]), target=("y",))
    assert len(data.feature_names) == 4


def test_infinite_numbers_are_read_as_missing_on_request(folder: Folder) -> None:
    content = table([1, 2, "inf", "-Infinity", 5, 3], [1, 0, 1, 0, 1, 0], names="a,kind")
    said = folder.refused(content)
    assert "line 4, column 'a' holds 'inf'" in said
    assert "--na inf reads it as missing" in said
    assert "--na=-Infinity" in folder.refused(content, na=("inf",))
    data = folder.read(content, na=("inf", "-infinity"))
    assert np.isnan(data.x[:, 0]).tolist() == [False, False, True, True, False, False]
    assert "Read as missing, as requested" in notes_of(data)


def test_an_infinite_number_in_a_format_is_refused(folder: Folder) -> None:
    said = folder.refused(column(["1,5", "2,5", "1e999", "4"]), target=("y",))
    assert "line 4, column 'a' holds '1e999'; numbers have to be finite" in said


@fuzzed
@given(
    st.lists(st.tuples(st.integers(-(10**7), 10**7), st.integers(0, 3)), min_size=4, max_size=40),
    st.sampled_from(FORMATS),
    st.sampled_from(["{}", "${}", "{} \u20ac", "{}%"]),
    st.integers(1, 300),
)
def test_a_written_column_is_read_again(
    folder: Folder,
    numbers: list[tuple[int, int]],
    form: NumberFormat,
    template: str,
    block: int,
) -> None:
    # the first cell leaves no choice of a format
    cells = [write(1234567891, 1, form), *(write(*each, form) for each in numbers)]
    shown = [template.format(cell) for cell in cells]
    expected = [123456789.1, *(float(f"{number}e-{digits}") for number, digits in numbers)]
    with parsing(fast=True, block=block):
        assert values(folder, shown) == expected


def test_words_and_other_columns_are_not_affected_by_formats(folder: Folder) -> None:
    rows = [f"{at},25;word {at % 3};{at * 7};{at % 2}" for at in range(60)]
    for block in (7, 1 << 20):
        with parsing(fast=True, block=block):
            data = folder.read("a;b;c;y\n" + "\n".join(rows) + "\n")
        assert data.x[:, 0].tolist() == [at + 0.25 for at in range(60)]
        assert data.feature_names == ("a", "b=word 0", "b=word 1", "b=word 2", "c")
        assert data.x[:, 4].tolist() == list(range(0, 420, 7))


def test_a_number_in_another_format_late_in_a_file_decides(folder: Folder) -> None:
    cells = [f"{at},500" for at in range(1, 200)] + ["0,5"]
    with parsing(fast=True, block=64):
        assert values(folder, cells) == [at + 0.5 for at in range(1, 200)] + [0.5]


def test_plain_columns_of_a_file_with_formats_are_not_read_cell_by_cell(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[tuple[int, ...]] = []
    fast = csv_file.fast

    def counted(block: Any, first: int, columns: Any) -> Any:
        result = fast(block, first, columns)
        parsed.append(columns.numbers)
        return result

    monkeypatch.setattr(csv_file, "fast", counted)
    data = folder.read("a;b;y\n" + "".join(f"${at};{at};{at}\n" for at in range(30)))
    assert data.x.tolist() == [[at, at] for at in range(30)]
    assert parsed[-1] == (1, 2)


def test_a_file_that_changes_between_two_readings_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder.write(column(["$1", "$2", "$3", "$4"]))
    settle = ColumnFormats.settle

    def change(self: Any, used: Any) -> bool:
        Path(path).write_text(column(["$1", "$2", "$3", "xy"]))
        return settle(self, used)

    monkeypatch.setattr(ColumnFormats, "settle", change)
    with pytest.raises(ValueError, match="was modified while it was read"):
        read(Source(path), no_word)


# dates


def test_dates_are_days_since_the_first_one(folder: Folder) -> None:
    cells = ["2024-03-01", "2024-02-29", "2024-02-28 12:00", ""]
    data = folder.read(column(cells), target=("y",))
    assert data.x[:3].ravel().tolist() == [2, 1, 0.5]
    assert np.isnan(data.x[3, 0])
    assert (
        "Dates (year-month-day), read as days since 2024-02-28: 'a' (3 cells; line 2: '2024-03-01' "
        "is 2)." in data.notes
    )


def test_day_and_month_are_found_in_the_whole_column(folder: Folder) -> None:
    cells = ["10/03/2004", "11/03/2004", "12/03/2004", "13/03/2004"]
    assert values(folder, cells) == [0, 1, 2, 3]
    us = ["03/10/2004", "03/11/2004", "03/12/2004", "03/13/2004"]
    assert values(folder, us) == [0, 1, 2, 3]
    data = folder.read(column(cells[:3] * 2), target=("y",))
    assert data.x.ravel().tolist() == [0, 1, 2] * 2
    note = "the dates could also be month/day/year: if so, write them as year-month-day"
    assert note in notes_of(data)


def test_times_of_day_are_hours(folder: Folder) -> None:
    data = folder.read(column(["18.00.00", "06.30.00", "00.00.00", "23.15.00"]), target=("y",))
    assert data.x.ravel().tolist() == [18, 6.5, 0, 23.25]
    assert "Times of day, read as hours: 'a' (4 cells; line 2: '18.00.00' is 18)." in data.notes


def test_a_date_can_be_the_target(folder: Folder) -> None:
    content = "a,day\n" + "".join(f"{at},3 Mar {2000 + at}\n" for at in range(4))
    assert folder.read(content).y.ravel().tolist() == [0, 365, 730, 1095]


def test_a_word_among_dates_is_named(folder: Folder) -> None:
    cells = [f"2024-01-{day:02}" for day in range(1, 31)] + ["unknown"]
    data = folder.read(column(cells), target=("y",), na=("unknown",))
    assert data.x[:30].ravel().tolist() == list(range(30))
    said = folder.refused(column(cells), target=("y",))
    assert "line 32, column 'a' contains 'unknown': expected a date such as '2024-01-01'" in said
    assert said.endswith("; --na unknown reads it as missing")


def test_dates_and_numbers_that_look_alike_are_told_apart(folder: Folder) -> None:
    data = folder.read(column(["18.00", "19.00", "20.30", "21.00"]), target=("y",))
    assert data.x.ravel().tolist() == [18, 19, 20.3, 21]
