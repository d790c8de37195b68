"""Saves runs while they are trained, without waiting for the disk.

`RunAutosave` is what the training process and `nnfs-tui train` use. It hands copies to an
`Autosaver`, whose thread writes them every few seconds.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Condition, Thread
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.dataclass import dataclass
from core.memory import NotEnoughMemory, start_thread
from core.runs.atomic_files import NOTHING, RunError, shown
from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.runs.atomic_files import Extent
    from core.runs.codec import Header
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.runs.saved_history import SavedHistory
    from core.runs.saved_seeds import SavedSeedsHistory
    from core.runs.writer import RunEvent, RunWriter
    from core.training.checkpoints import Checkpoint
    from core.training.state import EpochMetrics
    from core.training.stopping import State, Stop

INTERVAL: Final = 2.0
"""Minimum seconds between two saves."""

SHARE: Final = 20
"""A slow save is followed by a pause of this many times its duration."""

MOST_REPLACED: Final = 50
"""Maximum number of replaced runs that can be restored."""

BRIEF: Final = 10.0
"""Seconds after its start within which a replaced run is brief, unless it had ended. Brief runs can be
restored until the process exits; then they are removed, so that many resets do not fill the list."""

RETRY: Final = 5.0
"""Seconds between two attempts to write after an error."""


@dataclass(frozen=True)
class SaveOptions:
    """Folder and maximum number of saved runs.

    Attributes:
        parent: the folder of all run folders, or None if there is no home folder.
        limit: maximum number of saved runs, or None for no limit.
        only_replaced: save a run only when a new network replaces it, so that it can be restored, in a
            folder that is removed at exit.
    """

    parent: Path | None
    limit: int | None = None
    only_replaced: bool = False


@dataclass(frozen=True)
class SaveStatus:
    """Whether the current run is saved.

    Attributes:
        name: of its folder; empty before the first save.
        problem: why it cannot be saved; empty if it can.
    """

    name: str = ""
    problem: str = ""


@dataclass(frozen=True)
class RunSnapshot:
    """The newest checkpoint of a run, and what only the run knows.

    Attributes:
        checkpoint: configuration, data and state of the trainer.
        metrics: of the last epoch that did not diverge.
        state: status of the run.
        ended: why the run had ended when it last stopped; training on clears it.
        extension: epochs that are added when training continues after the last one.
        edited: whether a parameter was edited.
        loss_starts: epochs from which losses are not comparable with those before.
        history: earlier checkpoints.
        view: name of the screen's view; empty without a screen.
        kernels: of the processor that trained it; empty: of this one.
    """

    checkpoint: Checkpoint
    metrics: EpochMetrics
    state: State
    ended: Stop | None = None
    extension: int = 1
    edited: bool = False
    loss_starts: tuple[int, ...] = (0,)
    history: SavedHistory | None = None
    view: str = ""
    kernels: str = ""

    @property
    def columns(self) -> int:
        """Number of columns of the metrics that are saved: those of layers, if any, are not."""
        return len(COLUMNS)

    @property
    def past(self) -> SavedHistory | SavedSeedsHistory | None:
        """Checkpoints that are written with it; None leaves those that were written before."""
        return self.history

    @property
    def options(self) -> str:
        """Options of the command line in addition to the settings."""
        return ""

    def encode(
        self, created: float, saved: float, rows: Extent, events: Extent
    ) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
        """Return it as JSON values and named arrays, without its history."""
        from core.runs.codec import encode_snapshot

        return encode_snapshot(self, created, saved, rows, events)


@dataclass(frozen=True)
class ReplacedRun:
    """A run that another one has replaced, and that can be restored.

    Attributes:
        path: of its folder.
        is_brief: whether it is removed when the process exits.
    """

    path: Path
    is_brief: bool = False


class RunAutosave:
    """Saves the current run, with checkpoints for time travel after it is resumed.

    Attributes:
        history: the saved checkpoints of the current run.
        view: name of the screen's view, which is saved with the run; empty without a screen.
    """

    def __init__(self, options: SaveOptions) -> None:
        self._autosaver = Autosaver(options)
        self.history: SavedHistory | None = None
        self.view = ""
        self._resumed: Header | None = None

    def start(self) -> None:
        """Start the thread that writes, with the priority that this process has now."""
        self._autosaver.start()

    def begin(self, start: Checkpoint, description: str) -> None:
        """Save a new run from here on."""
        from core.runs.saved_history import SavedHistory

        self.history, self._resumed = SavedHistory((start,)), None
        self._autosaver.begin(start.config.source_name)
        self._autosaver.add_event(0, "began", description)

    def resume(
        self, run: SavedRun, folder: RunFolder, start: Checkpoint, history: SavedHistory | None
    ) -> None:
        """Continue to save a run in its folder; its history starts here if none could be read."""
        from core.runs.saved_history import SavedHistory

        self.history = history or SavedHistory((start,), was_edited=run.header.edited)
        self.view, self._resumed = self.view or run.header.view, run.header
        self._autosaver.resume(run, folder)

    def with_history(self, snapshot: RunSnapshot) -> RunSnapshot:
        """Return the snapshot with the history up to it."""
        state, resumed = snapshot.checkpoint.state, self._resumed
        if resumed is not None and (state.epoch, state.batches.next) != (
            resumed.epoch,
            resumed.batch,
        ):
            resumed = self._resumed = None  # trained here
        kernels = "" if resumed is None else resumed.kernels
        snapshot = replace(snapshot, view=self.view, kernels=kernels)
        if self.history is None:
            return snapshot
        history = self.history.with_checkpoint(snapshot.checkpoint, was_edited=snapshot.edited)
        return replace(snapshot, history=history)

    def save(self, snapshot: RunSnapshot) -> None:
        """Save the newest snapshot of the run."""
        snapshot = self.with_history(snapshot)
        self.history = snapshot.history
        self._autosaver.save(snapshot)


@dataclass
class _Pending:
    """Epochs and events between two snapshots."""

    rows: list[NDArray[np.float64]] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)

    def __add__(self, later: _Pending) -> _Pending:
        return _Pending(self.rows + later.rows, self.events + later.events)


@dataclass
class _PendingRun:
    """One run, from its first epoch to its last save.

    Attributes:
        started: time of its start in this session, by the monotonic clock; None if it was saved in an
            earlier one.
        snapshot: to be written next.
        before: epochs and events up to that snapshot; later ones must not be written with it.
        since: epochs and events after it.
        was_saved: whether a snapshot was handed over.
        over: whether another run has replaced it.
        has_ended: whether it was finished or had diverged at the last snapshot.
        is_brief: whether it was replaced soon after its start.
        adopted: its folder, if a process that has ended had replaced it.
    """

    source: str
    created: float
    started: float | None = None
    writer: RunWriter | None = None
    snapshot: RunSnapshot | None = None
    before: _Pending = field(default_factory=_Pending)
    since: _Pending = field(default_factory=_Pending)
    was_saved: bool = False
    over: bool = False
    has_ended: bool = False
    is_brief: bool = False
    adopted: Path | None = None

    @property
    def path(self) -> Path | None:
        """The folder, once a snapshot is in it."""
        if self.writer is not None and self.writer.has_snapshot:
            return self.writer.folder.path
        return self.adopted

    def mark_replaced(self) -> None:
        """Record that another run replaces this one."""
        young = self.started is not None and monotonic() - self.started < BRIEF
        self.is_brief = young and not self.has_ended

    def close(self) -> None:
        """Close the folder."""
        if self.writer is not None:
            self.writer.folder.close()


class Autosaver:
    """Queue of runs to write, and the thread that writes them; only `close` waits for it.

    Attributes:
        status: of the current run.
        replaced: the replaced runs that are written, the last one last.
    """

    def __init__(self, options: SaveOptions) -> None:
        self._options = options
        self._parent = options.parent
        self._replaced: list[_PendingRun] = []
        self._dropped: list[_PendingRun] = []  # brief runs that can no longer be restored
        self.replaced: tuple[ReplacedRun, ...] = ()
        self._condition = Condition()
        self._pending: list[_PendingRun] = []
        self._run: _PendingRun | None = None
        self._thread: Thread | None = None
        self._closing = self._writing = False
        self._due = 0.0
        self._duration = 0.0
        self._retry = 0.0
        self.status = SaveStatus()

    @property
    def busy(self) -> bool:
        """Whether a snapshot is not written yet."""
        with self._condition:
            return self._writing or any(run.snapshot is not None for run in self._pending)

    def begin(self, source: str) -> None:
        """Save a new run from here on; the previous one can be restored if it was ever saved."""
        if self._run is not None and self._run.was_saved:
            self._run.mark_replaced()
            replaced = [*self._replaced, self._run]
            self._dropped += replaced[:-MOST_REPLACED]
            self._replaced = replaced[-MOST_REPLACED:]
        self._finish_run()
        self._remove_dropped()
        self._run = _PendingRun(source, time(), monotonic())
        self._due = monotonic() + INTERVAL
        self.status = SaveStatus()

    def resume(self, saved: SavedRun, folder: RunFolder) -> None:
        """Continue to save a run in its folder."""
        from core.runs.writer import RunWriter

        if self._run is not None:
            self._run.mark_replaced()
            self._dropped.append(self._run)
        # the restored run is now the current one, no longer a replaced one
        was_brief = any(each.is_brief for each in self._replaced if each.path == folder.path)
        self._replaced = [each for each in self._replaced if each.path != folder.path]
        self._finish_run()
        header = saved.header
        started = monotonic() if was_brief else None
        self._run = run = _PendingRun(header.config.source_name, header.created, started)
        run.writer = RunWriter(folder, header.created, header.rows, header.events, saved=True)
        run.was_saved = True
        self._pending.append(run)
        self._due = monotonic() + INTERVAL
        self.status = SaveStatus(folder.name)

    def adopt(self, replaced: Sequence[ReplacedRun]) -> None:
        """Take over the runs that a process that has ended had replaced."""
        self._replaced = [
            _PendingRun("", 0.0, was_saved=True, is_brief=each.is_brief, adopted=each.path)
            for each in replaced[-MOST_REPLACED:]
        ]
        if self._options.only_replaced and replaced:
            self._parent = replaced[0].path.parent
        self._list_replaced()

    @property
    def can_restore(self) -> bool:
        """Whether a replaced run can be restored."""
        return bool(self._replaced)

    def last_replaced(self, seconds: float) -> Path:
        """Return the folder of the last replaced run, and close it.

        Args:
            seconds: to wait until it is written.

        Raises:
            RunError: when there is none, or it could not be written.
        """
        if not self._replaced:
            raise RunError(
                "no run was replaced by a new network, so there is none to restore; "
                "nnfs-tui runs lists those of other sessions"
            )
        run = self._replaced[-1]
        with self._condition:
            if self._thread is None and run in self._pending:
                self._pending.remove(run)
                run.close()
            written = self._condition.wait_for(lambda: run not in self._pending, seconds)
        if not written or run.path is None:
            raise RunError(self.status.problem or "the previous run is not written yet")
        return run.path

    def add_epochs(self, table: NDArray[np.float64]) -> None:
        """Add the metrics of epochs, as `epoch_log.tabulate` returns them."""
        if self._run is not None and len(table):
            with self._condition:
                self._run.since.rows.append(table)

    def add_event(self, epoch: int, kind: str, note: str) -> None:
        """Add an entry to the event log of the run."""
        from core.runs.writer import RunEvent

        if self._run is not None:
            with self._condition:
                self._run.since.events.append(RunEvent(time(), epoch, kind, note))

    def due_in(self) -> float:
        """Return the seconds until the next save."""
        return max(0.0, self._due - monotonic())

    def save(self, snapshot: RunSnapshot) -> None:
        """Hand over the newest snapshot of the run."""
        run = self._run
        if run is None:
            return
        with self._condition:
            if not run.was_saved:
                self._pending.append(run)
                run.was_saved = True
            run.snapshot = snapshot
            run.has_ended = snapshot.ended is not None
            run.before, run.since = run.before + run.since, _Pending()
            self._due = monotonic() + max(INTERVAL, SHARE * self._duration)
            try:
                self._start_thread()
            except NotEnoughMemory as error:  # the next save tries again, and training continues
                self.status = SaveStatus(self.status.name, self._not_saved(str(error)))
            self._condition.notify()

    def start(self) -> None:
        """Start the thread before the first save: it keeps the priority that this thread has now."""
        with suppress(NotEnoughMemory):  # the first save tries again
            self._start_thread()

    def _start_thread(self) -> None:
        if self._thread is None:
            thread = Thread(target=self._write_pending, name="autosaver", daemon=True)
            start_thread(thread)
            self._thread = thread

    @property
    def has_snapshot(self) -> bool:
        """Whether the current run was saved before, so that its end must be saved too."""
        return self._run is not None and self._run.was_saved

    def close(self, seconds: float) -> bool:
        """Wait until everything is written, and return whether it is; `status` has the reason if not."""
        try:
            return self._close(seconds)
        finally:
            if self._options.only_replaced and self._parent is not None:
                rmtree(self._parent, ignore_errors=True)
            else:
                self._dropped += self._replaced
                self._remove_dropped()

    def _close(self, seconds: float) -> bool:
        newest = self._run
        with self._condition:
            self._finish_run()
            self._closing = True
            self._condition.notify()
        if self._thread is None:
            for run in self._pending:
                run.close()
        else:
            self._thread.join(seconds)
            if self._thread.is_alive():
                problem = f"its last save takes longer than {seconds:g} s, and may be lost"
                self.status = SaveStatus(self.status.name, self._not_saved(problem))
                return False
        if newest is not None and newest.writer is not None and self.status.name:
            try:
                newest.writer.check_saved()
            except OSError as error:  # it may have been removed since it was saved
                self.status = SaveStatus("", self._not_saved(error.strerror or str(error)))
        return not self.busy

    def _finish_run(self) -> None:
        if self._run is not None:
            with self._condition:
                self._run.over = True
                self._run = None
                self._list_replaced()
                self._condition.notify()  # its folder can be closed

    def _list_replaced(self) -> None:
        with self._condition:
            written = ((each.path, each.is_brief) for each in self._replaced)
            self.replaced = tuple(
                ReplacedRun(path, is_brief) for path, is_brief in written if path is not None
            )

    def _remove_dropped(self) -> None:
        """Remove the folders of brief runs that can no longer be restored."""
        from core.runs.catalogue import remove

        left = []
        for run in self._dropped:
            if not run.is_brief:
                continue
            try:
                if run.path is not None:
                    remove(run.path)
                    continue
            except RunError:
                # its folder is still open, or it is gone: another run may soon have its name
                if run.path is not None and not os.path.lexists(run.path):
                    continue
            left.append(run)
        self._dropped = left

    def _write_pending(self) -> None:
        """Write snapshots until the autosaver is closed; runs in the thread."""
        while True:
            with self._condition:
                while (run := self._next()) is None:
                    if self._closing:
                        return
                    wait = self._retry - monotonic()
                    self._condition.wait(wait if wait > 0 else None)
                if run.snapshot is None:
                    self._pending.remove(run)
                    run.close()
                    self._condition.notify_all()
                    continue
                snapshot, run.snapshot = run.snapshot, None
                before, run.before = run.before, _Pending()
                self._writing = True
            problem = self._write(run, snapshot, before)
            with self._condition:
                self._writing = False
                if problem:
                    run.before = before + run.before
                    self._retry = monotonic() + RETRY
                    if run.snapshot is None:
                        # no further attempt for a run that is over
                        run.snapshot = None if run.over or self._closing else snapshot
                else:
                    self._retry = 0.0
                    if run.over:
                        self._list_replaced()
                if run is self._run or self._run is None:
                    is_saved = run.writer is not None and run.writer.has_snapshot
                    name = run.writer.folder.name if run.writer and is_saved else ""
                    self.status = SaveStatus(name, problem)

    def _next(self) -> _PendingRun | None:
        """Return a run with a snapshot to write, or one that is over and can be closed."""
        if monotonic() < self._retry and not self._closing:
            return None
        waiting = (run for run in self._pending if run.snapshot is not None or run.over)
        return next(waiting, None)

    def _write(self, run: _PendingRun, snapshot: RunSnapshot, before: _Pending) -> str:
        """Write a snapshot; return the problem, or an empty string."""
        started = monotonic()
        try:
            if run.writer is None:
                run.writer = self._new_writer(run)
            # the number of further columns depends on the layers, if diagnostics are on
            parts = [each[:, : snapshot.columns] for each in before.rows]
            table = np.concatenate(parts) if parts else np.empty((0, snapshot.columns))
            is_first = not run.writer.has_snapshot
            run.writer.write(snapshot, table, before.events)
        except Exception as error:
            # no error in saving may end the training
            if run.writer is not None and not run.writer.has_snapshot:
                # a folder without a snapshot would be listed as damaged; the next attempt makes another
                run.writer.folder.discard()
                run.writer = None
            reason = error.strerror if isinstance(error, OSError) else str(error)
            if isinstance(error, MemoryError) and not reason:
                reason = "there is not enough memory"
            return self._not_saved(reason or str(error))
        self._duration = monotonic() - started
        if is_first:
            self._thin()
        return ""

    def _not_saved(self, reason: str) -> str:
        parent = self._options.parent
        where = "there is no home folder" if parent is None else shown(str(parent))
        return f"this run is not saved: {where} ({shown(reason)})"

    def _new_writer(self, run: _PendingRun) -> RunWriter:
        from core.runs.folder import RunFolder
        from core.runs.writer import RunWriter

        if self._parent is None and self._options.only_replaced:
            self._parent = Path(mkdtemp(prefix="nnfs-tui-"))
        if self._parent is None:
            raise FileNotFoundError(0, "--run-dir specifies one")
        folder = RunFolder.create(self._parent, run.source, run.created)
        return RunWriter(folder, run.created, NOTHING, NOTHING)

    def _thin(self) -> None:
        from core.runs.catalogue import thin

        limit, parent = self._options.limit, self._options.parent
        if limit is not None and parent is not None:
            kept = [each for each in (*self._replaced, *self._dropped) if each.path is not None]
            # dropped runs are removed by `_remove_dropped` alone: another run could take the name of
            # one that is gone, and would be removed in its place
            excluded = {each.path.name for each in kept if each.path is not None}
            # brief runs are removed at exit, and must not displace others
            thin(parent, limit + sum(each.is_brief for each in kept), excluded=excluded)
