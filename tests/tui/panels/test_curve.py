"""Loss and score panels: titles, marks and axes."""

import re

import numpy as np
import pytest

from core import RunConfig
from core.config.presets import PRESETS
from core.process.messages import Run, State, StateChanged
from core.training.epoch_log import COLUMNS, tabulate
from core.training.stopping import Stop
from tests.core.training.epoch_tables import epoch_table
from tests.tui.drawn import drawn
from tests.tui.sessions import session_after
from tui.drawing.palette import TEST, TEST_FADED, indexed, ink
from tui.panels.curve import LossPanel, ScorePanel
from tui.panels.pinned_curves import PinnedCurves
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel

XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()


def test_titles_show_the_values_of_the_last_epoch() -> None:
    run = session_after(MOONS, 20)
    last = run.timeline.last()
    assert last is not None
    loss = drawn(LossPanel, run).lines()[0]
    assert f"train {last.train_loss:.4f}" in loss
    assert f"test {last.test_loss:.4f}" in loss
    accuracy = drawn(ScorePanel, run).lines()[0]
    assert f"train {100 * last.train_score:.1f} %" in accuracy
    assert " log " in drawn(LossPanel, run, log_loss=True).lines()[0]


def test_the_title_names_the_epoch_at_the_cursor() -> None:
    panel = LossPanel(session_after(MOONS, 20), ViewOptions(log_loss=True))
    panel.action_toggle_cursor()
    # as wide as on a screen of 120 columns: there is no room for the kind of axis, too
    title = panel.draw(58, 12).lines()[0]
    assert "at epoch 20" in title, title


def test_one_curve_if_train_and_test_are_the_same() -> None:
    run = session_after(XOR, 3)
    assert "train = test" in drawn(LossPanel, run).lines()[0]
    assert "train = test" in drawn(ScorePanel, run).lines()[0]


def test_loss_with_and_without_penalty() -> None:
    run = session_after(MOONS.changed(l2=0.01), 20)
    last = run.timeline.last()
    assert last is not None
    title = drawn(LossPanel, run, 70).lines()[0]
    assert f"train {last.train_loss:.4f}" in title
    assert f"with L2 {last.train_loss + last.penalty:.4f}" in title
    assert "with" not in drawn(LossPanel, session_after(MOONS, 3), 70).lines()[0]


def test_majority_share_of_uneven_classes() -> None:
    run = session_after(PRESETS["breast-cancer"].config(), 3)
    assert run.data is not None
    share = f"{100 * np.mean(run.data.y_test == 1):.1f} %"
    assert f"· maj. {share}" in drawn(ScorePanel, run).lines()[0]
    even = session_after(PRESETS["iris"].config(), 3)
    assert "maj." not in drawn(ScorePanel, even).lines()[0]


def test_weighted_loss_is_named() -> None:
    config = PRESETS["breast-cancer"].config()
    run = session_after(config.changed(class_weight="balanced"), 2)
    assert drawn(LossPanel, run).lines()[0].startswith("╭ 1 weighted loss ")
    assert "times n / (k · n_class)" in LossPanel(run, ViewOptions()).explanation().formula
    assert "weighted" not in drawn(LossPanel, session_after(config, 2)).lines()[0]


def test_best_epoch_is_marked() -> None:
    run = session_after(MOONS.changed(learning_rate=0.1), 120)
    losses = run.timeline.column("test_loss")
    best = 1 + int(losses[1:].argmin())
    assert run.best is not None
    assert run.best.epoch == best
    for kind in (LossPanel, ScorePanel):
        lines = drawn(kind, run, 80).lines()
        assert f"◆ best {best}" in lines[0]
        assert sum(line.count("◆") for line in lines[1:]) == 1


def test_axis_fits_the_last_epochs() -> None:
    run = session_after(MOONS, 700)
    everything = drawn(LossPanel, run).lines()
    recent = drawn(LossPanel, run, recent=100).lines()
    assert "last 100 epochs" in recent[0]
    assert recent[-2].split()[1] == "600"
    assert everything[-2].split()[1] == "0"
    assert float(recent[1].split("┤")[0].strip("│ ")) < 0.5


