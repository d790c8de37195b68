"""Diagnosis of a run that trains without a screen: made at its end, for the summary and the log."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from core.analysis.diagnosis.diagnose import diagnose
from core.analysis.diagnosis.references import References, chance_level
from core.analysis.diagnosis.trials import (
    REFUSALS,
    RunCopy,
    can_be_tried,
    measure_references,
)
from core.training.epoch_log import EpochLog, tabulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.analysis.diagnosis.result import Diagnosis
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

SECONDS: Final = 8.0
"""Estimated seconds of all trials: the user waits for them."""

MOST_EPOCHS: Final = 2_000_000
"""Number of epochs that are recorded; a longer run is not diagnosed."""

BUFFERED: Final = 1000
"""Number of epochs that are recorded at once."""


class Diagnostician:
    """Records the epochs of a run, and diagnoses it."""

    def __init__(self, trainer: Trainer, newest: EpochMetrics) -> None:
        self._trainer = trainer
        self._epoch_log = EpochLog()
        self._rows = [newest._replace(layers=())]

    def add_epoch(self, metrics: EpochMetrics) -> None:
        """Record an epoch."""
        if len(self._epoch_log) < MOST_EPOCHS:
            self._rows.append(metrics._replace(layers=()))
            if len(self._rows) >= BUFFERED:
                self._flush()

    def diagnose(self, check: Callable[[], object] | None) -> Diagnosis | None:
        """Return the diagnosis, with trials if the run looks stuck; None for a very long run.

        Args:
            check: called after each epoch of a trial, and may raise to cancel; None to make no trials.
        """
        self._flush()
        if len(self._epoch_log) >= MOST_EPOCHS:
            return None
        trainer = self._trainer
        references = References(chance_level(trainer.config, trainer.data))
        found = self._diagnose(references)
        if found.wants_references and check is not None and can_be_tried(trainer):
            with suppress(*REFUSALS):  # without trials, the state is still known
                references = measure_references(RunCopy.of(trainer), check, seconds=SECONDS)
                found = self._diagnose(references)
        return found

    def _diagnose(self, references: References) -> Diagnosis:
        config, has_classes = self._trainer.config, self._trainer.data.has_classes
        return diagnose(config, self._epoch_log, has_classes=has_classes, references=references)

    def _flush(self) -> None:
        self._epoch_log.extend(tabulate(self._rows))
        self._rows = []


def summary_lines(diagnosis: Diagnosis) -> list[str]:
    """Return the state of a run, and each problem with its remedies as options."""
    lines = [diagnosis.sentence]
    for finding in diagnosis.findings:
        lines.append(finding.sentence)
        lines += [f"  try {each.options}: {each.sentence}" for each in finding.remedies]
    return lines
