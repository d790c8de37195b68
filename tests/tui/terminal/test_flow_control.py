"""Flow control over simulated lines, in simulated time."""

from collections import deque
from math import inf

import pytest

from tests.terminal.line import Line
from tui.terminal.flow_control import (
    BLIND_RATE,
    ESCAPE,
    FIRST,
    LARGEST,
    MOST_QUERIES,
    QUEUE,
    SLOW,
    FlowControl,
)


class Simulated:
    """A program that always has output, and a terminal at the end of a line."""

    def __init__(self, flow_control: FlowControl, line: Line, *, mute: bool = False) -> None:
        self.flow_control, self.line = flow_control, line
        self.now = 1000.0
        self.sent = self.questions = self.most = 0
        self.lose = 0
        self.demand = inf
        self._mute = mute
        self._asked: deque[int] = deque()
        self._arrived = 0
        self.flow_control.on_query(self.now)
        self.ask()

    def ask(self) -> None:
        """Write a question."""
        self.line.write(self.now, b"?")
        self.sent += 1
        self.questions += 1
        self._asked.append(self.sent)

    def send(self, size: int) -> None:
        self.line.write(self.now, b"." * size)
        self.sent += size
        if self.flow_control.is_measuring:
            self.ask()
        self.flow_control.on_send(size, self.now)

    def run(self, seconds: float) -> int:
        """Return how many bytes arrive in that time, with the line full as far as it may be."""
        end, before, self.most = self.now + seconds, self._arrived, 0
        while self.now < end:
            while room := self._room():
                if self.flow_control.should_query(self.now):
                    self.flow_control.on_query(self.now)
                    self.ask()
                else:
                    self.send(room)
            self.most = max(self.most, self.line.waiting)
            again = self.flow_control.next_check(self.now)
            if self.demand < inf:
                again = min(0.1, again or inf)
            self.now = min(
                self.line.next_arrival, self.now + (inf if again is None else again), end
            )
            self._arrived += len(self.line.arrived(self.now))
            while self._asked and self._asked[0] <= self._arrived:
                self._asked.popleft()
                if self.lose:
                    self.lose -= 1
                elif not self._mute:
                    self.line.type(self.now, b"R")
            for _ in self.line.typed(self.now):
                self.flow_control.on_reply(self.now)
        return self._arrived - before

    def _room(self) -> int:
        wanted = inf if self.demand == inf else self.demand * (self.now - 1000) - self.sent
        return 0 if wanted < 300 else int(min(wanted, self.flow_control.budget(self.now)))


LINES = [(8_000, 0.15), (32_000, 0.15), (2_000, 0.6), (1_000_000, 0.02), (100_000, 0.3)]


@pytest.mark.parametrize(("rate", "round_trip"), LINES)
def test_a_line_is_kept_busy_and_little_waits_in_it(rate: float, round_trip: float) -> None:
    simulated = Simulated(FlowControl(), Line(rate, round_trip))
    simulated.run(10.0)
    assert simulated.run(30.0) >= 0.65 * rate * 30
    assert simulated.most <= rate * (round_trip / 2 + 4 * QUEUE) + 600


@pytest.mark.parametrize(("rate", "round_trip"), LINES)
def test_a_line_is_slow_only_once_that_is_known(rate: float, round_trip: float) -> None:
    simulated = Simulated(FlowControl(), Line(rate, round_trip))
    assert not simulated.flow_control.is_slow
    simulated.run(10.0)
    assert simulated.flow_control.is_slow is (rate < SLOW)


def test_before_a_line_is_known_little_is_sent() -> None:
    simulated = Simulated(FlowControl(), Line(8_000, 0.15))
    simulated.run(0.5)
    assert simulated.most <= 2 * FIRST


def test_a_fast_line_soon_takes_all() -> None:
    simulated = Simulated(FlowControl(), Line(1e9, 0.002))
    simulated.run(0.2)
    assert simulated.sent > 1_000_000
    assert simulated.flow_control.load <= LARGEST


def test_a_line_that_becomes_slower_is_noticed() -> None:
    line = Line(200_000, 0.05)
    simulated = Simulated(FlowControl(), line)
    simulated.run(3.0)
    line.rate = 10_000
    simulated.run(5.0)
    simulated.run(5.0)
    assert simulated.most <= 10_000 * (0.025 + 3 * QUEUE) + 600


def test_a_line_that_becomes_longer_is_believed_after_a_while() -> None:
    line = Line(50_000, 0.02)
    simulated = Simulated(FlowControl(), line)
    simulated.run(5.0)
    line.round_trip = 0.4
    simulated.run(45.0)
    assert simulated.run(10.0) >= 0.6 * 50_000 * 10


