"""Data screen: the summary of a data set, and data that try to harm the terminal."""

import io
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App
from textual.geometry import Size

from core import RunConfig
from core.datasets import DATASETS, Dataset
from core.datasets.prepare import prepare
from core.datasets.summary import FeatureSummary, Summary, summarize
from tui.drawing.cells import cut, split_cells
from tui.drawing.palette import CLASS_POINTS, DIVERGING, GREYS, TRAIN_MARKERS, get_ink, style
from tui.drawing.tables import Page, decimals, format_decimals, histogram
from tui.screens.data import DataScreen, SummaryView, ToggleColumn
from tui.screens.data_summary import show_dataset, summary_cells, summary_text

WIDTHS = (1, 2, 3, 7, 20, 40, 55, 60, 75, 115, 155, 195)


def iris() -> Summary:
    data = DATASETS["iris"].draw(0)
    return summarize(data, "three species of iris", (("train", 112), ("test", 38)))


def synthetic(
    features: int,
    classes: int = 2,
    targets: int = 0,
    names: tuple[str, ...] = (),
    samples: int = 60,
) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, features)) * 10.0 ** rng.uniform(-6, 9, features)
    y = rng.normal(size=(samples, targets)) if targets else np.arange(samples) % max(1, classes)
    return Dataset(
        x,
        y,
        names or tuple(f"feature number {at}" for at in range(features)),
        () if targets else tuple(f"kind {at}" for at in range(classes)),
        tuple(f"target {at}" for at in range(targets)),
        name="made",
    )


def hostile() -> Summary:
    names = (
        "\x1b[31mred",
        "[bold]x[/]",
        "a name of thirty characters...",
        "世界的名字",
        "e\u0301te\u0301 👩\u200d🔬\ufe0f",
        " t\n",
        "",
    )
    data = synthetic(len(names), names=names)
    data.x[:, 2] = np.nan
    changed = Dataset(
        data.x,
        data.y,
        names,
        ("[red]no[/]", "\x07はい\u202eabc"),
        name="evil\x1b]0;t\x07.csv",
        notes=("[b]note[/b] \x1b[2J", ""),
    )
    return summarize(changed, "\x1b[1m [link=x]y[/link] " + "世" * 200)


def texts() -> Summary:
    sentence = (
        "one very long sentence that is repeated until no line can hold the whole of it, " * 3
    )
    data = Dataset(
        np.zeros((6, 0)),
        np.arange(6) % 3,
        (),
        ("english", "german", "other"),
        texts=(sentence, "der Fuchs", "世界 こんにちは") * 2,
        name="languages",
    )
    return summarize(data)


SUMMARIES: dict[str, Callable[[], Summary]] = {
    "iris": iris,
    "xor": lambda: summarize(DATASETS["xor"].draw(0)),
    "bumps": lambda: summarize(DATASETS["bumps"].draw(0), DATASETS["bumps"].description),
    "many features": lambda: summarize(synthetic(300, 40)),
    "more features than measured": lambda: summarize(synthetic(1005, 2, samples=20)),
    "targets": lambda: summarize(synthetic(3, targets=5)),
    "hostile": hostile,
    "texts": texts,
    "nothing": lambda: Summary("", "", 0, 0, (), (), (), (), (), ()),
}


def row_of(summary: Summary, start: str, width: int = 115) -> str:
    return next(line for line in summary_text(summary, width).split("\n") if line.startswith(start))


@pytest.mark.parametrize("name", SUMMARIES)
def test_no_row_is_wider_than_the_page_and_nothing_but_glyphs_is_written(name: str) -> None:
    summary = SUMMARIES[name]()
    for width in WIDTHS:
        cells = summary_cells(summary, width)
        assert cells.width == width
        for line in cells.lines():
            assert line.isprintable()
            assert cell_len(line) == width
        for row in range(cells.height):
            assert cells.strip(row).cell_length == width
            assert sum(segment.cell_length for segment in cells.strip(row)) == width


def test_the_first_line_says_what_the_data_is() -> None:
    lines = summary_text(iris(), 115).split("\n")
    facts = "150 samples · 4 features · 3 classes · train 112, test 38"
    assert lines[0].endswith(facts)
    assert lines[1] == "three species of iris"


