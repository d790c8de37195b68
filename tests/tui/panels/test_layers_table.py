"""Table of diagnostics in the layers panel, and their plots over time."""

from core.config.presets import PRESETS
from tests.tui.drawn import drawn
from tests.tui.sessions import session_after
from tui.drawing import number_format
from tui.panels.layers import LayersPanel
from tui.panels.view_options import ViewOptions

MOONS = PRESETS["moons"].config()


def test_each_layer_has_a_row_of_diagnostics() -> None:
    run = session_after(MOONS.changed(diagnostics=True, activation=("relu", "tanh")), 20)
    lines = drawn(LayersPanel, run, 48, 10).lines()
    assert [line.split()[1:3] for line in lines[2:5]] == [
        ["1", "relu"],
        ["2", "tanh"],
        ["3", "output"],
    ]
    assert number_format.brief(run.layers[0].gradient_norm) in lines[2]
    assert "0 %" in lines[2]


def test_more_diagnostics_over_time_in_a_wider_panel() -> None:
    run = session_after(MOONS.changed(diagnostics=True), 20)
    panel = LayersPanel(run, ViewOptions())
    narrow = panel.draw(70, 12).lines()
    assert "‖grad‖ (log)" in narrow[1]
    assert "saturated" not in narrow[1]
    assert all(set(line[44:66]) & set("▁▂▃▄▅▆▇█") for line in narrow[2:5])
    wide = panel.draw(160, 12).lines()[1]
    for told in ("‖grad‖ (log)", "Δθ/θ (log)", " dead ", "saturated"):
        assert told in wide
    panel.action_next_measure()
    assert "Δθ/θ (log)" in panel.draw(70, 12).lines()[1]
    assert "‖grad‖ (log)" not in panel.draw(70, 12).lines()[1]
