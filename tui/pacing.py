"""How much may be on its way to the terminal: as much as the line carries, and a little more.

What a slow line cannot take piles up in the buffers of an SSH connection, where the program cannot
see it, and a key's answer waits behind it. So after each piece the program asks the terminal for its
cursor position (`ESC [ 6 n`), which it answers *behind* what it has drawn. The answers tell how long
the line takes bare and how long it queues, as TCP Vegas does (Brakmo and Peterson 1995); what is
unanswered is held to what fills the line and queues for `QUEUE` seconds. Everything else waits in
the program, where it can still be replaced.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

QUESTION: Final = "\x1b[6n"
QUEUE: Final = 0.06
"""Seconds that the last byte may wait in the line for those before it."""
SMALLEST, FIRST, LARGEST = 300, 3_000, 1 << 18
"""Bytes that may be unanswered: at least, before the line is known, and at most."""
PIECES: Final = 4
"""In so many pieces they are sent."""
UNKNOWN_BYTES, UNKNOWN_SECONDS = 4_000, 0.25
"""What is sent how often to a terminal that has never answered: a fixed, low rate."""
QUESTIONS: Final = 8
"""Unanswered ones, one every UNKNOWN_SECONDS, before no more are asked."""
PATIENCE: Final = 2.0
"""Seconds after which an answer is taken for lost, at the least."""
CHECK: Final = 10.0
"""Seconds between two times that the line is let empty, to see that it does queue: an answer may be
lost, and the next taken for it, or the bare round trip another than before."""
BURST: Final = 0.25
"""Seconds of the highest rate that may be sent at once."""
WINDOW: Final = 2.0
"""Seconds over which rates are told."""


@dataclass(frozen=True)
class Rates:
    """What the line has carried lately.

    Attributes:
        frames: whole screens a second.
        bytes: bytes a second.
        round_trip: seconds from a piece to its answer, or None if the terminal answers nothing.
    """

    frames: float
    bytes: float
    round_trip: float | None


@dataclass
class _Sent:
    at: float
    size: int
    load: int
    """Unanswered bytes, this piece's too."""


class Pacer:
    """Says how many bytes may be sent; is told what was sent and answered. Times are in seconds."""

    def __init__(self, max_rate: float | None = None) -> None:
        self._max_rate = max_rate
        self._paid_until = -inf
        self._record: deque[tuple[float, int, int]] = deque()
        self.begin()

    def begin(self) -> None:
        """Know nothing of the line."""
        self._sent: deque[_Sent] = deque()
        self._asked = self._lost = 0
        self._last = -inf
        self._window = float(FIRST)
        self._took: deque[float] = deque(maxlen=PIECES)
        self._is_known = self._has_queued = self._empties = False
        self._round_trip: float | None = None
        self._bare = self._bare_before = inf
        self._checked = -inf

    @property
    def asks(self) -> bool:
        """Whether a question should follow the next piece."""
        return self._is_known or self._asked < QUESTIONS

    @property
    def unanswered(self) -> int:
        """Questions on the way."""
        return len(self._sent)

    @property
    def load(self) -> int:
        """Bytes on the way."""
        return sum(each.size for each in self._sent)

    @property
    def patience(self) -> float:
        """Seconds that an answer may take."""
        return max(PATIENCE, 4 * (self._round_trip or 0)) * (1 << min(self._lost, 5))

    def room(self, now: float) -> int:
        """Return how many bytes may be sent now."""
        self._give_up(now)
        if not self._is_known:
            room = UNKNOWN_BYTES if now >= self._last + UNKNOWN_SECONDS else 0
        else:
            # several pieces on the way keep the line busy; many small ones would cost more
            room = int(self._window / PIECES)
            if self._sent and (self._empties or self._window - self.load < room):
                room = 0
        if self._max_rate is not None:
            paid = (now - max(self._paid_until, now - BURST)) * self._max_rate
            room = 0 if paid < self._max_rate * BURST / 2 else min(room, int(paid))
        return room

    def look_again(self, now: float) -> float | None:
        """Return in how many seconds there may be room without an answer before, or None."""
        times = []
        if not self._is_known:
            times.append(self._last + UNKNOWN_SECONDS)
        elif self._sent:
            times.append(self._sent[0].at + self._time_to_answer)
        if self._max_rate is not None:
            times.append(self._paid_until + BURST / 2 + 1e-3)
        later = [each - now for each in times if each > now]
        return min(later, default=None)

    def send(self, size: int, now: float, *, asked: bool = True) -> None:
        """Note that so many bytes are sent, and, if so, that a question follows them."""
        self._last = now
        if self._max_rate is not None:
            self._paid_until = max(self._paid_until, now - BURST) + size / self._max_rate
        if asked:
            self._asked += 1
            self._sent.append(_Sent(now, size, self.load + size))
        self._note(now, size, 0)

    def complete(self, now: float) -> None:
        """Note that the terminal will show a whole screen then."""
        self._note(now, 0, 1)

    def answer(self, now: float) -> None:
        """Note an answer: it is that of the oldest question."""
        if not self._is_known:
            self._is_known, self._checked = True, now
        self._asked = self._lost = 0
        if not self._sent:
            return  # one that was taken for lost
        sent = self._sent.popleft()
        took = self._round_trip = max(now - sent.at, 1e-4)
        self._took.append(took)
        self._bare = min(self._bare, took)
        bare = min(self._bare, self._bare_before)
        if min(self._took) > bare + QUEUE:  # one late answer tells of a busy machine
            if now > self._checked + CHECK:
                self._empties, self._checked = True, now
            else:
                self._has_queued = True
                self._window = sent.load / took * (bare + QUEUE)
        elif sent.load > self._window / 2:
            self._window += sent.size / (8 if self._has_queued else 1)
        self._window = min(max(self._window, SMALLEST), LARGEST)

    def rates(self, now: float) -> Rates:
        """Return what was carried in the last seconds."""
        self._note(now, 0, 0)
        frames = sum(each[2] for each in self._record) / WINDOW
        size = sum(each[1] for each in self._record) / WINDOW
        return Rates(frames, size, self._round_trip)

    def _give_up(self, now: float) -> None:
        """Take answers for lost, or the terminal for one that gives none."""
        if not self._is_known:
            if not self.asks and self._sent and now > self._sent[-1].at + PATIENCE:
                self._sent.clear()
        else:
            if self._sent and now >= self._sent[0].at + self._time_to_answer:
                self._sent.clear()
                if not self._empties:
                    self._lost += 1
                    self._window = max(self._window / 2, SMALLEST)
            if self._empties and not self._sent:
                if self._bare > 1.5 * self._bare_before:
                    self._has_queued = False  # it was no queue: another way, and longer
                self._empties = False
                self._took.clear()
                self._bare, self._bare_before = inf, self._bare

    @property
    def _time_to_answer(self) -> float:
        """Seconds after which an answer is taken for lost."""
        if self._empties:
            return max(0.25, 2 * max(self._took, default=0.0))
        return self.patience

    def _note(self, now: float, size: int, frames: int) -> None:
        self._record.append((now, size, frames))
        while self._record[0][0] < now - WINDOW:
            self._record.popleft()
