"""What goes wrong in the interface itself: told in a sentence where it happened, while the run goes on.

A panel that cannot be drawn must not take the run with it, nor the terminal. What failed is kept with
its traceback, which `e` shows.
"""

from __future__ import annotations

import traceback
from collections import deque
from dataclasses import dataclass
from typing import Final

MOST_KEPT: Final = 20


@dataclass(frozen=True)
class Fault:
    """One thing that failed.

    Attributes:
        what: what was not done, as the beginning of a sentence.
        reason: the error in a line.
        trace: where it came from, as Python tells it, a line each.
    """

    what: str
    reason: str
    trace: tuple[str, ...]

    @classmethod
    def of(cls, what: str, error: BaseException) -> Fault:
        """Return what is to be kept of an error that was caught."""
        told = str(error).partition("\n")[0]
        reason = f"{type(error).__name__}: {told}" if told else type(error).__name__
        lines = "".join(traceback.format_exception(error)).splitlines()
        return cls(what, reason, tuple(lines))

    @property
    def sentence(self) -> str:
        """What the screen says."""
        return f"{self.what} ({self.reason}); e tells more"


class ReportsFaults:
    """Something, the application, that keeps the last faults."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque(maxlen=MOST_KEPT)

    def keep(self, fault: Fault) -> None:
        """Remember a fault, once for as long as it repeats itself."""
        if not self.faults or self.faults[-1] != fault:
            self.faults.append(fault)

    def report(self, fault: Fault) -> None:
        """Remember a fault, and say its sentence."""
        raise NotImplementedError
