"""A short soak test; the long one is `make soak`."""

from pathlib import Path

import pytest

from tests.terminal.soak import play
from tests.terminal.terminal import PATIENCE, nnfs_tui


def test_whatever_is_pressed_the_screen_stays_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with nnfs_tui("moons", "--epochs", "100000000", "--speed", "30", "--no-save") as terminal:
        play(terminal, "5", 20, dialogs=0.9, answered=PATIENCE)
