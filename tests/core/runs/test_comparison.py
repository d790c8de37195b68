"""Comparison of saved runs without a screen."""

from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.runs.comparison import (
    ComparedRun,
    current_branch,
    differing_settings,
    disagreement,
    in_order,
)
from core.runs.reader import read_run
from tests.core.runs.test_reader import run_of, saved


def compared(parent: Path, **settings: object) -> ComparedRun:
    trainer = Trainer(RunConfig(samples=60, epochs=30, hidden=(3,)).changed(**settings))
    return ComparedRun.of(read_run(saved(parent, trainer, run_of(trainer, 6))))


def test_epochs_of_abandoned_branches_are_left_out() -> None:
    epochs = [0, 1, 2, 3, 4, 2, 3, 3, 4, 5]
    rows = np.array([[epoch, 10 * at] for at, epoch in enumerate(epochs)], np.float64)
    assert current_branch(rows).tolist() == [
        [0, 0],
        [1, 10],
        [2, 50],
        [3, 70],
        [4, 80],
        [5, 90],
    ]
    assert len(current_branch(rows[:0])) == 0


def test_only_settings_that_differ_are_named_and_runs_are_sorted(tmp_path: Path) -> None:
    runs = [
        compared(tmp_path, learning_rate=0.1, hidden=(4, 4)),
        compared(tmp_path, learning_rate=0.001),
        compared(tmp_path, learning_rate=0.03, clip_norm=1.0),
    ]
    assert differing_settings(runs) == ["hidden", "learning_rate", "clip_norm"]
    assert [run.saved.header.config.learning_rate for run in in_order(runs, "learning_rate")] == [
        0.001,
        0.03,
        0.1,
    ]
    losses = [run.outcome("test_loss") for run in in_order(runs, "test_loss")]
    assert losses == sorted(losses)
    scores = [run.outcome("test_score") for run in in_order(runs, "test_score")]
    assert scores == sorted(scores, reverse=True)
    for column in ("hidden", "clip_norm", "best_epoch"):
        assert len(in_order(runs, column)) == 3
    best = runs[0]
    assert best.outcome("best_loss") == best.column("test_loss").min()
    assert best.outcome("epochs") == 6


def test_the_samples_on_which_two_runs_disagree_are_those_with_other_predictions(
    tmp_path: Path,
) -> None:
    one, other = compared(tmp_path), compared(tmp_path, learning_rate=0.5)
    found = disagreement(one.saved, other.saved)
    assert found.counts == (("train", 45), ("test", 15))
    first, second = one.saved.trainer(), other.saved.trainer()
    expected = []
    for name, (x, y) in zip(("train", "test"), first.data.parts, strict=True):
        labels, others = (np.argmax(each.network.predict(x), axis=1) for each in (first, second))
        expected += [
            (name, at + 1, str(y[at]), (str(labels[at]), str(others[at])))
            for at in np.flatnonzero(labels != others)
        ]
    assert expected
    assert [tuple(sample) for sample in found.samples] == expected
    assert disagreement(one.saved, one.saved).samples == ()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"seed": 1}, "their samples differ"), ({"dataset": "sine"}, "their samples differ")],
)
def test_runs_with_other_samples_are_not_compared(
    tmp_path: Path, settings: dict[str, object], reason: str
) -> None:
    found = disagreement(compared(tmp_path).saved, compared(tmp_path, **settings).saved)
    assert reason in found.reason


def test_predicted_numbers_are_not_compared(tmp_path: Path) -> None:
    run = compared(tmp_path, dataset="sine")
    assert "numbers" in disagreement(run.saved, run.saved).reason
