"""How much may be on its way to the terminal: as much as the line carries, and seldom a question.

What a slow line cannot take piles up in the buffers of an SSH connection, where the program cannot
see it, and a key's answer waits behind it. So the line is measured: the program asks the terminal for
its cursor position (`ESC [ 6 n`) a moment before a piece and right behind it. The first answer says how
long the line takes there and back, and the second how long the piece took, which is the rate. Between
measurements, pieces are sent at a little less than that rate, so that an error in it does not add up
to a queue; everything else waits in the program, where it can still be replaced.

Each answer is traffic towards the program: it wakes OpenSSH's keystroke obfuscation, and between enter
and `~.` it hides the escape from the client. A line that carries much more than it has to is therefore
measured once in `SELDOM` seconds, another one once in `CHECK` bytes, and neither while nothing is sent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

CURSOR_QUERY: Final = "\x1b[6n"
QUEUE: Final = 0.06
"""Seconds that the last byte may wait in the line for those before it."""
SMALLEST, FIRST, LARGEST = 300, 3_000, 1 << 18
"""Bytes of a piece at least, bytes that are sent before the line is known, bytes on the way at most."""
MEASURED, ENOUGH = 0.12, 2_000
"""Seconds, but not more than so many bytes, that a piece should take to be measured well."""
UNTELLABLE: Final = 0.02
"""Seconds below which a measurement is the machine's, and not the line's."""
APART: Final = 0.01
"""Seconds between the first question and the piece, lest both travel in one packet."""
FASTER, SLOWER = 4.0, 0.7
"""The rate is multiplied by the first where a piece took no time; below the second part of the rate, a
measurement is repeated: one late answer may be due to a busy machine."""
SHARE: Final = 0.95
"""Part of the measured rate that is used."""
LEARNING: Final = 3
"""Measurements at the beginning, one right after the other."""
SELDOM, CHECK, IDLE = 30.0, 24_000, 0.25
"""A line of which more than the part `IDLE` is used is measured once in `CHECK` bytes; every line that
is used, once in `SELDOM` seconds."""
ESCAPE: Final = 2.0
"""Seconds after enter in which nothing is asked: ssh takes `~` for itself only right behind enter."""
UNKNOWN_BYTES, UNKNOWN_SECONDS = 4_000, 0.25
"""What is sent how often to a terminal that has never answered: a fixed, low rate."""
QUESTIONS: Final = 6
"""Questions to a terminal that never answers."""
PATIENCE: Final = 2.0
"""Seconds after which an answer is taken for lost, at the least."""
MARGIN: Final = 0.5
"""Seconds beyond the expected time that the last answers are waited for."""
PAYMENT: Final = 0.125
"""Seconds of a limited rate that are sent at once, at the least."""
BURST: Final = 0.25
"""Seconds of the highest rate that may be sent at once."""
BLIND_RATE, BLIND_BURST = 6_000.0, 1.0
"""Bytes a second, and seconds of them at once, where whatever answers is not the terminal: it leaves
room on a line of 64 kbit/s, and a dialog opens at once where nothing was sent before."""
WINDOW: Final = 2.0
"""Seconds over which rates are told."""


@dataclass(frozen=True)
class Rates:
    """What the line has carried lately.

    Attributes:
        frames: whole screens a second.
        bytes: bytes a second.
        round_trip: seconds from a question to its answer, or None if the terminal answers nothing.
    """

    frames: float
    bytes: float
    round_trip: float | None


@dataclass
class _Query:
    at: float
    size: int
    """Bytes between it and the question before; 0 for the first of two."""
    queue: float
    """Seconds for which the line was thought to be busy."""


class FlowControl:
    """Says how many bytes may be sent; is told what was sent and answered. Times are in seconds.

    Args:
        max_rate: bytes a second that are never exceeded.
        is_blind: whether questions would be answered by something on this side of the line.
    """

    def __init__(self, max_rate: float | None = None, *, is_blind: bool = False) -> None:
        self._is_blind = is_blind
        self._limit = BLIND_RATE if max_rate is None and is_blind else max_rate
        self._burst = BLIND_BURST if max_rate is None and is_blind else BURST
        self._paid_until = -inf
        self._record: deque[tuple[float, int, int]] = deque()
        self.reset()

    def reset(self) -> None:
        """Know nothing of the line."""
        self._questions: deque[_Query] = deque()
        self._asked = self._lost = self._overdue = 0
        self._first_sent = self._last_sent = self._last_answer = -inf
        self._is_known = False
        self._rate: float | None = None
        self._suspected: float | None = None
        self._learning = LEARNING
        self._is_measuring = self._is_probing = False
        self._takes: deque[float] = deque(maxlen=4)
        self._lead_answered = self._free = self._quiet_until = -inf
        self._asked_at, self._since = -inf, 0

    @property
    def is_measuring(self) -> bool:
        """Whether a question should follow the next piece: one went before."""
        return self._is_measuring

    @property
    def pending_queries(self) -> int:
        """Questions on the way."""
        return len(self._questions)

    @property
    def load(self) -> int:
        """Bytes that were sent since the oldest question without an answer."""
        return self._since if self._questions else 0

    @property
    def patience(self) -> float:
        """Seconds that an answer may take."""
        return max(PATIENCE, 4 * self._bare) * (1 << min(self._lost, 5))

    @property
    def reply_deadline(self) -> float:
        """When the last answers should have come, as far as is known."""
        if not self._questions:
            return -inf
        question = self._questions[-1]
        if not self._takes:
            return question.at + PATIENCE + MARGIN
        sending = 0.0 if self._rate is None else self._since / self._slow_rate
        return question.at + 1.5 * max(self._takes) + sending + MARGIN

    def should_query(self, now: float) -> bool:
        """Return whether there should be a question before the next piece, which is measured."""
        if self._is_blind or self._questions or self._is_measuring or now < self._quiet_until:
            return False
        if not self._is_known:
            return self._asked + 2 <= QUESTIONS
        if self._rate is None or self._learning or self._suspected or self._lost:
            return True
        elapsed = now - self._asked_at
        is_busy = self._since > IDLE * self._rate * elapsed
        return elapsed >= SELDOM or (self._since >= CHECK and is_busy)

    def on_enter(self, now: float) -> None:
        """Note that enter was typed: what follows may be for ssh."""
        self._quiet_until = now + ESCAPE

    def budget(self, now: float) -> int:
        """Return how many bytes may be sent now."""
        self._give_up(now)
        if self._is_blind:
            room = LARGEST
        elif self._rate is None:
            room = self._room_before_known(now)
        else:
            room = self._room_at_rate(now, self._slow_rate)
        if self._limit is not None:
            paid = (now - max(self._paid_until, now - self._burst)) * self._limit
            room = 0 if paid < self._limit * PAYMENT else min(room, int(paid))
        return room

    def _room_before_known(self, now: float) -> int:
        if self._is_known:
            return FIRST if self._is_measuring or not self._questions else 0
        if self._first_sent == -inf:
            return FIRST
        is_time = now >= max(self._first_sent + PATIENCE / 2, self._last_sent + UNKNOWN_SECONDS)
        return UNKNOWN_BYTES if is_time else 0

    def _room_at_rate(self, now: float, rate: float) -> int:
        size = min(max(rate * QUEUE, SMALLEST), LARGEST / 4)
        if self._is_measuring:
            if now < self._asked_at + APART and size < FIRST:
                return 0
            return int(max(size, FIRST if self._is_probing else min(rate * MEASURED, ENOUGH)))
        if self._free - now > (0.0 if self.should_query(now) else QUEUE / 2) + 1e-9:
            return 0
        if self._questions:
            window = min(rate * (self._bare + QUEUE), LARGEST)
            if self._lost or self.load + size > max(window, SMALLEST):
                return 0
        return int(size)

    def next_check(self, now: float) -> float | None:
        """Return in how many seconds there may be room without an answer before, or None."""
        times = []
        if not self._is_known:
            times.append(max(self._first_sent + PATIENCE / 2, self._last_sent + UNKNOWN_SECONDS))
        else:
            times += [self._free - QUEUE / 2 + 1e-3, self._free + 1e-3, self._quiet_until]
            times.append(self._asked_at + APART + 1e-3)
        if self._questions:
            times.append(self._given_up_at)
        if self._limit is not None:
            times.append(self._paid_until + PAYMENT + 1e-3)
        later = [each - now for each in times if each > now]
        return min(later, default=None)

    def on_query(self, now: float) -> None:
        """Note a question, which will be followed by a piece and another."""
        self._asked += 1
        self._questions.append(_Query(now, 0, max(0.0, self._free - now)))
        self._asked_at, self._since = now, 0
        self._is_measuring = True

    def on_send(self, size: int, now: float) -> None:
        """Note that so many bytes are sent; if it `measures`, with a question behind them."""
        if self._first_sent == -inf:
            self._first_sent = now
        self._last_sent = now
        if self._limit is not None:
            self._paid_until = max(self._paid_until, now - self._burst) + size / self._limit
        if self._is_measuring:
            self._is_measuring = False
            self._asked += 1
            self._questions.append(_Query(now, size, 0.0))
        self._since += size
        if self._rate is not None:
            self._free = max(self._free, now) + size / self._slow_rate
        self._note(now, size, 0)

    def on_frame_shown(self, now: float) -> None:
        """Note that the terminal will show a whole screen then."""
        self._note(now, 0, 1)

    def on_reply(self, now: float) -> None:
        """Note an answer: it is that of the oldest question."""
        self._is_known = True
        self._asked = self._lost = 0
        self._last_answer = now
        if self._overdue:
            self._overdue -= 1
            return
        if not self._questions:
            return
        question = self._questions.popleft()
        if question.size:
            # it was on its way at the earliest when what was before had arrived
            self._learn(question.size, now - max(self._lead_answered, question.at + self._bare))
            left = (self._since - question.size) / self._slow_rate
            self._free = min(self._free, now + left)
            return
        self._lead_answered = now
        took = max(now - question.at, 1e-4)
        self._takes.append(took)
        late = took - self._bare - max(QUEUE, question.queue)
        if late > 0:  # more is on the way than was thought
            self._free = max(self._free, question.at) + late

    def rates(self, now: float) -> Rates:
        """Return what was carried in the last seconds."""
        self._note(now, 0, 0)
        frames = sum(each[2] for each in self._record) / WINDOW
        size = sum(each[1] for each in self._record) / WINDOW
        return Rates(frames, size, self._takes[-1] if self._takes else None)

    @property
    def _bare(self) -> float:
        """Seconds there and back without a queue."""
        return min(self._takes, default=0.0)

    @property
    def _slow_rate(self) -> float:
        """Bytes a second that are sent."""
        assert self._rate is not None
        return SHARE * min(self._rate, self._suspected or inf)

    def _learn(self, size: int, took: float) -> None:
        """Take the rate from a piece between two questions."""
        measured, rate = size / max(took, UNTELLABLE), self._rate
        suspected, self._suspected = self._suspected, None
        if rate is None:
            self._rate = measured
        elif took <= UNTELLABLE:
            # of a piece that is small for the rate that tells nothing
            self._is_probing = size < FIRST and rate < FIRST / QUEUE
            if size >= max(FIRST, rate * QUEUE / 4) and rate < LARGEST / QUEUE:
                self._rate = FASTER * rate
                return
        elif measured >= SLOWER * rate:
            self._rate = (rate + min(measured, FASTER * rate)) / 2
        elif suspected is None:
            self._suspected = measured
            return
        else:
            self._rate = max(measured, suspected)
        self._learning = max(0, self._learning - 1)

    def _give_up(self, now: float) -> None:
        """Take answers for lost, or the terminal for one that gives none."""
        if self._questions and now >= self._given_up_at:
            # late answers still come, and before the next; were they lost, that round is, too
            has_answered = self._last_answer > self._asked_at
            self._overdue = 0 if has_answered else self._overdue + len(self._questions)
            self._questions.clear()
            self._is_measuring = False
            if self._is_known:
                self._lost += 1
                self._learning = LEARNING
                if self._rate is not None:
                    self._rate = max(self._rate / 2, SMALLEST)

    @property
    def _given_up_at(self) -> float:
        return max(self._questions[0].at, self._last_answer) + self.patience

    def _note(self, now: float, size: int, frames: int) -> None:
        self._record.append((now, size, frames))
        while self._record[0][0] < now - WINDOW:
            self._record.popleft()
