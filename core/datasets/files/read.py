"""A file of a person's own, by its format, as a data set: what a run's data are loaded with."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.datasets.files.assemble import assemble
from core.datasets.files.csv_file import read_text
from core.datasets.files.names import bad, clean
from core.datasets.files.npz_file import read_npz
from core.datasets.files.parquet_file import read_parquet

if TYPE_CHECKING:
    from core.datasets.dataset import Dataset, Tell
    from core.datasets.files.source import Source
    from core.datasets.files.table import Table

_REFUSED: Final = {
    **dict.fromkeys(
        (".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".tar", ".tgz"),
        "the file is compressed; unpack it first",
    ),
    **dict.fromkeys(
        (".xls", ".xlsx", ".xlsm", ".ods"), "this is a spreadsheet; save it as CSV first"
    ),
    **dict.fromkeys(
        (".npy", ".pkl", ".pickle", ".json", ".jsonl", ".feather", ".h5", ".hdf5", ".mat", ".arff"),
        "this format is not read; accepted are CSV, TSV, NPZ and Parquet",
    ),
}


def read(source: Source, tell: Tell) -> Dataset:
    """Return the data set in a file.

    Args:
        source: the file, and what of it.
        tell: told of the progress; whatever it raises passes through.

    Raises:
        DataError: when nothing can be learnt from the file; it says why.
    """
    raised: list[BaseException] = []

    def told(what: str, share: float) -> None:
        try:
            tell(what, share)
        except BaseException as error:
            raised.append(error)
            raise

    path = Path(source.path)
    file = clean(path.name or source.path or ".")
    try:
        _check_file(path, file)
        return assemble(_table(path, source, file, told), source.task)
    except (OSError, MemoryError) as error:
        if raised:  # it is not the file's
            raise
        raise bad(file, _why(error, path)) from None


def _why(error: OSError | MemoryError, path: Path) -> str:
    if isinstance(error, MemoryError):
        return "the file is too large for this computer's memory; use a part of it"
    if isinstance(error, FileNotFoundError):
        folder = f"'{clean(path.parent.name)}'" if path.parent.name else "this folder"
        return f"there is no such file in {folder}; check its path"
    if isinstance(error, PermissionError):
        return "the file may not be read; ask for the permission, or copy it"
    reason = clean(error.strerror or "no reason is given")
    return f"the file cannot be read ({reason}); check its path and its disk"


def _table(path: Path, source: Source, file: str, tell: Tell) -> Table:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(path, source, file, tell)
    if suffix in (".parquet", ".pq"):
        return read_parquet(path, source, file, tell)
    if suffix in _REFUSED:
        raise bad(file, _REFUSED[suffix])
    return read_text(path, source, file, tell)


def _check_file(path: Path, file: str) -> None:
    try:
        mode = path.stat().st_mode
    except ValueError:  # a NUL character, or a lone surrogate
        raise bad(file, "no file can have such a name; check its path") from None
    if stat.S_ISDIR(mode):
        raise bad(file, "this is a folder; name a file in it")
    if not stat.S_ISREG(mode):  # a pipe could keep us waiting for ever
        raise bad(file, "this is a pipe or a device; save what it gives to a file first")
