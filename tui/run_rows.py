"""Cells of a saved run in a list of runs: name, state, epochs, score, time and network."""

from __future__ import annotations

from time import localtime, strftime
from typing import TYPE_CHECKING

from core.runs.atomic_files import shown
from core.training.stopping import State, Stop
from tui.drawing import number_format

if TYPE_CHECKING:
    from core.runs.catalogue import RunListing

HEADINGS = ("name", "state", "epochs", "test score", "saved", "network")
WITHOUT_TIME = (0, 1, 2, 3, 5)
"""Columns of a narrow table: the name contains the time of the start."""
NUMBERS = (2, 3)
"""Columns that are aligned on the right."""
SHARED = "train"
"""Mark of a score for which there are no test samples."""


def row_of(run: RunListing) -> tuple[str, ...]:
    """Return the cells of a run in the columns of `HEADINGS`; the last may be why it is damaged."""
    saved = strftime("%Y-%m-%d %H:%M", localtime(run.saved))
    summary = run.summary
    if summary is None:
        reason = run.damaged.removeprefix(f"{shown(run.name)}/").removeprefix(f"{shown(run.name)} ")
        return shown(run.name), state_of(run), "", "", saved, reason
    metrics = summary.metrics
    score = number_format.named_score(metrics.test_score, has_classes=summary.has_classes)
    if metrics.test_loss == metrics.train_loss:
        score = f"{SHARED} {score}"
    # the name of the run begins with that of the data
    _, _, network = shown(summary.text).partition(" · ")
    if summary.seeds is not None:
        network = f"{summary.seeds:,} seeds · {network}"
    if summary.edited:
        network = f"edited · {network}"
    epochs = f"{summary.epoch:,}"
    return shown(run.name), state_of(run), epochs, score, saved, network


def state_of(run: RunListing) -> str:
    """Return the state of a run in words."""
    summary = run.summary
    if summary is None:
        return "unsaved" if run.unsaved else "damaged"
    if run.used:
        return "in use"
    if summary.state == State.TRAINING:
        return "interrupted"
    if summary.stopped and summary.stopped not in {Stop.EPOCHS, Stop.DIVERGED}:
        return summary.stopped.replace("_", " ")
    return summary.state.lower()
