"""Errors of the interface: shown in a sentence, while the run continues.

A panel that cannot be drawn must stop neither the run nor the program. The traceback is recorded, and
`e` shows it.
"""

from __future__ import annotations

import traceback
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_FAULTS: Final = 20


@dataclass(frozen=True)
class Fault:
    """An error of the interface.

    Attributes:
        what: the operation that failed, as the beginning of a sentence.
        reason: the type and the message of the exception, in a line.
        trace: the lines of the traceback.
    """

    what: str
    reason: str
    trace: tuple[str, ...]

    @classmethod
    def of(cls, what: str, error: BaseException) -> Fault:
        """Return the fault for an exception."""
        message = str(error).partition("\n")[0]
        reason = f"{type(error).__name__}: {message}" if message else type(error).__name__
        lines = "".join(traceback.format_exception(error)).splitlines()
        return cls(what, reason, tuple(lines))

    @property
    def sentence(self) -> str:
        """Sentence for the screen."""
        return f"{self.what} ({self.reason}); e shows details"


class ReportsFaults:
    """Base of the application, which records the last faults."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque(maxlen=MOST_FAULTS)

    def keep(self, fault: Fault) -> None:
        """Record a fault; repetitions are recorded once."""
        if not self.faults or self.faults[-1] != fault:
            self.faults.append(fault)

    def report(self, fault: Fault) -> None:
        """Record a fault, and show its sentence."""
        raise NotImplementedError


@contextmanager
def reported(app: object, failure: str) -> Iterator[None]:
    """Report an exception to an application that records faults, where Textual would end the program."""
    try:
        yield
    except Exception as error:
        if not isinstance(app, ReportsFaults):
            raise
        app.report(Fault.of(failure, error))
