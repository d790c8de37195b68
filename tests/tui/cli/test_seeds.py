"""`train --seeds` prints the summary of many runs, each of which equals a single run."""

import json
import os
import signal
from pathlib import Path

import pytest

from core import RunConfig, Trainer
from core.config.presets import preset
from core.lockstep.summary import RunResult, ranked, verdict
from core.lockstep.trainer import Lockstep
from core.runs.catalogue import find, list_runs
from core.runs.reader import read_any
from core.training.stopping import State
from tui.cli.main import main
from tui.drawing.number_format import eta

XOR = ("train", "xor", "--hidden", "2", "--activation", "relu", "--epochs", "150")


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_summary_counts_and_lists_the_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*XOR, "--seeds", "30", "--plain", "--run-dir", str(tmp_path)]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "xor · 2-2-2 relu · adam 0.1 · full batch · seeds 0 to 29"
    assert output[1].startswith("30 runs of 150 epochs in ")
    solved = int(output[2].split(" of 30 solved (every training sample right); ")[0])
    assert 0 < solved < 20
    assert " stuck at 75 %, " in output[2]
    assert output[4].split() == ["lowest", "quartile", "median", "quartile", "highest"]
    assert output[6].split()[:2] == ["train", "accuracy"]
    rows = [line.split() for line in output[9:-2]]
    assert len(rows) == 11
    assert rows[5] == ["…"]
    assert rows[0][2] == "100.0"
    assert output[-2] == f"saved: nnfs-tui resume {find(tmp_path).name}"
    options = "--activation relu --epochs 150 --seeds 30"
    assert output[-1] == f"repeat: nnfs-tui train xor --hidden 2 {options}"


def test_each_run_has_a_line_of_json_equal_to_its_single_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert main([*XOR, "--seeds", "4", "--seed", "5", "--json", "--log", str(log)]) == 0
    output = capsys.readouterr().out
    assert log.read_text() == output
    *runs, end = lines_of(output)
    assert (end["event"], end["runs"], end["stopped"]) == ("end", 4, "epochs")
    assert end["solved"] == sum(bool(run["solved"]) for run in runs)
    for seed, run in zip(range(5, 9), runs, strict=True):
        config = preset("xor").config(hidden=(2,), activation="relu", epochs=150, seed=seed)
        trainer = Trainer(config)
        while trainer.stopped is None:
            metrics = trainer.train_epoch()
        assert (run["event"], run["seed"], run["epochs"]) == ("run", seed, 150)
        assert run["train_loss"] == pytest.approx(metrics.train_loss, rel=1e-4)
        assert run["train_accuracy"] == metrics.train_score


