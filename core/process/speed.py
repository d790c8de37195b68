"""How fast a run goes: the pace that is asked for, and the one that is reached."""

from __future__ import annotations

from time import perf_counter


class RateMeter:
    """Epochs per second over the last one to two seconds."""

    def __init__(self) -> None:
        self.value = 0.0
        self.restart()

    def restart(self) -> None:
        """Forget the past: what follows goes at another pace."""
        self._marks = [(perf_counter(), 0)]
        self._count = 0

    def count(self, now: float) -> None:
        """Count one epoch, over at that time."""
        self._count += 1
        start, before = self._marks[0]
        if now - start > 0.2:
            self.value = (self._count - before) / (now - start)
        if now - self._marks[-1][0] > 1:
            self._marks = [self._marks[-1], (now, self._count)]


class EpochTimer:
    """Says when the next epoch is due; outlives a run, as the pace that was asked for does.

    Attributes:
        last: when the last epoch was over.
    """

    def __init__(self) -> None:
        self.last = 0.0
        self._interval = 0.0
        self._due = 0.0

    def set_speed(self, epochs_per_second: float | None) -> None:
        """Keep to that many epochs a second from here on; None for as many as the machine makes."""
        self._interval = 0.0 if epochs_per_second is None else 1 / epochs_per_second
        self._due = max(perf_counter(), self.last + self._interval)

    def restart(self) -> None:
        """Let the next epoch be due at once."""
        self._due = perf_counter()

    def wait(self) -> float:
        """Return the seconds until the next epoch is due."""
        return max(0.0, self._due - perf_counter()) if self._interval else 0.0

    def tick(self, now: float) -> bool:
        """Set when the next epoch is due, after one that was over now; tell whether it has to wait."""
        if not self._interval:
            return False
        # a machine that was busy elsewhere must not make up for it in a burst
        self._due = max(self._due + self._interval, now - 0.1)
        return self._due > now
