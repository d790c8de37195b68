"""Texts of the table of a comparison, on the screen and printed: settings that differ, and outcomes."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from core.config.run_config import setting
from core.runs.atomic_files import shown
from core.runs.comparison import OUTCOMES, differing_settings
from tui.drawing import number_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.runs.comparison import ComparedRun

DATA, DATASET = "data", "dataset"
"""Settings that name a file, and a data set, which has no effect if there is a file."""

COUNTS: Final = ("epochs", "best_epoch")

_HEADINGS: Final = {
    "epochs": "epochs trained",
    "train_loss": "train loss",
    "test_loss": "test loss",
    "validation_loss": "validation loss",
    "best_loss": "best loss",
    "best_epoch": "at epoch",
}


def varied_settings(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the settings in which the runs differ; a data set and a file are one."""
    varied = differing_settings([run.config for run in runs])
    if DATA in varied or len({*sources(runs)}) <= 1:
        # with a file, the data set has no effect
        varied = [name for name in varied if name != DATASET]
    return varied


def setting_heading(name: str) -> str:
    """Return the heading of a setting; a data set and a file share a column."""
    return DATA if name == DATASET else setting(name).option


def setting_texts(runs: Sequence[ComparedRun], name: str) -> list[str]:
    """Return the value of a setting of each run, as the user writes it."""
    if name in {DATA, DATASET}:
        return sources(runs)
    return [shown(setting(name).write(getattr(run.config, name))) for run in runs]


def sources(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the data set or the file of each run, with its folder if two files have the same name."""
    names = [shown(run.config.source_name) for run in runs]
    paths = [shown(run.config.data or run.config.source_name) for run in runs]
    return names if len({*names}) == len({*paths}) else paths


def outcome_columns(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the outcomes that any of the runs has; those on test samples, if there are any."""
    return [
        name
        for name in OUTCOMES
        if any(isfinite(run.outcome(name)) for run in runs)
        and not (name.startswith("test") and all(run.shared for run in runs))
    ]


def outcome_heading(name: str, runs: Sequence[ComparedRun]) -> str:
    """Return the heading of an outcome."""
    if not name.endswith("_score"):
        return _HEADINGS.get(name, name)
    kinds = {"accuracy %" if run.has_classes else "R²" for run in runs}
    kind = kinds.pop() if len(kinds) == 1 else "score"
    return f"{name.removesuffix('_score')} {kind}"


def outcome_text(run: ComparedRun, name: str) -> str:
    """Return an outcome of a run as text."""
    value = run.outcome(name)
    if not isfinite(value):
        return "–"
    if name in COUNTS:
        return f"{value:,.0f}"
    if not name.endswith("_score"):
        return number_format.loss(value)
    return number_format.percent(value) if run.has_classes else f"{value:.3f}"