def test_runs_that_cannot_be_trained_at_once_are_trained_one_after_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("train", "iris", "--epochs", "4", "--seeds", "3", "--json")
    assert main(words) == 0
    at_once = capsys.readouterr()
    assert "one run after another" not in at_once.err
    assert main([*words, "--diagnostics"]) == 0
    single = capsys.readouterr()
    assert (
        "nnfs-tui: diagnostics are measured in single runs only; training one run after another"
        in single.err.splitlines()
    )
    for ours, theirs in zip(lines_of(at_once.out)[:-1], lines_of(single.out)[:-1], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=1e-4)
        assert (ours["seed"], ours["epochs"]) == (theirs["seed"], theirs["epochs"])


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the training after the fourth epoch."""

    def interrupt(*values: float) -> str:
        if values[1] > 3:
            os.kill(os.getpid(), signal.SIGINT)
        return eta(*values)

    monkeypatch.setattr("tui.drawing.number_format.eta", interrupt)
    monkeypatch.setattr("tui.cli.seeds.REFRESH", 0.0)


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("extra", [(), ("--diagnostics",)])
def test_a_signal_prints_the_summary_so_far(
    extra: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", "iris", "--epochs", "9", "--seeds", "2", *extra)
    assert main(words) == 130
    output = capsys.readouterr().out.splitlines()
    assert output[1].startswith("interrupted: ")
    assert "of at most " in output[1]
    assert " solved" in output[2]


SMALL = ("train", "moons", "--samples", "60", "--epochs", "9", "--seeds", "3")


def test_interrupted_runs_are_saved_and_resumed_with_the_same_summary(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*SMALL, "--run-dir", str(whole)]) == 0
    expected = capsys.readouterr().out.splitlines()
    request.getfixturevalue("interrupted")
    assert main([*SMALL, "--run-dir", str(cut)]) == 130
    (listed,) = list_runs(cut)
    assert listed.summary is not None
    assert (listed.summary.epoch, listed.summary.seeds) == (4, 3)
    assert f"saved: nnfs-tui resume {listed.name}" in capsys.readouterr().out
    request.getfixturevalue("monkeypatch").undo()
    assert main(["resume", "--train", "--run-dir", str(cut)]) == 0
    output = capsys.readouterr().out.splitlines()
    assert output[1].startswith("3 runs of 9 epochs, 5 of them since they were resumed, in ")
    assert output[:1] + output[2:-2] == expected[:1] + expected[2:-2]
    assert output[-1] == expected[-1]
    found, alone = read_any(find(cut)), read_any(find(whole))
    assert found.header.state is State.FINISHED
    assert [event.kind for event in found.events] == ["began", "finished"]
    assert found.epochs.tobytes() == alone.epochs.tobytes()
    for name, array in alone.arrays.items():
        assert found.arrays[name].tobytes() == array.tobytes()
    assert main(["resume", "--json", "--run-dir", str(cut)]) == 0  # of runs that have ended
    captured = capsys.readouterr()
    end = lines_of(captured.out)[-1]
    assert (end["runs"], end["epochs_trained"], end["stopped"]) == (3, 0, "epochs")
    assert "9/9 epochs" in captured.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--no-save",), None),
        (("--diagnostics",), "they are trained one after another"),
        (("--seeds", "5"), "at most 4 runs are saved"),
        (("--epochs", "12"), "at most 10 epochs of 3 runs are saved"),
    ],
)
def test_runs_that_are_not_saved_say_why(
    words: tuple[str, ...],
    reason: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("tui.cli.seeds.MOST_LANES", 4)
    monkeypatch.setattr("core.process.seeds_run.MOST_METRICS", 8 * 3 * 10)
    assert main([*SMALL, *words, "--run-dir", str(tmp_path)]) == 0
    written = capsys.readouterr()
    said = [each for each in written.err.splitlines() if "not saved" in each]
    assert said == ([] if reason is None else [f"nnfs-tui: the runs are not saved: {reason}"])
    assert "saved:" not in written.out
    assert list_runs(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_a_failure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert main([*SMALL, "--run-dir", str(tmp_path / "file")]) == 1
    written = capsys.readouterr()
    assert "3 runs of 9 epochs in " in written.out
    assert "nnfs-tui: this run is not saved: " in written.err


def test_all_runs_diverged(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--loss", "mean_squared_error", "--lr", "1e6", "--optimizer", "sgd")
    assert main(["train", "moons", "--seeds", "2", "--epochs", "9", *words]) == 1
    output = capsys.readouterr().out
    assert "0 of 2 solved (every training sample right); all 2 diverged" in output
    assert output.count("diverged at epoch 1") == 2
    assert "median" not in output


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "x", "10001", "9" * 5000])
def test_an_invalid_number_of_seeds_is_refused(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "xor", f"--seeds={number}"]) == 2
    error = capsys.readouterr().err
    assert "for --seeds: expected a whole number from 1 to 10000" in error
    assert len(error.splitlines()) == 1


def test_success_rates_are_those_of_single_runs() -> None:
    config = RunConfig(dataset="xor", hidden=(2,), activation="relu", batch_size="full", epochs=60)
    configs = [config.changed(seed=seed, learning_rate=0.1) for seed in range(40)]
    lockstep = Lockstep(configs)
    lockstep.run()
    singles = []
    for each in configs:
        trainer = Trainer(each)
        while trainer.stopped is None:
            metrics = trainer.train_epoch()
        singles.append(RunResult(each, metrics, 60, trainer.stopped))
    together = [
        RunResult(each, lockstep.metrics(run), 60, lockstep.stopped[run])
        for run, each in enumerate(configs)
    ]
    assert verdict(together, has_classes=True) == verdict(singles, has_classes=True)
    assert [each.config.seed for each in ranked(together)][:3] == [
        each.config.seed for each in ranked(singles)
    ][:3]
