"""Network panel: its lines are the weights, and the cursor reaches each of them."""

from itertools import pairwise

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from core import RunConfig
from core.analysis.edges import Edge, count_edges, edges, parameter_index
from core.analysis.prediction_map import quantize
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import BRIGHT, DIVERGING, style
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.panels.network.drawing import NEGATIVE, POSITIVE, draw_edges, edge_colour
from tui.panels.network.layout import NetworkLayout, distinct_names
from tui.panels.network.panel import NetworkPanel
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel
from tui.screens.prompts import NumberScreen, number_of

SIZES = ((30, 8), (46, 12), (58, 20), (100, 30), (198, 30))
BRAILLE = range(0x2801, 0x2900)


def after(name: str, epochs: int = 20, state: State = State.PAUSED) -> RunModel:
    return session_after(PRESETS[name].config(), epochs, state)


def panel_of(session: RunModel, **options: object) -> NetworkPanel:
    return NetworkPanel(session, ViewOptions(**options))  # type: ignore[arg-type]


def colour(cells: Cells, row: int, column: int) -> str:
    found = style(int(cells.inks[row, column])).color
    return "" if found is None else found.name


def background(cells: Cells, row: int, column: int) -> str:
    found = style(int(cells.inks[row, column])).bgcolor
    return "" if found is None else found.name


def lines_in(cells: Cells) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row in range(cells.height)
        for column in range(cells.width)
        if ord(cells.glyphs[row, column] or " ") in BRAILLE
    ]


def dots_of(glyph: str) -> int:
    return (ord(glyph) - 0x2800).bit_count()


def layout_of(panel: NetworkPanel) -> NetworkLayout:
    assert panel._layout is not None
    return panel._layout


def with_one_weight(value: float, source: int = 1, target: int = 2) -> RunModel:
    session = after("xor", 1)
    assert session.network is not None
    session.network.parameters[:] = 0
    session.network.weights[0][source, target] = value
    return session


@pytest.mark.parametrize(
    ("weight", "strength", "expected"),
    [
        (1.0, 1.0, DIVERGING[-1]),
        (0.5, 0.5, DIVERGING[-5]),
        (0.1, 0.1, DIVERGING[-8]),
        (-1.0, 1.0, DIVERGING[0]),
        (-0.5, 0.5, DIVERGING[4]),
        (-0.1, 0.0, DIVERGING[7]),
    ],
)
def test_an_edge_has_the_colour_of_its_sign_and_its_strength(
    weight: float, strength: float, expected: str
) -> None:
    assert edge_colour(weight, strength) == expected


@pytest.mark.parametrize("weight", [3.0, -3.0])
def test_a_line_goes_from_its_source_to_its_target_in_its_colour(weight: float) -> None:
    cells = Cells(60, 20)
    layout = NetworkLayout.of((2, 4, 2), (0, 0), [None, None, None], 60, 20)
    assert layout is not None
    draw_edges(cells, layout, [Edge(0, 1, 2, weight, 1.0, 0)])
    source, target = layout.columns[:2]
    drawn = lines_in(cells)
    assert (source.row_of(1), source.left + source.width) in drawn
    assert (target.row_of(2), target.left - 2) in drawn
    columns = {column for _, column in drawn}
    assert columns == set(range(source.left + source.width, target.left - 1))
    assert {colour(cells, *place) for place in drawn} == {edge_colour(weight, 1.0)}


def test_a_strong_edge_is_two_dots_thick() -> None:
    counts = []
    for strength in (0.5, 1.0):
        cells = Cells(60, 20)
        layout = NetworkLayout.of((2, 4, 2), (0, 0), [None, None, None], 60, 20)
        assert layout is not None
        draw_edges(cells, layout, [Edge(0, 0, 3, 1.0, strength, 0)])
        counts.append(sum(dots_of(cells.glyphs[place]) for place in lines_in(cells)))
    assert counts[1] > 1.7 * counts[0]


def test_without_colours_lines_of_negative_weights_are_dotted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = []
    for weight in (-1.0, 1.0):
        cells = Cells(60, 20)
        layout = NetworkLayout.of((2, 4, 2), (0, 0), [None, None, None], 60, 20)
        assert layout is not None
        draw_edges(cells, layout, [Edge(0, 0, 3, weight, 0.5, 0)], dotted=True)
        counts.append(sum(dots_of(cells.glyphs[place]) for place in lines_in(cells)))
    assert 2 * counts[0] < counts[1]
    panel = panel_of(after("xor"))
    coloured = panel.draw(66, 24)
    monkeypatch.setattr(NetworkPanel, "_renderer", CellRenderer(TerminalLook("none")))
    panel.redraw()
    plain = panel.draw(66, 24)
    assert (plain.glyphs != coloured.glyphs).any()
    assert "· −" in plain.lines()[0]


