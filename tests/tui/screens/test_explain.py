"""Every panel is explained in ten lines, and advice is shown in what room there is."""

from collections.abc import Iterator

import pytest
from textual.app import App

from core import RunConfig
from core.analysis.advice import Advice
from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES
from tests.tui.sessions import session_after
from tui.drawing.palette import DIM, WARNING, ink
from tui.panels import PANELS
from tui.panels.layers import NOTHING_FOUND, advice_lines
from tui.run_model import RunModel
from tui.screens.explain import ExplainScreen
from tui.screens.explanations import EXPLANATIONS, MOST_LINES, WIDTH, explanation

ADVICE = [
    Advice("dead", "Nine of sixteen units of layer 1 (relu) are dead.", "Lower the learning rate."),
    Advice("overfitting", "The test loss has risen since epoch 20.", "Take fewer units."),
]


def sessions() -> Iterator[RunModel]:
    yield RunModel(RunConfig())  # before the data are there
    yield RunModel(RunConfig(loss="hinge"))
    yield session_after(RunConfig(hidden=()), 1)
    for dataset in ("moons", "bumps"):
        for name in ACTIVATIONS:
            yield session_after(RunConfig(dataset=dataset, activation=name, l1=0.1), 1)
        for loss in LOSSES:
            if dataset == "moons" or LOSSES[loss].supports_regression:
                yield session_after(RunConfig(dataset=dataset, loss=loss, l2=0.1), 1)
    mixed = ("selu", "softplus", "leaky_relu")
    yield session_after(RunConfig(hidden=(4, 4, 4), activation=mixed), 1)


@pytest.mark.parametrize("label", EXPLANATIONS)
def test_an_explanation_has_at_most_ten_lines_that_fit_a_small_terminal(label: str) -> None:
    for session in sessions():
        lines = explanation(label, session)
        assert 4 <= len(lines) <= MOST_LINES, (label, session.config, lines)
        assert all(0 < len(line) <= WIDTH for line in lines), lines
        assert any(line.startswith("Keys: ") for line in lines)


def test_every_panel_has_an_explanation() -> None:
    assert {panel.label for panel in PANELS} <= EXPLANATIONS.keys()


def test_an_unknown_panel_is_no_reason_to_fail() -> None:
    (line,) = explanation("[bold]", RunModel(RunConfig()))
    assert "[bold]" in line


def test_the_runs_own_formulas_stand_in_it() -> None:
    session = session_after(RunConfig(loss="hinge", activation="gelu"), 1)
    loss, hidden = (" ".join(explanation(label, session)) for label in ("loss", "hidden"))
    assert LOSSES["hinge"].formula in loss
    assert ACTIVATIONS["gelu"].formula in hidden
    numbers = session_after(RunConfig(dataset="bumps"), 1)
    assert "mean_squared_error" in " ".join(explanation("loss", numbers))
    assert "R² = 1 −" in " ".join(explanation("accuracy", numbers))


def test_the_penalty_is_told_where_there_is_one() -> None:
    for strength, told in ((0.0, False), (0.1, True)):
        lines = " ".join(explanation("loss", RunModel(RunConfig(l2=strength))))
        assert ("Ochre" in lines) is told


class Showing(App[None]):
    def __init__(self, label: str, title: str, session: RunModel) -> None:
        super().__init__()
        self.explain = ExplainScreen(label, title, session)

    def on_mount(self) -> None:
        self.push_screen(self.explain)

    @property
    def explains(self) -> bool:
        return isinstance(self.screen, ExplainScreen)

    def lines(self) -> list[str]:
        return [strip.text for strip in self.screen._compositor.render_strips()]


@pytest.mark.parametrize("label", EXPLANATIONS)
async def test_all_lines_are_on_a_small_screen(label: str) -> None:
    session = session_after(RunConfig(activation="selu", l2=0.1), 1)
    app = Showing(label, label, session)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = app.lines()
        for line in explanation(label, session):
            assert any(line in row for row in shown), line
        assert any(f"{label}: what it shows" in row for row in shown)


@pytest.mark.parametrize("key", ["escape", "e"])
async def test_it_opens_and_closes(key: str) -> None:
    app = Showing("loss", "loss", session_after(RunConfig(), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.explains
        await pilot.press(key)
        await pilot.pause()
        assert not app.explains


async def test_q_quits_the_program() -> None:
    app = Showing("loss", "loss", session_after(RunConfig(), 1))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_title_is_no_markup() -> None:
    app = Showing("loss", "[bold]x[/] \x1b[31m", RunModel(RunConfig()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert any("[bold]x[/] ·[31m: what it shows" in row for row in app.lines())


# --- advice in the layers panel


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
