"""Hidden panel: colours, order of the samples, and numbers."""

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.drawn import background, drawn, text
from tests.tui.sessions import session_after
from tui.drawing.palette import DIVERGING, SEQUENTIAL
from tui.panels.activations import ActivationsPanel

XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()


@pytest.mark.parametrize(
    ("activation", "colours", "ends"),
    [
        ("tanh", DIVERGING, ("−1", "1")),
        ("sigmoid", SEQUENTIAL, ("0", "1")),
        ("relu", SEQUENTIAL, ("0", "")),
        ("linear", DIVERGING, ("−", "")),
    ],
)
def test_activations_are_quantised_on_the_scale_of_their_function(
    activation: str, colours: tuple[str, ...], ends: tuple[str, str]
) -> None:
    run = session_after(MOONS.changed(activation=activation), 30)
    cells = drawn(ActivationsPanel, run, 120, 11, layer=1)
    used = {background(cells, row, column) for row in range(2, 10) for column in range(7, 110)}
    assert len(used & set(colours)) >= 3
    assert used <= set(colours) | {background(cells, 0, 0)}
    title = cells.lines()[0]
    assert "layer 2 of 2" in title
    assert ends[0] in title
    assert ends[1] in title


def test_samples_are_sorted_by_class() -> None:
    strip = drawn(ActivationsPanel, session_after(MOONS, 2), 120, 11).lines()[1]
    markers = strip[7:-1].strip()
    assert markers == "●" * markers.count("●") + "▲" * markers.count("▲")
    assert min(markers.count("●"), markers.count("▲")) > 30


def test_wide_columns_show_numbers_at_rest() -> None:
    running = session_after(XOR, 60)
    assert "0." not in text(drawn(ActivationsPanel, running, 78, 8)).split("class")[1]
    paused = session_after(XOR, 60, State.PAUSED)
    lines = drawn(ActivationsPanel, paused, 78, 8).lines()
    assert all(place in lines[1] for place in ("(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"))
    assert paused.network is not None
    assert paused.data is not None
    order = np.argsort(paused.data.y_train, kind="stable")
    outputs = paused.network.hidden_outputs(paused.data.x_train[order])[0]
    for unit in range(4):
        shown = lines[2 + unit].replace("−", "-").strip("│ ").split()
        assert shown[0] == str(unit + 1)
        assert [float(each) for each in shown[1:]] == pytest.approx(outputs[:, unit], abs=5e-4)


def test_units_share_rows_or_scroll_if_there_are_too_many() -> None:
    run = session_after(MOONS.changed(hidden=(40,)), 2)
    half = drawn(ActivationsPanel, run, 100, 24)
    assert "40 units" in half.lines()[0]
    few = drawn(ActivationsPanel, run, 100, 8)
    assert "units 1–10 of 40" in few.lines()[0]


def test_sentence_without_a_hidden_layer() -> None:
    assert "no hidden layer" in text(
        drawn(ActivationsPanel, session_after(MOONS.changed(hidden=()), 1))
    )
