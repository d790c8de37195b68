"""Text files of the user: contents that are read."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files import Source
from core.datasets.files.names import LONGEST, clean, distinct
from core.datasets.files.words import MOST_CATEGORIES
from tests.core.datasets.files.samples import FOUR, Folder, fuzzed, notes_of, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_csv_file_has_features_and_classes(folder: Folder) -> None:
    data = folder.read(FOUR)
    assert data.x.tolist() == [[1, 2], [2, 3], [3, 4], [4, 6]]
    assert data.y.tolist() == [0, 1, 0, 1]
    assert (data.feature_names, data.class_names) == (("a", "b"), ("x", "y"))
    assert data.name == "f.csv"
    for part in (
        "separated by ','",
        "contains the column names",
        "target is 'kind', the last",
        "2 classes",
    ):
        assert part in notes_of(data)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "end"])
def test_every_end_of_line_and_mark_is_read_alike(
    folder: Folder, end: str, mark: str, last: str
) -> None:
    content = mark + FOUR.replace("\n", end)
    data = folder.read(content if last else content.removesuffix(end))
    assert data.feature_names == ("a", "b")
    assert data.x.tolist() == [[1, 2], [2, 3], [3, 4], [4, 6]]


@pytest.mark.parametrize(
    ("sign", "shown"), [(",", "','"), (";", "';'"), ("\t", "tab"), ("|", "'|'")]
)
def test_the_delimiter_is_found(folder: Folder, sign: str, shown: str) -> None:
    data = folder.read(FOUR.replace(",", sign), name="f.txt")
    assert data.x.shape == (4, 2)
    assert f"separated by {shown}." in notes_of(data)


def test_the_delimiter_is_the_most_consistent_one(folder: Folder) -> None:
    content = "name;x;kind\n" + "".join(f"Doe, {at % 3}, Jr;{at};{at % 2}\n" for at in range(6))
    assert folder.read(content).feature_names == (
        "name=Doe, 0, Jr",
        *map("name=Doe, {}, Jr".format, range(1, 3)),
        "x",
    )


@pytest.mark.parametrize("word", ["tab", "\\t", "\t"])
def test_the_delimiter_can_be_said(folder: Folder, word: str) -> None:
    assert folder.read(FOUR.replace(",", "\t"), delimiter=word).x.shape == (4, 2)
    assert folder.read(FOUR.replace(",", ":"), delimiter=":").x.shape == (4, 2)


def test_a_tsv_file_is_parted_by_tabs(folder: Folder) -> None:
    content = "a\tb\n" + "".join(f"{at}\t{at / 8}\n" for at in range(4))
    assert folder.read(content, name="f.tsv").y.ravel().tolist() == [0, 1 / 8, 2 / 8, 3 / 8]


def test_without_names_columns_are_numbered(folder: Folder) -> None:
    content = FOUR.partition("\n")[2]
    data = folder.read(content)
    assert data.feature_names == ("column 1", "column 2")
    assert "the columns have no names" in notes_of(data)
    assert folder.read(content, target=("2",), features=("1",)).target_names == ("column 2",)


def test_a_header_can_be_said_or_denied(folder: Folder) -> None:
    assert folder.read(FOUR.replace("a,b", "1,2"), header=True).feature_names == ("1", "2")
    words = "u,v\n" + "x,y\nz,v\n" * 3
    assert len(folder.read(words, header=False).y) == 7


def test_an_empty_name_is_the_number_of_the_column(folder: Folder) -> None:
    content = FOUR.replace("a,b", "a,").replace("4,6", "4,2")
    assert folder.read(content).feature_names == ("a", "column 2")


@pytest.mark.parametrize("name", ["target", "Label", "CLASS", "y"])
def test_a_target_is_found_by_its_name(folder: Folder, name: str) -> None:
    data = folder.read(FOUR.replace("a,b", f"{name},b"))
    assert f"target is '{name}', by its name" in notes_of(data)
    assert data.feature_names == ("b", "kind=x", "kind=y")


@pytest.mark.parametrize(
    ("names", "target", "reason"),
    [
        ("id,Diagnosis,size,mass", "Diagnosis", "by its name"),
        ("size,y,mass,label", "label", "by its name"),
        ("y,size,label,mass", "y", "by its name"),
        ("size,y,label,mass", "mass", "the last column"),
        ("size,SalePrice,area,mass", "SalePrice", "by its name"),
        ("size,median_house_value,area,mass", "median_house_value", "by its name"),
        ("unit_price,value_of_time,Pclass,mass", "mass", "the last column"),
        ("price,x,y,z", "price", "by its name"),
        ("size,x,y,z", "z", "the last column"),
    ],
)
def test_the_target_is_the_column_whose_name_suggests_it(
    folder: Folder, names: str, target: str, reason: str
) -> None:
    rows = "".join(f"{at * 3},{at % 3}.5,{at % 5}.5,{at % 4}.5\n" for at in range(20))
    data = folder.read(f"{names}\n{rows}")
    assert data.target_names == (target,)
    assert f"The target is '{target}', {reason}." in data.notes


def test_columns_are_chosen_by_name_and_by_number(folder: Folder) -> None:
    by_name = folder.read(FOUR, target=("b",), features=("a",))
    by_number = folder.read(FOUR, target=("2",), features=("1", "a"))
    for data in (by_name, by_number):
        assert data.feature_names == ("a",)
        assert data.y.tolist() == [[2], [3], [4], [6]]
        assert data.target_names == ("b",)


def test_a_name_goes_before_a_number(folder: Folder) -> None:
    assert folder.read(FOUR.replace("a,b", "2,1"), header=True, target=("1",)).target_names == (
        "1",
    )


def test_a_target_has_a_raw_name_and_a_clean_one(folder: Folder) -> None:
    raw = "red\x1b[31m"
    for name in (raw, "red·[31m"):
        data = folder.read(FOUR.replace("a,b", f"{raw},b"), target=(name,))
        assert data.target_names == ("red·[31m",)


def test_a_feature_named_as_the_last_is_not_taken_for_the_target(folder: Folder) -> None:
    data = folder.read(FOUR, features=("kind",))
    assert data.feature_names == ("kind=x", "kind=y")
    assert data.target_names == ("b",)


def test_several_numbers_can_be_predicted(folder: Folder) -> None:
    data = folder.read(FOUR, target=("a", "b"), features=("kind",))
    assert data.y.tolist() == [[1, 2], [2, 3], [3, 4], [4, 6]]
    assert data.target_names == ("a", "b")


def test_missing_values_stay_missing(folder: Folder) -> None:
    missing = ["", " ", "NA", "n/a", "NaN", "NULL", "None", "?"]
    content = table([*missing, 1.5, 2], [1] * 5 + [2] * 5, names="a,y")
    data = folder.read(content)
    assert np.isnan(data.x[:8, 0]).all()
    assert data.x[8:, 0].tolist() == [1.5, 2]


def test_rows_without_a_target_are_left_out(folder: Folder) -> None:
    data = folder.read(FOUR + "5,5,\n6,6,NA\n")
    assert len(data.y) == 4
    assert "2 rows without a target" in notes_of(data)


def test_categories_have_a_feature_for_each_value(folder: Folder) -> None:
    content = "n,colour,y\n1,red,1.5\n2,blue,2.5\n3,,3\n4,red,4\n5,green,5\n"
    data = folder.read(content)
    assert data.feature_names == ("n", "colour=blue", "colour=green", "colour=red")
    assert data.one_hot == ((1, 4),)
    assert data.x[:2, 1:].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert np.isnan(data.x[2, 1:]).all()
    assert "One-hot encoded: 'colour'" in notes_of(data)


def test_a_stray_word_among_few_values_is_a_category(folder: Folder) -> None:
    content = table([10, 9, "x", 10], [1, 2, 3, 4.5], names="a,b")
    assert folder.read(content).feature_names == ("a=9", "a=10", "a=x")


def test_a_column_of_too_many_words_is_left_out(folder: Folder) -> None:
    words = [f"a text of the words w{at}" for at in range(MOST_CATEGORIES + 1)]
    numbers = [at / 2 for at in range(21)]
    data = folder.read(table(words, numbers, numbers[::-1], names="note,b,y"))
    assert data.feature_names == ("b",)
    assert "--text note" in notes_of(data)
    kept = folder.read(table(words[1:], list(range(20)), names="note,y"))
    assert len(kept.feature_names) == MOST_CATEGORIES


def test_a_column_that_never_varies_is_left_out(folder: Folder) -> None:
    content = "same,gone,word,a,y\n" + "".join(f"7,,w,{at},{at}\n" for at in range(5))
    data = folder.read(content)
    assert data.feature_names == ("a",)
    assert "'same', 'gone', 'word'" in notes_of(data)


def test_few_whole_numbers_are_classes_in_their_order(folder: Folder) -> None:
    data = folder.read(table(list(range(9)), [10, 9, 8] * 3, names="a,b"))
    assert data.class_names == ("8", "9", "10")
    assert data.y.tolist() == [2, 1, 0] * 3


@pytest.mark.parametrize(
    "target",
    [[1, 2, 3, 1], [0.5, 1, 0.5, 1], [*range(21), *range(21)]],
    ids=["seldom", "fractions", "many"],
)
def test_other_numbers_are_predicted(folder: Folder, target: list[float]) -> None:
    content = table(list(range(len(target))), target, names="a,b")
    assert folder.read(content).target_names == ("b",)
    assert folder.read(content, task="classification").class_names


def test_numbers_are_predicted_where_that_is_asked_for(folder: Folder) -> None:
    data = folder.read(table([1, 2, 3, 4], [0, 1, 0, 1], names="a,b"), task="regression")
    assert data.y.tolist() == [[0], [1], [0], [1]]


def test_texts_are_samples(folder: Folder) -> None:
    content = 'id,t,y\n1,"two\nlines ""quoted""",a\n2,b\tc,b\n3,  ,a\n4,\u202ed,b\n5,e,a\n'
    data = folder.read(content, text="t")
    assert data.texts == ('two lines "quoted"', "b c", " d", "e")
    assert data.x.shape == (4, 0)
    assert data.class_names == ("a", "b")
    assert "1 row with an empty text" in notes_of(data)
    assert "as features come from the texts: 'id'" in notes_of(data)


