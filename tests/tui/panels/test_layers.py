"""The layers panel shows the state of the run and its problems, and applies remedies."""

import pytest

from core.analysis.diagnosis.result import Cause, Diagnosis, Finding, RunState
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.drawn import drawn, text
from tests.tui.screens.test_training import MOONS, Driver, running
from tests.tui.sessions import session_after
from tui.drawing.palette import DIM, TEXT, ink
from tui.panels.layers import (
    CHECKING,
    DEAD,
    MARKER,
    UNMEASURED,
    DiagnosisLine,
    LayersPanel,
    shortened,
)
from tui.screens.help import HelpScreen

SICK = PRESETS["xor"].config(epochs=200, l2=1.0)
ANNOUNCED = "stuck at chance level: penalty too strong · 5 shows remedies"
LINES = [
    DiagnosisLine("Stuck halfway.", ink(TEXT)),
    DiagnosisLine("Too few units.", ink(TEXT)),
    *(DiagnosisLine(f"{row} of remedy {each}", ink(DIM), each) for each in (0, 1) for row in "ab"),
]


async def found(driver: Driver, cause: Cause) -> None:
    """Wait until trials have shown a cause, and it is shown."""

    def is_shown() -> bool:
        current = driver.session.diagnosis.current
        return current is not None and [each.cause for each in current.findings] == [cause]

    await driver.until(is_shown, 240)


async def test_a_problem_is_announced_once_and_its_remedy_recovers_the_run() -> None:
    async with running(SICK) as driver:
        await found(driver, Cause.PENALTY)
        await driver.shows(ANNOUNCED)
        assert "5 remedies" in driver.text().split("\n")[-1]
        await driver.press("question_mark")
        assert isinstance(driver.front, HelpScreen)
        await driver.press("end")
        await driver.shows("5 layers !")
        await driver.press("escape")
        assert ANNOUNCED not in driver.text()
        await driver.press("5")
        await driver.shows("5 layers ! ")
        await driver.shows("The penalty is too strong: l2 1")
        await driver.shows(f"{MARKER}Set l2 0")
        assert driver.screen.focused is driver.panel("layers")
        assert "enter apply" in driver.text().split("\n")[-1]
        await driver.press("enter")
        await driver.until_config("l2", 0.0)
        await driver.until(
            lambda: (
                driver.session.diagnosis.current is not None
                and driver.session.diagnosis.current.state is RunState.LEARNT
            )
        )
        await driver.shows("Learnt: ")
        assert "5 layers ! " not in driver.text()
        assert ANNOUNCED not in driver.text()


async def test_a_remedy_that_starts_over_says_so_and_backspace_restores_the_run() -> None:
    sick = PRESETS["xor"].config(epochs=200, hidden=())
    async with running(sick, (80, 24), 30.0) as driver:
        await found(driver, Cause.NO_HIDDEN_LAYER)
        await driver.until_state(State.FINISHED)
        await driver.press("5")
        await driver.shows("and restart")
        await driver.press("enter")
        await driver.until(lambda: driver.session.config.hidden != ())
        await driver.shows("a new network, from epoch 0")
        await driver.press("backspace")
        await driver.until_config("hidden", ())
        await driver.until(lambda: driver.session.head_epoch == 200)


async def test_a_remedy_works_after_time_travel() -> None:
    async with running(SICK.changed(diagnostics=True)) as driver:
        await driver.until_state(State.FINISHED)
        await found(driver, Cause.PENALTY)
        driver.panel("layers").focus()
        await driver.press("home")
        await driver.until(lambda: driver.session.past_epoch == 0)
        await driver.press("enter")
        if not driver.is_on_top():  # a change of the past is confirmed
            await driver.press("y")
        await driver.until_config("l2", 0.0)


async def test_divergence_stays_visible_when_the_panel_is_opened_and_after_time_travel() -> None:
    async with running(MOONS.changed(learning_rate=1e6)) as driver:
        await driver.until_state(State.DIVERGED)
        await driver.press("5")
        await driver.shows("Diverged: the loss")
        assert driver.session.state is State.DIVERGED
        await driver.press("space", "5")
        await driver.until_config("diagnostics", False)
        assert driver.session.state is State.DIVERGED
        await driver.press("left")
        await driver.until_state(State.PAUSED)
        await driver.press("end", "5")
        await driver.shows("Diverged: the loss")


