"""Boundary panel: map and fitted curve agree with the predictions of the network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import RunConfig
from core.analysis.planes import Plane, PlaneChoice, Window
from core.analysis.prediction_map import classify
from core.arrays import Array
from core.config.presets import PRESETS
from tests.tui.drawn import background, drawn, text
from tests.tui.sessions import session_after
from tui.drawing.braille import draw_line
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    ACCENT,
    BOUNDARY,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIVERGING,
    TEST_MARKERS,
    TRAIN_MARKERS,
    UNCERTAIN,
    WRONG_TEST,
    WRONG_TRAIN,
    get_ink,
    ink,
    style,
)
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.class_boundary import BoundaryLine, boundary_dots
from tui.panels.boundary.fitted_curve import GUTTER, MARGIN, FittedCurve
from tui.panels.boundary.map_drawing import GUTTER as MAP_GUTTER
from tui.panels.boundary.map_drawing import draw_legend
from tui.panels.boundary.map_view import MapView
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.colour_scales import NumberScale
from tui.panels.curve import ScorePanel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel
from tui.screens.status_bars import StatusLine

Dots = NDArray[np.bool_]
WINE = PRESETS["wine"].config()
XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()
IRIS = PRESETS["iris"].config()
BUMPS = PRESETS["bumps"].config()
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def dots_of(cells: Cells, rows: int, left: int = 0, colour: int | None = None) -> Dots:
    """Return (4 · rows, 2 · columns) which dots are set, of a colour or of any."""
    columns = cells.width - left
    dots = np.zeros((4 * rows, 2 * columns), bool)
    for row in range(rows):
        for column in range(columns):
            glyph = ord(str(cells.glyphs[row, left + column]))
            if 0x2800 < glyph < 0x2900 and colour in (None, cells.inks[row, left + column]):
                for down in range(4):
                    for across in range(2):
                        bit = bool((glyph - 0x2800) & BITS[down][across])
                        dots[4 * row + down, 2 * column + across] = bit
    return dots


def write(path: Path, header: str, *columns: object) -> str:
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


# --- lines in braille


def lines_of_heights(rows: int) -> st.SearchStrategy[list[float]]:
    inside = st.floats(0, 1)
    beyond = st.floats(-3, 4) | st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e300])
    return st.lists(inside | beyond, min_size=2, max_size=40).map(
        lambda heights: heights[: len(heights) // 2 * 2]
    )


@settings(deadline=None)
@given(st.integers(1, 8).flatmap(lambda rows: st.tuples(st.just(rows), lines_of_heights(rows))))
def test_a_line_has_a_dot_at_every_height_and_is_whole(drawing: tuple[int, list[float]]) -> None:
    rows, heights = drawing
    columns = len(heights) // 2
    cells = Cells(columns + 3, rows + 2)
    draw_line(cells, 1, 2, np.array(heights), rows, ink(ACCENT))
    # nothing is drawn beyond the block
    outside = text(cells).split("\n")
    assert set(outside[0] + outside[-1]) == {" "}
    assert all(line[:2] + line[2 + columns :] == " " * 3 for line in outside)
    block = Cells(columns, rows)
    block.glyphs = cells.glyphs[1 : 1 + rows, 2 : 2 + columns]
    block.inks = cells.inks[1 : 1 + rows, 2 : 2 + columns]
    dots, tall = dots_of(block, rows), 4 * rows
    centres = 1 - (np.arange(tall) + 0.5) / tall
    for at, height in enumerate(heights):
        marked = centres[dots[:, at]]
        if 0 <= height <= 1:
            assert marked.size, f"no dot for {height}"
            assert np.abs(marked - height).min() <= 0.5 / tall + 1e-9
        elif not np.isfinite(height):
            assert not marked.size
        # the line joins its neighbours, and goes nowhere else
        near = [each for each in heights[max(0, at - 1) : at + 2] if np.isfinite(each)]
        if marked.size:
            assert marked.max() <= max(near) + 1.5 / tall
            assert marked.min() >= min(near) - 1.5 / tall
        # no hole between two columns
        both = np.flatnonzero(dots[:, at : at + 2].any(axis=1))
        if at + 1 < len(heights) and 0 <= height <= 1 and 0 <= heights[at + 1] <= 1:
            assert np.diff(both).max(initial=0) <= 1


# --- one feature


def curve_units(
    session: RunModel, width: int, height: int
) -> tuple[Cells, NDArray[np.float64], tuple[float, float], int]:
    """Return the drawing, the place of each column of dots, the vertical range, and the rows."""
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    cells = FittedCurve(network, data, 0, width, height).draw(show_test=False)
    x = data.preparation.features(data.x_train)[:, 0]
    margin = MARGIN * np.ptp(x)
    places = np.linspace(x.min() - margin, x.max() + margin, 2 * (width - GUTTER))
    if data.has_classes:
        return cells, places, (-0.05, 1.05), height - 2
    y = data.preparation.in_units(np.asarray(data.y_train, np.float64))[:, 0]
    margin = MARGIN * np.ptp(y)
    return cells, places, (y.min() - margin, y.max() + margin), height - 2


def check_curve(dots: Dots, expected: Array, span: tuple[float, float]) -> NDArray[np.intp]:
    """Check that there is a dot at every prediction, and none elsewhere; return those columns."""
    low, high = span
    tall = len(dots)
    centres = high - (np.arange(tall) + 0.5) / tall * (high - low)
    step = (high - low) / tall
    visible = np.flatnonzero((expected > low + step) & (expected < high - step))
    for at in visible.tolist():
        marked = centres[dots[:, at]]
        assert marked.size, f"no dot in column {at}"
        assert np.abs(marked - expected[at]).min() <= 0.6 * step
        near = expected[max(0, at - 1) : at + 2]
        assert marked.max() <= near.max() + 1.5 * step
        assert marked.min() >= near.min() - 1.5 * step
    return visible


def standardised_line(tmp_path: Path) -> RunConfig:
    """Return a run on prices by weight: numbers far from 0, with units of their own."""
    rng = np.random.default_rng(0)
    grams = rng.uniform(2000, 6000, 120)
    cents = 90_000 + 20_000 * np.sin(grams / 700) + rng.normal(0, 500, 120)
    data = write(tmp_path / "prices.csv", "grams,cents", grams.round(3), cents.round(3))
    return RunConfig(data=data, hidden=(16,), learning_rate=0.05)


@pytest.mark.parametrize("source", ["sine", "file"])
@pytest.mark.parametrize("size", [(60, 20), (113, 37)])
def test_the_curve_lies_where_the_network_predicts(
    tmp_path: Path, source: str, size: tuple[int, int]
) -> None:
    sine = PRESETS["sine"].config()
    session = session_after(sine if source == "sine" else standardised_line(tmp_path), 150)
    cells, places, span, rows = curve_units(session, *size)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    given = data.preparation.inputs(places[:, None])
    expected = data.preparation.in_units(network.predict(given))[:, 0]
    dots = dots_of(cells, rows, GUTTER, ink(ACCENT, bold=True))
    visible = check_curve(dots, expected, span)
    assert visible.size > 0.8 * places.size
    assert np.ptp(expected[visible]) > 0.3 * (span[1] - span[0])  # it is no flat line
    if source == "file":
        assert 60_000 < span[0] < 80_000 < 100_000 < span[1] < 120_000
        axis = cells.lines()[-2].replace("−", "-").split()
        assert axis[1] == "grams"
        assert float(axis[0]) == pytest.approx(places[0], rel=0.05)
        assert float(axis[2]) == pytest.approx(places[-1], rel=0.05)
        assert "cents" in cells.lines()[-1]


def test_the_samples_lie_around_the_curve_at_their_own_numbers(tmp_path: Path) -> None:
    session = session_after(standardised_line(tmp_path), 1)
    cells, places, (low, high), rows = curve_units(session, 80, 30)
    data = session.data
    assert data is not None
    x = data.preparation.features(data.x_train)[:, 0]
    y = data.preparation.in_units(np.asarray(data.y_train, np.float64))[:, 0]
    columns = ((x - places[0]) / (places[-1] - places[0]) * (80 - GUTTER)).astype(int)
    down = ((high - y) / (high - low) * rows).astype(int)
    expected = {*zip(down.tolist(), (GUTTER + columns).tolist(), strict=True)}
    found = {
        (row, column)
        for row in range(rows)
        for column in range(GUTTER, 80)
        if cells.glyphs[row, column] == TRAIN_MARKERS[0]
    }
    assert found <= expected
    assert len(found) > 0.8 * len(expected)  # the curve covers a few


@pytest.mark.parametrize("classes", [2, 3])
def test_of_one_feature_the_probabilities_of_the_classes_are_drawn(
    tmp_path: Path, classes: int
) -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(150) % classes
    names = np.array(["low", "middle", "top"] if classes == 3 else ["low", "top"])[labels]
    x = 500 + 100 * labels + rng.normal(0, 30, 150)
    file = write(tmp_path / "one.csv", "height,kind", x.round(3), names)
    session = session_after(RunConfig(data=file, hidden=(8,)), 80)
    cells, places, span, rows = curve_units(session, 90, 40)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    shares = network.predict(data.preparation.inputs(places[:, None]))
    if classes == 2:
        # of two classes one curve tells all
        assert f"probability of {data.class_names[1]}" in text(cells)
        dots = dots_of(cells, rows, GUTTER, ink(CLASS_POINTS[1], bold=True))
        assert check_curve(dots, shares[:, 1], span).size == places.size
        assert not dots_of(cells, rows, GUTTER, ink(CLASS_POINTS[0], bold=True)).any()
        return
    assert "probability of each class" in text(cells)
    tall = 4 * rows
    step = (span[1] - span[0]) / tall
    centres = span[1] - (np.arange(tall) + 0.5) * step
    for label in range(3):
        dots = dots_of(cells, rows, GUTTER, ink(CLASS_POINTS[label], bold=True))
        # where two curves meet, one covers the other
        drawn_at = np.flatnonzero(dots.any(axis=0))
        assert drawn_at.size > 0.3 * places.size
        for at in drawn_at.tolist():
            near, marked = shares[max(0, at - 1) : at + 2, label], centres[dots[:, at]]
            assert marked.max() <= near.max() + 1.5 * step
            assert marked.min() >= near.min() - 1.5 * step
    for name in data.class_names:
        assert name in cells.lines()[-1]


# --- numbers over two features


def standardised_hill(tmp_path: Path) -> RunConfig:
    """Return a run on numbers far from 0, over two features in unlike units."""
    rng = np.random.default_rng(2)
    a, b = rng.uniform(100, 200, 160), rng.uniform(0.1, 0.2, 160)
    height = 5000 + 1000 * np.sin(a / 10) + 8000 * b + rng.normal(0, 300, 160)
    file = write(tmp_path / "hill.csv", "a,b,height", a.round(4), b.round(6), height.round(3))
    return RunConfig(data=file, hidden=(8,))


@pytest.mark.parametrize("source", ["bumps", "file"])
def test_a_residual_points_to_the_side_on_which_its_sample_lies(
    tmp_path: Path, source: str
) -> None:
    config = PRESETS["bumps"].config() if source == "bumps" else standardised_hill(tmp_path)
    session = session_after(config, 5)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    width, height = 150, 60
    cells = drawn(BoundaryPanel, session, width, height)
    columns, rows = width - 2 - MAP_GUTTER, 2 * (height - 2 - 2)
    features = data.preparation.features
    window = Window.around(
        np.concatenate([features(data.x_train), features(data.x_test)]), columns, rows
    )
    lying: dict[tuple[int, int], list[float]] = {}
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        true = data.preparation.in_units(np.asarray(y, np.float64))[:, 0]
        residuals = true - data.preparation.in_units(network.predict(x))[:, 0]
        places = zip(*window.pixels(features(x)), residuals.tolist(), strict=True)
        for row, column, residual in places:
            lying.setdefault((1 + int(row) // 2, 1 + MAP_GUTTER + int(column)), []).append(residual)
    scale = NumberScale.of(data, 0)
    level, near = (scale.high - scale.low) / len(scale.colours), 3
    seen = {"▲": 0, "△": 0, "▼": 0, "▽": 0, "●": 0, "○": 0}
    for at, residuals_here in lying.items():
        glyph = str(cells.glyphs[at])
        assert glyph in seen
        if len(residuals_here) > 1:
            continue  # one covers the other
        (residual,) = residuals_here
        seen[glyph] += 1
        if glyph in "▲△":
            assert residual > near * level
        elif glyph in "▼▽":
            assert residual < -near * level
        else:
            assert abs(residual) < (near + 1) * level
    assert all(count >= 2 for count in seen.values()), seen
    legend = cells.lines()[-2]
    assert legend.index("▲") < legend.index("▼") < legend.index("the map")


# --- more features


def test_axes_are_in_the_units_of_the_features() -> None:
    session = session_after(WINE, 20)
    data = session.data
    assert data is not None
    proline, hue = data.feature_names.index("proline"), data.feature_names.index("hue")
    lines = drawn(BoundaryPanel, session, 70, 30, plane=PlaneChoice(proline, hue)).lines()
    left, name, right = lines[-3].replace("−", "-").strip("│ ").split()
    assert name == "proline"
    # its own range is 278 to 1680, of which a standardised one has from about -1.5 to 3
    assert -200 < float(left) < 278
    assert 1680 < float(right) < 2200
    numbers = [line[1 : 1 + MAP_GUTTER].strip().replace("−", "-") for line in lines[1:-3]]
    top, bottom = float(numbers[0]), float(numbers[-1])
    assert 0 < bottom < 0.48
    assert 1.71 < top < 2.2
    assert "hue" in numbers


def test_features_of_unlike_units_fill_the_panel() -> None:
    session = session_after(WINE, 20)
    data = session.data
    assert data is not None
    proline, hue = data.feature_names.index("proline"), data.feature_names.index("hue")
    cells = drawn(BoundaryPanel, session, 70, 30, plane=PlaneChoice(proline, hue))
    markers = [*TRAIN_MARKERS, *TEST_MARKERS, WRONG_TRAIN, WRONG_TEST]
    inside = cells.glyphs[1:-3, 1 + MAP_GUTTER : -1]
    rows, columns = np.nonzero(np.isin(inside, markers))
    assert np.ptp(rows) > 0.6 * len(inside)
    assert np.ptp(columns) > 0.6 * inside.shape[1]


@pytest.mark.parametrize("held", [None, 0, 57])
def test_the_map_shows_what_is_predicted_with_the_other_features_held(held: int | None) -> None:
    session = session_after(WINE, 40)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    across, up = data.feature_names.index("color intensity"), data.feature_names.index("proline")
    plane = PlaneChoice(across, up, held)
    width, height = 90, 40
    cells = drawn(BoundaryPanel, session, width, height, plane=plane, show_test=False)
    columns, rows = width - 2 - MAP_GUTTER, 2 * (height - 2 - 2)
    train = data.preparation.features(data.x_train)
    everything = np.concatenate([train, data.preparation.features(data.x_test)])
    window = Window.around(everything[:, [across, up]], columns, rows)
    others = train.mean(axis=0) if held is None else train[held]
    points = np.tile(others, (rows * columns, 1))
    points[:, [across, up]] = window.points()
    inputs = data.preparation.inputs(points)
    predicted = network.predict(inputs).argmax(axis=1).reshape(rows, columns)
    sure = classify(network, inputs)[1].reshape(rows, columns)
    compared, seen = 0, set()
    for row in range(0, rows, 2):
        for column in range(columns):
            at = 1 + row // 2, 1 + MAP_GUTTER + column
            if cells.glyphs[at] not in " ▀":
                continue
            here = int(predicted[row + 1, column])
            shown = background(cells, *at)
            assert shown in (*CLASS_FIELDS[here], UNCERTAIN)
            assert (shown == UNCERTAIN) == (sure[row + 1, column] < 1 / 27)
            upper = style(int(cells.inks[at])).color
            if cells.glyphs[at] == "▀":
                assert upper is not None
                assert upper.name in (*CLASS_FIELDS[int(predicted[row, column])], UNCERTAIN)
            seen.add(here)
            compared += 1
    assert compared > 0.8 * columns * rows / 2
    assert len(seen) >= 2
    title = cells.lines()[0]
    assert ("others at mean" if held is None else f"others at sample {held + 1}") in title


def test_a_sample_at_which_others_are_held_lies_on_the_plane() -> None:
    data = session_after(WINE, 0).data
    assert data is not None
    features = data.preparation.features(data.x_train)
    plane = Plane.through(data, PlaneChoice(3, 8, 21))
    there = plane.features(plane.coordinates(features[21:22]))
    assert there == pytest.approx(features[21:22])
    # and the others do not
    assert plane.features(plane.coordinates(features[:1])) != pytest.approx(features[:1])


@pytest.mark.parametrize("width", [38, 58])
def test_the_legend_of_a_fitted_curve_is_whole_in_a_small_map(width: int) -> None:
    session = session_after(PRESETS["sine"].config(), 1)
    legend = curve_units(session, width, 10)[0].lines()[-1]
    assert all(word in legend for word in ("y  ", "⠒⠒", "● train", "○ test"))
    assert ("predicted" in legend) == (width > 50)


# --- map


def test_map_colours_are_the_predicted_classes() -> None:
    run = session_after(MOONS, 100)
    assert run.network is not None
    assert run.data is not None
    cells = drawn(BoundaryPanel, run, 60, 24, show_test=False)
    everything = np.concatenate([run.data.x_train, run.data.x_test])
    window = Window.around(everything, 60 - 2 - 6, 2 * (24 - 2 - 2))
    labels, certainty = classify(run.network, window.points())
    labels = labels.reshape(window.rows, window.columns)
    certainty = certainty.reshape(window.rows, window.columns)
    compared = 0
    for row in range(0, window.rows, 2):
        for column in range(window.columns):
            at = 1 + row // 2, 1 + 6 + column
            if cells.glyphs[at] not in " ▀":
                continue
            lower = background(cells, *at)
            sure = certainty[row + 1, column]
            fields = CLASS_FIELDS[labels[row + 1, column]]
            # 27 levels from one class to the other, the uncertain one in the middle
            level = min(13, int((27 * sure + 1) / 2))
            assert lower == (UNCERTAIN, *fields)[level]
            compared += 1
    assert compared > 800


def test_markers_of_samples_by_class_and_correctness() -> None:
    run = session_after(MOONS, 4)
    assert run.network is not None
    assert run.data is not None
    with_test = text(drawn(BoundaryPanel, run, 100, 40))
    without = text(drawn(BoundaryPanel, run, 100, 40, show_test=False))
    for label in (0, 1):
        assert with_test.count(TEST_MARKERS[label]) > 0
        assert without.count(TEST_MARKERS[label]) == 0
        assert without.count(TRAIN_MARKERS[label]) > 5
    wrong = classify(run.network, run.data.x_train)[0] != run.data.y_train
    assert wrong.any()
    # two may fall into one cell, and one stands in the legend
    assert 1 < without.count(WRONG_TRAIN) <= np.count_nonzero(wrong) + 1


def test_map_keeps_the_aspect_ratio() -> None:
    run = session_after(MOONS, 1)
    assert run.data is not None
    for columns, rows in ((20, 60), (120, 20), (52, 40)):
        window = Window.around(run.data.x_train, columns, rows)
        across = (window.right - window.left) / columns
        assert across == pytest.approx((window.top - window.bottom) / rows)
        low, high = run.data.x_train.min(axis=0), run.data.x_train.max(axis=0)
        assert window.left < low[0] < high[0] < window.right
        assert window.bottom < low[1] < high[1] < window.top


@pytest.mark.parametrize("classes", [2, 5, 20])
def test_any_number_of_classes_has_a_map_and_a_legend(classes: int) -> None:
    run = session_after(RunConfig(dataset="blobs", classes=classes, samples=200), 5)
    cells = drawn(BoundaryPanel, run, 110, 40)
    assert f"{TRAIN_MARKERS[0]} 0" in text(cells)
    assert f"{TRAIN_MARKERS[1]} 1" in text(cells)
    assert "wrong" in text(cells)


def test_a_legend_without_room_for_a_class_says_how_many_there_are() -> None:
    cells = Cells(46, 1)
    run = session_after(RunConfig(dataset="blobs", classes=20, samples=200), 0)
    assert run.data is not None
    names = tuple(f"a class with a very long name, number {number:,}" for number in range(20))
    draw_legend(cells, 0, replace(run.data, class_names=names), show_test=True)
    assert cells.lines()[0].strip().startswith("20 classes  ")
    assert "more" not in cells.lines()[0]


def test_axes_show_names_and_ranges_of_the_features() -> None:
    lines = drawn(BoundaryPanel, session_after(XOR, 1), 60, 20).lines()
    axis = lines[-3]
    assert "x₁" in axis
    ends = axis.replace("−", "-").strip("│ ").split()
    numbers = [float(part) for part in ends if part != "x₁"]
    assert numbers[0] < 0 < 1 < numbers[1]
    assert any("x₂" in line[:8] for line in lines)


def test_plane_through_more_than_two_features() -> None:
    run = session_after(IRIS, 100)
    assert run.network is not None
    assert run.data is not None
    lines = drawn(BoundaryPanel, run).lines()
    assert any("PC 1" in line for line in lines)
    assert any("PC 2" in line for line in lines)
    assert "setosa" in lines[-2]
    plane = Plane.through(run.data)
    # a sample lies where its projection does, and the plane is where the data spreads most
    features = run.data.preparation.features(run.data.x_train)
    coordinates = plane.coordinates(features)
    assert plane.projection @ plane.axes.T == pytest.approx(np.eye(2))
    assert coordinates.var(axis=0).sum() > 0.95 * run.data.x_train.var(axis=0).sum()
    assert plane.coordinates(plane.features(coordinates)) == pytest.approx(coordinates)


def test_map_of_a_regression() -> None:
    run = session_after(BUMPS, 150)
    last = run.timeline.last()
    assert last is not None
    cells = drawn(BoundaryPanel, run)
    assert "prediction" in cells.lines()[0]
    assert f"R² {last.train_score:.3f} train" in cells.lines()[0]
    assert "R²" in drawn(ScorePanel, run).lines()[0]
    assert f"train {last.train_score:.3f}" in drawn(ScorePanel, run).lines()[0]
    shown = {background(cells, row, column) for row in range(2, 16) for column in range(8, 58)}
    assert len(shown & set(DIVERGING)) >= 5  # hills, hollows, and what lies between
    assert "y −" in cells.lines()[-2]
    legend = drawn(BoundaryPanel, run, 100).lines()[-2]
    assert "▲ above ▼ below the map  filled train, open test" in legend
    status = StatusLine(run).draw(120, 1).lines()[0]
    assert f"R²  {last.train_score:.3f} /  {last.test_score:.3f}" in status
    assert text(drawn(ActivationsPanel, run, 100)).count("y") >= 1


# --- line between classes


def line_cells(cells: Cells) -> list[tuple[int, int]]:
    """Return the cells with dots of the line between classes."""
    dots = (cells.glyphs >= "\u2801") & (cells.glyphs <= "\u28ff")
    return [
        (row, column)
        for row, column in np.argwhere(dots).tolist()
        if get_ink(int(cells.inks[row, column])).foreground == BOUNDARY
    ]


@pytest.mark.parametrize("name", ["moons", "spiral", "digits"])
def test_a_line_lies_where_the_predicted_class_changes(name: str) -> None:
    session = session_after(PRESETS[name].config(), 20)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    panel = BoundaryPanel(session, ViewOptions(show_test=False))
    cells = panel.draw(80, 34)
    view = panel._picture
    assert isinstance(view, MapView)
    inputs = data.preparation.inputs(view.plane.features(view.window.points()))
    labels = network.predict(inputs).argmax(axis=1).reshape(2 * view.rows, view.columns)
    changes = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        moved = np.diff(labels, axis=axis) != 0
        for part in (slice(1, None), slice(None, -1)):
            changes[(part, slice(None)) if axis == 0 else (slice(None), part)] |= moved
    found = line_cells(cells)
    assert len(found) > 15
    for row, column in found:
        top, left = 2 * (row - 1), column - 1 - MAP_GUTTER
        assert changes[max(0, top - 1) : top + 3, max(0, left - 1) : left + 2].any()
    # and it is whole, except under samples
    for row, column in np.argwhere(changes).tolist():
        at = 1 + row // 2, 1 + MAP_GUTTER + column
        near = cells.glyphs[at[0] - 1 : at[0] + 2, at[1] - 1 : at[1] + 2]
        assert (~np.isin(near, [" ", "▀"])).any(), at


def test_the_line_of_two_classes_is_where_the_probability_is_a_half() -> None:
    rows, columns = 12, 20
    across = np.arange(columns) + 0.5
    logits = np.tile(across - 7.3, (1, rows, 1))
    dots = boundary_dots((logits[0] > 0).astype(np.int64), logits)
    assert np.flatnonzero(dots.any(axis=0)).tolist() == [14]  # 7.3 pixels of two dots
    assert dots[:, 14].all()
    pair = np.concatenate([-logits, logits])
    assert (boundary_dots(pair.argmax(axis=0), pair) == dots).all()
    for pixels in ((1, 1), (1, 4), (4, 1)):
        assert boundary_dots(np.zeros(pixels, np.int64), np.zeros((1, *pixels))).sum() == 0
    odd = np.full((3, 4, 4), np.nan)
    assert boundary_dots(np.arange(16).reshape(4, 4) % 3, odd).any()


def test_a_line_that_hardly_moves_stays_until_the_run_rests() -> None:
    line = BoundaryLine()
    dots = np.zeros((16, 16), bool)
    dots[:, 6] = True
    line.move(dots, exact=True)
    near, far = np.roll(dots, 1, axis=1), np.roll(dots, 3, axis=1)
    line.move(near, exact=False)
    assert (line.dots == dots).all()
    line.move(far, exact=False)
    assert (line.dots == far).all()
    line.move(np.roll(far, 1, axis=1), exact=True)
    assert (line.dots != far).any()
    # it is computed again when a pixel changes its class
    logits = np.linspace(-1, 1, 8)[None, None].repeat(8, axis=1)
    labels = (logits[0] > 0).astype(np.int64)
    line.update(labels, logits, exact=True)
    before = line.dots
    line.update(labels, logits + 0.2, exact=False)
    assert line.dots is before
    moved = logits - 0.9
    line.update((moved[0] > 0).astype(np.int64), moved, exact=False)
    assert (line.dots != before).any()
    line.update(np.zeros_like(labels), np.full_like(logits, np.nan), exact=False)
    assert not line.dots.any()


@pytest.mark.parametrize(
    ("name", "width", "wanted"),
    [
        ("moons", 60, "p(▲) 0      0.5      1"),
        ("moons", 110, "p(▲) 0      0.5      1"),
        ("spiral", 60, "guess      certain"),
    ],
)
def test_the_colours_of_a_map_are_explained(name: str, width: int, wanted: str) -> None:
    session = session_after(PRESETS[name].config(), 2)
    lines = drawn(BoundaryPanel, session, width).lines()
    assert sum(wanted in line for line in lines) == 1
    assert "% train" in lines[0]
    narrow = drawn(BoundaryPanel, session, 40).lines()
    assert not any(wanted in line for line in narrow)
    assert "% train" in narrow[0]
