"""Missing values that are written as words or numbers, and zeros that may be missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config.run_config import setting
from core.datasets.dataset import Dataset
from tests.core.datasets.files.samples import Folder, notes_of, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def column(folder: Folder, cells: list[Any], name: str = "a", **asked: Any) -> Dataset:
    return folder.read(table(cells, list(range(len(cells))), names=f"{name},y"), **asked)


def missing(data: Dataset) -> list[int]:
    return np.flatnonzero(np.isnan(data.x).all(axis=1)).tolist()


def option_in(note: str) -> tuple[str, ...]:
    """Return the value of `--na` that a note or an error suggests."""
    text = note.partition("--na ")[2].partition(" reads it")[0].removesuffix(".").strip("'")
    values: tuple[str, ...] = setting("na").read(text)
    return values


@pytest.mark.parametrize(
    "marker",
    ["", "-", "--", ".", "?", "NA", "n/a", "N/A", "NULL", "null", "None", "nan", "#N/A", "#DIV/0!"],
)
def test_a_marker_among_numbers_is_a_missing_value(folder: Folder, marker: str) -> None:
    data = column(folder, [1, 2.5, marker, 4, marker])
    assert missing(data) == [2, 4]
    assert data.x[3, 0] == 4
    reported = f"Read as missing: '{marker}' (2 cells, first in line 4)." in data.notes
    assert reported == (marker not in {"", "nan"})


def test_markers_in_columns_of_other_formats_are_reported_too(folder: Folder) -> None:
    content = "a;b;y\n1,5;x;1\n-;?;2\n2,5;y;3\n?;x;4\n"
    data = folder.read(content)
    assert np.isnan(data.x[[1, 3], 0]).all()
    assert (
        "Read as missing: '-' (1 cell, first in line 3), '?' (2 cells, first in line 3)."
        in data.notes
    )


@pytest.mark.parametrize("marker", ["-", ".", "None"])
def test_a_marker_among_words_is_a_value_until_told_otherwise(folder: Folder, marker: str) -> None:
    cells = ["low", marker, "high", "low", marker, "high"]
    data = column(folder, cells)
    assert len(data.feature_names) == 3
    note = next(note for note in data.notes if "like any other" in note)
    assert f"'{marker}' is a value of 'a'" in note
    again = column(folder, cells, na=option_in(note))
    assert again.feature_names == ("a=high", "a=low")
    assert missing(again) == [1, 4]
    assert "as requested" in notes_of(again)


def test_signs_are_classes(folder: Folder) -> None:
    data = folder.read(table([1, 2, 3, 4], ["+", "-", "+", "-"], names="a,b"))
    assert data.class_names == ("+", "-")
    assert "like any other" not in notes_of(data)


def test_more_missing_values_can_be_given(folder: Folder) -> None:
    cells = [1, "oops", 3, -1, 5]
    assert missing(column(folder, cells, na=("oops", "-1"))) == [1, 3]
    assert missing(column(folder, cells, na=("a=OOPS",))) == [1]
    said = folder.refused(table(cells, [1] * 5, names="a,y"), na=("b=1",))
    assert "no column 'b'" in said


def test_a_value_of_one_column_is_not_missing_in_others(folder: Folder) -> None:
    content = table([0, 1, 2, 3], [0, 5, 6, 7], list(range(4)), names="a,b c,y")
    data = folder.read(content, na=("b c=0",))
    assert np.isnan(data.x).tolist() == [[False, True]] + [[False, False]] * 3
    assert "as requested: 0 in 'b c' (1 cell)" in notes_of(data)


def test_the_suggested_option_reads_a_column_with_a_stray_word(folder: Folder) -> None:
    cells = [*range(30), "not measured", "oops"]
    said = folder.refused(table(cells, list(range(32)), names="a,y"))
    assert "line 32, column 'a' contains 'not measured': expected a number" in said
    data = column(folder, cells, na=option_in(said))
    assert missing(data) == [30, 31]
    assert data.x[:30].ravel().tolist() == list(range(30))


# sentinels


def test_a_repeated_number_far_from_all_others_is_missing(folder: Folder) -> None:
    for sentinel in (-999, -200, -9999, 9999):
        cells = [1.5, 2, sentinel, 3, 4, 5, 6, sentinel]
        data = column(folder, cells)
        assert missing(data) == [2, 7]
        assert f"Read as missing: {sentinel}, which is far from" in notes_of(data)
        assert not missing(column(folder, cells, na=("none",)))


def test_numbers_that_may_be_real_are_kept(folder: Folder) -> None:
    for cells in (
        [1, 2, 3, 4, 5, 6, -999],  # once
        [-999, -999, -500, 1, 2, 300, 400],  # not far
        [-1, 1, -1, 1, -1, 1, 1],
        [-200, -200, -150, -100, 0, 50, 100],
        [9999, 9999, 0, 5000, 2000, 10, 7000],
        [-7, -7, 1, 2, 3, 4, 5],  # no customary number
    ):
        data = column(folder, cells)
        assert data.x.ravel().tolist() == cells
        assert "Read as missing" not in notes_of(data)


def test_a_sentinel_of_one_column_is_one_in_columns_with_a_wider_range(folder: Folder) -> None:
    near, wide = [-200, 1, 2, 3, 4, 5, -200, 6], [60, -200, 1500, 900, 300, 60, 10, 800]
    data = folder.read(table(near, wide, list(range(8)), names="a,b,y"))
    assert np.flatnonzero(np.isnan(data.x[:, 0])).tolist() == [0, 6]
    assert np.flatnonzero(np.isnan(data.x[:, 1])).tolist() == [1]
    assert "'a' (2 cells), 'b' (1 cell)" in notes_of(data)


def test_rows_with_a_sentinel_as_the_target_are_left_out(folder: Folder) -> None:
    data = folder.read(table(list(range(9)), [1.5, 2, 3, 4, 5, 6, 7, -999, -999], names="a,y"))
    assert len(data.y) == 7
    assert "2 rows without a target" in notes_of(data)


# zeros


def test_zeros_far_from_all_others_are_reported_and_not_changed(folder: Folder) -> None:
    cells = [0, *range(60, 90), 0]
    data = column(folder, cells, "blood pressure")
    assert data.x.ravel().tolist() == cells
    note = data.notes[-2]
    assert "'blood pressure' (2 zeros; all other values are at least 60)" in note
    again = column(folder, cells, "blood pressure", na=option_in(note))
    assert missing(again) == [0, 31]


@pytest.mark.parametrize(
    "cells",
    [
        list(range(30)),
        [0] * 40 + list(range(60, 90)),
        [0, 0, *(at / 10 for at in range(1, 40))],
        [0, *range(-5, 30)],
        [0, 60, 61, 62] * 10,
    ],
    ids=["counts", "mostly zeros", "close", "both signs", "few values"],
)
def test_normal_zeros_are_not_reported(folder: Folder, cells: list[float]) -> None:
    assert "Zeros" not in notes_of(column(folder, cells))


def test_pixels_are_not_reported(folder: Folder) -> None:
    x = np.random.default_rng(0).integers(60, 90, (40, 8, 8))
    x[0] = 0
    data = folder.read(folder.npz(x=x, y=np.arange(40) % 2), name="f.npz")
    assert "Zeros" not in notes_of(data)


def test_requested_words_are_reported_once(folder: Folder) -> None:
    words = ["low", "?", "unknown", "high", "unknown", "low"]
    data = folder.read(table(words, [1, 2, 3, 4, 5, 6], names="level,y"), na=("Unknown",))
    assert missing(data) == [1, 2, 4]
    assert [note for note in data.notes if "as missing" in note] == [
        "Read as missing: '?' (1 cell, first in line 3).",
        "Read as missing, as requested: 'unknown' in 'level' (2 cells).",
    ]
