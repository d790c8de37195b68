"""The real program in a real pseudo-terminal."""

import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from tests.terminal.terminal import PATIENCE, Terminal, epoch_of, is_alive, nnfs_tui

ENDLESS = ("--epochs", "100000000", "--speed", "300")
"""Options of a fast run that leaves processor time for the tests."""

FASTEST = ("--epochs", "100000000", "--speed", "max")


def test_xor_learns_before_ones_eyes() -> None:
    with nnfs_tui("xor", "--speed", "300") as terminal:
        terminal.until("TRAINING")
        terminal.until(lambda text: epoch_of(text) > 0)
        terminal.until("xor · 2 features → 4 tanh → 2 classes · adam 0.1 · full batch · seed 0")
        terminal.until("train = test")
        for label in (" loss ", " accuracy ", " boundary ", " hidden "):
            terminal.until(label)
        last = terminal.until("FINISHED")
        assert "accuracy 100.0 %" in re.sub(" +", " ", last)
        terminal.until_quiet()
        assert re.search(r"unit +● \(0, 0\) +● \(1, 1\) +▲ \(0, 1\) +▲ \(1, 0\)", terminal.text())
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
        assert b"500 of 500 epochs" in terminal.raw


def is_filled(panels: int, text: str) -> bool:
    lines = text.split("\n")
    return (
        lines[0].strip().startswith(("nnfs-tui  moons", "moons"))
        and lines[-3].strip().startswith("PAUSED")
        and text.count("╭") == text.count("╯") == panels
        and all(line.rstrip().endswith(("╮", "│", "╯")) for line in lines[1:-3])
    )


def test_moons_fills_each_size() -> None:
    with nnfs_tui("moons", "--epochs", "100000000") as terminal:
        terminal.until(lambda text: epoch_of(text) > 5)
        terminal.press(" ")
        for size, panels in (((120, 40), 5), ((80, 24), 3), ((200, 60), 5)):
            terminal.resize(*size)
            terminal.until(partial(is_filled, panels))


def test_every_key_of_the_run_works_in_the_terminal() -> None:
    with nnfs_tui("moons", "--epochs", "100000000") as terminal:
        terminal.until(lambda text: epoch_of(text) > 3)
        terminal.press(" ")
        terminal.until("PAUSED")
        still = epoch_of(terminal.text())
        terminal.press("s")
        terminal.until(lambda text: epoch_of(text) == still + 1)
        terminal.press("S")
        terminal.until(lambda text: epoch_of(text) == still + 11)
        terminal.press("+")
        terminal.until("adam 0.02")
        terminal.press("-", "-")
        terminal.until("adam 0.005")
        terminal.press("a")
        terminal.until("activation tanh → sigmoid: trained weights kept")
        terminal.press("o")
        terminal.until("adamw 0.005")
        terminal.press("b")
        terminal.until("batch 64")
        terminal.press("l")
        terminal.until("loss axis: ")
        terminal.press("t")
        terminal.until(lambda text: "○" not in text and "△" not in text)
        terminal.press("[")
        terminal.until("hidden 1/2")
        terminal.press("2")
        terminal.until(
            lambda text: " accuracy " not in text.split("TRAINING")[0].split("PAUSED")[0]
        )
        terminal.press("tab", "z")
        terminal.until(lambda text: text.count("╭") == 1)
        terminal.press("z", "2")
        terminal.until(lambda text: text.count("╭") == 5)
        terminal.press("?")
        terminal.until("start over: the same weights and data")
        terminal.press("?")
        terminal.until(lambda text: "start over: the same weights and data" not in text)
        terminal.press("h")
        terminal.until("─ settings of the run · ")  # the help says so, too, while it goes
        terminal.press("esc")
        terminal.until(lambda text: "─ settings of the run · " not in text)
        terminal.press("d")
        terminal.until("circles · ")
        terminal.press("r")
        terminal.until(lambda text: "reset: the same weights" in text)
        terminal.press("R")
        terminal.until("seed 1")
        terminal.press(">")
        terminal.until("100 epochs/s ▸")
        terminal.press("<", "<")
        terminal.until("10 epochs/s ▸")
        terminal.press("ctrl+c")
        assert terminal.wait() == 0
        assert terminal.is_restored()


def test_a_run_at_rest_writes_and_asks_nothing_and_uses_no_processor() -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 100)
        assert terminal.questions > 3
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_at_rest(2.0)


def test_a_program_that_goes_on_writing_is_not_at_rest() -> None:
    with Terminal("yes") as terminal:
        terminal.until("y")
        with pytest.raises(AssertionError, match="bytes"):
            terminal.until_at_rest(0.2, patience=0.0)


@pytest.mark.parametrize(
    ("arguments", "state"),
    [(("--epochs", "20", "--speed", "max"), "FINISHED"), (("--lr", "1e6"), "DIVERGED")],
)
def test_a_run_that_ended_writes_nothing(arguments: tuple[str, ...], state: str) -> None:
    with nnfs_tui("moons", *arguments) as terminal:
        terminal.until(state)
        terminal.until_at_rest(1.5)


def test_divergence_is_explained_and_reset_recovers() -> None:
    with nnfs_tui("moons", "--lr", "1e6") as terminal:
        terminal.until("DIVERGED")
        text = terminal.until("diverged at epoch 1")
        assert "try a lower learning rate" in text
        for _ in range(24):
            terminal.press("-")
        terminal.until("adam 0.01 ")
        terminal.until("PAUSED")  # by the change; a reset keeps the state
        terminal.press("r")
        terminal.until(lambda text: "PAUSED" in text and epoch_of(text) == 0)
        terminal.press(" ")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 5)


