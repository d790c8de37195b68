"""Panels and status lines, drawn without an application."""

import numpy as np
import pytest

from core import RunConfig
from core.analysis.planes import Plane, Window
from core.analysis.prediction_map import classify
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    CLASS_FIELDS,
    CLASS_POINTS,
    DIVERGING,
    SEQUENTIAL,
    TEST_MARKERS,
    TRAIN_MARKERS,
    UNCERTAIN,
    WRONG_TRAIN,
    style,
)
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import LossPanel, ScorePanel
from tui.panels.layers import LayersPanel
from tui.panels.panel import Panel
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel
from tui.screens.status_bars import FooterLine, HeaderLine, LogLine, StatusLine

XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()


def drawn(
    kind: type[Panel], session: RunModel, width: int = 60, height: int = 20, **options: object
) -> Cells:
    return kind(session, ViewOptions(**options)).draw(width, height)  # type: ignore[arg-type]


def text(cells: Cells) -> str:
    return "\n".join(cells.lines())


def background(cells: Cells, row: int, column: int) -> str:
    colour = style(int(cells.inks[row, column])).bgcolor
    return colour.name if colour is not None else ""


def test_titles_carry_the_numbers_of_the_last_epoch() -> None:
    session = session_after(MOONS, 20)
    last = session.timeline.last()
    assert last is not None
    loss = drawn(LossPanel, session).lines()[0]
    assert f"train {last.train_loss:.4f}" in loss
    assert f"test {last.test_loss:.4f}" in loss
    accuracy = drawn(ScorePanel, session).lines()[0]
    assert f"train {100 * last.train_score:.1f} %" in accuracy
    assert "log axis" in drawn(LossPanel, session, log_loss=True).lines()[0]


def test_xor_says_that_train_and_test_are_the_same() -> None:
    session = session_after(XOR, 3)
    assert "train = test" in drawn(LossPanel, session).lines()[0]
    assert "train = test" in drawn(ScorePanel, session).lines()[0]


def test_the_map_shows_the_class_that_the_network_predicts() -> None:
    session = session_after(MOONS, 100)
    assert session.network is not None
    assert session.data is not None
    cells = drawn(BoundaryPanel, session, 60, 24, show_test=False)
    everything = np.concatenate([session.data.x_train, session.data.x_test])
    window = Window.around(everything, 60 - 2 - 6, 2 * (24 - 2 - 2))
    labels, certainty = classify(session.network, window.points())
    labels = labels.reshape(window.rows, window.columns)
    certainty = certainty.reshape(window.rows, window.columns)
    compared = 0
    for row in range(0, window.rows, 2):
        for column in range(window.columns):
            at = 1 + row // 2, 1 + 6 + column
            if cells.glyphs[at] not in " ▀":
                continue
            lower = background(cells, *at)
            sure = certainty[row + 1, column]
            fields = CLASS_FIELDS[labels[row + 1, column]]
            expected = UNCERTAIN if sure < 0.25 else fields[min(int(sure * 4), 3) - 1]
            assert lower == expected
            compared += 1
    assert compared > 800


def test_points_carry_their_class_in_shape_and_colour_and_wrong_ones_stand_out() -> None:
    session = session_after(MOONS, 4)
    assert session.network is not None
    assert session.data is not None
    with_test = text(drawn(BoundaryPanel, session, 100, 40))
    without = text(drawn(BoundaryPanel, session, 100, 40, show_test=False))
    for label in (0, 1):
        assert with_test.count(TEST_MARKERS[label]) > 0
        assert without.count(TEST_MARKERS[label]) == 0
        assert without.count(TRAIN_MARKERS[label]) > 5
    wrong = classify(session.network, session.data.x_train)[0] != session.data.y_train
    assert wrong.any()
    # two may fall into one cell, and one stands in the legend
    assert 1 < without.count(WRONG_TRAIN) <= np.count_nonzero(wrong) + 1


