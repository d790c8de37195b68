"""Every panel is explained in ten lines."""

import asyncio
from collections.abc import Iterator

import pytest
from textual.app import App
from textual.containers import VerticalScroll

from core import RunConfig
from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, running
from tests.tui.sessions import session_after
from tui.panels.activations import ActivationsPanel
from tui.panels.curve import LossPanel, ScorePanel
from tui.panels.explanation import WIDTH, Explanation
from tui.panels.panel import Panel
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel
from tui.screens.explain import ExplainScreen

MOST_LINES = 10
FEW_COLUMNS = 6


def explanation(panel: type[Panel], session: RunModel) -> Explanation:
    return panel(session, ViewOptions()).explanation()


def text_of(panel: type[Panel], session: RunModel) -> str:
    return " ".join(explanation(panel, session).lines())


def sessions() -> Iterator[RunModel]:
    yield RunModel(RunConfig())  # before the data are there
    yield RunModel(RunConfig(loss="hinge"))
    yield session_after(RunConfig(hidden=()), 1)
    for dataset in ("moons", "bumps"):
        for name in ACTIVATIONS:
            yield session_after(RunConfig(dataset=dataset, activation=name, l1=0.1), 1)
        for loss in LOSSES:
            if dataset == "moons" or LOSSES[loss].supports_regression:
                yield session_after(RunConfig(dataset=dataset, loss=loss, l2=0.1), 1)
    mixed = ("selu", "softplus", "leaky_relu")
    yield session_after(RunConfig(hidden=(4, 4, 4), activation=mixed), 1)


@pytest.mark.parametrize("panel", PANELS)
def test_an_explanation_has_at_most_ten_lines_that_fit_a_small_terminal(panel: type[Panel]) -> None:
    for session in sessions():
        lines = explanation(panel, session).lines()
        assert 4 <= len(lines) <= MOST_LINES, (panel.label, session.config, lines)
        assert all(0 < len(line) <= WIDTH for line in lines), lines
        assert any(line.startswith("Keys: ") for line in lines)


def test_the_formulas_of_the_run_are_quoted() -> None:
    session = session_after(RunConfig(loss="hinge", activation="gelu"), 1)
    assert LOSSES["hinge"].formula in text_of(LossPanel, session)
    assert ACTIVATIONS["gelu"].formula in text_of(ActivationsPanel, session)
    numbers = session_after(RunConfig(dataset="bumps"), 1)
    assert "mean_squared_error" in text_of(LossPanel, numbers)
    assert "R² = 1 −" in text_of(ScorePanel, numbers)


def test_the_penalty_is_explained_only_if_there_is_one() -> None:
    for strength, expected in ((0.0, False), (0.1, True)):
        lines = text_of(LossPanel, RunModel(RunConfig(l2=strength)))
        assert ("Ochre" in lines) is expected


class Showing(App[None]):
    def __init__(self, panel: type[Panel], title: str, session: RunModel) -> None:
        super().__init__()
        self.explain = ExplainScreen(explanation(panel, session), title)

    def on_mount(self) -> None:
        self.push_screen(self.explain)

    @property
    def explains(self) -> bool:
        return isinstance(self.screen, ExplainScreen)

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


@pytest.mark.parametrize("panel", PANELS)
async def test_all_lines_are_on_a_small_screen(panel: type[Panel]) -> None:
    session = session_after(RunConfig(activation="selu", l2=0.1), 1)
    app = Showing(panel, panel.label, session)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = app.lines()
        for line in explanation(panel, session).lines():
            assert any(line in row for row in shown), line
        assert any(f"{panel.label}: what it shows" in row for row in shown)


@pytest.mark.parametrize("key", ["escape", "e"])
async def test_it_opens_and_closes(key: str) -> None:
    app = Showing(LossPanel, "loss", session_after(RunConfig(), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.explains
        await pilot.press(key)
        await pilot.pause()
        assert not app.explains


async def test_q_quits_the_program() -> None:
    app = Showing(LossPanel, "loss", session_after(RunConfig(), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_title_is_no_markup() -> None:
    app = Showing(LossPanel, "[bold]x[/] \x1b[31m", RunModel(RunConfig()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert any("[bold]x[/] ·[31m: what it shows" in row for row in app.lines())


@pytest.mark.parametrize("key", ["question_mark", "e"])
async def test_the_scrollbar_of_a_text_is_steady_in_a_terminal_of_a_few_columns(key: str) -> None:
    async with running(MOONS, (FEW_COLUMNS, 10)) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press(key)
        (scroll,) = driver.app.screen.query(VerticalScroll)
        await driver.until(lambda: scroll.virtual_size.height > 0)
        seen = set()
        for _ in range(10):
            await asyncio.sleep(0.02)
            seen.add((scroll.show_vertical_scrollbar, scroll.virtual_size))
        assert len(seen) == 1


async def test_the_help_does_not_scroll_where_it_fits() -> None:
    async with running(MOONS, (120, 220), paused=True) as driver:
        await driver.press("question_mark")
        (scroll,) = driver.app.screen.query(VerticalScroll)
        await driver.until(lambda: scroll.virtual_size.height > 0)
        assert not scroll.show_vertical_scrollbar
