"""Curves: reduced without losing an extreme, on axes that seldom move."""

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.training.epoch_log import EpochLog
from core.training.packed_column import CHUNK
from tests.core.training.epoch_tables import epoch_table
from tui.drawing.axes import (
    ValueAxis,
    axis_top,
    epoch_span,
    fitted_axis,
    linear_axis,
    log_axis,
    nice_ceiling,
)
from tui.drawing.cells import Cells
from tui.drawing.curves import Mark, Plot, draw_curves
from tui.drawing.palette import DIM, TRAIN, indexed, ink
from tui.drawing.traces import LogColumn, Trace, Values, smoothed, trace

COLOUR = indexed(TRAIN)


def traced(values: np.ndarray, columns: int, span: tuple[int, int]) -> Trace:
    return trace(Values(values), COLOUR, columns, span)


def draw(
    values: np.ndarray,
    axis: ValueAxis,
    span: tuple[int, int],
    width: int,
    height: int,
    marks: tuple[Mark, ...] = (),
    level: float | None = None,
) -> Cells:
    plot = Plot(axis, span, width, height)
    return draw_curves([traced(values, plot.dots, span)], plot, marks, level=level)


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=3000),
    st.integers(2, 200),
    st.one_of(st.none(), st.integers(5, 500)),
)
def test_traces_keep_the_extremes_of_each_column(
    values: list[float], columns: int, recent: int | None
) -> None:
    series, (first, last) = np.array(values), epoch_span(len(values) - 1, recent)
    found = traced(series, columns, (first, last))
    shown = np.arange(first, min(last + 1, len(values)))
    at = (shown - first) * (columns - 1) // (last - first)
    assert found.columns.tolist() == sorted(set(at.tolist()))
    for place, column in enumerate(found.columns.tolist()):
        assert found.low[place] == series[shown][at == column].min()
        assert found.high[place] == series[shown][at == column].max()


@pytest.mark.parametrize("epochs", [40_000, 300_000])
def test_a_long_run_is_drawn_from_blocks_like_from_its_epochs(epochs: int) -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, epochs)
    table[:, 1] = np.exp(-np.arange(epochs) / epochs * 5) + 0.1 * table[:, 1]
    log.extend(table)
    span = epoch_span(epochs - 1)
    blocks = trace(LogColumn(log, "train_loss", epochs), COLOUR, 100, span)
    exact = traced(table[:, 1], 100, span)
    assert blocks.columns.tolist() == exact.columns.tolist()
    assert np.abs(blocks.low - exact.low).max() < 0.05
    assert np.abs(blocks.high - exact.high).max() < 0.05
    assert np.abs(blocks.mean - exact.mean).max() < 0.05
    # no extreme is lost
    assert blocks.low.min() == pytest.approx(exact.low.min())
    assert blocks.high.max() == pytest.approx(exact.high.max())


def test_the_epoch_that_diverged_is_on_no_curve_even_at_the_end_of_a_chunk() -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, 4 * CHUNK)
    table[-1, 1] = 1e30
    log.extend(table)
    found = trace(LogColumn(log, "train_loss", len(log) - 1), COLOUR, 20, (0, 20_000))
    assert found.high.max() < 1


def test_what_is_not_finite_is_left_out() -> None:
    found = traced(np.array([1.0, np.nan, 3.0, np.inf]), 100, (0, 3))
    assert found.columns.tolist() == [0, 66]
    assert found.low.tolist() == found.high.tolist() == [1, 3]
    assert traced(np.array([np.nan]), 10, (0, 1)).columns.size == 0


def test_a_smoothed_line_begins_at_its_curve_and_follows_it_slowly() -> None:
    raw = traced(np.where(np.arange(1000) < 500, 1.0, 0.0), 100, (0, 1000))
    lines = [smoothed(raw, weight, COLOUR).low for weight in (0.6, 0.9)]
    for line in lines:
        assert line[0] == pytest.approx(1.0)
        assert line[40] == pytest.approx(1.0)
        assert (np.diff(line) <= 1e-12).all()
    assert lines[0][60] < lines[1][60]
    assert lines[0][-1] < 1e-6


def test_a_run_that_alternates_between_two_losses_shows_both_branches() -> None:
    # both branches drift, but never meet; before epoch 500 there is one
    epochs = np.arange(1000)
    apart = np.where(epochs % 2 == 0, 0.1, -0.1) * (epochs >= 500)
    found = traced(0.5 + apart + 1e-5 * epochs, 100, (0, 1000))
    assert len(found.bands) == 2
    (_, lower), (upper, _) = found.bands
    late = found.columns > 52
    assert lower[late].max() < 0.42
    assert upper[late].min() > 0.59
    assert (found.low[~late] == upper[~late])[:-3].all()
    # in cells: two thin lines with nothing between them
    cells = draw(0.5 + apart, fitted_axis(0.4, 0.6), epoch_span(999, 900), 60, 14)
    right = [line[45] != " " for line in cells.lines()[:12]]
    assert sum(right) <= 4
    assert right.index(True) < 4 < 12 - right[::-1].index(True)


def test_noise_has_no_branches() -> None:
    noise = np.random.default_rng(0).normal(size=5000)
    assert len(traced(noise, 100, (0, 5000)).bands) == 1


