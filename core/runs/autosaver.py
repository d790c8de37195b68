"""Keeps the run of a trainer, beside the training: a thread writes what it is handed every few seconds.

The training process has one, as has training without a screen. Whoever trains hands over copies and
goes on; what the disk takes its time for, or refuses, is the thread's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Condition, Thread
from time import monotonic, time
from typing import TYPE_CHECKING, Final

import numpy as np

from core.memory import NotEnoughMemory, start_thread
from core.runs.atomic_files import NOTHING, RunError, shown
from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.runs.snapshot import RunSnapshot
    from core.runs.writer import RunEvent, RunWriter

EVERY: Final = 2.0
"""Seconds between two saves, at least."""

SHARE: Final = 20
"""A save that takes long is followed by a pause so many times as long."""

MOST_REPLACED: Final = 50
"""Runs that can be restored, at most, after others took their places."""

RETRY: Final = 5.0
"""Seconds between two attempts at a disk that refuses."""


@dataclass(frozen=True)
class SaveOptions:
    """Where runs are kept, and how many.

    Attributes:
        parent: the folder of all run folders, or None where there is none to be had.
        keep: the number of runs that stay, or None for all.
        only_replaced: whether a run is saved only when another takes its place, so that it can be
            restored, and in a folder that is removed at the end.
    """

    parent: Path | None
    limit: int | None = None
    only_replaced: bool = False


@dataclass(frozen=True)
class SaveStatus:
    """What became of the run that is kept.

    Attributes:
        name: of its folder; empty before there is a saved run in it.
        problem: why it is not kept now, in a sentence; empty when it is.
    """

    name: str = ""
    problem: str = ""


@dataclass
class _Pending:
    """What happened between two moments of a run."""

    rows: list[NDArray[np.float64]] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)

    def __add__(self, later: _Pending) -> _Pending:
        return _Pending(self.rows + later.rows, self.events + later.events)


@dataclass
class _PendingRun:
    """One run, from its first epoch to the last time that it is saved.

    Attributes:
        moment: what is to be written next.
        before: what happened up to that; a moment with epochs that follow it would be none.
        since: what has happened since then.
    """

    source: str
    created: float
    writer: RunWriter | None = None
    moment: RunSnapshot | None = None
    before: _Pending = field(default_factory=_Pending)
    since: _Pending = field(default_factory=_Pending)
    handed: bool = False
    over: bool = False


class Autosaver:
    """Takes what is to be kept; never waits, but when it is closed.

    Attributes:
        news: the newest; somebody who looks now and then tells of a change.
    """

    def __init__(self, keeping: SaveOptions) -> None:
        self._keeping = keeping
        self._parent = keeping.parent
        self._replaced: list[_PendingRun] = []
        self._condition = Condition()
        self._books: list[_PendingRun] = []
        self._book: _PendingRun | None = None
        self._thread: Thread | None = None
        self._closing = self._writing = False
        self._due = 0.0
        self._took = 0.0
        self._retry = 0.0
        self.status = SaveStatus()

    @property
    def busy(self) -> bool:
        """Whether something that was handed over is not written yet."""
        with self._condition:
            return self._writing or any(book.moment is not None for book in self._books)

    def begin(self, source: str) -> None:
        """Keep another run from here on; one that was never handed over is none."""
        if self._book is not None and self._book.handed:
            self._replaced = [*self._replaced, self._book][-MOST_REPLACED:]
        self._end()
        self._book = _PendingRun(source, time())
        self._due = monotonic() + EVERY
        self.status = SaveStatus()

    def resume(self, run: SavedRun, folder: RunFolder) -> None:
        """Keep a run in the folder that it was read from."""
        from core.runs.writer import RunWriter

        # the run that is restored is no longer one that can be; the one that it replaces is saved
        self._replaced = [
            each
            for each in self._replaced
            if each.writer is None or each.writer.folder.path != folder.path
        ]
        self._end()
        header = run.header
        self._book = book = _PendingRun(header.config.source_name, header.created)
        book.writer = RunWriter(folder, header.created, header.rows, header.events, saved=True)
        book.handed = True
        self._books.append(book)
        self._due = monotonic() + EVERY
        self.status = SaveStatus(folder.name)

    @property
    def can_restore(self) -> bool:
        """Whether another run took the place of one that was handed over."""
        return bool(self._replaced)

    def last_replaced(self, seconds: float) -> Path:
        """Return the folder of the last run whose place another took, which is used by no one then.

        Args:
            seconds: to wait until it is written.

        Raises:
            RunError: when there is none, or it could not be written.
        """
        if not self._replaced:
            raise RunError(
                "no run was replaced by a new network, so that none can be restored; "
                "nnfs-tui runs lists those of other sessions"
            )
        book = self._replaced[-1]
        with self._condition:
            if self._thread is None:
                self._books.remove(book)
                _release(book)
            written = self._condition.wait_for(lambda: book not in self._books, seconds)
        if not written or book.writer is None or not book.writer.has_snapshot:
            raise RunError(self.status.problem or "the run before this one is not written yet")
        return book.writer.folder.path

    def add_epochs(self, table: NDArray[np.float64]) -> None:
        """Keep the metrics of epochs, as `timeline.tabulate` makes them."""
        if self._book is not None and len(table):
            with self._condition:
                self._book.since.rows.append(table)

    def add_event(self, epoch: int, what: str, note: str) -> None:
        """Keep what happened to the run."""
        from core.runs.writer import RunEvent

        if self._book is not None:
            with self._condition:
                self._book.since.events.append(RunEvent(time(), epoch, what, note))

    def due_in(self) -> float:
        """Return the seconds until the next save is due; never if there is nothing to keep."""
        return max(0.0, self._due - monotonic())

    def save(self, moment: RunSnapshot) -> None:
        """Hand over the run as it is now."""
        book = self._book
        if book is None:
            return
        with self._condition:
            if not book.handed:
                self._books.append(book)
                book.handed = True
            book.moment = moment
            book.before, book.since = book.before + book.since, _Pending()
            self._due = monotonic() + max(EVERY, SHARE * self._took)
            if self._thread is None:
                self._start_thread()
            self._condition.notify()

    def _start_thread(self) -> None:
        thread = Thread(target=self._serve, name="keeper", daemon=True)
        try:
            start_thread(thread)
        except NotEnoughMemory as error:  # the next save tries again, and training continues
            self.status = SaveStatus(self.status.name, self._sentence(str(error)))
        else:
            self._thread = thread

    @property
    def has_snapshot(self) -> bool:
        """Whether the run was handed over once, so that its end is to be, too."""
        return self._book is not None and self._book.handed

    def close(self, seconds: float) -> bool:
        """Wait up to so long until everything is written; tell whether it is, also by the news."""
        try:
            return self._close(seconds)
        finally:
            if self._keeping.only_replaced and self._parent is not None:
                rmtree(self._parent, ignore_errors=True)

    def _close(self, seconds: float) -> bool:
        newest = self._book
        with self._condition:
            self._end()
            self._closing = True
            self._condition.notify()
        if self._thread is None:
            for book in self._books:
                _release(book)
        else:
            self._thread.join(seconds)
            if self._thread.is_alive():
                problem = f"its last save takes longer than {seconds:g} s, and may be lost"
                self.status = SaveStatus(self.status.name, self._sentence(problem))
                return False
        if newest is not None and newest.writer is not None and self.status.name:
            try:
                newest.writer.check_saved()
            except OSError as error:  # it may have been removed since it was saved
                self.status = SaveStatus("", self._sentence(error.strerror or str(error)))
        return not self.busy

    def _end(self) -> None:
        if self._book is not None:
            with self._condition:
                self._book.over = True
                self._book = None
                self._condition.notify()  # what is over is let go of

    def _serve(self) -> None:
        while True:
            with self._condition:
                while (book := self._next()) is None:
                    if self._closing:
                        return
                    wait = self._retry - monotonic()
                    self._condition.wait(wait if wait > 0 else None)
                if book.moment is None:
                    self._books.remove(book)
                    _release(book)
                    self._condition.notify_all()
                    continue
                moment, book.moment = book.moment, None
                before, book.before = book.before, _Pending()
                self._writing = True
            problem = self._write(book, moment, before)
            with self._condition:
                self._writing = False
                if problem:
                    book.before = before + book.before
                    self._retry = monotonic() + RETRY
                    if book.moment is None:
                        # without anybody who will be there to try again, that was all
                        book.moment = None if book.over or self._closing else moment
                else:
                    self._retry = 0.0
                if book is self._book or self._book is None:
                    is_saved = book.writer is not None and book.writer.has_snapshot
                    name = book.writer.folder.name if book.writer and is_saved else ""
                    self.status = SaveStatus(name, problem)

    def _next(self) -> _PendingRun | None:
        """Return a run with something to be written, or one that is over and has nothing more."""
        if monotonic() < self._retry and not self._closing:
            return None
        waiting = (book for book in self._books if book.moment is not None or book.over)
        return next(waiting, None)

    def _write(self, book: _PendingRun, moment: RunSnapshot, before: _Pending) -> str:
        """Write, and return why not, in a sentence."""
        started = monotonic()
        try:
            if book.writer is None:
                book.writer = self._new_writer(book)
            # with and without diagnostics of so many layers, as they were asked for
            parts = [each[:, : len(COLUMNS)] for each in before.rows]
            table = np.concatenate(parts) if parts else np.empty((0, len(COLUMNS)))
            fresh = not book.writer.has_snapshot
            book.writer.write(moment, table, before.events)
        except Exception as error:
            # nothing that can go wrong here is a reason to end the run
            if book.writer is not None and not book.writer.has_snapshot:
                # a folder without a state would be a damaged run; the next attempt makes another
                book.writer.folder.discard()
                book.writer = None
            reason = error.strerror if isinstance(error, OSError) else str(error)
            if isinstance(error, MemoryError) and not reason:
                reason = "there is not enough memory"
            return self._sentence(reason or str(error))
        self._took = monotonic() - started
        if fresh:
            self._thin()
        return ""

    def _sentence(self, reason: str) -> str:
        parent = self._keeping.parent
        where = "there is no home folder" if parent is None else shown(str(parent))
        return f"this run is not being kept: {where} ({shown(reason)})"

    def _new_writer(self, book: _PendingRun) -> RunWriter:
        from core.runs.folder import RunFolder
        from core.runs.writer import RunWriter

        if self._parent is None and self._keeping.only_replaced:
            self._parent = Path(mkdtemp(prefix="nnfs-tui-"))
        if self._parent is None:
            raise FileNotFoundError(0, "--run-dir names one")
        folder = RunFolder.create(self._parent, book.source, book.created)
        return RunWriter(folder, book.created, NOTHING, NOTHING)

    def _thin(self) -> None:
        from core.runs.catalogue import thin

        if self._keeping.limit is not None and self._keeping.parent is not None:
            replaced = (each.writer for each in self._replaced)
            spared = {each.folder.name for each in replaced if each is not None}
            thin(self._keeping.parent, self._keeping.limit, spared=spared)


def _release(book: _PendingRun) -> None:
    if book.writer is not None:
        book.writer.folder.close()