def test_a_strong_edge_covers_a_weak_one() -> None:
    layout = NetworkLayout.of((2, 4, 2), (0, 0), [None, None, None], 60, 20)
    assert layout is not None
    strong, weak = Edge(0, 0, 3, 1.0, 1.0, 0), Edge(0, 1, 0, -0.2, 0.2, 0)
    alone, both = Cells(60, 20), Cells(60, 20)
    draw_edges(alone, layout, [strong])
    draw_edges(both, layout, [strong, weak])
    for place in lines_in(alone):
        assert colour(both, *place) == POSITIVE[-1]
        assert both.glyphs[place] == alone.glyphs[place]
    assert any(colour(both, *place) == NEGATIVE[0] for place in lines_in(both))


@pytest.mark.parametrize("weight", [2.5, -2.5])
@pytest.mark.parametrize("size", SIZES[1:])
def test_the_strongest_edge_is_drawn(weight: float, size: tuple[int, int]) -> None:
    panel = panel_of(with_one_weight(weight))
    cells = panel.draw(*size)
    source, target = layout_of(panel).columns[:2]
    # inside of the frame
    start = 1 + source.row_of(1), 1 + source.start
    assert start in lines_in(cells)
    assert colour(cells, *start) == edge_colour(weight, 1.0)
    end = 1 + target.row_of(2), target.end
    assert end in lines_in(cells)
    assert colour(cells, *end) == edge_colour(weight, 1.0)


def test_the_title_counts_the_edges_that_are_drawn() -> None:
    session = after("digits", 1)
    assert session.network is not None
    assert count_edges(session.network) == 2368
    assert "54 of 2,368 weights" in panel_of(session).draw(80, 20).lines()[0]
    assert "· 16 weights" not in panel_of(after("xor", 1)).draw(80, 20).lines()[0]
    assert " 16 weights" in panel_of(after("xor", 1)).draw(80, 20).lines()[0]


@pytest.mark.parametrize("name", ["xor", "moons", "iris", "digits", "bumps", "languages"])
@pytest.mark.parametrize("size", SIZES)
def test_columns_of_nodes_never_overlap(name: str, size: tuple[int, int]) -> None:
    session = after(name, 1)
    panel = panel_of(session)
    panel.draw(*size)
    layout = layout_of(panel)
    width, height = size[0] - 2, size[1] - 2
    for left, right in pairwise(layout.columns):
        # between them: a line of some length, and the bias
        assert right.left - (left.left + left.width) >= 4
    assert layout.columns[0].left >= layout.left_names
    last = layout.columns[-1]
    assert last.left + last.width + layout.right_names <= width
    for column in layout.columns:
        assert len(set(column.rows)) == len(column.rows) == len(column.units)
        assert all(0 <= row < height for row in column.rows)
        for above, below in pairwise(column.rows):
            assert below > above
        for above, below in pairwise(column.tops):
            assert below - above >= column.height


def test_deep_networks_show_the_layers_around_the_cursor() -> None:
    config = PRESETS["moons"].config().changed(hidden=(3,) * 9)
    session = session_after(config, 1, State.PAUSED)
    panel = panel_of(session, inspecting=True, cursor=Cursor(5, 1))
    cells = panel.draw(46, 12)
    layout = layout_of(panel)
    shown = range(layout.first, layout.first + len(layout.columns))
    assert 6 in shown
    assert len(shown) < 11
    assert any("[2]" in line for line in cells.lines())


def test_names_stand_at_the_inputs_and_outputs() -> None:
    text = "\n".join(panel_of(after("iris", 1)).draw(100, 30).lines())
    for name in ("sepal length", "petal width", "setosa", "versicolor", "virginica"):
        assert name in text
    narrow = "\n".join(panel_of(after("iris", 1)).draw(46, 12).lines())
    assert "sepal" in narrow
    assert "…" in narrow


