"""Main loop of the process that trains a sweep for the screen.

A thread serves the screen, and the main thread trains, as it has to for signals. When the screen closes
the channel, or no longer exists, this process ends with all processes that it has started: they are in a
process group of their own.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing, suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from core.config.errors import ConfigError
from core.datasets.dataset import DataError
from core.process.channel import Channel
from core.process.messages import Pull
from core.sweeps.execution import SweepError
from core.sweeps.messages import RepeatRuns, StartSweep, SweepProgress
from core.sweeps.reports import Reports
from core.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from core.sweeps.results import FinishedRun

NICENESS: Final = 10
"""Nice value of all processes that train, so that they do not slow down the screen."""

BETWEEN_LOOKS: Final = 0.1
"""Seconds between two looks for news while the screen waits for some."""

FAILURES: Final = (ConfigError, DataError, SweepError, MemoryError, OSError)
"""Exceptions of which the message is a sentence for the user."""


def main(descriptor: int) -> None:
    """Serve the channel at a file descriptor until the other end closes it."""
    SweepWorker(Channel(socket.socket(fileno=descriptor))).run()


class SweepWorker:
    """Trains a sweep, and reports when the screen pulls."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._tasks: SimpleQueue[StartSweep | RepeatRuns] = SimpleQueue()
        self._lock = Lock()
        self._finished: list[FinishedRun] = []
        self._notes: list[str] = []
        self._reports = Reports()
        self._sweep: Sweep | None = None
        self._has_ended, self._failure = False, ""
        self._pulled, self._sent = False, (0, False)

    def run(self) -> None:
        """Train until the screen closes the channel."""
        os.nice(NICENESS)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored by a shell
        Thread(target=self._serve, daemon=True).start()
        try:
            while not self._channel.closed:
                self._train(self._tasks.get())
        except KeyboardInterrupt:
            pass
        finally:
            with suppress(KeyboardInterrupt):
                self._reports.close()
            # also the processes that joblib keeps for a further use
            os.killpg(0, signal.SIGKILL)

    def _train(self, task: StartSweep | RepeatRuns) -> None:
        try:
            if isinstance(task, RepeatRuns):
                self._repeat(task)
            else:
                self._train_sweep(task)
        except FAILURES as error:
            self._end(str(error) or type(error).__name__)
        except Exception as error:
            self._end(f"{type(error).__name__}: {error}")
        else:
            self._reports.settle()
            self._end("")

    def _end(self, failure: str) -> None:
        with self._lock:
            self._has_ended, self._failure = True, failure

    def _train_sweep(self, task: StartSweep) -> None:
        self._reports.begin_sweep()
        self._sweep = sweep = Sweep(
            task.grid.cells(task.number),
            task.workers,
            task.folder,
            halving=task.halving,
            send_files=task.send_files,
            known=task.known,
            reports=self._reports,
        )
        sweep.monitor.announce = self._announce
        with closing(sweep.run()) as runs:
            for run in runs:
                with self._lock:
                    self._finished.append(run)

    def _announce(self, note: str) -> None:
        with self._lock:
            self._notes.append(note)

    def _repeat(self, task: RepeatRuns) -> None:
        """Train runs again whose outcomes are known, for their weights."""
        if self._sweep is not None:
            for _ in self._sweep.repeat(task.cells):
                pass

    # --- the thread that serves the screen

    def _serve(self) -> None:
        try:
            while not self._channel.closed:
                self._receive()
                if self._pulled:
                    self._send_news()
        finally:  # also after an error, since the screen would wait forever
            # the main thread may be within a run, or wait for the processes of joblib
            os.kill(os.getpid(), signal.SIGINT)

    def _receive(self) -> None:
        for command in self._channel.receive(BETWEEN_LOOKS if self._pulled else None):
            if isinstance(command, Pull):
                self._pulled = True
                continue
            with self._lock:
                self._has_ended, self._failure = False, ""
            self._tasks.put(command)

    def _send_news(self) -> None:
        with self._lock:
            # before the rest: everything is known when it has ended, and the screen pulls no more then
            has_ended, failure = self._has_ended, self._failure
        reports, running = self._reports.take(), self._reports.running
        with self._lock:
            finished, self._finished = tuple(self._finished), []
            notes, self._notes = tuple(self._notes), []
        if has_ended:
            running = 0
        is_new = finished or reports or notes or self._sent != (running, has_ended)
        if not is_new:
            return
        sweep = self._sweep
        problem, left = ("", None) if sweep is None else (sweep.problem, sweep.seconds_left)
        self._channel.post(
            SweepProgress(finished, running, reports, problem, has_ended, failure, notes, left)
        )
        self._pulled, self._sent = False, (running, has_ended)
