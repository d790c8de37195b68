"""The real program saves its runs: however it ends, `nnfs-tui resume` continues from there."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from core.runs.atomic_files import RunError
from core.runs.catalogue import find, list_runs
from core.runs.folder import STATE, RunFolder
from core.runs.lock import check_unused, take_over
from core.runs.reader import read_header
from tests.core.runs.test_reader import rewritten
from tests.terminal.terminal import epoch_of, is_alive, nnfs_tui
from tests.terminal.test_command_line import PROGRAM, Told, run
from tests.terminal.test_command_line import told as told
from tui.cli.run_list import list_of_runs


def test_a_run_is_left_killed_stopped_and_resumed(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    with nnfs_tui("moons", "--run-dir", runs, "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("S", "s")
        terminal.until(lambda text: epoch_of(text) == 11)
        terminal.press(")")
        terminal.until("backspace restores the previous one")
        terminal.press("backspace")
        terminal.until("moons of epoch 11 restored")
        terminal.until(lambda text: epoch_of(text) == 11 and "features → 8 → 8 tanh → 2 " in text)
        terminal.press("\x1bOR")  # F3
        terminal.until("diagnose (V)")
        terminal.press("q")
        assert terminal.wait() == 0
        name = find(Path(runs)).name
        assert f"nnfs-tui resume {name}" in terminal.text()
    with nnfs_tui("resume", name[:8], "--run-dir", runs) as terminal:
        terminal.until(f"{name} resumed at epoch 11")
        terminal.until(lambda text: "PAUSED" in text and epoch_of(text) == 11)
        terminal.until("diagnose (V)")
        terminal.press(" ")
        terminal.until("TRAINING")
        (child,) = terminal.children()
        os.kill(child, signal.SIGKILL)
        terminal.until("space resumes the saved run")
        terminal.press(" ")
        terminal.until(lambda text: "resumed at epoch" in text and "STOPPED" not in text)
        (child,) = terminal.children()
        os.kill(child, signal.SIGSTOP)
        terminal.press("+", "-")
        terminal.until(f"kill -CONT {child} resumes it")
        terminal.press("q")
        assert terminal.wait() == 0
        assert not is_alive(child)
    assert read_header(find(Path(runs))).epoch >= 11


def saved_epochs(runs: Path) -> list[int]:
    headers = [run.header for run in list_runs(runs)]
    return sorted(header.epoch for header in headers if header is not None)


def test_previous_runs_are_restored_after_the_training_process_was_killed(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with nnfs_tui("moons", "--run-dir", str(runs), "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("S")
        terminal.until(lambda text: epoch_of(text) == 10)
        terminal.press(")")
        terminal.until("backspace restores the previous one")
        terminal.press("s")
        terminal.until(lambda _: saved_epochs(runs) == [1, 10])
        terminal.press("s")  # the name of a run is reported before its second save
        terminal.until(lambda _: saved_epochs(runs) == [2, 10])
        (child,) = terminal.children()
        os.kill(child, signal.SIGKILL)
        terminal.until("r starts a new one")
        terminal.press("r")
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 1)
        terminal.press("backspace")
        terminal.until("moons of epoch 2 restored")
        terminal.press("backspace")
        terminal.until("moons of epoch 10 restored")
        terminal.press("q")
        assert terminal.wait() == 0


def test_the_last_line_says_what_is_saved_and_what_was_trained_since(tmp_path: Path) -> None:
    runs, log = str(tmp_path / "runs"), tmp_path / "log.jsonl"
    options = ("--run-dir", runs, "--log", str(log), "--speed", "max", "--fps", "1")
    with nnfs_tui("moons", *options, "--epochs", "10000000") as terminal:
        terminal.until(lambda text: epoch_of(text) > 20)
        terminal.press("q")
        assert terminal.wait() == 0
        first = read_header(find(Path(runs))).epoch
        assert f"stopped after {first:,} of" in terminal.text()
    assert json.loads(log.read_text().splitlines()[-1])["epochs"] == first
    with nnfs_tui("resume", *options) as terminal:
        terminal.until(lambda text: epoch_of(text) > first)
        terminal.press("q")
        assert terminal.wait() == 0
        both = read_header(find(Path(runs))).epoch
        since = f"{both - first:,} of them since it was resumed"
        assert f"stopped after {both:,} of 10,000,000 epochs, {since}" in terminal.text()
    end = json.loads(log.read_text().splitlines()[-1])
    assert (end["epochs"], end["epochs_trained"]) == (both, both - first)
    assert end["epochs_per_second"] == pytest.approx((both - first) / end["seconds"], rel=1e-3)


def test_a_killed_screen_leaves_the_last_epoch(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    with nnfs_tui("xor", "--run-dir", runs) as terminal:
        terminal.until(lambda text: epoch_of(text) >= 10)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    # the lock goes when the training process does
    with nnfs_tui("resume", "--paused", "--run-dir", runs) as terminal:
        terminal.until(lambda text: "PAUSED" in text and epoch_of(text) >= 10)
        terminal.press("q")
        assert terminal.wait() == 0


@pytest.mark.parametrize("stopped", [False, True])
def test_a_run_in_use_names_its_process_and_is_taken_over(stopped: bool, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    with nnfs_tui("moons", "--run-dir", runs, "--epochs", "10000000") as terminal:
        terminal.until(lambda text: epoch_of(text) >= 0 and list_runs(tmp_path / "runs"))
        path, (training,) = find(Path(runs)), terminal.children()
        with pytest.raises(RunError, match=rf"\(process {terminal.pid}, for \d+ s\): --take-over"):
            check_unused(path, 0.0)
        if stopped:
            os.kill(terminal.pid, signal.SIGSTOP)
        with nnfs_tui("resume", "--take-over", "--paused", "--run-dir", runs) as other:
            other.until(lambda text: "resumed at epoch" in text and epoch_of(text) > 0)
            assert f"(process {terminal.pid}, for " in other.raw.decode(errors="replace")
            assert other.raw.index(b"waiting until it is saved") < other.raw.index(b"\x1b[?1049h")
            other.press("q")
            assert other.wait() == 0
        assert terminal.wait() == 128 + signal.SIGTERM
        assert not is_alive(training)


def test_no_process_is_ended_that_does_not_have_the_run(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "moons", 1e9)
    try:
        with subprocess.Popen(["sleep", "60"]) as innocent:
            told = {"pid": innocent.pid, "since": 1e9, "end": innocent.pid}
            (folder.path / "lock").write_text(json.dumps(told))
            with pytest.raises(RunError, match="it cannot be verified"):
                take_over(folder.path, print)
            assert innocent.poll() is None
            innocent.kill()
    finally:
        folder.close()


def test_runs_are_listed_removed_and_gone_on_with_without_a_screen(
    told: Told, tmp_path: Path
) -> None:
    runs = str(tmp_path / "runs")
    assert "no saved run" in told("runs", "--run-dir", runs).stdout
    for preset, begin in (("xor", told), ("sine", run)):
        done = begin("train", preset, "--epochs", "5", "--run-dir", runs)
        assert f"saved: nnfs-tui resume {preset}-" in done.stdout
    assert (
        "kept" not in told("train", "moons", "--epochs", "5", "--run-dir", runs, "--no-save").stdout
    )
    (tmp_path / "runs" / "broken\x1b[31m").mkdir()
    (tmp_path / "runs" / "broken\x1b[31m" / "state.npz").write_text("\x1b[2J")
    listed = told("runs", "--run-dir", runs)
    lines = listed.stdout.splitlines()
    assert [line.split("-")[0].split("\\")[0] for line in lines[1:4]] == ["broken", "sine", "xor"]
    assert "damaged" in lines[1]
    assert "\x1b" not in listed.stdout
    assert "finished" in lines[2]
    assert "R²" in lines[2]
    assert "test score" in lines[0]
    assert "train 50.0 %" in lines[3] or "train 75.0 %" in lines[3]  # XOR has no test samples
    # a file or a pipe gets all columns, whole
    assert lines[0].split() == ["name", "state", "epochs", "test", "score", "saved", "network"]
    assert lines[3].endswith("seed 0")
    narrow = list_of_runs(tmp_path / "runs", as_json=False, width=80).splitlines()
    assert max(map(len, narrow)) <= 80
    assert " saved " not in narrow[0]
    values = [
        json.loads(line)
        for line in told("runs", "--json", "--run-dir", runs).stdout.split("\n")[:-1]
    ]
    assert [each.get("epochs") for each in values] == [None, 5, 5]
    resumed = told("resume", "xor", "--train", "--run-dir", runs)
    assert "5 of 5 epochs" in resumed.stdout
    removed = told("runs", "rm", "sine", "xor", "--run-dir", runs)
    assert removed.stdout.count("is removed") == 2
    for wrong, why in (
        (("resume", "sine"), "no run in"),
        (("resume",), "broken"),
        (("runs", "rm"), "name the runs to remove"),
        (("train", "xor", "--keep-runs", "no"), "expected a number from 1, or all"),
    ):
        refused = told(*wrong, "--run-dir", runs)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert why in refused.stderr
        assert refused.stderr.count("\n") - refused.stderr.count("no terminal to draw on") == 1


def test_an_interrupted_run_goes_on_without_a_screen_bit_for_bit(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    command = [PROGRAM, "train", "moons", "--epochs", "3000", "--json", "--run-dir", runs]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(50):  # it is far from its end, for a pipe takes some hundred lines
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    assert process.returncode == 130
    at = read_header(find(Path(runs))).epoch
    resumed = run("resume", "--json", "--run-dir", runs).stdout.splitlines()
    whole = run("train", "moons", "--epochs", "3000", "--json", "--no-save").stdout.splitlines()
    epochs = [line for line in whole if '"event": "epoch"' in line]
    again = [line for line in resumed if '"event": "epoch"' in line]
    assert again == epochs[at:]


def test_a_line_that_breaks_while_it_trains_without_a_screen_loses_nothing(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    with nnfs_tui("train", "moons", "--epochs", "100000000", "--run-dir", runs) as terminal:
        # the bar is there before the first epoch is trained
        terminal.until(lambda text: re.search(r"[1-9][\d,]*/100,000,000 epochs", text))
        assert terminal.hang_up() == 128 + signal.SIGHUP
    assert read_header(find(Path(runs))).epoch > 0


def test_without_a_home_or_a_place_to_write_the_run_goes_on(told: Told, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (str(tmp_path / "file" / "runs"), "/proc/nothing"):
        done = told("train", "xor", "--epochs", "5", "--run-dir", place)
        assert done.returncode == 1
        assert "this run is not saved: " in done.stderr
        assert "5 of 5 epochs" in done.stdout
        lines = told("train", "xor", "--epochs", "5", "--json", "--run-dir", place)
        assert (lines.returncode, lines.stdout.count("\n")) == (1, 7)


def test_a_run_folder_from_someone_else_is_refused_before_it_leads_to_a_file(
    told: Told, tmp_path: Path
) -> None:
    runs, victim = tmp_path / "runs", tmp_path / "victim"
    told("train", "xor", "--epochs", "5", "--run-dir", str(runs))
    victim.write_text("mine")
    scratch = find(runs) / ".state.npz.new"
    scratch.symlink_to(victim)
    why = ".state.npz.new: it is a symbolic link, expected an ordinary file"
    for use in (("resume", "--train"), ("resume", "--json"), ("runs", "rm", "xor")):
        refused = told(*use, "--run-dir", str(runs))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert why in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert "damaged" in told("runs", "--run-dir", str(runs)).stdout
    with nnfs_tui("resume", "--run-dir", str(runs)) as terminal:
        assert terminal.wait() == 2
        assert why in terminal.text()
    assert victim.read_text() == "mine"
    assert scratch.is_symlink()


def test_a_folder_that_vanishes_is_told_of_and_training_continues(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with nnfs_tui("moons", "--run-dir", str(runs), "--speed", "max") as terminal:
        terminal.until(lambda _: list(runs.glob("*/state.npz")))
        terminal.until(lambda text: epoch_of(text) > 10)
        (path,) = runs.iterdir()
        path.rename(tmp_path / "elsewhere")
        at = epoch_of(terminal.until("this run is not saved"))
        terminal.until(lambda text: epoch_of(text) > at)
        terminal.press("q")
        assert terminal.wait() == 0
        assert "this run is not saved" in terminal.text()
        assert f"nnfs-tui resume {path.name}" not in terminal.text()


def test_a_run_that_continues_with_other_kernels_says_so(told: Told, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    told("train", "xor", "--epochs", "5", "--run-dir", runs)
    state = find(Path(runs)) / STATE
    rewritten(state, lambda header: header.update(kernels="x86_64 Katmai"))
    sentence = "the processor kernels have changed"
    for key, then, times in (("V", "inspect (V)", 1), ("s", "epoch      6", 0)):
        with nnfs_tui("resume", "--run-dir", runs) as terminal:
            terminal.until(sentence)
            terminal.press(key)
            terminal.until(then)
            terminal.press("q")
            assert terminal.wait() == 0
        # another view is saved with the run, but another epoch counts
        assert told("resume", "--train", "--run-dir", runs).stderr.count(sentence) == times


def test_a_relative_folder_in_a_working_directory_that_was_removed_is_refused(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for use in (("runs",), ("resume", "--train"), ("train", "xor"), ("runs", "rm", "xor")):
        refused = told(*use, "--run-dir", "runs")
        assert refused.returncode == 2
        assert refused.stderr == (
            "nnfs-tui: invalid value 'runs' for --run-dir: expected an absolute path, since the working "
            "directory was removed\n"
        )


def test_all_runs_of_many_seeds_are_saved_and_resumed(tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    with nnfs_tui("moons", "--seeds", "5", "--run-dir", runs, "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("S", "+", "s")
        terminal.until(lambda text: epoch_of(text) == 11)
        terminal.press("q")
        assert terminal.wait() == 0
        name = find(Path(runs)).name
        assert f"saved: nnfs-tui resume {name}" in terminal.text()
    (listed,) = run("runs", "--run-dir", runs).stdout.splitlines()[1:-1]
    assert listed.split()[:3] == [name, "paused", "11"]
    assert "5 seeds · 2-8-8-2" in listed
    for command in (
        ["replay", name],
        ["export", name, "--to", "csv"],
        ["follow", name],
    ):
        done = run(*command, "--run-dir", runs)
        assert done.returncode == 2
        assert f"{name} has the runs of 5 seeds: nnfs-tui resume opens them" in done.stderr
    with nnfs_tui("resume", "--run-dir", runs) as terminal:
        terminal.until(f"{name} resumed at epoch 11")
        terminal.until(lambda text: "PAUSED" in text and epoch_of(text) == 11)
        for child in terminal.children():
            os.kill(child, signal.SIGKILL)
        terminal.until("space resumes the saved runs, r starts these runs again")
        terminal.press(" ")
        terminal.until(f"{name} resumed at epoch 11")
        terminal.press("\x1b[D")  # left
        terminal.until("epoch 10 of 11")
        terminal.press("\x1b[F", " ")  # end
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 11)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait()
    with nnfs_tui("resume", "--run-dir", runs) as terminal:
        terminal.until(lambda text: "TRAINING" in text and epoch_of(text) > 11)
        terminal.press("q")
        assert terminal.wait() == 0
