"""Pictures of a training network: noise changes no cell, and at rest they are exact."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.process.messages import Progress, Run, State, StateChanged
from core.training.epoch_log import tabulate
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    BACKGROUND,
    BRIGHT,
    DIM,
    DIVERGING,
    GREYS,
    SEQUENTIAL,
    STEPS,
    TEXT,
    UNCERTAIN,
    ink,
)
from tui.drawing.rendering import DEFAULT_RENDERER, CellRenderer, TerminalLook
from tui.panels import panel as panel_module
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.map_drawing import half_blocks, map_colours
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import LossPanel
from tui.panels.hysteresis import keep_similar
from tui.panels.network.panel import NetworkPanel
from tui.panels.panel import Panel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel

NOISY = RunConfig(dataset="digits", hidden=(16,), optimizer="adam", learning_rate=0.01)
SIZE = 58, 21


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


def picture(*levels: int, of: tuple[str, ...] = DIVERGING) -> Cells:
    """Return one row of cells, from the levels of the upper pixels and then of the lower ones."""
    return half_blocks(np.array(levels).reshape(2, -1), of)


def held(before: Cells, now: Cells) -> Cells:
    keep_similar(now, before)
    return now


def test_a_pixel_is_kept_until_it_is_more_than_one_level_off() -> None:
    before = picture(5, 5, 5, 5, 9, 9, 5, 5)
    now = picture(6, 5, 7, 6, 9, 8, 5, 7)
    # a cell that changes becomes exact in both of its pixels
    assert held(before, now).count_changes(picture(5, 5, 7, 6, 9, 9, 5, 7)) == 0


def test_levels_are_counted_on_the_way_over_the_neutral_colour() -> None:
    for colours, middle in ((DIVERGING, STEPS), (map_colours(2), 0)):
        one, other = (middle - 1, middle + 1) if middle else (1, 1 + STEPS)
        before = picture(one, middle, one, middle, of=colours)
        now = held(before, picture(other, other, other, other, of=colours))
        assert now.count_changes(picture(other, middle, other, middle, of=colours)) == 0


def test_colours_of_different_scales_are_never_alike() -> None:
    for one, other in (
        (SEQUENTIAL[0], UNCERTAIN),
        (SEQUENTIAL[0], GREYS[0]),
        (SEQUENTIAL[0], BACKGROUND),
        (UNCERTAIN, BACKGROUND),
        (BACKGROUND, BRIGHT),
    ):
        now = held(picture(0, 0, of=(one, other)), picture(1, 0, of=(one, other)))
        assert now.count_changes(picture(1, 0, of=(one, other))) == 0


@pytest.mark.parametrize(
    ("glyph", "colour", "level", "stays"),
    [
        ("●", TEXT, 7, True),
        ("●", TEXT, 8, False),
        ("○", TEXT, 6, False),
        ("●", DIM, 6, False),
    ],
)
def test_a_glyph_is_kept_on_a_background_that_hardly_changes(
    glyph: str, colour: str, level: int, stays: bool
) -> None:
    before, now = Cells(1, 1), Cells(1, 1)
    before.write(0, 0, "●", ink(TEXT, DIVERGING[5]))
    now.write(0, 0, glyph, ink(colour, DIVERGING[level]))
    assert (held(before, now).count_changes(before) == 0) == stays


def test_noise_is_no_bytes_and_a_steady_change_is_followed() -> None:
    shown, changes = picture(5, 5), 0
    for step in range(40):
        before, shown = shown, held(shown, picture(5 + step % 2, 6 - step % 2))
        changes += shown.count_changes(before)
    assert not changes
    for level in range(5, 20):
        before, shown = shown, held(shown, picture(level, level))
        changes += shown.count_changes(before)
    assert changes == 7
    assert shown.count_changes(picture(19, 19)) == 0


@pytest.mark.parametrize("kind", [ActivationsPanel, BoundaryPanel, NetworkPanel])
def test_a_pause_draws_exactly_what_a_new_panel_would(
    kind: type[Panel], monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = Learning(monkeypatch)
    panel = new(kind, learning.session)
    monkeypatch.setattr(kind, "_renderer", CellRenderer(TerminalLook("truecolor")))
    panel.draw(*SIZE)
    for _ in range(10):
        learning.learn()
        held = panel.draw(*SIZE)
    assert held.count_changes(new(kind, learning.session).draw(*SIZE))  # there is something held
    learning.learn(0.0)
    panel.draw(*SIZE)
    learning.session.apply(StateChanged(State.PAUSED))
    paused = panel.draw(*SIZE)
    # a renderer that merges no pixels
    monkeypatch.setattr(kind, "_renderer", DEFAULT_RENDERER)
    assert paused.count_changes(new(kind, learning.session).draw(*SIZE)) == 0


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


def test_the_numbers_of_a_title_change_only_in_frames_that_show_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learning = Learning(monkeypatch)
    panel = new(LossPanel, learning.session)
    learning.learn()
    first = panel.draw(*SIZE).lines()
    panel.shows_numbers = False
    learning.learn()
    second = panel.draw(*SIZE).lines()
    assert second[0] == first[0]
    assert second != first
    panel.shows_numbers = True
    assert panel.draw(*SIZE).lines()[0] != first[0]
    # a key is answered at once
    panel.shows_numbers = False
    learning.learn()
    panel.invalidate()
    assert panel.draw(*SIZE).lines()[0] not in {first[0], second[0]}
