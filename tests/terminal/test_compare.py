"""Saved runs are compared in a terminal: from the list, through one of them, and back."""

import os
import signal
import subprocess
from pathlib import Path

from core.runs.reader import read_header
from tests.terminal.terminal import nnfs_tui
from tests.terminal.test_command_line import PROGRAM


def test_runs_are_marked_compared_opened_and_left(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    for rate in ("0.1", "0.001"):
        command = [PROGRAM, "train", "xor", "--epochs", "40", "--lr", rate, "--run-dir", runs]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    before = [read_header(path) for path in sorted((tmp_path / "runs").glob("xor*"))]
    with nnfs_tui("compare", "--run-dir", runs) as terminal:
        terminal.until("compare saved runs")
        terminal.press(" ", " ")
        terminal.until("2 marked")
        terminal.press("\r")
        terminal.until("epoch 40 of 40")
        terminal.until("disagree on")
        terminal.press("\x1b[H")
        terminal.until("epoch  0 of 40")
        terminal.press("\r")
        terminal.until("resumed at epoch 40")
        terminal.press("q")
        terminal.until("back from run 1, xor")
        terminal.press("q")
        terminal.until("compare saved runs")
        terminal.press("q")
        assert terminal.wait() == 0
    assert [read_header(path).epoch for path in sorted((tmp_path / "runs").glob("xor*"))] == [
        each.epoch for each in before
    ]


def test_a_run_without_its_data_is_not_opened_and_a_signal_ends_the_other(tmp_path: Path) -> None:
    runs, file = str(tmp_path / "runs"), tmp_path / "points.csv"
    file.write_text("x,y\n" + "".join(f"{at},{at % 7}\n" for at in range(40)))
    for source in (str(file), "xor"):
        command = [PROGRAM, "train", source, "--epochs", "5", "--run-dir", runs]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    file.unlink()
    with nnfs_tui(
        "compare", "points", "xor", "--run-dir", runs, "--max-rate", "1M", size=(200, 60)
    ) as terminal:
        terminal.until("run 1 without maps")
        terminal.press("\r")
        terminal.until(lambda text: "run 1 cannot be opened: " in text and "2 runs" in text)
        terminal.press("\x1b[B", "\r")
        terminal.until("resumed at epoch 5")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait() == 128 + signal.SIGTERM
        assert terminal.is_restored()


def test_the_comparison_is_printed_on_request(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    for seed in ("1", "2"):
        command = [PROGRAM, "train", "xor", "--epochs", "5", "--seed", seed, "--run-dir", runs]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    names = [path.name for path in sorted((tmp_path / "runs").glob("xor*"))]
    with nnfs_tui("compare", "--plain", *names, "--run-dir", runs) as terminal:
        assert terminal.wait() == 0
        assert "epochs trained" in terminal.text()
        assert b"\x1b[?1049h" not in terminal.raw


def test_a_race_of_optimizers_ends_with_their_ranking(tmp_path: Path) -> None:
    options = ("--epochs", "60", "--run-dir", str(tmp_path / "runs"))
    with nnfs_tui("sweep", "xor", "--optimizer", "sgd", "adam", "--race", *options) as terminal:
        terminal.until("2 adam")
        terminal.until("AT END")
        terminal.until("epoch 60 of 60")
        terminal.press("q")
        assert terminal.wait() == 0
        printed = terminal.text()
        assert printed.index("adam") < printed.index("sgd")
        assert "epochs trained" in printed
    assert not (tmp_path / "runs").exists()
