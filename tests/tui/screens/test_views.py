"""Layouts of the views at many sizes: panels fill the screen, and none gets less than it needs."""

import pytest
from textual.geometry import Region

from core.config.presets import PRESETS
from tests.tui.sessions import session_after
from tui.panels.registry import PANELS
from tui.run_model import RunModel
from tui.screens.views import VIEWS, column, divide, fits, panels_in, row, view_of, with_panels

MOONS = RunModel(PRESETS["moons"].config())
LEAST = {panel.label: panel.least_size for panel in PANELS}
SIZES = [(40, 12), (60, 16), (80, 24), (80, 50), (100, 30), (120, 40), (200, 60), (400, 100)]


def area(places: list[Region]) -> int:
    return sum(each.area for each in places)


@pytest.mark.parametrize("name", VIEWS)
def test_panels_fill_the_screen_and_have_the_room_that_they_need(name: str) -> None:
    for width, height in SIZES:
        view = view_of(name, MOONS)
        layout = view.layout((width, height))
        shown: dict[str, tuple[int, int]] = {}
        for label in view.panels:
            together = {**shown, label: LEAST[label]}
            if label in panels_in(layout) and fits(layout, together, (width, height - 4)):
                shown = together
        assert bool(shown) or width < 60
        if not shown:
            continue
        places = divide(layout, shown, {}, Region(0, 0, width, height - 4))
        assert set(places) == set(shown)
        assert area([*places.values()]) == width * (height - 4)
        for label, place in places.items():
            assert place.width >= LEAST[label][0]
            assert place.height >= LEAST[label][1]
            assert not any(place.overlaps(other) for key, other in places.items() if key != label)


def test_every_panel_is_part_of_a_view() -> None:
    in_views = {label for name in VIEWS for label in view_of(name, MOONS).panels}
    assert in_views == {panel.label for panel in PANELS}
    for name in VIEWS:
        view = view_of(name, MOONS)
        for least, layout in view.layouts:
            assert set(panels_in(layout)) <= set(view.panels), (name, least)


def test_the_first_screen_has_the_network_beside_the_map_above_the_curves() -> None:
    layout = view_of("watch", MOONS).layout((120, 40))
    places = divide(layout, LEAST, {}, Region(0, 0, 120, 36))
    assert (places["network"].size, places["boundary"].size) == ((66, 24), (54, 24))
    assert {places[label].y for label in ("loss", "accuracy", "hidden")} == {24}


def test_a_network_without_hidden_units_is_watched_by_its_errors() -> None:
    model = RunModel(PRESETS["two-lines"].config())
    assert "hidden" not in view_of("watch", model).panels
    assert "errors" in view_of("watch", model).panels


def test_a_few_samples_are_inspected_in_the_table() -> None:
    assert "table" in view_of("inspect", session_after(PRESETS["xor"].config(), 1)).panels
    assert "network" in view_of("inspect", session_after(PRESETS["moons"].config(), 1)).panels


def test_a_panel_that_needs_rows_takes_them_from_the_others() -> None:
    layout = column((3, "loss"), (1, "layers"))
    sizes = {"loss": (24, 7), "layers": (24, 7)}
    room = Region(0, 0, 80, 40)
    assert divide(layout, sizes, {}, room)["layers"].height == 10
    assert divide(layout, sizes, {"layers": 20}, room)["layers"].height == 20
    assert divide(layout, sizes, {"layers": 90}, room)["layers"].height == 24  # not all of it


def test_further_panels_are_placed_at_the_bottom() -> None:
    layout = with_panels(column((1, row((1, "a"), (1, "b"))), (1, "c")), ["b", "d"])
    places = divide(layout, dict.fromkeys("abcd", (1, 1)), {}, Region(0, 0, 40, 20))
    assert places["c"] == Region(0, 10, 20, 10)
    assert places["d"] == Region(20, 10, 20, 10)


def test_too_little_room_is_divided_all_the_same() -> None:
    for width in range(4):
        places = divide(
            row((1, "a"), (2, "b")), {"a": (5, 5), "b": (5, 5)}, {}, Region(0, 0, width, 1)
        )
        assert area([*places.values()]) == width