def test_the_map_keeps_the_aspect_ratio() -> None:
    session = session_after(MOONS, 1)
    assert session.data is not None
    for columns, rows in ((20, 60), (120, 20), (52, 40)):
        window = Window.around(session.data.x_train, columns, rows)
        across = (window.right - window.left) / columns
        assert across == pytest.approx((window.top - window.bottom) / rows)
        low, high = session.data.x_train.min(axis=0), session.data.x_train.max(axis=0)
        assert window.left < low[0] < high[0] < window.right
        assert window.bottom < low[1] < high[1] < window.top


@pytest.mark.parametrize("classes", [2, 5, 20])
def test_any_number_of_classes_has_a_map_and_a_legend(classes: int) -> None:
    session = session_after(RunConfig(dataset="blobs", classes=classes, samples=200), 5)
    cells = drawn(BoundaryPanel, session, 110, 40)
    assert f"{TRAIN_MARKERS[0]} 0" in text(cells)
    assert f"{TRAIN_MARKERS[1]} 1" in text(cells)
    assert "wrong" in text(cells)


def test_axes_carry_the_features_names_and_ranges() -> None:
    lines = drawn(BoundaryPanel, session_after(XOR, 1), 60, 20).lines()
    axis = lines[-3]
    assert "x₁" in axis
    ends = axis.replace("−", "-").strip("│ ").split()
    numbers = [float(part) for part in ends if part != "x₁"]
    assert numbers[0] < 0 < 1 < numbers[1]
    assert any("x₂" in line[:8] for line in lines)


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
    session = session_after(MOONS.changed(activation=activation), 30)
    cells = drawn(ActivationsPanel, session, 120, 11, layer=1)
    used = {background(cells, row, column) for row in range(2, 10) for column in range(7, 110)}
    assert len(used & set(colours)) >= 3
    assert used <= set(colours) | {background(cells, 0, 0)}
    title = cells.lines()[0]
    assert "layer 2 of 2" in title
    assert ends[0] in title
    assert ends[1] in title


def test_samples_stand_in_order_of_their_class() -> None:
    strip = drawn(ActivationsPanel, session_after(MOONS, 2), 120, 11).lines()[1]
    markers = strip[7:-1].strip()
    assert markers == "●" * markers.count("●") + "▲" * markers.count("▲")
    assert min(markers.count("●"), markers.count("▲")) > 30


def test_the_four_columns_of_xor_hold_numbers_when_paused_and_only_then() -> None:
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


def test_more_units_than_rows_share_rows_and_then_scroll() -> None:
    session = session_after(MOONS.changed(hidden=(40,)), 2)
    half = drawn(ActivationsPanel, session, 100, 24)
    assert "40 units" in half.lines()[0]
    few = drawn(ActivationsPanel, session, 100, 8)
    assert "units 1–10 of 40" in few.lines()[0]


def test_no_hidden_layer_is_said_in_words() -> None:
    assert "no hidden layer" in text(
        drawn(ActivationsPanel, session_after(MOONS.changed(hidden=()), 1))
    )


@pytest.mark.parametrize("kind", PANELS)
def test_before_the_first_epoch_a_panel_says_what_will_be_there(kind: type[Panel]) -> None:
    words = text(drawn(kind, RunModel(MOONS)))
    assert len([word for word in words.split() if word.isalpha()]) >= 5


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (398, 98)])
def test_a_panel_of_any_size_is_drawn(kind: type[Panel], size: tuple[int, int]) -> None:
    for session in (session_after(MOONS, 3), session_after(XOR, 3, State.PAUSED)):
        cells = drawn(kind, session, *size)
        assert (cells.width, cells.height) == size


