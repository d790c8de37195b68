"""Archives with a JSON header and arrays: ZIP files that `numpy.load` can read, without pickles."""

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
"""Maximum bytes of a header; enough for about 50,000 edited points."""

MOST_TABLES: Final = 2**19
"""Maximum lists and objects in a header: each takes twenty times the memory of its brackets."""

MOST_MEMBERS: Final = 2**10
"""Maximum number of files in an archive; the history of a run has about 300 arrays."""

LONGEST_DIRECTORY: Final = 2**18
"""Maximum bytes of the central directory, which is read first."""

_END: Final = struct.Struct("<4s4H2LH")
"""End of a ZIP without a comment: signature, disks, entries, size and offset of the directory."""

_LOCATOR: Final = 20
"""Bytes before it that locate the ZIP64 end, in files of more than 2 GiB."""

_NUMBERS: Final = "fiu"
"""Accepted kinds of arrays: floating point numbers and integers."""


def write_archive(
    file: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, Array | Labels]
) -> None:
    """Write an archive to a seekable file; raises ValueError if its header is too large to be read."""
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
    """Return the header of an archive, and its arrays if `arrays` is true.

    Raises:
        RunError: when it is damaged, or was not written by `write_archive`.
    """
    path = directory.path / name
    with directory.open(name) as file:
        try:
            return _read(path, file, arrays)
        except RunError:
            raise
        except MemoryError:
            raise refusal(path, "it does not fit into the memory of this machine") from None
        except Exception as error:
            # zipfile, zlib, json and NumPy raise a dozen types of exceptions for invalid files
            raise refusal(path, f"it is damaged ({str(error) or type(error).__name__})") from None


def _read(
    path: Path, file: IO[bytes], arrays: bool
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    size = os.fstat(file.fileno()).st_size
    _check_end(path, file, size)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [each.filename for each in members]
        # uncompressed members cannot be larger than the file, and in sum only if they overlap
        stored = all(each.compress_type == zipfile.ZIP_STORED for each in members)
        stored = stored and sum(each.file_size for each in members) <= size
        if HEADER not in names or len(set(names)) < len(names) or not stored:
            raise refusal(path, "it is not a file of a saved run")
        if archive.getinfo(HEADER).file_size > LONGEST_HEADER:
            raise refusal(path, "its header is too long")
        text = archive.read(HEADER)
        if not _is_readable(text):
            raise refusal(path, "its header is too long")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise refusal(path, "its header is not a JSON object")
        found: dict[str, Array | Labels] = {}
        for name in names if arrays else ():
            if name != HEADER:
                found[name.removesuffix(".npy")] = _array(path, name, archive.read(name))
        return header, found


def _is_readable(header: bytes) -> bool:
    tables = header.count(b"[") + header.count(b"{")
    return len(header) <= LONGEST_HEADER and tables <= MOST_TABLES


def _check_end(path: Path, file: IO[bytes], size: int) -> None:
    """Check the number of members, since reading the directory takes ten times its size in memory."""
    file.seek(max(0, size - _LOCATOR - _END.size))
    end = file.read()
    file.seek(0)
    signature, *_, count, length, _, comment = _END.unpack(end[-_END.size :])
    if signature != b"PK\5\6" or comment:
        raise refusal(path, "it is damaged (File is not a zip file)")
    if end.startswith(b"PK\6\7") and size < zipfile.ZIP64_LIMIT:
        raise refusal(path, "it has a second end")
    if count > MOST_MEMBERS or length > LONGEST_DIRECTORY:
        raise refusal(path, "it has too many arrays")


def _array(path: Path, name: str, data: bytes) -> Array | Labels:
    """Return an array, after comparing its length with its shape."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise refusal(path, f"{name} is not an array in NumPy's format 1.0")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in _NUMBERS:
        raise refusal(path, f"{name} has no numbers")
    numbers = memoryview(data)[file.tell() :]
    if by_columns or min(shape, default=0) < 0 or prod(shape) * dtype.itemsize != len(numbers):
        raise refusal(path, f"{name} has another length than its header says")
    return np.frombuffer(numbers, dtype).reshape(shape).copy()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # dated 1980, so that equal states give equal bytes
    member.external_attr = 0o600 << 16
    return member
