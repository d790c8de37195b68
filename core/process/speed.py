"""Speed of a run: the requested and the measured epochs per second."""

from __future__ import annotations

from time import perf_counter


class RateMeter:
    """Epochs per second over the last one to two seconds."""

    def __init__(self) -> None:
        self.value = 0.0
        self.restart()

    def restart(self) -> None:
        """Discard earlier epochs, after the speed has changed."""
        self._marks = [(perf_counter(), 0)]
        self._count = 0

    def count(self, now: float) -> None:
        """Count an epoch that ended at that time."""
        self._count += 1
        start, before = self._marks[0]
        if now - start > 0.2:
            self.value = (self._count - before) / (now - start)
        if now - self._marks[-1][0] > 1:
            self._marks = [self._marks[-1], (now, self._count)]


class EpochTimer:
    """Schedules epochs at the requested speed, also across runs.

    Attributes:
        last: time at which the last epoch ended.
    """

    def __init__(self) -> None:
        self.last = 0.0
        self._interval = 0.0
        self._due = 0.0

    def set_speed(self, epochs_per_second: float | None) -> None:
        """Set the epochs per second; None for no limit."""
        self._interval = 0.0 if epochs_per_second is None else 1 / epochs_per_second
        self._due = max(perf_counter(), self.last + self._interval)

    def restart(self) -> None:
        """Schedule the next epoch immediately."""
        self._due = perf_counter()

    def wait(self) -> float:
        """Return the seconds until the next epoch is due."""
        return max(0.0, self._due - perf_counter()) if self._interval else 0.0

    def tick(self, now: float) -> bool:
        """Schedule the next epoch after one that ended now; return whether it has to wait."""
        if not self._interval:
            return False
        # after a delay, the missed epochs must not follow in a burst
        self._due = max(self._due + self._interval, now - 0.1)
        return self._due > now
