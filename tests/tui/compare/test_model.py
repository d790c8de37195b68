"""Labels, order, marks and colours of compared runs."""

from core import RunConfig, Trainer
from core.training.epoch_log import EpochLog, tabulate
from tui.compare.lines import CompareHeader
from tui.compare.model import GREY, Board, ShownRun
from tui.drawing.palette import RUN_CURVES


def run_of(epochs: int = 3, **settings: object) -> ShownRun:
    """Train a run, and show its last network."""
    trainer = Trainer(RunConfig(samples=40, hidden=(3,)).changed(**settings))
    rows = [trainer.measure(), *(trainer.train_epoch() for _ in range(epochs))]
    log = EpochLog()
    log.extend(tabulate(rows))
    has_classes = trainer.data.has_classes
    run = ShownRun(f"run-{epochs}", trainer.config, log, epochs, rows[-1], has_classes)
    run.set_data(trainer.data)
    run.show(epochs, trainer.network.parameters, trainer.network.statistics)
    return run


def board_of(*runs: ShownRun) -> Board:
    return Board.of(runs, runs[0].config)


def test_a_label_has_the_settings_that_differ_from_those_of_most_runs() -> None:
    runs = [
        run_of(optimizer="sgd"),
        run_of(learning_rate=0.5),
        run_of(hidden=(4, 2), activation="relu"),
        run_of(),
    ]
    board = board_of(*runs)
    assert board.varied == ["hidden", "activation", "optimizer", "learning_rate"]
    labels = [board.label(run) for run in runs]
    assert labels[:3] == ["sgd", "lr 0.5", "hidden 4,2 · relu"]
    assert len({*labels}) == len(runs)
    twins = board_of(run_of(2), run_of(3))
    assert [twins.label(run) for run in twins.runs] == ["run-2", "run-3"]
    twins.runs[0].name, twins.runs[1].name = "moons-20260714-101500", "moons-20260714-101501"
    assert [twins.label(run) for run in twins.runs] == ["…101500", "…101501"]
    alone = board_of(twins.runs[0])
    assert alone.label(alone.runs[0]) == "moons-20260714-101500"


def test_runs_are_sorted_by_each_column_and_back() -> None:
    runs = [run_of(learning_rate=rate, optimizer="sgd") for rate in (0.1, 0.001, 0.5)]
    board = board_of(*runs)
    board.sort_by("learning_rate")
    assert [each.number for each in board.runs] == [2, 1, 3]
    board.sort_by("learning_rate")
    assert [each.number for each in board.runs] == [3, 1, 2]
    board.sort = ""
    seen = []
    for _ in range(len(board.columns()) + 1):
        board.sort_by_next()
        seen.append(board.sort)
        if board.sort.endswith("_score"):
            scores = [each.outcome(board.sort) for each in board.runs]
            assert scores == sorted(scores, reverse=True)
    assert seen == [*board.columns(), ""]
    assert [each.number for each in board.runs] == [1, 2, 3]


def test_only_runs_that_are_shown_are_selected() -> None:
    runs = [run_of(learning_rate=rate) for rate in (0.1, 0.2, 0.3, 0.4)]
    board = board_of(*runs)
    board.mark(runs[1])
    board.mark(runs[3])
    board.select(runs[0])
    board.toggle_only_marked()
    assert board.selected is runs[1]
    board.select_next(1)
    assert board.selected is runs[3]
    board.mark(runs[3])
    assert board.selected is runs[1]
    board.toggle_only_marked()
    board.select_next(-1)
    assert board.selected is runs[0]


def test_the_two_last_marks_are_a_pair_and_two_runs_need_none() -> None:
    runs = [run_of(learning_rate=rate) for rate in (0.1, 0.2, 0.3)]
    assert board_of(*runs).pair is None
    board = board_of(*runs)
    for run in runs:
        board.mark(run)
    assert board.pair == (runs[1], runs[2])
    board.only_marked = True
    assert board.visible == runs[1:]
    for run in runs[1:]:
        board.mark(run)
    assert not board.marked
    assert board.visible == runs
    assert board_of(*runs[:2]).pair == (runs[0], runs[1])


def test_a_curve_takes_a_free_colour_and_others_are_grey() -> None:
    runs = [run_of(1, seed=seed) for seed in range(len(RUN_CURVES) + 2)]
    board = board_of(*runs)
    assert [each.curve for each in runs] == [*range(len(RUN_CURVES)), GREY, GREY]
    for run in (runs[2], runs[-1]):
        board.toggle_curve(run)
    assert (runs[2].curve, runs[2].colour, runs[-1].curve) == (None, "dim", None)
    for run in (runs[-1], runs[2]):
        board.toggle_curve(run)
    assert (runs[-1].curve, runs[2].curve) == (2, GREY)


def test_metrics_are_those_of_the_epoch_that_is_shown() -> None:
    run = run_of(5)
    assert run.text_of("loss", "train") == f"{run.metrics.train_loss:.4f}"
    run.at = 2
    assert run.text_of("loss", "train") == f"{run.log.at(2).train_loss:.4f}"
    assert run.text_of("loss", "train") != f"{run.metrics.train_loss:.4f}"


def test_hidden_layers_are_written_as_in_the_settings() -> None:
    runs = [run_of(hidden=(8, 4), learning_rate=rate) for rate in (0.1, 0.2)]
    header = CompareHeader(board_of(*runs), lambda: 30.0)
    assert " · 8,4 · tanh · " in header.draw(120, 1).lines()[0]
