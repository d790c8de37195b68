"""Pictures in the nodes of the network panel, values on the lines, and the line of a unit."""

import re

import numpy as np
import pytest

from core import RunConfig
from core.analysis.planes import Plane, PlaneChoice, Window
from core.analysis.prediction_map import quantize
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, running
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import BRIGHT, CLASS_FIELDS, DIVERGING, UNCERTAIN, get_ink
from tui.panels.boundary.map_view import MapView
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.network.edge_values import value_text
from tui.panels.network.layout import NetworkLayout, NodeColumn
from tui.panels.network.node_pictures import PictureKind
from tui.panels.network.panel import NetworkPanel
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel

_runs: dict[str, RunModel] = {}


def run_of(name: str, epochs: int = 40, **changes: object) -> RunModel:
    key = f"{name} {epochs} {changes}"
    if key not in _runs:
        config = PRESETS[name].config().changed(**changes)
        _runs[key] = session_after(config, epochs, State.PAUSED)
    return _runs[key]


def drawing(
    run: RunModel, width: int, height: int, **options: object
) -> tuple[Cells, NetworkLayout]:
    panel = NetworkPanel(run, ViewOptions(**options))  # type: ignore[arg-type]
    cells = panel.draw(width, height)
    assert panel._layout is not None
    return cells, panel._layout


