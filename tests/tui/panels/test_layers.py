"""Advice in the layers panel is shown as far as there is room."""

import pytest

from core.analysis.advice import Advice
from tui.drawing.palette import DIM, WARNING, ink
from tui.panels.layers import NOTHING_FOUND, advice_lines

ADVICE = [
    Advice("dead", "Nine of sixteen units of layer 1 (relu) are dead.", "Lower the learning rate."),
    Advice("overfitting", "The test loss has risen since epoch 20.", "Take fewer units."),
]


def test_a_sentence_warns_and_its_remedy_is_quiet() -> None:
    cells = advice_lines(ADVICE, 60)
    lines = [line.strip() for line in cells.lines()]
    assert lines == [text for each in ADVICE for text in (each.sentence, each.remedy)]
    assert cells.inks[:, 1].tolist() == [ink(WARNING), ink(DIM)] * 2


def test_long_sentences_are_wrapped() -> None:
    cells = advice_lines(ADVICE, 24)
    told = " ".join(" ".join(cells.lines()).split())
    assert told == " ".join(f"{each.sentence} {each.remedy}" for each in ADVICE)
    assert cells.height > 4


def test_sentences_come_before_remedies_where_room_is_short() -> None:
    def told(height: int) -> list[str]:
        return [line.strip() for line in advice_lines(ADVICE, 60, height).lines()]

    first, second = ADVICE
    assert told(3) == [first.sentence, first.remedy, second.sentence]
    assert told(2) == [first.sentence, second.sentence]
    assert told(1) == [f"{first.sentence}…"]
    assert told(0) == []


@pytest.mark.parametrize("width", [1, 2, 3, 8, 46, 200])
def test_advice_takes_no_more_than_its_room(width: int) -> None:
    for height in range(6):
        for advice in (ADVICE, []):
            cells = advice_lines(advice, width, height)
            assert cells.width == width
            assert cells.height <= height


def test_all_well_is_said_quietly() -> None:
    cells = advice_lines([], 60)
    assert [line.strip() for line in cells.lines()] == [NOTHING_FOUND]
    assert cells.inks[0, 1] == ink(DIM)
