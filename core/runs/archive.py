"""One file with a header and arrays: a ZIP that `numpy.load` opens, too, with nothing pickled."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from math import prod
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from core.runs.atomic_files import RunError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.arrays import Array, Labels
    from core.runs.atomic_files import Directory

HEADER: Final = "header.json"

LONGEST_HEADER: Final = 2**23
"""Bytes of a header; some 50,000 points edited by hand take as many."""

MOST_TABLES: Final = 2**19
"""Lists and tables in a header: in memory each takes twenty times the two brackets in the file."""

MOST_MEMBERS: Final = 2**10
"""Files in an archive. A run's past has some 300 arrays."""

LONGEST_DIRECTORY: Final = 2**18
"""Bytes of the list of these files at an archive's end, which is read before anything else."""

_END: Final = struct.Struct("<4s4H2LH")
"""End of a ZIP without a comment: signature, disks, entries, bytes and place of the list, comment."""

_LOCATOR: Final = 20
"""Bytes in front of that which say where another end is, of a file of more than 2 GiB."""

_NUMBERS: Final = "fiu"
"""The kinds of arrays that are read: floating point and whole numbers."""


def write_archive(
    file: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, Array | Labels]
) -> None:
    """Write an archive to a file that can be sought; raises ValueError if it could not be read again."""
    text = json.dumps(header, ensure_ascii=True, indent=1).encode()
    if not _is_readable(text):
        raise ValueError("its data have too many edits")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(HEADER), text)
        for name, array in arrays.items():
            with archive.open(_member(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_archive(
    directory: Directory, name: str, *, arrays: bool = True
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return the header and, if they are asked for, the arrays of an archive.

    Raises:
        RunError: when it is not what `write_archive` writes.
    """
    path = directory.path / name
    with directory.open(name) as file:
        try:
            return _read(path, file, arrays)
        except RunError:
            raise
        except MemoryError:
            raise refusal(path, "it is too large for the memory of this machine") from None
        except Exception as error:
            # zipfile, zlib, json and NumPy raise a dozen types on bytes of other formats
            raise refusal(path, f"it is damaged ({str(error) or type(error).__name__})") from None


def _read(
    path: Path, file: IO[bytes], arrays: bool
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    size = os.fstat(file.fileno()).st_size
    _check_end(path, file, size)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [each.filename for each in members]
        # what is not compressed cannot turn out larger than the file, nor all of it if none overlap
        stored = all(each.compress_type == zipfile.ZIP_STORED for each in members)
        stored = stored and sum(each.file_size for each in members) <= size
        if HEADER not in names or len(set(names)) < len(names) or not stored:
            raise refusal(path, "it is no file of a kept run")
        if archive.getinfo(HEADER).file_size > LONGEST_HEADER:
            raise refusal(path, "its header is too long")
        text = archive.read(HEADER)
        if not _is_readable(text):
            raise refusal(path, "its header is too long")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise refusal(path, "its header is no table")
        found: dict[str, Array | Labels] = {}
        for name in names if arrays else ():
            if name != HEADER:
                found[name.removesuffix(".npy")] = _array(path, name, archive.read(name))
        return header, found


def _is_readable(header: bytes) -> bool:
    tables = header.count(b"[") + header.count(b"{")
    return len(header) <= LONGEST_HEADER and tables <= MOST_TABLES


def _check_end(path: Path, file: IO[bytes], size: int) -> None:
    """Check how many files the archive says it has: a list of them takes ten times its length."""
    file.seek(max(0, size - _LOCATOR - _END.size))
    end = file.read()
    file.seek(0)
    signature, *_, count, length, _, comment = _END.unpack(end[-_END.size :])
    if signature != b"PK\5\6" or comment:
        raise refusal(path, "it is damaged (File is not a zip file)")
    if end.startswith(b"PK\6\7") and size < zipfile.ZIP64_LIMIT:
        raise refusal(path, "it has a second end")
    if count > MOST_MEMBERS or length > LONGEST_DIRECTORY:
        raise refusal(path, "it holds too many arrays")


def _array(path: Path, name: str, data: bytes) -> Array | Labels:
    """Return an array, if there is as much of it as its header says."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise refusal(path, f"{name} is no array of version 1.0")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in _NUMBERS:
        raise refusal(path, f"{name} holds no numbers")
    numbers = memoryview(data)[file.tell() :]
    if by_columns or min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(numbers):
        raise refusal(path, f"{name} is not as long as it says")
    return np.frombuffer(numbers, dtype).reshape(shape).copy()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of 1980: the same state makes the same bytes
    member.external_attr = 0o600 << 16
    return member
