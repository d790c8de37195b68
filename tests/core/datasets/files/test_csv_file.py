"""Parsing of text files: fast or careful, across blocks, with progress."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.dataset import DataError
from core.datasets.files import Source, csv_file
from core.datasets.files.read import read
from tests.core.datasets.files.samples import FOUR, Folder, fuzzed, no_word, parsing, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def outcome(path: str, *, fast: bool, block: int) -> object:
    with parsing(fast=fast, block=block):
        try:
            data = read(Source(path), no_word)
        except DataError as error:
            return str(error)
    return (
        np.nan_to_num(data.x, nan=-99).tolist(),
        data.y.tolist(),
        data.feature_names,
        data.class_names,
        data.target_names,
        data.one_hot,
        data.notes,
    )


CELLS = st.one_of(
    st.integers(-20, 20).map(str),
    st.floats(allow_nan=False, width=32).map(str),
    st.sampled_from(
        ["", " ", "NA", "-nan", "x", "yes", "1_2", "１", "0x1", " 7 ", "1\x1c", "\x0c3"]
    ),
    st.sampled_from(
        ["1\x85", "+1", ".5", "5.", "1e", "1e5", "1d5", "nan(3)", "infinity", "1\u2007"]
    ),
    st.sampled_from(['"1"', "#1", "1,5"]),
)


@fuzzed
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=3, max_size=30),
    number_rows=st.integers(0, 30),
    block=st.integers(1, 200),
    blank=st.sampled_from(["", "\n", " \n"]),
)
def test_it_does_not_matter_how_a_block_was_parsed(
    folder: Folder, rows: list[list[str]], number_rows: int, block: int, blank: str
) -> None:
    plain = [[str(at), str(at / 3), str(at % 3)] for at in range(number_rows)]
    rows += [["", at, ""] if len(rows) % 2 else [at, "", ""] for at in "12"]
    content = "a;b;c\n" + blank.join(";".join(row) + "\n" for row in plain + rows)
    path = folder.write(content)
    quick = outcome(path, fast=True, block=block)
    assert quick == outcome(path, fast=False, block=block)
    if isinstance(quick, tuple):
        assert quick == outcome(path, fast=True, block=1 << 20)


def test_plain_numbers_do_go_the_fast_way(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(csv_file, "careful", refuse)
    assert folder.read("a,b\n1,2\n3,4\n5,6\n7,8\n").x.ravel().tolist() == [1, 3, 5, 7]


@pytest.mark.parametrize("block", [1, 7, 64])
def test_quotes_go_over_the_ends_of_blocks(folder: Folder, block: int) -> None:
    content = '"a\nname","b\n"\n' + '1,"2\n"\n2,3\n"3\n\n",4\n4,"6"\n'
    with parsing(fast=True, block=block):
        data = folder.read(content)
    assert data.feature_names == ("a·name",)
    assert data.x.ravel().tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_a_bad_byte_does_not_depend_on_blocks(
    folder: Folder, block: int, end: str
) -> None:
    content = ("a,b" + end + f"ä,2{end}" * 30).encode() + b"1,\xe9" + end.encode()
    with parsing(fast=True, block=block):
        assert "line 32 contains the byte 0xe9" in folder.refused(content)


def test_words_late_in_a_file_are_words_from_its_beginning(folder: Folder) -> None:
    content = table([1, 2] * 50 + ["x"], list(range(101)), names="a,b")
    with parsing(fast=True, block=64):
        data = folder.read(content)
    assert data.feature_names == ("a=1", "a=2", "a=x")
    assert data.x[0].tolist() == [1, 0, 0]


# arbitrary content


@fuzzed
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_no_bytes_do_more_than_to_be_refused(folder: Folder, content: bytes) -> None:
    for name in ("f.csv", "f.tsv", "f.npz"):
        folder.try_reading(Source(folder.write(content, name)))


@fuzzed
@given(st.text("12x,;\n\r\"'.\t ?-e", max_size=200), st.sampled_from([None, "1", "x"]))
def test_no_text_does_more_than_to_be_refused(
    folder: Folder, content: str, column: str | None
) -> None:
    for source in (
        Source(folder.write(content)),
        Source(folder.write(content), target=(column,) if column else (), text="2"),
        Source(folder.write(content), features=("1",), encoding="utf-7"),
    ):
        folder.try_reading(source)


# the progress callback


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


class Cancelled(BaseException):
    pass


@pytest.mark.parametrize(
    "error", [Cancelled, OSError, ValueError, DataError, MemoryError, EOFError]
)
@pytest.mark.parametrize("name", ["f.csv", "f.npz"])
def test_exceptions_of_the_progress_callback_are_passed_on(
    folder: Folder, error: type[BaseException], name: str
) -> None:
    content = FOUR.encode() if name == "f.csv" else folder.npz(x=[[1], [2], [3], [4]], y=[0, 1] * 2)
    given_up = error("enough")

    def cancel(what: str, share: float) -> None:
        raise given_up

    before = open_files()
    with pytest.raises(error) as caught:
        read(Source(folder.write(content, name)), cancel)
    assert caught.value is given_up
    del caught
    assert open_files() == before


def test_progress_is_reported_up_to_the_end(folder: Folder) -> None:
    told: list[tuple[str, float]] = []
    path = folder.write(FOUR)
    with parsing(fast=True, block=8):
        read(Source(path), lambda what, share: told.append((what, share)))
    assert {what for what, _ in told} == {"reading f.csv"}
    shares = [share for _, share in told]
    assert shares[-1] == 1
    assert len(set(shares)) > 3
