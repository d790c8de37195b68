"""A panel that is a module of `tui.panels` is in the keys, the help, the explanations and the screen."""

import sys
from pathlib import Path

import pytest

from core.config.presets import PRESETS
from tests.tui.screens.test_training import running
from tui import panels
from tui.keys import KEYS
from tui.panels.registry import KEY_ORDER, PANELS, discover, panel_hints

EXTRA = """
from tui.drawing.cells import Cells
from tui.panels.panel import Panel


class Base(Panel):
    def draw_content(self, width, height):
        return Cells(width, height)


class ExtraPanel(Base):
    key, label = "Z", "extra"
"""


@pytest.mark.parametrize("file", ["extra.py", "extra/panel.py"])
def test_a_module_or_folder_with_a_panel_is_found(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(EXTRA)
    (path.parent / "__init__.py").touch()
    monkeypatch.setattr(panels, "__path__", [*panels.__path__, str(tmp_path)])
    try:
        assert [panel.label for panel in discover()] == [*(p.label for p in PANELS), "extra"]
    finally:
        for name in ("tui.panels.extra", "tui.panels.extra.panel"):
            sys.modules.pop(name, None)


def test_keys_and_labels_of_panels_are_unique() -> None:
    assert len({panel.key for panel in PANELS}) == len(PANELS)
    assert len({panel.label for panel in PANELS}) == len(PANELS)
    assert all(panel.key in KEY_ORDER for panel in PANELS)


def test_hints_of_the_same_key_share_a_row_of_the_help() -> None:
    assert panel_hints()["c"] == "layers, table: next column; space: next units"
    shown = [row.shown for row in KEYS if row.handler is None]
    for key in panel_hints():
        assert shown.count(key) == 1


async def test_every_panel_opens_with_its_key_and_has_a_help_and_an_explanation() -> None:
    async with running(PRESETS["xor"].config(), (120, 220), paused=True) as driver:
        await driver.press("question_mark")
        for panel in PANELS:
            assert f"{panel.key} {panel.label} " in driver.text()
        await driver.press("escape")
        for panel in PANELS:
            shown = driver.panel(panel.label)
            if not shown.display:
                await driver.press(panel.key)
                await driver.until(lambda label=panel.label: label in driver.visible())  # type: ignore[misc]
            shown.focus()
            name = shown.border_name
            await driver.press("e")
            await driver.shows(f"{name}: what it shows")
            await driver.press("escape")
            if panel.label == "inspector":
                await driver.press("i")
