"""Pictures of images: white on black, and as large as the room allows."""

import numpy as np
import pytest

from tui.drawing.palette import DIVERGING, GREYS, get_ink
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.drawing.themes import BACKGROUNDS, PALETTES, luminance, theme
from tui.panels.pixels import draw_pixels, draw_signed, scale_of


@pytest.mark.parametrize(
    ("image", "room", "size"),
    [
        ((8, 8), (100, 4), (8, 4)),
        ((8, 8), (20, 50), (16, 8)),
        ((8, 8), (60, 13), (24, 12)),
        ((5, 3), (100, 5), (6, 5)),
        ((28, 28), (100, 10), (14, 7)),
        ((28, 28), (9, 99), (7, 4)),
    ],
)
def test_the_scale_is_the_largest_whole_one(
    image: tuple[int, int], room: tuple[int, int], size: tuple[int, int]
) -> None:
    picture = draw_pixels(np.arange(image[0] * image[1]) * 1.0, image, *room)
    assert (picture.width, picture.height) == size
    assert picture.width <= room[0]
    assert picture.height <= room[1]


def test_ink_is_white_and_paper_black_on_any_background() -> None:
    values = np.zeros((8, 8))
    values[2:4, 3] = 16.0
    values[4:6, 3] = 8.0
    picture = draw_pixels(values.ravel(), (8, 8), 8, 4)
    inks = [[get_ink(int(each)).background for each in row] for row in picture.inks]
    assert inks[1][3] == GREYS[-1]
    assert inks[0] == [GREYS[0]] * 8
    assert inks[2][3] in GREYS[len(GREYS) // 4 : 3 * len(GREYS) // 4]
    for palette in PALETTES:
        for background in BACKGROUNDS:
            colours = theme(palette, background)
            shades = [luminance(colours.colour(role)) for role in GREYS]
            assert shades == sorted(shades)
            assert (shades[0], shades[-1]) == (0.0, 1.0)


def test_without_colours_a_picture_is_made_of_glyphs() -> None:
    values = np.zeros((8, 8))
    values[2:4, 3] = 16.0
    picture = draw_pixels(values.ravel(), (8, 8), 8, 4)
    strip = picture.strip(1, CellRenderer(TerminalLook("none", "ascii")))
    assert strip.text == "   #    "


def test_signs_have_their_colours() -> None:
    picture = draw_signed(np.repeat([-2.0, 0.0, 2.0, 1.0], 2), (2, 4), 4, 1)
    # the rows are -2 -2 0 0 and 2 2 1 1
    upper = [get_ink(int(each)).foreground for each in picture.inks[0]]
    lower = [get_ink(int(each)).background for each in picture.inks[0]]
    assert upper == [DIVERGING[0]] * 2 + [DIVERGING[len(DIVERGING) // 2]] * 2
    assert lower[:2] == [DIVERGING[-1]] * 2
    assert lower[2] in DIVERGING[len(DIVERGING) // 2 + 1 : -1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("room", [(0, 0), (1, 1), (3, 2), (200, 60)])
def test_any_numbers_fit_into_any_room(bad: float, room: tuple[int, int]) -> None:
    values = np.full(64, bad)
    for draw in (draw_pixels, draw_signed):
        with np.errstate(all="ignore"):
            picture = draw(values, (8, 8), *room)
        assert picture.width <= room[0]
        assert picture.height <= room[1]
    assert scale_of((8, 8), 7, 99) == 0
