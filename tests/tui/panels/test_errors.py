"""Errors panel, drawn without an application: confusion matrices and residuals."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from textual.app import App, ComposeResult

from core import RunConfig
from core.config.presets import PRESETS
from core.datasets.preparation import Preparation
from core.nn.initializers import INITIALIZERS
from core.process.messages import State
from core.training.components import build_network
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import CLASS_FIELDS, TEST_MARKERS, TRAIN_MARKERS, style
from tui.panels.errors.confusion import ConfusionTable, draw_confusion, lay_out
from tui.panels.errors.panel import ErrorsPanel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel

PRESET_NAMES = ("xor", "moons", "blobs", "spiral", "iris")
TEN = RunConfig(dataset="blobs", classes=10, samples=900, hidden=(8,))


def after(name: str, epochs: int, state: State = State.PAUSED) -> RunModel:
    return session_after(PRESETS[name].config(), epochs, state)


def panel_of(session: RunModel, **options: object) -> ErrorsPanel:
    panel = ErrorsPanel(session, ViewOptions())
    for name, value in options.items():
        setattr(panel.options, name, value)
    return panel


def lines_of(session: RunModel, width: int, height: int) -> list[str]:
    return inside(panel_of(session).draw(width + 2, height + 2))


def inside(cells: Cells) -> list[str]:
    return [line[1:-1] for line in cells.lines()[1:-1]]


def matrix_of(session: RunModel, *, test: bool = True) -> list[list[int]]:
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    x, y = (data.x_test, data.y_test) if test else (data.x_train, data.y_train)
    labels = np.arange(network.classes)
    matrix = metrics.confusion_matrix(y, network.predict(x).argmax(axis=1), labels=labels)
    return [[int(count) for count in row] for row in matrix]


def counts_in(lines: list[str], names: tuple[str, ...], markers: str) -> list[list[int]]:
    """Read a matrix back: the numbers behind each class's marker and name."""
    rows = []
    for label, name in enumerate(names):
        start = f"{markers[label % len(markers)]} {name} "
        line = next(line for line in lines if line.startswith(start) and "→" not in line[:30])
        words = line[len(start) :].replace("·", "0").split()
        rows.append([int(word) for word in words[: len(names)]])
    return rows


@pytest.mark.parametrize("name", PRESET_NAMES)
@pytest.mark.parametrize("epochs", [0, 3, 60])
def test_the_counts_are_those_of_the_confusion_matrix(name: str, epochs: int) -> None:
    session = after(name, epochs)
    data = session.data
    assert data is not None
    lines = lines_of(session, 100, 30)
    if data.shared:
        assert counts_in(lines, data.class_names, TRAIN_MARKERS) == matrix_of(session)
        return
    left, right = zip(*(line.split("│") for line in lines), strict=True)
    trained = counts_in(list(left), data.class_names, TRAIN_MARKERS)
    tested = counts_in([line[1:] for line in right], data.class_names, TEST_MARKERS)
    assert trained == matrix_of(session, test=False)
    assert tested == matrix_of(session)
    assert f"train · {len(data.y_train)} samples" in left[0]
    assert f"test · {len(data.y_test)} samples" in right[0]


def test_uneven_classes_show_scores_that_count_them_equally() -> None:
    session = after("breast-cancer", 1)
    data, network = session.data, session.network
    assert data is not None
    assert network is not None
    predicted = network.predict(data.x_test).argmax(axis=1)
    balanced = metrics.balanced_accuracy_score(data.y_test, predicted)
    line = next(line for line in lines_of(session, 110, 12) if line.startswith("accuracy"))
    majority = np.mean(data.y_test == 1)
    assert f"majority {100 * majority:.1f} %  balanced {100 * balanced:.1f} %" in line
    assert "balanced" not in "\n".join(lines_of(after("iris", 3), 110, 12))


def test_the_scores_stand_beside_the_counts() -> None:
    session = after("iris", 12)
    data = session.data
    assert data is not None
    assert session.network is not None
    predicted = session.network.predict(data.x_test).argmax(axis=1)
    report = metrics.classification_report(
        data.y_test, predicted, target_names=data.class_names, output_dict=True, zero_division=0
    )
    lines = [line.split("│")[1].strip() for line in lines_of(session, 140, 30)]
    for name in data.class_names:
        words = next(line for line in lines if line[2:].startswith(name)).split()[5:]
        assert words[2] == f"{100 * report[name]['recall']:.1f}"
        if words[0] != "–":
            assert words[0] == f"{100 * report[name]['precision']:.1f}"
    totals = next(line for line in lines if line.startswith("accuracy"))
    assert f"accuracy {100 * report['accuracy']:.1f} %" in totals
    wrong = int((predicted != data.y_test).sum())
    assert f"{wrong} wrong of {len(predicted)}" in totals
    assert "macro F1 0." in totals or "macro F1 1." in totals


