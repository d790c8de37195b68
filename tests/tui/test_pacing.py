"""The pacer over lines whose every byte is reckoned, in a time of their own."""

from collections import deque
from math import inf

import pytest

from tests.terminal.line import Line
from tui.pacing import FIRST, LARGEST, QUESTIONS, QUEUE, Pacer


class Simulated:
    """A program that always has more to send, and a terminal at the end of a line."""

    def __init__(self, pacer: Pacer, line: Line, *, mute: bool = False) -> None:
        self.pacer, self.line = pacer, line
        self.now = 1000.0
        self.sent = self.questions = self.most = 0
        self.lose = 0
        self._mute = mute
        self._asked: deque[int] = deque()
        self._arrived = 0
        self.pacer.ask(self.now)
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
        if self.pacer.measures:
            self.ask()
        self.pacer.send(size, self.now)

    def run(self, seconds: float) -> int:
        """Return how many bytes arrive in that time, with the line full as far as it may be."""
        end, before, self.most = self.now + seconds, self._arrived, 0
        while self.now < end:
            while room := self.pacer.room(self.now):
                if self.pacer.asks(self.now):
                    self.pacer.ask(self.now)
                    self.ask()
                else:
                    self.send(room)
            self.most = max(self.most, self.line.waiting)
            again = self.pacer.look_again(self.now)
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
                self.pacer.answer(self.now)
        return self._arrived - before


LINES = [(8_000, 0.15), (32_000, 0.15), (2_000, 0.6), (1_000_000, 0.02), (100_000, 0.3)]


@pytest.mark.parametrize(("rate", "round_trip"), LINES)
def test_a_line_is_kept_busy_and_little_waits_in_it(rate: float, round_trip: float) -> None:
    simulated = Simulated(Pacer(), Line(rate, round_trip))
    simulated.run(10.0)
    assert simulated.run(30.0) >= 0.65 * rate * 30
    assert simulated.most <= rate * (round_trip / 2 + 4 * QUEUE) + 600


def test_before_a_line_is_known_little_is_sent() -> None:
    simulated = Simulated(Pacer(), Line(8_000, 0.15))
    simulated.run(0.5)
    assert simulated.most <= 2 * FIRST


def test_a_fast_line_soon_takes_all() -> None:
    simulated = Simulated(Pacer(), Line(1e9, 0.002))
    simulated.run(0.2)
    assert simulated.sent > 1_000_000
    assert simulated.pacer.load <= LARGEST


def test_a_line_that_becomes_slower_is_noticed() -> None:
    line = Line(200_000, 0.05)
    simulated = Simulated(Pacer(), line)
    simulated.run(3.0)
    line.rate = 10_000
    simulated.run(5.0)
    simulated.run(5.0)
    assert simulated.most <= 10_000 * (0.025 + 3 * QUEUE) + 600


def test_a_line_that_becomes_longer_is_believed_after_a_while() -> None:
    line = Line(50_000, 0.02)
    simulated = Simulated(Pacer(), line)
    simulated.run(5.0)
    line.round_trip = 0.4
    simulated.run(45.0)
    assert simulated.run(10.0) >= 0.6 * 50_000 * 10


def test_lost_answers_do_no_lasting_harm() -> None:
    simulated = Simulated(Pacer(), Line(1_000_000, 0.02))
    simulated.run(2.0)
    simulated.lose = 3
    simulated.run(20.0)
    assert simulated.run(5.0) >= 0.7 * 1_000_000 * 5


def test_while_the_line_is_broken_next_to_nothing_is_sent() -> None:
    simulated = Simulated(Pacer(), Line(32_000, 0.15))
    simulated.run(5.0)
    simulated.lose = 1_000_000
    before = simulated.sent
    simulated.run(60.0)
    assert simulated.sent - before < 60_000
    simulated.lose = 0
    simulated.run(70.0)
    assert simulated.run(10.0) >= 0.7 * 32_000 * 10


def test_a_mute_terminal_gets_a_low_fixed_rate_and_is_asked_no_more() -> None:
    simulated = Simulated(Pacer(), Line(1e9, 0.0), mute=True)
    simulated.run(60.0)
    assert simulated.questions == QUESTIONS
    assert 10_000 <= simulated.sent / 60 <= 20_000
    assert simulated.pacer.unanswered == 0
    assert simulated.pacer.rates(simulated.now).round_trip is None


def test_the_highest_rate_is_kept_in_every_second() -> None:
    simulated = Simulated(Pacer(max_rate=16_000), Line(1e9, 0.002))
    for _ in range(20):
        before = simulated.sent
        simulated.run(1.0)
        assert simulated.sent - before <= 1.26 * 16_000
    assert simulated.sent >= 0.9 * 16_000 * 20


def test_the_rates_are_those_of_the_last_seconds() -> None:
    pacer = Pacer()
    for tenth in range(100):
        pacer.ask(tenth / 10)
        pacer.send(500, tenth / 10)
        pacer.complete(tenth / 10)
        pacer.answer(tenth / 10 + 0.05)
        pacer.answer(tenth / 10 + 0.06)
    rates = pacer.rates(9.95)
    assert rates.frames == pytest.approx(10, rel=0.1)
    assert rates.bytes == pytest.approx(5_000, rel=0.1)
    assert rates.round_trip == pytest.approx(0.05)
    assert pacer.rates(60.0).bytes == 0
