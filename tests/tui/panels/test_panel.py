"""Every panel, drawn before the first epoch and at any size."""

import pytest

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.drawn import drawn, text
from tests.tui.sessions import session_after
from tui.panels.activations import ActivationsPanel
from tui.panels.network.panel import NetworkPanel
from tui.panels.panel import Panel
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions
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


HIDDEN = (("errors", "3"), ("inspector", "i"), ("loss", "1"), ("layers", "7"))


@pytest.mark.parametrize("kind", [NetworkPanel, ActivationsPanel])
@pytest.mark.parametrize("count", range(len(HIDDEN) + 1))
def test_captions_end_before_the_names_of_hidden_panels(kind: type[Panel], count: int) -> None:
    run = session_after(MOONS, 3, State.PAUSED)
    with_caption = 0
    for width in range(30, 100):
        panel = kind(run, ViewOptions())
        panel.hidden_panels = HIDDEN[:count]
        border = text(panel.draw(width, 20)).splitlines()[-1]
        before, _, after = border.strip("╰╯").partition(" + ")
        if count:
            assert after.startswith(f"{HIDDEN[0][0]} {HIDDEN[0][1]}")
        captions = [words.strip() for words in before.split("─") if words.strip()]
        forms = {words.strip() for _, several in panel.captions for words in several}
        assert set(captions) <= forms
        with_caption += bool(captions)
    assert with_caption >= 10


def test_a_caption_has_its_longest_form_that_fits() -> None:
    panel = ActivationsPanel(session_after(MOONS, 3, State.PAUSED), ViewOptions())
    assert "training samples, sorted by class →" in panel.draw(70, 20).lines()[-1]
    panel.hidden_panels = HIDDEN[:2]
    border = panel.draw(70, 20).lines()[-1]
    assert "samples, by class → ─" in border
    assert "errors 3  inspector i" in border