def test_one_part_is_shown_where_there_is_no_room_for_two_and_x_switches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = after("iris", 5)
    assert session.data is not None
    train_samples, test_samples = len(session.data.y_train), len(session.data.y_test)
    panel = panel_of(session)
    monkeypatch.setattr(panel, "repaint", lambda: None)
    names = ("setosa", "versicolor", "virginica")
    test = panel.draw(48, 14)
    assert f"test · {test_samples} samples" in test.lines()[0]
    assert "x train" in test.lines()[0]
    assert counts_in(inside(test), names, TEST_MARKERS) == matrix_of(session)
    panel.action_switch_part()
    train = panel.draw(48, 14)
    assert f"train · {train_samples} samples" in train.lines()[0]
    assert counts_in(inside(train), names, TRAIN_MARKERS) == matrix_of(session, test=False)


def test_data_that_are_train_and_test_have_one_matrix_and_it_is_said() -> None:
    for width in (48, 102):
        lines = panel_of(after("xor", 5)).draw(width, 20).lines()
        assert "train = test · 4 samples" in lines[0]
        assert "x train" not in lines[0]
        assert sum("accuracy" in line for line in lines) == 1


def test_of_very_many_samples_it_says_how_many_are_here() -> None:
    session = after("moons", 2)
    assert session.data is not None
    session.data = replace(session.data.thinned(40), samples=(1_000_000, 250_000))
    panel = panel_of(session)
    assert "test · 40 of 250,000" in panel.draw(40, 14).lines()[0]


@pytest.mark.parametrize("size", [(30, 8), (46, 12), (100, 30)])
@pytest.mark.parametrize("name", [*PRESET_NAMES, "bumps"])
def test_at_the_usual_sizes_something_is_said(name: str, size: tuple[int, int]) -> None:
    said = "\n".join(lines_of(after(name, 8), *size))
    assert "mean" in said or "±" in said if name == "bumps" else "accuracy" in said


def test_classes_scroll_where_they_are_more_than_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(session_after(TEN, 2, State.PAUSED))
    monkeypatch.setattr(panel, "repaint", lambda: None)
    first = panel.draw(48, 10)
    assert [line[2] for line in inside(first)[1:7]] == list("012345")
    assert "rows 1–6 of 10" in panel_of(panel.run).draw(60, 9).lines()[0].replace("1–5", "1–6")
    for _ in range(30):
        panel.action_scroll_classes(1)
        panel.draw(48, 10)
    last = panel.draw(48, 10)
    assert [line[2] for line in inside(last)[1:7]] == list("456789")
    narrow = inside(panel.draw(32, 10))
    # there the title has no room for "rows 5–10 of 10"
    assert narrow[1].endswith("↑")
    assert "↓" not in "".join(narrow)
    panel.action_scroll_classes(-1)
    # it turns round at once, however often it was pressed at the end
    assert inside(panel.draw(48, 10))[1][2] == "3"


@pytest.mark.parametrize("width", [15, 20, 28, 34, 46, 60])
def test_counts_are_whole_or_a_mark_stands_for_them(width: int) -> None:
    session = session_after(TEN, 1, State.PAUSED)
    matrix = matrix_of(session)
    layout = lay_out(tuple("0123456789"), 2, width)
    assert layout is not None
    assert layout.exact == (layout.cell >= 3) == (width >= 33)
    lines = lines_of(session, width, 13)
    first = next(row for row, line in enumerate(lines) if line.startswith("○ 0"))
    for label in range(10):
        for other in range(10):
            left = layout.label + other * layout.cell
            shown = lines[first + label][left : left + layout.cell].strip()
            marks = (
                {str(matrix[label][other])} if layout.exact else {str(matrix[label][other]), "+"}
            )
            if not layout.exact and label == other:
                marks |= {TEST_MARKERS[label % len(TEST_MARKERS)]}
            assert shown in ({"·"} if not matrix[label][other] else marks)


