"""Data edited by the user: samples added, moved and removed, in the run and in a file."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.config.presets import PRESETS
from core.datasets.edits import (
    AddPoint,
    Edit,
    MovePoint,
    RemovePoint,
    apply,
    place_of,
    write_csv,
)
from core.datasets.files.read import read
from core.datasets.files.table import Source
from core.datasets.prepare import no_progress, prepare
from core.process.client import TrainingProcess
from core.process.messages import (
    Branched,
    EditData,
    Moved,
    Pause,
    Pull,
    Resume,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from tests.core.process.test_worker import Watcher

MOONS = RunConfig(epochs=100_000_000)
XOR = PRESETS["xor"].config(epochs=100_000_000)
SCALED = MOONS.changed(preprocess="standard", features_extra=("x1sq", "x1x2"))


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess()
    yield Watcher(process)
    process.close()


@pytest.mark.parametrize("config", [MOONS, SCALED])
def test_a_point_is_added_to_the_training_part_in_its_own_units(config: RunConfig) -> None:
    data = prepare(config)
    more = apply(data, AddPoint((0.25, -0.5), 1))
    assert len(more.y_train) == len(data.y_train) + 1
    assert more.y_train[-1] == 1
    assert more.y_train.dtype == data.y_train.dtype
    assert place_of(more, len(data.y_train)) == pytest.approx((0.25, -0.5))
    assert np.array_equal(more.x_train[:-1], data.x_train)
    point = np.array([[0.25, -0.5]])
    assert np.array_equal(more.x_train[-1:], data.preparation.inputs(point))
    assert more.x_test is data.x_test


def test_a_point_is_moved_and_removed() -> None:
    data = prepare(MOONS)
    moved = apply(data, MovePoint(7, (1.5, 2.5)))
    assert np.flatnonzero((moved.x_train != data.x_train).any(axis=1)).tolist() == [7]
    assert place_of(moved, 7) == (1.5, 2.5)
    fewer = apply(data, RemovePoint(7))
    assert np.array_equal(fewer.x_train, np.delete(data.x_train, 7, axis=0))
    assert np.array_equal(fewer.y_train, np.delete(data.y_train, 7))


def test_what_is_both_parts_changes_in_both() -> None:
    data = prepare(XOR)
    for edit, samples in ((AddPoint((0.5, 0.5), 0), 5), (RemovePoint(1), 3)):
        changed = apply(data, edit)
        assert changed.x_test is changed.x_train
        assert changed.y_test is changed.y_train
        assert changed.all_samples == (samples, samples)
        assert changed.summary is not None
        assert changed.summary.samples == samples
        assert changed.summary.parts == (("train = test", samples),)


def test_the_summary_is_that_of_the_edited_data() -> None:
    data = apply(prepare(MOONS), AddPoint((9.0, 0.0), 1))
    data = apply(data, RemovePoint(0))
    before, after = prepare(MOONS).summary, data.summary
    assert before is not None
    assert after is not None
    assert after.name == f"{before.name} (edited)"
    assert after.features[0].maximum == 9.0
    assert after.samples == before.samples
    assert after.parts == before.parts
    assert sum(count for _, count in after.classes) == after.samples
    assert after.notes[-2] == "Edited: a point of class 1 at (9, 0) was added."
    assert after.notes[-1].startswith("Edited: the point of class ")


def test_numbers_of_samples_stay_right_for_some_of_them() -> None:
    thinned = prepare(MOONS).thinned(20)
    train, test = thinned.all_samples
    assert apply(thinned, RemovePoint(3)).all_samples == (train - 1, test)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (RemovePoint(150), "training sample 151 no longer exists"),
        (RemovePoint(-1), "no longer exists"),
        (MovePoint(3, (0.0, 0.0), at=(7.0, 7.0)), "the data have changed since"),
        (AddPoint((0.0,), 1), "does not fit data with 2 features"),
        (AddPoint((0.0, float("nan")), 1), "is too far away for a network"),
        (AddPoint((0.0, 1e30), 1), "is too far away for a network"),
        (AddPoint((0.0, 0.0), 2), "class number 2 does not exist; there are 2 classes"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(edit: Edit, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        apply(prepare(MOONS), edit)


def test_no_class_loses_its_last_point_and_two_samples_stay() -> None:
    data = apply(prepare(XOR), RemovePoint(0))
    row = int(np.flatnonzero(data.y_train == 0)[0])
    with pytest.raises(ValueError, match="the last point of class 0 cannot be removed"):
        apply(data, RemovePoint(row))
    data = apply(data, RemovePoint(int(np.flatnonzero(data.y_train == 1)[0])))
    with pytest.raises(ValueError, match="the last 2 training samples cannot be removed"):
        apply(data, RemovePoint(0))


def test_no_point_is_added_to_numbers_but_one_is_moved() -> None:
    data = prepare(PRESETS["bumps"].config())
    with pytest.raises(ValueError, match="for classification only"):
        apply(data, AddPoint((0.0, 0.0), 0))
    moved = apply(data, MovePoint(0, (0.25, 0.5)))
    assert place_of(moved, 0) == pytest.approx((0.25, 0.5))
    assert np.array_equal(moved.y_train, data.y_train)


def test_training_goes_on_with_the_edited_data_and_the_same_weights(watcher: Watcher) -> None:
    edit = AddPoint((0.3, -0.2), 1)
    watcher.send(SetSpeed(None), Start(MOONS, paused=True), Step(20))
    watcher.until_state(State.PAUSED)
    watcher.until(lambda: any(row.epoch == 20 for row in watcher.rows()))
    watcher.events.clear()
    watcher.send(EditData(edit))
    watcher.until(lambda: bool(watcher.runs()) and bool(watcher.rows()))
    run = watcher.runs()[0]
    trainer = Trainer(MOONS)
    for _ in range(20):
        trainer.train_epoch()
    trainer.set_data(apply(trainer.data, edit))
    assert not run.fresh
    assert run.note == "a point of class 1 at (0.3, −0.2) was added; the data are edited"
    assert run.data is not None
    assert run.data.summary is not None
    assert run.data.summary.name == "moons (edited)"
    assert np.array_equal(run.data.x_train, trainer.data.x_train)
    assert np.array_equal(watcher.progress()[-1].parameters, trainer.network.parameters)
    # at rest the metrics are sent again: those of the edited data
    assert watcher.rows() == [trainer.measure()]
    watcher.events.clear()
    watcher.send(Step(5))
    watcher.until(lambda: any(row.epoch == 25 for row in watcher.rows()))
    expected = [trainer.train_epoch() for _ in range(5)]
    assert watcher.rows()[-5:] == expected
    assert np.array_equal(watcher.progress()[-1].parameters, trainer.network.parameters)


def test_an_edit_while_training_loses_no_epoch(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(MOONS), Pull())
    watcher.until(lambda: len(watcher.rows()) > 3)
    watcher.send(EditData(RemovePoint(0)))
    watcher.until(lambda: len(watcher.runs()) > 1)
    told = watcher.rows()[-1].epoch
    watcher.send(Pull())
    watcher.until(lambda: watcher.rows()[-1].epoch > told)
    watcher.send(Pause())
    watcher.until(lambda: watcher.rows()[-1].epoch > told + 1 or _rests(watcher))
    epochs = [row.epoch for row in watcher.rows()]
    assert epochs == list(range(len(epochs)))
    assert "was removed; the data are edited" in watcher.runs()[1].note


def test_going_back_over_an_edit_brings_the_old_data_back_exactly(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(MOONS, paused=True), Step(10))
    watcher.until(lambda: any(row.epoch == 10 for row in watcher.rows()))
    old = watcher.runs()[0].data
    assert old is not None
    first = watcher.progress()[-1].parameters
    watcher.send(EditData(AddPoint((0.3, -0.2), 1)), EditData(MovePoint(4, (0.0, 0.0))), Step(10))
    watcher.until(lambda: any(row.epoch == 20 for row in watcher.rows()))
    new, last = watcher.runs()[-1].data, watcher.progress()[-1].parameters
    assert new is not None
    watcher.events.clear()
    watcher.send(Seek(9))
    watcher.until(lambda: any(isinstance(each, Moved) for each in watcher.events))
    back = watcher.runs()[-1].data
    assert back is not None
    assert np.array_equal(back.x_train, old.x_train)
    assert np.array_equal(back.y_train, old.y_train)
    assert back.summary == old.summary
    watcher.events.clear()
    watcher.send(Seek(20))
    watcher.until(lambda: any(isinstance(each, Moved) for each in watcher.events))
    again = watcher.runs()[-1].data
    assert again is not None
    assert np.array_equal(again.x_train, new.x_train)
    moved = [each for each in watcher.events if isinstance(each, Moved)]
    assert np.array_equal(moved[-1].parameters, last)
    assert not np.array_equal(first, last)


def test_an_edit_in_the_past_begins_another_future(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(MOONS, paused=True), Step(10))
    watcher.until(lambda: any(row.epoch == 10 for row in watcher.rows()))
    watcher.events.clear()
    watcher.send(Seek(4), EditData(RemovePoint(3)), Step(1))
    watcher.until(lambda: any(row.epoch == 5 for row in watcher.rows()))
    assert [each.epoch for each in watcher.events if isinstance(each, Branched)] == [4]
    assert [row.epoch for row in watcher.rows()] == [4, 5]


def test_a_refused_edit_changes_nothing_and_says_why(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(MOONS, paused=True), EditData(RemovePoint(9999)), Step(3))
    watcher.until(lambda: any(row.epoch == 3 for row in watcher.rows()))
    run = watcher.runs()[-1]
    assert run.data is None
    assert "training sample 10,000 no longer exists" in run.note
    trainer = Trainer(MOONS)
    assert watcher.rows()[-1] == [trainer.train_epoch() for _ in range(3)][-1]


@pytest.mark.parametrize("changes", [{"target_loss": 0.5}, {"epochs": 5}])
def test_a_run_that_has_ended_goes_on_after_an_edit(
    watcher: Watcher, changes: dict[str, float]
) -> None:
    watcher.send(SetSpeed(None), Start(MOONS.changed(**changes)))
    watcher.until_state(State.FINISHED)
    last = watcher.rows()[-1].epoch
    watcher.events.clear()
    watcher.send(EditData(AddPoint((0.0, 0.0), 0)), Resume(), Pull())
    watcher.until(lambda: any(row.epoch > last for row in watcher.rows()))


def test_a_diverged_run_rests_after_an_edit(watcher: Watcher) -> None:
    config = RunConfig(activation="relu", optimizer="sgd", learning_rate=1e6)
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.DIVERGED)
    watcher.send(EditData(RemovePoint(0)))
    watcher.until_state(State.PAUSED)
    assert [row.epoch for row in watcher.rows()] == [0]


def _rests(watcher: Watcher) -> bool:
    return isinstance(watcher.events[-1], StateChanged)


@pytest.mark.parametrize(
    ("name", "task"),
    [("moons", None), ("xor", "classification"), ("iris", None), ("bumps", None)],
)
def test_a_file_gives_the_same_samples_back(name: str, task: str | None, tmp_path: Path) -> None:
    data = prepare(PRESETS[name].config())
    data = apply(data, MovePoint(0, tuple(0.5 for _ in data.feature_names)))
    path = tmp_path / "edited.csv"
    told = write_csv(data, path)
    found = read(Source(str(path), features=data.feature_names, task=task), no_progress)
    parts = [(data.x_train, data.y_train)]
    if not data.shared:
        parts.append((data.x_test, data.y_test))
    features = np.concatenate([data.preparation.features(x) for x, _ in parts])
    y = np.concatenate([y for _, y in parts])
    assert found.feature_names == data.feature_names
    assert found.x == pytest.approx(features, abs=1e-12)
    if data.has_classes:
        assert [found.class_names[at] for at in found.y] == [data.class_names[at] for at in y]
    else:
        assert found.target_names == data.target_names
        assert found.y == pytest.approx(data.preparation.in_units(y), abs=1e-12)
    lines = path.read_text(encoding="utf-8").splitlines()
    counts = ["train and test"] if data.shared else ["train", "test"]
    assert [line.partition(",")[0] for line in lines[1:]] == [
        part for part, (_, each) in zip(counts, parts, strict=True) for _ in each
    ]
    assert lines[0].startswith("part,")
    assert f"{len(data.y_train)} train" in told


def test_numbers_that_nothing_scaled_come_back_bit_for_bit(tmp_path: Path) -> None:
    data = prepare(MOONS)
    write_csv(data, tmp_path / "moons.csv")
    source = Source(str(tmp_path / "moons.csv"), features=data.feature_names)
    assert np.array_equal(read(source, no_progress).x[: len(data.y_train)], data.x_train)
    iris = prepare(PRESETS["iris"].config())
    write_csv(iris, tmp_path / "iris.csv")
    cells = (tmp_path / "iris.csv").read_text(encoding="utf-8").replace("\n", ",").split(",")
    assert max(len(cell) for cell in cells if cell[:1].isdigit()) <= 3


def test_a_file_has_no_two_columns_of_one_name(tmp_path: Path) -> None:
    data = replace(prepare(MOONS), feature_names=("part", "class"))
    write_csv(data, tmp_path / "odd.csv")
    first = (tmp_path / "odd.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first == "part_,part,class,class_"


def test_some_of_the_samples_are_not_saved_as_if_they_were_all(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only some of the 200 samples"):
        write_csv(prepare(MOONS).thinned(20), tmp_path / "few.csv")
    config = MOONS.changed(validation_size=0.1)
    whole, shown = prepare(config), prepare(config).thinned(1000)
    assert write_csv(whole, tmp_path / "a.csv").endswith("20 validation samples are saved")
    assert "without the 20 for validation" in write_csv(shown, tmp_path / "b.csv")


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(tmp_path: Path) -> None:
    path, link = tmp_path / "mine.csv", tmp_path / "link.csv"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    data, limit = prepare(MOONS), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))  # as a full disk
    try:
        with pytest.raises(OSError, match="too large"):
            write_csv(data, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_text(encoding="utf-8") == "x,y\n1,2\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.csv", "mine.csv"]
    write_csv(data, link)
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8").startswith("part,")
    assert path.stat().st_mode & 0o777 == 0o640
