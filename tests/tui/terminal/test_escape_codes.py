"""Escape codes: the shortest parameters of a colour, and the shortest ways to a cell."""

from itertools import product

import pyte
import pytest

from tui.terminal.escape_codes import move, palette_entry, parse_sgr


@pytest.mark.parametrize(
    ("rgb", "shortest"),
    [
        ("95;135;175", "5;67"),
        ("188;188;188", "5;250"),
        ("95;135;176", "2;95;135;176"),
        # themes of some shells use the first entries of the cube for colours of their own
        ("0;0;95", "2;0;0;95"),
        ("0;0;0", "2;0;0;0"),
    ],
)
def test_a_colour_of_the_palette_is_sent_by_its_number(rgb: str, shortest: str) -> None:
    style = parse_sgr(f"1;38;2;{rgb};48;2;{rgb}")
    assert style == (("1",), f"38;{shortest}", f"48;{shortest}")


def test_with_256_colours_every_colour_is_the_nearest_of_the_palette() -> None:
    for red in range(0, 256, 15):
        style = parse_sgr(f"38;2;{red};40;90", to_256=True)
        assert style.foreground == f"38;5;{palette_entry(red, 40, 90)}"


def test_a_move_arrives_and_is_never_longer_than_its_row_and_column() -> None:
    screen = pyte.Screen(24, 12)
    stream = pyte.Stream(screen)
    for start, row, column in product(product((0, 4, 11), (0, 9, 22)), range(12), range(24)):
        stream.feed(move(None, *start))
        way = move(start, row, column)
        stream.feed(way)
        assert (screen.cursor.y, screen.cursor.x) == (row, column)
        assert len(way) <= len(move(None, row, column))


@pytest.mark.parametrize(
    ("row", "column", "bytes_needed"), [(12, 70, 1), (13, 73, 6), (10, 69, 3), (9, 70, 4)]
)
def test_a_neighbouring_row_is_few_bytes_away(row: int, column: int, bytes_needed: int) -> None:
    assert len(move((11, 70), row, column)) == bytes_needed
