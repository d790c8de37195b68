"""Cursor of the boundary panel: predictions, keys, and requested edits."""

import os
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from core import RunConfig
from core.analysis.planes import Plane, PlaneChoice, Window
from core.config.presets import PRESETS
from core.datasets.edits import AddPoint, Edit, MovePoint, RemovePoint, apply, place_of
from core.process.messages import Run, State
from tests.tui.screens.test_training import running
from tests.tui.sessions import session_after
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import TRAIN_MARKERS, style
from tui.keys import KEYS
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.map_cursor import CellPosition
from tui.panels.boundary.map_view import MapView
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel
from tui.screens.prompts import SaveScreen

MOONS = PRESETS["moons"].config(epochs=100_000_000)
IRIS = PRESETS["iris"].config()
BUMPS = PRESETS["bumps"].config()
GUTTER = 6


def pointing(
    session: RunModel, place: tuple[int, int], size: tuple[int, int] = (70, 30), **options: object
) -> tuple[Cells, Window]:
    """Draw a panel with the cursor on; return its cells and the window of its map."""
    panel = BoundaryPanel(session, ViewOptions(**options))  # type: ignore[arg-type]
    panel.position = CellPosition(*place)
    cells = panel.draw(*size)
    assert isinstance(panel._picture, MapView)
    return cells, panel._picture.window


def text(cells: Cells) -> str:
    return "\n".join(cells.lines())


def centre(window: Window, column: int, row: int) -> np.ndarray:
    """Compute the centre of a cell in another way: between its two pixels."""
    points = window.points().reshape(window.rows, window.columns, 2)
    return np.asarray(points[2 * row : 2 * row + 2, column].mean(axis=0))[None]


@pytest.mark.parametrize("config", [MOONS, MOONS.changed(preprocess="standard")])
@pytest.mark.parametrize("place", [(5, 3), (50, 20), (30, 1)])
def test_the_numbers_read_out_are_those_of_the_network(
    config: RunConfig, place: tuple[int, int]
) -> None:
    session = session_after(config, 60)
    assert session.network is not None
    assert session.data is not None
    cells, window = pointing(session, place, layer=1)
    point = centre(window, *place)
    x = session.data.preparation.inputs(point)
    shares = session.network.predict(x)[0]
    shown = text(cells)
    for label, share in enumerate(shares):
        assert f"{TRAIN_MARKERS[label]} {label} {number_format.percent(share)} %" in shown
    hidden = session.network.hidden_outputs(x)[1][0]
    line = next(line for line in shown.split("\n") if " h₂ " in line)
    told = line.partition(" h₂ ")[2].split()[:4]
    assert told == [number_format.signed(value) for value in hidden[:4]]
    assert f"x₁ {point[0, 0]:.2f}  x₂ {point[0, 1]:.2f}".replace("-", "−") in shown
    assert cells.glyphs[1 + place[1], 1 + GUTTER + place[0]] == "┼"


def test_the_predicted_class_is_the_bold_one() -> None:
    session = session_after(MOONS, 100)
    assert session.network is not None
    seen = set()
    for place in ((20, 2), (40, 24)):
        cells, window = pointing(session, place)
        label = int(session.network.predict(centre(window, *place))[0].argmax())
        seen.add(label)
        for row, line in enumerate(cells.lines()):
            for each in (0, 1):
                found = line.find(f"{TRAIN_MARKERS[each]} {each} ")
                if found >= 0 and " %" in line[found:]:
                    bold = bool(style(int(cells.inks[row, found + 2])).bold)
                    assert bold == (each == label)
    assert seen == {0, 1}


def test_more_than_two_features_are_read_where_the_plane_is() -> None:
    session = session_after(IRIS, 100)
    assert session.network is not None
    assert session.data is not None
    choice = PlaneChoice(2, 3)
    cells, window = pointing(session, (40, 20), (90, 40), plane=choice)
    point = centre(window, 40, 20)
    plane = Plane.through(session.data, choice)
    x = session.data.preparation.inputs(plane.features(point))
    shares = session.network.predict(x)[0]
    for name, share in zip(session.data.class_names, shares, strict=True):
        assert f"{name} {number_format.percent(share)} %" in text(cells)
    assert f"petal length (cm) {point[0, 0]:.1f}"[:12] in text(cells)
    assert "A adds" not in text(cells)  # there is no one point of four features


def test_a_predicted_number_is_in_its_own_units() -> None:
    session = session_after(BUMPS, 50)
    assert session.network is not None
    assert session.data is not None
    cells, window = pointing(session, (30, 10))
    x = session.data.preparation.inputs(centre(window, 30, 10))
    value = float(session.data.preparation.in_units(session.network.predict(x))[0, 0])
    assert f"y {value:.4g}".replace("-", "−") in text(cells)


