"""Blocks of cells: clipped at their edges, compared cell by cell, merged into segments."""

from tui.drawing.cells import Cells
from tui.drawing.palette import CLASS_FIELDS, DIVERGING, GREYS, UNCERTAIN, get_ink, ink
from tui.drawing.rendering import DEFAULT_RENDERER, CellRenderer, TerminalLook


def test_text_is_cut_at_every_edge() -> None:
    cells = Cells(5, 2)
    assert cells.write(0, -2, "abcdefghij", ink()) == 8
    cells.write(1, 3, "xyz", ink())
    cells.write(2, 0, "below", ink())
    cells.write(0, 7, "right", ink())
    assert cells.lines() == ["cdefg", "   xy"]
    assert cells.write_right(1, 5, "end", ink()) == 2
    assert cells.lines()[1] == "  end"


def test_changes_are_spans_of_the_rows_that_differ() -> None:
    before, after = Cells(8, 3), Cells(8, 3)
    after.write(1, 2, "a", ink())
    after.write(1, 5, "b", ink())
    after.inks[2, 7] = ink("#ffffff", "#000000")
    assert after.changes(before) == [(1, 2, 6), (2, 7, 8)]
    assert before.changes(before) == []


def test_equal_neighbours_become_one_segment() -> None:
    cells = Cells(6, 1)
    cells.write(0, 1, "ab", ink("#ffffff"))
    strip = cells.strip(0)
    assert [segment.text for segment in strip] == [" ", "ab", "   "]
    assert strip.cell_length == 6


def test_a_block_is_placed_and_cut() -> None:
    cells, block = Cells(4, 2), Cells(3, 3)
    for row in range(3):
        block.write(row, 0, "xyz", ink())
    cells.place(1, 2, block)
    assert cells.lines() == ["    ", "  xy"]


def test_a_block_of_no_size_is_harmless() -> None:
    cells = Cells(0, -1)
    cells.write(0, 0, "a", ink())
    assert cells.lines() == []


def test_in_true_colour_two_pixels_that_look_alike_share_a_colour() -> None:
    pairs = (
        (DIVERGING[4], DIVERGING[5]),
        (DIVERGING[7], DIVERGING[6]),
        (UNCERTAIN, CLASS_FIELDS[1][0]),
        (DIVERGING[4], DIVERGING[6]),
        (CLASS_FIELDS[0][3], CLASS_FIELDS[1][4]),
        (GREYS[3], GREYS[4]),  # an image
    )
    cells = Cells(len(pairs), 1)
    cells.glyphs[:] = "▀"
    cells.inks[:] = [ink(*pair) for pair in pairs]
    before = cells.copy()
    DEFAULT_RENDERER.merge_levels(cells)
    assert not cells.count_changes(before)
    CellRenderer(TerminalLook("truecolor")).merge_levels(cells)
    assert cells.lines() == ["   ▀▀▀"]
    shared = [get_ink(number).background for number in cells.inks[0, :3].tolist()]
    assert shared == [DIVERGING[4], DIVERGING[6], CLASS_FIELDS[1][0]]
    assert (cells.inks[0, 3:] == before.inks[0, 3:]).all()
