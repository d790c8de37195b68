"""Detection of the header from the first row and the rows below it."""

from pathlib import Path

import pytest

from core.datasets.files.header import find_header
from tests.core.datasets.files.samples import Folder, notes_of

COLOURS = ["red", "blue", "red", "green"]
SIZES = ["big", "small", "big", "big"]


@pytest.mark.parametrize(
    ("first", "columns", "expected"),
    [
        (["a", "b"], [["1", "2"], ["3", "4"]], True),
        (["x1", "x2"], [["1", "2"], ["3", "4"]], True),
        (["5", "6"], [["1", "2"], ["3", "4"]], False),
        (["?", "6"], [["1", "2"], ["3", "4"]], False),
        (["?", "b"], [["1", "2"], ["3", "4"]], True),
        (["", "a", "kind"], [["1", "2"], ["0.5", "0.25"], ["x", "y"]], True),
        (["country", "2019", "2020", "2021"], [["x", "y"], *[["1.5", "2"]] * 3], True),
        (["label", "0", "1", "2"], [["1", "2"], *[["7", "8"]] * 3], True),
        (["0", "1", "2", "3"], [["0.5", "1"], *[["7", "8"]] * 3], True),
        (["0", "1", "2", "3"], [["0", "1"], *[["7", "8"]] * 3], False),
        (["7", "8", "9", "10"], [["0", "1"], *[["3", "4"]] * 3], False),
        (["x", "1", "2", "3"], [["x", "y"], *[["7", "8"]] * 3], False),
        (["colour", "size"], [COLOURS, SIZES], True),
        (["red", "size"], [COLOURS, SIZES], False),
        (["red", "big"], [COLOURS, SIZES], False),
        (["Red", "small"], [COLOURS, SIZES], False),
        (["label", "text"], [["ham", "ham", "spam"], ["one", "two", "three"]], True),
        (["ham", "zero"], [["ham", "ham", "spam"], ["one", "two", "three"]], False),
        (["when", "who"], [["2020-01-01", "2020-01-02"], ["a", "b"]], True),
        (["2020-01-03", "c"], [["2020-01-01", "2020-01-02"], ["a", "b"]], False),
        (["age", "kind"], [["20-29", "30-39", "20-29"], ["a", "b", "a"]], True),
        (["40-49", "a"], [["20-29", "30-39", "20-29"], ["a", "b", "a"]], False),
        (["price", "name"], [["$1,200", "$900"], ["a", "b"]], True),
        (["1,5", "ja"], [["2,5", "3,5"], ["ja", "nein"]], False),
        (["same", "same"], [["a", "b"], ["c", "d"]], False),
        (["one", "two"], [["a", "b"], ["c", "d"]], True),
    ],
)
def test_the_first_row_is_compared_with_the_others(
    first: list[str], columns: list[list[str]], *, expected: bool
) -> None:
    rows = list(map(list, zip(*columns, strict=True)))
    assert find_header(first, rows)[0] is expected


def test_the_note_on_the_header_names_an_option_that_works(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    words = "colour,size,ok\n" + "red,big,yes\nblue,small,no\n" * 4
    with_header = folder.read(words)
    assert "--header off overrides this" in notes_of(with_header)
    assert len(folder.read(words, header=False).y) == 9
    content = words.partition("\n")[2]
    without = folder.read(content)
    assert without.feature_names[0].startswith("column 1")
    assert "--header on overrides this" in notes_of(without)
    assert len(folder.read(content, header=True).y) == 7


def test_names_above_numbers_are_not_recommended_as_data(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    content = "a,b\n" + "".join(f"{at},{at / 4}\n" for at in range(30))
    assert "--header" not in notes_of(folder.read(content))
    assert "'column 2' contains 'b'" in folder.refused(content, header=False, target=("2",))


def test_equal_cells_are_not_recommended_as_names(tmp_path: Path) -> None:
    data = Folder(tmp_path).read("0,0,x\n1,2,y\n2,3,x\n3,4,y\n")
    assert "--header" not in notes_of(data)
