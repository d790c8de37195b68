"""Stopping, continuing and ending the real program in a pseudo-terminal."""

import os
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from core.runs.catalogue import list_runs
from tests.terminal.terminal import MODES, PATIENCE, Terminal, epoch_of, is_alive, nnfs_tui
from tests.terminal.test_program import ENDLESS

NOT_OF_BASH = tuple(mode for mode in MODES if mode != "?2004")
"""Shell whose line editor uses bracketed paste, too."""

PROGRAM = str(Path(sys.executable).with_name("nnfs-tui"))


def state_of(pid: int) -> str:
    """Return the state of a process as a letter, such as T for stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until_gone(pid: int) -> None:
    deadline = monotonic() + PATIENCE
    while is_alive(pid):
        assert monotonic() < deadline


def until_trains(terminal: Terminal) -> None:
    at = epoch_of(terminal.text())
    terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > at)


def descendants(pid: int) -> list[int]:
    """Return the descendants of a process."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += map(int, (task / "children").read_text().split())
    return children + [each for child in children for each in descendants(child)]


def suspended(terminal: Terminal) -> None:
    """Press ctrl+z, and check that the shell has the terminal."""
    terminal.press("ctrl+z")
    terminal.until("Stopped")
    assert terminal.is_restored(NOT_OF_BASH)
    # the emulator has no alternate screen, as GNU screen by default
    assert "╭" not in terminal.text()
    terminal.press("printf '\\033c'; echo $((6 * 7)) here\r")
    terminal.until(lambda text: "42 here" in text and "Stopped" not in text)


@pytest.mark.parametrize("command", ["{}\r", "sh -c '{}; exit'\r"], ids=["itself", "within make"])
def test_a_shell_can_suspend_it_and_bring_it_back(command: str) -> None:
    with Terminal("bash", "--norc", "--noprofile", "-i", PS1="shell> ") as terminal:
        terminal.until("shell> ")
        terminal.press(command.format(f"{PROGRAM} moons {' '.join(ENDLESS)}"))
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 10)
        training = descendants(terminal.pid)[-1]
        suspended(terminal)
        deadline = monotonic() + PATIENCE
        while state_of(training) != "S":  # it waits for commands
            assert monotonic() < deadline
        before = Path(f"/proc/{training}/stat").read_text().split()[13]
        terminal.press("fg\r")
        at = epoch_of(terminal.until(lambda text: "TRAINING" in text and text.count("╭") == 5))
        terminal.until(lambda text: epoch_of(text) > at)
        # counted in hundredths of a second, of which an epoch is a small part
        deadline = monotonic() + PATIENCE
        while Path(f"/proc/{training}/stat").read_text().split()[13] == before:
            assert monotonic() < deadline
        terminal.press(" ")
        terminal.until("PAUSED")
        suspended(terminal)
        terminal.press("fg\r")
        terminal.until("PAUSED")
        terminal.until_redrawn_the_same()
        terminal.press("q")
        assert "╭" not in terminal.until("stopped after")
        assert terminal.is_restored(NOT_OF_BASH)
        until_gone(training)
        terminal.press("exit\r")
        assert terminal.wait() == 0


@pytest.mark.parametrize(
    ("stop", "kill", "status"),
    [
        ("ctrl+z", "kill %1", 128 + signal.SIGTERM),
        ("ctrl+z", "bg; kill -HUP {}", 128 + signal.SIGHUP),  # without a SIGCONT
        ("STOP", "kill -QUIT %1", 128 + signal.SIGQUIT),
    ],
)
def test_a_signal_ends_it_while_it_is_stopped(
    stop: str, kill: str, status: int, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    with Terminal("bash", "--norc", "--noprofile", "-i", PS1="shell> ") as terminal:
        terminal.until("shell> ")
        terminal.press(f"{PROGRAM} moons --run-dir {runs} {' '.join(ENDLESS)}\r")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 10)
        program, training = descendants(terminal.pid)[0], descendants(terminal.pid)[-1]
        if stop == "STOP":
            os.kill(program, signal.SIGSTOP)
            terminal.until("Stopped")
            # replies to queries, which the shell would read as input
            terminal.press("\x03", "echo text of the shell\r", "fg\r")
            until_trains(terminal)
            terminal.until(lambda text: "text of the shell" not in text and text.count("╭") == 5)
            terminal.press(" ")
            terminal.until("PAUSED")
        terminal.press("ctrl+z")
        terminal.until("Stopped")
        terminal.press(f"{kill.format(program)}; wait -f %1; echo status=$?\r")
        terminal.until(f"status={status}")
        until_gone(training)
        assert not is_alive(program)
        (run,) = list_runs(runs)
        assert run.header is not None
        assert run.header.epoch > 10
        assert not run.used
        assert terminal.is_restored(NOT_OF_BASH)


