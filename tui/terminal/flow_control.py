"""Flow control: limits the output on its way to the terminal to the rate of the line.

Output that a slow line cannot carry piles up in the buffers of an SSH connection, invisible to the
program, and delays the response to a key. The line is therefore measured: the program queries the
cursor position (`ESC [ 6 n`) shortly before an update and directly after it. The first reply gives the
round-trip time, the second the duration of the update and thus the rate. Between measurements,
updates are sent at slightly less than that rate, so that a wrong rate does not build up a queue; all
other output waits in the program, where newer output replaces it.

Each reply is upstream traffic: it triggers OpenSSH's keystroke obfuscation, and between enter and
`~.` it hides the escape from the client. A line with much spare capacity is therefore measured once in
`SELDOM` seconds, any other once in `CHECK` bytes, and neither while nothing is sent.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

from core.dataclass import dataclass

CURSOR_QUERY: Final = "\x1b[6n"
QUEUE: Final = 0.06
"""Longest queue of the line, in seconds."""
SMALLEST, FIRST, LARGEST = 300, 3_000, 1 << 18
"""Bytes: smallest update, output before the first measurement, most on the way."""
MEASURED, ENOUGH = 0.12, 2_000
"""Duration in seconds, and size in bytes at most, of an update that is measured well."""
RESOLUTION: Final = 0.02
"""Seconds below which a measurement is dominated by the machine, not by the line."""
APART: Final = 0.01
"""Seconds between the first query and the update, so that they are in different packets."""
FASTER, SLOWER = 4.0, 0.7
"""Factor of the rate after an update that took no time, and share of the rate below which a measurement
is repeated, since a busy machine may have delayed one reply."""
SHARE: Final = 0.95
"""Share of the measured rate that is used."""
LEARNING: Final = 3
"""Consecutive measurements at the beginning."""
SELDOM, CHECK, IDLE = 30.0, 24_000, 0.25
"""Every line in use is measured once in `SELDOM` seconds; a line of which a larger share than `IDLE` is
used, also once in `CHECK` bytes."""
ESCAPE: Final = 2.0
"""Seconds without queries after enter: ssh recognises `~` only directly after enter."""
UNKNOWN_BYTES, UNKNOWN_SECONDS = 4_000, 0.25
"""Bytes and their interval for a terminal that has never replied: a fixed, low rate."""
MOST_QUERIES: Final = 6
"""Number of queries to a terminal that never replies."""
PATIENCE: Final = 2.0
"""Seconds after which a reply is considered lost, at least."""
MARGIN: Final = 0.5
"""Additional seconds to wait for the last replies."""
PAYMENT: Final = 0.125
"""Smallest update at a limited rate, in seconds."""
BURST: Final = 0.25
"""Largest update at a limited rate, in seconds."""
BLIND_RATE, BLIND_BURST = 6_000.0, 1.0
"""Bytes per second, and largest update in seconds, if something else answers the queries: low
enough for a line of 64 kbit/s, and after a pause a dialog is sent in one go."""
SLOW: Final = 16_000.0
"""Bytes per second below which a dialog as large as on other lines takes a second to open or close."""
WINDOW: Final = 2.0
"""Seconds over which displayed rates are averaged."""


@dataclass(frozen=True)
class Rates:
    """Recent traffic on the line.

    Attributes:
        frames: complete screens per second.
        bytes: bytes per second.
        round_trip: seconds from a query to its reply, or None if the terminal does not reply.
    """

    frames: float
    bytes: float
    round_trip: float | None


@dataclass
class _Query:
    at: float
    size: int
    """Bytes sent since the previous query; 0 for the first of two."""
    queue: float
    """Expected queue of the line, in seconds."""


class FlowControl:
    """Computes how many bytes may be sent, from the output and the replies so far. Times are in seconds.

    Args:
        max_rate: upper limit in bytes per second.
        is_blind: whether queries are answered on this side of the line, for example by tmux.
    """

    def __init__(self, max_rate: float | None = None, *, is_blind: bool = False) -> None:
        self._is_blind = is_blind
        self._limit = BLIND_RATE if max_rate is None and is_blind else max_rate
        self._burst = BLIND_BURST if max_rate is None and is_blind else BURST
        self._paid_until = -inf
        self._traffic: deque[tuple[float, int, int]] = deque()
        self.reset()

    def reset(self) -> None:
        """Discard all measurements."""
        self._queries: deque[_Query] = deque()
        self._query_count = self._lost = self._overdue = 0
        self._first_sent = self._last_sent = self._last_reply = -inf
        self._is_known = False
        self._rate: float | None = None
        self._suspected: float | None = None
        self._learning = LEARNING
        self._is_measuring = self._is_probing = False
        self._round_trips: deque[float] = deque(maxlen=4)
        self._lead_replied = self._free = self._quiet_until = -inf
        self._queried_at, self._since = -inf, 0

    @property
    def is_measuring(self) -> bool:
        """Whether the next update must be followed by a query, because one preceded it."""
        return self._is_measuring

    @property
    def pending_queries(self) -> int:
        """Queries without a reply."""
        return len(self._queries)

    @property
    def is_slow(self) -> bool:
        """Whether the line is known to carry less than `SLOW` bytes per second."""
        return self._rate is not None and self._rate < SLOW

    @property
    def load(self) -> int:
        """Bytes that were sent since the last first query, while a reply is pending."""
        return self._since if self._queries else 0

    @property
    def patience(self) -> float:
        """Seconds after which a reply is considered lost."""
        return max(PATIENCE, 4 * self._idle_round_trip) * (1 << min(self._lost, 5))

    @property
    def reply_deadline(self) -> float:
        """Expected time of the last reply."""
        if not self._queries:
            return -inf
        query = self._queries[-1]
        if not self._round_trips:
            return query.at + PATIENCE + MARGIN
        sending = 0.0 if self._rate is None else self._since / self._slow_rate
        return query.at + 1.5 * max(self._round_trips) + sending + MARGIN

    def should_query(self, now: float) -> bool:
        """Return whether to send a query before the next update, to measure it."""
        if self._is_blind or self._queries or self._is_measuring or now < self._quiet_until:
            return False
        if not self._is_known:
            return self._query_count + 2 <= MOST_QUERIES
        if self._rate is None or self._learning or self._suspected or self._lost:
            return True
        elapsed = now - self._queried_at
        is_busy = self._since > IDLE * self._rate * elapsed
        return elapsed >= SELDOM or (self._since >= CHECK and is_busy)

    def on_enter(self, now: float) -> None:
        """Pause queries after enter: the next keys may be an escape of ssh."""
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
            return FIRST if self._is_measuring or not self._queries else 0
        if self._first_sent == -inf:
            return FIRST
        is_time = now >= max(self._first_sent + PATIENCE / 2, self._last_sent + UNKNOWN_SECONDS)
        return UNKNOWN_BYTES if is_time else 0

    def _room_at_rate(self, now: float, rate: float) -> int:
        size = min(max(rate * QUEUE, SMALLEST), LARGEST / 4)
        if self._is_measuring:
            if now < self._queried_at + APART and size < FIRST:
                return 0
            return int(max(size, FIRST if self._is_probing else min(rate * MEASURED, ENOUGH)))
        if self._free - now > (0.0 if self.should_query(now) else QUEUE / 2) + 1e-9:
            return 0
        if self._queries:
            window = min(rate * (self._idle_round_trip + QUEUE), LARGEST)
            if self._lost or self.load + size > max(window, SMALLEST):
                return 0
        return int(size)

    def next_check(self, now: float) -> float | None:
        """Return the seconds until output may be allowed even without a reply, or None."""
        times = []
        if not self._is_known:
            times.append(max(self._first_sent + PATIENCE / 2, self._last_sent + UNKNOWN_SECONDS))
        else:
            times += [self._free - QUEUE / 2 + 1e-3, self._free + 1e-3, self._quiet_until]
            times.append(self._queried_at + APART + 1e-3)
        if self._queries:
            times.append(self._given_up_at)
        if self._limit is not None:
            times.append(self._paid_until + PAYMENT + 1e-3)
        later = [each - now for each in times if each > now]
        return min(later, default=None)

    def on_query(self, now: float) -> None:
        """Record a query, which will be followed by an update and a second query."""
        self._query_count += 1
        self._queries.append(_Query(now, 0, max(0.0, self._free - now)))
        self._queried_at, self._since = now, 0
        self._is_measuring = True

    def on_send(self, size: int, now: float) -> None:
        """Record an update of `size` bytes, followed by a query if `is_measuring`."""
        if self._first_sent == -inf:
            self._first_sent = now
        self._last_sent = now
        if self._limit is not None:
            self._paid_until = max(self._paid_until, now - self._burst) + size / self._limit
        if self._is_measuring:
            self._is_measuring = False
            self._query_count += 1
            self._queries.append(_Query(now, size, 0.0))
        self._since += size
        if self._rate is not None:
            self._free = max(self._free, now) + size / self._slow_rate
        self._record_traffic(now, size, 0)

    def on_frame_shown(self, now: float) -> None:
        """Record that a complete screen was sent."""
        self._record_traffic(now, 0, 1)

    def on_reply(self, now: float) -> None:
        """Record a reply to the oldest query."""
        self._is_known = True
        self._query_count = self._lost = 0
        self._last_reply = now
        if self._overdue:
            self._overdue -= 1
            return
        if not self._queries:
            return
        query = self._queries.popleft()
        if query.size:
            # it was not transmitted before the preceding output had arrived
            self._learn(query.size, now - max(self._lead_replied, query.at + self._idle_round_trip))
            left = (self._since - query.size) / self._slow_rate
            self._free = min(self._free, now + left)
            return
        self._lead_replied = now
        took = max(now - query.at, 1e-4)
        self._round_trips.append(took)
        late = took - self._idle_round_trip - max(QUEUE, query.queue)
        if late > 0:  # more output is on the way than assumed
            self._free = max(self._free, query.at) + late

    def rates(self, now: float) -> Rates:
        """Return the traffic of the last seconds."""
        self._record_traffic(now, 0, 0)
        frames = sum(each[2] for each in self._traffic) / WINDOW
        size = sum(each[1] for each in self._traffic) / WINDOW
        return Rates(frames, size, self._round_trips[-1] if self._round_trips else None)

    @property
    def _idle_round_trip(self) -> float:
        """Round-trip time of the idle line."""
        return min(self._round_trips, default=0.0)

    @property
    def _slow_rate(self) -> float:
        """Bytes per second that are used."""
        assert self._rate is not None
        return SHARE * min(self._rate, self._suspected or inf)

    def _learn(self, size: int, took: float) -> None:
        """Update the rate from an update between two queries."""
        measured, rate = size / max(took, RESOLUTION), self._rate
        suspected, self._suspected = self._suspected, None
        if rate is None:
            self._rate = measured
        elif took <= RESOLUTION:
            # an update that is small for the rate is not informative
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
        """Give up replies that are overdue; without any, the terminal is assumed not to reply."""
        if self._queries and now >= self._given_up_at:
            # late replies still arrive, before the next; lost ones end their measurement
            has_replied = self._last_reply > self._queried_at
            self._overdue = 0 if has_replied else self._overdue + len(self._queries)
            self._queries.clear()
            self._is_measuring = False
            if self._is_known:
                self._lost += 1
                self._learning = LEARNING
                if self._rate is not None:
                    self._rate = max(self._rate / 2, SMALLEST)

    @property
    def _given_up_at(self) -> float:
        return max(self._queries[0].at, self._last_reply) + self.patience

    def _record_traffic(self, now: float, size: int, frames: int) -> None:
        self._traffic.append((now, size, frames))
        while self._traffic[0][0] < now - WINDOW:
            self._traffic.popleft()
