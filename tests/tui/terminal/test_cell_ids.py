"""Ids of cells: what the table remembers is limited."""

import pytest

from tui.terminal import cell_ids
from tui.terminal.cell_ids import CellIds


def test_the_remembered_changes_of_style_are_limited_and_stay_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cell_ids, "MOST_CHANGES", 50)
    table = CellIds()
    for level in range(12):
        table.id_for("x", table.parse_style(f"38;2;{level};0;0"))
    styles = dict(zip(table.style_ids, table.styles, strict=True))
    most = 0
    for _ in range(2):
        for start, before in styles.items():
            for wanted, style in styles.items():
                change = table.change(start, wanted, blank=False)
                assert change == (before.change(style, blank=False), wanted)
                most = max(most, len(table._changes))
    assert most == 50
