"""Maps panel: every unit has a picture, which shows its outputs."""

import numpy as np
import pytest
from textual.app import App, ComposeResult

from core import RunConfig
from core.analysis.planes import Plane, PlaneChoice, Window
from core.analysis.prediction_map import quantize
from core.config.presets import PRESETS
from core.nn.activations import ACTIVATIONS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    ACCENT,
    CLASS_FIELDS,
    DIVERGING,
    SEQUENTIAL,
    UNCERTAIN,
    get_ink,
    style,
)
from tui.panels.unit_maps.panel import UnitMapsPanel
from tui.panels.unit_maps.pictures import LEAST_HEIGHT, LEAST_WIDTH, MapsLayout
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel


def after(name: str, epochs: int = 20, state: State = State.PAUSED, **changes: object) -> RunModel:
    return session_after(PRESETS[name].config().changed(**changes), epochs, state)


def panel_of(session: RunModel, **options: object) -> UnitMapsPanel:
    return UnitMapsPanel(session, ViewOptions(**options))  # type: ignore[arg-type]


def pixels_of(cells: Cells, top: int, left: int, width: int, height: int) -> list[list[str]]:
    """Read a picture back: the colours of its pixels, two for each cell."""
    rows: list[list[str]] = []
    for row in range(top, top + height):
        upper, lower = [], []
        for column in range(left, left + width):
            own = style(int(cells.inks[row, column]))
            assert own.bgcolor is not None
            assert own.color is not None
            lower.append(own.bgcolor.name)
            upper.append(own.color.name if cells.glyphs[row, column] == "▀" else lower[-1])
        rows += [upper, lower]
    return rows


def outputs_on_grid(
    session: RunModel, width: int, height: int, plane: PlaneChoice
) -> list[np.ndarray]:
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    through = Plane.through(data, plane)
    parts = [data.x_train] if data.shared else [data.x_train, data.x_test]
    coordinates = [through.coordinates(data.preparation.features(x)) for x in parts]
    window = Window.around(np.concatenate(coordinates), width, 2 * height)
    x = data.preparation.inputs(through.features(window.points()))
    return [*network.hidden_outputs(x), network.predict(x)]


@pytest.mark.parametrize("size", [(60, 24), (100, 30), (198, 58)])
@pytest.mark.parametrize(
    ("name", "changes", "plane"),
    [
        ("moons", {}, PlaneChoice()),
        ("moons", {"activation": "relu"}, PlaneChoice()),
        ("moons", {"activation": "sigmoid", "batch_norm": True}, PlaneChoice()),
        ("iris", {}, PlaneChoice()),
        ("iris", {}, PlaneChoice(0, 2)),
        ("digits", {}, PlaneChoice()),
    ],
)
def test_a_picture_is_what_its_unit_gives_at_each_place(
    name: str, changes: dict[str, object], plane: PlaneChoice, size: tuple[int, int]
) -> None:
    session = after(name, 5, State.PAUSED, **changes)
    network = session.network
    assert network is not None
    hidden = network.sizes[1:-1]
    cells = panel_of(session, plane=plane).draw(*size)
    layout = MapsLayout.of(hidden, network.sizes[-1], size[0] - 2, size[1] - 2)
    outputs = outputs_on_grid(session, layout.width, layout.height, plane)
    compared = 0
    for row, (layer, units) in enumerate(layout.rows[: layout.down]):
        for place, unit in enumerate(units):
            top, left = 1 + row * (layout.height + 1), 1 + place * (layout.width + 1)
            values, colours = outputs[layer][:, unit], tuple[str, ...]()
            if layer == len(hidden):
                field = CLASS_FIELDS[unit % len(CLASS_FIELDS)]
                colours, low, high = (UNCERTAIN, *field), 0.0, 1.0
            else:
                label = f"{layer + 1}.{unit + 1}"
                assert cells.lines()[top][left:].startswith(label)
                activation = ACTIVATIONS[network.layers[layer].activation.name]
                diverging = activation.scale in {"diverging", "unbounded"}
                colours = DIVERGING if diverging else SEQUENTIAL
                high = 1.0
                if not activation.saturates:
                    largest = np.abs(outputs[layer]).max()
                    steps = np.outer(10.0 ** np.arange(-3, 4), [1, 2, 5]).ravel()
                    high = float(steps[steps >= max(0.1, largest)][0])
                low = -high if diverging else 0.0
            levels = quantize(values, len(colours), low, high)
            expected = np.array(colours)[levels.reshape(2 * layout.height, layout.width)]
            shown = np.array(pixels_of(cells, top + 1, left, layout.width, layout.height))
            # one in a thousand may lie on the edge of two colours
            assert np.mean(shown == expected) > 0.99
            compared += 1
    assert compared >= 2