def test_the_status_line_tells_everything_in_one_line() -> None:
    session = session_after(MOONS, 10)
    last = session.timeline.last()
    assert last is not None
    line = StatusLine(session).draw(120, 1).lines()[0]
    words = line.split()
    assert words[:3] == ["TRAINING", "epoch", "10"]
    assert f"{last.train_loss:.4f} / {last.test_loss:.4f}" in line
    assert f"{100 * last.train_score:.1f} /" in line
    assert "lr 0.01" in line
    assert "30.0 epochs/s" in line
    narrow = StatusLine(session).draw(80, 1).lines()[0]
    assert "lr 0.01" in narrow
    assert "30.0/s" in narrow


def test_a_diverged_run_shows_the_last_good_epoch() -> None:
    session = session_after(MOONS.changed(learning_rate=1e6), 1, State.DIVERGED)
    assert "epoch      0" in StatusLine(session).draw(120, 1).lines()[0]
    assert session.epochs_to_plot == 1


def test_the_header_says_what_runs_and_how_fast() -> None:
    header = HeaderLine(session_after(MOONS, 1))
    header.speed = 30.0
    line = header.draw(120, 1).lines()[0]
    assert "moons · 2-8-8-2 tanh · adam 0.01 · batch 32 · seed 0" in line
    assert "30 epochs/s ▸ (< >)" in line
    header.speed = None
    assert "max speed" in header.draw(80, 1).lines()[0]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_footer_always_has_help_and_quit(width: int) -> None:
    for state in State:
        session = session_after(XOR, 1, state)
        line = FooterLine(session, ViewOptions()).draw(width, 1).lines()[0]
        assert "? help" in line
        assert "q quit" in line
    assert (
        "pause" in FooterLine(session_after(XOR, 1), ViewOptions()).draw(width, 1).lines()[0]
    ) is True


def test_a_long_note_goes_on_in_front_of_the_keys() -> None:
    session = session_after(XOR, 1)
    log, footer = LogLine(session), FooterLine(session, ViewOptions())

    def both(note: str) -> tuple[str, str]:
        session.note = note
        return log.draw(60, 1).lines()[0].strip(), footer.draw(60, 1).lines()[0].strip()

    assert both("short")[1].startswith("space pause")
    words = " ".join(f"word{number}" for number in range(12))
    told, below = both(words)
    assert " ".join((told, *below.split()[: 12 - len(told.split())])) == words
    assert below.endswith("? help  q quit")
    told, below = both(f"{words} {words}")
    assert f"{told} {below}".startswith(words)
    assert below.endswith("…")
    assert "quit" not in below


def test_points_of_all_classes_differ_in_shape() -> None:
    assert len(set(TRAIN_MARKERS) | set(TEST_MARKERS)) == len(TRAIN_MARKERS) + len(TEST_MARKERS)
    pairs = {(label % len(CLASS_POINTS), label % len(TRAIN_MARKERS)) for label in range(20)}
    assert len(pairs) == 20


IRIS = PRESETS["iris"].config()
BUMPS = PRESETS["bumps"].config()


def test_more_than_two_features_are_shown_on_a_plane_through_them() -> None:
    session = session_after(IRIS, 100)
    assert session.network is not None
    assert session.data is not None
    lines = drawn(BoundaryPanel, session).lines()
    assert any("PC 1" in line for line in lines)
    assert any("PC 2" in line for line in lines)
    assert "setosa" in lines[-2]
    plane = Plane.through(session.data)
    # a sample lies where its projection does, and the plane is where the data spreads most
    features = session.data.preparation.features(session.data.x_train)
    coordinates = plane.coordinates(features)
    assert plane.projection @ plane.axes.T == pytest.approx(np.eye(2))
    assert coordinates.var(axis=0).sum() > 0.95 * session.data.x_train.var(axis=0).sum()
    assert plane.coordinates(plane.features(coordinates)) == pytest.approx(coordinates)


