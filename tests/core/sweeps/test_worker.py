"""The process of a sweep: outcomes and reports when the screen pulls, failures, and its end."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.process.channel import Channel
from core.process.messages import Pull
from core.sweeps.client import SweepProcess
from core.sweeps.execution import Workers
from core.sweeps.grid import Grid
from core.sweeps.messages import RepeatRuns, StartSweep, SweepProgress
from core.sweeps.reports import Reports, RunReport
from core.sweeps.worker import SweepWorker
from core.training.trainer import Trainer
from tests.terminal.terminal import PATIENCE, is_alive

SMALL = RunConfig(dataset="moons", samples=40, epochs=30)
LONG = RunConfig(dataset="moons", samples=200, epochs=1_000_000, hidden=(32, 32))


class Screen:
    """The screen's side, which pulls as fast as the process replies."""

    def __init__(self, start: StartSweep) -> None:
        self.process = SweepProcess()
        self.finished = 0
        self.reports: dict[int, RunReport] = {}
        self.described: set[int] = set()  # combinations whose samples were sent
        self.last = SweepProgress((), 0)
        self._send(start)

    def _send(self, message: object) -> None:
        self.process.send(message)  # type: ignore[arg-type]

    def repeat(self, *cells: int) -> None:
        self._send(RepeatRuns(cells))
        self.last = SweepProgress((), 0)

    def until(self, done: Callable[[], object]) -> None:
        deadline = monotonic() + PATIENCE
        self._send(Pull())
        while not done():
            assert monotonic() < deadline, self.last
            for event in self.process.receive(1):
                assert isinstance(event, SweepProgress)
                self.finished += len(event.finished)
                for cell, report in event.reports:
                    if report.data is not None:
                        self.described.add(cell)
                    self.reports[cell] = report
                self.last = event
                self._send(Pull())

    def until_ended(self) -> None:
        self.until(lambda: self.last.has_ended)


def group_of(pid: int) -> list[int]:
    """Return the processes of a process group that are running."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def test_outcomes_and_the_weights_of_the_first_seed_of_each_combination(tmp_path: Path) -> None:
    grid = Grid(SMALL, {"hidden": ((2,), (3,))}, (0, 1))
    screen = Screen(StartSweep(grid, None, Workers(1), tmp_path))
    screen.until_ended()
    assert screen.finished == 4
    assert not screen.last.failure
    assert sorted(screen.reports) == [0, 1]
    report = screen.reports[1]
    assert report.has_ended
    assert screen.described == {0, 1}
    trainer = Trainer(grid.cells()[1].runs[0])
    while trainer.stopped is None:
        trainer.advance(float("inf"))
    assert np.array_equal(report.parameters, trainer.network.parameters)
    screen.process.close()
    # of stored outcomes there are no weights, until they are trained again
    again = Screen(StartSweep(grid, None, Workers(1), tmp_path))
    again.until_ended()
    assert again.finished == 4
    assert again.reports == {}
    again.repeat(0, 1)
    again.until_ended()
    assert np.array_equal(again.reports[1].parameters, report.parameters)
    again.process.close()


def test_a_process_within_a_long_run_ends_with_the_screen() -> None:
    start = StartSweep(Grid(LONG, {"l2": (0.0, 0.1)}, (0,)), None, Workers(2), None)
    screen = Screen(start)
    screen.until(lambda: screen.reports)
    assert screen.last.running >= 1
    pid = screen.process.pid
    screen.process.close()
    wait_until_gone(pid)


def wait_until_gone(group: int) -> None:
    deadline = monotonic() + PATIENCE
    while group_of(group):
        assert monotonic() < deadline
        sleep(0.02)


def test_a_combination_that_cannot_be_trained_ends_the_sweep_with_a_sentence() -> None:
    data = SMALL.changed(data="/nowhere.csv")
    screen = Screen(StartSweep(Grid(data, {"l2": (0.0, 0.1)}, (0,)), None, Workers(1), None))
    screen.until_ended()
    assert "nowhere.csv: there is no such file" in screen.last.failure
    screen.process.close()


class Unreadable:
    """A message that cannot be unpickled, as one for which there is no memory."""

    def __reduce__(self) -> tuple[type, tuple[str]]:
        return int, ("no number",)


def test_a_process_that_can_no_longer_serve_the_screen_ends() -> None:
    process = SweepProcess()
    process.send(Unreadable())  # type: ignore[arg-type]
    deadline = monotonic() + PATIENCE
    while not process.ended:
        assert monotonic() < deadline
        process.receive(1)
    process.close()


def test_a_killed_worker_is_reported_and_the_sweep_continues(tmp_path: Path) -> None:
    slow = RunConfig(dataset="moons", samples=200, epochs=200, batch_size=1)
    # of other shapes: not in lockstep; so many that no machine trains them in one process
    widths = tuple((width, last) for width in range(32, 64) for last in range(4, 8))
    start = StartSweep(Grid(slow, {"hidden": widths}, (0,)), None, Workers(2), tmp_path)
    screen = Screen(start)
    pid = screen.process.pid
    # this process, joblib's tracker of resources, and two workers, of which one has trained a run
    screen.until(lambda: len(group_of(pid)) >= 4)
    finished = screen.finished
    screen.until(lambda: screen.finished > finished)
    for each in group_of(pid):
        if each != pid:
            os.kill(each, signal.SIGKILL)
    screen.until_ended()
    assert "a worker was killed" in screen.last.failure
    assert is_alive(pid)
    screen.process.close()
    wait_until_gone(pid)


def test_the_last_report_is_sent_before_the_end_or_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        screen, end = Channel(ours), Channel(theirs)
        worker = SweepWorker(end)
        reports, take = worker._reports, Reports.take
        reports.watch("key", 0)
        last = RunReport("key", SMALL, 30, 1.0, np.zeros(1), np.zeros(1), None, has_ended=True)

        def take_and_end(self: Reports) -> tuple[tuple[int, RunReport], ...]:
            """End the sweep between the two looks of the thread that serves the screen."""
            found = take(self)
            if not worker._has_ended:
                self.receive(last)
                worker._end("")
            return found

        monkeypatch.setattr(Reports, "take", take_and_end)
        worker._send_news()
        worker._send_news()
        known: list[int] = []
        for event in screen.receive(PATIENCE):
            assert isinstance(event, SweepProgress)
            known += [cell for cell, _ in event.reports]
            if event.has_ended:
                break
        assert known == [0]
        assert event.has_ended
    screen.close()
    end.close()