def test_the_screen_says_that_the_training_process_died_and_starts_a_new_one() -> None:
    with nnfs_tui("xor", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 50)
        (child,) = terminal.children()
        os.kill(child, signal.SIGKILL)
        text = terminal.until("STOPPED")
        assert "the training process was killed (SIGKILL)" in terminal.until("SIGKILL")
        assert epoch_of(text) > 50
        terminal.press("r")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 5)
        assert terminal.children() != [child]
        terminal.press("q")
        assert terminal.wait() == 0


@pytest.mark.parametrize(
    ("how", "status"),
    [("ctrl+c", 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_however_it_ends_the_terminal_is_restored_and_no_process_stays(
    how: str | signal.Signals, status: int
) -> None:
    with nnfs_tui("moons", *FASTEST) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        children = terminal.children()
        assert len(children) == 1
        if isinstance(how, signal.Signals):
            os.kill(terminal.pid, how)
        else:
            terminal.press(how)
        assert terminal.wait() == status
        assert terminal.is_restored()
        deadline = monotonic() + PATIENCE
        while is_alive(children[0]):
            assert monotonic() < deadline


def test_a_broken_line_leaves_no_process_behind() -> None:
    with nnfs_tui("spiral", *FASTEST, size=(200, 60)) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (child,) = terminal.children()
        assert terminal.hang_up() == 129
        deadline = monotonic() + PATIENCE
        while is_alive(child):
            assert monotonic() < deadline


def test_a_terminal_that_nobody_reads_cannot_keep_the_program_from_ending() -> None:
    with nnfs_tui("spiral", *FASTEST, size=(200, 60)) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        (child,) = terminal.children()
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal._process.wait(PATIENCE) == 143
        deadline = monotonic() + PATIENCE
        while is_alive(child):
            assert monotonic() < deadline


def test_a_paused_run_writes_nothing_behind_an_open_dialog() -> None:
    with nnfs_tui("moons", "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("h")
        terminal.until("settings of the run")
        terminal.press("tab")
        terminal.until_at_rest(1.5)


def test_resizing_keeps_training_and_leaves_a_whole_screen() -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 10)
        terminal.resize(50, 11)
        terminal.until("needs 40×12")
        terminal.resize(80, 24)
        terminal.until(lambda text: "TRAINING" in text and text.count("╭") == 3)
        random = Random(0)
        for _ in range(200):
            terminal.resize(random.randint(1, 400), random.randint(1, 100))
            terminal.read(0.02)
        terminal.resize(120, 40)
        terminal.until(lambda text: text.count("╭") == 5)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_redrawn_the_same()


def test_a_run_beside_the_screen_gives_the_numbers_of_a_run_without_one(tmp_path: Path) -> None:
    plain = subprocess.run(
        [Path(sys.executable).with_name("nnfs-tui"), "train", "moons", "--json", "--seed", "5"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    ).stdout.splitlines()
    log = tmp_path / "run.jsonl"
    with nnfs_tui("moons", "--seed", "5", "--speed", "100", "--log", str(log)) as terminal:
        terminal.until(lambda text: epoch_of(text) > 5)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.press("s", "S")
        terminal.resize(80, 24)
        terminal.press("<", "z", "l", "4", "h")
        terminal.until("settings of the run")
        terminal.press("esc")
        terminal.until(lambda text: "settings of the run" not in text)
        terminal.press(" ")
        terminal.until("TRAINING")
        terminal.resize(140, 50)
        terminal.press(">", ">", ">", ">")
        terminal.until("FINISHED")
        terminal.press("q")
        assert terminal.wait() == 0
    watched = log.read_text().splitlines()
    assert watched[:-1] == plain[:-1]
    ends = [json.loads(lines[-1]) for lines in (watched, plain)]
    assert [end["epochs"] for end in ends] == [600, 600]
    assert [end["stopped"] for end in ends] == ["epochs", "epochs"]


def test_a_log_on_a_full_disk_is_said_and_the_run_goes_on() -> None:
    with nnfs_tui("moons", *ENDLESS, "--log", "/dev/full") as terminal:
        terminal.until("logging stopped: the file cannot be written (No space left on device)")
        start = epoch_of(terminal.text())
        terminal.until(lambda text: epoch_of(text) > start + 100)
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()


def test_at_max_speed_a_preset_lasts_long_enough_to_be_watched() -> None:
    with nnfs_tui("moons", "--speed", "max") as terminal:
        terminal.until(lambda text: epoch_of(text) > 1000)
        terminal.press(" ")
        terminal.until("PAUSED")
    with nnfs_tui("moons", "--speed", "max", "--epochs", "600") as terminal:
        terminal.until("finished after 600 epochs")


def test_a_run_can_wait_for_the_first_key() -> None:
    with nnfs_tui("xor", "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.until(lambda text: epoch_of(text) == 0)
        terminal.press(" ")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 3)


def test_a_slow_terminal_holds_no_epoch_back(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    with nnfs_tui("xor", "--epochs", "20000", "--speed", "max", "--log", str(log)) as terminal:
        terminal.until("TRAINING")
        # nothing is read for a while; the run must finish nevertheless
        child = terminal.children()[0]
        deadline = monotonic() + PATIENCE
        stat = Path(f"/proc/{child}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "S":
            assert monotonic() < deadline
        terminal.until("FINISHED")
        terminal.press("q")
        assert terminal.wait() == 0
    epochs = [json.loads(line)["epoch"] for line in log.read_text().splitlines()[1:-1]]
    assert epochs == list(range(1, 20001))
