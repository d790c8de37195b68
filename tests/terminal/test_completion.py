"""Completion by the scripts, in real shells."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from tests.terminal.terminal import Terminal

PROGRAM = Path(sys.executable).with_name("nnfs-tui")
STARTS = {
    "bash": ("bash --norc --noprofile -i", 'eval "$(nnfs-tui completion bash)"'),
    "zsh": (
        "zsh -f -i",
        'autoload -Uz compinit; compinit -u -D; eval "$(nnfs-tui completion zsh)"',
    ),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a saved run."""
    folder = tmp_path_factory.mktemp("runs")
    command: list[str | Path] = [PROGRAM, "train", "xor", "--epochs", "3", "--run-dir", folder]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


def needs(shell: str) -> None:
    if which(shell) is None:
        pytest.skip(f"{shell} is not installed")


@pytest.mark.parametrize("shell", STARTS)
def test_tab_completes_presets_values_and_runs(shell: str, runs: Path, tmp_path: Path) -> None:
    needs(shell)
    command, setup = STARTS[shell]
    (run,) = (each.name for each in runs.glob("xor-*"))
    environment = {
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "PS1": "shell> ",
        "NNFS_TUI_RUN_DIR": str(runs),
        "HOME": str(tmp_path),
    }
    with Terminal(*command.split(), **environment) as terminal:  # type: ignore[arg-type]
        terminal.until("shell>")
        terminal.press(f"{setup}; echo $((6 * 7)) ready\r")
        terminal.until("42 ready")
        for typed, completed in (
            ("gauss", "gaussian-quantiles"),
            ("train --loss hin", "train --loss hinge"),
            ("train --loss=hin", "train --loss=hinge"),
            ("--activation relu,ta", "--activation relu,tanh"),
            ("resume xo", f"resume {run}"),
        ):
            terminal.press(f"nnfs-tui {typed}\t")
            terminal.until(f"nnfs-tui {completed}")
            terminal.press("\x15")  # ctrl+u, empties the line
        terminal.press("\x04")
        terminal.wait()


def test_fish_completes_presets_values_and_runs(runs: Path, tmp_path: Path) -> None:
    needs("fish")
    (run,) = (each.name for each in runs.glob("xor-*"))
    lines = ("gauss", "train --loss hin", "train --loss=hin", "resume xo")
    script = "nnfs-tui completion fish | source\n" + "\n".join(
        f"complete -C 'nnfs-tui {line}'" for line in lines
    )
    environment = {
        **os.environ,
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "NNFS_TUI_RUN_DIR": str(runs),
        "HOME": str(tmp_path),
    }
    shown = subprocess.run(
        ["fish", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    words = [line.partition("\t")[0] for line in shown]
    assert words == ["gaussian-quantiles", "hinge", "--loss=hinge", run]