def test_another_encoding_can_be_said(folder: Folder) -> None:
    content = FOUR.replace("kind", "Größe")
    for encoding in ("latin-1", "utf-16", "utf-16-le", "cp1252"):
        data = folder.read(content.encode(encoding), encoding=encoding)
        assert "'Größe'" in notes_of(data)
        assert f"Read as {encoding}." in data.notes


def test_another_suffix_is_taken_for_text(folder: Folder) -> None:
    assert folder.read(FOUR, name="iris.data").x.shape == folder.read(FOUR, name="iris").x.shape


def test_what_cannot_be_printed_is_a_dot() -> None:
    assert clean("a\x1b[31m\n\u202eb\u00a0c\ud800") == "a·[31m··b·c·"
    assert clean("u\u0308") == "ü"
    assert clean("[bold]$x") == "[bold]$x"
    assert clean("x" * 41) == "x" * 39 + "…"
    assert clean("x" * 40) == "x" * 40


def test_names_that_became_alike_are_told_apart() -> None:
    assert distinct(["a", "a", "b", "a"]) == ("a", "a (2)", "b", "a (3)")
    assert distinct(["a", "a (2)", "a"]) == ("a", "a (2)", "a (3)")


@fuzzed
@given(st.lists(st.text("ab (2)x", max_size=8).map(lambda text: clean(text * 9))))
def test_distinct_names_are_distinct_and_short(names: list[str]) -> None:
    result = distinct(names)
    assert len(set(result)) == len(names)
    assert all(len(name) <= LONGEST for name in result)


@fuzzed
@given(st.lists(st.text(max_size=60), min_size=3, max_size=3), st.text(min_size=1, max_size=60))
def test_names_of_columns_and_classes_may_hold_anything(
    folder: Folder, names: list[str], value: str
) -> None:
    rows = [names, ["1", value, "u"], ["2", "v", value], ["3", "v", "u"], ["4", value, value]]
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\n".join(quoted).encode(errors="surrogatepass")
    path = folder.write(content)
    folder.try_reading(Source(path, header=True))
