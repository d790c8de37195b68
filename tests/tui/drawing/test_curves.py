"""Curves: reduced without losing an extreme, on axes that seldom move."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.drawing.curves import (
    Mark,
    Series,
    axis_top,
    bands,
    draw_curves,
    epoch_span,
    fitted_axis,
    linear_axis,
    log_axis,
    nice_ceiling,
)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000),
    st.integers(2, 200),
    st.one_of(st.none(), st.integers(5, 500)),
)
def test_bands_keep_the_extremes_of_each_column(
    values: list[float], columns: int, recent: int | None
) -> None:
    series, (first, last) = np.array(values), epoch_span(len(values) - 1, recent)
    lines = bands(series, columns, (first, last))
    epochs = np.concatenate([line[0] for line in lines]).astype(int)
    reduced = np.concatenate([line[1] for line in lines])
    shown = np.arange(first, min(last + 1, len(values)))
    assert len(reduced) <= 2 * len(lines) * columns
    at = (shown - first) * (columns - 1) // (last - first)
    of = (epochs - first) * (columns - 1) // (last - first)
    for column in set(at.tolist()):
        assert reduced[of == column].min() == series[shown][at == column].min()
        assert reduced[of == column].max() == series[shown][at == column].max()


def test_what_is_not_finite_is_left_out() -> None:
    ((epochs, values),) = bands(np.array([1.0, np.nan, 3.0, np.inf]), 100, (0, 3))
    assert epochs.tolist() == [0, 2]
    assert values.tolist() == [1, 3]
    assert bands(np.array([np.nan]), 10, (0, 1)) == []


def test_a_run_that_alternates_between_two_losses_shows_both_branches() -> None:
    # both branches drift, but never meet; before epoch 500 there is one
    epochs = np.arange(1000)
    apart = np.where(epochs % 2 == 0, 0.1, -0.1) * (epochs >= 500)
    lines = bands(0.5 + apart + 1e-5 * epochs, 100, (0, 1000))
    assert len(lines) == 2
    (_, lower), (places, upper) = lines
    late = places > 520
    assert lower[late].max() < 0.42
    assert upper[late].min() > 0.59
    assert lower[~late].min() == upper[~late].min()
    # in cells: two thin lines with nothing between them
    cells = draw_curves(
        [Series(0.5 + apart, 252)], fitted_axis(0.4, 0.6), epoch_span(999, 900), 60, 14
    )
    right = [line[45] != " " for line in cells.lines()[:12]]
    assert sum(right) <= 4
    assert right.index(True) < 4 < 12 - right[::-1].index(True)


def test_noise_has_no_branches() -> None:
    noise = np.random.default_rng(0).normal(size=5000)
    assert len(bands(noise, 100, (0, 5000))) == 1


@pytest.mark.parametrize("epoch", [0, 7, 50])
@pytest.mark.parametrize("value", [0.0, 0.31, 0.9, 1.0])
def test_a_mark_stands_on_its_curve(epoch: int, value: float) -> None:
    series = [Series(np.full(51, value), 252)]
    plain = draw_curves(series, linear_axis(0, 1), (0, 50), 60, 14)
    mark = Mark(epoch, value, "◆", "#ffffff")
    marked = draw_curves(series, linear_axis(0, 1), (0, 50), 60, 14, [mark])
    different = np.argwhere(plain.glyphs != marked.glyphs)
    assert len(different) == 1
    row, column = different[0]
    assert marked.glyphs[row, column] == "◆"
    assert "⠀" < plain.glyphs[row, column] <= "⣿"
    logarithmic = draw_curves(series, log_axis(1e-3, 1), (0, 50), 60, 14, [mark])
    assert (logarithmic.glyphs == "◆").any() == (value > 0)


@pytest.mark.parametrize("value", [0.31, 0.95])
def test_a_level_is_a_dotted_line_at_its_value_behind_the_curves(value: float) -> None:
    flat = draw_curves([Series(np.full(51, value), 252)], linear_axis(0, 1), (0, 50), 60, 14)
    (row,) = {row for row, line in enumerate(flat.lines()) if re.search("[⠁-⣿]", line)}
    rising = [Series(np.linspace(0, 1, 51), 252)]
    plain = draw_curves(rising, linear_axis(0, 1), (0, 50), 60, 14)
    marked = draw_curves(rising, linear_axis(0, 1), (0, 50), 60, 14, level=value)
    changed = plain.glyphs != marked.glyphs
    assert set(np.nonzero(changed)[0].tolist()) == {row}
    assert (plain.glyphs[changed] == " ").all()
    assert (marked.glyphs[changed] == "·").all()
    outside = draw_curves(rising, linear_axis(0, 1), (0, 50), 60, 14, level=2.0)
    assert (outside.glyphs == plain.glyphs).all()


@given(st.floats(-1e3, 1e3), st.floats(1e-9, 1e3), st.integers(1, 4))
def test_a_fitted_axis_lies_close_around_its_values(low: float, length: float, ticks: int) -> None:
    axis = fitted_axis(low, low + length, ticks)
    slack = 1e-6 * max(1, abs(low))
    assert axis.low <= low + slack
    assert axis.high >= low + length - slack
    assert len(axis.ticks) == len(axis.labels) <= 3 * ticks + 4


def test_an_oscillating_loss_does_not_look_flat() -> None:
    oscillating = np.tile([0.2, 0.8, 0.5], 5000)
    cells = draw_curves(
        [Series(oscillating, 252)], linear_axis(0, 1), epoch_span(len(oscillating)), 60, 14
    )
    rows = [row for row, line in enumerate(cells.lines()) if any("⠀" < c <= "⣿" for c in line)]
    assert len(rows) >= 6


def test_axes_are_labelled_and_of_the_asked_size() -> None:
    cells = draw_curves([Series(np.linspace(1, 0, 80), 252)], linear_axis(0, 1), (0, 100), 50, 12)
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
        cells = draw_curves([Series(np.array(values), 252)], axis, (0, 50), *size)
        assert (cells.width, cells.height) == size


def test_a_logarithmic_axis_takes_a_zero() -> None:
    axis = log_axis(1e-5, 0.7)
    assert axis.labels == ("1e-5", "1e-4", "0.001", "0.01", "0.1", "1") or len(axis.labels) >= 3
    cells = draw_curves([Series(np.array([0.7, 1e-3, 0.0]), 252)], axis, (0, 50), 40, 10)
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
    assert [epoch_span(n)[1] for n in (0, 50, 51, 100, 101, 201, 501)] == [
        50,
        50,
        100,
        100,
        200,
        500,
        1000,
    ]
