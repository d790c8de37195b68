"""At rest, all numbers shown belong to the network shown, after any commands."""

from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest

from core import RunConfig
from core.datasets.edits import AddPoint
from core.process.channel import Channel
from core.process.messages import (
    Command,
    Configure,
    EditData,
    EditParameter,
    Moved,
    Pull,
    Reopen,
    Run,
    Seek,
    Start,
    StateChanged,
    Step,
    StepBatch,
)
from core.runs.catalogue import find
from core.training.state import EpochMetrics
from core.training.trainer import Trainer
from tests.core.process.test_autosave_twins import PATIENCE, serving
from tui.run_model import RunModel
from tui.screens.status_bars import StatusLine

BASE = RunConfig(samples=40, hidden=(4, 3), batch_size=16, seed=11, diagnostics=True)
CONFIGS = [
    BASE,
    BASE.changed(patience=2, learning_rate=0.3),
    BASE.changed(schedule="cosine", warmup=2, epochs=30, batch_norm=True, dropout=0.2),
    BASE.changed(schedule="exponential", decay=0.9, l2=0.01, optimizer="rmsprop", monitor="test"),
]
CHANGES: list[dict[str, Any]] = [
    {"learning_rate": 0.02},
    {"learning_rate": 1e6},  # with which it diverges
    {"learning_rate": 0.1},
    {"activation": "sigmoid"},
    {"l1": 0.01},
    {"momentum": 0.5},
    {"freeze": (1,)},
    {"freeze": ()},
    {"batch_size": 13},
    {"noise": 0.3},
]


def anything(random: Random) -> list[Command]:
    kind = random.choice(["epochs", "batches", "batches", "change", "weight", "sample", "seek"])
    if kind == "epochs":
        return [Step(random.randint(1, 3))]
    if kind == "batches":
        return [StepBatch()] * random.randint(1, 4)
    if kind == "change":
        return [Configure(random.choice(CHANGES))]
    if kind == "weight":
        return [EditParameter(random.randrange(10), random.choice([0.3, -2.0]))]
    if kind == "sample":
        return [EditData(AddPoint((0.5, 0.25), 1))]
    return [Seek(random.choice([0, 1, 2, 3, 5, 10**9]))]


def measured(session: RunModel) -> EpochMetrics:
    """Return the metrics of the parameters that the session shows, from a trainer of its own."""
    assert session.network is not None
    trainer = Trainer(session.config, session.data)
    trainer.network.parameters[:] = session.network.parameters
    trainer.network.statistics[:] = session.network.statistics
    return trainer.measure()


def assert_shown(session: RunModel) -> None:
    shown, found = session.metrics, measured(session)
    assert shown is not None
    for name in ("train_loss", "test_loss", "train_score", "test_score", "penalty"):
        # float32 sums: the layout of an optimiser's buffers is no part of what is shown
        assert getattr(shown, name) == pytest.approx(getattr(found, name), rel=1e-6), name
    if session.layers:
        assert [each[2:] for each in session.layers] == [each[2:] for each in found.layers]
    schedule, epoch = session.config.make_schedule(), shown.epoch
    within = session.share_of_epoch > 0 or epoch == 0
    used = schedule.rate(epoch if within else epoch - 1)
    # a change of it is shown at once, except in the past
    row = session.timeline.at(epoch).learning_rate if session.past_epoch is not None else used
    assert shown.learning_rate in {used, schedule.rate(epoch), row}
    status = "".join(StatusLine(session).draw(200, 1).lines()).split()
    assert f"{shown.train_loss:.4f}" in status or shown.train_loss >= 10


