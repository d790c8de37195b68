"""The four paths in docs/architecture.md name files, classes and functions that exist."""

import ast
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.datasets.edits import AddPoint
from core.process.channel import Channel
from core.process.command_queue import CommandQueue
from core.process.messages import (
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Reopen,
    Seek,
    Start,
    StepBatch,
)
from core.process.worker import TrainingLoop
from core.runs.autosaver import SaveOptions
from core.runs.reader import read_header

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
STEPS = re.findall(r"`([\w/]+\.py): ([\w.]+)`", PAGE)


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names that statements define: functions, classes, and what is assigned."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name
            yield from definitions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id
        elif isinstance(node, ast.Assign):
            yield from (prefix + each.id for each in node.targets if isinstance(each, ast.Name))


def defines(path: str, name: str) -> bool:
    """Return whether a file of the repository exists and defines a name."""
    file = ROOT / path
    return file.is_file() and name in definitions(ast.parse(file.read_text("utf-8")).body)


@pytest.mark.parametrize(("path", "name"), sorted(set(STEPS)))
def test_a_step_names_a_definition_that_exists(path: str, name: str) -> None:
    assert defines(path, name)


def test_each_path_has_steps() -> None:
    paths = PAGE.split("\n## ")[1:]
    assert len(paths) == 4
    for path in paths:
        assert len(re.findall(r"`[\w/]+\.py: [\w.]+`", path)) >= 8, path.splitlines()[0]


def test_a_wrong_name_is_found() -> None:
    assert defines("core/nn/network.py", "TrainingStep.calls")
    assert not defines("core/nn/network.py", "TrainingStep.call")
    assert not defines("core/nn/network.py", "calls")
    assert not defines("core/nn/networks.py", "TrainingStep")


Function = tuple[str, str]


@contextmanager
def traced() -> Iterator[set[Function]]:
    """Collect the functions of `core` that are called, as file and name, without those within others."""
    functions = set()

    def record(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and "<" not in code.co_qualname and "/core/" in code.co_filename:
            path = Path(code.co_filename)
            # methods of dataclasses are part of no step, as those of the standard library
            if path.is_relative_to(ROOT / "core") and path != ROOT / "core" / "dataclass.py":
                functions.add((str(path.relative_to(ROOT)), code.co_qualname))

    threading.setprofile(record)  # the autosave has a thread
    sys.setprofile(record)
    try:
        yield functions
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def train(folder: Path, *commands: object) -> None:
    """Handle commands like a training process, and save the run into a folder at the end."""
    end, other = socket.socketpair()
    loop, screen = TrainingLoop(CommandQueue(end)), Channel(other)
    for each in (ConfigureAutosave(SaveOptions(folder)), *commands):
        screen.post(each)
    loop._queue.receive_commands(0)
    with np.errstate(all="ignore"):
        loop._run_once()
        screen.finish()
        loop.run()
    screen.close()
    end.close()


def test_a_saved_run_reaches_the_trainer_through_the_files_of_its_path(tmp_path: Path) -> None:
    batches = [StepBatch()] * 6
    with traced() as known:
        config = RunConfig.from_mapping({"samples": 100, "batch_size": 40, "diagnostics": True})
        changes = Configure({"learning_rate": 0.02}), EditData(AddPoint((0.0, 0.0), 1))
        begin = Start(config, paused=True), *batches, *changes, *batches
        branch = Seek(5), *batches, EditParameter(0, 0.5), StepBatch()
        train(tmp_path, *begin, *branch, Seek(5), Seek(9))  # the end of the run is within an epoch
    (run,) = tmp_path.iterdir()
    header = read_header(run)
    assert (header.epoch, header.batch, len(header.edits), len(header.segments)) == (8, 1, 1, 4)
    with traced() as functions:
        train(tmp_path, Reopen(run, paused=True))
    files = {file for file, _ in functions - known}
    section = PAGE.partition("## A saved run into a trainer")[2].partition("\n## ")[0]
    assert files <= {path for path, _ in re.findall(r"`([\w/]+\.py): ([\w.]+)`", section)}
    (most,) = re.findall(r"at most (\d+) files", section)  # a slow seek reports its progress, too
    assert len(files) <= int(most) <= 14
