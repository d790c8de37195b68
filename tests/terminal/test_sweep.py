"""The command sweep in a real pseudo-terminal: its screen, and what it leaves."""

from pathlib import Path

from tests.terminal.terminal import nnfs_tui
from tests.terminal.test_title import titles

GRID = ("--hidden", "2", "3", "--lr", "0.01", "0.1", "--samples", "40", "--epochs", "5")


def test_a_sweep_is_watched_and_its_table_is_printed_at_the_end(tmp_path: Path) -> None:
    folder = ("--run-dir", str(tmp_path))
    with nnfs_tui("sweep", "moons", *GRID, *folder) as terminal:
        terminal.until("FINISHED")
        terminal.until("4 of 4 runs")
        terminal.until("heat map hidden × lr")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
        assert b"4 runs of 4 combinations in" in terminal.raw
    # the outcomes are stored, also for a command without a screen
    with nnfs_tui("sweep", "moons", *GRID, *folder, "--plain") as terminal:
        assert terminal.wait() == 0
        assert b"\x1b[?1049h" not in terminal.raw
        assert b"4 of them trained before" in terminal.raw


def test_ctrl_c_stops_a_sweep_and_says_how_to_continue(tmp_path: Path) -> None:
    arguments = ("moons", "--samples", "40", "--epochs", "5", "100000000")
    with nnfs_tui("sweep", *arguments, "--run-dir", str(tmp_path), size=(80, 24)) as terminal:
        terminal.until("1 of 2 runs")
        terminal.press("\x03")
        assert terminal.wait() == 130
        assert terminal.is_restored()
        assert b"interrupted, 1 run is missing; 1 run" in terminal.raw
        assert b"the same command continues" in terminal.raw
    assert len(next((tmp_path / ".sweeps").iterdir()).read_text().splitlines()) == 1


def test_q_leaves_a_sweep_without_an_error_and_the_title_says_how_far_it_is(tmp_path: Path) -> None:
    arguments = ("moons", "--samples", "40", "--epochs", "5", "100000000", "--progress")
    with nnfs_tui("sweep", *arguments, "--run-dir", str(tmp_path)) as terminal:
        terminal.until(lambda _: titles(terminal)[-1:] == ["TRAINING sweep of moons 1 of 2 runs"])
        assert b"\x1b]9;4;1;50\a" in terminal.raw
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