@pytest.mark.parametrize("epoch", [0, 7, 50])
@pytest.mark.parametrize("value", [0.0, 0.31, 0.9, 1.0])
def test_a_mark_stands_on_its_curve(epoch: int, value: float) -> None:
    series = np.full(51, value)
    plain = draw(series, linear_axis(0, 1), (0, 50), 60, 14)
    mark = Mark(epoch, value, "◆", "#ffffff")
    marked = draw(series, linear_axis(0, 1), (0, 50), 60, 14, (mark,))
    different = np.argwhere(plain.glyphs != marked.glyphs)
    assert len(different) == 1
    row, column = different[0]
    assert marked.glyphs[row, column] == "◆"
    assert "⠀" < plain.glyphs[row, column] <= "⣿"
    logarithmic = draw(series, log_axis(1e-3, 1), (0, 50), 60, 14, (mark,))
    assert (logarithmic.glyphs == "◆").any() == (value > 0)


@pytest.mark.parametrize("value", [0.31, 0.95])
def test_a_level_is_a_dotted_line_at_its_value_behind_the_curves(value: float) -> None:
    flat = draw(np.full(51, value), linear_axis(0, 1), (0, 50), 60, 14)
    (row,) = {row for row, line in enumerate(flat.lines()) if re.search("[⠁-⣿]", line)}
    rising = np.linspace(0, 1, 51)
    plain = draw(rising, linear_axis(0, 1), (0, 50), 60, 14)
    marked = draw(rising, linear_axis(0, 1), (0, 50), 60, 14, level=value)
    changed = plain.glyphs != marked.glyphs
    assert set(np.nonzero(changed)[0].tolist()) == {row}
    assert (plain.glyphs[changed] == " ").all()
    assert (marked.glyphs[changed] == "·").all()
    outside = draw(rising, linear_axis(0, 1), (0, 50), 60, 14, level=2.0)
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
    cells = draw(oscillating, linear_axis(0, 1), epoch_span(len(oscillating)), 60, 14)
    rows = [row for row, line in enumerate(cells.lines()) if any("⠀" < c <= "⣿" for c in line)]
    assert len(rows) >= 6


def test_axes_are_labelled_and_of_the_asked_size() -> None:
    cells = draw(np.linspace(1, 0, 80), linear_axis(0, 1), (0, 100), 50, 12)
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
        cells = draw(np.array(values), axis, (0, 50), *size)
        assert (cells.width, cells.height) == size


def test_a_logarithmic_axis_takes_a_zero() -> None:
    axis = log_axis(1e-5, 0.7)
    assert axis.labels == ("1e-5", "1e-4", "0.001", "0.01", "0.1", "1") or len(axis.labels) >= 3
    cells = draw(np.array([0.7, 1e-3, 0.0]), axis, (0, 50), 40, 10)
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


def test_the_epoch_axis_ends_at_the_planned_epochs_unless_they_are_far_away() -> None:
    assert epoch_span(100, planned=600) == (0, 600)
    assert epoch_span(600, planned=600) == (0, 600)
    assert epoch_span(0, planned=30) == (0, 30)
    # a run that is trained until it is stopped
    assert epoch_span(100, planned=100_000_000) == (0, 100)
    assert epoch_span(10, planned=600) == (0, 50)
    # beyond the plan, and the last epochs only
    assert epoch_span(700, planned=600) == (0, 1000)
    assert epoch_span(590, 100, planned=600) == (500, 600)


@given(st.integers(0, 10**7), st.integers(1, 10**8))
def test_a_curve_is_never_a_sliver_at_the_left_edge(epochs: int, planned: int) -> None:
    first, last = epoch_span(epochs, planned=planned)
    assert first == 0
    assert max(epochs, 1) <= last <= max(50, 8 * epochs)


@example(5e-324, 1.0, 4)
@example(1e-301, 1e3, 4)
@example(1e-20, 10.0, 4)
@given(st.floats(1e-12, 1e9), st.floats(1, 1e9), st.integers(1, 4))
def test_a_logarithmic_axis_contains_its_values_and_has_few_labels(
    low: float, ratio: float, ticks: int
) -> None:
    axis = log_axis(low, low * ratio, ticks)
    assert axis.low <= np.log10(max(low, 1e-300)) + 1e-6  # smaller ones are at the edge
    assert axis.high >= np.log10(low * ratio) - 1e-6
    assert axis.high <= np.log10(max(low * ratio, 1e-300)) + 0.8  # close to them
    assert 1 <= len(axis.labels) <= ticks + 2
    assert len(set(axis.labels)) == len(axis.labels)
    assert all(axis.low - 1e-6 <= each <= axis.high + 1e-6 for each in axis.ticks)


def test_axes_are_dim_and_curves_have_their_colour() -> None:
    cells = draw(np.linspace(1, 0, 80), linear_axis(0, 1), (0, 100), 50, 12)
    is_curve = (cells.glyphs >= "⠀") & (cells.glyphs <= "⣿")
    assert is_curve.any()
    assert (cells.inks[is_curve] == ink(COLOUR)).all()
    assert (cells.inks[(cells.glyphs != " ") & ~is_curve] == ink(DIM)).all()
