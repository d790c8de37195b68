"""States of a log, rates, and the time that is left."""

import pytest

from core.logs.activity import Activity
from core.logs.series import MetricTable


def table_at(step: int) -> MetricTable:
    table = MetricTable()
    table.finish_row(step)
    return table


def test_a_run_stalls_after_ten_of_its_usual_intervals() -> None:
    activity = Activity()
    activity.update(0, 0, MetricTable(), 0)
    assert str(activity.state) == "WAITING"
    for step in range(10):
        activity.update(2.0 * step, 100 + step, table_at(step), 0)
    assert str(activity.state) == "FOLLOWING"
    assert activity.rate == pytest.approx(0.5)
    assert activity.seconds_left(9, 29) == pytest.approx(40)
    activity.update(18 + 19.9, 109, table_at(9), 19.9)
    assert str(activity.state) == "FOLLOWING"
    activity.update(18 + 20.1, 109, table_at(9), 20.1)
    assert str(activity.state) == "STALLED"
    assert activity.rate is None
    assert activity.seconds_left(9, 29) is None
    activity.update(39, 110, table_at(10), 0)
    assert str(activity.state) == "FOLLOWING"


def test_programs_that_buffer_their_output_do_not_stall_at_once() -> None:
    activity = Activity()
    for at in range(10):
        activity.update(0.1 * at, 10 + at, table_at(at), 0)
    activity.update(4.0, 19, table_at(9), 3.1)
    assert str(activity.state) == "FOLLOWING"


def test_an_old_file_and_one_that_says_that_it_is_over() -> None:
    activity, table = Activity(), table_at(5)
    activity.update(0, 50, table, 3600)
    assert str(activity.state) == "STALLED"
    assert activity.silence == 3600
    table.ended = "early stop"
    activity.update(1, 50, table, 3601)
    assert str(activity.state) == "OVER"
