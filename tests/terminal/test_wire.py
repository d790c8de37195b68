"""The real program over a slow line."""

import os
import re
import signal
import sys
from itertools import chain
from pathlib import Path
from time import monotonic

import pytest

from tests.terminal.line import Line
from tests.terminal.terminal import Terminal, epoch_of, nnfs_tui
from tests.terminal.test_program import ENDLESS

PROGRAM = str(Path(sys.executable).with_name("nnfs-tui"))


def test_a_slow_line_is_never_filled_and_the_screen_is_exact_at_rest() -> None:
    line = Line(8_000, 0.15)
    with nnfs_tui("moons", *ENDLESS, line=line) as terminal:
        terminal.until(lambda text: epoch_of(text) > 0)
        # the line is unknown until the first reply, which is late on a busy machine
        line.most = 0
        for _ in range(3):
            terminal.press(" ")
            terminal.until("PAUSED")
            terminal.press(" ")
            terminal.until("TRAINING")
        # about 2,000; without flow control, the rest of the first screen, some 25,000
        assert 0 < line.most <= 8_000
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_at_rest(2.0)  # nothing is left on the way
        line.rate = 1e9
        terminal.until_redrawn_the_same()
        assert terminal.text().count("╭") == 5


def test_a_mute_terminal_gets_frames_all_the_same() -> None:
    with nnfs_tui("moons", *ENDLESS, mute=True) as terminal:
        terminal.until(lambda text: epoch_of(text) > 0 and text.count("╭") == 5)
        first = epoch_of(terminal.text())
        terminal.until(lambda text: epoch_of(text) > first)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_at_rest(1.0)
        assert terminal.questions <= 9
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()


@pytest.mark.parametrize(("how", "round_trip"), [("q", 1.3), ("suspended", 0.4)])
def test_no_answer_is_left_for_the_shell(how: str, round_trip: float) -> None:
    shell = "set -m; $0 moons --speed max --epochs 100000000; echo ended; read line; kill -9 %1"
    with Terminal("bash", "-c", shell, PROGRAM, line=Line(100_000, round_trip)) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (program,) = terminal.children()
        if how == "q":
            terminal.press("q")
        else:
            os.kill(program, signal.SIGTSTP)
        terminal.until("ended")
        terminal.until_quiet(1.5)
        assert b"R" not in bytes(terminal.raw).rpartition(b"ended")[2]
        terminal.press("enter")
        terminal.wait()


def test_a_dialog_leaves_the_panels_behind_it_as_they_are() -> None:
    with nnfs_tui("moons", "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.until_at_rest(0.3)
        behind = terminal.cells()
        for key, title in (
            (":", "go to epoch"),
            ("e", "what it shows"),
            ("\x10", "find a command"),
        ):
            terminal.press(key)
            terminal.until(title)
            terminal.until_quiet(0.3)
            pairs = zip(chain(*behind), chain(*terminal.cells()), strict=True)
            recoloured = [a for a, b in pairs if a != b and a[0] == b[0] != " "]
            assert len(recoloured) < 60, title
            terminal.press("esc")
            terminal.until(lambda _: terminal.cells() == behind)


def test_the_status_line_can_tell_of_the_line() -> None:
    with nnfs_tui("moons", *ENDLESS, line=Line(1e6, 0.1)) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        terminal.press("F")
        terminal.until(lambda text: re.search(r"[\d.]+ frames/s +[\d.]+ kB/s +1\d\d ms", text))
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_at_rest(1.0)
        terminal.press("F")
        terminal.until(lambda text: " ms" not in text)


def test_the_highest_rate_is_kept() -> None:
    with nnfs_tui("moons", *ENDLESS, "--max-rate", "4k", size=(200, 60)) as terminal:
        terminal.until(lambda _: len(terminal.raw) > 1_000)
        started, first = monotonic(), len(terminal.raw)
        # over some seconds: data that arrives together may have been sent earlier
        terminal.until(lambda _: len(terminal.raw) > first + 16_000)
        assert len(terminal.raw) - first <= 4_000 * (monotonic() - started) + 4_000