def test_ctrl_z_does_nothing_where_no_shell_could_bring_it_back() -> None:
    # as under `ssh -t host nnfs-tui`: the program is the session leader
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        terminal.press("ctrl+z")
        terminal.until(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2)
        until_trains(terminal)
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()


def test_a_stop_from_elsewhere_leaves_the_terminal_as_it_was_in_the_end() -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        for _ in range(2):
            os.kill(terminal.pid, signal.SIGSTOP)
            deadline = monotonic() + PATIENCE
            while state_of(terminal.pid) != "T":
                assert monotonic() < deadline
            os.kill(terminal.pid, signal.SIGCONT)
            until_trains(terminal)
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()


@pytest.mark.parametrize("stopped", [False, True])
def test_the_end_of_the_interface_is_the_end_of_the_training(stopped: bool) -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (training,) = terminal.children()
        if stopped:
            os.kill(training, signal.SIGSTOP)
            deadline = monotonic() + PATIENCE
            while state_of(training) != "T":
                assert monotonic() < deadline
        os.kill(terminal.pid, signal.SIGKILL)
        assert terminal.wait() == -signal.SIGKILL
        until_gone(training)


def test_a_stopped_training_process_keeps_neither_keys_nor_the_end_waiting() -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (training,) = terminal.children()
        os.kill(training, signal.SIGSTOP)
        terminal.press("l")
        terminal.until("loss axis: ")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
        until_gone(training)


BREAKS = """\
import sys
from core.process.messages import State, StateChanged
from tui.cli.main import main
from tui.run_model import RunModel
whole = RunModel.apply
def breaks(self, event):
    if isinstance(event, StateChanged) and event.state is State.PAUSED:
        raise ZeroDivisionError("by nothing")
    whole(self, event)
RunModel.apply = breaks
sys.exit(main(["moons", "--no-save", "--speed", "max", "--epochs", "100000000"]))
"""


def test_an_error_that_nothing_can_go_on_from_is_told_in_a_restored_terminal() -> None:
    with Terminal(sys.executable, "-c", BREAKS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (training,) = terminal.children()
        terminal.press(" ")
        assert terminal.wait() == 1
        assert terminal.is_restored()
        left = terminal.raw.rfind(b"\x1b[?1049l")
        assert left < terminal.raw.rfind(b"ZeroDivisionError")
        until_gone(training)


PWNED = "\x1b]0;pwned\x07\x1b[31m"


@pytest.mark.parametrize("bare", [False, True], ids=["hostile", "none"])
def test_no_environment_keeps_it_from_running(bare: bool, tmp_path: Path) -> None:
    hostile: dict[str, Any] = {
        "COLUMNS": "999999",
        "LINES": f"-3{PWNED}",
        "TERM": PWNED,
        "LANG": PWNED,
        "NO_COLOR": PWNED,
        "COLORTERM": PWNED,
        "HOME": f"{tmp_path}/no home {PWNED}",
        "XDG_STATE_HOME": f"/proc/{PWNED}",
        "TMPDIR": f"{tmp_path}/{PWNED}",
        "TEXTUAL_FPS": PWNED,
        "USER": PWNED,
    }
    around = ("env", "-i") if bare else ()
    with Terminal(*around, PROGRAM, "xor", **({} if bare else hostile)) as terminal:
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 5)
        (training,) = terminal.children()
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
        assert b"pwned" not in terminal.raw.replace(b"\\x1b]0;pwned", b"")
        until_gone(training)


def test_a_screen_that_does_not_fit_into_the_memory_is_refused_before_it_opens() -> None:
    program = str(Path(sys.executable).with_name("nnfs-tui"))
    limited = 'ulimit -v 170000; exec "$0" xor'
    with Terminal("sh", "-c", limited, program, size=(200, 20)) as terminal:
        assert terminal.wait() == 1
        assert "there is not enough memory for the screen" in terminal.text()
        assert "Traceback" not in terminal.text()
