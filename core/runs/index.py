"""Index of the saved runs in a folder: the description of each in a list, without opening its files.

A file of SQLite next to the runs. It is only a cache: an entry counts if folder and snapshot have the
times and sizes that were recorded, and a damaged index is replaced. An index of another user is ignored,
since a file of SQLite is not made to be read as untrusted input.
"""

from __future__ import annotations

import json
import os
import stat
import struct
from contextlib import closing, suppress
from math import nan
from time import time_ns
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from core.runs.folder import STATE
from core.training.epoch_log import COLUMNS
from core.training.state import EpochMetrics

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from core.runs.codec import Header

INDEX: Final = ".index.sqlite3"

VERSION: Final = 2
"""Version of the tables; an index of another one, or of another version of the program, is replaced."""

RECENT: Final = 2_000_000_000
"""Nanoseconds after a change during which a run is not recorded.

A file system may give a second change within its clock's tick the same time.
"""

WAIT: Final = 0.3
"""Seconds to wait for another process that writes the index, before it is left as it is."""

_TABLES: Final = (
    # columns of SQLite have no NaN, so the metrics are packed
    (
        "CREATE TABLE runs (name TEXT PRIMARY KEY, stamp BLOB, saved REAL, size INTEGER, state TEXT, "
        "stopped TEXT, epoch INTEGER, metrics BLOB, has_classes INTEGER, sizes TEXT, source TEXT, "
        "text TEXT, edited INTEGER, seeds INTEGER)"
    ),
    # only the list in JSON reads them, and they are three quarters of the data
    "CREATE TABLE configs (name TEXT PRIMARY KEY, config TEXT)",
)
_STAMP: Final = struct.Struct("<4q2Q")
_METRICS: Final = struct.Struct("<9d")


class Stamp(NamedTuple):
    """Times and sizes of a run folder and its snapshot, which change with every save.

    Attributes:
        changed: time of the last change in nanoseconds since the Unix epoch.
        packed: all of them.
    """

    changed: int
    packed: bytes

    @classmethod
    def of(cls, folder: os.stat_result, snapshot: os.stat_result) -> Self:
        """Return that of a run."""
        times = folder.st_mtime_ns, snapshot.st_mtime_ns, snapshot.st_ctime_ns
        sizes = snapshot.st_size, snapshot.st_ino, folder.st_ino
        return cls(max(times), _STAMP.pack(*times, *sizes))


class RunSummary(NamedTuple):
    """Description of a run in a list.

    Attributes:
        state: a value of `State`.
        stopped: a value of `Stop`, or an empty string.
        epoch: number of epochs trained.
        metrics: of the newest snapshot.
        has_classes: whether the scores are accuracies.
        sizes: units per layer, the inputs first.
        source: name of the data set, or of the file of data.
        text: the run in one line, as `RunConfig.describe` returns it.
        edited: whether data or weights were edited.
        seeds: number of runs with consecutive seeds, the medians of which are `metrics`; None for one.
        config: settings as JSON; empty if they were not asked for.
    """

    state: str
    stopped: str
    epoch: int
    metrics: EpochMetrics
    has_classes: bool
    sizes: tuple[int, ...]
    source: str
    text: str
    edited: bool
    seeds: int | None
    config: str

    @classmethod
    def of(cls, header: Header) -> RunSummary:
        """Return that of a run."""
        config = header.config
        return cls(
            str(header.state),
            "" if header.stopped is None else str(header.stopped),
            header.epoch,
            header.metrics._replace(layers=()),
            header.has_classes,
            header.sizes,
            config.dataset if config.data is None else config.source_name,
            config.describe(header.sizes),
            bool(header.edited or header.edits),
            header.seeds,
            json.dumps(config.as_dict()),
        )


class IndexedRun(NamedTuple):
    """An entry of the index.

    Attributes:
        stamp: packed stamp of the run when it was read.
        saved: time of the last save, in seconds since the Unix epoch.
        size: bytes of its files.
        summary: of the run.
    """

    stamp: bytes
    saved: float
    size: int
    summary: RunSummary


