"""A recording shows, when it is played, what the terminal showed."""

import json
import os
from pathlib import Path

import pyte
import pytest

from tests.terminal.terminal import nnfs_tui


def played(path: Path) -> pyte.Screen:
    """Return the screen at the end of a recording."""
    header, *events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert header["version"] == 2
    screen = pyte.Screen(header["width"], header["height"])
    stream = pyte.Stream(screen)
    last = 0.0
    for seconds, kind, data in events:
        assert seconds >= last
        last = seconds
        if kind == "r":
            columns, rows = map(int, data.split("x"))
            screen.resize(rows, columns)
        else:
            assert "\x1b[6n" not in data  # the player's terminal would answer
            stream.feed(data)
    return screen


def test_the_last_frame_is_the_screen(tmp_path: Path) -> None:
    file = tmp_path / "run.cast"
    with nnfs_tui("xor", "--record", str(file), "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("s")
        terminal.until("epoch      1")
        terminal.resize(100, 32)
        terminal.until(lambda text: len(text.split("\n")[0]) == 100)
        terminal.until_at_rest(0.5)
        seen = terminal.text()
        terminal.press("q")
        assert terminal.wait() == 0
    assert [line.rstrip() for line in played(file).display] == [
        line.rstrip() for line in seen.split("\n")
    ]


def test_a_file_that_cannot_be_written_is_refused_before_the_screen_opens(tmp_path: Path) -> None:
    with nnfs_tui("xor", "--record", str(tmp_path / "no" / "run.cast")) as terminal:
        assert terminal.wait() == 2
        assert b"for --record: expected a writable file" in terminal.raw


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_ends_the_recording_alone() -> None:
    with nnfs_tui("xor", "--record", "/dev/full", "--speed", "max") as terminal:
        terminal.until("TRAINING")
        terminal.press("q")
        assert terminal.wait() == 0
        assert b"the recording ended early: No space left" in terminal.raw


def test_a_followed_run_is_recorded_and_announced(tmp_path: Path) -> None:
    log, file = tmp_path / "loss log.csv", tmp_path / "run.cast"
    log.write_text("epoch,loss,val_loss\n" + "".join(f"{at},{9 - at},1\n" for at in range(5)))
    options = ("--record", str(file), "--notify", "--progress", "--epochs", "10")
    with nnfs_tui("follow", str(log), *options, TERM="xterm-kitty") as terminal:
        terminal.until("FOLLOWING")
        assert b"\x1b]2;FOLLOWING loss_log.csv epoch 4 loss 5.0000\a" in terminal.raw
        assert b"\x1b]9;4;1;40\a" in terminal.raw
        terminal.press(
            "m", "\x1b[O"
        )  # a key shows that the terminal has the focus; then it loses it
        terminal.until_at_rest(0.5)
        os.utime(log, (1.0, 1.0))
        terminal.until("STALLED")
        terminal.until_at_rest(0.5)
        assert b"\x1b]99;;loss_log.csv has stalled: epoch 4 loss 5.0000\x1b\\" in terminal.raw
        seen = terminal.text()
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
    assert [line.rstrip() for line in played(file).display] == [
        line.rstrip() for line in seen.split("\n")
    ]
