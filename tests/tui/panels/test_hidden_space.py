"""The hidden space panel, drawn without an application."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from textual.app import App, ComposeResult

from core.analysis.hidden_space import HiddenSpace
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import BRIGHT, CLASS_FIELDS, TRAIN_MARKERS, WRONG_TRAIN, get_ink, style
from tui.drawing.themes import theme
from tui.panels.hidden_space.panel import HiddenSpacePanel
from tui.panels.hidden_space.plot import REGION, AxisRange
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel

SIZES = ((30, 8), (46, 12), (58, 20), (100, 30))


@cache
def after(name: str, epochs: int, state: State = State.PAUSED) -> RunModel:
    return session_after(PRESETS[name].config(), epochs, state)


def panel_of(session: RunModel, **options: object) -> HiddenSpacePanel:
    panel = HiddenSpacePanel(session, ViewOptions())
    for name, value in options.items():
        setattr(panel.options, name, value)
    return panel


def text(cells: Cells) -> str:
    return "\n".join(cells.lines())


def backgrounds(cells: Cells) -> set[str]:
    colours = (style(int(number)).bgcolor for number in np.unique(cells.inks))
    return {colour.name for colour in colours if colour is not None}


def test_the_outputs_may_have_no_biases() -> None:
    session = session_after(PRESETS["moons"].config(bias=False), 30, State.PAUSED)
    assert session.network is not None
    assert session.data is not None
    shown = HiddenSpace(session.network, session.data).picture(pair=(0, 1))
    assert shown is not None
    axes, point = shown.axes, np.array([[0.3, -0.2]])
    hidden = axes.origin + (point - axes.start) @ axes.directions
    expected = hidden @ session.network.weights[-1].astype(float)
    assert shown.logits(point) == pytest.approx(expected)
    assert "PC 1 × PC 2" in panel_of(session).draw(60, 20).lines()[0]


def test_the_border_tells_what_is_seen_and_what_a_line_reaches() -> None:
    session = after("moons", 100)
    assert session.network is not None
    assert session.data is not None
    space = HiddenSpace(session.network, session.data)
    space.picture()
    first = panel_of(session).draw(100, 30).lines()[0]
    assert "hidden space PC 1 × PC 2 of 8 units" in first
    expected = (
        f"{100 * space.linear():.1f} %  in the inputs {100 * space.inputs_linear_score:.1f} %"
    )
    assert f"linear here {expected}" in first
    narrow = panel_of(session).draw(46, 12).lines()[0]
    assert f"linear {100 * space.linear():.1f}/{100 * space.inputs_linear_score:.1f} %" in narrow


def test_each_class_has_its_marker_and_wrong_ones_a_cross() -> None:
    session = after("moons", 4)
    drawn = text(panel_of(session).draw(100, 30))
    assert TRAIN_MARKERS[0] in drawn
    assert TRAIN_MARKERS[1] in drawn
    assert WRONG_TRAIN in drawn
    assert WRONG_TRAIN not in text(panel_of(after("xor", 100)).draw(58, 20))


def test_several_classes_have_regions_and_two_a_line() -> None:
    regions = {fields[REGION] for fields in CLASS_FIELDS[:3]}
    assert regions <= backgrounds(panel_of(after("iris", 60)).draw(58, 20))
    cells = panel_of(after("moons", 60)).draw(58, 20)
    assert not regions & backgrounds(cells)
    dots = (cells.glyphs >= "\u2801") & (cells.glyphs <= "\u28ff")
    bright = [style(int(number)).color for number in cells.inks[dots]]
    assert sum(colour is not None and colour.name == BRIGHT for colour in bright) > 10


def test_samples_stand_where_their_units_outputs_are() -> None:
    session = after("xor", 100)
    assert session.network is not None
    assert session.data is not None
    panel = panel_of(session)
    panel.draw(58, 20)
    panel._choices, panel._chosen = [(0, 2)], 1
    cells = panel.draw(58, 20)
    assert "h1 × h3" in cells.lines()[0]
    hidden = session.network.hidden_outputs(session.data.x_train)[-1][:, [0, 2]]
    shares = (hidden + 1 + 2 * 0.06) / (2 * (1 + 2 * 0.06))
    for (across, up), label in zip(shares, session.data.y_train, strict=True):
        row, column = 1 + int((1 - up) * 17), 1 + 6 + int(across * 50)
        assert cells.glyphs[row, column] == TRAIN_MARKERS[int(label)]
    # the axes of a bounded activation never move
    assert "−1.0" in cells.lines()[-2]
    assert "1.0" in cells.lines()[-2]


def test_the_bent_grid_stands_back_behind_the_samples() -> None:
    cells = panel_of(after("iris", 60)).draw(58, 20)
    dots = (cells.glyphs >= "\u2801") & (cells.glyphs <= "\u28ff")
    lines = [get_ink(int(number)) for number in cells.inks[dots]]
    assert len(lines) > 20
    for each in lines:
        line, paper = theme().pair(each.foreground, each.background)
        assert line == theme().colour(each.foreground)
        assert line not in {"#000000", "#ffffff"}
        assert line != paper


def test_any_two_units_can_be_chosen_and_the_components_come_back() -> None:
    panel = panel_of(after("moons", 20))
    panel.draw(100, 20)
    seen = []
    for axis in (0, 0, 1, 0):
        panel.action_next_unit(axis)
        title = panel.draw(100, 20).lines()[0]
        seen.append(title.partition("hidden space ")[2][:7])
    # never a unit against itself
    assert seen == ["h1 × h2", "h3 × h2", "h3 × h4", "h5 × h4"]
    panel.action_next_pair()
    assert "PC 1 × PC 2" in panel.draw(100, 20).lines()[0]


def test_the_cursors_sample_is_marked_only_while_one_inspects() -> None:
    session = after("moons", 60)
    cursor = Cursor(0, 0, 10)
    assert BRIGHT in backgrounds(panel_of(session, inspecting=True, cursor=cursor).draw(58, 20))
    assert BRIGHT not in backgrounds(panel_of(session, cursor=cursor).draw(58, 20))


def test_numbers_are_coloured_by_the_true_one() -> None:
    cells = panel_of(after("bumps", 60)).draw(60, 20)
    assert "R²" in cells.lines()[0]
    points = cells.inks[cells.glyphs == TRAIN_MARKERS[0]]
    assert len(np.unique(points)) >= 5


def test_an_axis_moves_rarely() -> None:
    axis = AxisRange()
    ends = set()
    for largest in np.linspace(1.0, 1.9, 50):
        axis.fit(np.array([-largest, largest]))
        assert axis.low <= -largest
        assert axis.high >= largest
        ends.add(axis.high)
    assert len(ends) <= 4
    axis.fit(np.array([-1.3, 1.3]))
    assert axis.high in ends
    axis.fit(np.array([-0.1, 0.1]))
    assert axis.high < 0.2
    assert axis.values(axis.shares(np.array([0.03]))) == pytest.approx([0.03])


def test_while_it_trains_it_is_not_drawn_in_every_frame_but_always_when_it_rests() -> None:
    for state, changes in ((State.TRAINING, False), (State.PAUSED, True)):
        session = session_after(PRESETS["moons"].config(), 20, state)
        panel = panel_of(session)
        before = panel.draw(58, 20).lines()
        assert session.network is not None
        session.network.parameters[:] *= 0.3
        assert (panel.draw(58, 20).lines() != before) is changes


def test_what_rests_is_not_computed_again() -> None:
    panel = panel_of(session_after(PRESETS["moons"].config(), 20, State.PAUSED))
    first = panel.draw(58, 20)
    assert panel.content(56, 18) is panel.content(56, 18)
    panel.action_toggle_grid()
    assert panel.draw(58, 20).lines() != first.lines()


def test_no_hidden_layer_and_numbers_that_are_not_finite_are_said_in_words() -> None:
    flat = session_after(PRESETS["moons"].config(hidden=()), 1)
    assert "no hidden layer" in text(panel_of(flat).draw(58, 20))
    broken = session_after(PRESETS["moons"].config(), 1)
    assert broken.network is not None
    broken.network.parameters[:] = np.nan
    assert "not finite" in text(panel_of(broken).draw(58, 20))
    assert "hidden layer maps" in text(panel_of(RunModel(PRESETS["moons"].config())).draw(58, 20))


@pytest.mark.parametrize("size", [*SIZES, (0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (398, 98)])
@pytest.mark.parametrize("name", ["xor", "moons", "iris", "spiral", "bumps", "sine"])
def test_it_is_drawn_at_any_size(name: str, size: tuple[int, int]) -> None:
    cells = panel_of(after(name, 2), inspecting=True).draw(*size)
    assert (cells.width, cells.height) == size
    assert all(len(line) == size[0] for line in cells.lines())


@pytest.mark.parametrize("hidden", [(1,), (2,), (300,)])
def test_it_is_drawn_with_any_number_of_units(hidden: tuple[int, ...]) -> None:
    session = session_after(PRESETS["moons"].config(hidden=hidden), 2, State.PAUSED)
    panel = panel_of(session)
    for _ in range(9):
        panel.draw(58, 20)
        panel.action_next_pair()
    assert "space" in panel.draw(58, 20).lines()[0]


def test_another_run_begins_with_the_components_again() -> None:
    panel = panel_of(after("moons", 3))
    panel.draw(58, 20)
    panel.action_next_pair()
    panel.action_next_pair()
    assert "PC 1" not in panel.draw(58, 20).lines()[0]
    panel.run = after("iris", 3)
    assert "PC 1" in panel.draw(58, 20).lines()[0]


def test_names_that_would_move_the_cursor_are_harmless() -> None:
    session = session_after(PRESETS["moons"].config(), 2, State.PAUSED)
    assert session.data is not None
    session.data = replace(
        session.data,
        feature_names=("\x1b[2J", "x" * 300),
        class_names=("\x1b[31m", "\n"),
    )
    for size in SIZES:
        assert "".join(panel_of(session).draw(*size).lines()).isprintable()


class OnlySpace(App[None]):
    """The panel alone, with the focus."""

    looked_at: Cursor | None = None

    def on_panel_cursor_moved(self, message: HiddenSpacePanel.CursorMoved) -> None:
        self.looked_at = message.cursor

    def __init__(self, panel: HiddenSpacePanel) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_the_keys_choose_the_coordinates_and_hide_the_grid() -> None:
    panel = panel_of(after("moons", 60, State.TRAINING))
    async with OnlySpace(panel).run_test(size=(80, 24)) as pilot:
        panel.focus()
        await pilot.pause()

        def dots() -> int:
            glyphs = panel.shown.glyphs
            return int(((glyphs >= "\u2801") & (glyphs <= "\u28ff")).sum())

        with_grid = dots()
        await pilot.press("g")
        assert dots() < with_grid
        titles = []
        for _ in range(8):
            titles.append(panel.shown.lines()[0].split(" of ")[0].split("──")[0])
            await pilot.press("c")
        assert "PC 1 × PC 2" in titles[0]
        assert "w·h × rest" in titles[1]
        assert all("h" in title.split("space")[1] for title in titles[2:])
        assert len(set(titles)) == 8
        assert "PC 1 × PC 2" in panel.shown.lines()[0]


async def test_a_click_looks_at_the_nearest_sample() -> None:
    session = after("xor", 100)
    panel = panel_of(session, inspecting=True, cursor=Cursor(0, 2, 0))
    app = OnlySpace(panel)
    async with app.run_test(size=(58, 20)) as pilot:
        await pilot.pause()
        rows, columns = panel._drawn_places
        for sample in range(4):
            await pilot.click(
                HiddenSpacePanel, offset=(int(columns[sample]) + 1, int(rows[sample]) + 1)
            )
            assert app.looked_at == Cursor(0, 2, sample)