def test_a_number_to_predict_has_a_map_and_its_samples() -> None:
    session = session_after(BUMPS, 150)
    last = session.timeline.last()
    assert last is not None
    cells = drawn(BoundaryPanel, session)
    assert "prediction" in cells.lines()[0]
    assert f"R² {last.train_score:.3f} train" in cells.lines()[0]
    assert "R²" in drawn(ScorePanel, session).lines()[0]
    assert f"train {last.train_score:.3f}" in drawn(ScorePanel, session).lines()[0]
    shown = {background(cells, row, column) for row in range(2, 16) for column in range(8, 58)}
    assert len(shown & set(DIVERGING)) >= 5  # hills, hollows, and what lies between
    assert "y −" in cells.lines()[-2]
    legend = drawn(BoundaryPanel, session, 100).lines()[-2]
    assert "▲ above ▼ below the map  filled train, open test" in legend
    status = StatusLine(session).draw(120, 1).lines()[0]
    assert f"R²  {last.train_score:.3f} /  {last.test_score:.3f}" in status
    assert text(drawn(ActivationsPanel, session, 100)).count("y") >= 1


def test_the_loss_is_shown_with_and_without_its_penalty() -> None:
    session = session_after(MOONS.changed(l2=0.01), 20)
    last = session.timeline.last()
    assert last is not None
    title = drawn(LossPanel, session, 70).lines()[0]
    assert f"train {last.train_loss:.4f}" in title
    assert f"with L2 {last.train_loss + last.penalty:.4f}" in title
    assert "with" not in drawn(LossPanel, session_after(MOONS, 3), 70).lines()[0]


def test_the_best_epoch_is_marked_on_its_curve() -> None:
    session = session_after(MOONS.changed(learning_rate=0.1), 120)
    losses = session.timeline.column("test_loss")
    best = 1 + int(losses[1:].argmin())
    assert session.best is not None
    assert session.best.epoch == best
    for kind in (LossPanel, ScorePanel):
        lines = drawn(kind, session, 80).lines()
        assert f"◆ best {best}" in lines[0]
        assert sum(line.count("◆") for line in lines[1:]) == 1


def test_the_last_epochs_are_shown_on_an_axis_close_around_them() -> None:
    session = session_after(MOONS, 700)
    everything = drawn(LossPanel, session).lines()
    recent = drawn(LossPanel, session, recent=100).lines()
    assert "last 100 epochs" in recent[0]
    assert recent[-2].split()[1] == "600"
    assert everything[-2].split()[1] == "0"
    assert float(recent[1].split("┤")[0].strip("│ ")) < 0.5


def test_both_branches_of_wildml_can_be_seen() -> None:
    session = session_after(PRESETS["wildml"].config(epochs=10_000), 6000)
    lines = drawn(LossPanel, session, 80, 24, recent=1000).lines()
    # at any place there are two values, and nothing between them
    column = [line[50] for line in lines[1:-3]]
    marked = [row for row, glyph in enumerate(column) if "⠀" < glyph <= "⣿"]
    assert len(marked) >= 2
    assert max(np.diff(marked)) >= 4


def test_each_layer_has_a_row_of_diagnostics() -> None:
    session = session_after(MOONS.changed(diagnostics=True, activation=("relu", "tanh")), 20)
    lines = drawn(LayersPanel, session, 48, 10).lines()
    assert [line.split()[1:3] for line in lines[2:5]] == [
        ["1", "relu"],
        ["2", "tanh"],
        ["3", "output"],
    ]
    assert number_format.brief(session.layers[0].gradient_norm) in lines[2]
    assert "0%" in lines[2]


def test_diagnostics_are_drawn_over_time_and_more_of_them_where_there_is_room() -> None:
    session = session_after(MOONS.changed(diagnostics=True), 20)
    panel = LayersPanel(session, ViewOptions())
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


def test_the_status_line_tells_the_rate_of_a_schedule_and_a_long_epochs_progress() -> None:
    session = session_after(MOONS.changed(schedule="step", decay_epochs=5, decay=0.5), 12)
    assert "lr 0.0025" in StatusLine(session).draw(120, 1).lines()[0]
    session.share_of_epoch = 0.43
    assert "12 +  43%" in StatusLine(session).draw(120, 1).lines()[0]
