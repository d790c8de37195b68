"""Hidden panel: colours, order of the samples, and numbers."""

from itertools import groupby, pairwise

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
    lines = drawn(ActivationsPanel, session_after(MOONS, 2), 120, 11).lines()
    assert "113 of 150 training samples, sorted by class" in lines[-1]
    strip = lines[1]
    markers = strip[7:-1].strip()
    assert markers == "●" * markers.count("●") + "▲" * markers.count("▲")
    assert min(markers.count("●"), markers.count("▲")) > 30


def test_wide_columns_show_numbers_at_rest() -> None:
    running = session_after(XOR, 60)
    assert "0." not in text(drawn(ActivationsPanel, running, 78, 8)).split("unit ")[1]
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


@pytest.mark.parametrize("size", [(120, 11), (46, 10), (30, 8)])
def test_four_samples_are_four_columns_with_one_marker_each(size: tuple[int, int]) -> None:
    cells = drawn(ActivationsPanel, session_after(XOR, 60), *size)
    lines = cells.lines()
    assert lines[1].replace(" ", "").strip("│")[:4] == "unit"
    assert (lines[1].count("●"), lines[1].count("▲")) == (2, 2)
    row = [background(cells, 2, column) for column in range(6, size[0] - 1)]
    blocks = [colour for colour, _ in groupby(row) if colour != "paper"]
    widths = [len(list(group)) for colour, group in groupby(row) if colour != "paper"]
    assert len(blocks) == 4
    assert len(set(widths)) == 1
    assert widths[0] >= (size[0] - 12) // 4 - 1
    # the marker or its text is above its column
    starts = [
        at
        for at, (one, other) in enumerate(pairwise(["paper", *row]))
        if one == "paper" and other != "paper"
    ]
    for start, width in zip(starts, widths, strict=True):
        assert any(glyph in "●▲" for glyph in lines[1][6 + start : 6 + start + width])


@pytest.mark.parametrize("height", [7, 9, 11, 15])
def test_rows_are_as_tall_as_the_panel_allows(height: int) -> None:
    cells = drawn(ActivationsPanel, session_after(XOR, 60), 60, height)
    filled = [
        row
        for row in range(2, height - 1)
        if cells.lines()[row][10] == "▀" or background(cells, row, 10) != "paper"
    ]
    assert filled[-1] - filled[0] + 1 >= height - 4  # all but half a row per unit
    labels = [line[1:5].strip() for line in cells.lines()[2:-1]]
    assert [label for label in labels if label] == ["1", "2", "3", "4"]


def test_a_third_of_the_width_keeps_layer_scale_axes_and_labels() -> None:
    lines = drawn(ActivationsPanel, session_after(MOONS, 5), 46, 10).lines()
    assert "hidden 1/2 · 8 units" in lines[0]
    assert "−1" in lines[0]
    assert lines[0].rstrip("─╮").rstrip().endswith(" 1")
    assert lines[1].startswith("│unit ")
    assert [line[1:5].strip() for line in lines[2:6]] == ["1–2", "3–4", "5–6", "7–8"]
    assert "39 of 150 samples, by class" in lines[-1]


def test_the_scale_covers_the_outputs_only() -> None:
    run = session_after(MOONS.changed(activation="gelu"), 100)
    assert run.network is not None
    assert run.data is not None
    outputs = run.network.hidden_outputs(run.data.x_train)[0]
    cells = drawn(ActivationsPanel, run, 120, 11)
    title = cells.lines()[0]
    start = title.index("−") + 1
    low, high = (float(each) for each in title[start:].split()[:2])
    assert float(outputs.max()) * 0.9 <= high <= 1.3 * float(outputs.max())
    assert 0.17 < low < 0.25 * high
    colours = [background(cells, 0, column) for column in range(start, 119)]
    middle = len(DIVERGING) // 2
    shown = [colour for colour in dict.fromkeys(colours) if colour in DIVERGING]
    first = DIVERGING.index(shown[0])
    assert middle - 2 <= first <= middle  # from just below the neutral colour up
    assert shown == list(DIVERGING[first : first + len(shown)])
    assert len(shown) >= 4


def test_units_share_rows_or_scroll_if_there_are_too_many() -> None:
    run = session_after(MOONS.changed(hidden=(40,)), 2)
    half = drawn(ActivationsPanel, run, 100, 24)
    assert "40 units" in half.lines()[0]
    few = drawn(ActivationsPanel, run, 100, 8)
    assert "units 1–10 of 40" in few.lines()[0]
    assert "· 1–18 of 40" in drawn(ActivationsPanel, run, 48, 12).lines()[0]


def test_sentence_without_a_hidden_layer() -> None:
    assert "no hidden layer" in text(
        drawn(ActivationsPanel, session_after(MOONS.changed(hidden=()), 1))
    )
