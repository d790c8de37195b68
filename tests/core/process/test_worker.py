"""The real training process: handles commands, loses no epoch, and exits with its parent."""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.process.channel import Channel
from core.process.client import TrainingProcess
from core.process.messages import (
    Command,
    Configure,
    Event,
    Failed,
    NextStepFound,
    Pause,
    Progress,
    Pull,
    Resume,
    Run,
    SetSpeed,
    ShowNextStep,
    Start,
    State,
    StateChanged,
    Step,
)
from core.training.epoch_log import EpochLog, tabulate
from core.training.state import EpochMetrics
from core.training.stopping import Stop

PATIENCE = 240
ENDLESS = RunConfig(epochs=100_000_000)


class Watcher:
    """Sends commands to a process, and records its events."""

    def __init__(self, process: TrainingProcess) -> None:
        self.process = process
        self.events: list[Event] = []

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.process.send(command)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, self.events[-3:]
            assert not self.process.ended, self.process.why_it_ended()
            self.events += self.process.receive(0.05)

    def until_state(self, state: State) -> StateChanged:
        self.events.clear()

        def told() -> list[StateChanged]:
            changes = [event for event in self.events if isinstance(event, StateChanged)]
            return [change for change in changes if change.state is state]

        self.until(lambda: bool(told()))
        return told()[0]

    def rows(self) -> list[EpochMetrics]:
        return [row for event in self.events if isinstance(event, Progress) for row in event.rows()]

    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]

    def runs(self) -> list[Run]:
        return [event for event in self.events if isinstance(event, Run)]


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess()
    yield Watcher(process)
    process.close()


def test_every_epoch_arrives_and_is_the_one_that_a_trainer_gives(watcher: Watcher) -> None:
    config = RunConfig(epochs=500)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.FINISHED)
    trainer = Trainer(config)
    expected = [trainer.measure(), *(trainer.train_epoch() for _ in range(500))]
    assert watcher.rows() == expected
    last = [event for event in watcher.events if isinstance(event, Progress)][-1]
    assert np.array_equal(last.parameters, trainer.network.parameters)


def test_training_gives_way_to_screens_once_the_first_run_is_handed_over(watcher: Watcher) -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, watcher.process.pid)

    own = os.getpriority(os.PRIO_PROCESS, 0)
    watcher.send(Start(RunConfig(dataset="xor", epochs=10**6)))
    watcher.until(lambda: niceness() != own)
    assert niceness() == min(19, own + 10)
    # once, however many runs follow
    watcher.send(Start(ENDLESS, paused=True), Pause())
    watcher.until_state(State.PAUSED)
    assert niceness() == min(19, own + 10)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no nice value")
def test_the_last_save_for_which_the_screen_waits_does_not_give_way(watcher: Watcher) -> None:
    own, process = os.getpriority(os.PRIO_PROCESS, 0), watcher.process.pid
    watcher.send(Start(RunConfig(dataset="xor", epochs=10**6)))
    watcher.until(lambda: os.getpriority(os.PRIO_PROCESS, process) != own)
    threads = [int(each.name) for each in Path(f"/proc/{process}/task").iterdir()]
    others = [os.getpriority(os.PRIO_PROCESS, each) for each in threads if each != process]
    # one writes, the other ends the process
    assert others == [own, own]


def test_at_rest_the_next_step_is_reported_and_then_taken(watcher: Watcher) -> None:
    config = RunConfig(dataset="xor", hidden=(4,), batch_size="full", epochs=1000)
    watcher.send(ShowNextStep(is_shown=True), Start(config, paused=True))

    def found() -> list[NextStepFound]:
        return [event for event in watcher.events if isinstance(event, NextStepFound)]

    for epoch in range(3):
        watcher.until(lambda: bool(found()))
        step, parameters = found()[-1].step, watcher.progress()[-1].parameters
        assert step is not None
        assert step.epoch == epoch
        assert np.array_equal(step.parameters, parameters)
        watcher.events.clear()
        watcher.send(Step(1))
        watcher.until(lambda: bool(watcher.progress()))
        after = watcher.progress()[-1].parameters
        assert np.array_equal(after - parameters, step.change)
    # other settings have another next step
    watcher.until(lambda: bool(found()))
    before = found()[-1].step
    watcher.events.clear()
    watcher.send(Configure({"learning_rate": 0.5}))
    watcher.until(lambda: bool(found()))
    now = found()[-1].step
    assert before is not None
    assert now is not None
    assert np.array_equal(now.parameters, before.parameters)
    assert not np.array_equal(now.change, before.change)


