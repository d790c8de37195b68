"""ARFF files: declared attributes, dense and sparse rows, quotes and comments."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files import Source, arff_file
from tests.core.datasets.files.samples import Folder, fuzzed, notes_of, parsing


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


HEAD = """\
% a comment, with a comma
@RELATION 'two words'

@attribute 'sepal length' NUMERIC
@Attribute size {small, 'very big', "it's"}
@ATTRIBUTE code {0,1}   % digits
@ATTRIBUTE kind {a,b}
@DATA
""".replace("   % digits", "")
DENSE = (
    "5.1,small,0,a\n4.5,'very big',1,b\n% left out\n?,\"it's\",0,a\n 3 , small , 1 , b\n7,?,0,a\n"
)


@pytest.mark.parametrize("name", ["f.arff", "f.txt", "f"])
def test_attributes_are_columns(folder: Folder, name: str) -> None:
    data = folder.read(HEAD + DENSE, name=name)
    assert data.feature_names == (
        "sepal length",
        "size=it's",
        "size=small",
        "size=very big",
        "code=0",
        "code=1",
    )
    assert data.class_names == ("a", "b")
    assert data.y.tolist() == [0, 1, 0, 1, 0]
    assert np.isnan(data.x[2, 0])
    assert np.isnan(data.x[4, 1:4]).all()
    assert data.x[3].tolist() == [3, 0, 1, 0, 0, 1]
    assert "Declared as categories: 'size', 'code', 'kind'" in notes_of(data)


@pytest.mark.parametrize("block", [5, 1 << 20])
def test_sparse_rows_leave_out_zeros(folder: Folder, block: int) -> None:
    rows = "{0 1.5, 1 'very big'}\n{}\n{ 3 b,0 2 }\n{2 1}\n{0 ?,3 b}\n{1 \"it's\"}\n"
    with parsing(fast=True, block=block):
        data = folder.read(HEAD + rows, name="f.arff")
    assert data.x[:, 0].tolist()[:4] == [1.5, 0, 2, 0]
    assert np.isnan(data.x[4, 0])
    assert data.x[1].tolist() == [0, 0, 1, 0, 1, 0]
    assert data.y.tolist() == [0, 0, 1, 0, 1, 0]


def test_strings_are_texts(folder: Folder) -> None:
    head = "@relation r\n@attribute t string\n@attribute n real\n@attribute y {u,v}\n@data\n"
    rows = "'it\\'s, really',1,u\n\"two \\\"words\\\"\",2,v\nplain,3,u\n'a % b',4,v\n"
    data = folder.read(head + rows, name="f.arff", text="t")
    assert data.texts == ("it's, really", 'two "words"', "plain", "a % b")


def test_values_may_be_separated_by_tabs(folder: Folder) -> None:
    head = "@relation r\n@attribute a real\n@attribute y real\n@data\n"
    data = folder.read(head + "1\t2\n2\t3.5\n3\t4\n4\t7\n", name="f.arff")
    assert data.y.ravel().tolist() == [2, 3.5, 4, 7]


def test_options_without_effect_are_noted(folder: Folder) -> None:
    data = folder.read(HEAD + DENSE, name="f.arff", delimiter=";", header=False)
    assert "Without effect on ARFF files: --delimiter and --header" in notes_of(data)


REFUSED = {
    "no data": (HEAD.replace("@DATA\n", ""), "there is no line @data"),
    "not ARFF": ("a,b\n1,2\n", "line 1 is 'a,b': expected @attribute or @data"),
    "no type": ("@relation r\n@attribute a\n@data\n", "line 2 is '@attribute a'"),
    "unknown type": ("@relation r\n@attribute a relational\n", "line 2"),
    "open brace": ("@relation r\n@attribute a {x,y\n", "line 2"),
    "one attribute": ("@relation r\n@attribute a real\n@data\n1\n", "1 attribute"),
    "same names": ("@relation r\n@attribute a real\n@attribute a real\n@data\n", "same name"),
    "short row": (HEAD + DENSE + "1,small,0\n", "line 15 has 3 fields"),
    "open quote": (HEAD + DENSE + "1,'small,0,a\n", "line 15"),
    "sparse index": (HEAD + DENSE + "{9 1}\n", "line 15"),
    "word": (HEAD + DENSE + "".join(f"{at},small,0,a\n" for at in range(30)) + "x,?,0,a\n", "'x'"),
    "no rows": (HEAD, "too few samples: 0 rows"),
    "nul": (HEAD + "\0", "NUL"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_in_a_sentence(folder: Folder, case: str) -> None:
    content, part = REFUSED[case]
    assert part in folder.refused(content, name="f.arff")


def test_sparse_rows_of_too_many_cells_are_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arff_file, "MOST_DENSE", 20)
    assert "exceed 20 numbers" in folder.refused(HEAD + "{0 1}\n" * 6, name="f.arff")


@pytest.mark.parametrize(
    "line",
    ["1," + " " * 900_000 + "'a", "{" + "0 1," * 200_000 + "}", "{0 1" + " " * 900_000 + "x}"],
)
def test_a_long_line_is_examined_once(folder: Folder, line: str) -> None:
    folder.try_reading(Source(folder.write(HEAD + DENSE + line, "f.arff")))


@fuzzed
@given(
    st.text("@dataribue{}',\"\\%? 012\n\t", max_size=80),
    st.sampled_from([HEAD + DENSE, "@relation r\n"]),
)
def test_no_text_does_more_than_to_be_refused(folder: Folder, text: str, head: str) -> None:
    folder.try_reading(Source(folder.write(head + text, "f.arff")))
