"""Curves of metrics with gaps between their steps."""

import numpy as np

from core.logs.series import Points
from tui.drawing.palette import TRAIN, indexed
from tui.drawing.traces import trace
from tui.follow.curves import SeriesSource, shown_value


def test_each_column_has_the_range_of_its_values() -> None:
    draw = np.random.default_rng(0)
    steps = np.sort(draw.choice(100_000, 30_000, replace=False))
    values = draw.normal(size=len(steps))
    values[::7] = np.nan
    drawn = trace(SeriesSource(Points(steps, values)), indexed(TRAIN), 100, (0, 100_000))
    finite = np.isfinite(values)
    assert drawn.low.min() == values[finite].min()
    assert drawn.high.max() == values[finite].max()
    assert len(drawn.columns) >= 99
    column = (steps >= 50_000) & (steps < 50_500) & finite
    at = np.searchsorted(drawn.columns, 49)
    assert drawn.low[at - 1 : at + 2].min() <= values[column].min()


def test_a_few_values_far_apart() -> None:
    points = Points(np.array([0, 50, 100]), np.array([1.0, np.inf, 3.0]))
    drawn = trace(SeriesSource(points), indexed(TRAIN), 20, (0, 100))
    assert drawn.columns.tolist() == [0, 19]
    assert drawn.mean.tolist() == [1.0, 3.0]


def test_values_of_any_metric_have_at_most_nine_characters() -> None:
    for value in (None, np.nan, np.inf, -np.inf, -1e-9, 5e-324, 0.0, -0.5, 123456.0, 1e300, -1e300):
        assert len(shown_value(value)) <= 9
    assert shown_value(-0.5) == "−0.5000"
