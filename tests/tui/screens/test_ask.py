"""The answer of the network next to the input it is about."""

import numpy as np
import pytest

from core import RunConfig
from core.datasets.prepare import prepare
from tui.drawing.palette import GREYS, get_ink
from tui.screens.ask import Answer


@pytest.mark.parametrize("size", [(74, 10), (110, 10), (40, 6), (8, 3), (1, 1)])
def test_an_image_is_shown_next_to_its_probabilities(size: tuple[int, int]) -> None:
    data = prepare(RunConfig(dataset="digits"))
    answer = Answer(data)
    answer.outputs = np.linspace(0.01, 0.2, 10)
    plain = answer.draw(*size)
    answer.features = data.preparation.features(data.x_train[:1])[0]
    drawn = answer.draw(*size)
    assert (drawn.width, drawn.height) == size
    greys = [
        column
        for column in range(size[0])
        if {get_ink(int(each)).background for each in drawn.inks[:, column]} & set(GREYS)
    ]
    if size[0] < 60:
        return
    assert greys[-1] == size[0] - 1
    assert len(greys) == 16
    # the percentages stay where they were
    for before, after in zip(plain.lines(), drawn.lines(), strict=True):
        assert before[:36] == after[:36]
