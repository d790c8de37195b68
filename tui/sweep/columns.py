"""Columns of the table of a sweep: settings, numbers, and their texts, printed and on the screen."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from core.config.run_config import setting
from tui.drawing import number_format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.sweeps.statistics import CellSummary, Statistic

NUMBERS: Final = ("test_score", "test_loss", "train_score", "train_loss", "best_epoch", "seconds")
"""Columns of numbers, in the order in which they are left out of a narrow table from the right."""

_HEADINGS: Final = {
    "test_loss": "test loss",
    "train_loss": "train loss",
    "validation_loss": "validation loss",
    "best_epoch": "best epoch",
    "seconds": "s/run",
}


def option(name: str) -> str:
    """Return the name of a setting as the user writes it."""
    return setting(name).option


def settings_of(rows: Sequence[CellSummary]) -> list[str]:
    """Return the settings that form the grid."""
    return list(dict.fromkeys(name for each in rows for name in each.cell.changes))


def varied_settings(rows: Sequence[CellSummary]) -> list[str]:
    """Return those with more than one value."""
    return [
        name for name in settings_of(rows) if len({each.cell.texts.get(name) for each in rows}) > 1
    ]


def number_columns(row: CellSummary) -> list[str]:
    """Return the numbers in the table, given a combination with outcomes: first those that decide."""
    outcome = row.outcomes[0]
    columns = [each for each in NUMBERS if not (outcome.shared and each.startswith("test"))]
    match row.part:
        case "validation":
            columns[:0] = ["validation_score", "validation_loss"]
        case "fresh":
            columns.insert(0, "fresh_score")
    return columns


def further_columns(rows: Sequence[CellSummary]) -> dict[str, Callable[[CellSummary], str]]:
    """Return further columns, as far as they say something: epochs, runs and runs that diverged."""
    further: dict[str, Callable[[CellSummary], str]] = {}
    if len({each.epochs for each in rows}) > 1 and "epochs" not in rows[0].cell.changes:
        further["epochs"] = lambda each: f"{each.epochs:,}"
    if any(len(each.outcomes) != 1 for each in rows):
        further["runs"] = lambda each: f"{len(each.outcomes):,}"
    if any(each.diverged for each in rows):
        further["diverged"] = lambda each: f"{each.diverged:,}" if each.diverged else ""
    return further


def heading(name: str, row: CellSummary) -> str:
    """Return the heading of a number, given a combination with outcomes."""
    if name in _HEADINGS:
        return _HEADINGS[name]
    part = name.removesuffix("_score")
    return f"{part} {'accuracy %' if row.outcomes[0].has_classes else 'R²'}"


def number_text(name: str, value: Statistic, row: CellSummary) -> str:
    """Return mean ± standard deviation; the latter only for several seeds."""
    form: Callable[[float], str] = number_format.loss
    if name.endswith("_score"):
        form = score_form(row)
    elif name == "best_epoch":
        form = _whole
    elif name == "seconds":
        return number_format.brief(value.mean)
    text = form(value.mean)
    return f"{text} ± {form(value.deviation)}" if isfinite(value.deviation) else text


def score_form(row: CellSummary) -> Callable[[float], str]:
    """Return the format of scores, given a combination with outcomes."""
    return number_format.percent if row.outcomes[0].has_classes else _three_decimals


def score_text(row: CellSummary) -> str:
    """Return the score that decides, with its unit."""
    return number_format.named_score(row.score, has_classes=row.outcomes[0].has_classes)


def _three_decimals(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "–"


def _whole(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) else "–"
