"""W exports the run on the screen; the ending of the file is the format."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.process.messages import State
from tests.tui.screens.test_training import MOONS, running
from tui.screens.prompts import ExportScreen


@pytest.mark.parametrize(
    "name", ["a.html", "a.py", "a.torch.py", "a.csv", "a.json", "a.npz", "a.svg"]
)
async def test_the_epoch_that_is_shown_is_exported(name: str, tmp_path: Path) -> None:
    async with running(MOONS, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch > 12)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("home", "right")
        await driver.until(lambda: driver.session.past_epoch == 1)
        await driver.press("W")
        await driver.until(lambda: isinstance(driver.front, ExportScreen))
        await driver.press("ctrl+u", *str(tmp_path / name), "enter")
        file = tmp_path / name
        await driver.until(file.exists)
        await driver.until(driver.is_on_top)
        await driver.shows("is in ")
        content = file.read_bytes()
        if name == "a.json":
            values = json.loads(content)
            assert values["metrics"]["epoch"] == [0, 1]
            network = driver.session.network
            assert network is not None
            assert np.allclose(values["layers"][0]["weights"], network.weights[0])
        elif name == "a.svg":
            assert b"boundary" in content


async def test_an_unknown_ending_is_refused_and_the_text_stays(tmp_path: Path) -> None:
    async with running(MOONS, paused=True) as driver:
        await driver.press("W")
        await driver.until(lambda: isinstance(driver.front, ExportScreen))
        assert "a report (moons.html)" in driver.text()
        await driver.press("ctrl+u", *str(tmp_path / "a.doc"), "enter")
        await driver.shows("has no known ending")
        shown = " ".join(driver.text().split())
        assert ".npz or .svg" in shown
        assert isinstance(driver.front, ExportScreen)
        await driver.press("escape")
        assert not [*tmp_path.iterdir()]
