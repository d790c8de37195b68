"""The remaining time of a sweep, by the durations of the tasks that have ended."""

from dataclasses import replace
from math import nan

import pytest

from core.config.run_config import RunConfig
from core.sweeps import tasks
from core.sweeps.outcome import Outcome, Scores
from core.sweeps.tasks import Tasks, lanes_of

CONFIG = RunConfig()
SCORES = Scores(1.0, 1.0, 1.0, 1.0)
ALONE = Outcome("key", 4, 2.0, "epochs", SCORES, SCORES, 3, nan, True, False)
IN_LOCKSTEP = replace(ALONE, seconds=0.25, lanes=8)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(tasks, "monotonic", lambda: now[0])
    return now


def planned(count: int, *, gains: bool) -> Tasks:
    return Tasks([(CONFIG, str(at)) for at in range(count)], 2, {lanes_of(CONFIG): gains})


def test_the_time_before_the_first_task_has_ended_does_not_count(clock: list[float]) -> None:
    found = planned(100, gains=False)
    for _ in range(6):
        next(iter(found))
    clock[0] += 60  # the scheduler, its workers and the first task
    found.record([ALONE, ALONE])
    assert found.seconds_left() is None
    for left in (96, 94):  # two workers, and runs of two seconds
        clock[0] += 2
        found.record([ALONE, ALONE])
        assert found.seconds_left() == pytest.approx(left)
    clock[0] += 5
    found.record([])
    assert found.seconds_left() == pytest.approx(89)


def test_single_runs_at_the_start_say_nothing_about_those_in_lockstep(clock: list[float]) -> None:
    found = planned(400, gains=True)
    for _ in range(10):
        next(iter(found))
    for _ in range(5):
        found.record([ALONE, ALONE])
        clock[0] += 2
        assert found.seconds_left() is None
    task = next(iter(found))
    assert len(task) == 8
    found.record([IN_LOCKSTEP] * 8)
    # since the first task has ended, runs of 18 seconds were trained in 10
    assert found.seconds_left() == pytest.approx((400 - 18) * 0.25 / 1.8)
