"""Runs that are trained by turns: the numbers of runs one after another, and a fair division."""

import dataclasses
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.sweeps import execution, turns
from core.sweeps.execution import Workers, train
from core.sweeps.outcome import Outcome
from core.sweeps.reports import Reports, RunReport, TaskEnded
from core.sweeps.training import REPORTED_SAMPLES, fresh_score, train_runs
from core.sweeps.turns import Left, shares, train_by_turns

PATIENCE = 90
SMALL = RunConfig(dataset="moons", samples=40, epochs=40)
RUNS = [
    # one in lockstep, one alone, one that diverges
    (SMALL.changed(hidden=(2,)), "small"),
    (SMALL.changed(hidden=(64, 64), batch_size="full", samples=2000, epochs=20), "large"),
    (SMALL.changed(optimizer="sgd", learning_rate=1e8), "diverging"),
]


def watching() -> Reports:
    reports = Reports()
    for cell, (_, key) in enumerate(RUNS):
        reports.watch(key, cell)
    return reports


def numbers(outcomes: list[Outcome]) -> dict[str, str]:
    return {each.key: repr(dataclasses.replace(each, seconds=0.0)) for each in outcomes}


def test_outcomes_are_those_of_runs_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)
    reports = watching()
    outcomes = list(train_by_turns(RUNS, None, reports.reporter()))
    assert numbers(outcomes) == numbers(train_runs(RUNS, None))
    assert {each.key: each.has_ended for _, each in reports.take()} == dict.fromkeys(
        ("small", "large", "diverging"), True
    )
    assert reports.running == 3
    for each in outcomes:
        assert each.seconds > 0
        reports.end(each.key)
    assert reports.running == 0


def test_runs_without_a_turn_are_expected_to_take_as_long_as_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(turns, "TRIAL_SECONDS", 0.0)
    training = train_by_turns(RUNS, None, watching().reporter(), most_seconds=0.0)
    with pytest.raises(StopIteration) as end:
        next(training)
    left: list[Left] = end.value.value
    assert sorted(each.run[1] for each in left) == ["diverging", "large", "small"]
    (seconds,) = {each.seconds for each in left}
    assert seconds > 0


def test_a_network_that_is_too_large_for_a_report_is_not_measured_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[Any] = []

    def measure(*given: Any) -> float:
        measured.append(given[-1])
        return fresh_score(*given)

    monkeypatch.setattr("core.sweeps.training.fresh_score", measure)
    reports = watching()
    for most in (100_000, 1_000):
        measured.clear()
        monkeypatch.setattr("core.sweeps.reports.MOST_PARAMETERS", most)
        train_runs(RUNS[1:2], None, reports.reporter())
        assert measured
        is_reported = REPORTED_SAMPLES in measured
        assert is_reported == (most > 1_000) == bool(reports.take())


def test_two_processes_yield_each_outcome_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "LOCAL_SECONDS", 0.0)
    monkeypatch.setattr(turns, "TRIAL_SECONDS", 0.0)
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)
    reports = watching()
    (late,) = train_runs([(SMALL.changed(epochs=1), "of an earlier round")], None)
    monkeypatch.setattr(execution, "EARLY_SECONDS", 0.0)
    reports.receive(late)
    outcomes = list(train(RUNS, Workers(2), None, reports))
    assert len(outcomes) == 3
    assert numbers(outcomes) == numbers(train_runs(RUNS, None))
    reports.settle()
    assert {each.key for _, each in reports.take() if each.has_ended} == {key for _, key in RUNS}
    reports.close()


def test_reports_that_are_on_their_way_are_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.sweeps.reports.SETTLING_SECONDS", PATIENCE)
    reports = watching()
    (config, key), *_ = RUNS
    target = reports.target([key])
    assert target is not None
    late = RunReport(key, config, 40, 1.0, np.zeros(1), np.zeros(1), None, has_ended=True)

    def arrive() -> None:
        reports.receive(late)
        reports.receive(TaskEnded(target.task))

    Timer(0.3, arrive).start()
    reports.settle()
    assert [each for _, each in reports.take()] == [late]
    reports.close()


def test_without_a_socket_nothing_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 50)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    reports = watching()
    assert [reports.target(["small"]) for _ in range(2)] == [None, None]
    reports.close()
    assert list(folder.iterdir()) == []


def test_workers_have_about_the_same_to_do() -> None:
    left = [Left((SMALL, str(each)), float(each)) for each in (1, 1, 1, 2, 5)]
    assert sorted(sorted(key for _, key in part) for part in shares(left, 2)) == [
        ["1", "1", "1", "2"],
        ["5"],
    ]
    assert len(shares(left[:1], 4)) == 1
