"""Reading a data set from a file, by its format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.datasets.dataset import DataError
from core.datasets.files.assemble import assemble
from core.datasets.files.csv_file import read_text
from core.datasets.files.names import clean, unusable
from core.datasets.files.npz_file import read_npz
from core.datasets.files.parquet_file import read_parquet
from core.input_file import InputFileError, open_input, unreadable

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset, ProgressCallback
    from core.datasets.files.table import Source, Table
    from core.input_file import InputFile

_REFUSED: Final = {
    **dict.fromkeys(
        (".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".tar", ".tgz"),
        "the file is compressed; unpack it first",
    ),
    **dict.fromkeys(
        (".xls", ".xlsx", ".xlsm", ".ods"), "the file is a spreadsheet; save it as CSV first"
    ),
    **dict.fromkeys(
        (".npy", ".pkl", ".pickle", ".json", ".jsonl", ".feather", ".h5", ".hdf5", ".mat", ".arff"),
        "unknown format: expected CSV, TSV, NPZ or Parquet",
    ),
}


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
            except DataError:
                opened.check_unchanged()  # if it was changed, that is the reason
                raise
            opened.check_unchanged()
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
    if suffix in (".parquet", ".pq"):
        return read_parquet(opened.stream, source, file, progress)
    if suffix in _REFUSED:
        raise unusable(file, _REFUSED[suffix])
    return read_text(opened, suffix, source, file, progress)
