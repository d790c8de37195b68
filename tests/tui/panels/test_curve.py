"""Loss and score panels: titles, marks and axes."""

import numpy as np

from core.config.presets import PRESETS
from tests.tui.drawn import drawn
from tests.tui.sessions import session_after
from tui.panels.curve import LossPanel, ScorePanel
from tui.panels.view_options import ViewOptions

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
    assert "log axis" in drawn(LossPanel, run, log_loss=True).lines()[0]


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
