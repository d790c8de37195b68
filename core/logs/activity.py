"""Whether a log is still written, at which rate, and how long the run will take."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.logs.series import MetricTable

STALLED_AFTER: Final = 10.0
"""Usual intervals without a new row after which a run counts as stalled."""

LEAST_SILENCE: Final = 5.0
"""Seconds below which no silence means anything: programs buffer their output."""

OLD: Final = 60.0
"""Seconds since the last change of a file from which nothing is expected, if no interval is known."""

KNOWN: Final = 3
"""Intervals from which the usual one is known."""

WINDOW: Final = 60.0
"""Seconds over which the rate is measured."""


class FollowState(StrEnum):
    """State of the program that writes the log, as far as its log shows it."""

    WAITING = "WAITING"
    FOLLOWING = "FOLLOWING"
    STALLED = "STALLED"
    OVER = "OVER"


class Activity:
    """Arrivals of rows.

    Attributes:
        state: whether more rows are expected.
        silence: seconds since the last change of the file.
        rate: steps per second, or None if it is not known.
    """

    def __init__(self) -> None:
        self.state = FollowState.WAITING
        self.silence = 0.0
        self._rows = -1
        self._arrivals: deque[tuple[float, int]] = deque(maxlen=2000)
        self._gaps: deque[float] = deque(maxlen=20)

    def update(self, now: float, rows: int, table: MetricTable, silence: float) -> None:
        """Record the number of rows read so far, and the seconds since the file was changed.

        Rows that were in the file before it was opened are no arrivals.
        """
        step = table.newest_step
        if rows != self._rows:
            if rows < self._rows:  # another run
                self._arrivals.clear()
                self._gaps.clear()
            elif self._rows > 0 and step is not None:
                if self._arrivals:
                    self._gaps.append(now - self._arrivals[-1][0])
                self._arrivals.append((now, step))
            self._rows = rows
        last = self._arrivals[-1][0] if self._arrivals else None
        self.silence = max(0.0, silence if last is None else min(now - last, silence))
        while len(self._arrivals) > KNOWN and now - self._arrivals[0][0] > WINDOW:
            self._arrivals.popleft()
        if not rows:
            self.state = FollowState.WAITING
        elif table.ended:
            self.state = FollowState.OVER
        elif len(self._gaps) >= KNOWN:
            limit = max(LEAST_SILENCE, STALLED_AFTER * median(self._gaps))
            self.state = FollowState.STALLED if self.silence > limit else FollowState.FOLLOWING
        else:
            self.state = FollowState.STALLED if self.silence > OLD else FollowState.FOLLOWING

    @property
    def rate(self) -> float | None:
        """Steps per second over the last minute, or None."""
        if len(self._arrivals) < 2 or self.state is not FollowState.FOLLOWING:
            return None
        (start, first), (end, last) = self._arrivals[0], self._arrivals[-1]
        return (last - first) / (end - start) if end > start and last > first else None

    def seconds_left(self, step: int | None, planned: int | None) -> float | None:
        """Return the seconds until a planned step, or None if they are not known."""
        rate = self.rate
        if rate is None or step is None or planned is None or planned <= step:
            return None
        return (planned - step) / rate