def test_two_branches_of_a_noisy_loss_are_visible() -> None:
    run = session_after(PRESETS["wildml"].config(epochs=10_000), 6000)
    lines = drawn(LossPanel, run, 80, 24, recent=1000).lines()
    # at any place there are two values, and nothing between them
    column = [line[50] for line in lines[1:-3]]
    marked = [row for row, glyph in enumerate(column) if "⠀" < glyph <= "⣿"]
    assert len(marked) >= 2
    assert max(np.diff(marked)) >= 4


def run_of(
    losses: np.ndarray, config: RunConfig = MOONS, scores: np.ndarray | None = None
) -> RunModel:
    """Return a run with these losses, the same on both parts of the data."""
    run = session_after(config, 0)
    table = epoch_table(np.random.default_rng(0), 0, len(losses))
    for at in (COLUMNS.index("train_loss"), COLUMNS.index("test_loss")):
        table[:, at] = losses
    if scores is not None:
        for at in (COLUMNS.index("train_score"), COLUMNS.index("test_score")):
            table[:, at] = scores
    run.timeline.extend(table)
    return run


def labels(lines: list[str]) -> list[float]:
    """Return the numbers of the value axis, from the top."""
    return [float(each.split("┤")[0].strip("│ %")) for each in lines if "┤" in each]


def test_the_test_curve_is_above_the_training_curve() -> None:
    run = run_of(np.full(300, 0.5))
    cells = drawn(LossPanel, run)
    curve = cells.inks[(cells.glyphs > "⠀") & (cells.glyphs <= "⣿")]
    assert curve.size
    assert (curve == ink(indexed(TEST))).all()


def test_a_spike_in_the_first_epochs_does_not_flatten_the_rest() -> None:
    losses = np.linspace(0.9, 0.6, 400)
    losses[:3] = 8.0
    lines = drawn(LossPanel, run_of(losses)).lines()
    assert labels(lines)[0] <= 1.0
    # its height is written at its place
    assert "↑ 8.0000" in lines[1]
    rows = [row for row, line in enumerate(lines[1:-3]) if re.search("[⠁-⣿]", line)]
    assert len(rows) >= 5
    # a loss that falls in the usual way is shown completely
    usual = drawn(LossPanel, run_of(0.1 + 0.6 * np.exp(-np.arange(400) / 60))).lines()
    assert labels(usual)[0] >= 0.7
    assert "↑" not in usual[1]


def test_no_value_of_the_first_epochs_is_cut_off() -> None:
    for epochs in range(1, 10):
        run = session_after(PRESETS["xor"].config(), epochs)
        lines = drawn(LossPanel, run, 40, 12).lines()
        assert labels(lines)[0] >= run.timeline.at(0).train_loss
        assert not any("↑" in line for line in lines)


@pytest.mark.parametrize("width", [26, 36, 60])
@pytest.mark.parametrize("epochs", [40, 400])
def test_the_value_of_a_spike_touches_no_curve(width: int, epochs: int) -> None:
    losses = np.linspace(0.9, 0.6, epochs)
    losses[:2] = 8.0
    row = drawn(LossPanel, run_of(losses), width).lines()[1]
    assert re.search("[⠁-⣿]", row)
    assert re.search("↑ 8.0000", row)
    assert not re.search("[⠁-⣿]↑|0[⠁-⣿]", row)


@pytest.mark.parametrize("width", [26, 28, 30, 36])
@pytest.mark.parametrize("kind", [LossPanel, ScorePanel])
def test_a_narrow_panel_names_each_curve(kind: type[LossPanel | ScorePanel], width: int) -> None:
    run = session_after(MOONS.changed(l2=0.01), 30)
    last = run.timeline.last()
    assert last is not None
    title, *rows = drawn(kind, run, width, 14).lines()
    assert "train" not in title
    assert any("─ train" in row for row in rows)
    assert any("─ test" in row for row in rows)
    value = kind(run, ViewOptions()).format_value(getattr(last, f"test_{kind.quantity}"))
    assert value.removesuffix(" %") in "\n".join([title, *rows])
    if kind is LossPanel:
        assert any("─ with L2" in row for row in rows)


@pytest.mark.parametrize("kind", [LossPanel, ScorePanel])
def test_a_curve_is_named_once_also_in_the_first_drawing_at_a_size(
    kind: type[LossPanel | ScorePanel],
) -> None:
    panel = kind(session_after(MOONS.changed(l2=0.01), 30), ViewOptions())
    for width in (90, 30, 90):
        title, *rows = panel.draw(width, 14).lines()
        named = [text.count("─ test") for text in (title, "\n".join(rows))]
        assert named == ([1, 0] if width == 90 else [0, 1])


