"""The colours of ten classes, as sent, differ in every kind of vision, for any number of classes."""

from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest

from tests.tui.drawing.colour_difference import VISIONS, ciede2000, difference, lab
from tests.tui.drawing.cube_steps import class_steps, diverging_steps, table
from tests.tui.drawing.sent import sent, sent_colours, sent_pairs
from tui.drawing.cells import Cells
from tui.drawing.palette import (
    CLASS_FIELDS,
    CLASS_POINTS,
    DIVERGING,
    RUN_CURVES,
    STEPS,
    TEST_MARKERS,
    TRAIN_MARKERS,
    ink,
    inks_of_pairs,
)
from tui.drawing.ramps import oklab
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.drawing.themes import BACKGROUNDS, CLASS_RAMPS, DIVERGING_RAMPS, PALETTES, theme

THEMES = list(product(PALETTES, BACKGROUNDS))
CLASSES = 10
CERTAIN = {2: 28, 3: 17, 4: 14, 5: 13, 6: 12, 7: 11, 8: 10.5, 9: 10, 10: 9.5}
"""Smallest difference between two classes, by the number of classes and the kind of vision."""


def least(colours: list[str]) -> dict[str, float]:
    """Return the smallest difference of two colours, per kind of vision."""
    seen = {vision: [lab(colour, vision) for colour in colours] for vision in VISIONS}
    return {
        vision: min(float(ciede2000(one, other)) for one, other in combinations(each, 2))
        for vision, each in seen.items()
    }


def fields(look: TerminalLook, level: int) -> list[str]:
    return sent_colours(look, [CLASS_FIELDS[label][level] for label in range(CLASSES)])


def smooth_ramps(palette: str, background: str) -> list[list[str]]:
    """Return all ramps in true colour, from the neutral colour."""
    colours = theme(palette, background).colours
    middle = DIVERGING[STEPS]
    signs = (DIVERGING[STEPS - 1 :: -1], DIVERGING[STEPS + 1 :])
    return [
        [colours[role] for role in (middle, *ramp)] for ramp in (*CLASS_FIELDS[:CLASSES], *signs)
    ]


@pytest.mark.parametrize("depth", ["truecolor", "256"])
@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_any_two_classes_differ_to_every_eye(palette: str, background: str, depth: str) -> None:
    look = TerminalLook(depth, palette=palette, background=background)
    certain = fields(look, -1)
    for count, bound in CERTAIN.items():
        found = least(certain[:count])
        assert min(found.values()) >= bound, (count, found)
    assert least(certain)["normal"] >= 10
    # uncertain places belong to no class
    unsure = sent_colours(look, ["uncertain"])
    assert min(least([*certain[2:], *unsure]).values()) >= 8


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_classes_differ_also_where_they_are_less_certain(palette: str, background: str) -> None:
    # the less certain, the more alike: a line is drawn where they meet
    ramps = smooth_ramps(palette, background)[:CLASSES]
    for step, bound in ((6, 3.5), (9, 6.0)):
        assert min(least([ramp[step] for ramp in ramps]).values()) >= bound
    look = TerminalLook("256", palette=palette, background=background)
    assert least(fields(look, 8))["normal"] >= 3
    assert min(least(fields(look, 8)).values()) >= 2


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_a_ramp_changes_in_lightness_and_chroma_alone(palette: str, background: str) -> None:
    ramps = smooth_ramps(palette, background)
    assert len(ramps) == CLASSES + 2
    for ramp in ramps:
        seen = np.array([oklab(colour) for colour in ramp])
        steps = np.diff(seen[:, 0])
        assert (steps > 0).all() or (steps < 0).all()
        assert (np.diff(np.hypot(seen[:, 1], seen[:, 2])) > 0).all()
        hues = np.degrees(np.unwrap(np.arctan2(seen[4:, 2], seen[4:, 1])))
        assert np.ptp(hues) < 6, ramp
        # nine levels had steps of up to 30
        assert max(difference(*pair) for pair in pairwise(ramp)) < 7.5


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_the_steps_of_256_colours_are_the_nearest_ones(palette: str, background: str) -> None:
    classes = [ramp for ramp, _ in CLASS_RAMPS[palette, background]]
    assert [table(levels) for levels in class_steps(palette, background)] == classes
    signs = DIVERGING_RAMPS[palette, background]
    assert tuple(table(levels) for levels in diverging_steps(palette, background)) == signs
    # nine colours from one sign to the other, and each is sent
    look = TerminalLook("256", palette=palette, background=background)
    assert len(set(sent_colours(look, DIVERGING))) == 9


