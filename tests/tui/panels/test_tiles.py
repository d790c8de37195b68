"""Small maps fill the room that they have, whatever their number."""

import pytest

from tui.panels.tiles import LABEL, Tiles


@pytest.mark.parametrize("count", [1, 2, 5, 16, 31, 32, 64])
@pytest.mark.parametrize(("width", "height"), [(118, 12), (78, 6), (58, 2), (38, 4), (198, 21)])
@pytest.mark.parametrize("has_maps", [True, False])
def test_tiles_are_within_the_panel(count: int, width: int, height: int, has_maps: bool) -> None:
    tiles = Tiles.fitting(count, width, height, has_maps=has_maps)
    assert tiles.columns >= LABEL
    assert (tiles.rows > 0) is has_maps
    for at in range(min(count, tiles.capacity)):
        row, column = tiles.place(at)
        assert 1 <= column <= width - tiles.columns
        assert 0 <= row <= height - tiles.rows - 1
        assert tiles.at(row, column) == tiles.at(row + tiles.rows, column + tiles.columns - 1) == at


def test_all_maps_are_shown_where_there_is_room() -> None:
    assert Tiles.fitting(64, 118, 12, has_maps=True).capacity >= 64
    assert Tiles.fitting(32, 78, 6, has_maps=True).capacity >= 32
    assert Tiles.fitting(2, 118, 12, has_maps=True).rows == 10


def test_the_last_of_several_rows_in_turn_is_full() -> None:
    tiles = Tiles.fitting(12, 58, 2, has_maps=True)
    assert (tiles.across, tiles.down) == (9, 1)
    assert [tiles.first_shown(at, 12) for at in (0, 8, 9, 11)] == [0, 0, 3, 3]
