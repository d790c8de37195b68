"""The colours of ten classes, as sent, differ in every kind of vision, for any number of classes."""

from itertools import combinations, product

import numpy as np
import pytest

from tests.tui.drawing.colour_difference import VISIONS, ciede2000, difference, lab
from tests.tui.drawing.sent import sent_colours, sent_pairs
from tui.drawing.palette import CLASS_FIELDS, CLASS_POINTS, DIVERGING, TEST_MARKERS, TRAIN_MARKERS
from tui.drawing.rendering import TerminalLook
from tui.drawing.themes import BACKGROUNDS, PALETTES, theme

THEMES = list(product(PALETTES, BACKGROUNDS))
CLASSES = 10
CERTAIN = {2: 28, 3: 17, 4: 14, 5: 13, 6: 12, 7: 11, 8: 10.5, 9: 10, 10: 9.5}
"""Smallest difference between two classes, by the number of classes and the kind of vision."""


def least(colours: list[str]) -> dict[str, float]:
    """Return the smallest difference of two colours, per kind of vision."""
    seen = {vision: [lab(colour, vision) for colour in colours] for vision in VISIONS}
    return {
        vision: min(ciede2000(one, other) for one, other in combinations(each, 2))
        for vision, each in seen.items()
    }


def fields(look: TerminalLook, level: int) -> list[str]:
    return sent_colours(look, [CLASS_FIELDS[label][level] for label in range(CLASSES)])


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_any_two_classes_differ_to_every_eye(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    certain = fields(look, 2)
    for count, bound in CERTAIN.items():
        found = least(certain[:count])
        assert min(found.values()) >= bound, (count, found)
    assert least(certain)["normal"] >= 10
    # uncertain places belong to no class
    unsure = sent_colours(look, ["uncertain"])
    assert min(least([*certain[2:], *unsure]).values()) >= 8


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_classes_differ_also_where_they_are_less_certain(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    guesses, middle, certain = (fields(look, level) for level in range(3))
    assert min(least(middle).values()) >= 5.5
    assert min(least(guesses).values()) >= 2.3
    # no two classes or degrees of certainty share a colour
    assert least([*guesses, *middle, *certain])["normal"] >= 2.5
    assert least(guesses)["normal"] >= 3


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_samples_of_any_two_classes_differ_in_colour(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    points = [colour for colour, _ in sent_pairs(look, [(each, "paper") for each in CLASS_POINTS])]
    found = least(points[:CLASSES])
    assert found["normal"] >= 8
    assert min(found.values()) >= 5.5


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_signs_differ_to_every_eye(palette: str, background: str) -> None:
    colours = sent_colours(TerminalLook("256", palette=palette, background=background), DIVERGING)
    for strength, vision in product(range(2, 5), VISIONS):
        one, other = colours[4 - strength], colours[4 + strength]
        assert difference(one, other, vision) >= 10, (strength, vision)


def test_blue_and_orange_stay_the_first_two() -> None:
    assert theme().colour(CLASS_FIELDS[0][2]) == "#005faf"
    assert theme().colour(CLASS_FIELDS[1][2]) == "#af5f00"


def test_the_difference_is_that_of_the_published_pairs() -> None:
    # Sharma, Wu and Dalal 2005, table 1, pairs 1, 7, 17 and 25
    for one, other, wanted in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(wanted, abs=1e-4)
    # green and ochre of the same lightness, which only deuteranopes confuse
    assert difference("#87875f", "#af875f") > 15
    assert difference("#87875f", "#af875f", "deuteranopia") < 10


def test_markers_of_twenty_classes_differ() -> None:
    assert len(set(TRAIN_MARKERS) | set(TEST_MARKERS)) == len(TRAIN_MARKERS) + len(TEST_MARKERS)
    pairs = {(label % len(CLASS_POINTS), label % len(TRAIN_MARKERS)) for label in range(20)}
    assert len(pairs) == 20
