"""NPZ files: sizes are checked before memory is allocated, and nothing is unpickled."""

from __future__ import annotations

import io
import math
import sys
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.lib import format as npy

from core.datasets.files.column_entries import feature_columns, find
from core.datasets.files.names import clean, clean_text, listed, unusable
from core.datasets.files.table import Table
from core.datasets.files.words import MOST_CLASSES, Words
from core.memory import total_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from core.arrays import Array
    from core.datasets.dataset import ProgressCallback
    from core.datasets.files.table import Source

FEATURES: Final = ("x", "X", "data", "features")
TARGETS: Final = ("y", "Y", "target", "targets", "label", "labels")
MOST_BYTES: Final = 1 << 33
_PIECE: Final = 1 << 22
_LONGEST_READ: Final = 2 * _PIECE
_LONGEST_HEADER: Final = 10_000
"""Maximum bytes of a header, as in NumPy, which reads a longer one before rejecting it."""
_BEST_DEFLATE: Final = 1100
"""Upper bound of the compression ratio: Deflate reaches 1032, so a larger claim is false."""

_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # a password is needed
    ValueError,
    TypeError,
)


class ShortReads:
    """A file with bounded reads: zipfile would read a directory of any size at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.tell, self.seekable = stream.tell, stream.seekable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset < 0:  # a directory with an impossible position
            raise zipfile.BadZipFile
        return self._stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if size > _LONGEST_READ:
            raise zipfile.BadZipFile
        return self._stream.read(_LONGEST_READ if size < 0 else size)


def read_npz(stream: BinaryIO, source: Source, file: str, progress: ProgressCallback) -> Table:
    """Return the arrays of features and targets in an NPZ file."""
    try:
        archive = zipfile.ZipFile(ShortReads(stream))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, UnicodeError):
        raise unusable(file, "not an NPZ file; save one with numpy.savez") from None
    with archive:
        return _Reader(archive, file, progress).table(source)


class _Reader:
    def __init__(self, archive: zipfile.ZipFile, file: str, progress: ProgressCallback) -> None:
        self._archive = archive
        self._file = file
        self._progress = progress
        self._members = {
            each.filename.removesuffix(".npy"): each
            for each in archive.infolist()
            if each.filename.endswith(".npy")
        }

    def table(self, source: Source) -> Table:
        names = list(self._members)
        if not names:
            raise unusable(self._file, "the file contains no arrays; save one with numpy.savez")
        y_name = self._chosen(source.target, TARGETS, "target")[0]
        if source.text is not None:
            text = names[find(source.text, names, self._file, "array")]
            return self._texts(text, y_name)
        asked, picked = self._arrays_or_columns(source.features)
        x_names = self._chosen(asked, FEATURES, "features")
        if y_name in x_names:
            raise unusable(
                self._file, f"array '{clean(y_name)}' is both the features and the target"
            )
        parts, columns = [], []
        image = None
        for name in x_names:
            array = self._read(name)
            part = self._numbers(name, array)
            many = part.shape[1] > 1
            prefix = f"{name} " if len(x_names) > 1 else "x"
            columns += [f"{prefix}{at + 1}" if many else name for at in range(part.shape[1])]
            if array.ndim == 3 and len(x_names) == 1:
                image = array.shape[1], array.shape[2]
                places = np.ndindex(*image)
                columns = [f"pixel {row + 1},{column + 1}" for row, column in places]
            parts.append(part)
            self._check_length(name, len(part), x_names[0], len(parts[0]))
        x = parts[0] if len(parts) == 1 else np.column_stack(parts)
        given = self._strings("feature_names")
        if given and len(given) != x.shape[1]:
            raise unusable(
                self._file,
                f"array 'feature_names' has {len(given)} names for {x.shape[1]} features; "
                "each feature needs one",
            )
        columns = given or columns
        chosen = feature_columns(columns, picked, source.exclude, self._file, "feature")
        table = self._with_target(y_name, len(x), x_names[0])
        table.excluded = [columns[at] for at in chosen.excluded]
        table.kept = [columns[at] for at in chosen.kept]
        if chosen.features != tuple(range(len(columns))):
            if not chosen.features:
                raise unusable(self._file, "no column is left for features; all are excluded")
            kept = list(chosen.features)
            x, columns, image = x[:, kept], [columns[at] for at in kept], None
        table.x, table.feature_names, table.image = x, columns, image
        table.notes.insert(
            0, f"The features are in {_array(x_names)}, the target is in '{clean(y_name)}'."
        )
        if image is not None:
            table.notes.insert(1, f"Each row is an image of {image[0]}×{image[1]} pixels.")
        return table

    def _arrays_or_columns(self, asked: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the requested features as names of arrays, and as columns of the default array."""
        arrays = {*self._members, *map(clean, self._members)}
        usual = any(each in self._members for each in FEATURES)
        return ((), asked) if usual and not arrays.intersection(asked) else (asked, ())

    def _texts(self, name: str, y_name: str) -> Table:
        if name == y_name:
            raise unusable(self._file, f"array '{clean(name)}' is both the text and the target")
        texts = self._read(name)
        if texts.dtype.kind != "U" or texts.ndim != 1:
            raise unusable(
                self._file, f"array '{clean(name)}' is not a one-dimensional array of texts"
            )
        table = self._with_target(y_name, len(texts), name)
        table.texts = list(map(clean_text, texts.tolist()))
        table.notes.insert(0, f"Features are n-grams of the texts in array '{clean(name)}'.")
        return table

    def _with_target(self, name: str, rows: int, beside: str) -> Table:
        array = self._read(name)
        table = Table(self._file, "row", (), (name,), np.empty((rows, 0)), np.empty((rows, 0)))
        if array.dtype.kind == "U":
            if array.ndim == 2 and array.shape[1] == 1:
                array = array[:, 0]
            if array.ndim != 1:
                raise unusable(
                    self._file,
                    f"array '{clean(name)}' has the shape {_shape(array.shape)}; "
                    "one class for each row is needed",
                )
            words = Words(MOST_CLASSES, typed=True)
            # strings are classes even if they look like numbers
            codes = words.codes(array.tolist(), range(1, len(array) + 1))
            table.y, table.y_words = np.array(codes).reshape(-1, 1), {0: words}
        else:
            if array.ndim > 2:
                raise unusable(
                    self._file,
                    f"array '{clean(name)}' has the shape {_shape(array.shape)}; "
                    "a target is (rows) or (rows, targets)",
                )
            table.y = self._numbers(name, array)
            if table.y.shape[1] > 1:
                table.target_names = [f"{name}{at + 1}" for at in range(table.y.shape[1])]
        self._check_length(name, len(table.y), beside, rows)
        given = self._strings("target_names") or self._strings("class_names")
        if table.y.shape[1] > 1 and len(given) == table.y.shape[1]:
            table.target_names = given
        elif array.dtype.kind in "iub" and table.y.shape[1] == 1:
            table.class_names = tuple(self._strings("class_names") or given)
        return table

    def _chosen(self, asked: tuple[str, ...], usual: tuple[str, ...], what: str) -> list[str]:
        names = list(self._members)
        if asked:
            places = dict.fromkeys(find(each, names, self._file, "array") for each in asked)
            if what == "target" and len(places) > 1:
                raise unusable(
                    self._file,
                    f"the targets of an NPZ file have to be in one array, not in {listed(asked)}",
                )
            return [names[place] for place in places]
        for each in usual:
            if each in self._members:
                return [each]
        option = "--target" if what == "target" else "--features"
        raise unusable(
            self._file,
            f"none of the arrays {listed(names)} is named {' or '.join(usual)}; "
            f"select one with {option}",
        )

    def _numbers(self, name: str, array: NDArray[Any]) -> Array:
        if array.dtype.kind not in "fiub":
            raise unusable(
                self._file,
                f"array '{clean(name)}' has the type {clean(str(array.dtype))}: expected numbers",
            )
        if array.ndim == 0 or not array.size:
            raise unusable(
                self._file,
                f"array '{clean(name)}' has the shape {_shape(array.shape)}; rows of numbers are needed",
            )
        with np.errstate(
            all="ignore"
        ):  # numbers beyond float64 become infinite, which is reported below
            values: Array = array.reshape(len(array), -1).astype(np.float64, copy=False)
        infinite = np.isinf(values)
        if infinite.any():
            row, column = np.argwhere(infinite)[0].tolist()
            raise unusable(
                self._file,
                f"array '{clean(name)}', row {row + 1}, column {column + 1} is infinite; "
                "numbers have to be finite",
            )
        return values

    def _strings(self, name: str) -> list[str]:
        if name not in self._members:
            return []
        array = self._read(name)
        if array.dtype.kind != "U" or array.ndim != 1:
            raise unusable(self._file, f"array '{name}' has to be a one-dimensional array of texts")
        return [str(each) for each in array.tolist()]

    def _check_length(self, name: str, rows: int, other: str, others: int) -> None:
        if rows != others:
            raise unusable(
                self._file,
                f"array '{clean(name)}' has {rows:,} rows, '{clean(other)}' has {others:,}; "
                "expected the same number",
            )

    def _read(self, name: str) -> NDArray[Any]:
        info = self._members[name]
        with self._guard(name):
            member = self._archive.open(info)
        with member:
            with self._guard(name):
                shape, fortran, dtype = _header(member)
            self._check_header(name, info, member.tell(), shape, dtype)
            with self._guard(name):  # more dimensions than NumPy knows, for example
                array: NDArray[Any] = np.empty(shape[::-1] if fortran else shape, dtype)
            flat = array.reshape(-1).view(np.uint8) if array.nbytes else np.empty(0, np.uint8)
            for first in range(0, len(flat), _PIECE):
                part = flat[first : first + _PIECE]
                with self._guard(name):
                    part[:] = np.frombuffer(member.read(len(part)), np.uint8)
                self._progress(f"reading {self._file}", min(1.0, (first + len(part)) / len(flat)))
            with self._guard(name):
                member.read(1)  # reading to the end verifies the checksum
            if dtype.kind == "U" and flat.size:
                self._check_text(name, flat.view(np.dtype("u4").newbyteorder(dtype.byteorder)))
        return array.T if fortran else array

    def _check_text(self, name: str, characters: NDArray[np.uint32]) -> None:
        if characters.max() > sys.maxunicode:  # invalid in a Python string
            raise unusable(
                self._file,
                f"array '{clean(name)}' contains invalid characters; save the file again",
            )

    @contextmanager
    def _guard(self, name: str) -> Iterator[None]:
        try:
            yield
        except _BROKEN:
            raise unusable(
                self._file, f"array '{clean(name)}' is damaged or encrypted; save the file again"
            ) from None

    def _check_header(
        self,
        name: str,
        info: zipfile.ZipInfo,
        begin: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        if dtype.hasobject:
            raise unusable(
                self._file,
                f"array '{clean(name)}' contains Python objects, which are unsafe to load; "
                "save numbers, or texts of type str",
            )
        if dtype.kind not in "fiubU":
            raise unusable(
                self._file,
                f"array '{clean(name)}' has the type {clean(str(dtype))}: "
                "expected numbers, or texts of type str",
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise unusable(
                self._file,
                f"array '{clean(name)}' has an unsupported compression; "
                "save the file with numpy.savez or numpy.savez_compressed",
            )
        count = math.prod(shape)
        what = f"array '{clean(name)}' claims the shape {_shape(shape)}"
        # converted to float64, each element takes 8 bytes
        most = min(MOST_BYTES, total_memory() // 2)
        if max(count * max(dtype.itemsize, 8), info.file_size, *shape, 0) > most:
            raise unusable(self._file, f"{what}: expected at most {most / 2**30:.3g} GiB")
        stored = info.compress_type == zipfile.ZIP_STORED
        held = info.compress_size * (1 if stored else _BEST_DEFLATE)
        honest = info.file_size == begin + count * dtype.itemsize <= held + 1024
        if not honest or min(shape, default=0) < 0 or count > info.file_size:
            raise unusable(
                self._file, f"{what}, which does not match its contents; save the file again"
            )


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(member)
    length = member.read(2 if version == (1, 0) else 4)
    if int.from_bytes(length, "little") > _LONGEST_HEADER:
        raise ValueError
    header = io.BytesIO(length + member.read(int.from_bytes(length, "little")))
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about files written by Python 2
        try:
            shape, fortran, dtype = read(header)
        except Exception as error:  # a header is a Python expression, which can raise anything
            raise ValueError from error
    return shape, fortran, dtype


def _shape(shape: tuple[int, ...]) -> str:
    # a number of thousands of digits cannot be written in decimal
    sizes = ["huge" if abs(size) > 1 << 64 else str(size) for size in shape[:16]]
    return clean(f"({', '.join(sizes)}{',' * (len(sizes) == 1)})")


def _array(names: list[str]) -> str:
    return f"{'array' if len(names) == 1 else 'arrays'} {listed(names)}"
