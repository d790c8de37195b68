"""Glyphs of terminals with few colours."""

import pytest

from tui.drawing.palette import DIVERGING, get_ink, ink
from tui.drawing.rendering import CellRenderer, TerminalLook


@pytest.mark.parametrize(
    ("look", "glyphs"),
    [
        (TerminalLook("256"), "⡇⡇"),
        (TerminalLook("16"), "⡇⡇"),
        (TerminalLook("16", "console"), "||"),
        (TerminalLook("none"), "⡇⡇"),
        (TerminalLook("none", "ascii"), "=#"),
    ],
)
def test_edges_are_lines_unless_only_a_glyph_can_show_their_signs(
    look: TerminalLook, glyphs: str
) -> None:
    renderer = CellRenderer(look)
    ends = (get_ink(ink(colour)) for colour in (DIVERGING[0], DIVERGING[-1]))
    assert "".join(renderer.glyph("⡇", each) for each in ends) == glyphs
    if "=" in glyphs:
        assert "".join(look.edge_glyphs) == glyphs
