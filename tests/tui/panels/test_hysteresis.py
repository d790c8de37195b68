"""Pictures of a training network: noise changes no cell, and at rest they are exact."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.prediction_map import quantize
from core.process.messages import Progress, Run, State, StateChanged
from core.training.epoch_log import tabulate
from tui.panels import panel as panel_module
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.hysteresis import SLACK, LevelHysteresis
from tui.panels.panel import Panel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel

NOISY = RunConfig(dataset="digits", hidden=(16,), optimizer="adam", learning_rate=0.01)
SIZE = 58, 21
LOW, HIGH, LEVELS = -1.0, 1.0, 4
WIDTH = (HIGH - LOW) / LEVELS


class Learning:
    """Run model that receives one epoch after another, and the clock of its panels."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trainer, self.session, self.now = Trainer(NOISY), RunModel(NOISY), 100.0
        self.session.apply(Run(NOISY, self.trainer.data, fresh=True, note=""))
        self._tell(self.trainer.measure())
        self.session.apply(StateChanged(State.TRAINING))
        monkeypatch.setattr(panel_module, "monotonic", lambda: self.now)

    def learn(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self._tell(self.trainer.train_epoch())

    def _tell(self, metrics: object) -> None:
        network = self.trainer.network
        copies = network.parameters.copy(), network.statistics.copy()
        self.session.apply(Progress(tabulate([metrics]), *copies, 30.0))  # type: ignore[list-item]


def new(kind: type[Panel], session: RunModel) -> Panel:
    return kind(session, ViewOptions())


def training() -> RunModel:
    session = RunModel(NOISY)
    session.apply(StateChanged(State.TRAINING))
    return session


def test_a_level_is_kept_until_the_value_is_clearly_beyond_it() -> None:
    steady = LevelHysteresis(training())
    of = LEVELS, LOW, HIGH
    edge = np.array([0.0, 0.0, 0.0])
    assert steady.quantize(edge - 0.01 * WIDTH, *of).tolist() == [1, 1, 1]
    beyond = np.array([0.9, 1.1, 5.0]) * SLACK * WIDTH
    assert steady.quantize(edge + beyond, *of).tolist() == [1, 2, 3]
    # and on the way back
    assert steady.quantize(edge - 0.9 * SLACK * WIDTH, *of).tolist() == [1, 2, 1]


def test_another_scale_or_another_size_begins_anew() -> None:
    steady = LevelHysteresis(training())
    values = np.array([-0.01, 0.01])
    steady.quantize(-values, LEVELS, LOW, HIGH)
    for of in ((LEVELS, LOW, 1.1 * HIGH), (LEVELS + 1, LOW, HIGH)):
        assert np.array_equal(steady.quantize(values, *of), quantize(values, *of))
    longer = np.append(values, 0.3)
    exact = quantize(longer, LEVELS, LOW, HIGH)
    assert np.array_equal(steady.quantize(longer, LEVELS, LOW, HIGH), exact)


def test_what_is_no_number_has_the_lowest_level_again() -> None:
    steady = LevelHysteresis(training())
    for value in (0.9, np.nan, np.inf, -np.inf):
        values = np.array([value])
        exact = quantize(values, LEVELS, LOW, HIGH)
        assert np.array_equal(steady.quantize(values, LEVELS, LOW, HIGH), exact)


@pytest.mark.parametrize("kind", [ActivationsPanel, BoundaryPanel])
def test_a_pause_draws_exactly_what_a_new_panel_would(
    kind: type[Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = Learning(monkeypatch)
    panel = new(kind, learning.session)
    panel.draw(*SIZE)
    for _ in range(10):
        learning.learn()
        held = panel.draw(*SIZE)
    assert held.count_changes(new(kind, learning.session).draw(*SIZE))  # there is something held
    learning.learn(0.0)
    panel.draw(*SIZE)
    learning.session.apply(StateChanged(State.PAUSED))
    exact = new(kind, learning.session).draw(*SIZE)
    assert panel.draw(*SIZE).count_changes(exact) == 0


def test_a_picture_that_changes_everywhere_is_drawn_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learning = Learning(monkeypatch)
    panel = new(BoundaryPanel, learning.session)
    panel.draw(*SIZE)
    drawings, shown = 0, panel.content(*SIZE)
    for _ in range(20):
        learning.learn(0.1)
        before, shown = shown, panel.content(*SIZE)
        drawings += shown is not before
    assert 4 <= drawings <= 14
    # a key press is answered at once
    panel.invalidate()
    assert panel.content(*SIZE) is not shown


def test_a_picture_that_hardly_changes_is_drawn_in_each_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learning = Learning(monkeypatch)
    panel = new(BoundaryPanel, learning.session)
    learning.learn()
    shown = panel.content(*SIZE)
    for _ in range(5):
        learning.now += 0.1
        before, shown = shown, panel.content(*SIZE)
        assert shown is not before