async def test_best_goes_to_the_best_epoch_while_the_run_trains() -> None:
    async with running(MOONS) as driver:
        await driver.until(lambda: driver.epoch > 50)
        earlier = driver.session.best
        assert earlier is not None
        await driver.press(":", *"best", "enter")
        await driver.until_state(State.PAUSED)
        newest = driver.session.best
        assert newest is not None
        # the best epoch when enter was pressed, which the run may have surpassed before it paused
        await driver.until(
            lambda: (
                driver.session.metrics is not None
                and earlier.epoch <= driver.session.metrics.epoch <= newest.epoch
            )
        )
        assert driver.session.metrics is not None
        losses = driver.session.timeline.column("test_loss")
        shown = driver.session.metrics.epoch
        assert losses[shown] == losses[1 : shown + 1].min()


async def test_a_healthy_run_has_no_mark() -> None:
    async with running(MOONS) as driver:
        await driver.until(lambda: driver.epoch > 300)
        await driver.press("5")
        await driver.shows("Learnt: ")
        assert "5 layers !" not in driver.text()
        assert "remedies" not in driver.text()


def test_saturated_units_of_a_healthy_run_are_explained() -> None:
    run = session_after(PRESETS["moons"].config(diagnostics=True), 200)
    run.diagnosis.update()
    assert max(layer.saturated for layer in run.layers) > 0.5
    assert "saturated, which is usual here" in text(drawn(LayersPanel, run, 160, 16))


def test_dead_units_and_gradients_that_are_not_measured_are_explained() -> None:
    run = session_after(MOONS.changed(diagnostics=True, activation=("relu", "relu")), 200)
    run.diagnosis.update()
    assert DEAD not in text(drawn(LayersPanel, run, 100, 14))
    run.layers = (run.layers[0]._replace(dead=0.25, gradient_norm=float("nan")), *run.layers[1:])
    shown = text(drawn(LayersPanel, run, 100, 14))
    assert DEAD in shown
    assert UNMEASURED in shown


@pytest.mark.parametrize("height", range(9))
@pytest.mark.parametrize("selected", [0, 1])
def test_the_selected_remedy_is_shown_wherever_there_is_room(selected: int, height: int) -> None:
    cells = shortened(LINES, selected, 40, height)
    assert cells.height <= height
    lines = " ".join(cells.lines())
    if height >= 2:
        assert f"a of remedy {selected}" in lines
        assert f"b of remedy {selected}" in lines
    if height > 0 and selected == 0 and height < len(LINES):
        assert lines.rstrip().endswith("…")


@pytest.mark.parametrize("size", [(4, 3), (20, 5), (46, 8), (70, 12), (200, 40)])
def test_a_diagnosis_fits_into_the_panel(size: tuple[int, int]) -> None:
    run = session_after(SICK, 150, State.PAUSED)
    run.diagnosis.update()
    cells = drawn(LayersPanel, run, *size)
    assert (cells.width, cells.height) == size


@pytest.mark.parametrize("cause", [None, Cause.NOT_FOUND, Cause.PENALTY])
def test_a_cause_that_is_named_is_not_being_searched(cause: Cause | None) -> None:
    run = session_after(SICK, 150, State.PAUSED)
    findings = () if cause is None else (Finding(cause, "Here is why."),)
    run.diagnosis.start_check()
    run.diagnosis.current = Diagnosis(RunState.AT_CHANCE, "Stuck.", findings)
    assert (CHECKING in text(drawn(LayersPanel, run, 80, 12))) == (cause is not Cause.PENALTY)


def test_only_the_newest_epoch_of_a_run_that_has_not_learnt_is_being_checked() -> None:
    run = session_after(SICK, 150, State.PAUSED)
    run.diagnosis.start_check()

    def is_shown(state: RunState) -> bool:
        run.diagnosis.current = Diagnosis(state, "A sentence.")
        return "checking " in text(drawn(LayersPanel, run, 80, 12))

    unchecked = {RunState.TOO_EARLY, RunState.LEARNT}
    assert {state for state in RunState if not is_shown(state)} == unchecked
    run.past_epoch = 20
    assert not any(map(is_shown, RunState))
