"""How fast a run goes, as a person would say it."""

from __future__ import annotations

from time import perf_counter


class Pace:
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
