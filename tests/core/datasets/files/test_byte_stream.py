"""Compressed data files: each compression, archives, bombs and damaged files."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import parquet

from core.datasets.dataset import DataError
from core.datasets.files import Source, byte_stream, lines
from core.datasets.files.read import read
from tests.core.datasets.files.samples import FOUR, Folder, fuzzed, notes_of


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def zipped(method: int = zipfile.ZIP_DEFLATED, /, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def zipped_csv(content: bytes) -> bytes:
    return zipped(iris__csv=content)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped_csv,
}


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("name", ["f.csv.{}", "f.{}", "f"])
def test_a_compressed_file_is_read_like_the_file(folder: Folder, kind: str, name: str) -> None:
    data = folder.read(PACKED[kind](FOUR.encode()), name=name.format(kind))
    assert data.x.tolist() == [[1, 2], [2, 3], [3, 4], [4, 6]]
    assert data.notes[0].startswith(("Decompressed with", "Unpacked 'iris.csv'"))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_several_streams_in_a_row_are_one_file(
    folder: Folder, pack: Callable[[bytes], bytes]
) -> None:
    content = pack(FOUR.encode()) + pack(b"9,9,x\n")
    assert folder.read(content, name="f.csv.x").x[-1].tolist() == [9, 9]


def test_the_suffix_inside_decides_on_the_format(folder: Folder) -> None:
    tabs = "a\tb\n" + "".join(f"{at}\t{at / 8}\n" for at in range(5))
    data = folder.read(gzip.compress(tabs.encode()), name="f.tsv.gz")
    assert data.feature_names == ("a",)
    assert not any("separated" in note for note in data.notes)
    data = folder.read(zipped(f__tsv=tabs.encode()), name="f.zip")
    assert not any("separated" in note for note in data.notes)


def test_a_plain_file_with_the_name_of_a_compressed_one_is_read(folder: Folder) -> None:
    assert folder.read(FOUR, name="f.csv.gz").x.shape == (4, 2)


def test_binary_formats_can_be_compressed(folder: Folder) -> None:
    arrays = folder.npz(x=np.eye(8), y=np.arange(8) % 2)
    assert folder.read(gzip.compress(arrays), name="f.npz.gz").x.shape == (8, 8)
    assert folder.read(arrays, name="arrays.zip").x.shape == (8, 8)
    path = folder.path / "f.parquet"
    parquet.write_table(pa.table({"a": range(8), "y": ["b", "c"] * 4}), path)
    data = folder.read(bz2.compress(path.read_bytes()), name="f.parquet.bz2")
    assert data.x.ravel().tolist() == list(range(8))
    assert "Decompressed with bzip2." in data.notes


LIMIT = 1 << 18
BOMB = b"1,2\n" * LIMIT


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_stream, "SMALL", LIMIT)
    monkeypatch.setattr(byte_stream, "MOST_RATIO", 10)
    monkeypatch.setattr(lines, "BLOCK", LIMIT // 4)


@pytest.mark.usefixtures("low_limits")
@pytest.mark.parametrize("kind", PACKED)
def test_a_bomb_is_refused(folder: Folder, kind: str) -> None:
    shares: list[float] = []
    path = folder.write(PACKED[kind](BOMB), f"f.csv.{kind}")
    with pytest.raises(DataError, match="expands to more than 262,144 bytes"):
        read(Source(path), lambda _, share: shares.append(share))
    assert len(shares) > 2, "progress is reported"


@pytest.mark.usefixtures("low_limits")
def test_a_binary_bomb_is_refused(folder: Folder) -> None:
    content = gzip.compress(b"PAR1" + bytes(2 * LIMIT))
    assert "expands to more" in folder.refused(content, name="f.parquet.gz")


DAMAGED = {
    **{f"{kind}, cut short": pack(FOUR.encode() * 50)[:-15] for kind, pack in PACKED.items()},
    "gz, changed": gzip.compress(FOUR.encode())[:20] + b"xxxx" + gzip.compress(FOUR.encode())[24:],
    "gz, garbage after it": gzip.compress(FOUR.encode()) + b"garbage",
    "only the first bytes": b"\x1f\x8b",
    "large dictionary": lzma.compress(
        FOUR.encode(), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    ),
    "zip, changed": zipped_csv(FOUR.encode()).replace(FOUR.encode()[:2], b"xx")[:-60] + bytes(60),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused(folder: Folder, case: str) -> None:
    said = folder.refused(DAMAGED[case], name="f.csv")
    assert "damaged" in said or "cut short" in said


REFUSED = {
    "two members": (zipped(a__csv=b"1", b__csv=b"2"), "'a.csv', 'b.csv': expected one"),
    "no member": (zipped(), "no files"),
    "zip in zip": (zipped(a__zip=zipped_csv(FOUR.encode())), "another compressed file"),
    "gzip in gzip": (gzip.compress(gzip.compress(FOUR.encode())), "another compressed file"),
    "another method": (zipped(zipfile.ZIP_LZMA, a__csv=b"1,2\n"), "unusual compression"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + bytes(20), "Zstandard"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(20), "7-Zip"),
    "tar": (bytes(257) + b"ustar" + bytes(250), "tar"),
    "tar in gzip": (gzip.compress(bytes(257) + b"ustar" + bytes(250)), "contains a tar archive"),
    "spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save the sheet"),
    "new spreadsheet": (zipped(**{"[Content_Types]__xml": b"<x/>"}), "save the sheet"),
    "open spreadsheet": (zipped(mimetype=b"application/vnd"), "save the sheet"),
}


def test_descriptions_in_a_zip_file_are_left_out(folder: Folder) -> None:
    content = zipped(Index=b"list", iris__csv=FOUR.encode(), iris__names=b"1. Title")
    data = folder.read(content, name="f.zip")
    assert len(data.x) == 4
    assert "Unpacked 'iris.csv' from the zip file; left out: 'Index', 'iris.names'." in data.notes
    # the only file is read, whatever its name
    assert len(folder.read(zipped(README__md=FOUR.encode()), name="f.zip").x) == 4


@pytest.mark.parametrize("case", REFUSED)
def test_other_archives_are_refused(folder: Folder, case: str) -> None:
    content, part = REFUSED[case]
    assert part in folder.refused(content, name="f.zip")


def test_files_that_systems_add_to_archives_are_ignored(folder: Folder) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("d/f.csv", FOUR)
        archive.writestr("__MACOSX/d/._f.csv", "x")
    assert "Unpacked 'f.csv'" in notes_of(folder.read(file.getvalue(), name="f.zip"))


@fuzzed
@given(
    kind=st.sampled_from(sorted(PACKED)),
    at=st.integers(0, 200),
    byte=st.integers(0, 255),
    cut=st.integers(0, 60),
)
@example(kind="zip", at=120, byte=0, cut=0)
def test_no_damage_does_more_than_to_be_refused(
    folder: Folder, kind: str, at: int, byte: int, cut: int
) -> None:
    content = bytearray(PACKED[kind](FOUR.encode() * 3))
    content[at % len(content)] = byte
    folder.try_reading(Source(folder.write(bytes(content[: len(content) - cut]), "f.csv")))


@pytest.mark.parametrize("kind", PACKED)
def test_exceptions_of_the_callback_are_passed_on(folder: Folder, kind: str) -> None:
    class Cancelled(BaseException):
        pass

    def cancel(what: str, share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read(Source(folder.write(PACKED[kind](FOUR.encode()))), cancel)
