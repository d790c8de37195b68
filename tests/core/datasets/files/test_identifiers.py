"""Columns that measure nothing are excluded from the features, and others are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.files.identifiers import is_id
from tests.core.datasets.files.samples import Folder, notes_of, table

ROWS = 30
RNG = np.random.default_rng(5)
SIZE = [round(float(value), 3) for value in RNG.normal(size=ROWS)]
KIND = ["small" if value < 0 else "large" for value in SIZE]
IDS = RNG.choice(90_000_000, ROWS, replace=False).tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def excluded(folder: Folder, name: str, values: list[Any], **asked: Any) -> dict[str, str]:
    content = table(values, SIZE, KIND, names=f"{name},size,kind")
    data = folder.read(content, target=("kind",), header=True, **asked)
    assert (name in data.feature_names) != (name in dict(data.excluded))
    return dict(data.excluded)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("number_of_row", list(range(1, ROWS + 1))),
        ("n", list(range(ROWS))),
        ("count", list(range(2001, 2001 + ROWS))),
        ("down", list(range(ROWS, 0, -1))),
        ("shuffled", RNG.permutation(ROWS).tolist()),
        ("shuffled", (RNG.permutation(ROWS) + 1).tolist()),
        ("id", IDS),
        ("ID", sorted(IDS)),
        ("PassengerId", IDS),
        ("customerID", IDS),
        ("user_id", IDS),
        ("Sample_No", IDS),
        ("order number", IDS),
        ("index", IDS),
        ("Unnamed: 0", IDS),
        ("#", IDS),
    ],
)
def test_numbers_that_measure_nothing_are_excluded(
    folder: Folder, name: str, values: list[int]
) -> None:
    assert list(excluded(folder, name, values)) == [name]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("mass", [at * 1.25 for at in range(ROWS)]),
        ("price", IDS),
        ("area", list(range(600, 600 + 37 * ROWS, 37))),
        ("year", [1990 + at // 2 for at in range(ROWS)]),
        ("grid", IDS),
        ("acid", IDS),
        ("2019", IDS),
        ("id", [at // 2 for at in range(ROWS)]),
        ("id", SIZE),
        ("stock_id", [*range(ROWS - 1), ""]),
    ],
)
def test_measurements_are_features(folder: Folder, name: str, values: list[Any]) -> None:
    assert excluded(folder, name, values) == {}


def test_a_short_sequence_is_a_measurement_unless_it_is_named_as_an_identifier(
    folder: Folder,
) -> None:
    for name, count in (("hours", 0), ("id", 1)):
        content = table(
            [1, 2, 3, 4, 5], [3, 1, 2, 2, 7], ["f", "f", "t", "t", "t"], names=f"{name},b,c"
        )
        assert len(folder.read(content).excluded) == count


def test_years_remain_for_numbers_and_are_named_as_a_trend(folder: Folder) -> None:
    years = list(range(1990, 1990 + ROWS))
    data = folder.read(table(years, SIZE, SIZE[::-1], names="Year,size,mass"))
    assert data.feature_names == ("Year", "size")
    assert "'Year' has a date of its own for each row, in order; --exclude Year" in notes_of(data)
    assert list(excluded(folder, "Year", years)) == ["Year"]


def test_words_that_differ_in_every_row_are_excluded(folder: Folder) -> None:
    sizes = SIZE[:12]
    names = [f"name {at}" for at in range(12)]
    data = folder.read(table(names, sizes, KIND[:12], names="who,size,kind"))
    assert data.excluded == (("who", "differs in every row"),)
    names[3] = names[4]
    assert not folder.read(table(names, sizes, KIND[:12], names="who,size,kind")).excluded


def test_row_names_of_r_and_pandas_are_excluded(folder: Folder) -> None:
    content = table(IDS, SIZE, KIND, names=",size,kind")
    assert dict(folder.read(content).excluded) == {"column 1": "differs in every row"}
    # without a header, no column has a name
    data = folder.read(content.partition("\n")[2])
    assert data.feature_names == ("column 1", "column 2")


def test_the_sentence_says_how_to_include_the_column_and_each_way_works(folder: Folder) -> None:
    numbers = list(range(1, ROWS + 1))
    content = table(numbers, IDS, SIZE, KIND, names="row,id,size,kind")
    data = folder.read(content)
    assert data.feature_names == ("size",)
    assert (
        "Excluded, as nothing is measured: 'row' (counts the rows), 'id' (differs in every row); "
        "--exclude none includes them in the features."
    ) in data.notes
    assert folder.read(content, exclude=()).feature_names == ("row", "id", "size")
    assert folder.read(content, exclude=("-id",)).feature_names == ("id", "size")
    assert folder.read(content, features=("row", "size")).feature_names == ("row", "size")
    assert folder.read(content, features=("2-3",)).feature_names == ("id", "size")
    for asked in ({"exclude": ()}, {"features": ("row", "id", "size")}):
        assert "Excluded" not in notes_of(folder.read(content, **asked))


def test_columns_that_the_user_excludes_are_listed(folder: Folder) -> None:
    content = table(IDS, SIZE, SIZE[::-1], KIND, names="id,size,mass,kind")
    data = folder.read(content, exclude=("mass",))
    assert data.feature_names == ("size",)
    assert dict(data.excluded) == {"mass": "", "id": "differs in every row"}
    assert dict(folder.read(content, features=("-mass",)).excluded) == dict(data.excluded)
    assert "both excluded and a target" in folder.refused(
        content, exclude=("kind",), target=("kind",)
    )
    assert "all columns are targets or excluded" in folder.refused(content, exclude=("1-3",))


def test_dates_in_order_are_excluded_from_classification_only(folder: Folder) -> None:
    days = [f"2024-{1 + at // 28:02}-{1 + at % 28:02}" for at in range(ROWS)]
    content = table(days, SIZE, SIZE[::-1], KIND, names="day,size,mass,kind")
    data = folder.read(content)
    assert dict(data.excluded) == {"day": "a date of its own for each row, in order"}
    assert folder.read(content, exclude=("-day",)).feature_names == ("day", "size", "mass")
    numbers = folder.read(content, target=("mass",), exclude=("kind",))
    assert numbers.feature_names == ("day", "size")
    assert "--exclude day learns without a trend" in notes_of(numbers)
    shuffled = table(days[::2] + days[1::2], SIZE, KIND, names="day,size,kind")
    assert folder.read(shuffled).feature_names == ("day", "size")


def test_the_only_feature_is_not_excluded(folder: Folder) -> None:
    data = folder.read(table(list(range(ROWS)), SIZE, names="x,y"))
    assert data.feature_names == ("x",)


def test_arrays_of_a_script_are_checked_as_well(folder: Folder) -> None:
    x = np.column_stack([np.arange(ROWS), SIZE, SIZE[::-1]])
    content = folder.npz(x=x, y=np.arange(ROWS) % 2)
    assert folder.read(content, name="f.npz").feature_names == ("x2", "x3")
    assert folder.read(content, name="f.npz", exclude=("3",)).feature_names == ("x2",)
    assert folder.read(content, name="f.npz", exclude=()).feature_names == ("x1", "x2", "x3")


def test_an_identifier_as_the_target_is_reported(folder: Folder) -> None:
    content = table(SIZE, SIZE[::-1], IDS, names="a,b,id")
    assert "The target 'id' differs in every row" in notes_of(folder.read(content, target=("id",)))


@pytest.mark.parametrize(
    "name",
    [
        *("id", "Id", "row_id", "row id", "PersonID", "", "#", "no.", "S.No", "Unnamed: 0"),
        *("Sample_No", "Order No.", "row number", "CustomerNo", "match_key"),
    ],
)
def test_names_of_identifiers(name: str) -> None:
    assert is_id(name)


@pytest.mark.parametrize(
    "name",
    [
        *("grid", "paid", "Android", "width", "idea", "3", "note", "solid", "piano", "monkey"),
        *("number_of_rooms", "nr_employees"),
    ],
)
def test_other_names(name: str) -> None:
    assert not is_id(name)