def hundred_classes() -> RunModel:
    session = session_after(TEN, 1, State.PAUSED)
    assert session.data is not None
    rng = np.random.default_rng(0)
    y = np.sort(rng.integers(0, 100, 2000))
    x = rng.normal(size=(2000, 2)) * 0.3 + np.column_stack([y // 10, y % 10]) * 0.2
    session.data = replace(
        session.data,
        x_train=x,
        y_train=y,
        x_test=x[::2],
        y_test=y[::2],
        class_names=tuple(map(str, range(100))),
    )
    session.network = build_network(session.config, session.data)
    session.network.initialize(INITIALIZERS["glorot"], rng)
    return session


def test_a_hundred_classes_are_a_picture_with_a_column_each() -> None:
    session = hundred_classes()
    panel = panel_of(session)
    cells = panel.draw(122, 32)
    matrix = matrix_of(session)
    assert "rows 1–" in cells.lines()[0]
    body = inside(cells)
    label = 5
    for row, line in enumerate(body[1:20]):
        for other, count in enumerate(matrix[row]):
            glyph = line[label + other]
            if not count:
                assert glyph == "·"
            elif other == row:
                assert glyph == TEST_MARKERS[row % len(TEST_MARKERS)]
            else:
                assert glyph == (str(count) if count < 10 else "+")


def test_where_not_even_colours_fit_the_most_frequent_confusions_are_listed() -> None:
    session = hundred_classes()
    lines = lines_of(session, 46, 12)
    matrix = np.array(matrix_of(session))
    np.fill_diagonal(matrix, 0)
    assert "true → predicted" in lines[0]
    counts = [int(line.split()[-1]) for line in lines[1:]]
    assert counts == sorted(matrix.ravel().tolist(), reverse=True)[: len(counts)]
    first = lines[1].split()
    assert matrix[int(first[1]), int(first[4])] == counts[0]


def test_right_ones_and_errors_differ_in_colour_and_grow_with_their_share() -> None:
    session = after("moons", 4)
    cells = panel_of(session).draw(32, 10)
    rows = [row for row, line in enumerate(cells.lines()) if line[1] in TEST_MARKERS]
    for label, row in enumerate(rows):
        papers = []
        for column in range(1, 31):
            colour = style(int(cells.inks[row, column])).bgcolor
            papers.append(colour.name if colour is not None else "")
        assert set(papers) & set(CLASS_FIELDS[label])
        assert not set(papers) & set(CLASS_FIELDS[1 - label])


def test_names_that_would_move_the_cursor_are_harmless() -> None:
    session = after("blobs", 3)
    assert session.data is not None
    names = ("\x1b[2J\x1b[31mred", "a\nb\tc", "", "x" * 500)
    session.data = replace(session.data, class_names=names)
    for size in ((32, 10), (48, 14), (102, 32), (200, 60)):
        cells = panel_of(session).draw(*size)
        text = "".join(cells.lines())
        assert text.isprintable()
        assert all(len(line) == size[0] for line in cells.lines())


def test_outputs_that_are_no_numbers_are_told() -> None:
    for name in ("moons", "xor", "iris", "bumps"):
        session = after(name, 2)
        assert session.network is not None
        session.network.parameters[:] = np.nan
        for size in ((32, 10), (48, 14), (102, 32)):
            said = "\n".join(panel_of(session).draw(*size).lines())
            assert "finite" in said


def test_samples_without_a_finite_output_are_counted_apart() -> None:
    session = after("iris", 30)
    data = session.data
    assert data is not None
    x = data.x_test.copy()
    x[:3] = np.nan
    session.data = replace(data, x_test=x)
    cells = panel_of(session).draw(46, 10)
    assert "3 not finite" in cells.lines()[0]
    counted = counts_in(inside(cells), data.class_names, TEST_MARKERS)
    assert sum(map(sum, counted)) == len(x) - 3
    assert f"test · {len(x)} · 3 not finite" in panel_of(session).draw(60, 10).lines()[1]


def test_a_class_without_samples_and_a_part_of_one_sample() -> None:
    session = after("iris", 30)
    data = session.data
    assert data is not None
    session.data = replace(data, x_test=data.x_test[:1], y_test=data.y_test[:1])
    lines = lines_of(session, 46, 12)
    assert "1 wrong of 1" in "\n".join(lines) or "0 wrong of 1" in "\n".join(lines)
    # two classes have no sample: their recall is no number
    assert sum(line.rstrip().endswith("–") for line in lines) == 2
    session.data = replace(data, x_test=data.x_test[:0], y_test=data.y_test[:0])
    assert "accuracy – %" in "\n".join(lines_of(session, 46, 12))


def test_before_the_first_epoch_there_is_a_placeholder() -> None:
    shown = "".join(lines_of(RunModel(PRESETS["moons"].config()), 46, 12))
    assert "errors of the network" in shown


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (398, 98)])
@pytest.mark.parametrize("name", ["xor", "moons", "iris", "bumps"])
def test_it_is_drawn_at_any_size(name: str, size: tuple[int, int]) -> None:
    cells = panel_of(after(name, 2)).draw(*size)
    assert (cells.width, cells.height) == size