class RunIndex:
    """The index of one folder; every method works, without effect, if there can be none."""

    def __init__(self, parent: Path) -> None:
        """Open or create the index of a folder of runs."""
        self._path = parent / INDEX
        self._connection: sqlite3.Connection | None = None
        self._is_writable = True
        try:
            self._open(parent)
        except OSError:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the index."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def runs(self, *, configs: bool = False) -> dict[str, IndexedRun]:
        """Return all entries by the name of the run; none if the index is damaged, and is replaced.

        Args:
            configs: whether the settings are read, too.
        """
        import sqlite3

        if self._connection is None:
            return {}
        query = "SELECT runs.*, '' FROM runs"
        if configs:
            query = "SELECT runs.*, configs.config FROM runs JOIN configs USING (name)"
        try:
            with closing(self._connection.execute(query)) as rows:
                return {row[0]: _entry(row) for row in rows}
        except (sqlite3.Error, struct.error, ValueError, TypeError, AttributeError) as error:
            if not _is_temporary(error):
                self._replace()
        return {}

    def update(self, read: Iterable[tuple[str, IndexedRun]], gone: Collection[str]) -> None:
        """Record runs that were read, and remove those that no longer exist.

        Another process that writes at the same time has read the same runs: without the lock, nothing
        is recorded.
        """
        import sqlite3

        if self._connection is None or not self._is_writable:
            return
        read = list(read)
        if not read and not gone:
            return
        rows = [_row(name, run) for name, run in read]
        configs = [(name, run.summary.config) for name, run in read]
        names = [(name,) for name in gone]
        try:
            with self._connection as transaction:
                places = ", ".join("?" * len(rows[0])) if rows else ""
                transaction.executemany(f"INSERT OR REPLACE INTO runs VALUES ({places})", rows)
                transaction.executemany("INSERT OR REPLACE INTO configs VALUES (?, ?)", configs)
                for table in ("runs", "configs"):
                    transaction.executemany(f"DELETE FROM {table} WHERE name = ?", names)
        except UnicodeEncodeError:
            return  # a name that is no text
        except sqlite3.Error as error:
            if not _is_temporary(error):
                self._replace()

    def _open(self, parent: Path) -> None:
        import sqlite3

        if parent.stat().st_uid != os.getuid():
            return  # its owner could have prepared an index
        self._is_writable = os.access(parent, os.W_OK)
        for name in (INDEX, f"{INDEX}-journal"):
            with suppress(FileNotFoundError):
                status = (parent / name).lstat()
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
                    return  # SQLite would follow a link
                if status.st_nlink > 1:
                    return
        try:
            self._connect()
        except sqlite3.Error as error:
            if _is_temporary(error):
                self.close()
            else:
                self._replace()

    def _connect(self) -> None:
        import sqlite3

        mode = "rwc" if self._is_writable else "ro"
        if self._is_writable and not self._path.exists():
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
            with suppress(OSError):
                os.close(os.open(self._path, flags, 0o600))  # SQLite would create it for all users
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=WAIT,
            check_same_thread=False,
        )
        self._connection = connection
        version = _version()
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found == version:
            return
        if not self._is_writable:
            self.close()
            return
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("runs", "configs"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")

    def _replace(self) -> None:
        """Replace a damaged index by an empty one."""
        import sqlite3

        self.close()
        if not self._is_writable:
            return
        with suppress(OSError):
            for name in (INDEX, f"{INDEX}-journal"):
                self._path.with_name(name).unlink(missing_ok=True)
            try:
                self._connect()
            except sqlite3.Error:
                self.close()


def _row(name: str, run: IndexedRun) -> tuple[Any, ...]:
    each = run.summary
    metrics = _METRICS.pack(*each.metrics[: len(COLUMNS)])
    sizes = " ".join(map(str, each.sizes))
    start = (name, run.stamp, run.saved, run.size, each.state, each.stopped, each.epoch, metrics)
    return (*start, each.has_classes, sizes, each.source, each.text, each.edited, each.seeds)


def _entry(row: tuple[Any, ...]) -> IndexedRun:
    """Return an entry; raises ValueError, TypeError, AttributeError or struct.error."""
    _, stamp, saved, size, state, stopped, epoch, metrics, has_classes, sizes, *texts = row
    source, text, edited, seeds, config = texts
    if not (state and isinstance(text, str) and isinstance(config, str)):
        raise ValueError("a value is missing")
    first, *numbers = _METRICS.unpack(metrics)
    # the same NaN object for all of them, so that equal summaries compare as equal
    values: list[Any] = [nan if value != value else value for value in numbers]
    summary = RunSummary(
        state,
        stopped,
        int(epoch),
        EpochMetrics(int(first), *values),
        bool(has_classes),
        tuple(map(int, sizes.split())),
        source,
        text,
        bool(edited),
        None if seeds is None else int(seeds),
        config,
    )
    return IndexedRun(stamp, float(saved), int(size), summary)


def is_recent(stamp: Stamp) -> bool:
    """Return whether a run has changed so recently that its stamp may not show another change."""
    return time_ns() - stamp.changed < RECENT


def stamp_of(parent: int, folder: os.stat_result, name: str) -> Stamp | None:
    """Return the stamp of a run, or None if it has no snapshot.

    Args:
        parent: descriptor of the folder of all runs.
        folder: status of the run's folder.
        name: of the run.
    """
    try:
        snapshot = os.stat(f"{name}/{STATE}", dir_fd=parent, follow_symlinks=False)
    except OSError:
        return None
    return Stamp.of(folder, snapshot)


def _version() -> int:
    """Return a number for this version of the program and of the table."""
    from zlib import crc32

    from core import __version__

    return crc32(f"{VERSION} {__version__}".encode()) >> 1


def _is_temporary(error: Exception) -> bool:
    """Return whether the index is in use, or the disk is full or read-only, and it is not damaged."""
    return any(
        word in str(error) for word in ("locked", "busy", "full", "readonly", "unable to open")
    )