def test_each_class_has_its_count_and_share_and_its_colour_of_the_map() -> None:
    summary = summarize(synthetic(2, 40, samples=80))
    for width in (55, 155):
        cells = summary_cells(summary, width)
        for label in range(40):
            row, line = next(
                (row, line) for row, line in enumerate(cells.lines()) if f" kind {label} " in line
            )
            column = line.index(f" kind {label} ") - 1
            assert line[column] == TRAIN_MARKERS[label % len(TRAIN_MARKERS)]
            assert line[column:].split()[3] == "2"
            assert "2.5 %" in line[column:]
            colour = style(int(cells.inks[row, column])).color
            assert colour is not None
            assert colour.name == CLASS_POINTS[label % len(CLASS_POINTS)]


def test_the_majority_share_of_uneven_classes_is_named() -> None:
    summary = prepare(RunConfig(dataset="breast_cancer")).summary
    assert summary is not None
    text = summary_text(summary, 80)
    assert "classes  always predicting benign is right for 62.7 %" in text
    assert "always" not in summary_text(iris(), 80)


def test_a_feature_shows_its_numbers_its_histogram_and_its_relation() -> None:
    feature = iris().features[2]
    assert feature.name == "petal length"
    line = row_of(iris(), "petal length")
    assert line.split()[2:6] == ["1.0", "3.76", "6.9", "0"]
    assert histogram(feature.histogram) in line
    assert f"  {feature.relation:.2f}" in line
    assert "η: how well the feature separates the classes" in summary_text(iris(), 115)


def test_a_correlation_has_a_sign_and_a_colour_for_it() -> None:
    summary = summarize(DATASETS["moons"].draw(0))
    up, down = summary.features
    assert up.relation > 0 > down.relation
    assert f"+{up.relation:.2f}" in row_of(summary, "x₁")
    assert f"−{-down.relation:.2f}" in row_of(summary, "x₂")
    assert "r: correlation with class 1" in summary_text(summary, 115)
    cells = summary_cells(summary, 115)
    for name, colour in (("x₁", DIVERGING[-1]), ("x₂", DIVERGING[4])):
        row = next(at for at, line in enumerate(cells.lines()) if line.startswith(name))
        bar = style(int(cells.inks[row, cells.lines()[row].index("━")])).color
        assert bar is not None
        assert bar.name == colour


def test_missing_values_are_counted_and_a_feature_without_any_value_has_no_numbers() -> None:
    data = synthetic(2)
    data.x[:5, 0] = np.nan
    data.x[:, 1] = np.nan
    summary = summarize(data)
    assert row_of(summary, "feature number 0").split()[6] == "5"
    assert row_of(summary, "feature number 1").split()[3:] == ["–", "–", "–", "60", "–"]
    first = summary_text(summary, 115).split("\n")[-20]
    assert first.split()[-2:] == ["–", "–"]


def test_numbers_of_a_column_end_at_one_place() -> None:
    lines = summary_cells(iris(), 75).lines()
    start = next(row for row, line in enumerate(lines) if line.startswith("name"))
    features = lines[start + 1 : start + 5]
    rows = lines[-20:]
    for table in (features, rows):
        points = [[at for at, glyph in enumerate(line) if glyph == "."] for line in table]
        assert points[0]
        assert all(each == points[0] for each in points)


def test_the_numbers_to_predict_have_their_own_table_and_stand_before_the_features() -> None:
    summary = summarize(synthetic(3, targets=5))
    text = summary_text(summary, 115)
    assert "5 numbers to predict" in text
    assert [line[:8] for line in text.split("\n") if line.startswith("target") and "▇" in line] == [
        f"target {at}" for at in range(5)
    ]
    assert "r: correlation with target 0" in text
    shown = text.split("\n")[-20].split()
    assert len(shown) == 3 + 3
    written = float(summary.rows[0][3])
    assert float(shown[0].replace("−", "-")) == pytest.approx(written, abs=1e-3)


def test_features_that_do_not_fit_are_counted_and_can_be_reached() -> None:
    summary = summarize(synthetic(30))
    page = summary_cells(summary, 75)
    assert 0 < page.hidden < 30
    assert page.lines()[-1].strip() == f"… and {page.hidden} more features"
    shown = 30 - page.hidden
    moved = summary_cells(summary, 75, 4)
    assert moved.lines()[-1].startswith("features 5 to ")
    assert shown > 1
    assert summary_cells(summary, 75, 29).hidden == 0
    assert summary_cells(summary, 75, 1000).lines()[-1].strip() == "features 30 to 30 of 30"