def test_pulling_pausing_and_slowing_change_no_number(watcher: Watcher) -> None:
    # several seconds at the highest speed, so that no pause comes after the end
    config = RunConfig(batch_size="full", epochs=4000)
    watcher.send(Start(config), SetSpeed(300.0), Pull())
    rows: list[EpochMetrics] = []
    for speed in (100.0, 1000.0, None):
        watcher.send(Pause())
        watcher.until_state(State.PAUSED)
        rows += watcher.rows()
        watcher.send(SetSpeed(speed), Pull(), Resume())
        watcher.until_state(State.TRAINING)
        rows += watcher.rows()
    watcher.until_state(State.FINISHED)
    rows += watcher.rows()
    trainer = Trainer(config)
    assert rows == [trainer.measure(), *(trainer.train_epoch() for _ in range(config.epochs))]


def test_pausing_keeps_the_epoch_still(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(ENDLESS), Pull())
    watcher.until(lambda: any(row.epoch > 0 for row in watcher.rows()))
    watcher.send(Pause())
    watcher.until_state(State.PAUSED)
    # a command that is answered shows that the process had every chance to train on
    watcher.send(Pull(), Configure({"learning_rate": 0.5}))
    watcher.events.clear()
    watcher.until(lambda: bool(watcher.runs()) and bool(watcher.rows()))
    still = watcher.rows()[-1].epoch
    watcher.send(Step(1))
    watcher.until_state(State.PAUSED)
    watcher.until(lambda: any(row.epoch > still for row in watcher.rows()))
    assert watcher.rows()[-1].epoch == still + 1


def test_a_step_pauses_first_and_then_trains_just_that_many(watcher: Watcher) -> None:
    watcher.send(SetSpeed(0.01), Start(ENDLESS))  # one epoch, and none while the test waits
    watcher.until_state(State.TRAINING)
    watcher.send(Step(10))
    watcher.until_state(State.PAUSED)
    before = max((row.epoch for row in watcher.rows()), default=0)
    watcher.until(lambda: any(row.epoch >= before + 10 for row in watcher.rows()) or before > 9)
    assert watcher.rows()[-1].epoch in {10, 11}


def test_the_pace_is_kept_however_often_progress_is_pulled(watcher: Watcher) -> None:
    watcher.send(SetSpeed(5.0), Start(ENDLESS))
    watcher.until_state(State.TRAINING)
    started = monotonic()
    while monotonic() < started + 1 or not any(row.epoch for row in watcher.rows()):
        assert monotonic() < started + PATIENCE
        watcher.send(Pull())
        watcher.events += watcher.process.receive(0.005)
    watcher.send(Pause())
    watcher.until(lambda: isinstance(watcher.events[-1], StateChanged))
    elapsed = monotonic() - started
    assert 1 <= watcher.rows()[-1].epoch <= 5 * elapsed + 2


def test_a_step_that_goes_past_the_end_moves_the_end(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=20)), Step(30))
    watcher.until_state(State.FINISHED)
    assert watcher.runs()[-1].config.epochs == watcher.rows()[-1].epoch
    assert watcher.rows()[-1].epoch >= 30


def test_pausing_a_paused_run_has_no_effect(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=20)))
    watcher.until_state(State.FINISHED)
    watcher.send(Pause(), Resume())
    watcher.until_state(State.FINISHED)
    assert watcher.runs()[-1].config.epochs == 40


def test_changes_add_up_and_each_is_answered(watcher: Watcher) -> None:
    watcher.send(Start(ENDLESS, paused=True))
    watcher.until_state(State.PAUSED)
    watcher.send(Configure({"learning_rate": 0.02}), Configure({"activation": "relu"}))
    watcher.send(Configure({"classes": 3}))
    watcher.until(lambda: bool(watcher.runs()) and watcher.runs()[-1].answered == 4)
    config = watcher.runs()[-1].config
    assert (config.learning_rate, config.activation, config.classes) == (0.02, "relu", None)
    assert "2 or auto for moons" in watcher.runs()[-1].note


