"""The command `sweep`: its arguments, tables, files, and what ctrl+c leaves."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.sweeps.execution import Workers
from core.sweeps.grid import Grid
from core.sweeps.results import FinishedRun
from core.sweeps.sweep import Sweep
from tests.terminal.terminal import PATIENCE
from tui.cli.main import main
from tui.cli.sweep_table import heat_map_text, table
from tui.drawing.rendering import TerminalLook

SMALL = ("--samples", "40", "--epochs", "3", "--jobs", "1")


def swept(folder: Path, *arguments: str) -> int:
    return main(["sweep", "moons", *SMALL, "--run-dir", str(folder), "--plain", *arguments])


def test_the_table_lists_each_combination_with_its_mean_and_deviation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swept(tmp_path, "--hidden", "2", "3,3", "--lr", "0.1", "0.001", "--seeds", "3") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:5] == ["hidden", "lr", "test", "accuracy", "%"]
    assert lines[0].split()[-1] == "runs"
    rows = [line.split() for line in lines[1:5]]
    assert {tuple(row[:2]) for row in rows} == {
        (hidden, rate) for hidden in ("2", "3,3") for rate in ("0.1", "0.001")
    }
    assert all(row[3] == "±" and row[-1] == "3" for row in rows)
    scores = [float(row[2]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert "12 runs of 4 combinations" in lines[-1]


def test_each_finished_run_is_a_line_of_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert swept(tmp_path, "--json", "--lr", "0.1", "0.001", "--seed", "3", "9") == 0
    runs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(run["settings"], run["seed"]) for run in runs] == [
        ({"learning_rate": rate}, seed) for rate in (0.1, 0.001) for seed in (3, 9)
    ]
    assert all(run["final"]["test_loss"] > 0 and run["epochs"] == 3 for run in runs)
    assert not any(run["stored"] for run in runs)


@pytest.mark.parametrize("options", [("--plain",), ("--json",), ()])
def test_a_lost_worker_is_announced_on_standard_error(
    options: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sentence = (
        "a worker is lost, 1 is left; 12 tasks are repeated; the repeated tasks have finished"
    )
    original = Sweep.run

    def run(sweep: Sweep) -> Iterator[FinishedRun]:
        for each in original(sweep):
            sweep.monitor.announce(sentence)
            yield each

    monkeypatch.setattr(Sweep, "run", run)
    assert main(["sweep", "moons", *SMALL, "--run-dir", str(tmp_path), *options]) == 0
    written = capsys.readouterr()
    assert f"nnfs-tui: {sentence}" in written.err.splitlines()
    assert "a worker" not in written.out


def test_a_csv_file_has_a_row_per_run_in_the_order_of_the_grid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "runs.csv"
    assert swept(tmp_path, "--hidden", "2", "3,3", "--seeds", "2", "--csv", str(file)) == 0
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["hidden"], row["seed"]) for row in rows] == [
        (hidden, seed) for hidden in ("2", "3,3") for seed in ("0", "1")
    ]
    assert 0 <= float(rows[0]["test_score"]) <= 1
    assert rows[0]["validation_loss"] == ""
    capsys.readouterr()


def test_settings_of_a_file_form_a_grid_that_options_override(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(
        "l2 = 0.01\n[sweep]\nhidden = [2, [3, 3]]\nlearning_rate = [0.1, 0.01]\nseeds = 2\n"
    )
    assert swept(tmp_path, "--config", str(file), "--lr", "0.5", "--json") == 0
    runs = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["settings"] for run in runs] == [{"hidden": [2]}] * 2 + [{"hidden": [3, 3]}] * 2
    stored = next((tmp_path / ".sweeps").iterdir()).read_text().splitlines()
    assert all(json.loads(line)["settings"]["learning_rate"] == 0.5 for line in stored)
    assert all(json.loads(line)["settings"]["l2"] == 0.01 for line in stored)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--lr", "0.1", "fast"), "invalid value 'fast' for --lr: expected a number above 0"),
        (("--seeds", "0"), "invalid value '0' for --seeds"),
        (("--jobs", "x"), "invalid value 'x' for --jobs"),
        (("--random", "-1"), "invalid value '-1' for --random"),
        (("--seeds", "2", "--seed", "1", "2"), "--seed has several values, and --seeds"),
        (("--sort", "speed"), "invalid value 'speed' for --sort"),
        (("--hidden",), "missing value for --hidden"),
        (("--halving", "--epochs", "2", "3"), "as halving determines the epochs"),
        (("--config", "/nowhere.toml"), "a readable TOML file"),
        (("--speed", "3"), "option '--speed' belongs to watch, not to sweep"),
        (("--hidden", "2", "2,2", "--activation", "tanh,relu"), "for --activation"),
    ],
)
def test_invalid_arguments_are_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    assert swept(tmp_path, *arguments) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1


def test_a_table_is_cut_to_the_width_of_a_terminal_but_keeps_the_score() -> None:
    base = RunConfig(samples=40, epochs=2, hidden=(2,))
    axes = {"learning_rate": (0.1, 0.01), "l2": (0.0, 0.1, 1.0)}
    sweep = Sweep(Grid(base, axes, (0, 1)).cells(), Workers(1))
    list(sweep.run())
    for width in (1, 20, 40, 60, 80, 200):
        lines = table(sweep.summaries(), width).splitlines()
        assert len(lines) == 7
        assert all(len(line) <= width for line in lines)
        assert width < 40 or "test accuracy" in lines[0]
    plain = heat_map_text(sweep.summaries(), 80)
    assert plain.splitlines()[1].split() == ["lr", "0", "0.1", "1"]
    assert "\x1b" not in plain
    for colours in ("truecolor", "256"):
        coloured = heat_map_text(sweep.summaries(), 80, TerminalLook(colours))
        assert "\x1b[" in coloured
    assert heat_map_text(sweep.summaries(), 80, TerminalLook("16")) == plain
    assert heat_map_text(sweep.summaries(), 10) == ""
    by_rate = table(sweep.summaries(), 80, "learning_rate").splitlines()[1:]
    assert [line.split()[0] for line in by_rate] == ["0.01"] * 3 + ["0.1"] * 3


def test_an_interrupted_sweep_prints_what_has_finished_and_continues(tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("nnfs-tui"))
    command = [program, "sweep", "moons", "--lr", *(f"0.0{n}" for n in range(1, 10))]
    command += ["--seeds", "40", "--epochs", "2000", "--run-dir", str(tmp_path), "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(3)]
        os.killpg(process.pid, signal.SIGINT)  # as ctrl+c does, which reaches the workers, too
        # not communicate(), which ignores what readline() has buffered
        finished = [json.loads(line) for line in [*lines, *process.stdout]]
        message = process.stderr.read()
        assert process.wait(PATIENCE) == 130
    assert "runs are missing" in message
    assert "the same command continues" in message
    assert "Traceback" not in message
    (file,) = (tmp_path / ".sweeps").iterdir()
    assert len(file.read_text().splitlines()) >= len(finished) >= 3


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "--race needs a terminal"),
        (("--halving",), "--race and --halving were both given"),
        (("--json",), "--race and --json were both given"),
        (("--csv", "runs.csv"), "--race and --csv were both given"),
    ],
)
def test_a_race_needs_a_terminal(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], expected: str
) -> None:
    given = ["sweep", "xor", "--optimizer", "sgd", "adam", "--race", "--no-save", *options]
    assert main(given) == 2
    assert expected in capsys.readouterr().err
