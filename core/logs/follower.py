"""The newest training in a file or a folder, and whatever is added to it."""

from __future__ import annotations

import os
from contextlib import suppress
from operator import is_not
from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np

from core.input_file import InputFileError, open_input
from core.logs.log_file import PIECE, LogFile, reader_for
from core.logs.pairs import PARTS, split_name
from core.logs.series import NO_POINTS, MetricTable, Points
from core.logs.text import CsvReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".log")
EVENTS: Final = ".tfevents."

MOST_FILES: Final = 10_000
"""Files of a folder that are looked at."""
MOST_LEVELS: Final = 6
MOST_TRIED: Final = 50
"""Newest files that are opened to see whether they contain metrics."""

BETWEEN_SEARCHES: Final = 5.0
"""Seconds between two searches for newer files in a folder."""


class LogError(ValueError):
    """A sentence on a file or a folder that cannot be followed."""


class LogFollower:
    """Reads the metrics of the newest run at a path.

    Attributes:
        path: a file or a folder.
        files: the files of the run.
        changed_run: whether a newer run has replaced the one before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[LogFile] = []
        self.changed_run = False
        self._prefixes: dict[Path, str] = {}
        self._due = 0.0
        self._is_folder = path.is_dir()
        self._joined: dict[str, tuple[list[Points], Points]] = {}
        self._turn = 0
        if not self._is_folder:
            self.files = [LogFile(path)]

    def read(self, seconds: float) -> bool:
        """Read what is new for about this time; return whether anything changed."""
        changed = self._search() if self._is_folder else False
        deadline = monotonic() + seconds
        for _ in range(len(self.files)):  # each file has its turn
            self._turn += 1
            file = self.files[self._turn % len(self.files)]
            changed |= file.read(max(0.0, deadline - monotonic()))
            if monotonic() > deadline:
                break
        return changed

    @property
    def is_behind(self) -> bool:
        """Whether parts of the files are still to be read."""
        return any(file.is_behind for file in self.files)

    @property
    def problem(self) -> str:
        """Why there is nothing to show, or ""."""
        if not self.files:
            return (
                "the folder has no CSV file with a column epoch, step or iteration, no JSON lines and "
                "no TensorBoard event file yet"
            )
        found = [file.problem for file in self.files if file.problem]
        if found:
            return found[0]
        first = self.files[0]
        if first.lacks_steps and not first.is_behind:
            return "the file has no header with a column epoch, step or iteration"
        return ""

    @property
    def table(self) -> MetricTable:
        """The table of the file that was changed last: its step, its end and its plan."""
        if not self.files:
            return MetricTable()
        return max(self.files, key=lambda file: (file.modified, file.table.rows)).table

    @property
    def rows(self) -> int:
        """Number of rows of all files."""
        return sum(file.table.rows for file in self.files)

    @property
    def modified(self) -> float:
        """Time of the last change, in seconds since the Unix epoch."""
        return max((file.modified for file in self.files), default=0.0)

    @property
    def share_read(self) -> float:
        """Share of the older rows that is or will be read."""
        return min((file.share_read for file in self.files), default=1.0)

    @property
    def names(self) -> list[str]:
        """Names of the metrics, in the order in which they appeared."""
        found = {
            self._prefixes.get(file.path, "") + name: None
            for file in self.files
            for name, series in file.table.series.items()
            if len(series)
        }
        return [*found]

    def points(self, name: str) -> Points:
        """Return the values of a metric; those of a later file replace those of earlier ones."""
        parts = []
        for file in self.files:
            prefix = self._prefixes.get(file.path, "")
            if name.startswith(prefix) and (series := file.table.series.get(name[len(prefix) :])):
                parts.append(series.points)
        if len(parts) == 1:
            return parts[0]
        before, joined = self._joined.get(name, ([], NO_POINTS))
        if len(before) != len(parts) or any(map(is_not, before, parts)):
            joined = _joined(parts)
            self._joined[name] = parts, joined
        return joined

    # --- folders

    def _search(self) -> bool:
        """Search the folder for newer files, unless that was done just before."""
        now = monotonic()
        if now < self._due:
            return False
        started = monotonic()
        chosen = newest_run(self.path)
        took = monotonic() - started
        self._due = now + max(BETWEEN_SEARCHES if chosen else 1.0, 20 * took)
        if set(chosen) == {file.path for file in self.files}:
            return False
        known = {file.path: file for file in self.files}
        is_other = bool(known) and not known.keys() & chosen.keys()
        self.changed_run = self.changed_run or is_other
        self.files = [known.get(path) or LogFile(path) for path in chosen]
        self._prefixes = chosen
        return True


def _joined(parts: list[Points]) -> Points:
    """Return the values of several files, the oldest first: a later one begins a restarted run."""
    if not parts:
        return NO_POINTS
    steps, values = parts[0]
    for part in parts[1:]:
        if len(part.steps):
            kept = int(np.searchsorted(steps, part.steps[0]))
            steps = np.concatenate([steps[:kept], part.steps])
            values = np.concatenate([values[:kept], part.values])
    return Points(steps, values)


def newest_run(folder: Path) -> dict[Path, str]:
    """Return the files of the newest run in a folder, each with the prefix of its metrics.

    Event files of one run are in one folder, or in several that are named after the parts of the data
    (`train` and `validation`, as Keras writes them).
    """
    files = sorted(_files(folder), key=lambda each: each[1], reverse=True)
    for path, _ in files[:MOST_TRIED]:
        if EVENTS in path.name:
            return _event_files(path, [each for each, _ in files])
        if _has_metrics(path):
            return {path: ""}
    return {}


def _event_files(newest: Path, files: list[Path]) -> dict[Path, str]:
    folder = newest.parent
    part = split_name(f"{folder.name}/x")[1]
    folders = {folder: ""}
    if part is not None:
        siblings = {each.parent for each in files if each.parent.parent == folder.parent}
        folders = {
            each: f"{own}/"
            for each in siblings
            if (own := split_name(f"{each.name}/x")[1]) in PARTS
        }
    chosen = [path for path in files if path.parent in folders and EVENTS in path.name]
    chosen.sort(key=lambda path: path.name)  # the names begin with the time of creation
    return {path: folders[path.parent] for path in chosen}


def _has_metrics(path: Path) -> bool:
    with suppress(InputFileError, OSError), open_input(path) as file:
        first = file.stream.read(PIECE)
        table = MetricTable()
        reader = reader_for(first, path.name, table)
        if reader is not None:
            reader.feed(first + b"\n")
            is_csv = isinstance(reader, CsvReader) and reader.has_header
            return is_csv or bool(table.rows)
    return False


def _files(
    folder: Path, level: int = 0, left: list[int] | None = None
) -> Iterator[tuple[Path, float]]:
    """Return the files that may contain metrics, each with the time of its last change."""
    left = [MOST_FILES] if left is None else left
    folders = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            left[0] -= 1
            if left[0] < 0:
                return
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(folder / entry.name)
                elif EVENTS in entry.name or entry.name.lower().endswith(SUFFIXES):
                    yield folder / entry.name, entry.stat().st_mtime
    if level < MOST_LEVELS:
        for each in folders:
            yield from _files(each, level + 1, left)