def test_a_word_that_all_names_share_goes_first() -> None:
    assert distinct_names(("pixel 1,1", "pixel 1,2"), 4) == ("1,1", "1,2")
    assert distinct_names(("pixel 1,1", "pixel 1,2"), 9) == ("pixel 1,1", "pixel 1,2")
    assert distinct_names(("petal length", "sepal width"), 4) == ("petal length", "sepal width")
    assert distinct_names((), 4) == ()


def test_two_classes_told_by_one_output_have_one_node() -> None:
    config = PRESETS["moons"].config().changed(loss="binary_cross_entropy")
    panel = panel_of(session_after(config, 3, State.PAUSED))
    assert "▲ 1" in "\n".join(panel.draw(80, 24).lines())
    assert layout_of(panel).columns[-1].size == 1


def test_of_more_units_than_rows_the_strongest_and_the_selected_one_are_shown() -> None:
    session = after_digits()
    assert session.network is not None
    outgoing = np.abs(session.network.weights[1]).sum(axis=1)
    panel = panel_of(session)
    lines = panel.draw(80, 20).lines()
    shown = layout_of(panel).columns[1].units
    assert list(shown) == sorted(shown)
    assert outgoing[list(shown)].min() >= np.delete(outgoing, shown).max()
    assert f"+ {32 - len(shown)} units" in lines[-2]
    assert "Σ|w| out" in lines[0]
    hidden = next(unit for unit in range(32) if unit not in shown)
    panel = panel_of(session, inspecting=True, cursor=Cursor(0, hidden))
    assert f"+ {32 - len(shown)} units" in panel.draw(80, 20).lines()[-2]
    assert set(layout_of(panel).columns[1].units) - set(shown) == {hidden}


def test_shown_units_are_held_until_another_is_clearly_stronger() -> None:
    session = session_after(PRESETS["digits"].config(), 1)
    network = session.network
    assert network is not None
    panel = panel_of(session)
    panel.draw(80, 20)
    before = layout_of(panel).columns[1].units
    outgoing = np.abs(network.weights[1]).sum(axis=1)
    weakest = min(before, key=lambda unit: outgoing[unit])
    other = next(unit for unit in range(32) if unit not in before)
    network.weights[1][other] *= 1.1 * outgoing[weakest] / outgoing[other]
    panel.invalidate()
    panel.draw(80, 20)
    assert layout_of(panel).columns[1].units == before
    network.weights[1][other] *= 1.3
    panel.invalidate()
    panel.draw(80, 20)
    assert other in layout_of(panel).columns[1].units


@pytest.mark.parametrize("unit", range(32))
@pytest.mark.parametrize("height", [3, 4, 5, 8])
def test_the_unit_of_the_cursor_is_always_seen(unit: int, height: int) -> None:
    panel = panel_of(after_digits(), inspecting=True, cursor=Cursor(0, unit))
    panel.draw(80, height)
    assert unit in layout_of(panel).columns[1].units


_digits: list[RunModel] = []


def after_digits() -> RunModel:
    if not _digits:
        _digits.append(after("digits", 1))
    return _digits[0]


def test_a_node_shows_what_its_unit_gives_for_the_cursors_sample() -> None:
    session = after("xor", 60)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    for sample in range(4):
        panel = panel_of(session, inspecting=True, cursor=Cursor(0, 0, sample))
        cells = panel.draw(60, 9)  # too low for pictures
        column = layout_of(panel).columns[1]
        outputs = network.hidden_outputs(data.x_train[sample : sample + 1])[0][0]
        for unit, value in enumerate(outputs.tolist()):
            shown = background(cells, 1 + column.row_of(unit), 1 + column.left + 1)
            assert shown == DIVERGING[int(quantize(np.array(value), len(DIVERGING), -1, 1))]


def test_a_node_shows_the_mean_of_what_its_unit_gives() -> None:
    session = after("xor", 60)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    panel = panel_of(session)
    cells = panel.draw(60, 9)
    column = layout_of(panel).columns[1]
    for unit, value in enumerate(network.hidden_outputs(data.x_train)[0].mean(axis=0).tolist()):
        shown = background(cells, 1 + column.row_of(unit), 1 + column.left + 1)
        assert shown == DIVERGING[int(quantize(np.array(value), len(DIVERGING), -1, 1))]


