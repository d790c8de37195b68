"""Finds what the command follow names, and prints its metrics where there is no screen."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from core.config.errors import quoted
from core.logs.activity import FollowState
from core.runs.atomic_files import RunError
from core.runs.catalogue import find
from core.runs.folder import STATE
from core.runs.reader import read_header
from core.training.stopping import State
from tui.cli.arguments import UsageError
from tui.cli.save_options import folder_of
from tui.drawing.cells import printable
from tui.follow.curves import shown_value

if TYPE_CHECKING:
    import argparse

    from tui.follow.model import FollowModel

LONGEST_READ: Final = 5.0
"""Seconds for which a large file is read before its newest values are printed."""

BETWEEN_LINES: Final = 1.0
BETWEEN_LOOKS: Final = 0.2
MOST_SHOWN: Final = 12
"""Metrics in a line."""


def find_path(options: argparse.Namespace) -> Path:
    """Return the path of a file or a folder, or of a saved run by its name.

    Raises:
        UsageError: when there is none.
        RunError: when a name fits several runs, or none was given and there is none.
    """
    name = options.path
    try:
        path = Path(name or "").absolute()
        exists = bool(name) and path.exists()
    except (OSError, ValueError):
        exists = False
    if exists:
        return path
    parent = folder_of(options)
    if name is not None and (parent is None or "/" in name or "." in name):
        raise UsageError(f"no file or folder {quoted(name)} to follow")
    if parent is None:
        raise UsageError(
            "no home folder with saved runs; name a file, or choose one with --run-dir"
        )
    try:
        return find(parent, name)
    except RunError as error:
        if name is None:
            raise
        raise UsageError(f"no file or folder {quoted(name)} to follow, and {error}") from None


def is_run(path: Path) -> bool:
    """Return whether a folder is that of a saved run."""
    return (path / STATE).is_file()


def print_run(path: Path, *, once: bool) -> int:
    """Print the newest epoch of a saved run, then new ones as they are saved, until it ends.

    Raises:
        RunError: when it cannot be read at first.
    """
    header = read_header(path)
    printed: tuple[object, ...] = ()
    while True:
        metrics = header.metrics
        if printed != (header.epoch, header.state):
            printed = header.epoch, header.state
            _print(
                f"epoch {header.epoch:,}  train_loss {shown_value(metrics.train_loss)}  "
                f"test_loss {shown_value(metrics.test_loss)}  {header.state.lower()}"
            )
        if once or header.state in {State.FINISHED, State.DIVERGED}:
            return 0
        sleep(BETWEEN_LINES)
        with suppress(RunError):  # it is being saved
            header = read_header(path)


def print_lines(model: FollowModel, *, once: bool) -> int:
    """Print the newest values, then new ones as they come, at most a line per second.

    Args:
        model: of the run.
        once: whether to print a summary instead.

    Returns:
        The exit status: 1 if there is nothing to print once.
    """
    end = monotonic() + LONGEST_READ
    model.read(0.1)
    while model.follower.is_behind and monotonic() < end:
        model.read(0.1)
    if once:
        return _print_summary(model)
    printed, due = -1, 0.0
    state: FollowState | None = None
    while True:
        if model.follower.rows != printed and model.follower.rows and monotonic() >= due:
            printed, due = model.follower.rows, monotonic() + BETWEEN_LINES
            _print(_line(model))
        if model.state is not state:
            state = model.state
            if state is FollowState.WAITING:
                _print(model.follower.problem or "waiting for the first values")
            elif state is FollowState.STALLED:
                _print(f"stalled: nothing new for {model.activity.silence:.0f} s")
            elif state is FollowState.OVER:
                _print(f"over: {model.follower.table.ended}")
                return 0
        sleep(BETWEEN_LOOKS)
        model.read(0.1)


def _print_summary(model: FollowModel) -> int:
    """Print each metric with its newest and its best value, and what they show."""
    if not model.quantities:
        print(printable(f"nnfs-tui: {model.follower.problem or 'no values yet'}"), file=sys.stderr)  # noqa: T201
        return 1
    model.diagnose()
    _print(f"{model.unit} {model.newest_step:,} · {model.follower.rows:,} rows")
    width = min(40, max(len(name) for each in model.quantities for name in each.parts.values()))
    for quantity in model.quantities:
        best = model.best(quantity)
        for name in quantity.parts.values():
            line = f"  {name:<{width}}  {shown_value(model.newest(name)):>10}"
            if best is not None and name == (quantity.held or name):
                line += f"   best {shown_value(best.value)} at {model.unit} {best.step:,}"
            _print(line)
    for each in model.observations:
        _print(f"{each.word}: {each.sentence}")
    return 0


def _line(model: FollowModel) -> str:
    names = [name for each in model.quantities for name in each.parts.values()]
    values = [f"{name} {shown_value(model.newest(name))}" for name in names[:MOST_SHOWN]]
    return "  ".join([f"{model.unit} {model.newest_step:,}", *values])


def _print(text: str) -> None:
    print(printable(text), flush=True)  # noqa: T201
