"""The run on the screen, and its log in a file."""

import io
import json
from typing import Any

import numpy as np

from core import RunConfig, Trainer
from core.analysis.prediction_map import classify
from core.process.messages import Branched, Failed, Moved, Progress, Run, State, StateChanged
from core.training.epoch_log import tabulate
from core.training.state import EpochMetrics
from tui.cli.run_log import RunLog
from tui.drawing.cells import Cells
from tui.drawing.palette import ink
from tui.run_model import RunModel

CONFIG = RunConfig()
TRAINER = Trainer(CONFIG)


def progress(*epochs: int, loss: float = 0.5) -> Progress:
    rows = [EpochMetrics(epoch, loss, loss, 0.5, 0.5, 0.01) for epoch in epochs]
    return Progress(tabulate(rows), TRAINER.network.parameters.copy(), np.empty(0), 30.0)


def rows(*losses: float, first: int = 0) -> Progress:
    table = [EpochMetrics(first + at, loss, loss, 0.5, 0.5, 0.01) for at, loss in enumerate(losses)]
    return Progress(tabulate(table), TRAINER.network.parameters.copy(), np.empty(0), 30.0)


def move(epoch: int, *, past: bool = True, **more: Any) -> Moved:
    metrics = EpochMetrics(epoch, 0.7, 0.7, 0.5, 0.5, 0.05)
    parameters = TRAINER.network.parameters.copy()
    return Moved(epoch, 6, metrics, parameters, np.empty(0), past, 0.0, **more)


def begin() -> Run:
    return Run(CONFIG, TRAINER.data, fresh=True, note="")


def test_a_diverged_epoch_is_not_shown_and_gives_way_to_the_next_try() -> None:
    session = RunModel(CONFIG)
    for event in (begin(), progress(0, 1, 2), progress(3, loss=np.nan)):
        session.apply(event)
    session.apply(StateChanged(State.DIVERGED, "diverged"))
    assert session.epochs_to_plot == 3
    assert session.metrics is not None
    assert session.metrics.epoch == 2
    session.apply(Run(CONFIG, None, fresh=False, note="another rate"))
    assert session.metrics.epoch == 2
    session.apply(progress(2))
    session.apply(StateChanged(State.PAUSED))
    assert session.epochs_to_plot == 3
    session.apply(progress(3))
    assert session.metrics is not None
    assert session.metrics.epoch == 3


def test_a_fresh_run_forgets_the_one_before() -> None:
    session = RunModel(CONFIG)
    for event in (begin(), progress(0, 1), StateChanged(State.DIVERGED), begin()):
        session.apply(event)
    assert session.epochs_to_plot == 0
    assert session.metrics is None


def test_a_log_goes_on_with_a_run_that_does() -> None:
    file = io.StringIO()
    log, session = RunLog(file), RunModel(CONFIG)
    for event in (
        begin(),
        progress(0, 1, 2),
        StateChanged(State.FINISHED),
        progress(3),
        progress(4, loss=np.inf),
        StateChanged(State.DIVERGED),
        progress(3),
        progress(4, 5),
        StateChanged(State.FINISHED),
        begin(),
        progress(0, 1),
    ):
        session.apply(event)
        log.write(event, session)
    text = file.getvalue()
    log.close()
    lines = [json.loads(line) for line in text.splitlines()]
    told = [line.get("epoch", line.get("stopped", line["event"])) for line in lines]
    assert told == ["start", 1, 2, "epochs", 3, 4, "diverged", 4, 5, "epochs", "start", 1]
    assert lines[5]["train_loss"] is None


def test_nothing_but_glyphs_reaches_the_cells() -> None:
    session = RunModel(CONFIG)
    session.apply(Failed("a\nb\x1b[31m"))
    cells = Cells(60, 1)
    cells.write(0, 0, session.note, ink())
    assert cells.lines()[0].startswith("a·b·[31m; r starts a new one")


def test_the_map_counts_right_and_wrong_as_the_accuracy_does() -> None:
    for loss in ("mean_squared_error", "softmax_cross_entropy"):
        trainer = Trainer(RunConfig(dataset="blobs", loss=loss, learning_rate=0.2))
        for _ in range(30):
            metrics = trainer.train_epoch()
            labels, certainty = classify(trainer.network, trainer.data.x_train)
            assert np.mean(labels == trainer.data.y_train) == metrics.train_score
            assert certainty.min() >= 0
            assert certainty.max() <= 1


def test_a_guess_has_no_certainty() -> None:
    trainer = Trainer(RunConfig(dataset="blobs"))
    trainer.network.parameters[:] = 0
    assert (classify(trainer.network, trainer.data.x_train)[1] < 1e-6).all()


def test_what_is_said_of_a_state_is_kept_as_long_as_it_lasts() -> None:
    session = RunModel(CONFIG)
    session.apply(begin())
    session.apply(StateChanged(State.DIVERGED, "the loss is no number"))
    session.note = "speed: 100"
    assert session.clear_note()
    assert session.note == "the loss is no number"
    assert not session.clear_note()
    session.apply(StateChanged(State.TRAINING))
    session.note = "speed: 200"
    assert session.clear_note()
    assert session.note == ""


def test_the_best_epoch_is_one_that_compares_with_the_shown_one() -> None:
    session = RunModel(CONFIG)
    session.apply(begin())
    session.apply(rows(0.9, 0.3, 0.4, 0.5))
    # other data at epoch 3: its first metrics are measured again, and do not count as the best
    session.apply(Run(CONFIG, TRAINER.data, fresh=False, note="other data"))
    session.apply(rows(0.01, 0.2, 0.1, 0.15, first=3))

    def best() -> int | None:
        return None if session.best is None else session.best.epoch

    told = [best()]
    for event in (move(1), move(3), move(2), move(6, past=False), move(2)):
        session.apply(event)
        told.append(best())
    assert told == [5, 1, 5, 1, 5, 1]
    session.apply(Branched(2))
    session.apply(rows(0.35, 0.25, first=3))
    assert best() == 4
    assert session.comparable_from == 0


def test_what_is_shown_of_a_moment_was_measured_there() -> None:
    session = RunModel(CONFIG)
    for event in (begin(), progress(0, 1, 2, 3)):
        session.apply(event)
    session.apply(move(2))
    assert session.metrics is not None
    assert session.metrics.test_loss == 0.7
    assert session.metrics.learning_rate == 0.01  # of that epoch
    session.apply(move(3, past=False, restored=1))
    assert (session.metrics.epoch, session.metrics.test_loss) == (1, 0.7)
    session.apply(StateChanged(State.TRAINING))
    session.apply(progress(4))
    assert (session.metrics.epoch, session.metrics.test_loss) == (4, 0.5)


def test_a_run_is_edited_from_the_edit_on() -> None:
    session = RunModel(CONFIG)
    for event in (begin(), progress(0, 1, 2, 3), move(3, past=False, edited=1, was_edited=True)):
        session.apply(event)
    assert "edited" in session.description
    session.apply(move(2))
    assert "edited" not in session.description