class Screen:
    """The model of a screen that sends commands and waits until the run is at rest again."""

    def __init__(self, channel: Channel, config: RunConfig) -> None:
        self.session = RunModel(config)
        self._channel, self._answers = channel, 0

    def does(self, *commands: Command) -> EpochMetrics:
        """Return what is shown once commands are carried out."""
        for command in commands:
            self._channel.post(command)
            # pulled as by a screen that does not know yet that the run stands still
            self._channel.post(Pull())
            match command:
                case Start():
                    self._answers += 1
                    self._until(Run, StateChanged)  # else it counts as one of a following step
                case Step():
                    self._until(StateChanged, StateChanged)
                case Seek():
                    self._until(Moved)
                case StepBatch():
                    self._until(StateChanged)
                case EditParameter():
                    self._until(Moved)
                case EditData():
                    self._until(Run)
                case _:
                    self._answers += 1
        self._settle()
        assert self.session.metrics is not None
        return self.session.metrics

    def _until(self, *kinds: type) -> None:
        awaited, deadline = list(kinds), monotonic() + PATIENCE
        while awaited:
            assert monotonic() < deadline
            for event in self._channel.receive(0.1):
                self.session.apply(event)
                if awaited and isinstance(event, awaited[0]):
                    awaited.pop(0)

    def _settle(self) -> None:
        """Wait for the answer to a change that is rejected: what comes after all others."""
        self._channel.post(Configure({"learning_rate": -1.0}))
        self._answers += 1
        deadline, answered = monotonic() + PATIENCE, 0
        while answered < self._answers:
            assert monotonic() < deadline
            for event in self._channel.receive(0.1):
                self.session.apply(event)
                answered = event.answered if isinstance(event, Run) else answered


@pytest.mark.parametrize("seed", range(8))
def test_what_is_shown_is_what_the_shown_network_gives(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    config = CONFIGS[seed % len(CONFIGS)]
    for chapter in range(3):
        with serving(tmp_path) as channel:
            screen = Screen(channel, config)
            screen.does(Reopen(find(tmp_path)) if chapter else Start(config, paused=True))
            assert_shown(screen.session)
            for _ in range(8):
                screen.does(*anything(random))
                assert_shown(screen.session)
            screen.does(Seek(10**9))
            assert_shown(screen.session)


def test_a_run_resumed_within_an_epoch_shows_the_network_that_is_there(tmp_path: Path) -> None:
    config = RunConfig(dataset="moons", seed=11)
    with serving(tmp_path) as channel:
        screen = Screen(channel, config)
        screen.does(Start(config, paused=True), Step(6), StepBatch(), StepBatch())
    with serving(tmp_path) as channel:
        screen = Screen(channel, config)
        shown = screen.does(Reopen(find(tmp_path)))
        assert (shown.epoch, screen.session.share_of_epoch) == (6, 0.4)
        assert shown.train_loss == pytest.approx(0.3018, abs=5e-5)
        assert_shown(screen.session)


def test_a_changed_rate_is_shown_at_once_and_a_scheduled_one_with_its_epoch(tmp_path: Path) -> None:
    config = BASE.changed(schedule="exponential", decay=0.5, learning_rate=0.1)
    with serving(tmp_path) as channel:
        screen = Screen(channel, config)
        assert screen.does(Start(config, paused=True)).learning_rate == 0.1
        assert screen.does(Step(2)).learning_rate == 0.05
        assert screen.does(Configure({"patience": 5})).learning_rate == 0.05
        assert screen.does(StepBatch()).learning_rate == 0.025
        assert screen.does(Seek(1)).learning_rate == 0.1
        assert screen.does(Seek(2)).learning_rate == 0.05
        assert screen.does(Seek(10**9)).learning_rate == 0.025
        assert screen.does(Step(1)).learning_rate == 0.025
        assert screen.does(Configure({"learning_rate": 0.8})).learning_rate == 0.1
    with serving(tmp_path) as channel:
        screen = Screen(channel, config)
        assert screen.does(Reopen(find(tmp_path))).learning_rate == 0.1
        assert screen.session.timeline.at(3).learning_rate == 0.025
        assert screen.does(Step(1)).learning_rate == 0.1


def test_diagnostics_are_shown_of_every_moment(tmp_path: Path) -> None:
    with serving(tmp_path) as channel:
        screen, rows = Screen(channel, BASE), {}
        screen.does(Start(BASE, paused=True))
        for epoch in range(1, 5):
            screen.does(Step(1))
            rows[epoch] = screen.session.layers
        for epoch in (2, 1, 3, 4):
            screen.does(Seek(epoch))
            assert screen.session.layers == rows[epoch]
        screen.does(EditParameter(0, 5.0))  # which is no update
        assert [each[:2] for each in screen.session.layers] == [each[:2] for each in rows[4]]
        assert len(screen.session.layers_over_time) == 5
    with serving(tmp_path) as channel:
        screen = Screen(channel, BASE)
        screen.does(Reopen(find(tmp_path)))
        assert [each[:2] for each in screen.session.layers] == [each[:2] for each in rows[4]]