def test_the_legend_has_the_last_row_if_no_other_is_free() -> None:
    run = session_after(PRESETS["iris"].config(epochs=60), 60)
    title, *rows = drawn(ScorePanel, run, 25, 13).lines()
    assert "─ test" not in title
    assert "─ test" in "\n".join(rows)


def test_a_loss_that_rises_at_the_end_is_not_cut_off() -> None:
    losses = np.full(400, 0.5)
    losses[-4:] = 4.0
    assert labels(drawn(LossPanel, run_of(losses)).lines())[0] >= 4.0


def test_the_loss_axis_is_logarithmic_if_the_loss_spans_a_factor_of_twenty() -> None:
    wide, narrow = run_of(np.geomspace(1, 0.01, 300)), run_of(np.linspace(1, 0.3, 300))
    assert " log " in drawn(LossPanel, wide).lines()[0]
    assert " log " not in drawn(LossPanel, narrow).lines()[0]
    # the user decides
    assert " log " not in drawn(LossPanel, wide, log_loss=False).lines()[0]
    assert " log " in drawn(LossPanel, narrow, log_loss=True).lines()[0]


def test_the_axis_stays_while_the_values_move_a_little() -> None:
    run = run_of(np.linspace(1, 0.5, 300))
    panel = LossPanel(run, ViewOptions())
    before = labels(panel.draw(60, 20).lines())
    for epochs in range(300, 330):
        row = epoch_table(np.random.default_rng(epochs), epochs, 1)
        row[:, COLUMNS.index("train_loss")] = row[:, COLUMNS.index("test_loss")] = 0.5
        row[:, COLUMNS.index("train_loss")] -= 0.0005 * (epochs - 300)
        run.timeline.extend(row)
        panel.invalidate()
        assert labels(panel.draw(60, 20).lines()) == before
    # another run has its own axis
    panel.run.timeline = run_of(np.full(50, 5.0)).timeline
    panel.invalidate()
    assert labels(panel.draw(60, 20).lines()) != before


def test_accuracy_is_in_per_cent_and_its_axis_begins_near_the_data() -> None:
    scores = np.full(300, 0.97)
    lines = drawn(ScorePanel, run_of(np.ones(300), scores=scores)).lines()
    assert labels(lines) == [100, 95]
    assert "100 %┤" in lines[1]
    # the guesses of the untrained network are no reason to begin at zero
    scores[:2] = 0.1
    assert labels(drawn(ScorePanel, run_of(np.ones(300), scores=scores)).lines())[-1] == 95
    slow = drawn(ScorePanel, run_of(np.ones(300), scores=np.linspace(0.1, 0.9, 300))).lines()
    assert labels(slow)[-1] == 0
    recent = drawn(ScorePanel, run_of(np.ones(300), scores=scores), recent=100).lines()
    assert all(90 <= each <= 100 for each in labels(recent))


def test_r2_is_no_percentage() -> None:
    run = session_after(PRESETS["diabetes"].config(), 30)
    lines = drawn(ScorePanel, run).lines()
    assert "R²" in lines[0]
    assert "%" not in "".join(lines)
    assert labels(lines)[0] == 1.0


def test_the_epoch_axis_ends_at_the_planned_epochs_of_a_run_that_was_not_stopped() -> None:
    run = run_of(np.ones(100), MOONS.changed(epochs=400))
    assert drawn(LossPanel, run).lines()[-2].split()[-2] == "400"
    run.apply(StateChanged(State.FINISHED, stopped=Stop.PATIENCE))
    assert drawn(LossPanel, run).lines()[-2].split()[-2] == "100"


def test_a_million_epochs_are_drawn_at_any_size() -> None:
    run = run_of(np.tile(np.geomspace(1, 0.01, 5000), 200), MOONS.changed(epochs=1_000_000))
    for size in ((58, 20), (28, 6), (10, 3), (4, 3), (200, 60)):
        for kind in (LossPanel, ScorePanel):
            cells = drawn(kind, run, *size)
            assert (cells.width, cells.height) == size
    lines = drawn(LossPanel, run, 80).lines()
    assert lines[-2].split()[1:-1] == ["0", "0.2M", "0.4M", "0.6M", "0.8M", "1M"]


