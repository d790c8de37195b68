"""Outcomes of earlier sweeps: an append-only file for each data set, next to the saved runs.

A sweep that was interrupted, or has more values than an earlier one, trains only the missing runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from core.runs.atomic_files import Directory, RunError, make_folder, shown
from core.sweeps.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER: Final = ".sweeps"
"""Folder within that of all runs; hidden, so that it is not listed as a run."""

MOST_BYTES: Final = 2**28
"""Maximum bytes that are read of a file: outcomes of half a million runs."""

LONGEST_LINE: Final = 2**16

_LONGEST_NAME: Final = 40


class OutcomeStore:
    """The outcomes of all sweeps over one data set.

    Each outcome is a line of JSON that is written at once, so that several processes can append. A line
    that was cut by a crash is skipped, and the next one begins on a new line.

    Attributes:
        problem: why outcomes are not stored, or an empty string.
    """

    def __init__(self, runs: Path | None, source: str) -> None:
        """Open the file of a data set, and read it.

        Args:
            runs: folder of all runs; None to store nothing.
            source: name of the data set or of its file.
        """
        self.problem = ""
        self._found: dict[str, Outcome] = {}
        self._descriptor = -1
        self._path = None if runs is None else runs / FOLDER / f"{_file_name(source)}.jsonl"
        if self._path is not None:
            self._guard(self._open, self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def get(self, key: str) -> Outcome | None:
        """Return the outcome of a run, or None if it has not been trained."""
        return self._found.get(key)

    def add(self, outcome: Outcome, settings: dict[str, Any]) -> None:
        """Store an outcome; if it cannot be written, `problem` says why, and later ones are not stored.

        Args:
            outcome: of a run.
            settings: those in which the run differs from the defaults, for readers of the file.
        """
        self._found[outcome.key] = outcome
        if self._descriptor >= 0:
            line = json.dumps({**outcome.as_dict(), "settings": settings}) + "\n"
            self._guard(self._append, line.encode(errors="replace"))

    def _guard(self, action: Any, argument: Any) -> None:
        try:
            action(argument)
        except (OSError, RunError) as error:
            self.close()
            reason = getattr(error, "strerror", None) or str(error)
            self.problem = f"outcomes are not stored in {shown(str(self._path))}: {reason}"

    def _open(self, path: Path) -> None:
        with suppress(FileExistsError):
            make_folder(path.parent)
        with Directory(path.parent) as directory:
            try:
                self._descriptor = directory.open_lock(path.name)
            except OSError:
                # in a folder that cannot be written, the outcomes can still be read
                with suppress(OSError), directory.open(path.name) as file:
                    self._read(file.read(MOST_BYTES))
                raise
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            self._read(file.read(MOST_BYTES))

    def _read(self, data: bytes) -> None:
        for line in _lines(data):
            try:
                values = json.loads(line)
                outcome = Outcome.from_dict(values)
            except (ValueError, RecursionError, AttributeError):
                continue  # cut by a crash, or by another version
            self._found[outcome.key] = outcome

    def _append(self, line: bytes) -> None:
        descriptor = self._descriptor
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                line = b"\n" + line
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
        finally:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)


def _lines(data: bytes) -> Iterator[bytes]:
    return (line for line in data.split(b"\n") if line and len(line) <= LONGEST_LINE)


def _file_name(source: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:_LONGEST_NAME] or "data"
