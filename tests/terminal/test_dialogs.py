"""The benchmark of dialogs recognises each dialog of the real program by its title and lower border."""

import pytest

from benchmarks.dialogs import DIALOGS, place_of, row_of
from tests.terminal.terminal import nnfs_tui

PRESETS = sorted({dialog.preset for dialog in DIALOGS.values()})


@pytest.mark.parametrize("preset", PRESETS)
def test_the_benchmark_finds_every_dialog(preset: str) -> None:
    with nnfs_tui(preset, "--paused", "--no-save") as terminal:
        terminal.until("PAUSED")
        for name, dialog in DIALOGS.items():
            if dialog.preset != preset:
                continue
            terminal.press(dialog.key)
            ends = "▁" * 9 if dialog.ends == "▁" else dialog.ends
            terminal.until(lambda text, d=dialog, e=ends: d.title in text and e in text)  # type: ignore[misc]
            terminal.until_at_rest(0.3)
            rows, columns = place_of(dialog, terminal.cells())
            assert len(rows) > 2, name
            assert columns.stop - columns.start > 20, name
            terminal.press("esc")
            terminal.until(lambda _, d=dialog: row_of(d.title, terminal.cells()) is None)  # type: ignore[misc]
