"""Over a real SSH connection: what a person sees, and what is left when the line breaks."""

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.terminal.sshd import Sshd, missing
from tests.terminal.terminal import Terminal

PROGRAM = missing()
if PROGRAM and os.environ.get("CI") != "true":  # there it fails, for .ci/run installs it
    pytest.skip(f"{PROGRAM} of OpenSSH is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    assert not PROGRAM, f"{PROGRAM} of OpenSSH is not installed"
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def kill_client(terminal: Terminal, sshd: Sshd) -> None:
    os.kill(terminal.pid, signal.SIGKILL)


def kill_session(terminal: Terminal, sshd: Sshd) -> None:
    for pid in sshd.sessions():
        os.kill(pid, signal.SIGKILL)


def epoch(text: str) -> int:
    """Return the epoch that the status line tells, or 0 before it does."""
    told = re.search(r"epoch +([\d,]+)", text)
    return int(told[1].replace(",", "")) if told else 0


def test_xor_is_watched_and_quit_and_the_terminal_is_as_it_was(sshd: Sshd) -> None:
    with sshd.connect("xor", size=(80, 24)) as terminal:
        terminal.until(lambda text: "TRAINING" in text and epoch(text) > 5)
        assert sshd.programs()
        terminal.resize(120, 40)
        terminal.until("3 boundary")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
    sshd.until_nothing_is_left()


@pytest.mark.parametrize("cut", [kill_client, kill_session])
def test_a_line_that_breaks_leaves_no_process(
    sshd: Sshd, cut: Callable[[Terminal, Sshd], None]
) -> None:
    with sshd.connect("moons") as terminal:
        terminal.until(lambda text: epoch(text) > 5)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.press("i")
        terminal.until("7 inspector")
        terminal.press("i", "+")
        terminal.until("learning rate 0.01 → 0.02")
        terminal.press(" ")
        paused = epoch(terminal.text())
        terminal.until(lambda text: "TRAINING" in text and epoch(text) > paused)
        assert len(sshd.programs()) >= 2  # the screen and the training process
        cut(terminal, sshd)
        sshd.until_nothing_is_left()