def test_a_bias_is_a_bar_in_the_colour_of_its_sign() -> None:
    session = with_one_weight(1.0)
    assert session.network is not None
    session.network.biases[0][:] = [1.0, -0.5, 0.0, 0.01]
    panel = panel_of(session)
    cells = panel.draw(60, 20)
    column = layout_of(panel).columns[1]
    places = [(1 + row, 1 + column.end) for row in column.rows]
    assert [cells.glyphs[place] for place in places] == ["█", "▅", " ", "▁"]
    assert colour(cells, *places[0]) == POSITIVE[-1]
    assert colour(cells, *places[1]) == NEGATIVE[-1]


def test_before_the_first_epoch_it_says_what_will_be_there() -> None:
    assert "strongest weights" in "\n".join(
        panel_of(RunModel(PRESETS["moons"].config())).draw(60, 20).lines()
    )


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (398, 98)])
@pytest.mark.parametrize("name", ["xor", "digits", "sine"])
def test_a_panel_of_any_size_is_drawn(name: str, size: tuple[int, int]) -> None:
    cells = panel_of(after(name, 1), inspecting=True).draw(*size)
    assert (cells.width, cells.height) == size


def test_numbers_that_are_none_and_no_hidden_layer_are_drawn() -> None:
    session = after("moons", 1)
    assert session.network is not None
    session.network.parameters[:40] = np.nan
    session.network.parameters[40:] = np.inf
    panel_of(session).draw(100, 30)
    plain = session_after(PRESETS["moons"].config().changed(hidden=()), 1, State.PAUSED)
    assert "4 weights" in panel_of(plain).draw(60, 20).lines()[0]


def test_hostile_names_are_harmless() -> None:
    config = RunConfig(dataset="blobs", classes=3, samples=60, hidden=(3,))
    session = session_after(config, 1, State.PAUSED)
    data = session.data
    assert data is not None
    object.__setattr__(data, "class_names", ("\x1b[31mred", "[bold]\n字字字字字字字", ""))
    object.__setattr__(data, "feature_names", ("\x07\x1b]0;x\x07", "字" * 50))
    for size in SIZES:
        panel = panel_of(session, inspecting=True, cursor=Cursor(1, 1))
        assert "".join(panel.draw(*size).lines()).isprintable()


def test_a_run_that_goes_on_is_drawn_anew_at_its_own_pace() -> None:
    session = after("moons", 5, State.TRAINING)
    panel = panel_of(session)
    before = panel.draw(60, 20)
    assert session.network is not None
    session.network.parameters[:] = -session.network.parameters
    assert (panel.draw(60, 20).inks == before.inks).all()
    panel.invalidate()
    assert (panel.draw(60, 20).inks != before.inks).any()


class Alone(App[None]):
    CSS = "#network { width: 1fr; height: 1fr; }"

    def __init__(self, session: RunModel) -> None:
        super().__init__()
        self.panel = panel_of(session)
        self.requests: list[NetworkPanel.EditRequested] = []
        self.moves = 0
        self.answers: list[float | None] = []

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_network_panel_edit_requested(self, event: NetworkPanel.EditRequested) -> None:
        self.requests.append(event)

    def on_panel_cursor_moved(self, event: NetworkPanel.CursorMoved) -> None:
        self.moves += event.cursor is not None

    @property
    def cursor(self) -> tuple[int, int]:
        return self.panel.options.cursor.layer, self.panel.options.cursor.unit


async def test_arrows_move_the_cursor_through_layers_and_units() -> None:
    app = Alone(after("moons"))
    async with app.run_test(size=(70, 24)) as pilot:
        app.panel.focus()
        await pilot.press("down", "down")
        assert app.cursor == (0, 2)
        await pilot.press("right")
        assert app.cursor == (1, 2)
        assert "unit 2.3" in app.panel.shown.lines()[0]
        column = layout_of(app.panel).columns[2]
        number = 1 + column.top_of(2) // 2, column.left - 1
        assert app.panel.shown.glyphs[number] == "3"
        assert colour(app.panel.shown, *number) == BRIGHT
        await pilot.press("right", "right", "right")
        assert app.cursor == (2, 1)
        await pilot.press("left", "left", "left", "up", "up")
        assert app.cursor == (0, 0)
        assert app.moves == 11