def test_a_reset_gives_the_same_run_again(watcher: Watcher) -> None:
    config = RunConfig(epochs=50)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.FINISHED)
    first = watcher.rows()
    watcher.send(Start(config))
    watcher.until_state(State.FINISHED)
    assert watcher.rows() == first
    assert watcher.runs()[0].fresh


def test_resuming_after_the_end_extends_the_run(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=20)))
    watcher.until_state(State.FINISHED)
    watcher.send(Resume())
    watcher.until_state(State.FINISHED)
    assert watcher.runs()[0].config.epochs == 40
    assert watcher.rows()[-1].epoch == 40
    watcher.send(Step(3))
    watcher.until_state(State.FINISHED)
    assert watcher.rows()[-1].epoch == 43


def test_a_change_takes_effect_in_the_next_epoch_without_a_reset(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(ENDLESS), Pull())
    watcher.until(lambda: len(watcher.rows()) > 1)
    watcher.send(Configure({"learning_rate": 0.002}))
    watcher.until(lambda: len(watcher.runs()) > 1)
    run = watcher.runs()[-1]
    assert not run.fresh
    assert run.note == "learning rate 0.01 → 0.002: trained weights kept"
    assert run.data is None
    watcher.send(Pause())
    watcher.until(lambda: isinstance(watcher.events[-1], StateChanged))
    rows = watcher.rows()
    rates = [row.learning_rate for row in rows]
    assert [row.epoch for row in rows] == list(range(len(rows)))
    assert rates == sorted(rates, reverse=True)


def test_a_new_shape_restarts_the_run_and_says_so(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(ENDLESS))
    watcher.until_state(State.TRAINING)
    watcher.send(Configure({"dataset": "spiral"}), Pull())
    watcher.until(lambda: any(run.config.dataset == "spiral" for run in watcher.runs()))
    run = watcher.runs()[-1]
    assert run.fresh
    assert run.data is not None
    assert len(run.data.class_names) == 3
    assert "a new network, from epoch 0" in run.note


