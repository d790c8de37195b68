"""The real training process loads a file, reports progress, handles commands, and can be cancelled."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from core import RunConfig
from core.datasets.prepare import prepare
from core.process.client import TrainingProcess
from core.process.messages import (
    BaselineFound,
    Cancel,
    Configure,
    Event,
    Loading,
    MeasureBaseline,
    Pause,
    Progress,
    Pull,
    Refused,
    Resume,
    Run,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from tests.core.process.test_worker import ENDLESS, Watcher

ROWS = 200_000
"""Of the long file: three blocks of reading."""

MANY_ROWS = 1_600_000
"""Of one that takes seconds, so that what is sent while it is read finds it being read."""


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess()
    yield Watcher(process)
    process.close()


def write(path: Path, rows: int) -> RunConfig:
    """Write rows of two clusters to a file, and return a config that uses it."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=1000)
    points = rng.normal(3.0 * labels[:, None], size=(1000, 2))
    lines = [f"{a:.8f},{b:.8f},{y}\n" for (a, b), y in zip(points, labels, strict=True)]
    path.write_text("wide,high,kind\n" + "".join(lines) * (rows // 1000), encoding="ascii")
    return RunConfig(data=str(path), batch_size="full", epochs=100_000_000)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return write(tmp_path_factory.mktemp("data") / "long.csv", ROWS)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return write(tmp_path_factory.mktemp("data") / "endless.csv", MANY_ROWS)


@pytest.fixture
def short(tmp_path: Path) -> RunConfig:
    return write(tmp_path / "short.csv", 1000)


def of_kind(watcher: Watcher, kind: type[Event]) -> list[Event]:
    return [event for event in watcher.events if isinstance(event, kind)]


def until(watcher: Watcher, kind: type[Event], count: int = 1) -> None:
    watcher.until(lambda: len(of_kind(watcher, kind)) >= count)


def states(watcher: Watcher) -> list[State]:
    return [event.state for event in watcher.events if isinstance(event, StateChanged)]


def refused(watcher: Watcher) -> str:
    until(watcher, Refused)
    reasons = [event.reason for event in watcher.events if isinstance(event, Refused)]
    assert len(reasons) == 1
    return reasons[0]


def begin_endless_load(watcher: Watcher, config: RunConfig) -> None:
    """Request a file that takes seconds, and wait until it is being read."""
    loads = len(of_kind(watcher, Loading))
    watcher.send(Start(config))
    until(watcher, Loading, loads + 1)


def test_progress_of_loading_is_reported_before_the_run(watcher: Watcher, long: RunConfig) -> None:
    watcher.send(Start(long, paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    kinds = [type(event) for event in watcher.events]
    first = kinds.index(Run)
    assert Loading not in kinds[first:]
    loads = [event for event in watcher.events if isinstance(event, Loading)]
    shares = [load.share for load in loads if load.what == "reading long.csv"]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1] <= 1


def test_the_screen_receives_a_part_of_large_data_and_their_size(
    watcher: Watcher, long: RunConfig
) -> None:
    watcher.send(Start(long.changed(validation_size=0.1), paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    shown = watcher.runs()[0].data
    assert shown is not None
    assert (len(shown.y_train), len(shown.y_test)) == (20_000, 20_000)
    assert (len(shown.x_train), len(shown.x_test)) == (20_000, 20_000)
    assert shown.all_samples == (int(0.65 * ROWS), int(0.25 * ROWS))
    everything = prepare(long.changed(validation_size=0.1))
    assert shown.all_samples == everything.all_samples
    # they are samples of the data, and belong to their classes
    rows = {(*x, y) for x, y in zip(everything.x_test.tolist(), everything.y_test, strict=True)}
    assert all((*x, y) in rows for x, y in zip(shown.x_test.tolist(), shown.y_test, strict=True))


def test_small_data_are_sent_completely(watcher: Watcher, short: RunConfig) -> None:
    watcher.send(Start(short, paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    shown = watcher.runs()[0].data
    assert shown is not None
    assert shown.all_samples == (len(shown.y_train), len(shown.y_test)) == (750, 250)
    assert np.array_equal(shown.x_train, prepare(short).x_train)


def test_a_cancelled_first_run_is_rejected_and_another_can_start(
    watcher: Watcher, endless: RunConfig
) -> None:
    begin_endless_load(watcher, endless)
    watcher.send(Cancel())
    assert refused(watcher) == "loading was cancelled"
    assert not watcher.runs()
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=20)))
    watcher.until_state(State.FINISHED)
    assert watcher.rows()[-1].epoch == 20


def last_parameters(watcher: Watcher) -> list[float]:
    progress: Progress = watcher.progress()[-1]
    values: list[float] = progress.parameters.tolist()
    return values


@pytest.mark.parametrize("how", ["start", "configure"])
def test_cancelling_leaves_the_run_as_it_was(
    watcher: Watcher, endless: RunConfig, how: str
) -> None:
    config = ENDLESS.changed(seed=3)
    watcher.send(Start(config, paused=True), Step(5))
    watcher.until(lambda: any(row.epoch == 5 for row in watcher.rows()))
    before = last_parameters(watcher)
    watcher.events.clear()
    other = Start(endless) if how == "start" else Configure({"data": endless.data})
    watcher.send(other)
    until(watcher, Loading)
    watcher.send(Cancel())
    watcher.until(lambda: bool(watcher.runs()))
    (run,) = watcher.runs()
    assert run.note == "loading was cancelled"
    assert (run.config, run.data, run.fresh, run.answered) == (config, None, False, 2)
    assert run.handled == (3 if how == "start" else 0)
    watcher.send(Configure({"epochs": 1000}))
    watcher.until(lambda: bool(watcher.progress()))
    assert last_parameters(watcher) == before
    watcher.send(Step(1))
    watcher.until(lambda: any(row.epoch == 6 for row in watcher.rows()))


def test_cancelling_when_nothing_is_loaded_changes_nothing(watcher: Watcher) -> None:
    watcher.send(Cancel(), Start(ENDLESS, paused=True), Cancel(), Step(2))
    watcher.until(lambda: any(row.epoch == 2 for row in watcher.rows()))
    assert [run.note for run in watcher.runs()] == [""]


BAD = [
    ("a,b\n1,2\n", "1 row", "4 are needed"),
    ("a,b,kind\n1,2,x\n2,3,x\n3,4,x\n4,6,x\n", "'kind'", "'x' in every row"),
    (None, "bad.csv", "there is no such file"),
]


@pytest.mark.parametrize(("content", "named", "why"), BAD)
def test_a_first_run_of_a_bad_file_is_refused_in_a_sentence(
    watcher: Watcher, tmp_path: Path, content: str | None, named: str, why: str
) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_text(content)
    watcher.send(Start(RunConfig(data=str(file))))
    reason = refused(watcher)
    assert reason.startswith("bad.csv: ")
    assert named in reason
    assert why in reason
    assert "\n" not in reason
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=3)))
    watcher.until_state(State.FINISHED)


@pytest.mark.parametrize(("content", "named", "why"), BAD)
def test_a_bad_file_does_not_end_the_current_run(
    watcher: Watcher, tmp_path: Path, content: str | None, named: str, why: str
) -> None:
    file = tmp_path / "bad.csv"
    if content is not None:
        file.write_text(content)
    watcher.send(SetSpeed(None), Start(ENDLESS))
    watcher.until_state(State.TRAINING)
    watcher.events.clear()
    watcher.send(Configure({"data": str(file)}))
    watcher.until(lambda: bool(watcher.runs()))
    (run,) = watcher.runs()
    assert (run.config, run.fresh, run.data) == (ENDLESS, False, None)
    assert run.note.startswith("bad.csv: ")
    assert named in run.note
    assert why in run.note
    last = max((row.epoch for row in watcher.rows()), default=0)
    watcher.send(Pull())
    watcher.until(lambda: any(row.epoch > last for row in watcher.rows()))


def test_commands_sent_while_loading_are_handled_afterwards_in_order(
    watcher: Watcher, long: RunConfig
) -> None:
    watcher.send(Start(long))
    until(watcher, Loading)
    watcher.send(SetSpeed(None), Pause(), Step(3), Configure({"learning_rate": 0.5}), Step(1))
    watcher.until(lambda: any(row.epoch == 4 for row in watcher.rows()))
    assert states(watcher)[:2] == [State.TRAINING, State.PAUSED]
    changes = [each for each in watcher.events if isinstance(each, StateChanged)]
    assert [each.handled for each in changes][:2] == [1, 2]
    rows = watcher.rows()
    assert [row.epoch for row in rows] == list(range(5))
    assert [run.config.learning_rate for run in watcher.runs()] == [0.01, 0.5]
    assert [run.answered for run in watcher.runs()] == [1, 2]
    watcher.until(lambda: states(watcher)[-1] is State.PAUSED)


def test_commands_sent_with_a_start_come_before_those_sent_while_it_loads(
    watcher: Watcher, long: RunConfig
) -> None:
    # the process is still importing: it finds the two together
    watcher.send(Start(long), Pause())
    until(watcher, Loading)
    watcher.send(Resume(), Configure({"learning_rate": 0.5}))
    watcher.until(lambda: any(run.answered == 2 for run in watcher.runs()))
    assert states(watcher) == [State.TRAINING, State.PAUSED, State.TRAINING]


def test_a_newer_start_cancels_loading(watcher: Watcher, endless: RunConfig) -> None:
    begin_endless_load(watcher, endless)
    loads = len(of_kind(watcher, Loading))
    watcher.send(Start(RunConfig(seed=7), paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    assert [run.config.seed for run in watcher.runs()] == [7]
    assert watcher.runs()[0].answered == 2
    shares = [event.share for event in watcher.events[loads:] if isinstance(event, Loading)]
    assert max(shares, default=0) < 0.9
    # nothing was cancelled by the user
    assert not of_kind(watcher, Refused)


def test_a_second_start_cancels_loading_of_the_first(watcher: Watcher, endless: RunConfig) -> None:
    # the process is still importing: it finds the two together
    watcher.send(Start(endless), Start(RunConfig(seed=7), paused=True))
    watcher.until(lambda: any(run.answered == 2 for run in watcher.runs()))
    assert [run.config.seed for run in watcher.runs()] == [7]


def test_a_reset_does_not_read_the_file_again_and_another_seed_does(
    watcher: Watcher, short: RunConfig
) -> None:
    watcher.send(SetSpeed(None), Start(short.changed(epochs=20)))
    watcher.until_state(State.FINISHED)
    first = watcher.rows()
    assert short.data is not None
    Path(short.data).unlink()
    watcher.send(Start(short.changed(epochs=20)))
    watcher.until_state(State.FINISHED)
    assert watcher.rows() == first
    assert not of_kind(watcher, Loading)
    watcher.events.clear()
    watcher.send(Start(short.changed(epochs=20, seed=1)))
    watcher.until(lambda: bool(watcher.runs()))
    assert "short.csv: there is no such file" in watcher.runs()[0].note
    assert watcher.runs()[0].config == short.changed(epochs=20)


def fit_logistic(config: RunConfig) -> tuple[float, float]:
    data = prepare(config)
    model = LogisticRegression(max_iter=1000).fit(data.x_train, data.y_train)
    return model.score(data.x_train, data.y_train), model.score(data.x_test, data.y_test)


def fit_ridge(config: RunConfig) -> tuple[float, float]:
    data = prepare(config)
    model = Ridge().fit(data.x_train, data.y_train)
    return model.score(data.x_train, data.y_train), model.score(data.x_test, data.y_test)


def baseline_of(watcher: Watcher) -> BaselineFound:
    return next(event for event in watcher.events if isinstance(event, BaselineFound))


def test_the_baseline_equals_scikit_learn_and_is_measured_during_training(watcher: Watcher) -> None:
    def found() -> bool:
        watcher.send(Pull())
        return bool(of_kind(watcher, BaselineFound))

    # the first one is waited for while scikit-learn is imported
    for dataset, name, fit in (
        ("moons", "logistic regression", fit_logistic),
        ("iris", "logistic regression", fit_logistic),
        ("sine", "ridge regression", fit_ridge),
    ):
        config = ENDLESS.changed(dataset=dataset)
        watcher.send(SetSpeed(None), Start(config))
        watcher.until_state(State.TRAINING)
        watcher.events.clear()
        watcher.send(MeasureBaseline())
        watcher.until(found)
        answer = baseline_of(watcher)
        before = watcher.events[: watcher.events.index(answer)]
        epochs = [row.epoch for each in before if isinstance(each, Progress) for row in each.rows()]
        assert len(epochs) > 10 or dataset != "moons"
        assert all(later == epoch + 1 for epoch, later in pairwise(epochs))
        baseline = answer.baseline
        assert baseline is not None
        assert (baseline.name, baseline.has_classes) == (name, dataset != "sine")
        assert (baseline.train_score, baseline.test_score) == pytest.approx(fit(config))
        score = baseline.test_score
        told = f"{100 * score:.1f} %" if baseline.has_classes else f"{score:.3f}"
        assert f"{told} test" in answer.note


def test_the_baseline_is_of_the_current_data(watcher: Watcher) -> None:
    watcher.send(Start(ENDLESS, paused=True), MeasureBaseline(), Configure({"dataset": "circles"}))
    until(watcher, BaselineFound)
    answer = baseline_of(watcher)
    before = watcher.events[: watcher.events.index(answer)]
    config = [event.config for event in before if isinstance(event, Run)][-1]
    assert answer.baseline is not None
    scores = answer.baseline.train_score, answer.baseline.test_score
    assert scores == pytest.approx(fit_logistic(config)), f"told of {config.dataset}"


def test_training_on_a_file_needs_no_scikit_learn(watcher: Watcher, short: RunConfig) -> None:
    def loaded(name: str) -> bool:
        return f"/{name}/" in Path(f"/proc/{watcher.process.pid}/maps").read_text()

    watcher.send(SetSpeed(None), Start(short.changed(epochs=10)))
    watcher.until_state(State.FINISHED)
    assert loaded("numpy")
    assert not loaded("sklearn")
    assert not loaded("scipy")
    watcher.send(MeasureBaseline())
    until(watcher, BaselineFound)
    assert loaded("sklearn")  # so the question is one that can be answered


def test_a_warning_about_the_data_is_shown_at_the_start(watcher: Watcher, tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    rows = "".join(f"{at},{at * 7 % 11 / 2},{at * 5 % 13 / 2},{at % 2}\n" for at in range(24))
    file.write_text(f"id,a,b,kind\n{rows}", encoding="ascii")
    watcher.send(Start(RunConfig(data=str(file)), paused=True))
    watcher.until(lambda: bool(watcher.runs()))
    assert watcher.runs()[0].note == (
        "Excluded, as nothing is measured: 'id' (counts the rows); --exclude none includes it in the "
        "features; batch size 32 is larger than the training set: each step uses all 18 samples"
    )
