"""The process that trains a sweep, as seen by the screen."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from core.process.client import TrainingProcess

if TYPE_CHECKING:
    from core.process.messages import Event

WORKER: Final = "core.sweeps.worker"


class SweepProcess(TrainingProcess):
    """A process that trains a sweep, with the processes that it starts."""

    def __init__(self, module: str = WORKER) -> None:
        super().__init__(module)

    def close(self) -> list[Event]:
        """End the process and all that it has started."""
        events = super().close()
        # if it was killed, those of joblib are still there; it is the leader of their group
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return events