def test_all_measured_features_are_listed_and_the_others_are_counted() -> None:
    text = summary_text(summarize(synthetic(1005, samples=20)), 115)
    assert sum(line.startswith("feature number ") for line in text.split("\n")) == 1000
    assert "… and 5 more features" in text


def test_a_sentence_is_cut_and_its_class_stands_before_it() -> None:
    lines = summary_text(texts(), 75).split("\n")
    first = next(line for line in lines if "one very long" in line)
    assert first.startswith("● english  one very long sentence")
    assert first.endswith("…")
    assert cell_len(first) <= 75
    assert "▲ german   der Fuchs" in lines


def test_hostile_names_are_only_letters() -> None:
    text = summary_text(hostile(), 155)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/]" in text
    assert "[red]no[/]" in text
    assert "evil·]0;t·.csv" in text
    assert "世界的名字" in text


def test_a_wide_glyph_takes_two_cells_and_an_accent_none() -> None:
    assert split_cells("a世b") == ["a", "世", "", "b"]
    assert split_cells("e\u0301x\u0323\u0323") == ["é", "x"]
    assert split_cells("\x1b[0m") == ["·", "[", "0", "m"]
    assert cut("世界世界", 5) == "世界…"
    assert cut("世界世界", 8) == "世界世界"
    assert cut("世界世界", 4) == "世…"


def test_a_wide_glyph_at_the_edge_is_not_halved() -> None:
    page = Page(5, 1)
    page.write(0, 0, "ab世界", 0)
    assert page.lines()[0] == "ab世…"
    page.write(0, -1, "世界c ", 0)
    assert page.lines()[0].startswith("…界c ")


def test_outer_blanks_of_a_name_can_be_seen() -> None:
    text = summary_text(summarize(synthetic(2, names=(" th", "th "))), 115)
    assert "␣th" in text
    assert "th␣" in text


@pytest.mark.parametrize(
    ("counts", "bins", "expected"),
    [
        ((), 0, ""),
        ((0, 0, 0), 0, "   "),
        ((1, 0, 1000), 0, "▁ ▇"),
        ((7, 6, 5, 4, 3, 2, 1, 0), 0, "▇▆▅▄▃▂▁ "),
        ((1, 1, 0, 0, 2, 2, 4, 4), 4, "▂ ▄▇"),
    ],
)
def test_a_histogram_is_blank_only_where_nothing_is(
    counts: tuple[int, ...], bins: int, expected: str
) -> None:
    assert histogram(counts, bins) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.0, 16.0), ["0", "16"]),
        ((4.3, 7.9), ["4.3", "7.9"]),
        ((-1.23456, 0.5), ["−1.235", "0.500"]),
        ((143.5, 2501.0), ["144", "2501"]),
        ((-0.00001, 3.1415), ["0.000", "3.142"]),
        ((2.5e9, 0.0), ["2.50e9", "0"]),
        ((-2.5e-7,), ["−2.50e−7"]),
        ((float("nan"), 1.0), ["–", "1"]),
        ((float("inf"), 0.0), ["–", "0"]),
    ],
)
def test_numbers_have_as_many_decimals_as_their_largest_needs(
    values: tuple[float, ...], expected: list[str]
) -> None:
    places = decimals(values)
    assert [format_decimals(value, places) for value in values] == expected


def test_a_feature_that_never_varies_has_no_relation() -> None:
    feature = FeatureSummary("constant", 1.0, 1.0, 1.0, 0, (4, 0, 0, 0), 0.0)
    summary = Summary("", "", 4, 1, (), (feature,), (), (("a", 2), ("b", 2)), (), ())
    assert row_of(summary, "constant").split() == ["constant", "1", "1", "1", "0", "▇", "–"]


def test_a_pipe_gets_plain_text_and_a_terminal_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    show_dataset(iris())
    plain = capsys.readouterr().out
    assert plain == summary_text(iris(), 80) + "\n"

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    show_dataset(hostile())
    coloured = terminal.getvalue()
    assert "\x1b[38;5;" in coloured
    assert "\x1b[31m" not in coloured
    assert "\x1b[2J" not in coloured
    assert "[bold]x[/]" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.truncate(0)
    show_dataset(iris())
    assert "\x1b" not in terminal.getvalue()


