"""Sweeps as a whole: grid, training on one and two processes, stored outcomes, and halving."""

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from core.config.errors import ConfigError
from core.config.presets import preset
from core.config.run_config import RunConfig
from core.sweeps import execution
from core.sweeps.execution import Workers
from core.sweeps.grid import Cell, Grid, read_sweep, seeds_from
from core.sweeps.halving import rungs
from core.sweeps.outcome import Outcome
from core.sweeps.sweep import FinishedRun, Sweep
from core.sweeps.training import train_run
from core.training.trainer import Trainer

ONE = Workers(1)
SMALL = RunConfig(dataset="moons", samples=40, epochs=4, hidden=(3,))
AXES = {"hidden": ((2,), (3,)), "learning_rate": (0.001, 0.1)}


def small_grid(seeds: int = 2, **settings: object) -> tuple[Cell, ...]:
    return Grid(SMALL.changed(**settings), AXES, seeds_from(0, seeds)).cells()


def all_runs(sweep: Sweep) -> list[FinishedRun]:
    return list(sweep.run())


def numbers(outcome: Outcome) -> dict[str, object]:
    """Return everything that does not depend on the division into tasks."""
    values = outcome.as_dict().items()
    return {name: value for name, value in values if name not in {"seconds", "lanes"}}


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers to six digits: in lockstep, losses are added in another order."""
    return {
        name: rounded(value)
        if isinstance(value, dict)
        else float(f"{value:.5e}")
        if isinstance(value, float)
        else value
        for name, value in values.items()
    }


def test_a_grid_has_each_combination_with_each_seed() -> None:
    cells = small_grid(seeds=3)
    assert [tuple(cell.changes.values()) for cell in cells] == [
        ((2,), 0.001),
        ((2,), 0.1),
        ((3,), 0.001),
        ((3,), 0.1),
    ]
    assert [run.seed for run in cells[1].runs] == [0, 1, 2]
    assert cells[2].runs[1] == SMALL.changed(hidden=(3,), learning_rate=0.001, seed=1)
    assert cells[3].label == "hidden 3  lr 0.1"


def test_an_invalid_combination_is_refused_before_training() -> None:
    grid = Grid(SMALL, {"hidden": ((2,), (2, 2)), "activation": (("relu", "tanh"),)}, (0,))
    with pytest.raises(ConfigError, match="activation"):
        grid.cells()


def test_a_random_choice_is_a_part_of_the_grid_and_the_same_every_time() -> None:
    axes = {"learning_rate": tuple(0.001 * n for n in range(1, 101)), "l2": (0.0, 0.1, 0.2)}
    grid = Grid(SMALL, axes, (5,))
    chosen = [cell.changes for cell in grid.cells(20)]
    assert chosen == [cell.changes for cell in grid.cells(20)]
    assert len({tuple(each.values()) for each in chosen}) == 20
    assert [each for each in (cell.changes for cell in grid.cells()) if each in chosen] == chosen
    assert len(grid.cells(10**6)) == grid.size == 300


def test_too_large_a_grid_is_refused_without_building_it() -> None:
    axes = {name: tuple(n / 1e6 for n in range(1, 10**4)) for name in ("l1", "l2", "learning_rate")}
    with pytest.raises(ConfigError, match="--random"):
        Grid(SMALL, axes, (0,)).cells()
    assert len(Grid(SMALL, axes, (0,)).cells(7)) == 7


def test_a_run_of_a_sweep_has_the_numbers_of_a_run_alone() -> None:
    sweep = Sweep(small_grid(seeds=1), ONE)
    found = all_runs(sweep)
    for each in found:
        trainer = Trainer(each.config)
        metrics = [trainer.train_epoch() for _ in range(4)]
        final, best = each.outcome.final, min(metrics, key=lambda epoch: epoch.test_loss)
        assert final.train_loss == pytest.approx(metrics[-1].train_loss, rel=1e-5)
        assert final.test_score == metrics[-1].test_score
        assert each.outcome.best_epoch == best.epoch
        assert each.outcome.best.test_loss == pytest.approx(best.test_loss, rel=1e-5)
    assert len(found) == sweep.total == 4


def test_a_diverged_run_has_the_scores_before_the_divergence() -> None:
    config = RunConfig(dataset="sine", optimizer="sgd", learning_rate=1e6, epochs=5)
    (run,) = all_runs(Sweep([Cell({}, (config,))], ONE))
    assert run.outcome.diverged
    assert abs(run.outcome.final.train_loss) < 1e4


def test_several_processes_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "LOCAL_SECONDS", 0.0)  # else all runs are trained here
    cells = small_grid(seeds=3)
    alone = {run.outcome.key: numbers(run.outcome) for run in Sweep(cells, ONE).run()}
    both = {run.outcome.key: numbers(run.outcome) for run in Sweep(cells, Workers(2)).run()}
    assert both == alone
    assert len(alone) == 12


def test_stored_outcomes_are_not_trained_again(tmp_path: Path) -> None:
    first = Sweep(small_grid(seeds=1), ONE, tmp_path)
    trained = {run.outcome.key: run.outcome for run in first.run()}
    second = Sweep(small_grid(seeds=2), ONE, tmp_path)
    found = all_runs(second)
    assert (second.trained, second.finished) == (4, 8)
    assert {run.outcome.key for run in found if run.stored} == set(trained)
    assert all(
        run.outcome.as_dict() == trained[run.outcome.key].as_dict() for run in found if run.stored
    )


def test_a_sweep_that_was_interrupted_continues_with_the_missing_runs(tmp_path: Path) -> None:
    runs = Sweep(small_grid(), ONE, tmp_path).run()
    assert len(list(islice(runs, 3))) == 3
    runs.close()
    again = Sweep(small_grid(), ONE, tmp_path)
    assert [run.stored for run in again.run()].count(True) == 3
    assert again.trained == 5


def test_a_cut_last_line_is_trained_again_and_spoils_no_other(tmp_path: Path) -> None:
    all_runs(Sweep(small_grid(), ONE, tmp_path))
    (file,) = (tmp_path / ".sweeps").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    again = Sweep(small_grid(), ONE, tmp_path)
    all_runs(again)
    assert again.trained == 1
    third = Sweep(small_grid(), ONE, tmp_path)
    all_runs(third)
    assert third.trained == 0


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe\0", b"[]", b"null", b"[" * 10_000, b'{"key": 1}', b'{"key": "a", "epochs": "x"}'],
)
def test_lines_that_are_no_outcomes_are_skipped(tmp_path: Path, line: bytes) -> None:
    all_runs(Sweep(small_grid(), ONE, tmp_path))
    (file,) = (tmp_path / ".sweeps").iterdir()
    file.write_bytes(line + b"\n" + file.read_bytes())
    again = Sweep(small_grid(), ONE, tmp_path)
    all_runs(again)
    assert again.trained == 0


def test_a_link_instead_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("text\n")
    runs = tmp_path / "runs"
    (runs / ".sweeps").mkdir(parents=True)
    (runs / ".sweeps" / "moons.jsonl").symlink_to(target)
    sweep = Sweep(small_grid(), ONE, runs)
    assert len(all_runs(sweep)) == 8
    assert "symbolic link" in sweep.problem
    assert target.read_text() == "text\n"


def test_an_edited_file_is_other_data(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    lines = [f"{n % 7},{n % 5},{'ab'[n % 2]}" for n in range(40)]
    file.write_text("\n".join(["x,y,class", *lines]))
    cells = Grid(SMALL.changed(samples=None, data=str(file)), AXES, (0,)).cells()
    assert len(all_runs(Sweep(cells, ONE, tmp_path))) == 4
    copy = tmp_path / "sub" / "points.csv"
    copy.parent.mkdir()
    copy.write_text(file.read_text())
    same = Grid(SMALL.changed(samples=None, data=str(copy)), AXES, (0,)).cells()
    moved = Sweep(same, ONE, tmp_path)
    all_runs(moved)
    assert moved.trained == 0  # the same samples under another name
    file.write_text(file.read_text().replace("3,", "4,", 1))
    edited = Sweep(cells, ONE, tmp_path)
    all_runs(edited)
    assert edited.trained == 4


@pytest.mark.parametrize(("cells", "epochs"), [(1, 10), (6, 100), (9, 7), (12, 3)])
def test_rounds_are_those_of_scikit_learn(cells: int, epochs: int) -> None:
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    search = HalvingGridSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"min_samples_leaf": list(range(1, cells + 1))},
        resource="max_depth",
        max_resources=epochs,
        factor=3,
        cv=2,
    ).fit([[n] for n in range(20)], [0, 1] * 10)
    found = rungs(cells, epochs)
    assert [each.cells for each in found] == search.n_candidates_
    assert [each.epochs for each in found] == search.n_resources_


def test_halving_trains_the_best_for_all_epochs(tmp_path: Path) -> None:
    cells = Grid(
        SMALL.changed(epochs=27, samples=200),
        {"learning_rate": (1e-5, 1e-4, 1e-3, 1e-2, 3e-2)},
        seeds_from(0, 2),
    ).cells()
    sweep = Sweep(cells, ONE, tmp_path, halving=True)
    assert sweep.rounds == ((5, 9), (2, 27))
    all_runs(sweep)
    assert (sweep.finished, sweep.total) == (14, 14)
    whole = [each for each in sweep.summaries() if each.epochs == 27]
    assert sorted(each.cell.changes["learning_rate"] for each in whole) == [1e-2, 3e-2]
    full = Sweep(cells, ONE, tmp_path)  # shares the runs of the last round
    all_runs(full)
    assert full.trained == 6


def test_a_file_of_settings_contains_the_grid(tmp_path: Path) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        'epochs = 5\n[sweep]\nhidden = [4, [8, 8], "none"]\nlearning_rate = [0.1, 0.01]\nseeds = 3\n'
    )
    found = read_sweep(file)
    assert found.values == {"epochs": 5}
    assert found.axes == {"hidden": ((4,), (8, 8), ()), "learning_rate": (0.1, 0.01)}
    assert found.numbers == {"seeds": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sweep = 3", "table"),
        ("[sweep]\nhiden = [3]", "did you mean hidden"),
        ("[sweep]\nhidden = 3", "a list of values"),
        ("[sweep]\nhidden = []", "a list of values"),
        ("[sweep]\nseeds = 0", "whole number from 1"),
        ("[sweep]\nlearning_rate = [0.1, -1]", "learning rate"),
    ],
)
def test_an_invalid_grid_in_a_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_sweep(file)


def test_fresh_samples_test_a_network_without_test_samples() -> None:
    config = preset("wildml").config(epochs=200)
    (run,) = all_runs(Sweep([Cell({}, (config,))], ONE))
    assert run.outcome.shared
    assert 0.8 < run.outcome.fresh_score < 0.98
    assert run.outcome.fresh_score != run.outcome.final.test_score


def test_runs_that_differ_in_no_shape_train_in_lockstep_with_equal_numbers() -> None:
    axes = {"hidden": ((4,), (8, 8)), "learning_rate": (0.01, 0.1, 1e5), "l2": (0.0, 0.01)}
    base = RunConfig(dataset="moons", epochs=12, optimizer="sgd", patience=3, validation_size=0.2)
    cells = Grid(base, axes, seeds_from(0, 2)).cells()
    found = all_runs(Sweep(cells, ONE))
    assert sum(run.outcome.lanes > 1 for run in found) > 15
    assert any(run.outcome.diverged and run.outcome.lanes > 1 for run in found)
    for run in found:
        alone = train_run(run.config, run.outcome.key)
        together, single = numbers(run.outcome), numbers(alone)
        assert rounded(together) == rounded(single)


def test_fresh_samples_are_the_same_in_lockstep() -> None:
    base = preset("wildml").config(epochs=40)
    cells = Grid(base, {"learning_rate": (0.1, 0.5, 1.0, 2.0)}, (0, 1, 2)).cells()
    for run in Sweep(cells, ONE).run():
        alone = train_run(run.config, "")
        assert run.outcome.fresh_score == alone.fresh_score > 0.5
