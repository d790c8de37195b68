"""The command line without a screen: output, messages and exit statuses."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.config.run_config import settings
from core.config.value_types import hyphenated
from core.datasets import DATASETS
from core.runs.catalogue import list_runs
from tests.terminal.terminal import PATIENCE, Terminal, nnfs_tui
from tui.cli import headless
from tui.cli.arguments import COMMANDS
from tui.cli.check import check
from tui.cli.main import main
from tui.drawing import number_format

PROGRAM = str(Path(sys.executable).with_name("nnfs-tui"))


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


Told = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return a function that runs the command line in this process: a new one takes half a second."""

    def run_here(*arguments: str) -> "subprocess.CompletedProcess[str]":
        try:
            status = main(arguments)
        except SystemExit as end:  # after a help
            status = int(end.code or 0)
        written = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, written.out, written.err)

    return run_here


@pytest.mark.parametrize(
    ("arguments", "given", "accepted"),
    [
        (["--lr", "-1"], "'-1' for --lr", "a number above 0"),
        (["--hidden", "8,x"], "'8,x' for --hidden", "such as 8 or 8,8"),
        (["--dataset", "nope"], "'nope' for --dataset", "xor, moons, circles"),
        (["--dataset", "moon"], "'moon'", "did you mean moons?"),
        (["--epochs", "0"], "'0' for --epochs", "from 1"),
        (["--test-size", "2"], "'2' for --test-size", "below 1"),
        (["spirall"], "'spirall'", "did you mean spiral?"),
        (["train", "nope"], "'nope'", "xor, moons"),
        (["trian", "xor", "--json"], "'trian' is neither a command", "did you mean train?"),
        (["runs", "rm"], "name the runs to remove", "runs lists them"),
        (["--optimiser", "adam"], "--optimiser", "did you mean --optimizer"),
        (["--l", "0.1"], "--l", "unknown"),
        (["xor", "moons"], "'moons'", "unknown"),
        (["--lr"], "missing value for --lr", "a number above 0"),
        (["--speed", "fast"], "'fast' for --speed", "or max"),
        (["--fps", "0"], "'0' for --fps", "from 1 to 30"),
        (["--max-rate", "16kB"], "'16kB' for --max-rate", "from 500 to 1000M, such as 16k"),
        (["--max-rate", "nan"], "'nan' for --max-rate", "bytes per second"),
        (["--config", "/nowhere/run.toml"], "/nowhere/run.toml", "no such file"),
        (["spiral", "--loss", "binary_cross_entropy"], "binary_cross_entropy", "the data has 3"),
        (["bumps", "--loss", "hinge"], "'hinge' for --loss", "mean_squared_error"),
        (["moons", "--activation", "relu,tanh,elu"], "'relu,tanh,elu' for --activation", "or 2"),
        (["moons", "--activation", "rellu"], "'rellu' for --activation", "did you mean relu"),
        (["moons", "--dropout", "1"], "'1' for --dropout", "below 1"),
        (["moons", "--freeze", "4"], "'4' for --freeze", "from 1 to 3"),
        (["moons", "--batch-norm", "maybe"], "'maybe' for --batch-norm", "on or off"),
        (["moons", "--batch-norm=maybe"], "'maybe' for --batch-norm", "on or off"),
        (["sine", "--class-weight", "balanced"], "'balanced' for --class-weight", "none, as the"),
        (["moons", "--patience", "0"], "'0' for --patience", "or off"),
        (["iris", "--samples", "50"], "'50' for --samples", "which has 150"),
        (["--seed", "\x1b[31mred"], "\\x1b[31mred", "whole number"),
        (["--config", ""], "'' for --config", "the name of a TOML file"),
        (["--config", "/proc/self/mem"], "/proc/self/mem", "cannot be read (Input/output error)"),
        (["--data", ""], "'' for --data", "the name of a CSV"),
        (["train", "--run-dir", ""], "'' for --run-dir", "a folder"),
        (["train", "--keep-runs", ""], "'' for --keep-runs", "a number from 1"),
        (["train", "--log", ""], "'' for --log", "a writable file"),
        (["resume", ""], "called ''", "nnfs-tui runs lists them"),
        (["runs", "--run-dir", ""], "'' for --run-dir", "a folder"),
    ],
)
def test_wrong_use_gets_one_sentence_and_status_2(
    told: Told, arguments: list[str], given: str, accepted: str
) -> None:
    result = told(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("nnfs-tui: ")
    assert given in result.stderr
    assert accepted in result.stderr
    assert "\x1b" not in result.stderr


def test_wrong_use_is_told_by_the_program_itself(told: Told) -> None:
    ours, here = run("--seed", "\x1b[31mred"), told("--seed", "\x1b[31mred")
    assert (ours.returncode, ours.stdout, ours.stderr) == (2, "", here.stderr)


def test_wrong_use_in_a_terminal_is_told_in_the_terminal() -> None:
    with Terminal(PROGRAM, "--lr", "-1") as terminal:
        assert terminal.wait() == 2
        assert "expected a number above 0" in terminal.text()
        assert b"\x1b[?1049h" not in terminal.raw


def test_json_lines_are_as_specified_and_the_same_every_time(told: Told) -> None:
    arguments = ("train", "moons", "--json", "--epochs", "12", "--seed", "3")
    first, second = run(*arguments), told(*arguments)
    lines = first.stdout.splitlines()
    assert lines[:-1] == second.stdout.splitlines()[:-1]
    start, *epochs, advice, end = map(json.loads, lines)
    assert start["event"] == "start"
    assert start["config"]["dataset"] == "moons"
    assert start["config"]["hidden"] == [8, 8]
    assert (start["parameters"], start["train_samples"], start["test_samples"]) == (114, 150, 50)
    keys = ["event", "epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    assert all(list(line) == [*keys, "learning_rate"] for line in epochs)
    assert [line["epoch"] for line in epochs] == list(range(1, 13))
    assert list(advice) == ["event", "epoch", "cause", "text", "remedies"]
    assert (advice["epoch"], advice["cause"]) == (12, "too few epochs")
    assert advice["remedies"][0]["options"] == "--epochs 300"
    assert list(end) == ["event", "epochs", "seconds", "epochs_per_second", "stopped"]
    assert (end["event"], end["epochs"], end["stopped"]) == ("end", 12, "epochs")
    assert first.returncode == 0


def test_json_has_diagnostics_penalty_and_the_reason_of_the_end(told: Told) -> None:
    result = told(
        *("train", "moons", "--json", "--diagnostics", "--l2", "0.001", "--batch-norm"),
        *("--hidden", "6", "--patience", "5", "--lr", "0.2"),
    )
    start, *epochs, end = map(json.loads, result.stdout.splitlines())
    assert start["config"]["diagnostics"] is True
    assert start["config"]["batch_norm"] is True
    assert all(line["penalty"] > 0 for line in epochs)
    names = ["gradient_norm", "update_ratio", "dead", "saturated"]
    assert all([list(layer) for layer in line["layers"]] == [names] * 2 for line in epochs)
    best = min(epochs, key=lambda line: line["test_loss"])["epoch"]
    assert (end["stopped"], end["restored_epoch"], end["epochs"]) == ("patience", best, best + 5)
    assert result.returncode == 0


def test_the_last_line_has_scores_of_uneven_classes(told: Told) -> None:
    command = ("train", "breast-cancer", "--epochs", "3", "--validation-size", "0.2")
    *_, end = map(json.loads, told(*command, "--json").stdout.splitlines())
    scores = ("majority_share", "balanced_accuracy", "macro_f1")
    names = [f"{part}_{score}" for part in ("train", "test", "validation") for score in scores]
    assert list(end) == ["event", "epochs", "seconds", "epochs_per_second", "stopped", *names]
    assert end["train_majority_share"] == pytest.approx(0.627, abs=2e-3)
    assert all(0.8 < end[name] < 1 for name in names if "majority" not in name)
    lines = told(*command, "--class-weight", "balanced").stdout.splitlines()
    assert "balanced classes" in lines[0]
    for part, line in zip(("train", "validation", "test"), lines[2:5], strict=True):
        found = re.match(
            rf"{part} +weighted loss 0\.\d+   accuracy \d\d\.\d % \(majority 6[23]\.\d %\)   "
            r"balanced \d\d\.\d %   macro F1 0\.\d{3}",
            line,
        )
        assert found, line
    even = told("train", "iris", "--epochs", "1").stdout
    assert "majority" not in even


def test_a_switch_can_be_negated(told: Told) -> None:
    configs = [
        json.loads(told("train", "moons", "--json", "--epochs", "1", *words).stdout.splitlines()[0])
        for words in (["--no-bias"], ["--bias", "off"], ["--bias"], ["--no-batch-norm"])
    ]
    assert [each["config"]["bias"] for each in configs] == [False, False, True, True]
    assert [each["parameters"] for each in configs] == [96, 96, 114, 114]
    refused = told("train", "moons", "--no-biass")
    assert refused.stderr.count("\n") == 1
    assert "did you mean" in refused.stderr


def test_a_batch_size_above_the_training_set_is_reported_once(told: Told) -> None:
    command = ("train", "moons", "--epochs", "2", "--batch-size")
    note = "batch size 151 is larger than the training set: each step uses all 150 samples"
    assert told(*command, "151").stderr.count(f"nnfs-tui: {note}\n") == 1
    for size in ("150", "full"):
        assert "batch size" not in told(*command, size).stderr


def test_numbers_to_predict_are_told_as_r2(told: Told) -> None:
    result = told("train", "bumps", "--json", "--epochs", "3")
    _, *epochs, _ = map(json.loads, result.stdout.splitlines())
    keys = ["event", "epoch", "train_loss", "test_loss", "train_r2", "test_r2", "learning_rate"]
    assert all(list(line) == keys for line in epochs)
    assert "R² 0." in told("train", "bumps").stdout


def test_a_file_sets_what_an_option_can(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(
        'activation = ["relu", "tanh"]\nbatch_norm = true\ndropout = [0.1, 0.2]\nloss = "hinge"\n'
        'schedule = "cosine"\nwarmup = 2\nclip_norm = 1.0\nl1 = 0.001\nfreeze = [1]\n'
        'optimizer = "rmsprop"\ntarget_accuracy = "off"\nepochs = 3\n'
    )
    by_file = told("train", "moons", "--json", "--config", str(file)).stdout.splitlines()
    options = "--activation relu,tanh --batch-norm --dropout 0.1,0.2 --loss hinge --schedule cosine"
    options += " --warmup 2 --clip-norm 1 --l1 0.001 --freeze 1 --optimizer rmsprop --epochs 3"
    by_options = told("train", "moons", "--json", *options.split()).stdout.splitlines()
    assert len(by_file) == 5
    assert by_file[:-1] == by_options[:-1]


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_check_finds_every_preset_right(told: Told, preset: str) -> None:
    result = run("check", preset) if preset == "moons" else told("check", preset)
    assert result.returncode == 0, result.stdout
    layers = len(PRESETS[preset].config().hidden) + 1
    assert result.stdout.count("agrees") == 2 * layers
    assert f"All {2 * layers} tensors agree" in result.stdout
    assert "central differences" in result.stdout


def test_check_tells_a_wrong_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    def perturb(gradient: np.ndarray) -> None:
        gradient[:8] *= 1.01

    assert check(PRESETS["xor"].config(batch_norm=True), perturb) == 1
    text = capsys.readouterr().out
    assert re.search(r"1 tanh +weights .* DIFFERS", text)
    assert text.count("agrees") == 4
    assert "wrong, or not smooth, in weights of layer 1" in text


def test_json_goes_to_its_file_while_the_bar_is_on_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    command = f"{PROGRAM} train moons --json --epochs 200 > {file}"
    with Terminal("bash", "-c", command) as terminal:
        assert terminal.wait() == 0
        assert "event" not in terminal.text()
        assert "200/200 epochs" in terminal.text()
    events = [json.loads(line)["event"] for line in file.read_text().splitlines()]
    assert events == ["start", *["epoch"] * 200, "end"]


def test_a_log_is_written_without_a_screen_too(told: Told, tmp_path: Path) -> None:
    for arguments in (["xor"], ["train", "xor"]):
        file = tmp_path / "run.jsonl"
        result = told(*arguments, "--epochs", "5", "--log", str(file))
        assert result.returncode == 0
        assert len(file.read_text().splitlines()) == 7
        file.unlink()


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("train xor --epochs 9 --json >/dev/full", "the output cannot be written: No space left"),
        ("train --help >/dev/full", "the output cannot be written: No space left"),
        ("runs >&-", "the output cannot be written: it is closed"),
        ("train xor --epochs 9 --log /dev/full", "the log cannot be written: No space left"),
    ],
)
def test_output_that_cannot_be_written_ends_in_one_sentence(
    command: str, what: str, tmp_path: Path
) -> None:
    result = subprocess.run(
        ["bash", "-c", f"{PROGRAM} {command}"],
        env=os.environ | {"NNFS_TUI_RUN_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if "epochs" not in line]  # the progress bar
    assert len(said) == 1
    assert said[0].startswith(f"nnfs-tui: {what}")
    if "train xor" in command:
        (run,) = list_runs(tmp_path)
        assert run.header is not None
        assert f"nnfs-tui resume {run.name}" in result.stderr or run.header.epoch == 9


@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-", "0<&-"])
def test_only_the_output_has_to_be_written(stream: str) -> None:
    result = subprocess.run(
        ["bash", "-c", f"{PROGRAM} train xor --epochs 9 --no-save {stream}"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0
    assert "9 of 9 epochs" in result.stdout
    assert "━" not in result.stdout


def test_without_a_terminal_the_default_trains_to_a_good_accuracy() -> None:
    result = run()
    assert result.returncode == 0
    assert "training without a screen" in result.stderr
    test = re.search(r"test +loss [\d.e-]+ +accuracy ([\d.]+) %", result.stdout)
    assert test is not None
    assert float(test.group(1)) >= 92


def test_progress_and_summary_go_to_their_streams() -> None:
    result = run("train", "xor", "--epochs", "500")
    assert "500/500 epochs" in result.stderr
    assert "train = test  loss" in result.stdout
    assert "accuracy 100.0 %" in result.stdout
    assert "━" not in result.stdout


@pytest.mark.parametrize("size", [(80, 24), (25, 10)])
def test_a_chart_of_the_loss_is_printed_on_a_terminal(size: tuple[int, int]) -> None:
    with nnfs_tui("train", "moons", "--epochs", "60", "--no-save", size=size) as terminal:
        assert terminal.wait() == 0
        raw = terminal.raw.decode()
    assert ("loss by epoch" in raw) == ("⠒" in raw) == (size[0] == 80)


def test_progress_is_printed_as_lines_without_bar_and_chart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Screen readers read every change of a line, and logs keep them."""
    options = ("train", "moons", "--epochs", "30", "--no-save")
    for extra, term in (((), "dumb"), (("--plain",), "xterm")):
        with nnfs_tui(*options, *extra, TERM=term) as terminal:
            assert terminal.wait() == 0
            raw = terminal.raw.decode()
        assert "30 of 30 epochs" in raw
        assert "\x1b" not in raw
        assert not {*"━⠒"} & {*raw}
    monkeypatch.setattr(headless, "LINE_INTERVAL", 0.0)
    monkeypatch.setattr(headless, "REFRESH", 0.0)
    monkeypatch.setattr(number_format, "LEAST_SECONDS", 0.0)
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    assert main([*options, "--plain"]) == 0
    lines = errors.getvalue().splitlines()
    assert len(lines) >= 30
    pattern = r"nnfs-tui: epoch \d+ of 30, loss [\d.e-]+ / [\d.e-]+(, ETA \d:\d\d)?"
    assert all(re.fullmatch(pattern, line) for line in lines)
    assert "ETA" in next(line for line in lines if "epoch 9 of 30" in line)


def test_a_diverged_run_ends_with_null_and_says_what_to_try(told: Told) -> None:
    result = told("train", "moons", "--json", "--lr", "1e6", "--activation", "relu", "-h")
    assert result.returncode == 0  # -h wins
    options = ("--lr", "1e6", "--activation", "relu", "--optimizer", "sgd")
    result = run("train", "moons", "--json", *options)
    assert result.returncode == 1
    _, epoch, advice, end = map(json.loads, result.stdout.splitlines())
    assert (epoch["epoch"], epoch["train_loss"]) == (1, None)
    assert advice["cause"] == "learning rate too high"
    assert (end["epochs"], end["stopped"]) == (1, "diverged")
    words = told("train", "moons", *options).stdout
    assert "diverged at epoch 1" in words
    assert "learning rate lower than 1e+06" in words


@pytest.mark.parametrize(
    ("number", "status", "as_json"),
    [
        (signal.SIGINT, 130, False),
        (signal.SIGTERM, 143, True),
        (signal.SIGHUP, 129, True),
    ],
)
def test_an_interrupted_run_ends_with_its_summary(
    number: signal.Signals, status: int, as_json: bool, tmp_path: Path
) -> None:
    options = ["--json"] if as_json else []
    printed, complaints = tmp_path / "output", tmp_path / "errors"
    command = [PROGRAM, "train", "moons", "--epochs", "100000000", *options]
    with (
        printed.open("w") as output,
        complaints.open("w") as errors,
        subprocess.Popen(command, stdout=output, stderr=errors) as process,
    ):
        try:
            _until_it_trains(process.pid)
            process.send_signal(number)
            assert process.wait(PATIENCE) == status
        finally:
            process.kill()
    text = printed.read_text()
    assert "Traceback" not in complaints.read_text()
    if as_json:
        first, *epochs, end = map(json.loads, text.splitlines())
        assert first["event"] == "start"
        assert end["stopped"] == "interrupted"
        assert end["epochs"] == len(epochs)
    else:
        assert "interrupted after" in text
        assert "test   loss" in text


def _until_it_trains(pid: int) -> None:
    """Wait until the process has handlers for both signals, and has used some processor time since."""
    wanted = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGTERM - 1)
    start, ticks = None, 0
    while start is None or ticks < start + 5:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
        if start is None and int(caught.split()[1], 16) & wanted == wanted:
            start = ticks


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{PROGRAM} train moons --json | head -n 2"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert len(result.stdout.splitlines()) == 2
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr


def test_presets_and_datasets_are_listed_with_a_line_each(told: Told) -> None:
    presets, datasets = told("presets").stdout, told("datasets").stdout
    for name, preset in PRESETS.items():
        assert re.search(rf"^{name} +{re.escape(preset.description)}$", presets, re.MULTILINE)
    for name, info in DATASETS.items():
        assert "_" not in (shown := hyphenated(name))
        assert re.search(rf"^{shown} +{re.escape(info.description)}$", datasets, re.MULTILINE)


def test_help_names_every_setting_with_its_line(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = " ".join(told("watch", "--help").stdout.split())
    for setting in settings():
        assert setting.flag in text
        assert setting.help in text
    everything = told("--help").stdout
    for command in COMMANDS:
        assert f"\n    {command} " in everything
    for command in ("watch", "train"):
        for flag in {*re.findall(r"(?<=\s)--[a-z0-9-]+", told(command, "--help").stdout)}:
            assert flag in everything, flag  # all options can be found from here


def test_a_file_sets_what_the_options_do_not(told: Told, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('dataset = "circles"\nepochs = 4\nseed = 9\n')
    result = told("train", "--config", str(file), "--seed", "2", "--json")
    start = json.loads(result.stdout.splitlines()[0])
    assert start["config"]["dataset"] == "circles"
    assert start["config"]["epochs"] == 4
    assert start["config"]["seed"] == 2


def test_options_go_on_top_of_a_preset(told: Told) -> None:
    result = told("train", "xor", "--json", "--epochs", "2", "--samples", "100", "--hidden", "3,2")
    start = json.loads(result.stdout.splitlines()[0])
    assert start["config"]["learning_rate"] == 0.1
    assert start["config"]["hidden"] == [3, 2]
    assert (start["train_samples"], start["test_samples"]) == (75, 25)
