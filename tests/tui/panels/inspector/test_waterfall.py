"""Bars of the sum: each starts where the previous one ended, on one scale."""

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.drawing.palette import DIVERGING, get_ink
from tui.panels.inspector.inspected import Inspected, exact_column
from tui.panels.inspector.waterfall import BarScale, Waterfall
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel


def inspected(run: RunModel, *cursor: int) -> Inspected:
    found = Inspected.of(run, ViewOptions(cursor=Cursor(*cursor)))
    assert found is not None
    return found


@pytest.fixture(scope="module", params=["xor", "iris", "digits"])
def run(request: pytest.FixtureRequest) -> RunModel:
    return session_after(PRESETS[request.param].config(), 30, State.PAUSED)


def bar(glyphs: str) -> tuple[int, int] | None:
    """Return the half columns between which a bar lies."""
    halves = "".join({"█": "11", "▌": "10", "▐": "01"}.get(glyph, "00") for glyph in glyphs)
    return (halves.index("1"), halves.rindex("1") + 1) if "1" in halves else None


def test_each_bar_starts_where_the_previous_one_ended(run: RunModel) -> None:
    for layer, unit, sample in ((0, 0, 1), (0, 1, 3), (1, 0, 2)):
        it = inspected(run, layer, unit, sample)
        fall = Waterfall.of(it, 9)
        cells = fall.draw(100, heading=False)
        first = next(at for at, glyph in enumerate(cells.glyphs[-1]) if glyph in "◂━▸┊▏")
        scale = BarScale.of(fall.rows, 1)
        start = cells.lines()[0].index("=") + 2 + len(fall.texts[0]) + 2
        scale = BarScale.of(fall.rows, min(60, 100 - start))
        assert first >= start
        position = scale.half_of(0)
        drawn = 0
        for row, each in enumerate(fall.rows[:-1]):
            text = "".join(cells.glyphs[row, start:])
            found = bar(text)
            end = scale.half_of(each.end)
            if found is None:
                assert position == end
                assert "┊" in text
                continue
            assert found == tuple(sorted((position, end)))
            colours = {
                get_ink(int(cells.inks[row, start + at])).foreground
                for at, glyph in enumerate(text)
                if glyph in "█▌▐"
            }
            assert colours == {DIVERGING[-1] if each.value > 0 else DIVERGING[0]}
            position, drawn = end, drawn + 1
        assert drawn >= 1
        total = "".join(cells.glyphs[-1, start:])
        at = total.index("▸") + 1 if "▸" in total else total.index("◂")
        assert abs(2 * at - scale.half_of(fall.rows[-1].value)) <= 1
        assert abs(position - scale.half_of(fall.rows[-1].value)) <= 1


def test_many_products_are_sorted_by_size_and_few_keep_their_order(run: RunModel) -> None:
    it = inspected(run, 0, 1, 1)
    products = it.trace.layers[0].products(1)
    terms = Waterfall.of(it, 12).terms
    order = [row.at for row in terms]
    if len(products) <= 4:
        assert order == list(range(len(products)))
    else:
        assert order == np.argsort(-np.abs(products), kind="stable")[: len(order)].tolist()
    names = it.input_names(0)
    assert [row.name for row in terms] == [names[row.at or 0] for row in terms]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_bars_of_numbers_that_are_not_finite_are_left_out_and_huge_ones_fill_the_room(
    bad: float,
) -> None:
    run = session_after(PRESETS["iris"].config(), 1, State.PAUSED)
    assert run.network is not None
    run.network.layers[0].weights[0] = bad
    with np.errstate(all="ignore"):
        fall = Waterfall.of(inspected(run, 0, 0, 0), 8)
        cells = fall.draw(80, heading=False)
    assert cells.height == len(fall.rows) == 6
    start = cells.lines()[0].index("=") + 2 + len(fall.texts[0]) + 2
    drawn = ["".join(row).strip(" ▏") for row in cells.glyphs[:, start:]]
    if not np.isfinite(bad):
        # no part of the sum is known after the first product
        assert drawn == [""] * 6
        return
    first, *others, total = drawn
    assert set(first) <= {*"█▌▐"}
    assert len(first) >= 80 - start - 2
    assert others == ["┊"] * 4
    assert total.strip("━") in {"▸", "◂"}
    assert len(total) >= 80 - start - 2


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((1.2345, -0.5, 0.0), ["+1.234", "−0.500", " 0.000"]),
        ((-0.0004, 0.3), [" 0.000", "+0.300"]),
        ((0.0123456, -0.001), ["+0.0123", "−0.0010"]),
        ((1234.56, 0.04), ["+1234.6", "    0.0"]),
        ((3e8, -1.0), [" +3.00e8", "−1.00e0"]),
        ((np.nan, 1.0), ["     –", "+1.000"]),
    ],
)
def test_a_column_of_numbers_has_signs_and_equal_decimals(
    values: tuple[float, ...], texts: list[str]
) -> None:
    column = exact_column(values)
    assert [text.strip() for text in column.texts] == [text.strip() for text in texts]
    assert len({len(text) for text in column.texts}) == 1
    if column.units is not None:
        for text, units in zip(column.texts, column.units, strict=True):
            assert float(text.replace("−", "-")) == units / 10**column.decimals