class Showing(App[None]):
    """Nothing but the data screen."""

    def __init__(self, summary: Summary, toggle: ToggleColumn | None = None) -> None:
        super().__init__()
        self.animation_level = "none"
        self.shown = DataScreen(summary, toggle)

    def on_mount(self) -> None:
        self.push_screen(self.shown)

    @property
    def view(self) -> SummaryView:
        return self.shown.query_one(SummaryView)

    def lines(self) -> list[str]:
        strips = self.shown._compositor.render_strips(self.size)
        return [strip.text for strip in strips]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("name", SUMMARIES)
async def test_the_screen_shows_the_page_from_its_first_to_its_last_line(
    name: str, size: tuple[int, int]
) -> None:
    app = Showing(SUMMARIES[name]())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        page = app.view.shown
        assert page.width >= min(size[0], 160) - 5
        assert all(cell_len(line) == size[0] for line in app.lines())
        assert any(page.lines()[0] in line for line in app.lines())
        await pilot.press("end")
        await pilot.pause()
        assert any(page.lines()[-1] in line for line in app.lines())
        assert any("esc closes" in line for line in app.lines())


async def test_keys_scroll_at_once() -> None:
    app = Showing(summarize(synthetic(300, 40)))
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        assert app.focused is view
        for keys, expected in (
            (("down", "down", "up"), 1),
            (("home",), 0),
            (("pagedown",), 22),
            (("end",), view.shown.height - 22),
            (("pageup",), view.shown.height - 44),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            assert view.scroll_offset.y == expected


async def test_arrows_show_other_features_of_the_first_rows() -> None:
    app = Showing(summarize(synthetic(30)))
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.view.shown.lines()[-1]
        await pilot.press("end", "right", "right")
        assert app.view.shown.lines()[-1].startswith("features 3 to ")
        await pilot.pause()
        assert any("features 3 to " in line for line in app.lines())
        await pilot.press("left", "left", "left")
        assert app.view.shown.lines()[-1] == before
        for _ in range(40):
            await pilot.press("right")
        assert app.view.shown.lines()[-1].split()[3:] == ["30", "of", "30"]


def with_excluded() -> Summary:
    data = DATASETS["iris"].draw(0)
    columns = ("flower", "flower", "petal", "width")
    excluded = (("id", "counts the rows"), ("[bold]name", ""))
    return summarize(replace(data, columns=columns, excluded=excluded))


async def test_arrows_select_the_column_of_a_row_and_x_toggles_it() -> None:
    toggled: list[str] = []
    app = Showing(with_excluded(), lambda column, _: toggled.append(column))
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press("x")
        assert app.view.selected == "flower"
        assert not toggled
        await pilot.press("x")
        selected = [app.view.selected]
        for _ in range(5):
            await pilot.press("down", "x")
            selected.append(app.view.selected)
        assert toggled == selected == ["flower", "flower", "petal", "width", "id", "[bold]name"]
        await pilot.pause()
        (line,) = [line for line in app.lines() if ">" in line]
        assert "[bold]name" in line
        assert "excluded" in line
        await pilot.press("up")
        assert app.view.selected == "id"
        # the selection follows its column, and is lost with it
        summary = with_excluded()
        app.shown.show_summary(replace(summary, features=summary.features[:1]), "")
        assert app.view.selected == "id"
        app.shown.show_summary(replace(summary, excluded=()), "")
        assert app.view.selected is None


async def test_x_brings_a_column_below_the_screen_into_view() -> None:
    app = Showing(with_excluded(), lambda *_: None)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert app.view.selected == "flower"
        assert any(line.lstrip("│").startswith(">") for line in app.lines())
        assert any("x excludes flower" in line for line in app.lines())


@pytest.mark.parametrize("width", [60, 80])
async def test_the_keys_say_what_x_does_to_the_selected_column(width: int) -> None:
    app = Showing(with_excluded())
    async with app.run_test(size=(width, 60)) as pilot:
        for name in ("it", "flower", "flower", "petal", "width"):
            assert f"x excludes {name} " in str(app.view.border_subtitle)
            await pilot.press("down")
        assert "x includes id " in str(app.view.border_subtitle)
        await pilot.press("down")
        await pilot.pause()
        shown = "[bold…" if width == 60 else "[bold]name"
        assert any(f"x includes {shown} · ← → more · esc closes" in line for line in app.lines())


async def test_data_without_columns_have_no_key_that_excludes_one() -> None:
    app = Showing(texts())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert any("↑ ↓ scroll · esc closes" in line for line in app.lines())
        await pilot.press("down", "x")
        await pilot.pause()
        assert any("there is no column to exclude" in line for line in app.lines())


async def test_the_selected_column_stays_selected_in_another_size() -> None:
    app = Showing(with_excluded())
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press(*["down"] * 3)
        before = sorted(app.view.shown.columns)
        await pilot.resize_terminal(32, 60)
        await pilot.pause()
        assert sorted(app.view.shown.columns) != before
        assert app.view.selected == "petal"


async def test_a_refused_change_is_shown_below_the_page() -> None:
    app = Showing(with_excluded())
    async with app.run_test(size=(80, 40)) as pilot:
        app.shown.show_summary(app.view._summary, "no column is left for [bold]features")
        await pilot.pause()
        assert any("no column is left for [bold]features" in line for line in app.lines())


async def test_arrows_scroll_to_a_table_that_is_not_visible() -> None:
    app = Showing(with_excluded())
    async with app.run_test(size=(80, 12)) as pilot:
        rows = sorted(app.view.shown.columns)
        for _ in range(rows[-1] + len(rows)):
            await pilot.press("down")
        assert app.view.selected == "[bold]name"
        assert app.view.scroll_offset.y > 0
        for _ in range(rows[-1] + len(rows)):
            await pilot.press("up")
        assert app.view.scroll_offset.y == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_each_row_of_the_table_knows_its_column(width: int) -> None:
    page = summary_cells(with_excluded(), width)
    lines = page.lines()
    names = ["sepal length", "sepal width", "petal length", "petal width", "id", "[bold]name"]
    assert list(page.columns.values()) == ["flower", "flower", "petal", "width", "id", "[bold]name"]
    for row, name in zip(page.columns, names, strict=True):
        assert lines[row].startswith(name[: max(0, min(3, width - 10))])
    texts = summarize(DATASETS["languages"].draw(0))
    assert summary_cells(texts, width).columns == {}


async def test_the_page_is_laid_out_once_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []

    def counted(summary: Summary, width: int, first: int = 0, *, pictures: bool) -> object:
        widths.append(width)
        return summary_cells(summary, width, first, pictures=pictures)

    monkeypatch.setattr("tui.screens.data.summary_cells", counted)
    app = Showing(iris())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pagedown", "up", "end")
        assert widths == [75]
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert widths == [75, 95]
        assert app.view.virtual_size == Size(97, app.view.shown.height)


@pytest.mark.parametrize("key", ["escape", "v"])
async def test_escape_or_v_closes(key: str) -> None:
    app = Showing(iris())
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen is app.shown
        await pilot.press(key)
        await pilot.pause()
        assert app.screen is not app.shown
        assert app.is_running


async def test_q_quits() -> None:
    app = Showing(iris())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
        await pilot.pause()
    assert app.return_code == 0
    assert not app.is_running


@pytest.mark.parametrize("width", [*WIDTHS, 100])
def test_samples_that_are_images_are_shown_as_pictures_on_the_screen_only(width: int) -> None:
    data = DATASETS["digits"].draw(0)
    summary = summarize(data)
    assert "as pictures" not in summary_text(summary, width)
    page = summary_cells(summary, width, pictures=True)
    lines = page.lines()
    assert all(cell_len(line) == width for line in lines)
    if width < 20:
        return
    row = next(at for at, line in enumerate(lines) if line.startswith("first samples as"))
    first = data.class_names[int(data.y[0])]
    assert lines[row + 1].split()[1] == first
    # the first row of pixels, each as wide as the picture is magnified
    scale = max(1, (width // 4 - 2) // 8)
    shown = [
        get_ink(int(page.inks[row + 2, at * scale])).foreground
        if page.glyphs[row + 2, at * scale] == "▀"
        else get_ink(int(page.inks[row + 2, at * scale])).background
        for at in range(8)
    ]
    levels = np.clip((data.x[0, :8] / data.x[0].max() * len(GREYS)).astype(int), 0, len(GREYS) - 1)
    assert shown == [GREYS[level] for level in levels]