def changed_run() -> RunModel:
    """Return a run whose learning rate was doubled after epoch 120."""
    run = session_after(MOONS.changed(epochs=400), 120)
    run.apply(Run(run.config.changed(learning_rate=0.02), None, fresh=False, note=""))
    rows = [run.timeline.at(120)._replace(epoch=epoch) for epoch in range(121, 300)]
    run.timeline.extend(tabulate(rows))
    return run


def test_a_change_is_marked_on_the_axis_and_named_at_the_cursor() -> None:
    run = changed_run()
    panel = LossPanel(run, ViewOptions())
    assert [line.count("▴") for line in panel.draw(80, 20).lines()[-3:]] == [1, 0, 0]
    panel.action_toggle_cursor()
    panel.action_move_cursor(-1000)
    # it stops at the change on its way
    assert panel.cursor_epoch == 120
    assert "at epoch 120: lr 0.01 → 0.02" in panel.draw(80, 20).lines()[0]
    # without room in the title, the words are next to the cursor
    for width, height in ((58, 12), (40, 8), (28, 6)):
        panel.draw(width, height)
        panel.invalidate()
        lines = panel.draw(width, height).lines()
        assert "lr 0.01" in "".join(lines)
        assert "┊" in "".join(lines)
        if width < 40:
            assert "epoch 120" in lines[0]
    panel.action_move_cursor(-1)
    assert (panel.cursor_epoch or 0) < 120
    assert "lr 0.01" not in "".join(panel.draw(80, 20).lines())


def test_a_smoothed_line_is_above_the_raw_curves_which_are_faded() -> None:
    random = np.random.default_rng(0)
    run = run_of(0.5 + 0.2 * random.random(390), MOONS.changed(epochs=400))
    raw, both = drawn(LossPanel, run, 80), drawn(LossPanel, run, 80, smoothing=0.9)
    assert " smoothed 0.9 " in both.lines()[0]
    assert " smoothed " not in raw.lines()[0]
    plain, faded = ink(indexed(TEST)), ink(TEST_FADED)
    assert (both.inks == faded).sum() > (both.inks[1:] == plain).sum() > 30
    # it is flat: in few of the rows, all of them within the noise
    rows = np.flatnonzero((both.inks[1:-1] == plain).any(axis=1))
    noise = np.flatnonzero((raw.inks[1:-1] == plain).any(axis=1))
    assert noise.min() < rows.min()
    assert rows.max() < noise.max()


def test_pinned_curves_stay_for_the_next_run() -> None:
    first = run_of(np.full(300, 0.9), MOONS.changed(epochs=400), np.full(300, 0.8))
    pinned = PinnedCurves.of(first)
    assert pinned is not None
    run = run_of(np.full(30, 0.3), MOONS.changed(epochs=400), np.full(30, 0.9))
    for kind, value in ((LossPanel, "─ pinned 0.9000 / 0.9000"), (ScorePanel, "─ pinned ")):
        cells = drawn(kind, run, 100, pinned=pinned)
        assert value in cells.lines()[0]
        # in the plot if the title has no room
        narrow = drawn(kind, run, 58, pinned=pinned).lines()
        assert value in "".join(narrow[1:-3])
        assert value not in narrow[0]
        assert (cells.inks[1:] == ink(TEST_FADED)).any()
    # the epochs of the pinned run are on the axis from the start, and its values too
    lines = drawn(LossPanel, run, 100, pinned=pinned).lines()
    assert lines[-2].split()[-2] == "400"
    assert labels(lines)[0] >= 0.9
    # numbers of another kind are not compared
    regression = session_after(PRESETS["diabetes"].config(), 3)
    assert "pinned" not in drawn(LossPanel, regression, 100, pinned=pinned).lines()[0]
    assert PinnedCurves.of(RunModel(MOONS)) is None


@pytest.mark.parametrize("width", [58, 39, 32, 30])
def test_titles_show_both_values_at_every_width(width: int) -> None:
    run = run_of(np.full(30, 0.5), scores=np.ones(30))
    assert drawn(LossPanel, run, width, 7).lines()[0].count("0.5000") == 2
    assert drawn(ScorePanel, run, width, 7).lines()[0].count("100.0") == 2
