"""Comparison of saved runs without a screen."""

from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.datasets import edits
from core.runs.comparison import (
    OTHER_SAMPLES,
    ComparedRun,
    differing_settings,
    disagreement,
    in_order,
    predictions_of,
)
from core.runs.reader import SavedRun, read_run
from tests.core.runs.test_reader import run_of, saved


def saved_run(parent: Path, **settings: object) -> SavedRun:
    trainer = Trainer(RunConfig(samples=60, epochs=30, hidden=(3,)).changed(**settings))
    return read_run(saved(parent, trainer, run_of(trainer, 6)))


def compared(parent: Path, **settings: object) -> ComparedRun:
    return ComparedRun.of(saved_run(parent, **settings))


def test_only_settings_that_differ_are_named_and_runs_are_sorted(tmp_path: Path) -> None:
    runs = [
        compared(tmp_path, learning_rate=0.1, hidden=(4, 4)),
        compared(tmp_path, learning_rate=0.001),
        compared(tmp_path, learning_rate=0.03, clip_norm=1.0),
    ]
    assert differing_settings([run.config for run in runs]) == [
        "hidden",
        "learning_rate",
        "clip_norm",
    ]
    assert [run.config.learning_rate for run in in_order(runs, "learning_rate")] == [
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
    assert best.outcome("best_loss") == best.log.column("test_loss").min()
    assert best.outcome("epochs") == 6


def test_the_samples_on_which_two_runs_disagree_are_those_with_other_predictions(
    tmp_path: Path,
) -> None:
    one, other = saved_run(tmp_path), saved_run(tmp_path, learning_rate=0.5)
    found = disagreement(one, other)
    assert found.counts == (("train", 45), ("test", 15))
    first, second = one.trainer(), other.trainer()
    expected = []
    for name, (x, y) in zip(("train", "test"), first.data.parts, strict=True):
        labels, others = (np.argmax(each.network.predict(x), axis=1) for each in (first, second))
        expected += [
            (name, at + 1, str(y[at]), (str(labels[at]), str(others[at])))
            for at in np.flatnonzero(labels != others)
        ]
    assert expected
    assert [tuple(sample) for sample in found.samples] == expected
    assert disagreement(one, one).samples == ()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"seed": 1}, "their samples differ"), ({"dataset": "sine"}, "their samples differ")],
)
def test_runs_with_other_samples_are_not_compared(
    tmp_path: Path, settings: dict[str, object], reason: str
) -> None:
    found = disagreement(saved_run(tmp_path), saved_run(tmp_path, **settings))
    assert reason in found.reason


def test_samples_that_were_moved_since_are_other_samples(tmp_path: Path) -> None:
    one, other = (saved_run(tmp_path).trainer() for _ in range(2))
    assert not predictions_of(one, other).reason
    moved = edits.MovePoint(1, (0.3, 0.3), edits.place_of(other.data, 1))
    other.set_data(edits.apply(other.data, moved))
    assert predictions_of(one, other).reason == OTHER_SAMPLES


def test_predicted_numbers_are_not_compared(tmp_path: Path) -> None:
    run = saved_run(tmp_path, dataset="sine")
    assert "numbers" in disagreement(run, run).reason
