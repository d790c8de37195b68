"""Simulated line between a program and its terminal, with a rate and a round-trip time."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from math import inf

QUESTION = b"\x1b[6n"
_PARTS = re.compile(rb"(\x1b\[6n)")


@dataclass
class Line:
    """Data in transit in both directions.

    Attributes:
        rate: bytes a second towards the person.
        round_trip: seconds there and back.
        most: the most bytes that were on their way to the person at once.
    """

    rate: float = inf
    round_trip: float = 0.0
    most: int = 0
    _to_person: deque[tuple[float, bytes]] = field(default_factory=deque)
    _to_program: deque[tuple[float, bytes]] = field(default_factory=deque)
    _free: float = 0.0

    def write(self, now: float, data: bytes) -> None:
        """Send what the program wrote."""
        for start in range(0, len(data), 512):
            piece = data[start : start + 512]
            self._free = max(self._free, now) + len(piece) / self.rate
            self._to_person.append((self._free + self.round_trip / 2, piece))
        self.most = max(self.most, self.waiting)

    def type(self, now: float, data: bytes) -> None:
        """Send what the person, or the terminal, types."""
        self._to_program.append((now + self.round_trip / 2, data))

    def arrived(self, now: float) -> bytes:
        """Return what has come to the person."""
        return _take(self._to_person, now)

    def typed(self, now: float) -> bytes:
        """Return what has come to the program."""
        return _take(self._to_program, now)

    @property
    def waiting(self) -> int:
        """Bytes on their way to the person."""
        return sum(len(data) for _, data in self._to_person)

    @property
    def next_arrival(self) -> float:
        """When something arrives next, at either end."""
        return min(
            (queue[0][0] for queue in (self._to_person, self._to_program) if queue), default=inf
        )


def parts(data: bytes) -> list[bytes]:
    """Split data so that each query of the cursor position is a part of its own."""
    return [part for part in _PARTS.split(data) if part]


def _take(queue: deque[tuple[float, bytes]], now: float) -> bytes:
    data = b""
    while queue and queue[0][0] <= now:
        data += queue.popleft()[1]
    return data