def test_lost_answers_do_no_lasting_harm() -> None:
    simulated = Simulated(FlowControl(), Line(1_000_000, 0.02))
    simulated.run(2.0)
    simulated.lose = 3
    simulated.run(20.0)
    assert simulated.run(5.0) >= 0.7 * 1_000_000 * 5


def test_while_the_line_is_broken_next_to_nothing_is_sent() -> None:
    simulated = Simulated(FlowControl(), Line(32_000, 0.15))
    simulated.run(5.0)
    simulated.lose = 1_000_000
    before = simulated.sent
    simulated.run(60.0)
    assert simulated.sent - before < 60_000
    simulated.lose = 0
    simulated.run(70.0)
    assert simulated.run(10.0) >= 0.7 * 32_000 * 10


def test_a_mute_terminal_gets_a_low_fixed_rate_and_is_asked_no_more() -> None:
    simulated = Simulated(FlowControl(), Line(1e9, 0.0), mute=True)
    simulated.run(60.0)
    assert simulated.questions == MOST_QUERIES
    assert 10_000 <= simulated.sent / 60 <= 20_000
    assert simulated.flow_control.pending_queries == 0
    assert simulated.flow_control.rates(simulated.now).round_trip is None


def test_a_line_with_room_to_spare_is_hardly_ever_asked() -> None:
    simulated = Simulated(FlowControl(), Line(1_000_000, 0.05))
    simulated.demand = 6_000
    simulated.run(10.0)
    before = simulated.questions
    simulated.run(120.0)
    assert simulated.sent >= 0.95 * 6_000 * 130
    assert simulated.questions - before <= 10


def test_a_busy_slow_line_is_asked_every_few_seconds_and_one_at_rest_never() -> None:
    simulated = Simulated(FlowControl(), Line(8_000, 0.15))
    simulated.run(10.0)
    before = simulated.questions
    simulated.run(60.0)
    assert 6 <= simulated.questions - before <= 44
    before, simulated.demand = simulated.questions, 0
    simulated.run(60.0)
    assert simulated.questions == before


def test_after_enter_nothing_is_asked_for_a_while() -> None:
    simulated = Simulated(FlowControl(), Line(8_000, 0.15))
    simulated.run(10.0)
    for _ in range(20):
        before = simulated.questions
        simulated.flow_control.on_enter(simulated.now)
        simulated.run(ESCAPE - 0.1)
        assert simulated.questions - before <= 1  # the second of two
    assert simulated.most <= 3_000


def test_where_something_else_would_answer_nothing_is_asked_and_the_rate_is_modest() -> None:
    flow_control = FlowControl(is_blind=True)
    line = Line(8_000, 0.15)
    now = most = sent = 0.0
    while now < 30:
        assert not flow_control.should_query(now)
        while room := flow_control.budget(now):
            assert not flow_control.is_measuring
            flow_control.on_send(room, now)
            line.write(now, b"." * room)
            sent += room
        line.arrived(now)
        most = max(most, line.waiting if now > 10 else 0)
        now += flow_control.next_check(now) or 0.1
    assert 0.9 * BLIND_RATE * 30 <= sent <= 1.1 * BLIND_RATE * 31
    assert most <= 8_000 * 0.3


def test_the_last_answers_are_awaited_as_long_as_the_line_is() -> None:
    simulated = Simulated(FlowControl(), Line(32_000, 1.3))
    assert simulated.flow_control.reply_deadline >= simulated.now + 1.3
    simulated.run(30.0)
    while not simulated.flow_control.pending_queries:
        simulated.run(0.1)
    assert simulated.flow_control.reply_deadline >= simulated.now + 0.6
    assert simulated.flow_control.reply_deadline <= simulated.now + 5


def test_the_highest_rate_is_kept_in_every_second() -> None:
    simulated = Simulated(FlowControl(max_rate=16_000), Line(1e9, 0.002))
    for _ in range(20):
        before = simulated.sent
        simulated.run(1.0)
        assert simulated.sent - before <= 1.26 * 16_000
    assert simulated.sent >= 0.9 * 16_000 * 20


def test_the_rates_are_those_of_the_last_seconds() -> None:
    flow_control = FlowControl()
    for tenth in range(100):
        flow_control.on_query(tenth / 10)
        flow_control.on_send(500, tenth / 10)
        flow_control.on_frame_shown(tenth / 10)
        flow_control.on_reply(tenth / 10 + 0.05)
        flow_control.on_reply(tenth / 10 + 0.06)
    rates = flow_control.rates(9.95)
    assert rates.frames == pytest.approx(10, rel=0.1)
    assert rates.bytes == pytest.approx(5_000, rel=0.1)
    assert rates.round_trip == pytest.approx(0.05)
    assert flow_control.rates(60.0).bytes == 0
