"""Saved runs are resumed bit for bit, and invalid folders are rejected with a reason."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import RunConfig, Trainer
from core.datasets import DataSplit, edits
from core.datasets.dataset import DataError
from core.datasets.edits import AddPoint, MovePoint, RemovePoint
from core.datasets.prepare import prepare
from core.export.exported_run import ExportedRun
from core.runs import reader
from core.runs.atomic_files import RunError
from core.runs.autosaver import RunSnapshot
from core.runs.catalogue import list_runs
from core.runs.folder import CONFIG, EVENTS, HISTORY, ROWS, STATE, RunFolder, name_for
from core.runs.reader import SavedRun, read_header, read_run
from core.runs.saved_history import SavedHistory, read_time_travel
from core.runs.writer import RunEvent, RunWriter
from core.training.checkpoints import Checkpoint
from core.training.epoch_log import tabulate
from core.training.state import EpochMetrics
from core.training.stopping import State
from core.training.time_travel import TimeTravel
from tests.core.training.test_trainer import CONFIGS


def moment_of(trainer: Trainer, state: State = State.TRAINING) -> RunSnapshot:
    newest = trainer.untrained if trainer.batches.next else trainer.measure()
    return RunSnapshot(Checkpoint.of(trainer), newest, state)


def saved(parent: Path, trainer: Trainer, rows: list[EpochMetrics]) -> Path:
    folder = RunFolder.create(parent, trainer.config.source_name, time())
    event = RunEvent(time(), trainer.epoch, "changed", "learning rate 0.01 → 0.02")
    RunWriter(folder, time()).write(moment_of(trainer), tabulate(rows), [event])
    folder.close()
    return folder.path


def assert_same(one: Trainer, other: Trainer) -> None:
    """Compare everything that determines further training, and the reason for the end of the run."""
    assert (one.config, one.stopped, one.restored) == (other.config, other.stopped, other.restored)
    ours, theirs = one.state(), other.state()
    for name in ("parameters", "statistics", "slots", "best_parameters", "best_statistics"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    for name in ("epoch", "steps", "plateau", "best", "waits_from", "limit"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.batches.next == theirs.batches.next
    assert ours.batches.shuffle == theirs.batches.shuffle
    assert ours.batches.dropout == theirs.batches.dropout
    np.testing.assert_array_equal(ours.batches.order, theirs.batches.order)
    assert (ours.start is None) == (theirs.start is None)
    if ours.start is not None and theirs.start is not None:
        assert (ours.start.steps, ours.start.shuffle) == (theirs.start.steps, theirs.start.shuffle)
        for mine, other_one in zip(ours.start.arrays, theirs.start.arrays, strict=True):
            np.testing.assert_array_equal(mine, other_one)
    np.testing.assert_array_equal(one.data.x_train, other.data.x_train)
    assert one.data.summary == other.data.summary


def batches(trainer: Trainer, count: int) -> None:
    with np.errstate(all="ignore"):
        for _ in range(count):
            trainer.advance(0.0)


def edit_data(trainer: Trainer, edit: edits.Edit) -> None:
    try:
        data = edits.apply(trainer.data, edit)
    except ValueError:
        return
    trainer.restart_patience()
    trainer.set_data(data)


def change(trainer: Trainer, **changes: object) -> None:
    try:
        trainer.configure(trainer.config.changed(**changes))
    except ValueError:
        return


def add(trainer: Trainer) -> None:
    features = tuple(0.1 * at for at in range(len(trainer.data.feature_names)))
    edit_data(trainer, AddPoint(features, 1))


def move(trainer: Trainer) -> None:
    features = tuple(0.3 for _ in trainer.data.feature_names)
    edit_data(trainer, MovePoint(1, features, edits.place_of(trainer.data, 1)))


ACTIONS: dict[str, Callable[[Trainer], object]] = {
    "a batch": lambda trainer: batches(trainer, 1),
    "some batches": lambda trainer: batches(trainer, 7),
    "an epoch": lambda trainer: trainer.train_epoch(),
    "five epochs": lambda trainer: [trainer.train_epoch() for _ in range(5)],
    "another rate": lambda trainer: change(trainer, learning_rate=0.003),
    "another schedule": lambda trainer: change(trainer, schedule="plateau", decay_epochs=1),
    "another activation": lambda trainer: change(trainer, activation="sigmoid"),
    "another optimiser": lambda trainer: change(trainer, optimizer="momentum"),
    "other batches": lambda trainer: change(trainer, batch_size=13),
    "dropout": lambda trainer: change(trainer, dropout=0.3),
    "patience": lambda trainer: change(trainer, patience=2),
    "a target": lambda trainer: change(trainer, target_loss=0.4),
    "another network": lambda trainer: change(trainer, hidden=(3,), activation="relu", dropout=0.0),
    "an edited weight": lambda trainer: trainer.set_parameter(2, 0.5),
    "a rate that diverges": lambda trainer: change(trainer, learning_rate=1e6),
    "a point more": add,
    "a point moved": move,
    "a point less": lambda trainer: edit_data(trainer, RemovePoint(0)),
    "patience restarted": lambda trainer: trainer.restart_patience(),
}


@given(
    st.sampled_from(CONFIGS),
    st.lists(st.sampled_from(sorted(ACTIONS)), min_size=1, max_size=8),
    st.data(),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_an_interrupted_run_gives_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory,
    config: RunConfig,
    actions: list[str],
    data: st.DataObject,
) -> None:
    parent = tmp_path_factory.mktemp("runs")
    whole, interrupted = Trainer(config), Trainer(config)
    stops = data.draw(st.sets(st.integers(0, len(actions)), min_size=1, max_size=3))
    for number, action in enumerate([*actions, "three at the end"]):
        if number in stops:
            untrained, epochs = interrupted.untrained, range(interrupted.epoch + 1)
            rows = [untrained._replace(epoch=epoch) for epoch in epochs]
            interrupted = read_run(saved(parent, interrupted, rows)).trainer()
            assert_same(whole, interrupted)
        for trainer in (whole, interrupted):
            if action in ACTIONS:
                ACTIONS[action](trainer)
            else:
                for _ in range(3):
                    trainer.train_epoch()
    assert_same(whole, interrupted)


def test_the_comparison_detects_a_difference(tmp_path: Path) -> None:
    whole = Trainer(RunConfig())
    interrupted = read_run(saved(tmp_path, whole, [whole.untrained])).trainer()
    interrupted.batches.restore(
        replace(whole.batches.state(), shuffle=dict(np.random.PCG64(1).state))
    )
    whole.train_epoch(), interrupted.train_epoch()
    with pytest.raises(AssertionError):
        assert_same(whole, interrupted)


def run_of(trainer: Trainer, epochs: int) -> list[EpochMetrics]:
    return [trainer.untrained, *(trainer.train_epoch() for _ in range(epochs))]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    trainer = Trainer(RunConfig(dropout=0.1))
    rows = run_of(trainer, 12)
    batches(trainer, 2)
    return saved(tmp_path, trainer, rows)


def test_curves_and_events_are_restored(tmp_path: Path) -> None:
    trainer = Trainer(RunConfig(diagnostics=True))
    rows = run_of(trainer, 12)
    folder = RunFolder.create(tmp_path, "moons", time())
    writer = RunWriter(folder, time())
    writer.write(moment_of(trainer), tabulate(rows[:5]), [RunEvent(1.0, 0, "began", "moons")])
    writer.write(moment_of(trainer), tabulate(rows[5:]), [RunEvent(2.0, 9, "edit", "x\x1b[31m")])
    kept = read_run(folder.path)
    np.testing.assert_array_equal(kept.rows, tabulate(rows)[:, : kept.rows.shape[1]])
    assert [each.epoch for each in kept.events] == [0, 9]
    assert kept.events[1].note == "x\x1b[31m"
    assert RunConfig.from_mapping(_toml(folder.path / CONFIG)) == trainer.config


def test_epochs_are_those_that_led_to_the_snapshot(tmp_path: Path) -> None:
    trainer = Trainer(RunConfig())
    rows = run_of(trainer, 5)
    again = [row._replace(train_loss=9.0) for row in rows[3:5]]
    repeated = read_run(saved(tmp_path, trainer, [*rows, *again, rows[5]])).epochs
    assert repeated[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert repeated[3:, 1].tolist() == [9.0, 9.0, rows[5].train_loss]
    # the run was left at epoch 8, and one batch was trained from epoch 5 on
    later = [rows[5]._replace(epoch=epoch) for epoch in (6, 7, 8)]
    batches(trainer, 1)
    path = saved(tmp_path, trainer, [*rows, *later])
    assert len(read_run(path).rows) == 9
    for table in (read_run(path).epochs, ExportedRun.read(path).rows):
        np.testing.assert_array_equal(table, tabulate(rows))
    rewritten(path / STATE, lambda header: header.update(stopped="diverged"))
    assert read_run(path).epochs[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]


def _toml(path: Path) -> dict[str, object]:
    import tomllib

    return tomllib.loads(path.read_text())


def test_an_incomplete_append_is_discarded_and_overwritten(tmp_path: Path) -> None:
    trainer = Trainer(RunConfig())
    rows = run_of(trainer, 3)
    path = saved(tmp_path, trainer, rows)
    with (path / ROWS).open("ab") as file:
        file.write(b"half a row")
    with (path / EVENTS).open("ab") as file:
        file.write(b'{"at": 1')
    kept = read_run(path)
    assert len(kept.rows) == 4
    assert len(kept.events) == 1
    writer = RunWriter(RunFolder.open(path), 0.0, kept.header.rows, kept.header.events, saved=True)
    more = trainer.train_epoch()
    writer.write(moment_of(trainer), tabulate([more]), [RunEvent(1.0, 4, "edit", "")])
    kept = read_run(path)
    np.testing.assert_array_equal(kept.rows[:, 0], range(5))
    assert len(kept.events) == 2


def test_a_failed_write_leaves_the_previous_snapshot(run: Path) -> None:
    before = read_run(run)
    trainer = before.trainer()
    writer = RunWriter(RunFolder.open(run), 0.0, before.header.rows, before.header.events)
    (run / f".{STATE}.new").mkdir()  # which cannot be written over
    with pytest.raises(IsADirectoryError):
        writer.write(moment_of(trainer), tabulate([trainer.train_epoch()]))
    (run / f".{STATE}.new").rmdir()
    after = read_run(run)
    assert after.header == before.header
    np.testing.assert_array_equal(after.rows, before.rows)
    writer.write(moment_of(trainer), tabulate([trainer.measure()]))
    np.testing.assert_array_equal(read_run(run).rows[:, 0], range(14))


def as_read(kept: SavedRun) -> tuple[object, ...]:
    state = kept.trainer().state()
    order = () if state.batches.order is None else tuple(state.batches.order)
    arrays = state.parameters.tobytes(), state.slots.tobytes(), order
    return kept.header, kept.rows.tobytes(), kept.events, arrays, state.batches.shuffle


FILES = (STATE, ROWS, EVENTS, CONFIG)
DAMAGE = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 2**20), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.integers(0, 2**20), st.just(0)),
    st.tuples(st.just("replace"), st.binary(max_size=200), st.just(0)),
    st.tuples(st.just("remove"), st.just(0), st.just(0)),
    st.tuples(st.just("folder"), st.just(0), st.just(0)),
    st.tuples(st.just("pipe"), st.just(0), st.just(0)),
    st.tuples(st.just("link"), st.just(0), st.just(0)),
)


def do_damage(path: Path, how: tuple[str, int | bytes, int]) -> None:
    import os

    kind, what, bits = how
    content = path.read_bytes()
    path.unlink()
    match kind, what:
        case "flip", int():
            at = what % len(content)
            path.write_bytes(content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :])
        case "cut", int():
            path.write_bytes(content[: what % len(content)])
        case "replace", bytes():
            path.write_bytes(what)
        case "folder", _:
            path.mkdir()
        case "pipe", _:
            os.mkfifo(path)
        case "link", _:
            path.symlink_to("/dev/zero")


@given(st.sampled_from(FILES), DAMAGE)
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_folder_is_rejected_or_unchanged(
    run: Path, file: str, how: tuple[str, int | bytes, int]
) -> None:
    wanted = as_read(read_run(run))
    kept_apart = run.with_name("apart")
    shutil.copytree(run, kept_apart)
    do_damage(run / file, how)
    try:
        try:
            found = as_read(read_run(run))
        except RunError as error:
            sentence = str(error)
            assert sentence.isprintable()
            assert run.name in sentence
        else:
            assert found == wanted
        assert [listed.name for listed in list_runs(run.parent)].count(run.name) == 1
    finally:
        shutil.rmtree(run)
        kept_apart.rename(run)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


def rewritten(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Rewrite an archive with another header and valid checksums, like an attacker."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    header = json.loads(members["header.json"])
    change(header)
    members["header.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@given(st.data())
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_manipulated_header_raises_only_run_errors(run: Path, data: st.DataObject) -> None:
    content = (run / STATE).read_bytes()

    def tamper(header: dict[str, object]) -> None:
        where = header
        while True:
            name = data.draw(st.sampled_from(sorted(where)))
            inner = where[name]
            if not (isinstance(inner, dict) and inner and data.draw(st.booleans())):
                break
            where = inner
        where[name] = data.draw(VALUES)

    rewritten(run / STATE, tamper)
    try:
        with np.errstate(all="ignore"):
            read_run(run).trainer().train_epoch()
    except RunError as error:
        sentence = str(error)
        assert sentence.isprintable()
    list_runs(run.parent)
    (run / STATE).write_bytes(content)


@pytest.fixture
def with_past(tmp_path: Path) -> Path:
    """A run with two changes, and its history."""
    trainer = Trainer(RunConfig(dropout=0.1))
    history = TimeTravel(trainer)

    past = SavedHistory((history.checkpoint(),))
    for edit in (False, True):
        for _ in range(3):
            trainer.train_epoch()
            history.record_epoch()
        batches(trainer, 2)
        past = past.with_checkpoint(history.checkpoint())
        if edit:
            history.change(lambda: trainer.set_parameter(0, 0.5), is_edit=True)
        else:
            history.change(lambda: change(trainer, optimizer="sgd"))
        past = past.with_change(history.checkpoint())
    trainer.train_epoch()
    folder = RunFolder.create(tmp_path, "moons", time())
    moment = replace(moment_of(trainer), history=past)
    rows = [trainer.untrained._replace(epoch=epoch) for epoch in range(trainer.epoch + 1)]
    RunWriter(folder, time()).write(moment, tabulate(rows))
    folder.close()
    return folder.path


def went_back(path: Path) -> bool:
    """Resume the run and travel to its start if there is a history; return whether there is."""
    kept = read_run(path)
    trainer = kept.trainer()
    history, past = read_time_travel(kept, trainer)
    if past is None:
        return False
    head = trainer.state()
    asked = 0

    def go_on(_: float) -> bool:
        nonlocal asked
        asked += 1
        return asked < 100

    for epoch in (0, 2, 4, 10**6):
        with np.errstate(all="ignore"):
            history.travel(epoch, go_on)
    np.testing.assert_array_equal(trainer.network.parameters, head.parameters)
    return True


@given(DAMAGE, st.data())
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_history_is_ignored(
    with_past: Path, how: tuple[str, int | bytes, int], data: st.DataObject
) -> None:
    assert went_back(with_past)
    content = (with_past / HISTORY).read_bytes()
    if data.draw(st.booleans()):
        do_damage(with_past / HISTORY, how)
    else:
        rewritten(
            with_past / HISTORY, lambda header: header.update(stations=tampered(header, data))
        )
    if (with_past / HISTORY).exists() and not (with_past / HISTORY).is_file():
        with pytest.raises(RunError, match="expected an ordinary file"):
            went_back(with_past)
    else:
        went_back(with_past)
    if (with_past / HISTORY).is_dir():
        (with_past / HISTORY).rmdir()
    else:
        (with_past / HISTORY).unlink(missing_ok=True)
    (with_past / HISTORY).write_bytes(content)


def tampered(header: dict[str, object], data: st.DataObject) -> list[dict[str, object]]:
    stations = header["stations"]
    assert isinstance(stations, list)
    station = dict(data.draw(st.sampled_from(stations)))
    name = data.draw(st.sampled_from(sorted(station)))
    station[name] = data.draw(VALUES)
    return [*stations, station] if data.draw(st.booleans()) else [station, *stations[1:]]


def test_nothing_is_unpickled(run: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (run / "sprung",))

    with zipfile.ZipFile(run / STATE) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    pickled = io.BytesIO()
    np.save(pickled, np.array([Trap()], dtype=object), allow_pickle=True)
    members["parameters.npy"] = pickled.getvalue()
    with zipfile.ZipFile(run / STATE, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(RunError, match="has no numbers"):
        read_run(run)
    assert not (run / "sprung").exists()
    np.load(io.BytesIO(pickled.getvalue()), allow_pickle=True)
    assert (run / "sprung").exists()  # it would have


def test_changed_data_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "flowers.csv"
    file.write_text("a,b,kind\n" + "".join(f"{at},{at % 7},{'xy'[at % 2]}\n" for at in range(40)))
    trainer = Trainer(RunConfig(data=str(file)))
    path = saved(tmp_path / "runs", trainer, run_of(trainer, 2))
    assert_same(read_run(path).trainer(), trainer)
    file.write_text(file.read_text().replace("3,3,y", "3,4,y"))
    with pytest.raises(RunError, match=r"flowers\.csv has changed since"):
        read_run(path).trainer()
    # nor does it matter whether the file as it is now can be read as early versions did

    def failing(config: RunConfig, *rest: Any) -> DataSplit:
        if config.exclude == ():
            raise failures[0]
        return prepare(config, *rest)

    monkeypatch.setattr(reader, "prepare", failing)
    failures: list[Exception] = [DataError("too many words"), MemoryError()]
    while failures:
        with pytest.raises(RunError, match=r"flowers\.csv has changed since"):
            read_run(path).trainer()
        del failures[0]
    file.unlink()
    with pytest.raises(RunError, match=r"flowers\.csv: there is no such file"):
        read_run(path).trainer()


def test_a_run_saved_before_ids_were_excluded_is_resumed_with_its_id(tmp_path: Path) -> None:
    file = tmp_path / "flowers.csv"
    rows = (f"{at},{at * 7 % 11},{at % 7},{'xy'[at % 2]}\n" for at in range(1, 41))
    file.write_text("id,a,b,kind\n" + "".join(rows))
    trainer = Trainer(RunConfig(data=str(file), exclude=()))
    path = saved(tmp_path / "runs", trainer, run_of(trainer, 2))

    def as_before(header: dict[str, object]) -> None:
        settings = header["config"]
        assert isinstance(settings, dict)
        assert settings.pop("exclude") == []

    rewritten(path / STATE, as_before)
    resumed = read_run(path).trainer()
    assert resumed.data.feature_names == ("id", "a", "b")
    assert_same(resumed, trainer)


def test_another_format_version_is_rejected(run: Path) -> None:
    rewritten(run / STATE, lambda header: header.update(version=2))
    with pytest.raises(RunError, match="unsupported format version 2"):
        read_header(run)


def test_names_consist_of_safe_characters() -> None:
    assert name_for("moons", 0.0).startswith("moons-19")
    assert name_for("../Fl\x1b[31mowers.v2.csv", 0.0).startswith("fl-31mowers-v2-")
    assert name_for("\u202e.csv", 0.0).startswith("run-")


@pytest.mark.parametrize(
    ("entry", "view"),
    [("diagnose", "diagnose"), (None, ""), ("\x1b[2J", ""), ("v" * 21, ""), ("a b", "")],
)
def test_the_name_of_a_view_is_optional_and_anything_else_is_ignored(
    run: Path, entry: str | None, view: str
) -> None:
    content = (run / STATE).read_bytes()
    try:
        assert read_header(run).view == ""  # saved without a screen, as by early versions
        rewritten(run / STATE, lambda header: header.update(view=entry))
        assert read_header(run).view == view
    finally:
        (run / STATE).write_bytes(content)