async def test_w_walks_the_incoming_edges_and_the_bias_and_enter_asks_for_a_value() -> None:
    session = after("moons")
    network = session.network
    assert network is not None
    app = Alone(session)
    async with app.run_test(size=(70, 24)) as pilot:
        app.panel.focus()
        await pilot.press("right", "down")
        expected: list[tuple[int, str]] = [
            (parameter_index(network, 1, source, 1), f"w {source + 1}→2") for source in range(8)
        ]
        expected += [(parameter_index(network, 1, None, 1), "b 2")]
        for index, words in [*expected, expected[0]]:
            await pilot.press("w", "enter")
            await pilot.pause()
            value = float(network.parameters[index])
            assert app.requests[-1].index == index
            assert app.requests[-1].value == value
            shown = f"{words} = {value:+.3f}".replace("-", "−")
            assert shown in app.panel.shown.lines()[0]
        assert app.requests[0].description == "weight from unit 1.1 to unit 2.2"
        assert app.requests[8].description == "bias of unit 2.2"
        await pilot.press("W", "enter")
        await pilot.pause()
        assert app.requests[-1].index == expected[-1][0]
        # another unit: nothing is selected, and enter selects before it asks
        count = len(app.requests)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert len(app.requests) == count
        assert "w 1→3 =" in app.panel.shown.lines()[0]


async def test_the_selected_edge_is_bright_and_in_sight() -> None:
    app = Alone(after("digits", 1))
    async with app.run_test(size=(70, 20)) as pilot:
        app.panel.focus()
        await pilot.press(*["w"] * 40)
        layout = layout_of(app.panel)
        assert 39 in layout.columns[0].units
        place = 1 + layout.columns[0].row_of(39), 1 + layout.columns[0].start
        assert colour(app.panel.shown, *place) == BRIGHT
        assert place in lines_in(app.panel.shown)


async def test_a_normalised_unit_has_its_beta_and_its_gamma_edited() -> None:
    config = PRESETS["moons"].config().changed(batch_norm=True)
    session = session_after(config, 2, State.PAUSED)
    network = session.network
    assert network is not None
    app = Alone(session)
    async with app.run_test(size=(70, 24)) as pilot:
        app.panel.focus()
        await pilot.press("w", "w", "w", "enter")
        await pilot.pause()
        norm = network.layers[0].norm
        assert norm is not None
        network.parameters[app.requests[-1].index] = 7.5
        assert norm.beta[0] == 7.5
        assert app.requests[-1].description == "β of unit 1.1"
        await pilot.press("w", "enter")
        await pilot.pause()
        network.parameters[app.requests[-1].index] = 6.5
        assert norm.gamma[0] == 6.5
        assert app.requests[-1].description == "γ of unit 1.1"
        await pilot.press("w")
        assert "w 1→1 =" in app.panel.shown.lines()[0]  # and from the first weight again


async def test_a_unit_without_a_bias_has_only_its_weights_to_edit() -> None:
    session = session_after(PRESETS["moons"].config(bias=False), 2, State.PAUSED)
    network = session.network
    assert network is not None
    app = Alone(session)
    async with app.run_test(size=(70, 24)) as pilot:
        app.panel.focus()
        await pilot.press("w", "w")
        assert "w 2→1 =" in app.panel.shown.lines()[0]
        await pilot.press("w")
        assert "w 1→1 =" in app.panel.shown.lines()[0]
        # nothing is drawn where biases would be, and a click there selects the unit alone
        layout = layout_of(app.panel)
        column = layout.columns[1]
        places = [(1 + row, 1 + column.end) for row in column.rows]
        assert all(app.panel.shown.glyphs[place] == " " for place in places)
        await pilot.click(app.panel, offset=(places[2][1], places[2][0]))
        await pilot.click(app.panel, offset=(places[2][1], places[2][0]))
        assert app.cursor == (0, 2)
        assert not app.requests


async def test_a_click_on_a_node_moves_the_cursor_there() -> None:
    app = Alone(after("moons"))
    async with app.run_test(size=(70, 24)) as pilot:
        await pilot.pause()
        column = layout_of(app.panel).columns[2]
        offset = 1 + column.left + 1, 1 + column.row_of(5)
        await pilot.click(app.panel, offset=offset)
        assert app.cursor == (1, 5)
        assert app.moves == 1
        # where no line is, nothing is meant
        await pilot.click(app.panel, offset=(offset[0] - 6, 1))
        assert app.cursor == (1, 5)
        assert app.moves == 1


