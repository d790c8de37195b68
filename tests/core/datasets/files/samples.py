"""A folder of files for the tests of the readers, and checks for every file that was read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from core.datasets.dataset import DataError, Dataset
from core.datasets.files import Source, csv_file, lines
from core.datasets.files.names import LONGEST, clean
from core.datasets.files.read import read

fuzzed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

FOUR = "a,b,kind\n1,2,x\n2,3,y\n3,4,x\n4,6,y\n"
"""A valid file."""


def no_word(what: str, share: float) -> None:
    assert 0 <= share <= 1


class Folder:
    """Writes files and reads them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, content: str | bytes, name: str = "f.csv") -> str:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def read(self, content: str | bytes, name: str = "f.csv", **asked: Any) -> Dataset:
        data = read(Source(self.write(content, name), **asked), no_word)
        check_printable(data)
        return data

    def refused(self, content: str | bytes, name: str = "f.csv", **asked: Any) -> str:
        return sentence(self.write(content, name), **asked)

    def try_reading(self, source: Source) -> None:
        """Read a file that may be invalid: it is read or rejected, with no third outcome."""
        said = ""
        try:
            check_printable(read(source, no_word))
        except DataError as error:
            said = str(error)
        assert said.isprintable()

    def npz(self, name: str = "f.npz", **arrays: Any) -> bytes:
        np.savez(self.path / name, **arrays)
        return (self.path / name).read_bytes()


def sentence(path: str, **asked: Any) -> str:
    with pytest.raises(DataError) as error:
        read(Source(path, **asked), no_word)
    said = str(error.value)
    assert said.isprintable()
    assert said.startswith(clean(Path(path).name) + ": ")
    assert len(said) < 600
    return said


def check_printable(data: Dataset) -> None:
    names = *data.feature_names, *data.class_names, *data.target_names, data.name
    assert all(name.isprintable() and len(name) <= LONGEST for name in names)
    assert all(note.isprintable() and note.endswith(".") for note in data.notes)
    assert len(set(data.feature_names)) == len(data.feature_names) == data.x.shape[1]
    assert len(set(data.class_names)) == len(data.class_names)
    assert len(data.x) == len(data.y) >= 4
    assert not np.isinf(data.x).any()
    if data.class_names:
        assert data.y.dtype == np.int64
        assert set(data.y.tolist()) == set(range(len(data.class_names)))
    else:
        assert data.y.shape == (len(data.x), len(data.target_names))
        assert np.isfinite(data.y).all()


def notes_of(data: Dataset) -> str:
    return "\n".join(data.notes)


def table(*columns: list[Any], names: str) -> str:
    rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([names, *rows]) + "\n"


@contextmanager
def parsing(*, fast: bool, block: int) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise ValueError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", block)
        if not fast:
            patch.setattr(csv_file, "fast", refuse)
        yield
