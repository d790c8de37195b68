"""Curves: reduced without losing an extreme, on axes that seldom move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.curves import (
    Series,
    axis_top,
    band,
    draw_curves,
    epoch_bound,
    linear_axis,
    log_axis,
    nice_ceiling,
)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000), st.integers(2, 200))
def test_a_band_keeps_the_extremes_of_each_column(values: list[float], columns: int) -> None:
    series = np.array(values)
    last = max(len(values) - 1, 1)
    epochs, reduced = band(series, columns, last)
    assert len(reduced) <= max(2 * columns, len(values) if len(values) <= columns else 0)
    at = np.arange(len(values)) * (columns - 1) // last
    of = epochs.astype(int) * (columns - 1) // last
    for column in set(at.tolist()):
        assert reduced[of == column].min() == series[at == column].min()
        assert reduced[of == column].max() == series[at == column].max()


def test_what_is_not_finite_is_left_out() -> None:
    epochs, values = band(np.array([1.0, np.nan, 3.0, np.inf]), 100, 3)
    assert epochs.tolist() == [0, 2]
    assert values.tolist() == [1, 3]
    assert band(np.array([np.nan]), 10, 1)[0].size == 0


def test_an_oscillating_loss_does_not_look_flat() -> None:
    oscillating = np.tile([0.2, 0.8], 5000)
    cells = draw_curves(
        [Series(oscillating, 252)], linear_axis(0, 1), epoch_bound(len(oscillating)), 60, 14
    )
    rows = [row for row, line in enumerate(cells.lines()) if any("⠀" < c <= "⣿" for c in line)]
    assert len(rows) >= 6


def test_axes_are_labelled_and_of_the_asked_size() -> None:
    cells = draw_curves([Series(np.linspace(1, 0, 80), 252)], linear_axis(0, 1), 100, 50, 12)
    lines = cells.lines()
    assert (len(lines), len(lines[0])) == (12, 50)
    assert lines[0].startswith("1.0┤")
    assert lines[-3].startswith("0.0┤")
    assert lines[-1].split() == ["0", "20", "40", "60", "80", "100"]


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, -np.inf], [0.0], [1e300, 1e-300]])
@pytest.mark.parametrize("size", [(0, 0), (1, 1), (9, 4), (12, 4), (300, 90)])
def test_nothing_that_a_run_can_give_breaks_a_curve(
    values: list[float], size: tuple[int, int]
) -> None:
    for axis in (linear_axis(0, 1), log_axis(1e-9, 10)):
        cells = draw_curves([Series(np.array(values), 252)], axis, 50, *size)
        assert (cells.width, cells.height) == size


def test_a_logarithmic_axis_takes_a_zero() -> None:
    axis = log_axis(1e-5, 0.7)
    assert axis.labels == ("1e-5", "1e-4", "0.001", "0.01", "0.1", "1") or len(axis.labels) >= 3
    cells = draw_curves([Series(np.array([0.7, 1e-3, 0.0]), 252)], axis, 50, 40, 10)
    assert any("⠀" < glyph <= "⣿" for glyph in "".join(cells.lines()))


@pytest.mark.parametrize(
    ("low", "high", "ticks", "labels"),
    [
        (0, 1.5, 4, ("0.0", "0.5", "1.0", "1.5")),
        (0, 0.8, 3, ("0.0", "0.4", "0.8")),
        (0, 1, 4, ("0.0", "0.5", "1.0")),
        (0, 3, 4, ("0", "1", "2", "3")),
        (0, 0.06, 3, ("0.00", "0.02", "0.04", "0.06")),
        (0.5, 1, 2, ("0.5", "1.0")),
        (0, 200, 5, ("0", "50", "100", "150", "200")),
    ],
)
def test_the_upper_end_of_an_axis_is_labelled(
    low: float, high: float, ticks: int, labels: tuple[str, ...]
) -> None:
    assert linear_axis(low, high, ticks).labels == labels


@given(st.floats(1e-9, 1e9))
def test_bounds_are_round_and_close_above(value: float) -> None:
    assert value * (1 - 1e-6) <= nice_ceiling(value) <= value * 2.51
    assert value * (1 - 1e-6) <= axis_top(value) <= value * 1.34


def test_the_epoch_axis_grows_in_steps() -> None:
    assert [epoch_bound(n) for n in (0, 50, 51, 100, 101, 201, 501)] == [
        50,
        50,
        100,
        100,
        200,
        500,
        1000,
    ]
