"""Line of a unit on the map, and its places on the curve of a single feature."""

from pathlib import Path

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.config.run_config import RunConfig
from core.process.messages import State
from tests.tui.panels.test_boundary import write
from tests.tui.sessions import session_after
from tui.drawing.palette import BRIGHT, get_ink
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel


def lines_of(run: RunModel, *cursor: int) -> list[str]:
    panel = BoundaryPanel(run, ViewOptions(network_focused=True, cursor=Cursor(*cursor)))
    return panel.draw(64, 26).lines()


@pytest.mark.parametrize("name", ["moons", "sine"])
@pytest.mark.parametrize(
    ("weights", "bias", "words"),
    [
        (0.0, 0.0, "w·x + b = 0 everywhere"),
        (0.0, 0.5, "w·x + b > 0 everywhere"),
        (0.0, -0.5, "w·x + b < 0 everywhere"),
        (np.nan, 0.5, "w·x + b is not finite"),
        (1.0, np.inf, "w·x + b is not finite"),
        (1.0, 0.0, "w·x + b = 0 "),
    ],
)
def test_the_title_is_true_for_any_weights(
    name: str, weights: float, bias: float, words: str
) -> None:
    run = session_after(PRESETS[name].config(), 1, State.PAUSED)
    assert run.network is not None
    first = run.network.layers[0]
    first.weights[:, 2], first.biases[2] = weights, bias
    lines = lines_of(run, 0, 2)
    assert f"unit 1.3: {words}" in lines[0]
    assert ("+" in "".join(lines[1:-3])) == words.endswith("0 ")


@pytest.mark.parametrize("name", ["moons", "sine"])
def test_the_title_names_only_what_the_unit_has(name: str) -> None:
    run = session_after(PRESETS[name].config(bias=False), 5, State.PAUSED)
    assert "unit 1.1: w·x = 0 " in lines_of(run, 0, 0)[0]
    run = session_after(PRESETS[name].config(batch_norm=True), 5, State.PAUSED)
    assert "unit 1.1: z " in lines_of(run, 0, 0)[0]


@pytest.mark.parametrize("layer", [0, 1])
def test_on_a_curve_a_unit_has_a_vertical_line_where_its_sum_is_zero(layer: int) -> None:
    run = session_after(PRESETS["sine"].config(hidden=(8, 6)), 60, State.PAUSED)
    network = run.network
    assert network is not None
    marks = 0
    for unit in range(network.sizes[layer + 1]):
        panel = BoundaryPanel(run, ViewOptions(network_focused=True, cursor=Cursor(layer, unit)))
        cells, view = panel.draw(64, 26), panel._picture
        assert isinstance(view, FittedCurve)
        below = view.inputs if not layer else network.hidden_outputs(view.inputs)[layer - 1]
        z = (below @ network.weights[layer] + network.biases[layer])[:, unit]
        places = np.flatnonzero((z[:-1] > 0) != (z[1:] > 0)) / 2
        left = 1 + view.gutter
        plot = slice(1, 1 + view.rows), slice(left, left + view.columns)
        glyphs = cells.glyphs[plot]
        bright = [
            [get_ink(at).foreground == BRIGHT for at in row] for row in cells.inks[plot].tolist()
        ]
        line = np.array(bright) & np.isin(glyphs, ("⢸", "⡇"))
        columns = np.flatnonzero(line.sum(axis=0) > view.rows / 2)
        assert len(columns) == len(places)
        assert all(np.abs(places - column).min() <= 1 for column in columns.tolist())
        for _, column in np.argwhere(np.array(bright) & (glyphs == "+")).tolist():
            assert z[2 * column] > 0
            marks += 1
        formula = "z" if layer else "w·x + b"
        assert f"unit {layer + 1}.{unit + 1}: {formula} " in cells.lines()[0]
        assert ("everywhere" in cells.lines()[0]) == (not len(places))
    assert marks >= 3


@pytest.mark.parametrize("classes", [2, 3])
def test_on_a_curve_a_line_is_where_the_predicted_class_changes(
    tmp_path: Path, classes: int
) -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(150) % classes
    x = 500 + 100 * labels + rng.normal(0, 20, 150)
    file = write(tmp_path / "one.csv", "height,kind", x.round(3), np.array(list("abc"))[labels])
    run = session_after(RunConfig(data=file, hidden=(8,)), 150, State.PAUSED)
    panel = BoundaryPanel(run, ViewOptions())
    cells, view = panel.draw(90, 30), panel._picture
    assert isinstance(view, FittedCurve)
    predicted = view.network.predict(view.inputs).argmax(axis=1)
    changes = np.flatnonzero(predicted[:-1] != predicted[1:]) // 2
    assert len(changes) == classes - 1
    left = 1 + view.gutter
    plot = cells.glyphs[1 : 1 + view.rows, left : left + view.columns]
    assert np.flatnonzero((plot == "┊").sum(axis=0)).tolist() == changes.tolist()
    # the probability 0.5 is where the class changes only for two classes
    assert ((plot == "─").any()) == (classes == 2)
