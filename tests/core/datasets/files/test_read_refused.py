"""Files of the user that cannot be read: the error of each."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.datasets.dataset import DataError
from core.datasets.files import Source, csv_file
from core.datasets.files.read import read
from tests.core.datasets.files.samples import FOUR, Folder, no_word, sentence, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


BAD: dict[str, tuple[str | bytes, dict[str, Any], tuple[str, ...]]] = {
    "empty": ("", {}, ("empty",)),
    "blank": ("\n \n\n", {}, ("empty",)),
    "header only": ("a,b\n", {}, ("0 rows", "4 are needed")),
    "one row": ("a,b\n1,2\n", {}, ("too few samples: 1 row", "4 are needed")),
    "ragged": (FOUR + "1,2\n", {}, ("line 6", "2 fields", "the header has 3")),
    "ragged, no names": ("1,2\n3,4,5\n", {}, ("line 2", "3 fields", "the first row has 2")),
    "open quote": (FOUR + '1,2,"x\n3,4,y\n', {}, ("line 6", "quote", "never closed")),
    "half quote": (FOUR + '1,2,"x"y\n', {}, ("line 6", "quote", "is doubled")),
    "long cell": (FOUR + '1,2,"' + "x\n" * 80_000, {}, ("line 6", "131,072", "quote")),
    "utf-16": (FOUR.encode("utf-16"), {}, ("--encoding utf-16",)),
    "utf-16, no mark": (FOUR.encode("utf-16-be"), {}, ("--encoding utf-16",)),
    "utf-32": (FOUR.encode("utf-32"), {}, ("--encoding utf-32",)),
    "latin-1": (
        FOUR.replace("4,6,y", "4,6,é").encode("latin-1"),
        {},
        ("line 5", "0xe9", "--encoding latin-1"),
    ),
    "wrong encoding": (b"a,b\n1,\xff\n", {"encoding": "ascii"}, ("line 2", "0xff", "ascii")),
    "no mark": (b"\xd8\x00", {"encoding": "utf-16-be"}, ("utf-16-be",)),
    "no encoding": (FOUR, {"encoding": "utf-\n9"}, ("unknown encoding 'utf-·9'", "latin-1")),
    "no text encoding": (FOUR, {"encoding": "rot13"}, ("unknown encoding 'rot13'",)),
    "no file's encoding": (FOUR, {"encoding": "unicode_escape"}, ("unknown encoding",)),
    "nul": (FOUR + "1,\0,x\n", {}, ("line 6", "NUL")),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", {}, ("line 3", "NUL", "a binary file")),
    "one column": ("abc\ndef\nghi\n", {}, ("only one column", "tab", "at least two columns")),
    "other delimiter": (FOUR, {"delimiter": ";"}, ("only one column", "';'", "--delimiter")),
    "no delimiter": (FOUR, {"delimiter": "ab"}, ("invalid delimiter 'ab'", "tab")),
    "quote parts": (FOUR, {"delimiter": '"'}, ("invalid delimiter",)),
    "no target": (FOUR, {"target": ("knid",)}, ("no column 'knid'", "'a', 'b'", "mean kind?")),
    "no number": (FOUR, {"target": ("4",)}, ("no column '4'",)),
    "long number": (FOUR, {"target": ("9" * 5000,)}, ("no column '999",)),
    "both": (FOUR, {"target": ("a",), "features": ("a",)}, ("'a'", "both a feature")),
    "all features": (FOUR, {"features": ("a", "b", "kind")}, ("for the target",)),
    "all targets": ("a,b\n1,2\n", {"target": ("a", "b")}, ("left for features",)),
    "text is target": (FOUR, {"text": "a", "target": ("a",)}, ("both the text and",)),
    "infinite": (FOUR + "1,-inf,x\n", {}, ("line 6", "'b'", "'-inf'", "finite", "--na")),
    "huge": (FOUR + "1,1e999,x\n", {}, ("line 6", "'b'", "'1e999'")),
    "infinite target": ("a,b\n1,2\n1,Infinity\n", {}, ("line 3", "'b'", "'Infinity'")),
    "stray": (
        table([*range(30), "oops"], list(range(31)), names="a,b"),
        {},
        ("line 32", "'a'", "'oops'", "expected a number"),
    ),
    "stray target": (
        table(list(range(31)), [*range(30), "oops"], names="a,b"),
        {},
        ("line 32", "'b'", "'oops'"),
    ),
    "words as numbers": (FOUR, {"task": "regression"}, ("line 2", "'kind'", "'x'", "number")),
    "several words": (FOUR, {"target": ("a", "kind")}, ("line 2", "'kind'", "'x'")),
    "several classes": (
        FOUR,
        {"target": ("a", "b"), "task": "classification"},
        ("one target column",),
    ),
    "no task": (FOUR, {"task": "guess"}, ("'guess'", "classification or regression")),
    "one class": (FOUR.replace("y\n", "x\n"), {}, ("'kind' is 'x' in every row",)),
    "one number": (table([1, 2, 3, 4], [5] * 4, names="a,b"), {}, ("'b'", "'5'", "every row")),
    "constant": (
        table([1, 2, 3, 4], [5] * 4, names="a,b"),
        {"task": "regression"},
        ("'b' is 5 in every row", "nothing to predict"),
    ),
    "many words": (
        table(list(range(101)), [f"c{at}" for at in range(101)], names="a,b"),
        {},
        ("'b' has more than 100 classes",),
    ),
    "many numbers": (
        table(list(range(101)), list(range(101)), names="a,b"),
        {"task": "classification"},
        ("101 classes", "--task regression"),
    ),
    "no feature": (table([7] * 4, [1, 2, 3, 4], names="a,b"), {}, ("left for features", "'a'")),
    "no target at all": (table([1] * 5, ["", "", 1, 2, 3], names="a,b"), {}, ("only 3 of 5 rows",)),
    "underscore": (
        table([*range(30), "1_2"], list(range(31)), names="a,b"),
        {},
        ("line 32", "'1_2'"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_a_sentence(folder: Folder, case: str) -> None:
    content, asked, parts = BAD[case]
    said = folder.refused(content, **asked)
    for part in parts:
        assert part in said, said


def test_a_line_without_an_end_is_not_read_to_its_end(folder: Folder) -> None:
    path = folder.write(FOUR.encode() + b"1" * 10_000_000)
    shares: list[float] = []
    with pytest.raises(DataError, match="line 6 is longer than 1,000,000"):
        read(Source(path), lambda _, share: shares.append(share))
    assert max(shares, default=0.0) < 0.5


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("f.xlsx", "spreadsheet"),
        ("f.npy", "expected CSV"),
    ],
)
def test_other_formats_are_refused(folder: Folder, name: str, part: str) -> None:
    assert part in folder.refused(FOUR, name=name)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in sentence(str(tmp_path / "none\x1b.csv"))
    assert "a folder" in sentence(str(tmp_path))
    assert "it is not a valid file name" in sentence(str(tmp_path / "a\0.csv"))
    assert "cannot be read" in sentence(str(tmp_path / ("x" * 300)))
    os.mkfifo(tmp_path / "pipe.csv")
    assert "a pipe or a device" in sentence(str(tmp_path / "pipe.csv"))
    assert "a pipe or a device" in sentence("/dev/null")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(tmp_path / "socket.csv"))
    assert "a pipe or a device" in sentence(str(tmp_path / "socket.csv"))
    (tmp_path / "link.csv").symlink_to("pipe.csv")
    assert "a pipe or a device" in sentence(str(tmp_path / "link.csv"))
    with pytest.raises(DataError, match="folder"):
        read(Source(""), no_word)


@pytest.mark.parametrize("name", ["f.csv", "f.npz", "f.parquet"])
@pytest.mark.parametrize("way", ["grows", "shrinks", "is touched"])
def test_a_file_that_is_written_to_while_it_is_read_is_refused(
    folder: Folder, name: str, way: str
) -> None:
    """The writer is as fast as the reader: a growing file never ends."""
    content = (FOUR * 20).encode()
    if name == "f.npz":
        content = folder.npz(x=np.eye(8), y=np.arange(8) % 2)
    elif name == "f.parquet":
        whole = folder.path / name
        parquet.write_table(pa.table({"a": range(8), "y": ["b", "c"] * 4}), whole)
        content = whole.read_bytes()
    path = Path(folder.write(content, name))
    size = [len(content)]

    def write(*_: object) -> None:
        size[0] += {"grows": 1 << 22, "shrinks": -5, "is touched": 0}[way]
        assert size[0] < 1 << 26, "there is no end"
        os.truncate(path, size[0])
        os.utime(path, ns=(0, size[0]))

    with pytest.raises(DataError, match="was modified while it was read"):
        read(Source(str(path)), write)


@contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """The file is unreadable; root, who may read everything, becomes another user."""
    mode = path.stat().st_mode
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        yield
    finally:
        os.seteuid(user)
        path.chmod(mode)


def test_a_file_that_may_not_be_read_is_refused(folder: Folder) -> None:
    path = folder.write(FOUR)
    with without_rights(Path(path)):
        assert "permission denied" in sentence(path)


def test_a_file_too_large_for_the_memory_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(csv_file, "Store", full)
    assert "does not fit into memory" in folder.refused(FOUR)
