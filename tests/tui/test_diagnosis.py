"""The diagnosis of the run on the screen follows settings, branches and time travel."""

import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.result import Cause, RunState
from core.analysis.diagnosis.trials import RunCopy, measure_references
from core.config.presets import PRESETS
from core.process.messages import (
    Branched,
    Progress,
    ReferencesMeasured,
    Run,
    State,
    StateChanged,
)
from core.training.epoch_log import tabulate
from tui import diagnosis
from tui.run_model import RunModel

SICK = PRESETS["xor"].config(epochs=300, l2=1.0)
HEALTHY = SICK.changed(l2=0.0)


class Bench:
    """A run that trains for real, without a process."""

    def __init__(self, config: RunConfig) -> None:
        self.run = RunModel(config)
        self.begin(config)

    def begin(self, config: RunConfig) -> None:
        self.trainer = Trainer(config)
        self.run.apply(Run(config, self.trainer.data, fresh=True, note=""))
        self.report([self.trainer.measure()])
        self.run.apply(StateChanged(State.TRAINING))

    def report(self, rows: list) -> None:  # type: ignore[type-arg]
        network = self.trainer.network
        parameters, statistics = network.parameters.copy(), network.statistics.copy()
        self.run.apply(Progress(tabulate(rows), parameters, statistics, 30.0))

    def train(self, epochs: int) -> None:
        self.report([self.trainer.train_epoch() for _ in range(epochs)])

    def change(self, **changes: object) -> None:
        config = self.trainer.config.changed(**changes)
        self.trainer.configure(config)
        self.run.apply(Run(config, None, fresh=False, note=""))

    def rest(self) -> RunState | None:
        """Pause and diagnose."""
        self.run.apply(StateChanged(State.PAUSED))
        self.run.diagnosis.update()
        current = self.run.diagnosis.current
        return None if current is None else current.state

    def measure(self) -> None:
        self.run.diagnosis.start_check()
        references = measure_references(RunCopy.of(self.trainer))
        self.run.apply(ReferencesMeasured(references, self.run.diagnosis.requests))

    @property
    def causes(self) -> list[Cause]:
        current = self.run.diagnosis.current
        return [] if current is None else [each.cause for each in current.findings]


@pytest.fixture(scope="module")
def measured() -> Bench:
    bench = Bench(SICK)
    bench.train(100)
    assert bench.rest() is RunState.AT_CHANCE
    assert bench.run.diagnosis.wants_trials
    assert bench.causes == []
    assert bench.run.diagnosis.announcement() == ""
    bench.measure()
    bench.rest()
    return bench


def test_trials_show_the_cause_which_is_announced_once(measured: Bench) -> None:
    run = measured.run
    assert measured.causes == [Cause.PENALTY]
    assert not run.diagnosis.wants_trials
    expected = "stuck at chance level: penalty too strong · 5 shows remedies"
    assert [run.diagnosis.announcement() for _ in range(2)] == [expected, ""]


def test_results_of_trials_belong_to_settings_and_branch() -> None:
    bench = Bench(SICK)
    bench.train(100)
    bench.measure()
    assert bench.rest() is RunState.AT_CHANCE
    bench.change(diagnostics=True)
    bench.rest()
    assert bench.causes == [Cause.PENALTY]
    bench.change(l2=0.5)
    assert bench.rest() is RunState.TOO_EARLY  # the new setting needs epochs
    assert bench.causes == []
    bench.change(l2=1.0)
    bench.run.apply(Branched(50))
    bench.rest()
    assert bench.causes == []
    bench.begin(SICK)
    assert bench.rest() is RunState.TOO_EARLY


def test_the_answer_to_an_earlier_request_does_not_end_the_trials_of_a_new_run() -> None:
    bench = Bench(SICK)
    bench.train(100)
    bench.run.diagnosis.start_check()
    bench.begin(SICK)
    bench.train(100)
    bench.run.diagnosis.start_check()
    bench.run.apply(ReferencesMeasured(None, bench.run.diagnosis.requests - 1))
    assert bench.run.diagnosis.is_checking


def test_a_cause_is_announced_although_a_fast_run_is_compared_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diagnosis, "BETWEEN_CHECKS", 0.0)
    bench = Bench(SICK)
    bench.train(50)
    bench.run.diagnosis.start_check()
    references = measure_references(RunCopy.of(bench.trainer))
    bench.train(100)  # meanwhile
    for _ in range(diagnosis.WAITING):
        bench.run.diagnosis.update()
    bench.run.apply(ReferencesMeasured(references, bench.run.diagnosis.requests))
    bench.run.diagnosis.update()
    assert bench.run.diagnosis.wants_trials
    assert "penalty too strong" in bench.run.diagnosis.announcement()


def test_results_of_trials_are_not_of_a_run_that_trained_with_other_settings_since() -> None:
    bench = Bench(SICK)
    bench.train(100)
    bench.measure()
    bench.change(l2=0.0)
    bench.change(l2=1.0)  # at once: nothing was trained without the penalty
    bench.rest()
    assert bench.causes == [Cause.PENALTY]
    bench.change(l2=0.0)
    bench.train(50)
    bench.change(l2=1.0)
    assert bench.rest() is RunState.TOO_EARLY
    assert bench.causes == []


def test_a_different_diagnosis_is_shown_once_it_has_lasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "BETWEEN_CHECKS", 0.0)
    bench = Bench(HEALTHY.changed(learning_rate=1e-6))
    bench.train(100)
    bench.run.diagnosis.update()
    current = bench.run.diagnosis.current
    assert current is not None
    assert current.state is RunState.AT_CHANCE
    for epoch in range(91, 101):
        row = bench.run.timeline.at(epoch)._replace(train_score=1.0)
        bench.run.timeline.extend(
            tabulate([row, *map(bench.run.timeline.at, range(epoch + 1, 101))])
        )
    shown = []
    for _ in range(diagnosis.LASTING):
        bench.run.diagnosis.update()
        current = bench.run.diagnosis.current
        assert current is not None
        shown.append(current.state)
    assert shown == [RunState.AT_CHANCE] * (diagnosis.LASTING - 1) + [RunState.LEARNT]


def test_a_run_that_trains_has_to_look_stuck_twice_before_trials_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diagnosis, "BETWEEN_CHECKS", 0.0)
    bench = Bench(SICK)
    bench.train(100)
    wanted = []
    for _ in range(diagnosis.WAITING):
        bench.run.diagnosis.update()
        wanted.append(bench.run.diagnosis.wants_trials)
    assert wanted == [False] * (diagnosis.WAITING - 1) + [True]


def test_trials_that_failed_are_repeated_after_twice_as_many_epochs() -> None:
    bench = Bench(SICK)
    bench.train(100)
    bench.rest()
    bench.run.diagnosis.start_check()
    bench.run.apply(ReferencesMeasured(None, bench.run.diagnosis.requests))
    bench.rest()
    assert not bench.run.diagnosis.wants_trials
    bench.train(100)
    bench.rest()
    assert bench.run.diagnosis.wants_trials