async def test_a_click_on_a_line_selects_that_edge_and_another_asks_for_its_value() -> None:
    session = after("moons")
    network = session.network
    assert network is not None
    app = Alone(session)
    async with app.run_test(size=(90, 30)) as pilot:
        await pilot.pause()
        inputs, hidden = layout_of(app.panel).columns[:2]
        # next to the node, where the lines from both inputs have come together
        middle = (inputs.start + hidden.end) // 2
        row = (inputs.row_of(0) + hidden.row_of(0)) // 2
        offset = (1 + middle, 1 + row)
        await pilot.click(app.panel, offset=offset)
        assert app.cursor == (0, 0)
        assert "w 1→1 =" in app.panel.shown.lines()[0]
        assert not app.requests
        await pilot.click(app.panel, offset=offset)
        await pilot.pause()
        assert app.requests[-1].index == parameter_index(network, 0, 0, 0)
        # and a bias is selected by its bar
        bias = (1 + hidden.end, 1 + hidden.row_of(3))
        await pilot.click(app.panel, offset=bias)
        assert "b 4 =" in app.panel.shown.lines()[0]


def test_the_edges_of_the_unit_under_the_cursor_stand_out() -> None:
    session = after("moons")
    network = session.network
    assert network is not None
    panel = panel_of(session, inspecting=True, cursor=Cursor(1, 3, 0))
    cells = panel.draw(110, 40)
    layout = layout_of(panel)
    bright = {*NEGATIVE[1:], *POSITIVE[1:]}
    loud = [place for place in lines_in(cells) if colour(cells, *place) in bright]
    assert loud
    # every bright cell lies on a line to the unit, or away from it
    own = {
        edge.index
        for edge in edges(network, 200)
        if (edge.layer, edge.target) == (1, 3) or (edge.layer, edge.source) == (2, 3)
    }
    expected = Cells(108, 38)
    draw_edges(expected, layout, [edge for edge in edges(network, 200) if edge.index in own])
    assert {(row - 1, column - 1) for row, column in loud} <= set(lines_in(expected))
    # an unpointed panel has bright lines elsewhere
    plain = panel_of(session).draw(110, 40)
    elsewhere = [place for place in lines_in(plain) if colour(plain, *place) in bright]
    assert not {(row - 1, column - 1) for row, column in elsewhere} <= set(lines_in(expected))


async def test_keys_before_there_is_a_network_do_nothing() -> None:
    app = Alone(RunModel(PRESETS["moons"].config()))
    async with app.run_test(size=(70, 24)) as pilot:
        app.panel.focus()
        await pilot.press("down", "right", "w", "enter")
        await pilot.click(app.panel, offset=(20, 10))
        assert app.requests == []
        assert app.moves == 0


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.5", 1.5),
        (" −2 ", -2.0),
        ("1e-3", 0.001),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
        ("two", None),
    ],
)
def test_only_finite_numbers_are_taken(typed: str, value: float | None) -> None:
    assert number_of(typed) == value


async def test_the_prompt_returns_a_number_or_says_what_is_wrong() -> None:
    app = Alone(after("xor", 1))
    async with app.run_test(size=(70, 24)) as pilot:
        screen = NumberScreen("weight from input [bold]\x1b x to unit 1.2", 0.25)
        app.push_screen(screen, app.answers.append)
        await pilot.pause()
        field = screen.query_one(Input)
        assert field.value == "0.25"
        field.value = "inf\x1b"
        await pilot.press("enter")
        await pilot.pause()
        about = str(screen.query_one("#about", Static).content)
        assert "expected a finite number" in about
        assert "\x1b" not in about
        field.value = "-1.75"
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [-1.75]
        app.push_screen(NumberScreen("b 1", 1.0), app.answers.append)
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [-1.75, None]


def test_the_drawn_edges_are_the_strongest_ones() -> None:
    session = after("moons")
    assert session.network is not None
    panel = panel_of(session)
    cells = panel.draw(60, 14)  # too low for pictures, whose frames and numbers cover lines
    assert "36 of 96 weights" in cells.lines()[0]
    expected = Cells(58, 12)
    draw_edges(expected, layout_of(panel), edges(session.network, 36))
    places = lines_in(expected)
    assert len(places) > 100
    for row, column in places:
        at = row + 1, column + 1
        assert cells.glyphs[at] == expected.glyphs[row, column]
        assert cells.inks[at] == expected.inks[row, column]
    assert len(lines_in(cells)) == len(places)
