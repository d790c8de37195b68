"""Every panel, drawn before the first epoch and at any size."""

import pytest

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.drawn import drawn, text
from tests.tui.sessions import session_after
from tui.panels.panel import Panel
from tui.panels.registry import PANELS
from tui.run_model import RunModel

XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()


@pytest.mark.parametrize("kind", PANELS)
def test_placeholder_before_the_first_epoch(kind: type[Panel]) -> None:
    words = text(drawn(kind, RunModel(MOONS)))
    assert len([word for word in words.split() if word.isalpha()]) >= 5


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (398, 98)])
def test_a_panel_of_any_size_is_drawn(kind: type[Panel], size: tuple[int, int]) -> None:
    for run in (session_after(MOONS, 3), session_after(XOR, 3, State.PAUSED)):
        cells = drawn(kind, run, *size)
        assert (cells.width, cells.height) == size
