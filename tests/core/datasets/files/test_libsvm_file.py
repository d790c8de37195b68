"""libsvm files: indices, labels, queries, comments, and invalid lines."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.files import Source, libsvm_file
from tests.core.datasets.files.samples import Folder, fuzzed, notes_of, parsing


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


ROWS = "+1 1:0.5 3:2\n-1 2:1e-1\n\n-1 3:4 1:-1\n+1\n1 2:7\n"
X: list[list[float]] = [[0.5, 0, 2], [0, 0.1, 0], [-1, 0, 4], [0, 0, 0], [0, 7, 0]]


@pytest.mark.parametrize("name", ["a1a", "f.libsvm", "f.svm", "f.txt"])
@pytest.mark.parametrize("block", [5, 1 << 20])
def test_features_that_are_not_listed_are_zero(folder: Folder, name: str, block: int) -> None:
    with parsing(fast=True, block=block):
        data = folder.read(ROWS, name=name)
    assert data.x.tolist() == X
    assert data.y.tolist() == [1, 0, 0, 1, 1]
    assert data.class_names == ("-1", "1")
    assert data.feature_names == ("x1", "x2", "x3")
    assert "indices from 1" in notes_of(data)


def test_indices_may_begin_at_zero(folder: Folder) -> None:
    data = folder.read("1.5 0:3 2:1\n2 1:1 2:2\n3 0:1\n4.5 0:2 1:3\n", name="f.libsvm")
    assert data.feature_names == ("x0", "x1", "x2")
    assert data.x[0].tolist() == [3, 0, 1]
    assert data.target_names == ("label",)
    assert "indices from 0" in notes_of(data)


def test_queries_and_comments_are_ignored_and_noted(folder: Folder) -> None:
    content = "# made by hand\n3 qid:1 1:1 2:2 # first\n2 qid:1 1:2\n1 qid:2 2:1\n0 qid:2 1:4\n"
    data = folder.read(content, name="ranking")
    assert data.x.tolist() == [[1, 2], [2, 0], [0, 1], [4, 0]]
    assert "Ignored: the query (qid) of 4 rows" in notes_of(data)
    assert "Ignored: 2 comments" in notes_of(data)


def test_columns_are_chosen_by_name(folder: Folder) -> None:
    data = folder.read(ROWS, name="f.libsvm", features=("x3", "x1"))
    assert data.x.tolist() == [[row[2], row[0]] for row in X]
    data = folder.read(ROWS, name="f.libsvm", features=("label",), target=("x1", "x2"))
    assert data.y.tolist() == [row[:2] for row in X]
    assert data.x.ravel().tolist() == [1, -1, -1, 1, 1]


def test_a_missing_value_may_be_written(folder: Folder) -> None:
    assert np.isnan(folder.read(ROWS + "1 1:nan\n", name="f.libsvm").x[-1, 0])


def test_times_do_not_make_a_libsvm_file(folder: Folder) -> None:
    data = folder.read("".join(f"a{at % 2} 12:{at + 10} {at}\n" for at in range(6)), name="f.txt")
    assert "libsvm" not in notes_of(data)


REFUSED = {
    "no label": (ROWS + "1:2 3:4\n", "line 7 contains '1:2'"),
    "several labels": (ROWS + "1,2 3:4\n", "line 7 has several labels, '1,2'"),
    "a word": (ROWS + "1 a:4\n", "line 7 contains 'a:4'"),
    "no value": (ROWS + "1 3:\n", "line 7 contains '3:'"),
    "infinite": (ROWS + "1 3:inf\n", "line 7 contains '3:inf'"),
    "negative": (ROWS + "1 -3:1\n", "line 7 contains '-3:1'"),
    "twice": (ROWS + "1 3:1 3:2\n", "line 7 has an index twice"),
    "huge index": (ROWS + "1 4294967:1\n", "line 7 has the index 4,294,967"),
    "longer index": (ROWS + f"1 {'9' * 5000}:1\n", "line 7 contains"),
    "no features": ("1\n2\n3\n4\n", "no line has a feature"),
    "nul": (ROWS + "\0", "NUL"),
    "empty": ("", "no line has a feature"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_in_a_sentence(folder: Folder, case: str) -> None:
    content, part = REFUSED[case]
    assert part in folder.refused(content, name="f.libsvm")


def test_texts_are_refused(folder: Folder) -> None:
    assert "contains numbers" in folder.refused(ROWS, name="f.libsvm", text="x1")


def test_a_table_of_too_many_cells_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libsvm_file, "MOST_DENSE", 10)
    said = folder.refused(ROWS, name="f.libsvm")
    assert "5 rows of 3 features exceed 10 numbers; choose some with --features" in said
    assert folder.read(ROWS, name="f.libsvm", features=("x1", "x3")).x.shape == (5, 2)


@fuzzed
@given(st.text("01 :#.-eqid\n\t,x", max_size=80))
def test_no_text_does_more_than_to_be_refused(folder: Folder, text: str) -> None:
    folder.try_reading(Source(folder.write(ROWS + text, "f.libsvm")))
    folder.try_reading(Source(folder.write(text, "f.libsvm")))
