"""Names of the inputs above their pictures, at any height of the panel."""

import pytest

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.panels.network.panel import NetworkPanel
from tui.panels.view_options import ViewOptions

HEIGHTS = range(9, 31)


@pytest.mark.parametrize("halves", [True, False])
@pytest.mark.parametrize(("name", "hidden"), [("xor", (2,)), ("moons", (3,)), ("iris", (4,))])
def test_names_above_inputs_cover_neither_pictures_nor_the_header(
    name: str, hidden: tuple[int, ...], *, halves: bool
) -> None:
    run = session_after(PRESETS[name].config(hidden=hidden), 2, State.PAUSED)
    assert run.data is not None
    found = 0
    for height in HEIGHTS:
        panel = NetworkPanel(run, ViewOptions(halves=halves))
        lines = panel.draw(90, height).lines()
        layout = panel._layout
        assert layout is not None
        if layout.shape is None or not layout.names_above:
            continue
        found += 1
        shape, column = layout.shape, layout.columns[0]
        if shape.header:
            assert lines[1].split()[1:] == [*"●▲■" * len(layout.columns), "│"]
        end = 2 * shape.header
        for unit, top in zip(column.units, column.tops, strict=True):
            own = run.data.feature_names[unit]
            row = next(at for at, line in enumerate(lines) if f"│{own}" in line) - 1
            # rows inside the frame, two pixels each
            assert end <= 2 * row
            assert 2 * row + 2 <= top
            end = top + shape.height
        assert end <= 2 * (height - 2)
    assert found >= 5
