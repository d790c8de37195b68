"""A curve of many runs: median, band and extremes, in the columns of a plot."""

import numpy as np

from tui.seeds.curves import spread_traces
from tui.seeds.model import SpreadLog


def spread(epochs: int) -> np.ndarray:
    middle = np.linspace(1, 0.1, epochs, dtype=np.float32)
    return np.stack([middle * each for each in (0.1, 0.5, 1, 1.5, 3)], axis=1)


def test_the_band_is_between_the_extremes() -> None:
    values = spread(101)
    low, high, band, median = spread_traces(values, 0, 20, (0, 100), ("band", "median"))
    assert median.colour == "median"
    assert len(median.columns) == 20
    assert (low.low < band.low).all()
    assert (band.low < median.low).all()
    assert (median.low < band.high).all()
    assert (band.high < high.high).all()
    assert low.low.min() == np.float64(values[:, 0].min())
    assert high.high.max() == np.float64(values[:, 4].max())


def test_epochs_without_finite_values_are_left_out() -> None:
    values = spread(10)
    values[5:] = np.nan
    *_, median = spread_traces(values, 0, 20, (0, 9), ("band", "median"))
    assert len(median.columns) == 5
    values[:] = np.nan
    assert spread_traces(values, 0, 20, (0, 9), ("band", "median")) == []


def test_the_log_grows() -> None:
    log, rows = SpreadLog(), np.arange(3000, dtype=np.float32).reshape(150, 4, 5)
    log.extend(rows[:1])
    log.extend(rows[1:])
    assert len(log) == 150
    assert log.curve("test_loss").tolist() == rows[:, 1].tolist()
