"""W exports the run on the screen; the ending of the file is the format."""

import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.export import tables
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.screens import exporter
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


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Chunks of one epoch, the first of which is written when the event is set."""
    may_continue = threading.Event()
    monkeypatch.setattr(tables, "CHUNK", 1)
    monkeypatch.setattr(exporter, "REPORTED_EVERY", 0.0)
    used = tables.used_columns

    def wait(rows: NDArray[np.float64]) -> list[int]:
        assert may_continue.wait(60)
        return used(rows)

    monkeypatch.setattr(tables, "used_columns", wait)
    return may_continue


async def export(driver: Driver, file: Path, *more: str) -> None:
    await driver.press("W")
    await driver.until(lambda: isinstance(driver.front, ExportScreen))
    await driver.press("ctrl+u", *str(file), "enter", *more)
    await driver.until(driver.is_on_top)


async def test_the_run_goes_on_during_an_export_which_has_the_epochs_of_its_beginning(
    slow: threading.Event, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    async with running(MOONS, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch > 12)
        await export(driver, file)
        start = driver.epoch
        await driver.until(lambda: driver.epoch > start + 20)
        assert not file.exists()
        await driver.press("W")
        await driver.shows("one export at a time")
        slow.set()
        await driver.until(file.exists)
        await driver.shows("the run is in ")
        assert len(file.read_text().splitlines()) <= start + 2


async def test_escape_cancels_an_export_and_the_old_file_stays(
    slow: threading.Event, tmp_path: Path
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("old")
    async with running(MOONS, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch > 12)
        await export(driver, file, "enter")  # once more overwrites it
        await driver.press("escape")
        slow.set()
        await driver.shows("the export is cancelled")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


async def test_an_export_ends_with_the_program(slow: threading.Event, tmp_path: Path) -> None:
    async with running(MOONS, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch > 12)
        await export(driver, tmp_path / "a.csv")
        running_export = driver.screen.exporter
        cancel = running_export.cancel

        def cancelled() -> bool:
            done = cancel()
            slow.set()
            return done

        running_export.cancel = cancelled  # type: ignore[method-assign]
    assert not [*tmp_path.iterdir()]


async def test_progress_is_shown(slow: threading.Event, tmp_path: Path) -> None:
    slow.set()
    async with running(MOONS, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch > 12)
        notes: list[str] = []
        show = driver.screen.show_note

        def note(note: str) -> None:
            notes.append(note)
            show(note)

        driver.screen.show_note = note  # type: ignore[method-assign]
        await export(driver, tmp_path / "a.json")
        await driver.shows("the run is in ")
    shares = [
        int(found[1])
        for text in notes
        if (found := re.fullmatch(r"export: writing the metrics (\d+) % · esc cancels", text))
    ]
    assert shares == sorted(shares)
    assert len({*shares}) > 10