def test_a_batch_size_above_the_training_set_is_reported_when_it_begins(watcher: Watcher) -> None:
    note = "batch size {} is larger than the training set: each step uses all 150 samples"
    watcher.send(SetSpeed(None), Start(ENDLESS.changed(batch_size=200), paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    assert watcher.runs()[0].note == note.format(200)
    sizes = [151, 150, "full"]
    watcher.send(*(Configure({"batch_size": size}) for size in sizes), Configure({"l2": 0.1}))
    watcher.until(lambda: len(watcher.runs()) == 5)
    notes = [run.note for run in watcher.runs()[1:]]
    assert note.format(151) in notes[0]
    assert not any("larger" in each for each in notes[1:])
    watcher.send(Configure({"batch_size": 151}), Configure({"samples": 100}))
    watcher.until(lambda: len(watcher.runs()) == 7)
    assert "each step uses all 75 samples" in watcher.runs()[-1].note


def test_divergence_stops_the_run_and_a_lower_rate_recovers_it(watcher: Watcher) -> None:
    config = RunConfig(activation="relu", optimizer="sgd", learning_rate=1e6)
    watcher.send(SetSpeed(None), Start(config))
    change = watcher.until_state(State.DIVERGED)
    assert "epoch 1" in change.note
    assert "try a lower learning rate" in change.note
    last = [event for event in watcher.events if isinstance(event, Progress)][-1]
    assert last.rows()[-1].epoch == 1
    assert np.isfinite(last.parameters).all()
    assert np.array_equal(last.parameters, Trainer(config).network.parameters)
    watcher.send(Configure({"learning_rate": 0.01}))
    watcher.until_state(State.PAUSED)
    assert [row.epoch for row in watcher.rows()] == [0]
    watcher.send(Resume())
    watcher.until_state(State.FINISHED)
    assert watcher.rows()[0].epoch == 1
    watcher.send(Start(config.changed(learning_rate=0.1, epochs=3)))
    watcher.until_state(State.FINISHED)


def test_a_run_that_diverged_stays_so_when_measurements_are_switched_on(watcher: Watcher) -> None:
    config = RunConfig(activation="relu", optimizer="sgd", learning_rate=1e6)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.DIVERGED)
    watcher.send(Configure({"diagnostics": True}), Configure({"diagnostics": False}))
    watcher.until(lambda: [run.config.diagnostics for run in watcher.runs()][-2:] == [True, False])
    states = [event.state for event in watcher.events if isinstance(event, StateChanged)]
    assert states[-1] is State.DIVERGED


def test_what_does_not_fit_into_the_memory_is_refused_and_the_run_continues(
    watcher: Watcher,
) -> None:
    most = 1 << 30
    resource.prlimit(watcher.process.pid, resource.RLIMIT_AS, (most, most))
    config = ENDLESS.changed(dataset="xor", hidden=(8,))
    watcher.send(Start(config), Configure({"hidden": (4096,) * 4}), SetSpeed(None), Pull())
    watcher.until(lambda: bool(watcher.runs()[1:]))
    refused = watcher.runs()[-1]
    assert "50,364,418 parameters" in refused.note
    assert " MB; choose fewer units" in refused.note
    assert not refused.fresh
    assert refused.config.hidden == (8,)
    before = watcher.rows()[-1].epoch
    watcher.send(Pull())
    watcher.until(lambda: watcher.rows()[-1].epoch > before)


def limit_memory(watcher: Watcher, more: int) -> None:
    """Limit the address space of the process to `more` bytes above its current size."""
    pid = watcher.process.pid
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + more
    resource.prlimit(pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def test_a_library_that_does_not_fit_into_the_memory_is_refused_in_a_sentence(
    watcher: Watcher,
) -> None:
    watcher.send(Start(ENDLESS.changed(dataset="xor")))
    watcher.until(lambda: bool(watcher.runs()))
    for changes in ({"dataset": "digits"}, {"activation": "gelu"}):
        limit_memory(watcher, 100 << 20)  # OpenBLAS would end the process, or never return
        watcher.events.clear()
        watcher.send(Configure(changes), Pull())
        watcher.until(lambda: bool(watcher.runs()))
        assert "not enough memory to import sci" in watcher.runs()[0].note.lower()
        assert watcher.runs()[0].config.dataset == "xor"


def test_a_run_that_gets_no_memory_pauses_and_resumes_when_there_is_some(watcher: Watcher) -> None:
    config = RunConfig(dataset="xor", hidden=(2900, 2900), optimizer="sgd", epochs=3)
    watcher.send(Start(config, paused=True))
    watcher.until_state(State.PAUSED)
    # until it waits for a command: it has sent everything, but may not have freed the copies yet
    watcher.until(lambda: _stat(watcher.process.pid)[0] == "S")
    # less than a copy of the parameters, which are so many (over 32 MiB) that no free memory of the
    # process can take them, but enough for everything else
    limit_memory(watcher, 24 << 20)
    watcher.send(Resume(), SetSpeed(None), Pull())
    change = watcher.until_state(State.PAUSED)
    assert "8,427,402 parameters" in change.note
    assert "choose fewer units" in change.note
    limit_memory(watcher, 1 << 30)
    watcher.send(Resume(), Pull())
    watcher.until_state(State.FINISHED)
    interrupted = watcher.progress()[-1]
    watcher.send(Start(config))
    watcher.until_state(State.FINISHED)
    assert watcher.progress()[-1].rows()[-1] == interrupted.rows()[-1]
    assert np.array_equal(watcher.progress()[-1].parameters, interrupted.parameters)


def test_a_process_that_is_killed_says_so(watcher: Watcher) -> None:
    watcher.send(Start(ENDLESS))
    watcher.until_state(State.TRAINING)
    os.kill(watcher.process.pid, signal.SIGKILL)
    while not watcher.process.ended:
        watcher.process.receive(1)
    assert watcher.process.why_it_ended() == "the training process was killed (SIGKILL)"


def test_an_exception_in_the_process_is_reported_with_its_reason(watcher: Watcher) -> None:
    watcher.process._channel.post(Start("no config"))  # type: ignore[arg-type]
    while not watcher.process.ended:
        watcher.events += watcher.process.receive(1)
    assert isinstance(watcher.events[-1], Failed)
    assert "AttributeError" in watcher.events[-1].reason
    assert "status 1: AttributeError" in watcher.process.why_it_ended()


def test_the_process_exits_when_its_parent_dies() -> None:
    program = (
        "import os, signal; from core import RunConfig;"
        "from core.process.client import *; from core.process.messages import *;"
        "p = TrainingProcess(); p.send(SetSpeed(None)); p.send(Start(RunConfig(epochs=10**8)));"
        "p.receive(20); print(p.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, check=False, timeout=PATIENCE
    )
    assert dead.returncode == -signal.SIGKILL
    pid = int(dead.stdout)
    deadline = monotonic() + PATIENCE
    while _is_alive(pid):
        assert monotonic() < deadline


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/pid/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _is_alive(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_screen_that_reads_nothing_does_not_hold_training_up(watcher: Watcher) -> None:
    # without a reader the socket is full after some 200 kB; a report here has 200 kB of parameters
    config = RunConfig(hidden=(220, 220), samples=40, batch_size="full", epochs=100_000_000)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.TRAINING)
    for _ in range(10):
        watcher.send(Pull(), Pull())
    before = _cpu_seconds(watcher.process.pid)
    deadline = monotonic() + PATIENCE
    while _cpu_seconds(watcher.process.pid) < before + 0.5:
        assert monotonic() < deadline
    watcher.send(Pause())
    watcher.until_state(State.PAUSED)


def _cpu_seconds(pid: int) -> float:
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_a_channel_carries_messages_larger_than_the_socket_takes_at_once() -> None:
    one, other = (Channel(end) for end in socket.socketpair())
    large = np.arange(3_000_000)
    one.post(large)
    one.post("after it")
    received: list[object] = []
    while len(received) < 2:
        received += other.receive(0.01)
        one.receive(0)
    assert np.array_equal(received[0], large)  # type: ignore[arg-type]
    assert received[1] == "after it"
    one.close()
    assert other.receive(1) == []
    assert other.closed
    other.close()


def test_the_timeline_keeps_epochs_in_order_and_lets_one_be_replaced() -> None:
    timeline = EpochLog()
    assert timeline.last() is None
    rows = [EpochMetrics(epoch, 1.0 / (epoch + 1), 0, 0, 0, 0.1) for epoch in range(1000)]
    timeline.extend(tabulate(rows[:300]))
    timeline.extend(tabulate(rows[300:]))
    assert len(timeline) == 1000
    assert timeline.column("train_loss").tolist() == [row.train_loss for row in rows]
    timeline.extend(tabulate([rows[500]._replace(train_loss=7.0)]))
    assert len(timeline) == 501
    assert timeline.last() == rows[500]._replace(train_loss=7.0)


LONG = RunConfig(samples=1_000_000, batch_size=5, epochs=1000)
"""An epoch of seconds: 150,000 batches."""


def test_a_long_epoch_pauses_and_resumes_between_two_batches(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(LONG), Pull())
    watcher.until_state(State.TRAINING)
    watcher.send(Pull())
    # a report within an epoch has no row, but the fraction that is trained
    watcher.until(lambda: any(0 < each.share < 1 for each in watcher.progress()))
    told = [each for each in watcher.progress() if each.share]
    assert all(len(each.table) == 0 for each in told)
    watcher.send(Pause())
    paused = watcher.until_state(State.PAUSED)
    assert "paused within epoch 1" in paused.note
    share = watcher.progress()[-1].share
    assert 0 < share < 1
    watcher.send(Resume())
    watcher.until_state(State.TRAINING)
    watcher.send(Pull())
    watcher.until(lambda: any(each.share > share for each in watcher.progress()))


def test_a_step_within_a_long_epoch_ends_it() -> None:
    config = RunConfig(samples=20_000, batch_size=1, epochs=1000)
    process = TrainingProcess()
    try:
        watcher = Watcher(process)
        watcher.send(SetSpeed(None), Start(config))
        watcher.until_state(State.TRAINING)
        watcher.send(Pause())
        watcher.until_state(State.PAUSED)
        watcher.send(Step(1))
        watcher.until_state(State.PAUSED)
        watcher.until(lambda: bool(watcher.rows()))
        row = watcher.rows()[-1]
    finally:
        process.close()
    trainer = Trainer(config)
    expected = [trainer.train_epoch() for _ in range(row.epoch)]
    assert row == expected[-1]


@pytest.mark.parametrize(
    ("changes", "stopped", "sentence"),
    [
        ({"target_loss": 0.3}, Stop.TARGET_LOSS, "target reached"),
        ({"target_accuracy": 0.9}, Stop.TARGET_ACCURACY, "test accuracy 0.9"),
        ({"patience": 8, "learning_rate": 0.1}, Stop.PATIENCE, "its weights are restored"),
        ({"epochs": 5}, Stop.EPOCHS, "finished after 5 epochs"),
    ],
)
def test_a_run_that_ended_says_why_and_can_be_resumed(
    watcher: Watcher, changes: dict[str, Any], stopped: Stop, sentence: str
) -> None:
    config = RunConfig(**{"epochs": 5000, **changes})
    watcher.send(SetSpeed(None), Start(config))
    ended = watcher.until_state(State.FINISHED)
    assert ended.stopped is stopped
    assert sentence in ended.note
    last = watcher.rows()[-1]
    assert ended.restored == (last.epoch - 8 if stopped is Stop.PATIENCE else None)
    trainer = Trainer(config)
    while trainer.stopped is None:
        trainer.train_epoch()
    assert np.array_equal(watcher.progress()[-1].parameters, trainer.network.parameters)
    watcher.send(Resume())
    resumed = watcher.until_state(State.TRAINING)
    assert "training resumed" in resumed.note
    watcher.send(Pull())
    watcher.until(lambda: any(row.epoch > last.epoch for row in watcher.rows()))


def test_diagnostics_travel_with_the_metrics(watcher: Watcher) -> None:
    config = RunConfig(epochs=4, diagnostics=True, batch_norm=True)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.FINISHED)
    trainer = Trainer(config)
    expected = [trainer.measure(), *(trainer.train_epoch() for _ in range(4))]
    rows = watcher.rows()
    assert [len(row.layers) for row in rows] == [3] * 5
    assert rows[1:] == expected[1:]
    assert all(np.isnan(layer.gradient_norm) for layer in rows[0].layers)  # no step was taken yet
    assert np.array_equal(watcher.progress()[-1].statistics, trainer.network.statistics)


@pytest.mark.parametrize("changes", [{"patience": 20, "learning_rate": 0.05}, {"target_loss": 0.4}])
def test_a_run_that_ended_can_be_resumed_after_a_change(
    watcher: Watcher, changes: dict[str, Any]
) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(**{"epochs": 5000, **changes})))
    watcher.until_state(State.FINISHED)
    last = watcher.rows()[-1].epoch
    watcher.send(Configure({"clip_norm": 5.0}))
    watcher.until_state(State.PAUSED)
    watcher.send(Step(10))
    watcher.until_state(State.PAUSED)
    watcher.until(lambda: bool(watcher.rows()))
    assert watcher.rows()[-1].epoch == last + 10


def test_a_change_within_a_long_epoch_leaves_the_finished_ones_alone(watcher: Watcher) -> None:
    config = RunConfig(samples=30_000, batch_size=1, epochs=1000)
    watcher.send(SetSpeed(None), Start(config), Step(1))
    watcher.until(lambda: any(row.epoch == 1 for row in watcher.rows()))
    first = watcher.rows()[-1]
    watcher.send(Resume())
    watcher.until_state(State.TRAINING)
    watcher.send(Pause())
    watcher.until_state(State.PAUSED)
    watcher.events.clear()
    watcher.send(Configure({"learning_rate": 0.02}), Configure({"clip_norm": 1.0}))
    watcher.until(lambda: len(watcher.runs()) == 2 and len(watcher.rows()) == 2)
    assert watcher.rows() == [first, first]
    assert "epoch 2 is restarted" in watcher.runs()[1].note
