"""Frame clock: how often the lines above and below the panels change."""

import asyncio
from types import SimpleNamespace

import pytest

from tui.screens import frames
from tui.screens.frames import NUMBERS_INTERVAL, FrameClock


class Line:
    """A line that counts its drawings; nothing covers it."""

    def __init__(self) -> None:
        self.drawings = 0
        self.output = SimpleNamespace(covers=lambda _: True, is_unused=False)

    def repaint(self) -> None:
        self.drawings += 1


async def test_numbers_change_no_more_often_than_they_can_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(frames, "monotonic", lambda: now)
    line, run = Line(), SimpleNamespace(is_at_rest=False)
    panel = SimpleNamespace(display=True, shows_numbers=True, repaint=lambda: None, output=None)
    screen = SimpleNamespace(
        run=run, lines=[line], panels=[panel], notice=Line(), pull=lambda: None, app=None
    )
    clock = FrameClock(screen)

    async def draw() -> int:
        before = line.drawings
        clock.paint_frame()
        await asyncio.sleep(0)
        drawings = line.drawings - before
        assert panel.shows_numbers == bool(drawings)
        return drawings

    shown = []
    for _ in range(12):
        shown.append(await draw())
        now += 0.26 * NUMBERS_INTERVAL
    assert shown == [1, 0, 0, 0] * 3
    await draw()
    # a key and the end of the run are answered at once
    clock.paint_all()
    assert line.drawings == 5
    await asyncio.sleep(0)
    assert panel.shows_numbers
    run.is_at_rest = True
    assert await draw() == await draw() == 1
