"""Whatever is waited for and never comes, the screen and its keys continue."""

import os
import select
import signal
import socket
from collections.abc import Callable

import pytest
from textual.screen import ModalScreen

from core.process.messages import Resume, SetSpeed, State, Step
from tests.tui.screens.test_training import MOONS, running


async def test_a_line_that_is_never_reported_as_clear_does_not_stop_the_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MOONS) as driver:

        def never(_: Callable[[], None]) -> None:
            pass

        monkeypatch.setattr(driver.app.link, "_when_clear", never)
        epoch = driver.epoch
        await driver.until(lambda: driver.epoch > epoch + 100)


async def test_commands_that_a_stopped_process_cannot_take_all_reach_it_later() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        link = driver.app.link
        os.kill(link.process.pid, signal.SIGSTOP)
        try:
            while not link.process.backlog:
                link.send(SetSpeed(100.0))  # which is not answered
            link.send(Resume())
        finally:
            os.kill(link.process.pid, signal.SIGCONT)
        await driver.until_state(State.TRAINING)


async def test_a_run_that_finished_just_before_a_stop_does_not_resume_after_it() -> None:
    async with running(MOONS.changed(epochs=300), speed=1.0) as driver:
        link, heard = driver.app.link, b""
        link.send(SetSpeed(None))
        with socket.socket(fileno=os.dup(link.process.fileno())) as channel:
            while b"FINISHED" not in heard:  # nothing is received meanwhile
                select.select([channel], [], [])
                heard = channel.recv(1 << 20, socket.MSG_PEEK)
        assert driver.session.state is State.TRAINING
        driver.screen.controller.pause_for_suspend()
        driver.screen.controller.resume_after_suspend()
        await driver.until_state(State.FINISHED)
        await driver.press("home")
        await driver.until(lambda: driver.session.past_epoch == 0)
        assert len(driver.session.timeline) == 301


async def test_a_way_back_that_a_dead_process_did_not_answer_is_forgotten() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        os.kill(driver.app.link.process.pid, signal.SIGSTOP)
        await driver.press("home")
        os.kill(driver.app.link.process.pid, signal.SIGKILL)
        await driver.until_state(State.STOPPED)
        await driver.press("home")  # no process can go there
        await driver.press("r")
        await driver.until(lambda: driver.session.state is State.TRAINING and driver.epoch > 5)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("space")
        assert driver.is_on_top()  # it is not asked whether to continue from the past
        await driver.until_state(State.TRAINING)


async def test_space_resumes_a_run_that_is_still_making_its_steps() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        driver.app.link.send(Step(10_000_000))
        await driver.press("space")
        await driver.until_state(State.TRAINING)
        await driver.press("space")
        await driver.until_state(State.PAUSED)


@pytest.mark.parametrize("key", ["question_mark", "A", "h", "v", "ctrl+p"])
async def test_a_dialog_that_is_closed_twice_closes_no_other_screen(key: str) -> None:
    """As by two `esc` on a busy machine, of which the second is handled when it is closed."""
    async with running(MOONS, paused=True) as driver:
        await driver.press(key)
        await driver.until(lambda: isinstance(driver.front, ModalScreen))
        dialog = driver.front

        def close() -> None:
            dialog.dismiss()

        for _ in range(3):
            dialog.call_later(close)
        await driver.until(lambda: dialog not in driver.app.screen_stack)
        await driver.pilot.pause(0.1)
        assert driver.app.screen_stack[1:] == [driver.screen]
        await driver.press("question_mark")
        await driver.until(lambda: isinstance(driver.front, ModalScreen))