@pytest.mark.parametrize("depth", ["256", "16", "none"])
def test_levels_that_look_alike_are_one(depth: str) -> None:
    cells = Cells(len(DIVERGING), 3)
    pairs = inks_of_pairs(DIVERGING)
    levels = np.arange(len(DIVERGING))
    cells.inks[0] = pairs[levels, levels]
    cells.inks[1], cells.glyphs[1] = pairs[np.maximum(levels - 1, 0), levels], "▀"
    cells.inks[2] = [ink("text", role) for role in DIVERGING]
    look = TerminalLook(depth)
    before = sent([cells.strip(0, CellRenderer(look))])
    CellRenderer(look).merge_levels(cells)
    assert sent([cells.strip(0, CellRenderer(look))]) == before
    assert len(np.unique(cells.inks[0])) == 9
    assert len(np.unique(cells.inks[2])) == 9
    # two pixels of one colour are a blank
    assert (cells.glyphs[1] == " ").sum() > 9
    smooth = Cells(len(DIVERGING), 1)
    smooth.inks[0] = pairs[levels, levels]
    CellRenderer(TerminalLook()).merge_levels(smooth)
    assert len(np.unique(smooth.inks)) == len(DIVERGING)


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_samples_of_any_two_classes_differ_in_colour(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    points = [colour for colour, _ in sent_pairs(look, [(each, "paper") for each in CLASS_POINTS])]
    found = least(points[:CLASSES])
    assert found["normal"] >= 8
    assert min(found.values()) >= 5.5


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_signs_differ_to_every_eye(palette: str, background: str) -> None:
    for depth, strength, vision in product(
        ("256", "truecolor"), range(STEPS // 2 + 1, STEPS + 1), VISIONS
    ):
        look = TerminalLook(depth, palette=palette, background=background)
        one, other = sent_colours(look, [DIVERGING[STEPS - strength], DIVERGING[STEPS + strength]])
        assert difference(one, other, vision) >= 10, (strength, vision)


def test_blue_and_orange_stay_the_first_two() -> None:
    assert theme().colour(CLASS_FIELDS[0][-1]) == "#005faf"
    assert theme().colour(CLASS_FIELDS[1][-1]) == "#af5f00"


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


def test_inks_are_converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = CellRenderer(TerminalLook("256"))
    cells = Cells(4, 1)
    renderer.merge_levels(cells)
    new = Cells(1, 1)
    new.inks[0] = ink(DIVERGING[3], DIVERGING[4], bold=True)
    renderer.merge_levels(new)
    array, lists = np.array, 0

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal lists
        lists += 1
        return array(*arguments, **options)

    monkeypatch.setattr(np, "array", counting)
    for each in (cells, new):
        renderer.merge_levels(each)
    assert not lists


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_curves_of_any_two_runs_differ_in_colour(background: str) -> None:
    for depth in ("256", "truecolor"):
        look = TerminalLook(depth, background=background)
        found = least(sent_colours(look, RUN_CURVES))
        assert found["normal"] >= 18
        assert min(found.values()) >= 9
    letters = [CellRenderer(TerminalLook("none")).text(["─"], ink(role)) for role in RUN_CURVES]
    assert letters == [*"abcdefgh"]
