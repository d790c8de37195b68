"""Curves of an earlier run that are shown, dimmed, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.dataclass import dataclass

if TYPE_CHECKING:
    from core.training.epoch_log import EpochLog
    from core.training.state import EpochMetrics
    from tui.run_model import RunModel


@dataclass(frozen=True)
class PinnedCurves:
    """Curves and final values of a run.

    Attributes:
        log: its epochs.
        count: number of epochs on the curves.
        metrics: the values that were shown.
        has_classes: whether the scores are accuracies.
        shared: whether training and test samples are the same.
    """

    log: EpochLog
    count: int
    metrics: EpochMetrics
    has_classes: bool
    shared: bool

    @classmethod
    def of(cls, run: RunModel) -> PinnedCurves | None:
        """Return the curves of a run; None before its first epoch."""
        metrics, data = run.metrics, run.data
        if metrics is None or data is None or not run.epochs_to_plot:
            return None
        return cls(run.timeline.copy(), run.epochs_to_plot, metrics, data.has_classes, data.shared)

    def is_comparable(self, run: RunModel) -> bool:
        """Return whether a run has the same kind of numbers."""
        return run.data is None or run.data.has_classes == self.has_classes
