"""Tests, and the programs that they start, save runs in a temporary folder, not in the user's."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _runs_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(folder)
    os.environ["NNFS_TUI_RUN_DIR"] = str(folder / "runs")
    return folder / "runs"