def test_residuals_are_true_minus_predicted() -> None:
    session = after("bumps", 60)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    cells = panel_of(session).draw(102, 32)
    assert "residuals" in cells.lines()[0]
    text = "\n".join(inside(cells)).replace("−", "-")
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        residuals = y - network.predict(x)
        words = next(part for part in text.split("mean ")[1:] if _is_close(part, residuals))
        assert float(words.split()[2]) == pytest.approx(residuals.std(), rel=0.01)
    assert "true y" in text
    assert {TRAIN_MARKERS[0], TEST_MARKERS[0]} <= set(text)


def _is_close(words: str, residuals: np.ndarray) -> bool:
    return float(words.split()[0]) == pytest.approx(residuals.mean(), rel=0.01, abs=1e-6)


def test_the_axes_stay_while_the_network_learns() -> None:
    session = after("bumps", 0)
    assert session.network is not None
    panel = panel_of(session)
    axis = inside(panel.draw(32, 12))
    session.network.parameters[:] *= 7
    later = inside(panel.draw(32, 12))
    assert axis[-2] == later[-2]
    assert axis[0][:6] == later[0][:6]


def test_predictions_outside_the_axis_stand_at_its_edge_as_arrows() -> None:
    session = after("bumps", 1)
    assert session.network is not None
    session.network.biases[-1][:] = 1e6
    top = inside(panel_of(session).draw(60, 20))[0]
    assert top.count("↑") > 5


def test_the_chosen_target_is_the_one_that_is_shown() -> None:
    session = after("bumps", 20)
    data, network = session.data, session.network
    assert data is not None
    assert network is not None
    both = replace(
        data,
        y_train=np.asarray(data.y_train, np.float64) * [1, 10],
        y_test=np.asarray(data.y_test, np.float64) * [1, 10],
        target_names=("y", "ten y"),
        preparation=Preparation(),
    )
    session.data, session.network = both, build_network(session.config, both)
    assert " y · 225 train" in panel_of(session, target=0).draw(102, 32).lines()[0]
    second = panel_of(session, target=1).draw(102, 32)
    assert "ten y" in second.lines()[0]
    assert "true ten y" in "\n".join(second.lines())


def test_while_it_trains_it_is_not_drawn_in_every_frame_but_always_when_it_rests() -> None:
    for state, changes in ((State.TRAINING, False), (State.PAUSED, True)):
        session = after("moons", 60, state)
        panel = panel_of(session)
        before = panel.draw(40, 12).lines()
        assert session.network is not None
        session.network.parameters[:] *= -1
        assert (panel.draw(40, 12).lines() != before) is changes


class OnlyErrors(App[None]):
    """The panel alone, with the focus."""

    def __init__(self, panel: ErrorsPanel) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_the_keys_switch_the_part_and_scroll_the_classes() -> None:
    panel = panel_of(session_after(TEN, 2, State.TRAINING))
    app = OnlyErrors(panel)

    def rows() -> list[str]:
        return [line.rstrip("↑↓ ") for line in inside(panel.shown)]

    async with app.run_test(size=(46, 10)) as pilot:
        panel.focus()
        await pilot.pause()
        assert "test · 225" in panel.shown.lines()[0]
        first = rows()[1:7]
        await pilot.press("down", "down")
        # the lines move up by two, without a wait for the next frame
        assert rows()[1:5] == first[2:]
        await pilot.press("up", "x")
        assert "train · 675" in panel.shown.lines()[0]
        assert inside(panel.shown)[1].startswith(f"{TRAIN_MARKERS[1]} 1")
        await pilot.press("x")
        assert rows()[1:6] == first[1:]


def test_classes_below_the_edge_are_counted_where_the_scores_reach_it() -> None:
    names = ("English", "French", "German", "Italian", "Portuguese", "Spanish")
    table = ConfusionTable(names, "○△□◇▽☆", np.eye(6, dtype=int), 2)

    def told(first: int) -> str:
        lines = draw_confusion(table, first, 38, 6)[0].lines()
        assert lines[0].endswith("rec")
        return lines[-1]

    assert told(0).endswith(" ↓2")
    assert told(1).endswith(" ↑1 ↓1")
    assert told(2).endswith(" ↑2")
    assert "↓" not in "".join(draw_confusion(table, 0, 38, 8)[0].lines())
