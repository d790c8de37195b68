"""The command `compare`: table, chart and sentences, and clear errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from core import RunConfig, Trainer
from core.runs.folder import STATE
from tests.core.runs.test_reader import run_of, saved
from tui.cli.main import main


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    for number, rate in enumerate((0.1, 0.001)):
        trainer = Trainer(RunConfig(samples=60, learning_rate=rate, epochs=30))
        path = saved(tmp_path, trainer, run_of(trainer, 8))
        path.rename(tmp_path / f"{'ab'[number]}-run")
    return tmp_path


def compared(parent: Path, *arguments: str) -> int:
    return main(["compare", *arguments, "--run-dir", str(parent)])


def test_the_table_has_the_setting_that_differs_and_the_chart_both_curves(
    parent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(parent, "a", "b", "--sort", "lr") == 0
    table, chart, sentence = capsys.readouterr().out.split("\n\n")
    lines = [line.split() for line in table.splitlines()]
    assert lines[0][:3] == ["run", "lr", "epochs"]  # of which the table has the trained ones
    assert [line[:3] for line in lines[1:]] == [["b-run", "0.001", "8"], ["a-run", "0.1", "8"]]
    assert chart.startswith("test loss")
    assert "b-run a, a-run b" in chart.splitlines()[0]
    assert "of 60 samples" in sentence


def test_planned_and_trained_epochs_and_the_data_have_one_column_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "points.csv"
    file.write_text("x,y,kind\n" + "".join(f"0.{at},{at % 7},{'ab'[at % 2]}\n" for at in range(40)))
    # the data set of a run on a file is that of its preset, and has no effect
    cases: dict[str, dict[str, Any]] = {
        "a-run": {"dataset": "xor", "epochs": 200},
        "b-run": {"data": str(file), "epochs": 20},
        "c-run": {"data": str(file), "dataset": "circles"},
    }
    for name, settings in cases.items():
        trainer = Trainer(RunConfig(**settings))
        saved(tmp_path / "runs", trainer, run_of(trainer, 3)).rename(tmp_path / "runs" / name)
    assert compared(tmp_path / "runs", "a", "b", "--sort", "epochs-trained") == 0
    heading, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert heading.split()[:5] == ["run", "data", "epochs", "epochs", "trained"]
    assert [row.split()[:4] for row in rows] == [
        ["a-run", "xor", "200", "3"],
        ["b-run", "points.csv", "20", "3"],
    ]
    assert compared(tmp_path / "runs", "b", "c") == 0
    assert capsys.readouterr().out.split("\n")[0].split()[:3] == ["run", "epochs", "epochs"]


def test_runs_are_lines_of_json(parent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(parent, "a", "b", "--json") == 0
    runs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["settings"] for run in runs] == [
        {"learning_rate": 0.1},
        {"learning_rate": 0.001},
    ]
    assert all(run["epochs"] == 8 and run["best_epoch"] in range(9) for run in runs)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a",), "compare needs two or more runs"),
        (("a", "a-run"), "'a' and 'a-run' are the same run, a-run"),
        (("a", "c-rum"), "is called 'c-rum'; did you mean"),
        (("a", ""), "is called ''"),
        (("a", "b", "--sort", "speed"), "invalid value 'speed' for --sort: expected one of epochs"),
    ],
)
def test_bad_names_are_refused_in_one_sentence(
    parent: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    expected: str,
) -> None:
    assert compared(parent, *arguments) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1


def test_a_damaged_run_is_refused(parent: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (parent / "b-run" / STATE).write_bytes(b"damaged")
    assert compared(parent, "a", "b") == 2
    assert "b-run/state.npz: it is damaged" in capsys.readouterr().err


def test_three_runs_that_are_alike_have_no_list_of_samples(
    parent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = Trainer(RunConfig(samples=60, learning_rate=0.1, epochs=30))
    saved(parent, trainer, run_of(trainer, 8)).rename(parent / "c-run")
    assert compared(parent, "a", "c", "b") == 0
    assert "samples" not in capsys.readouterr().out
    assert compared(parent, "a", "c") == 0
    text = capsys.readouterr().out
    assert "the settings of the runs are the same" in text
    assert "both runs predict the same class for all 60 samples" in text
