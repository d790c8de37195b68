"""One file with a header and arrays: a ZIP that `numpy.load` opens, too, with nothing pickled."""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from core.runs.files import RunError, open_regular, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.arrays import Array, Labels

HEADER: Final = "header.json"

LONGEST_HEADER: Final = 2**26
"""Bytes; what is longer is none of ours."""

_NUMBERS: Final = "fiu"
"""The kinds of arrays that are read: floating point and whole numbers."""


def write_archive(
    file: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, Array | Labels]
) -> None:
    """Write an archive to a file that can be sought."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member(HEADER), json.dumps(header, ensure_ascii=True, indent=1))
        for name, array in arrays.items():
            with archive.open(_member(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_archive(
    path: Path, *, arrays: bool = True
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return the header and, if they are asked for, the arrays of an archive.

    Raises:
        RunError: when it is not what `write_archive` writes.
    """
    with open_regular(path) as file:
        try:
            return _read(path, file, arrays)
        except RunError:
            raise
        except Exception as error:
            # zipfile, zlib, json and NumPy raise a dozen types on bytes that are none of theirs
            raise refusal(path, f"it is damaged ({str(error) or type(error).__name__})") from None


def _read(
    path: Path, file: IO[bytes], arrays: bool
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        names = [each.filename for each in members]
        # what is not compressed cannot turn out larger than the file
        stored = all(
            each.compress_type == zipfile.ZIP_STORED and each.file_size <= size for each in members
        )
        if HEADER not in names or len(set(names)) < len(names) or not stored:
            raise refusal(path, "it is no file of a kept run")
        if archive.getinfo(HEADER).file_size > LONGEST_HEADER:
            raise refusal(path, "its header is too long")
        header = json.loads(archive.read(HEADER))
        if not isinstance(header, dict):
            raise refusal(path, "its header is no table")
        found: dict[str, Array | Labels] = {}
        for name in names if arrays else ():
            if name == HEADER:
                continue
            array = np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
            if array.dtype.kind not in _NUMBERS:
                raise refusal(path, f"{name} holds no numbers")
            found[name.removesuffix(".npy")] = array
        return header, found


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of 1980: the same state makes the same bytes
    member.external_attr = 0o600 << 16
    return member
