"""Tests, and the programs that they start, use temporary folders for runs and preferences."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from core.process.client import ONE_THREAD

# without compiled files, each process would compile the program (0.3 s), and rewrite assertions (7 s)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# before NumPy, as in the program: on a busy machine the threads of small products wait for each other
os.environ.update(ONE_THREAD)

# `nohup` ignores it, also for the programs that the tests start and hang up
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# neither measures the program: on a busy machine any example can take a second
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


@pytest.fixture(scope="session", autouse=True)
def _runs_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = str(folder)
    os.environ["NNFS_TUI_RUN_DIR"] = str(folder / "runs")
    return folder / "runs"
