"""Map of a unit in the inspector: its range is that of the data."""

import numpy as np
import pytest

from core.analysis.planes import PlaneChoice
from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.panels.inspector.test_waterfall import inspected
from tests.tui.sessions import session_after
from tui.panels.inspector.unit_map import UnitMap


@pytest.mark.parametrize("size", [(20, 6), (60, 9), (60, 20)])
def test_the_map_over_a_single_feature_is_hardly_wider_than_the_data(size: tuple[int, int]) -> None:
    run = session_after(PRESETS["sine"].config(), 5, State.PAUSED)
    it, drawing = inspected(run, 0, 1, 3), UnitMap()
    cells = drawing.draw(it, PlaneChoice(), *size)
    assert "its map over x" in cells.lines()[0]
    data = np.ptp(it.data.x_train)
    assert data < np.ptp(drawing._inputs) < 1.5 * data
    marks = [row.index("●") for row in cells.lines() if "●" in row]
    assert len(marks) == 1
    # the mark of the sample is where the map has its value
    assert abs(drawing._inputs[marks[0], 0] - it.data.x_train[3, 0]) <= data / 8