def test_a_small_map_has_its_read_out_in_the_legends_row() -> None:
    session = session_after(MOONS, 60)
    assert session.network is not None
    cells, window = pointing(session, (3, 2), (60, 10))
    shares = session.network.predict(centre(window, 3, 2))[0]
    label = int(shares.argmax())
    assert f"{label} {number_format.percent(shares[label])} %" in cells.lines()[-2]
    assert cells.glyphs[1 + 2, 1 + GUTTER + 3] == "┼"


@pytest.mark.parametrize("classes", [2, 5, 20])
@pytest.mark.parametrize("size", [(70, 30), (40, 14), (36, 12), (20, 8), (12, 6), (10, 4)])
def test_the_cursor_is_in_sight_on_a_map_of_any_size(classes: int, size: tuple[int, int]) -> None:
    session = session_after(RunConfig(dataset="blobs", classes=classes, samples=200), 3)
    for place in ((0, 0), (999, 999), (0, 999), (size[0] // 2, 3)):
        cells, _ = pointing(session, place, size)
        assert (cells.width, cells.height) == size
        assert text(cells).count("┼") == 1


def test_of_many_classes_the_prediction_comes_first_and_the_rest_is_counted() -> None:
    session = session_after(RunConfig(dataset="blobs", classes=20, samples=400), 30)
    assert session.network is not None
    cells, window = pointing(session, (5, 2), (70, 24))
    shares = session.network.predict(centre(window, 5, 2))[0]
    label = int(shares.argmax())
    assert f" {label} {number_format.percent(shares[label])} %" in text(cells)
    second = int(np.argsort(-shares, kind="stable")[1])
    lines = cells.lines()
    at = next(
        row
        for row, line in enumerate(lines)
        if f" {label} {number_format.percent(shares[label])}" in line
    )
    assert f" {second} {number_format.percent(shares[second])} %" in lines[at + 1]
    assert " more" in text(cells)


def test_a_key_that_the_screen_has_too_is_taken_while_the_cursor_is_on_and_only_then() -> None:
    taken = {key for each in KEYS if each.handler for key in each.keys.split(",")}
    panel = BoundaryPanel(session_after(MOONS, 2), ViewOptions())
    panel.draw(60, 20)
    for place in (None, CellPosition(3, 3)):
        panel.position = place
        for binding in BoundaryPanel.BINDINGS:
            assert isinstance(binding, Binding)
            action = binding.action.partition("(")[0]
            if taken & set(binding.key.split(",")):
                assert panel.check_action(action, ()) is (place is not None)
    assert "m" not in taken


class Alone(App[None]):
    """The panel, and nothing else; the screen's own arrows are counted."""

    BINDINGS: ClassVar[list[BindingType]] = [("left", "count"), ("right", "count")]

    def __init__(self, session: RunModel) -> None:
        super().__init__()
        self.session = session
        self.panel = BoundaryPanel(session, ViewOptions())
        self.edits: list[Edit] = []
        self.said: list[str] = []
        self.counted = 0
        self.applies = True

    def compose(self) -> ComposeResult:
        """Show it."""
        yield self.panel

    def action_count(self) -> None:
        """Do what the screen does with an arrow."""
        self.counted += 1

    def on_boundary_panel_data_edited(self, event: BoundaryPanel.DataEdited) -> None:
        """Apply it, as the training process would."""
        assert self.session.data is not None
        self.edits.append(event.edit)
        if not self.applies:
            return
        data = apply(self.session.data, event.edit)
        self.session.apply(Run(self.session.config, data, fresh=False, note=""))
        self.panel.repaint()

    def on_boundary_panel_note_posted(self, event: BoundaryPanel.NotePosted) -> None:
        """Keep what was said."""
        self.said.append(event.note)


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def begin(pilot: Pilot[None], app: Alone) -> None:
    app.panel.focus()
    await pilot.pause()
    app.panel.repaint()


async def test_a_point_is_added_where_the_cursor_is() -> None:
    app = Alone(session_after(MOONS, 5, State.PAUSED))
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "A", "delete", "M", "k")
        assert app.edits == []
        await press(pilot, "m", "left", "up", "k", "A")
        assert isinstance(app.panel._picture, MapView)
        place = app.panel.position
        assert place is not None
        assert app.session.data is not None
        assert app.session.data.y_train[-1] == 1
        (edit,) = app.edits
        assert isinstance(edit, AddPoint)
        assert edit.label == 1
        assert f"A adds {TRAIN_MARKERS[1]} 1" in text(app.panel.shown)
        x = app.session.data.preparation.features(app.session.data.x_train[-1:])
        assert x[0] == pytest.approx(edit.features)
        # it is drawn under the cursor
        rows, columns = app.panel._picture.window.pixels(x)
        assert (int(columns[0]), int(rows[0]) // 2) == tuple(place)
        await press(pilot, "k", "A")
        assert app.session.data.y_train[-1] == 0


async def test_a_fitted_curve_is_read_with_the_cursor_too() -> None:
    session = session_after(PRESETS["sine"].config(), 20, State.PAUSED)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    app = Alone(session)
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "m", "left", "left", "right")
        curve = app.panel._picture
        assert isinstance(curve, FittedCurve)
        assert app.panel.position is not None
        features = curve._features(app.panel.position)
        value = data.preparation.in_units(network.predict(data.preparation.inputs(features)))[0, 0]
        assert f"y {value:.4g}".replace("-", "−") in text(app.panel.shown)
        assert f"x {features[0, 0]:.1f}".replace("-", "−") in text(app.panel.shown)
        assert sum(line.count("┼") for line in app.panel.shown.lines()) == 1
        await press(pilot, "A", "M", "delete")
        assert not app.edits
        assert app.said == ["points can be edited only with two features; these data have 1"] * 3
        # a click reads there, and the sample that is looked at is marked
        await pilot.click(app.panel, offset=(1 + 7 + 10, 12))
        assert app.panel.position.column == 10
        app.panel.options.inspecting = True
        app.panel.repaint()
        assert "◉" in text(app.panel.shown)
        await press(pilot, "m")
        assert app.panel.position is None


async def test_the_nearest_point_is_moved_and_removed() -> None:
    app = Alone(session_after(MOONS, 5, State.PAUSED))
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "m")
        view, data = app.panel._picture, app.session.data
        assert isinstance(view, MapView)
        assert data is not None
        row, column = int(view.train.rows[9]) // 2, int(view.train.columns[9])
        app.panel.point_at(column, row)
        here = centre(view.window, column, row)
        pixels = (view.train.places - here) / (view.window.right - view.window.left)
        expected = int(np.linalg.norm(pixels, axis=1).argmin())
        await press(pilot, "M")
        assert app.edits == []
        assert "M moves the point here" in text(app.panel.shown)
        await press(pilot, "ctrl+left", "ctrl+up", "M")
        edit = app.edits[0]
        assert isinstance(edit, MovePoint)
        assert (edit.row, edit.at) == (expected, place_of(data, expected))
        assert app.session.data is not None
        assert place_of(app.session.data, expected) == pytest.approx(edit.features)
        assert "puts" not in text(app.panel.shown)
        count = len(data.y_train)
        await press(pilot, "delete")
        assert app.edits[1] == RemovePoint(expected, place_of(apply(data, edit), expected))
        assert len(app.session.data.y_train) == count - 1
        app.panel.point_at(0, 0)
        await press(pilot, "backspace")
        assert len(app.edits) == 2
        assert app.said == ["no training point near the cursor"]


