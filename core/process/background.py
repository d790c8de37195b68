"""What the training process computes beside the training: importing scikit-learn takes a second."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

from core.memory import NotEnoughMemory, start_thread
from core.process.messages import BaselineFound

if TYPE_CHECKING:
    from core.datasets import DataSplit


class BaselineInBackground:
    """Fits a linear model in a thread.

    Attributes:
        data: what it is fitted to.
        found: the answer, once there is one.
    """

    def __init__(self, data: DataSplit) -> None:
        self.found: BaselineFound | None = None
        self.data = data
        try:
            start_thread(Thread(target=self._measure, daemon=True))
        except NotEnoughMemory as error:
            self._refuse(error)

    def _measure(self) -> None:
        from core.analysis.baseline import measure_baseline

        try:
            baseline = measure_baseline(self.data)
            self.found = BaselineFound(baseline, str(baseline))
        except Exception as error:
            # whatever scikit-learn cannot do with these data is no reason to end the run
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self.found = BaselineFound(None, f"there is no linear model of these data: {error}")
