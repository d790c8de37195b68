"""Entries of the settings `features` and `exclude`."""

import csv
import shlex

import pytest

from core.datasets.dataset import DataError
from core.datasets.files.column_entries import feature_columns, option, read_entries

NAMES = ["id", "age", "body mass", "n-1", "2-3", "-flag", "kind"]


@pytest.mark.parametrize(
    ("entries", "chosen"),
    [
        (["age", "kind"], (1, 6)),
        (["3", "1"], (2, 0)),
        (["2-4"], (1, 2, 3)),
        (["2-4", "age", "7"], (1, 2, 3, 6)),
        (["5-5"], (4,)),
        # the name of a column precedes any other meaning
        (["n-1"], (3,)),
        (["2-3"], (4,)),
        (["-flag"], (5,)),
    ],
)
def test_entries_are_names_numbers_and_ranges(entries: list[str], chosen: tuple[int, ...]) -> None:
    assert read_entries(entries, NAMES, "f").chosen == chosen


@pytest.mark.parametrize(
    ("features", "exclude", "left"),
    [
        ([], None, (0, 1, 2, 3, 4, 5, 6)),
        (["-id"], None, (1, 2, 3, 4, 5, 6)),
        (["1-4", "-3"], None, (0, 1, 3)),
        (["-1", "-3-6"], None, (1, 6)),
        (["--flag", "-n-1", "-2-3"], None, (0, 1, 2, 6)),
        ([], ["id", "3-5"], (1, 5, 6)),
        (["1-3"], ["age"], (0, 2)),
        ([], (), (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_columns_after_a_minus_sign_and_excluded_ones_are_left_out(
    features: list[str], exclude: list[str] | None, left: tuple[int, ...]
) -> None:
    assert feature_columns(NAMES, features, exclude, "f").features == left


def test_requested_columns_are_kept_even_if_they_measure_nothing() -> None:
    assert feature_columns(NAMES, ["id", "5-7"], None, "f").kept == (0, 4, 5, 6)
    assert feature_columns(NAMES, [], ["-id", "age"], "f").kept == (0,)
    assert feature_columns(NAMES, [], (), "f").kept == tuple(range(7))
    assert feature_columns(NAMES, ["-age"], None, "f").kept == ()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("agee", "there is no column 'agee'.*did you mean age"),
        ("-agee", "there is no column 'agee'"),
        ("0", "there is no column '0'"),
        ("5-9", "there are no columns '5-9': expected a range within 1-7"),
        ("4-2", "expected a range within 1-7"),
        ("-0-2", "there are no columns '0-2'"),
        ("-", "there is no column '-'"),
    ],
)
def test_a_column_that_does_not_exist_is_refused(entry: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_entries([entry], NAMES, "f")


@pytest.mark.parametrize("name", ["age", "body mass", "a,b", 'a"b', "it's", "-flag", "$x"])
def test_an_option_is_read_by_the_shell_and_the_setting_as_it_was_meant(name: str) -> None:
    flag, _, value = option("--exclude", name, "other").replace("=", " ", 1).partition(" ")
    assert flag == "--exclude"
    assert next(csv.reader(shlex.split(value))) == [name, "other"]
