"""Panels of several runs, drawn without an application."""

import pytest

from core.runs.comparison import Disagreement, Sample, predictions_of
from tests.tui.compare.test_model import board_of, run_of
from tests.tui.drawn import text
from tui.compare.curves import CurvesPanel
from tui.compare.difference import DifferencePanel
from tui.compare.model import Board
from tui.compare.panels import MapsPanel
from tui.compare.table import SettingsPanel
from tui.drawing.palette import RUN_CURVES, get_ink
from tui.panels.view_options import ViewOptions

PANELS = (MapsPanel, CurvesPanel, SettingsPanel, DifferencePanel)
SIZES = [(118, 20), (60, 12), (38, 9), (24, 7), (12, 5), (4, 3), (3, 2)]


@pytest.fixture(scope="module")
def boards() -> dict[str, Board]:
    """Return runs of every kind: classes, many classes, one feature, texts, regression, diverged."""
    cases = {
        "moons": [run_of(learning_rate=rate) for rate in (0.1, 0.01, 0.001)],
        "classes": [run_of(dataset="iris", samples=None, seed=0, l2=l2) for l2 in (0.0, 0.1)],
        "sine": [run_of(dataset="sine", hidden=hidden) for hidden in ((), (2,))],
        "mixed": [run_of(), run_of(dataset="iris", samples=None), run_of(dataset="plane")],
        "nan": [run_of(), run_of(learning_rate=0.5)],
    }
    network = cases["nan"][1].network
    assert network is not None
    network.parameters[:] = float("nan")
    return {name: board_of(*runs) for name, runs in cases.items()}


@pytest.mark.parametrize("name", ["moons", "classes", "sine", "mixed", "nan"])
def test_every_panel_is_drawn_at_every_size(boards: dict[str, Board], name: str) -> None:
    board = boards[name]
    board.marked = board.runs[:2]
    board.disagreement = Disagreement("", (Sample("train", 3, "0", ("1", "0")),), (("train", 9),))
    for kind in PANELS:
        for width, height in SIZES:
            cells = kind(board, ViewOptions()).draw(width, height)
            assert (cells.width, cells.height) == (width, height)


def test_maps_are_next_to_their_settings_and_numbers(boards: dict[str, Board]) -> None:
    shown = text(MapsPanel(boards["moons"], ViewOptions()).draw(118, 20))
    for run in boards["moons"].runs:
        assert f"{run.number} lr {run.config.learning_rate:g}" in shown
        assert run.text_of("loss", "test") in shown


def test_a_run_without_a_network_says_why() -> None:
    board = board_of(run_of(), run_of(learning_rate=0.5))
    board.runs[1].data = board.runs[1].network = None
    board.runs[1].problem = "flowers.csv has changed"
    shown = text(MapsPanel(board, ViewOptions()).draw(80, 16))
    assert "flowers.csv has" in shown


def test_the_legend_shows_which_curves_are_drawn(boards: dict[str, Board]) -> None:
    board, panel = boards["moons"], CurvesPanel(boards["moons"], ViewOptions())

    def colours() -> set[str]:
        cells = panel.draw(90, 16)
        dots = (cells.glyphs > "⠀") & (cells.glyphs <= "⣿")
        return {get_ink(int(each)).foreground for each in cells.inks[dots]}

    assert colours() == {*RUN_CURVES[:3]}
    board.toggle_curve(board.runs[1])
    assert colours() == {RUN_CURVES[0], RUN_CURVES[2]}
    assert "· " in text(panel.draw(90, 16))
    board.toggle_curve(board.runs[1])
    board.quantity = "score"
    assert "test accuracy" in text(panel.draw(90, 16))
    board.quantity = "loss"


def test_the_table_shows_the_column_by_which_it_is_sorted() -> None:
    runs = [
        run_of(learning_rate=rate, hidden=(at + 1,), l2=at) for at, rate in enumerate((0.1, 1e-3))
    ]
    board = board_of(*runs)
    panel = SettingsPanel(board, ViewOptions())
    for name in board.columns():
        board.sort_by(name)
        assert any(mark in text(panel.draw(46, 8)) for mark in "▴▾"), name
    wide = text(panel.draw(150, 8)).splitlines()
    assert wide[2].split()[1:5] == ["#", "hidden", "lr", "l2"]


def test_the_difference_marks_the_samples_on_which_two_runs_disagree() -> None:
    from core import RunConfig, Trainer

    trainers = []
    for rate in (0.001, 0.3):
        trainer = Trainer(RunConfig(samples=40, hidden=(3,), learning_rate=rate))
        for _ in range(20):
            trainer.train_epoch()
        trainers.append(trainer)
    board = board_of(*(run_of(20, learning_rate=rate) for rate in (0.001, 0.3)))
    board.disagreement = predictions_of(*trainers)
    count = len(board.disagreement.samples)
    assert count
    cells = DifferencePanel(board, ViewOptions()).draw(120, 24)
    shown = text(cells)
    assert f"disagree on {count} of 40 samples" in shown
    assert shown.count("◉") == 1
    assert 1 <= shown.count("✗") <= count
    assert "run 2 more often" in shown
    # both boundaries, each in the colour of its run or in white where that has no contrast
    lines = {get_ink(int(each)).foreground for each in cells.inks.ravel()}
    assert {*RUN_CURVES[:2]} <= lines


def test_runs_that_predict_different_things_have_no_difference(boards: dict[str, Board]) -> None:
    board = boards["mixed"]
    board.marked = board.runs[:2]
    board.disagreement = None
    assert "different features" in text(DifferencePanel(board, ViewOptions()).draw(60, 12))
