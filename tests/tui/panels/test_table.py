"""Table panel: the numbers on the screen are those of the network."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from textual.app import App, ComposeResult

from core.analysis.prediction_map import quantize
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import DIVERGING, TRAIN_MARKERS, WRONG_TRAIN, style
from tui.keys import KEYS
from tui.panels.table.columns import ColumnId
from tui.panels.table.panel import OutputsTable, TablePanel
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel

SIZES = ((30, 8), (46, 12), (58, 20), (100, 30))


@cache
def after(name: str, epochs: int, state: State = State.PAUSED) -> RunModel:
    return session_after(PRESETS[name].config(), epochs, state)


def inspecting(sample: int, unit: int = 0, layer: int = 0) -> ViewOptions:
    return ViewOptions(cursor=Cursor(layer, unit, sample), inspecting=True)


def rows_of(cells: Cells, headings: int = 1) -> list[list[str]]:
    """Return the parts of each row: inputs, units and outputs."""
    lines = [line.replace("−", "-").replace("▐", " ").replace("▌", " ") for line in cells.lines()]
    return [line.split("‖") for line in lines[headings:] if "‖" in line]


def numbers_in(part: str) -> list[float]:
    return [float(word) for word in part.split() if word.lstrip("-")[:1].isdigit()]


def test_xor_shows_all_inputs_units_and_the_output_with_three_decimals() -> None:
    session = after("xor", 60)
    assert session.network is not None
    assert session.data is not None
    cells = OutputsTable().draw(session, inspecting(1, 1), 58, 6)
    assert cells.lines()[0].replace("‖", " ").split() == ["x₁", "x₂", "h1", "h2", "h3", "h4", "p"]
    rows = rows_of(cells)
    assert len(rows) == 4
    hidden = session.network.hidden_outputs(session.data.x_train)[0]
    p = session.network.predict(session.data.x_train)[:, 1]
    for at, (inputs, units, output) in enumerate(rows):
        assert numbers_in(inputs) == session.data.x_train[at].tolist()
        assert all(len(word.split(".")[1]) == 3 for word in units.split())
        assert numbers_in(units) == pytest.approx(hidden[at], abs=5.01e-4)
        assert numbers_in(output) == pytest.approx([p[at]], abs=5.01e-4)
        assert inputs[1] == TRAIN_MARKERS[int(session.data.y_train[at])]
        assert (inputs[0] == "▸") is (at == 1)
    boxed = f"▐ {hidden[1, 1]:.3f}▌".replace(" -", "−")
    assert boxed in cells.lines()[2]
    assert "-" not in "".join(cells.lines())


def test_wrong_samples_have_a_cross() -> None:
    session = after("xor", 0)
    assert session.network is not None
    assert session.data is not None
    lines = OutputsTable().draw(session, ViewOptions(), 58, 6).lines()[1:5]
    wrong = session.network.predict(session.data.x_train).argmax(axis=1) != session.data.y_train
    assert wrong.any()
    assert [line[2] == WRONG_TRAIN for line in lines] == wrong.tolist()


def test_a_cell_is_tinted_by_the_activations_scale() -> None:
    session = after("xor", 60)
    assert session.network is not None
    assert session.data is not None
    cells = OutputsTable().draw(session, ViewOptions(), 58, 6)
    hidden = session.network.hidden_outputs(session.data.x_train)[0]
    line = cells.lines()[1].replace("−", "-")
    at = line.index(f"{hidden[0, 0]:.3f}")
    colour = style(int(cells.inks[1, at])).bgcolor
    level = int(quantize(hidden[0, 0], len(DIVERGING), -1, 1))
    assert colour is not None
    assert colour.name == DIVERGING[level]


def test_all_hidden_layers_are_shown_where_there_is_room() -> None:
    session = after("moons", 20)
    assert session.network is not None
    assert session.data is not None
    wide = OutputsTable().draw(session, ViewOptions(layer=1), 180, 20)
    assert "hidden layer 1 · tanh" in wide.lines()[0]
    assert "hidden layer 2 · tanh" in wide.lines()[0]
    both = np.concatenate(session.network.hidden_outputs(session.data.x_train), axis=1)
    assert numbers_in(rows_of(wide, 2)[3][1]) == pytest.approx(both[3], abs=5.01e-4)
    narrow = OutputsTable().draw(session, ViewOptions(layer=1), 100, 20)
    assert "hidden layer 2" in narrow.lines()[0]
    assert "hidden layer 1" not in narrow.lines()[0]


@pytest.mark.parametrize("width", [30, 34, 46, 58, 100, 180])
def test_names_of_groups_are_complete_at_every_width(width: int) -> None:
    session = after("moons", 20)
    names = OutputsTable().draw(session, ViewOptions(layer=1), width, 12).lines()[0]
    assert not re.search(r"\w…", names), names


@pytest.mark.parametrize(("width", "words"), [(38, ["+ 1", "1–2 of 4"]), (26, ["1 of 4"])])
def test_columns_that_do_not_fit_are_counted_in_a_small_network_too(
    width: int, words: list[str]
) -> None:
    lines = OutputsTable().draw(after("xor", 3), ViewOptions(), width, 10).lines()
    assert all(each in lines[0] for each in words), lines[0]
    assert "h1" in OutputsTable().draw(after("xor", 3), ViewOptions(), 70, 10).lines()[0]


def test_numbers_to_predict_are_in_their_own_units() -> None:
    session = session_after(PRESETS["bumps"].config(preprocess="standard"), 20, State.PAUSED)
    data, network = session.data, session.network
    assert data is not None
    assert network is not None
    rows = rows_of(OutputsTable().draw(session, ViewOptions(), 70, 12), 2)
    given = data.preparation.in_units(network.predict(data.x_train))
    assert [numbers_in(row[2])[0] for row in rows] == pytest.approx(given[:10, 0], abs=5.01e-4)
    features = data.preparation.features(data.x_train)
    assert numbers_in(rows[0][0]) == pytest.approx(features[0], abs=5.01e-3)


def test_of_many_features_those_that_fit_are_shown_and_the_rest_is_counted() -> None:
    lines = OutputsTable().draw(after("digits", 2), ViewOptions(), 100, 20).lines()
    assert "… 61 more" in lines[0] or "… 60 more" in lines[0] or "… 62 more" in lines[0]
    assert "pixel" in lines[1]
    assert "likeliest" in lines[0]


@pytest.mark.parametrize(
    "by", [ColumnId("unit", 2, 1), ColumnId("output", 1), ColumnId("feature", 0)]
)
@pytest.mark.parametrize("descending", [False, True])
def test_it_is_sorted_by_a_column(by: ColumnId, descending: bool) -> None:
    session = after("moons", 20)
    data, network = session.data, session.network
    assert data is not None
    assert network is not None
    table = OutputsTable()
    table.sorted_by, table.descending = by, descending
    values = {
        "unit": network.hidden_outputs(data.x_train)[1][:, 2],
        "output": network.predict(data.x_train)[:, 1],
        "feature": data.x_train[:, 0],
    }[by.kind]
    order = table.order(session)
    assert sorted(order.tolist()) == list(range(len(data.y_train)))
    steps = np.diff(values[order])
    assert (steps <= 0).all() if descending else (steps >= 0).all()
    lines = table.draw(session, ViewOptions(layer=1), 100, 20).lines()
    assert ("▾" if descending else "▴") in lines[1]


def test_every_column_has_its_turn() -> None:
    session, table, seen = after("xor", 20), OutputsTable(), []
    for _ in range(10):
        table.draw(session, ViewOptions(), 58, 6)
        seen.append(table.sorted_by)
        table.sort_next()
    assert [each.kind for each in seen[:9]] == [
        "sample",
        "true",
        "feature",
        "feature",
        *["unit"] * 4,
        "output",
    ]
    assert seen[9] == seen[0]


def test_by_class_the_samples_stand_together() -> None:
    session, table = after("iris", 2), OutputsTable()
    assert session.data is not None
    table.sorted_by = ColumnId("true")
    labels = session.data.y_train[table.order(session)]
    assert (np.diff(np.asarray(labels)) >= 0).all()


def test_it_scrolls_within_what_there_is() -> None:
    session, table = after("digits", 2), OutputsTable()
    options = ViewOptions()
    first = table.draw(session, options, 58, 12)
    table.scroll(1, 1)
    second = table.draw(session, options, 58, 12)
    assert rows_of(second, 2)[0][2] == rows_of(first, 2)[1][2]
    assert numbers_in(rows_of(second, 2)[0][1])[0] == numbers_in(rows_of(first, 2)[1][1])[1]
    assert "h2" in second.lines()[1].split("‖")[1].split()[0]
    table.scroll(10_000, 10_000)
    last = table.draw(session, options, 58, 12)
    assert session.data is not None
    assert "h32" in last.lines()[1]
    assert f"{len(session.data.y_train):,} of" in "".join(word for word, _ in table.title)
    table.scroll(-10_000, -10_000)
    assert table.draw(session, options, 58, 12).lines() == first.lines()


def test_the_cursors_row_and_unit_are_brought_into_sight() -> None:
    session, table = after("moons", 5), OutputsTable()
    for sample, unit in ((100, 7), (3, 0), (149, 5)):
        cells = table.draw(session, inspecting(sample, unit, 1), 46, 12)
        marked = [line for line in cells.lines() if line.startswith("▸")]
        assert len(marked) == 1
        assert "▐" in marked[0]
    # whoever scrolls on is not held
    table.scroll(-100, 0)
    cells = table.draw(session, inspecting(149, 5, 1), 46, 12)
    assert not any(line.startswith("▸") for line in cells.lines())


@pytest.mark.parametrize("size", [*SIZES, (0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (398, 98)])
@pytest.mark.parametrize("name", ["xor", "moons", "iris", "digits", "bumps", "sine"])
def test_it_is_drawn_at_any_size(name: str, size: tuple[int, int]) -> None:
    for options in (ViewOptions(), inspecting(2, 1)):
        panel = TablePanel(after(name, 2), options)
        cells = panel.draw(*size)
        assert (cells.width, cells.height) == size
        assert all(len(line) == size[0] for line in cells.lines())


def test_without_a_hidden_layer_the_outputs_are_left() -> None:
    session = session_after(PRESETS["moons"].config(hidden=()), 2, State.PAUSED)
    cells = OutputsTable().draw(session, inspecting(0), 58, 8)
    assert "p" in cells.lines()[0].split()


def test_outputs_that_are_no_numbers_or_large_are_told() -> None:
    session = session_after(PRESETS["moons"].config(activation="relu"), 2, State.PAUSED)
    assert session.network is not None
    session.network.parameters[:] *= 1e5
    for line in OutputsTable().draw(session, ViewOptions(), 100, 20).lines():
        assert len(line) == 100
    session.network.parameters[:] = np.nan
    assert "–" in "".join(OutputsTable().draw(session, ViewOptions(), 100, 20).lines())


def test_names_that_would_move_the_cursor_are_harmless() -> None:
    for name in ("moons", "iris", "bumps"):
        session = session_after(PRESETS[name].config(), 2, State.PAUSED)
        data = session.data
        assert data is not None
        hostile = ("\x1b[2J", "x" * 300, "a\nb\t", "日本語日本語日本語")
        session.data = replace(
            data,
            feature_names=hostile[: len(data.feature_names)],
            class_names=hostile[: len(data.class_names)],
            target_names=hostile[: len(data.target_names)],
        )
        for size in SIZES:
            cells = TablePanel(session, inspecting(1)).draw(*size)
            assert "".join(cells.lines()).isprintable()


def test_no_key_of_the_panel_is_another_ones_but_the_arrows() -> None:
    taken = {key for row in KEYS if row.handler for key in row.keys.split(",")}
    taken -= {"up", "down", "left", "right"}
    keys = {str(getattr(binding, "key", "?")) for binding in TablePanel.BINDINGS}
    assert not keys & taken


class OnlyTable(App[None]):
    """The panel alone, with the focus."""

    def __init__(self, panel: TablePanel) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_the_keys_scroll_and_sort() -> None:
    panel = TablePanel(after("digits", 2, State.TRAINING), ViewOptions())
    async with OnlyTable(panel).run_test(size=(80, 16)) as pilot:
        panel.focus()
        await pilot.pause()
        assert "1–12 of 1,348 samples" in panel.shown.lines()[0]
        await pilot.press("down", "right")
        assert "2–13 of 1,348" in panel.shown.lines()[0]
        assert "units 2–" in panel.shown.lines()[0]
        await pilot.press("pagedown", "pageup", "up", "left")
        assert "1–12 of 1,348" in panel.shown.lines()[0]
        await pilot.press("c", "C")
        markers = [line[2] for line in panel.shown.lines()[3:-1]]
        assert set(markers) == {TRAIN_MARKERS[9 % len(TRAIN_MARKERS)]}
        assert "class ▾" in panel.shown.lines()[0]


def test_a_place_of_the_table_is_a_sample_and_a_unit() -> None:
    session, table = after("moons", 5), OutputsTable()
    table.scroll(20, 0)
    lines = table.draw(session, ViewOptions(layer=1), 100, 20).lines()
    column = lines[1].index("h3")
    assert table.cursor_at(Cursor(0, 0, 7), 5, column) == Cursor(1, 2, 23)
    assert table.cursor_at(Cursor(0, 0, 7), 0, 0) == Cursor(0, 0, 7)


async def test_a_click_on_a_name_sorts_by_its_column_and_another_turns_the_order() -> None:
    panel = TablePanel(after("moons", 5), ViewOptions(layer=1))
    async with OnlyTable(panel).run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        place = panel.shown.lines()[2].index("h3"), 2
        await pilot.click(panel, offset=place)
        assert panel.table.sorted_by == ColumnId("unit", 2, 1)
        assert "h3 ▴" in panel.shown.lines()[0]
        await pilot.click(panel, offset=place)
        assert "h3 ▾" in panel.shown.lines()[0]