@pytest.mark.parametrize("hidden", [(4,), (8, 8), (32,), (3, 50, 2), (1,) * 9])
@pytest.mark.parametrize("size", [(28, 6), (44, 10), (56, 18), (98, 28), (196, 56)])
def test_pictures_are_large_enough_and_never_overlap(
    hidden: tuple[int, ...], size: tuple[int, int]
) -> None:
    width, height = size
    layout = MapsLayout.of(hidden, 3, width, height)
    assert layout.width >= LEAST_WIDTH
    assert layout.height >= LEAST_HEIGHT
    assert layout.across * (layout.width + 1) - 1 <= width
    assert layout.down * (layout.height + 1) <= height
    units = [(layer, unit) for layer, row in layout.rows for unit in row]
    wanted = [(layer, unit) for layer, count in enumerate(hidden) for unit in range(count)]
    assert units[: len(wanted)] == wanted
    assert units[len(wanted) :] in ([], [(len(hidden), output) for output in range(3)])
    assert all(len(row) <= layout.across for _, row in layout.rows)


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (398, 98)])
@pytest.mark.parametrize("name", ["xor", "digits", "sine"])
def test_a_panel_of_any_size_is_drawn(name: str, size: tuple[int, int]) -> None:
    cells = panel_of(after(name, 1)).draw(*size)
    assert (cells.width, cells.height) == size


def test_before_the_first_epoch_and_without_units_it_speaks() -> None:
    untold = "\n".join(panel_of(RunModel(PRESETS["moons"].config())).draw(60, 20).lines())
    assert "each hidden unit" in untold
    without = "\n".join(panel_of(after("moons", 1, hidden=())).draw(60, 20).lines())
    assert "no hidden layer" in without


def test_the_units_of_the_cursor_are_told_only_when_inspecting() -> None:
    session = after("moons")

    def bright(**options: object) -> set[str]:
        cells = panel_of(session, cursor=Cursor(1, 2), **options).draw(100, 30)
        found = set()
        for row in range(1, 29):
            line = "".join(
                glyph if _colour(cells, row, column) == ACCENT else " "
                for column, glyph in enumerate(cells.glyphs[row].tolist())
            )
            found |= set(line.replace("▐", " ").replace("▌", " ").replace("─", " ").split())
        return found

    assert bright() == set()
    assert bright(inspecting=True) == {"2.3"}


def _colour(cells: Cells, row: int, column: int) -> str:
    colour = style(int(cells.inks[row, column])).color
    return "" if colour is None else colour.name


def test_more_pictures_than_fit_are_scrolled() -> None:
    panel = panel_of(after("digits", 1))
    first = panel.draw(70, 20).lines()
    assert "21 of 32 units (↑ ↓)" in first[0]
    assert "1.1 " in first[1]
    panel.action_scroll_maps(1)
    assert "1.8 " in panel.draw(70, 20).lines()[1]
    for _ in range(20):
        panel.action_scroll_maps(1)
    last = panel.draw(70, 20).lines()
    assert any("1.32" in line for line in last)
    assert "18 of 32 units" in last[0]
    for _ in range(20):
        panel.action_scroll_maps(-1)
    assert panel.draw(70, 20).lines()[1] == first[1]


def test_the_cursor_brings_its_unit_into_sight() -> None:
    panel = panel_of(after("digits", 1), inspecting=True)
    panel.draw(70, 20)
    panel.options.cursor = Cursor(0, 31)
    assert any("▐1.32▌" in line for line in panel.draw(70, 20).lines())
    panel.options.cursor = Cursor(0, 0)
    assert any("▐1.1▌" in line for line in panel.draw(70, 20).lines())