async def test_a_sample_of_many_is_meant_by_its_own_number() -> None:
    session = session_after(MOONS.changed(samples=400), 2, State.PAUSED)
    assert session.data is not None
    whole, few = session.data, session.data.thinned(50)
    session.apply(Run(session.config, few, fresh=False, note=""))
    app = Alone(session)
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "m")
        view = app.panel._picture
        assert isinstance(view, MapView)
        app.panel.point_at(int(view.train.columns[30]), int(view.train.rows[30]) // 2)
        app.applies = False
        await press(pilot, "delete")
        (edit,) = app.edits
        assert isinstance(edit, RemovePoint)
        assert edit.at == place_of(whole, edit.row)


@pytest.mark.parametrize(
    ("name", "key", "sentence"),
    [
        ("iris", "A", "two features; these data have 4"),
        ("iris", "delete", "two features; these data have 4"),
        ("bumps", "A", "for classification only"),
        ("bumps", "k", "for classification only"),
    ],
)
async def test_what_cannot_be_edited_is_said(name: str, key: str, sentence: str) -> None:
    app = Alone(session_after(PRESETS[name].config(), 2, State.PAUSED))
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "m", key)
        assert app.edits == []
        assert sentence in app.said[-1]


async def test_arrows_go_to_the_screen_unless_the_cursor_is_on() -> None:
    app = Alone(session_after(MOONS, 2, State.PAUSED))
    async with app.run_test(size=(70, 30)) as pilot:
        await begin(pilot, app)
        await press(pilot, "left", "right")
        assert app.counted == 2
        await press(pilot, "m")
        start = app.panel.position
        assert start is not None
        await press(pilot, "right", "down", "ctrl+right", "ctrl+down", "left")
        assert app.panel.position == (start.column + 5, start.row + 6)
        assert app.counted == 2
        await press(pilot, "m", "left")
        assert "┼" not in text(app.panel.shown)
        assert app.counted == 3


