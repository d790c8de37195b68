"""Parquet files of the user: columns that are read, and errors that reject a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets.files import parquet_file
from tests.core.datasets.files.samples import Folder, notes_of, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_parquet_without_pyarrow_names_what_to_install(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert "pip install 'nnfs-tui[parquet]'" in folder.refused(b"PAR1", name="f.parquet")


def parquet(folder: Folder, columns: dict[str, Any]) -> bytes:
    arrow = pytest.importorskip("pyarrow")
    tables = pytest.importorskip("pyarrow.parquet")
    path = folder.path / "made.parquet"
    tables.write_table(arrow.table(columns), path)
    return path.read_bytes()


def test_parquet_columns_keep_their_types(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    arrow = pytest.importorskip("pyarrow")
    monkeypatch.setattr(parquet_file, "BATCH", 2)
    columns: dict[str, Any] = {
        "n": [1, None, 3, 4, 5],
        "c": arrow.array(["r", "b", None, "r", "b"]).dictionary_encode(),
        "flag": [True, False, True, None, True],
        "when": arrow.array([1, 2, 3, 4, 5], arrow.timestamp("s")),
        "y": ["u", "v", None, "u", "v"],
    }
    data = folder.read(parquet(folder, columns), name="f.parquet")
    assert data.feature_names == ("n", "c=b", "c=r", "flag=false", "flag=true")
    assert np.nan_to_num(data.x[:2], nan=-1).tolist() == [[1, 0, 1, 0, 1], [-1, 1, 0, 1, 0]]
    assert (data.class_names, data.y.tolist()) == (("u", "v"), [0, 1, 0, 1])
    assert data.one_hot == ((1, 3), (3, 5))
    assert "neither numbers nor words: 'when'" in notes_of(data)
    assert "1 row without a target" in notes_of(data)


def test_parquet_texts_are_samples(folder: Folder) -> None:
    content = parquet(folder, {"t": ["a", "b", "", "c\n", "d"], "y": [1, 2, 1, 2, 1]})
    assert folder.read(content, name="f.pq", text="t").texts == ("a", "b", "c ", "d")


def test_parquet_and_csv_agree(folder: Folder) -> None:
    columns: dict[str, Any] = {"a": [1.5, 2, 3, 4], "b": ["x", "y", "x", "y"], "y": [1, 2, 1, 2]}
    content = table(*columns.values(), names="a,b,y")
    ours, theirs = folder.read(parquet(folder, columns), name="f.parquet"), folder.read(content)
    assert ours.x.tolist() == theirs.x.tolist()
    assert ours.y.tolist() == theirs.y.tolist()
    assert ours.feature_names == theirs.feature_names


def test_bad_parquet_is_refused_in_a_sentence(folder: Folder) -> None:
    good = parquet(folder, {"a": [1.0, 2, 3, 4, 5], "y": ["", "u", "v", "u", "v"]})
    for bad in (b"", b"PAR1", good[:-9], good[:8] + b"\xff" * 40 + good[48:]):
        assert "not a Parquet file, or a damaged one" in folder.refused(bad, name="f.parquet")
    said = folder.refused(good, name="f.parquet", task="regression")
    assert "row 2, column 'y' contains 'u': expected a number" in said
    infinite = parquet(folder, {"a": [1.0, np.inf, 3.0, 4.0], "y": [1, 2, 3, 4]})
    assert "row 2, column 'a' is infinite" in folder.refused(infinite, name="f.parquet")