async def test_keys_scroll_and_switch_to_the_weights_of_pixels() -> None:
    session = after("digits", 2)
    panel = panel_of(session)

    class Alone(App[None]):
        CSS = "#maps { width: 1fr; height: 1fr; }"

        def compose(self) -> ComposeResult:
            yield panel

    async with Alone().run_test(size=(70, 20)) as pilot:
        panel.focus()
        await pilot.press("down")
        assert "1.8 " in panel.shown.lines()[1]
        await pilot.press("up", "w")
        assert "w maps" in panel.shown.lines()[0]
        assert session.network is not None
        layout = MapsLayout.of((32,), 10, 68, 18)
        # every pixel is one of the picture
        assert (layout.width, layout.height) == (8, 5)
        shown = pixels_of(panel.shown, 2, 1, 8, 4)
        weights = session.network.weights[0][:, 0].reshape(8, 8)
        colours = np.array(DIVERGING)[
            quantize(weights, len(DIVERGING), -np.abs(weights).max(), np.abs(weights).max())
        ]
        assert shown == colours.tolist()
        await pilot.press("w")
        assert "w weights" in panel.shown.lines()[0]


async def test_a_click_on_a_picture_looks_at_that_unit() -> None:
    panel = panel_of(after("moons"))

    class Alone(App[None]):
        CSS = "#maps { width: 1fr; height: 1fr; }"
        seen: list[Cursor] = []  # noqa: RUF012 (of one test)

        def compose(self) -> ComposeResult:
            yield panel

        def on_panel_cursor_moved(self, event: UnitMapsPanel.CursorMoved) -> None:
            assert event.cursor is not None
            self.seen.append(event.cursor)

    app = Alone()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        lines = panel.shown.lines()
        row = next(at for at, line in enumerate(lines) if "2.3" in line)
        await pilot.click(panel, offset=(lines[row].index("2.3") + 2, row + 2))
        await pilot.pause()
        assert (app.seen[-1].layer, app.seen[-1].unit) == (1, 2)
        count = len(app.seen)
        await pilot.click(panel, offset=(98, 28))  # there is none
        await pilot.pause()
        assert len(app.seen) == count


def test_without_pixels_there_are_no_pictures_of_weights() -> None:
    panel = panel_of(after("moons", 1))
    before = panel.draw(80, 24).lines()
    panel.action_switch_weights()
    assert panel.draw(80, 24).lines() == before
    assert "weights" not in before[0]


def test_one_feature_has_curves() -> None:
    session = after("sine", 60)
    cells = panel_of(session).draw(100, 24)
    lines = cells.lines()
    dots = [glyph for line in lines for glyph in line if 0x2800 < ord(glyph) <= 0x28FF]
    assert len(dots) > 16 * 8
    assert "▀" not in "".join(lines)
    assert "1.8" in "".join(lines)


def test_numbers_that_are_none_are_drawn() -> None:
    session = after("moons", 1, activation="relu")
    assert session.network is not None
    session.network.parameters[:40] = np.nan
    session.network.parameters[40:] = np.inf
    panel_of(session).draw(100, 30)


def test_hostile_names_are_harmless() -> None:
    config = RunConfig(dataset="blobs", classes=3, samples=60, hidden=(3,))
    session = session_after(config, 1, State.PAUSED)
    data = session.data
    assert data is not None
    object.__setattr__(data, "class_names", ("\x1b[31mred", "[bold]\n字字字字字字字", ""))
    shown = "".join(panel_of(session).draw(100, 40).lines())
    assert shown.isprintable()
    assert "[bold]" in shown


def test_a_run_that_goes_on_is_drawn_anew_at_its_own_pace() -> None:
    session = after("moons", 5, State.TRAINING)
    panel = panel_of(session)
    before = panel.draw(100, 30)
    assert session.network is not None
    session.network.parameters[:] = -session.network.parameters
    assert (panel.draw(100, 30).inks == before.inks).all()
    panel.invalidate()
    assert (panel.draw(100, 30).inks != before.inks).any()
    # at rest every drawing is a new one
    session.state = State.PAUSED
    session.network.parameters[:] = 0
    still = panel.draw(100, 30)
    zero = DIVERGING[len(DIVERGING) // 2]
    assert {get_ink(int(number)).background for number in still.inks[2, 1:9]} == {zero}