async def test_a_click_puts_the_cursor_there_and_its_edges_hold() -> None:
    app = Alone(session_after(MOONS, 2, State.PAUSED))
    async with app.run_test(size=(70, 30)) as pilot:
        app.panel.repaint()
        await pilot.click(BoundaryPanel, offset=(20, 9))
        assert app.panel.has_focus
        assert app.panel.position == (20 - 1 - GUTTER, 8)
        assert app.panel.shown.glyphs[9, 20] == "┼"
        await pilot.click(BoundaryPanel, offset=(2, 9))  # next to the map
        assert app.panel.position == (20 - 1 - GUTTER, 8)
        await press(pilot, *["ctrl+left"] * 4, *["ctrl+up"] * 4)
        assert app.panel.position == (0, 0)


async def test_in_the_program_the_cursor_moves_and_time_stands_still() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        panel = driver.panel("boundary")
        assert isinstance(panel, BoundaryPanel)
        panel.focus()
        await driver.press("m")
        await driver.until(lambda: "┼" in text(panel.shown))
        start = panel.position
        assert start is not None
        await driver.press("left", "up")
        assert panel.position == (start.column - 1, start.row - 1)
        assert driver.session.past_epoch is None
        data, network = driver.session.data, driver.session.network
        assert data is not None
        assert network is not None
        assert isinstance(panel._picture, MapView)
        point = centre(panel._picture.window, *panel.position)
        share = network.predict(data.preparation.inputs(point))[0, 1]
        await driver.shows(f"{TRAIN_MARKERS[1]} 1 {number_format.percent(share)} %")
        await driver.press("m", "left")
        await driver.until(lambda: driver.session.past_epoch is not None)


async def test_a_click_on_the_map_of_the_program() -> None:
    async with running(MOONS) as driver:
        panel = driver.panel("boundary")
        assert isinstance(panel, BoundaryPanel)
        await driver.pilot.click(panel, offset=(15, 5))
        await driver.until(lambda: "┼" in text(panel.shown))
        assert panel.has_focus
        assert panel.shown.glyphs[5, 15] == "┼"


class Asking(App[None]):
    """The prompt, and nothing else."""

    CSS = "SaveScreen { align: center middle; }"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name_proposed = name
        self.answers: list[Path | None] = []

    def on_mount(self) -> None:
        """Ask."""
        self.push_screen(SaveScreen(self.name_proposed), self.answers.append)


def said(screen: Screen[object]) -> str:
    return str(screen.query_one("#about", Static).content)


async def test_a_new_file_is_taken_at_once(tmp_path: Path) -> None:
    app = Asking(str(tmp_path / "new.csv"))
    async with app.run_test() as pilot:
        await press(pilot, "enter")
        assert app.answers == [tmp_path / "new.csv"]


async def test_a_file_that_is_there_needs_a_second_enter(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("kept", encoding="utf-8")
    app = Asking(str(path))
    async with app.run_test() as pilot:
        await press(pilot, "enter")
        assert app.answers == []
        assert "enter once more overwrites it" in said(app.screen)
        # another name between the two is asked about again
        await press(pilot, "end", "x", "backspace", "enter")
        assert app.answers == []
        await press(pilot, "enter")
        assert app.answers == [path]
    assert path.read_text(encoding="utf-8") == "kept"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "the name is missing"),
        (".", "is a folder"),
        ("nowhere/edited.csv", "does not exist"),
        ("a\0b.csv", "is not a valid file name"),
        ("x" * 300, "is not a valid file name"),
        ("pipe", "is not a regular file"),
    ],
)
async def test_a_file_that_cannot_be_is_said(name: str, sentence: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    app = Asking(f"{tmp_path}/{name}" if name else "")
    async with app.run_test() as pilot:
        await press(pilot, "enter")
        assert app.answers == []
        assert sentence in said(app.screen)
        await press(pilot, "escape")
        assert app.answers == [None]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    app = Asking(str(tmp_path / "new.csv"))
    async with app.run_test() as pilot:
        await press(pilot, "enter")
        assert "is not writable" in said(app.screen)
    tmp_path.chmod(0o700)
