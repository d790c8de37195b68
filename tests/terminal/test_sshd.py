"""The real program over SSH: its screen, and its end when the connection breaks."""

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest

from core import Trainer
from core.config.presets import PRESETS
from core.runs.catalogue import list_runs
from core.runs.cpu_kernels import kernels
from core.training.state import EpochMetrics
from tests.terminal.sshd import Sshd, missing
from tests.terminal.terminal import Terminal, epoch_of
from tui.drawing import number_format

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


def losses(text: str) -> str:
    """Return the losses in the status line."""
    told = re.search(r"loss +(\S+ / +\S+)", text)
    return "" if told is None else told[1]


def losses_of(metrics: EpochMetrics) -> str:
    """Return the losses of an epoch as in the status line."""
    return f"{number_format.loss(metrics.train_loss)} / {number_format.loss(metrics.test_loss)}"


def test_xor_is_watched_and_quit_and_the_terminal_is_as_it_was(sshd: Sshd) -> None:
    with sshd.connect("xor", size=(80, 24)) as terminal:
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 5)
        assert sshd.programs()
        terminal.resize(120, 40)
        terminal.until("3 boundary")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
    sshd.until_nothing_is_left()


def test_the_escape_of_ssh_works_at_the_first_attempt_while_training(sshd: Sshd) -> None:
    with sshd.connect("moons") as terminal:
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 20)
        assert b"?1003h" not in terminal.raw  # a mouse that only moves is traffic, too
        terminal.press("enter")
        terminal.written_within(0.05)
        terminal.press("~", ".")
        assert terminal.wait() == 255
    sshd.until_nothing_is_left()


@pytest.mark.parametrize("cut", [kill_client, kill_session])
def test_a_line_that_breaks_in_mid_run_leaves_no_process_and_the_run_goes_on_where_it_was(
    sshd: Sshd, cut: Callable[[Terminal, Sshd], None]
) -> None:
    with sshd.connect("moons") as terminal:
        terminal.until(lambda text: epoch_of(text) > 5)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.press("i")
        terminal.until("7 inspector")
        terminal.press("i", "+")
        terminal.until("learning rate 0.01 → 0.02")
        changed_at = epoch_of(terminal.text())
        terminal.press(" ")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > changed_at + 5)
        assert len(sshd.programs()) >= 2  # the screen and the training process
        seen = epoch_of(terminal.text())
        cut(terminal, sshd)
        sshd.until_nothing_is_left()

    run = list_runs(sshd.home / "state" / "nnfs-tui" / "runs")[0]
    assert run.header is not None
    assert run.header.kernels == kernels()  # others round differently
    saved = run.header.epoch
    assert saved >= seen
    trainer = Trainer(PRESETS["moons"].config())
    while trainer.epoch < changed_at:
        trainer.train_epoch()
    trainer.configure(trainer.config.changed(learning_rate=0.02))
    while trainer.epoch < saved:
        trainer.train_epoch()
    assert run.header.metrics[:7] == trainer.measure()[:7]  # without NaN

    with sshd.connect("resume", "--paused") as terminal:
        terminal.until(lambda text: "PAUSED" in text and epoch_of(text) == saved)
        assert losses(terminal.text()) == losses_of(trainer.measure())
        terminal.press("s")
        terminal.until(lambda text: epoch_of(text) == saved + 1)
        assert losses(terminal.text()) == losses_of(trainer.train_epoch())
        terminal.press("q")
        assert terminal.wait() == 0
