"""Order, selection and heat map of a sweep, as outcomes come in."""

from math import nan
from typing import Any

from core.config.run_config import RunConfig
from core.process.messages import State
from core.sweeps.grid import Cell, Grid
from core.sweeps.messages import SweepProgress
from core.sweeps.outcome import Outcome, Scores
from core.sweeps.results import FinishedRun
from tui.sweep.model import SweepModel

BASE = RunConfig(dataset="moons", samples=40, epochs=4)
AXES = {"hidden": ((4,), (8,), (8, 8)), "learning_rate": (0.001, 0.01), "l2": (0.0, 0.1)}


def grid_cells(seeds: int = 1, **axes: tuple[Any, ...]) -> tuple[Cell, ...]:
    return Grid(BASE, axes or AXES, tuple(range(seeds))).cells()


def finished(
    model: SweepModel, cell: int, score: float, seed: int = 0, stopped: str = "epochs"
) -> FinishedRun:
    config = model.cells[cell].runs[seed]
    scores = Scores(1 - score, 1 - score, score, score)
    outcome = Outcome(f"{cell}/{seed}", 4, 0.5, stopped, scores, scores, 3, nan, True, False)
    return FinishedRun(cell, config, outcome, stored=False)


def fed(model: SweepModel, *scores: float) -> SweepModel:
    runs = tuple(finished(model, cell, score) for cell, score in enumerate(scores))
    model.apply(SweepProgress(runs, 1))
    return model


def test_the_best_is_first_and_what_has_not_finished_is_last() -> None:
    model = fed(SweepModel(grid_cells()), 0.8, 0.95, 0.9)
    assert model.order()[:3] == [1, 2, 0]
    assert model.best == 1
    model.is_reversed = True
    assert model.order()[:3] == [0, 2, 1]
    assert model.order()[3:] == [*range(3, 12)]
    model.apply(SweepProgress((finished(model, 11, 0.99),), 0, has_ended=True))
    assert model.best == 11
    assert model.run.state is State.FINISHED
    assert model.missing == 8


def test_a_combination_is_the_best_only_with_all_its_runs_if_another_one_has_them() -> None:
    model = SweepModel(grid_cells(2, hidden=((4,), (8,))))
    model.apply(SweepProgress((finished(model, 0, 0.99),), 1))
    assert model.best == 0
    runs = tuple(finished(model, 1, 0.9, seed) for seed in (0, 1))
    model.apply(SweepProgress(runs, 1))
    assert model.best == 1


def test_outcomes_are_in_the_order_of_their_seeds_however_they_come() -> None:
    model = SweepModel(grid_cells(3, hidden=((4,), (8,))))
    model.apply(SweepProgress((finished(model, 0, 0.7, 2),), 1))
    assert model.summary(0).first is None
    model.apply(SweepProgress((finished(model, 0, 0.9, 0),), 1))
    assert [each.key for each in model.summary(0).outcomes] == ["0/0", "0/2"]
    assert model.summary(0).first is model.summary(0).outcomes[0]


def test_each_column_sorts_in_both_directions() -> None:
    model = fed(SweepModel(grid_cells(hidden=((8, 8), (4,), (16,)))), 0.8, 0.95, 0.9)
    model.end()
    assert model.sorted_column == "test_score"
    seen = []
    for _ in model.columns():
        seen.append(model.sort_by_next())
        down = model.order()
        model.is_reversed = True
        up = model.order()
        assert sorted(down) == sorted(up) == [0, 1, 2]
        if seen[-1] in {"hidden", "test_score", "train_loss"}:
            assert down == up[::-1]
    assert sorted(seen) == sorted(model.columns())
    model.sort_by("hidden")
    assert model.order() == [1, 2, 0]
    model.sort_by("hidden")
    assert model.order() == [0, 2, 1]


def test_the_heat_map_shares_the_selection_with_the_table() -> None:
    model = fed(SweepModel(grid_cells()), 0.5, 0.6, 0.7, 0.9, *[0.1] * 8)
    assert model.pair == ("hidden", "learning_rate")
    # the best of both values of l2
    assert model.at((4,), 0.01) == 3
    assert model.at((4,), 0.001) == 1
    assert model.next_axes()
    assert model.pair == ("hidden", "l2")
    assert model.at((4,), 0.1) == 3
    assert model.next_axes()
    assert model.next_axes()
    assert model.pair == ("hidden", "learning_rate")
    one = SweepModel(grid_cells(hidden=((4,), (8,))))
    assert len(one.axes) == 1
    assert not one.next_axes()


def test_the_selection_moves_over_the_rows_and_stays_on_its_combination() -> None:
    model = fed(SweepModel(grid_cells(hidden=((4,), (8,), (16,)))), 0.8, 0.95, 0.9)
    model.selected = 1
    model.move(1)
    assert model.selected == 2
    model.move(100)
    assert model.selected == 0
    model.sort_by("hidden")
    model.move(-1)
    assert model.selected == 0


def test_a_round_of_halving_replaces_the_outcomes_of_the_last_one() -> None:
    cells = Grid(BASE.changed(epochs=9), {"hidden": ((2,), (3,), (4,))}, (0,)).cells()
    model = SweepModel(cells, halving=True)
    first = tuple(
        FinishedRun(
            n, cells[n].with_epochs(3).runs[0], finished(model, n, 0.5 + n / 10).outcome, False
        )
        for n in range(3)
    )
    model.apply(SweepProgress(first, 0))
    assert [each.epochs for each in model.summaries()] == [3, 3, 3]
    model.apply(SweepProgress((finished(model, 2, 0.6),), 0))
    last = FinishedRun(2, cells[2].runs[0], finished(model, 2, 0.6).outcome, False)
    model.apply(SweepProgress((last,), 0, has_ended=True))
    assert model.summary(2).epochs == 9
    assert model.order()[0] == 2
    assert model.axes == ()


def test_a_failure_stops_the_sweep_and_keeps_what_has_finished() -> None:
    model = fed(SweepModel(grid_cells()), 0.5)
    model.apply(SweepProgress((), 3))
    model.apply(SweepProgress((), 0, has_ended=True, failure="a worker was killed"))
    assert model.failure
    assert model.running == 0
    assert len(model.rows) == 1
    model.restart()
    assert model.run.state is State.TRAINING
    assert model.missing == 12
