"""Reading a data set from a file, by its format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.datasets.dataset import DataError
from core.datasets.files.arff_file import is_arff, read_arff
from core.datasets.files.assemble import assemble
from core.datasets.files.byte_stream import open_content
from core.datasets.files.categories import merge_spellings
from core.datasets.files.csv_file import read_text
from core.datasets.files.default_target import revised
from core.datasets.files.libsvm_file import LIBSVM_SUFFIXES, is_libsvm, read_libsvm
from core.datasets.files.missing import find_missing
from core.datasets.files.names import clean, unusable
from core.datasets.files.npz_file import read_npz
from core.datasets.files.parquet_file import read_parquet
from core.input_file import InputFileError, open_input, unreadable

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset, ProgressCallback
    from core.datasets.files.byte_stream import Content
    from core.datasets.files.table import Source, Table
    from core.input_file import InputFile

_SPREADSHEETS: Final = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")
_UNKNOWN: Final = (
    ".npy",
    ".pkl",
    ".pickle",
    ".json",
    ".jsonl",
    ".feather",
    ".h5",
    ".hdf5",
    ".mat",
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of files of older Office programs."""

_PARQUET: Final = (".parquet", ".pq")
_START: Final = 1000
LONGEST_CLAUSE: Final = 200


def read(source: Source, progress: ProgressCallback) -> Dataset:
    """Return the data set in a file.

    Args:
        source: the file and the requested columns.
        progress: progress callback; its exceptions are passed on.

    Raises:
        DataError: if the file is unusable, with the reason.
    """
    raised: list[BaseException] = []

    def reported(what: str, share: float) -> None:
        try:
            progress(what, share)
        except BaseException as error:
            raised.append(error)
            raise

    path = Path(source.path)
    file = clean(path.name or source.path or ".")
    try:
        with open_input(path) as opened:
            try:
                table = _table(opened, path, source, file, reported)
                if (better := revised(table, source)) is not None:
                    del table  # before the file is read again
                    opened.stream.seek(0)
                    table = _table(opened, path, better.source, file, reported)
                    table.notes.append(better.note)
            except DataError:
                opened.check_unchanged()  # if it was changed, that is the reason
                raise
            opened.check_unchanged()
        find_missing(table, source.na)
        merge_spellings(table)
        return assemble(table, source.task)
    except InputFileError as error:
        raise unusable(file, clean(str(error), LONGEST_CLAUSE)) from None
    except (OSError, MemoryError) as error:
        if raised:  # raised by the callback
            raise
        if isinstance(error, MemoryError):
            raise unusable(file, "the file does not fit into memory; use a part of it") from None
        raise unusable(file, clean(str(unreadable(error)), LONGEST_CLAUSE)) from None


def _table(
    opened: InputFile, path: Path, source: Source, file: str, progress: ProgressCallback
) -> Table:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(opened.stream, source, file, progress)
    if suffix in _PARQUET:
        return read_parquet(opened.stream, source, file, progress)
    content = open_content(opened, path.name, file)
    table = _of_content(content, source, file, progress)
    table.notes = [*content.notes, *table.notes]
    return table


def _of_content(content: Content, source: Source, file: str, progress: ProgressCallback) -> Table:
    suffix, head = content.suffix, content.head
    if suffix in _SPREADSHEETS or head.startswith(_OLE):
        raise unusable(
            file,
            "the file is a spreadsheet; open it in its program, choose Save As, and save the sheet "
            "with the data as CSV UTF-8",
        )
    start = head[:_START].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if suffix in _UNKNOWN or start.startswith((b'{"', b"[{", b"[[")):
        raise unusable(file, "unknown format: expected CSV, TSV, ARFF, libsvm, NPZ or Parquet")
    if suffix == ".npz" or suffix in _PARQUET or head.startswith(b"PAR1"):
        with content.seekable(file, progress) as stream:
            reader = read_npz if suffix == ".npz" else read_parquet
            return reader(stream, source, file, progress)
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise unusable(file, "the file is a web page or XML, not a table; save the data as CSV")
    if start.startswith(b"version https://git-lfs"):
        raise unusable(file, "the file is a pointer of Git LFS; get its content with git lfs pull")
    is_guessed = source.delimiter is None and source.header is None
    if suffix == ".arff" or (is_guessed and is_arff(head)):
        table = read_arff(content.stream, source, file, progress)
        return _noted(table, source, "ARFF")
    if suffix in LIBSVM_SUFFIXES or (is_guessed and is_libsvm(head)):
        table = read_libsvm(content.stream, source, file, progress)
        return _noted(table, source, "libsvm")
    return read_text(content.stream, suffix, source, file, progress)


def _noted(table: Table, source: Source, name: str) -> Table:
    """Return the table with a note on the options that do not apply to its format."""
    options = {"--delimiter": source.delimiter, "--header": source.header}
    given = [option for option, value in options.items() if value is not None]
    if given:
        table.notes.append(f"Without effect on {name} files: {' and '.join(given)}.")
    return table