def pixel(cells: Cells, row: int, column: int) -> str:
    """Return the role of a pixel inside the frame of a panel, two of which are in a row of cells."""
    own = get_ink(int(cells.inks[1 + row // 2, 1 + column]))
    glyph = cells.glyphs[1 + row // 2, 1 + column]
    upper = {"▀": own.foreground, "▄": own.background}.get(glyph, own.background)
    lower = own.foreground if glyph == "▄" else own.background
    return lower if row % 2 else upper


def picture(cells: Cells, column: NodeColumn, unit: int) -> list[list[str]]:
    top = column.top_of(unit)
    return [
        [pixel(cells, top + row, column.left + at) for at in range(column.width)]
        for row in range(column.height)
    ]


@pytest.mark.parametrize(
    ("name", "size", "plane"),
    [
        ("xor", (66, 24), PlaneChoice()),
        ("moons", (66, 24), PlaneChoice()),
        ("moons", (110, 40), PlaneChoice()),
        ("iris", (66, 24), PlaneChoice(2, 3)),
    ],
)
def test_a_node_is_a_map_of_the_output_of_its_unit(
    name: str, size: tuple[int, int], plane: PlaneChoice
) -> None:
    run = run_of(name)
    network, data = run.network, run.data
    assert network is not None
    assert data is not None
    cells, layout = drawing(run, *size, plane=plane)
    shape = layout.shape
    assert shape is not None
    through = Plane.through(data, plane)
    parts = [data.x_train] if data.shared else [data.x_train, data.x_test]
    places = np.concatenate([through.coordinates(data.preparation.features(x)) for x in parts])
    window = Window.around(places, shape.width, shape.height)
    x = data.preparation.inputs(through.features(window.points()))
    outputs = network.hidden_outputs(x)
    for layer, column in enumerate(layout.columns[1:-1]):
        for unit in column.units:
            levels = quantize(outputs[layer][:, unit], len(DIVERGING), -1, 1)
            expected = np.array(DIVERGING)[levels].reshape(shape.height, shape.width)
            shown = np.array(picture(cells, column, unit))
            assert np.mean(shown == expected) > 0.97  # some values are on the edge of two colours
    probabilities = network.predict(x)
    for unit in layout.columns[-1].units:
        colours = (UNCERTAIN, *CLASS_FIELDS[unit])
        levels = quantize(probabilities[:, unit], len(colours), 0, 1)
        expected = np.array(colours)[levels].reshape(shape.height, shape.width)
        shown = np.array(picture(cells, layout.columns[-1], unit))
        assert np.mean(shown == expected) > 0.97
    # the first input changes from left to right, the second one from the top down
    across = np.array(picture(cells, layout.columns[0], 0))
    assert (across == across[0]).all()
    if name == "moons":
        down = np.array(picture(cells, layout.columns[0], 1))
        assert (down == down[:, :1]).all()
        assert DIVERGING.index(down[0, 0]) > DIVERGING.index(down[-1, 0])


def test_without_a_plane_a_node_is_a_strip_of_the_mean_output_per_class() -> None:
    run = run_of("iris")
    network, data = run.network, run.data
    assert network is not None
    assert data is not None
    assert PictureKind.of(data, PlaneChoice()) is PictureKind.MEANS
    cells, layout = drawing(run, 66, 24)
    outputs = network.hidden_outputs(data.x_train)[0]
    column = layout.columns[1]
    wide = column.width // 3
    for unit in column.units:
        shown = picture(cells, column, unit)
        for label in range(3):
            mean = float(outputs[data.y_train == label, unit].mean())
            expected = DIVERGING[quantize(np.array([mean]), len(DIVERGING), -1, 1)[0]]
            cell = {row[at] for row in shown for at in range(label * wide, (label + 1) * wide)}
            assert cell == {expected}
    assert cells.lines()[1].split()[:3] == ["│", "●", "▲"] or "●  ▲  ■" in cells.lines()[1]
    assert "mean output per class" in cells.lines()[0]


@pytest.mark.parametrize("name", ["languages", "digits", "diabetes"])
def test_texts_and_images_have_strips(name: str) -> None:
    cells, layout = drawing(run_of(name, 2), 66, 24)
    assert layout.shape is not None
    assert layout.shape.header == 1
    assert "".join(cells.lines()).isprintable()


def test_one_feature_has_curves() -> None:
    cells, layout = drawing(run_of("sine"), 66, 24)
    column = layout.columns[1]
    for unit in column.units:
        row, left = 1 + column.top_of(unit) // 2, 1 + column.left
        glyphs = cells.glyphs[row : row + column.height // 2, left : left + column.width]
        assert sum("⠀" < glyph <= "⣿" for glyph in glyphs.ravel().tolist()) >= column.width // 2


@pytest.mark.parametrize(
    ("size", "least"),
    [
        ((108, 40), (12, 12)),
        ((66, 24), (8, 8)),
        ((46, 16), (4, 4)),
        ((38, 12), (4, 4)),
        ((24, 8), None),
    ],
)
def test_pictures_become_smaller_with_the_panel_and_then_one_cell(
    size: tuple[int, int], least: tuple[int, int] | None
) -> None:
    cells, layout = drawing(run_of("xor"), *size)
    if least is None:
        assert layout.shape is None
        assert all(str(unit) in "".join(cells.lines()) for unit in range(1, 5))
        return
    assert layout.shape is not None
    assert (layout.shape.width, layout.shape.height) >= least
    for column in layout.columns:
        assert all(0 <= top <= 2 * (size[1] - 2) - column.height for top in column.tops)


def test_all_weights_of_a_small_network_are_written_beside_their_lines() -> None:
    run = run_of("xor")
    assert run.network is not None
    cells, layout = drawing(run, 66, 24)
    text = "\n".join(cells.lines())
    found = re.findall(r"[+−]\d\.\d\d", text)
    weights = [value_text(float(each)) for part in run.network.weights for each in part.flat]
    assert sorted(found) == sorted(weights)
    # none is next to another number
    assert not re.search(r"[\d█▇▆▅▄▃▂▁][+−]\d\.\d\d|[+−]\d\.\d\d[\d█▇▆▅▄▃▂▁]", text)
    assert layout.shape is not None


def test_between_many_units_only_the_weights_of_the_selected_one_are_written() -> None:
    run = run_of("moons")
    assert run.network is not None
    assert not re.search(r"[+−]\d\.\d\d", "\n".join(drawing(run, 66, 24)[0].lines()))
    cells, _ = drawing(run, 80, 24, inspecting=True, cursor=Cursor(0, 2))
    found = set(re.findall(r"[+−]\d\.\d\d", "\n".join(cells.lines()[1:])))
    assert found == {value_text(float(each)) for each in run.network.weights[0][:, 2]}


@pytest.mark.parametrize(
    ("weight", "text"),
    [(1.234, "+1.23"), (-9.996, "−10.0"), (123.4, "+123"), (-5e4, "−50k"), (np.nan, "  –  ")],
)
def test_a_weight_has_at_most_five_characters(weight: float, text: str) -> None:
    assert value_text(weight) == text
    assert len(text) <= 5


def test_the_selected_unit_is_framed() -> None:
    cells, layout = drawing(run_of("moons"), 66, 24, network_focused=True, cursor=Cursor(1, 3))
    column = layout.columns[2]
    top, left = column.top_of(3), column.left
    around = {
        *((top - 1, left + at) for at in range(-1, column.width + 1)),
        *((top + column.height, left + at) for at in range(-1, column.width + 1)),
        *((top + at, left - 1) for at in range(column.height)),
        *((top + at, left + column.width) for at in range(column.height)),
    }
    assert {pixel(cells, *each) for each in around} == {BRIGHT}
    others = [unit for unit in column.units if unit != 3]
    assert BRIGHT not in {pixel(cells, column.top_of(unit), left - 1) for unit in others}
    plain, _ = drawing(run_of("moons"), 66, 24, cursor=Cursor(1, 3))
    assert BRIGHT not in {pixel(plain, *each) for each in around}


def is_unit_line(cells: Cells, row: int, column: int) -> bool:
    """Return whether a cell has dots of the line of a unit, unlike the line between classes."""
    is_bright = get_ink(int(cells.inks[row, column])).foreground == BRIGHT
    return is_bright and "⠀" < cells.glyphs[row, column] <= "⣿"


def line_of(run: RunModel, cursor: Cursor, **options: object) -> tuple[Cells, MapView, str]:
    panel = BoundaryPanel(run, ViewOptions(network_focused=True, cursor=cursor, **options))  # type: ignore[arg-type]
    cells = panel.draw(64, 26)
    assert isinstance(panel._picture, MapView)
    return cells, panel._picture, cells.lines()[0]


def input_at(run: RunModel, view: MapView, layer: int, unit: int, row: int, column: int) -> float:
    """Return z of a unit at the centre of a cell of the map."""
    network = run.network
    assert network is not None
    window = view.window
    across = window.left + (column + 0.5) * (window.right - window.left) / view.columns
    up = window.top - (row + 0.5) * (window.top - window.bottom) / view.rows
    x = view.data.preparation.inputs(view.plane.features(np.array([[across, up]])))
    below = x if layer == 0 else network.hidden_outputs(x)[layer - 1]
    return float((below @ network.weights[layer] + network.biases[layer])[0, unit])


@pytest.mark.parametrize("layer", [0, 1])
def test_the_line_of_a_unit_is_where_its_input_is_zero(layer: int) -> None:
    run = run_of("moons")
    drawn = 0
    for unit in range(8):
        cells, view, title = line_of(run, Cursor(layer, unit), show_test=False)
        places = [
            (row, column)
            for row in range(view.rows)
            for column in range(view.columns)
            if is_unit_line(cells, 1 + row, 1 + view.gutter + column)
        ]
        z = np.array(
            [
                [input_at(run, view, layer, unit, row, column) for column in range(view.columns)]
                for row in range(view.rows)
            ]
        )
        if not places:
            assert (z > 0).all() or (z < 0).all()
            assert "everywhere" in title
            continue
        assert ("w·x + b = 0" if layer == 0 else "z = 0") in title
        drawn += 1
        for row, column in places:
            # centres of the cells around, half a cell from the edges of the map
            near = z[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            slack = float(np.ptp(near)) / 2
            assert near.min() - slack < 0 < near.max() + slack
        marks = [
            (row, column)
            for row in range(view.rows)
            for column in range(view.columns)
            if cells.glyphs[1 + row, 1 + view.gutter + column] == "+"
        ]
        if layer == 0:
            assert all(z[each] > 0 for each in marks)
    assert drawn >= 4


def test_a_map_has_no_line_unless_a_hidden_unit_is_selected() -> None:
    run = run_of("moons")
    for options in ({}, {"network_focused": True, "cursor": Cursor(2, 0)}):
        panel = BoundaryPanel(run, ViewOptions(**options))  # type: ignore[arg-type]
        cells = panel.draw(64, 26)
        assert not any(is_unit_line(cells, row, at) for row in range(26) for at in range(64))
        assert "= 0" not in cells.lines()[0]


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_weights_of_any_value_are_drawn(value: float) -> None:
    run = session_after(PRESETS["moons"].config(), 1, State.PAUSED)
    assert run.network is not None
    run.network.parameters[:] = value
    drawing(run, 66, 24, network_focused=True)
    if not np.isinf(value):
        line_of(run, Cursor(0, 0))
        line_of(run, Cursor(1, 1))


def test_many_classes_and_hidden_layers_are_drawn() -> None:
    config = RunConfig(dataset="blobs", classes=20, samples=260, hidden=(5, 5))
    run = session_after(config, 1, State.PAUSED)
    for size in ((66, 24), (110, 40), (200, 60), (40, 10)):
        drawing(run, *size, network_focused=True, cursor=Cursor(2, 19))
        drawing(run, *size, halves=False)


async def test_a_unit_is_marked_while_the_network_has_the_focus() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 10)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        driver.panel("network").focus()
        await driver.press("left", "down", "down")
        await driver.settled()
        await driver.shows("boundary unit 1.3: w·x + b")
        # the inspector would cover the network
        assert not driver.screen.options.inspecting
        assert driver.panel("network").display
        assert driver.screen.options.layer == 0  # the hidden panel follows
        driver.panel("loss").focus()
        await driver.settled()
        await driver.until(lambda: "unit 1.3" not in driver.panel("boundary").shown.lines()[0])
