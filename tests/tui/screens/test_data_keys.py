"""Keys that concern data, driven by Textual's Pilot with a real training process."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input, Select, Static

from core import RunConfig
from core.analysis.baseline import measure_baseline
from core.analysis.planes import PlaneChoice, ranked_features
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import Refused, State
from tests.tui.screens.test_settings import opened
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.app import NnfsApp
from tui.drawing import number_format
from tui.screens.ask import Answer, AskScreen
from tui.screens.data import DataScreen, SummaryView
from tui.screens.plane import PlaneScreen

WINE = PRESETS["wine"].config(epochs=100_000_000)
IRIS = PRESETS["iris"].config(epochs=100_000_000)
LINNERUD = PRESETS["linnerud"].config(epochs=100_000_000)
LANGUAGES = PRESETS["languages"].config(epochs=20)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file that takes seconds to read, so that keys are pressed meanwhile."""
    file = tmp_path_factory.mktemp("data") / "endless.csv"
    rows = "".join(f"{at / 7:.8f},{at * 3 % 11:.8f},{at % 2}\n" for at in range(1000))
    file.write_text("wide,high,kind\n" + rows * 1600, encoding="ascii")
    return str(file)


async def pause(driver: Driver) -> None:
    await driver.press("space")
    await driver.until_state(State.PAUSED)
    await driver.settled()


def downwards(text: str) -> list[str]:
    """Return the columns of a text, each as a line."""
    return ["".join(glyphs) for glyphs in zip(*text.split("\n"), strict=True)]


def title(driver: Driver, label: str) -> str:
    """Return the upper border of a panel."""
    region = driver.panel(label).region
    return driver.text().split("\n")[region.y][region.x : region.right]


# --- D


async def test_new_data_are_drawn_and_the_trained_weights_stay() -> None:
    async with running(MOONS, speed=100.0) as driver:
        await driver.until(lambda: driver.epoch > 20)
        await pause(driver)
        session, still = driver.session, driver.epoch
        assert session.network is not None
        assert session.data is not None
        weights, data = session.network.parameters.copy(), session.data
        await driver.press("D")
        await driver.until_config("data_seed", 1)
        await driver.settled()
        await driver.shows("data seed auto → 1: trained weights kept")
        assert np.array_equal(session.network.parameters, weights)
        assert session.data.x_train.shape == data.x_train.shape
        assert not np.array_equal(session.data.x_train, data.x_train)
        assert driver.epoch == still
        await driver.press("space")
        await driver.until(lambda: driver.epoch > still + 5)
        epochs = session.timeline.column("epoch").tolist()
        assert epochs == list(range(len(epochs)))
        assert session.config.seed == 0


async def test_the_inspector_alone_shows_the_next_step_of_each_position() -> None:
    async with running(MOONS, size=(60, 20)) as driver:
        await driver.until(lambda: driver.epoch > 2)
        await pause(driver)
        assert driver.session.next_step is None
        await driver.press("i")
        await driver.until(lambda: driver.session.step_ahead is not None)
        step = driver.session.step_ahead
        assert step is not None
        assert step.epoch == driver.epoch
        await driver.press("plus")
        rate = 2 * step.learning_rate
        await driver.until(lambda: getattr(driver.session.step_ahead, "learning_rate", 0) == rate)
        # with room for a single panel, tab shows another one in its place, and again
        before = driver.epoch
        await driver.press("tab", "s")
        await driver.until(lambda: driver.epoch == before + 1)
        assert driver.session.step_ahead is None
        await driver.press("shift+tab")
        await driver.until(lambda: driver.session.step_ahead is not None)


async def test_a_set_that_cannot_be_drawn_is_parted_anew() -> None:
    async with running(IRIS, speed=100.0) as driver:
        before = driver.session.data
        assert before is not None
        await driver.press("D", "D")
        await driver.until_config("data_seed", 2)
        data = driver.session.data
        assert data is not None
        assert not np.array_equal(data.x_train, before.x_train)
        both = [
            np.concatenate([each.preparation.features(x) for x in (each.x_train, each.x_test)])
            for each in (before, data)
        ]
        # the same 150 flowers, each once
        assert np.sort(both[0], axis=0) == pytest.approx(np.sort(both[1], axis=0))


# --- p and P


async def test_the_planes_of_wine_are_gone_through_and_named() -> None:
    async with running(WINE, speed=100.0) as driver:
        await pause(driver)
        data = driver.session.data
        assert data is not None
        best = [data.feature_names[number] for number in ranked_features(data)[:4]]
        await driver.shows("PC 1")
        assert "of variance" in title(driver, "boundary")
        seen = []
        for _ in range(6):
            await driver.press("p")
            chosen = driver.screen.options.plane
            assert chosen.across is not None
            assert chosen.up is not None
            across, up = data.feature_names[chosen.across], data.feature_names[chosen.up]
            await driver.shows(across)
            assert any(up in line for line in [*downwards(driver.text()), driver.text()])
            assert "PC 1" not in driver.text()
            assert "others at mean" in title(driver, "boundary")
            seen.append({across, up})
        assert all(pair <= set(best) for pair in seen)
        assert len(set(map(frozenset, seen))) == 6
        await driver.press("p")
        await driver.shows("PC 1")


@asynccontextmanager
async def plane_dialog(driver: Driver) -> AsyncIterator[PlaneScreen]:
    await driver.press("P")
    dialog = driver.front
    assert isinstance(dialog, PlaneScreen)
    yield dialog


async def test_two_features_are_chosen_and_the_others_held_at_a_sample() -> None:
    async with running(WINE, (80, 24), speed=100.0) as driver:
        await pause(driver)
        data = driver.session.data
        assert data is not None
        proline, hue = data.feature_names.index("proline"), data.feature_names.index("hue")
        async with plane_dialog(driver) as dialog:
            dialog.query_one("#across", Select).value = proline
            dialog.query_one("#up", Select).value = hue
            dialog.query_one("#held", Input).value = "5"
            await driver.press("ctrl+s")
        assert driver.is_on_top()
        await driver.settled()
        assert driver.screen.options.plane == PlaneChoice(proline, hue, 4)
        assert "others at sample 5" in title(driver, "boundary")
        await driver.shows("proline across, hue up, the others at sample 5")
        # and what was chosen stands there again
        async with plane_dialog(driver) as dialog:
            assert dialog.query_one("#across", Select).value == proline
            assert dialog.query_one("#held", Input).value == "5"
            dialog.query_one("#held", Input).value = "selected"
            await driver.press("ctrl+s")
        await driver.shows(f"the others at sample {driver.screen.options.cursor.sample + 1}")
        async with plane_dialog(driver) as dialog:
            dialog.query_one("#across", Select).value = -1
            await driver.press("ctrl+s")
        await driver.until(lambda: "PC 1" in driver.text())


async def test_what_makes_no_plane_is_told_and_nothing_is_lost() -> None:
    async with running(WINE, speed=100.0) as driver:
        names = driver.session.data.feature_names if driver.session.data is not None else ()
        before = driver.screen.options.plane
        async with plane_dialog(driver) as dialog:
            dialog.query_one("#across", Select).value = names.index("proline")
            field, about = dialog.query_one("#held", Input), dialog.query_one("#about", Static)
            field.focus()
            for held, up, sentence in (
                ("0", "hue", "or a training sample from 1 to 134"),
                ("135", "hue", "invalid value '135': expected mean"),
                ("2.5", "hue", "invalid value '2.5': expected mean"),
                ("[red]", "hue", "invalid value '[red]': expected mean"),
                ("", "hue", "invalid value '': expected mean"),
                ("mean", "proline", "a plane needs two different features"),
            ):
                dialog.query_one("#up", Select).value = names.index(up)
                field.value = held
                await driver.press("enter")
                assert driver.front is dialog
                assert about.has_class("-wrong")
                assert sentence in str(about.render())
                assert field.value == held
                assert dialog.query_one("#across", Select).value == names.index("proline")
            await driver.press("escape")
        assert driver.is_on_top()
        assert driver.screen.options.plane == before


async def test_two_features_leave_no_plane_to_choose() -> None:
    async with running(MOONS, speed=100.0) as driver:
        for key in ("p", "P"):
            await driver.press(key)
            assert driver.is_on_top()
            await driver.shows("the map already shows all of the data: 2 features")
            await driver.press("tab")
            assert "the map already shows all" not in driver.text()


# --- y


async def test_the_number_to_predict_is_changed_everywhere() -> None:
    async with running(LINNERUD, speed=100.0) as driver:
        await driver.press("6")
        await pause(driver)
        names = ["weight", "waist", "pulse"]
        for name in [*names[1:], names[0]]:
            await driver.press("y")
            await driver.settled()
            await driver.shows(f"showing {name}")
            assert f" {name} " in title(driver, "boundary")
            assert f" {name} " in title(driver, "errors")
            strip = driver.panel("hidden").region
            border = driver.text().split("\n")[strip.bottom - 1][strip.x : strip.right]
            assert f"by {name} " in border
            others = [other for other in names if other != name]
            assert not any(other in title(driver, "boundary") for other in others)


async def test_of_one_thing_to_predict_there_is_no_other() -> None:
    async with running(MOONS, speed=100.0) as driver:
        await driver.press("y")
        await driver.shows("there is only one target")


# --- v


async def test_the_data_screen_opens_and_closes() -> None:
    async with running(WINE, (120, 80), speed=100.0) as driver:
        for close in ("v", "escape"):
            await driver.press("v")
            assert isinstance(driver.front, DataScreen)
            for words in ("178", "alcohol", "proline"):
                await driver.shows(words)
            start = driver.epoch
            await driver.until(lambda start=start: driver.epoch > start)  # type: ignore[misc]
            await driver.press(close)
            assert driver.is_on_top()


async def test_before_the_data_is_loaded_its_keys_say_so() -> None:
    async with running(MOONS, speed=100.0, paused=True) as driver:
        driver.session.data = driver.session.network = None
        for key in ("v", "A"):
            await driver.press(key)
            await driver.shows("the data is not loaded yet")
            assert driver.is_on_top()
            driver.session.note = ""


async def test_a_column_is_excluded_and_included_again_on_the_data_screen(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        f"{at},{a:.3f},{b:.3f},{'xyz'[at % 3]},{int(a > b)}\n"
        for at, (a, b) in enumerate(rng.normal(size=(60, 2)))
    ]
    file = tmp_path / "f.csv"
    file.write_text("id,a,b,kind,y\n" + "".join(rows))
    config = RunConfig(data=str(file), epochs=100_000_000)

    def features() -> tuple[str, ...]:
        return driver.session.data.feature_names if driver.session.data is not None else ()

    def settings(exclude: tuple[str, ...] | None) -> Callable[[], bool]:
        return lambda: driver.session.config.exclude == exclude

    async def toggle(column: str) -> None:
        view = driver.front.query_one(SummaryView)
        for key in ["up"] * 40 + ["down"] * 80:
            if view.selected == column:
                break
            await driver.press(key)
        await driver.press("x")

    async with running(config, (100, 60), speed=100.0) as driver:
        kinds = ("kind=x", "kind=y", "kind=z")
        assert features() == ("a", "b", *kinds)
        await driver.press("v")
        await driver.shows("excluded: counts the rows")
        await toggle("b")
        await driver.until(settings(("b",)))
        await driver.until(lambda: features() == ("a", *kinds))
        await driver.shows("b   excluded")
        await toggle("b")
        await driver.until(settings(None))
        await driver.until(lambda: features() == ("a", "b", *kinds))
        await toggle("id")
        await driver.until(settings(("-id",)))
        assert features() == ("id", "a", "b", *kinds)
        await driver.press("escape")
        assert driver.is_on_top()


# --- i


@asynccontextmanager
async def question(driver: Driver) -> AsyncIterator[tuple[Input, Callable[[str], Awaitable[str]]]]:
    """Open the dialog; give its field, and what puts a question and returns the line below it."""
    await driver.press("A")
    dialog = driver.front
    assert isinstance(dialog, AskScreen)
    await driver.until(lambda: dialog._ready)
    field = dialog.query_one("#question", Input)

    async def ask(text: str) -> str:
        field.value = text
        await driver.pilot.pause()
        return str(dialog.query_one("#about", Static).render())

    yield field, ask


def shown_shares(driver: Driver) -> dict[str, str]:
    """Return the percentage next to each class in the dialog."""
    lines = driver.front.query_one(Answer).draw(80, 20).lines()
    return {
        found[1].strip(): found[2]
        for line in lines
        if (found := re.search(r". (.+?) +(\S+) %", line))
    }


async def test_the_language_of_a_typed_sentence_is_told() -> None:
    async with running(LANGUAGES, speed=None) as driver:
        await driver.until_state(State.FINISHED)
        network, data = driver.session.network, driver.session.data
        assert network is not None
        assert data is not None
        async with question(driver) as (field, _):
            sentence = "guten morgen"
            await driver.press(*("space" if letter == " " else letter for letter in sentence))
            assert field.value == sentence
            (expected,) = network.predict(data.preparation.inputs_of_texts([sentence]))
            shares = zip(data.class_names, expected.tolist(), strict=True)
            told = {name: number_format.percent(share) for name, share in shares}
            assert shown_shares(driver) == told
            best = data.class_names[int(expected.argmax())]
            assert best == "German"
            await driver.shows(f"{best} ")
            await driver.shows(f"{told[best]} %")
            # the likeliest stands first
            assert next(iter(shown_shares(driver))) == best
            await driver.press("escape")
        assert driver.is_on_top()


async def test_a_flower_of_ones_own_is_told_by_its_numbers() -> None:
    async with running(IRIS, speed=100.0) as driver:
        await driver.until(lambda: driver.epoch > 50)
        await pause(driver)
        network, data = driver.session.network, driver.session.data
        assert network is not None
        assert data is not None
        async with question(driver) as (field, ask):
            # at first the mean stands there, and is answered to
            assert len(field.value.split(",")) == 4
            assert len(shown_shares(driver)) == 3
            assert "sepal length" in await ask("5.1, 3.5, 1.4, 0.2")
            inputs = data.preparation.inputs(np.array([[5.1, 3.5, 1.4, 0.2]]))
            (expected,) = network.predict(inputs)
            told = {
                name: number_format.percent(share)
                for name, share in zip(data.class_names, expected.tolist(), strict=True)
            }
            assert shown_shares(driver) == told
            assert next(iter(told)) == next(iter(shown_shares(driver))) == "setosa"


async def test_a_question_that_has_no_answer_is_told_so() -> None:
    async with running(IRIS, speed=100.0) as driver:
        await pause(driver)
        async with question(driver) as (field, ask):
            before = shown_shares(driver)
            for typed, sentence in (
                ("5.1, x", "invalid value 'x' for sepal width: expected a number"),
                ("5.1, [b]", "invalid value '[b]' for sepal width: expected a number"),
                ("1, 2, 3, 4, 5", "5 values for 4 features"),
                ("inf, 2, 3, 4", "invalid value 'inf' for sepal length: expected a finite number"),
            ):
                assert sentence in await ask(typed)
                assert field.value == typed
                assert not shown_shares(driver)  # no answer to another question
                await ask("5.1, , ,")  # what is not typed is the mean
                assert not driver.front.query_one("#about").has_class("-wrong")
                assert shown_shares(driver) != before


async def test_a_question_after_the_data_changed_is_told_so() -> None:
    async with running(IRIS, speed=100.0) as driver, question(driver) as (_, ask):
        driver.screen.controller.settings.apply(driver.session.config.changed(dataset="wine"))
        await driver.until_config("dataset", "wine")
        assert "the run has other data now" in await ask("1, 2, 3, 4")


# --- B


async def test_the_line_of_a_linear_model_is_shown_and_hidden() -> None:
    async with running(MOONS, speed=100.0) as driver:
        driver.panel("accuracy").focus()
        await driver.press("z", "B")  # enlarged, its title has room for all curves
        await driver.until(lambda: driver.session.baseline is not None)
        await driver.settled()
        assert driver.session.data is not None
        expected = measure_baseline(driver.session.data)
        assert driver.session.baseline == expected
        await driver.until(
            lambda: f"─ linear {100 * expected.test_score:.1f} %" in title(driver, "accuracy")
        )
        await driver.shows("logistic regression: accuracy")
        await driver.press("B")
        await driver.until(lambda: "linear" not in title(driver, "accuracy"))
        await driver.press("B")
        await driver.until(lambda: "─ linear" in title(driver, "accuracy"))
        # it is of these data, and goes with them
        await driver.press("D")
        await driver.until_config("data_seed", 1)
        await driver.until(lambda: "linear" not in title(driver, "accuracy"))


# --- 6


async def test_the_errors_are_shown_at_any_size() -> None:
    async with running(IRIS, speed=100.0) as driver:
        for size in ((120, 40), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            assert "errors" not in driver.visible()
            await driver.press("6")
            assert "errors" in driver.visible()
            await driver.until(lambda: "confusion" in driver.text())
            region = driver.panel("errors").region
            assert driver.app.screen.region.contains_region(region)
            lines = driver.text().split("\n")[region.y : region.bottom]
            inside = "\n".join(line[region.x : region.right] for line in lines)
            assert "setosa" in inside
            assert re.search(r"\d", inside)
            await driver.press("6")
            assert "errors" not in driver.visible()


# --- loading


async def test_loading_is_shown_and_ended_by_escape(endless: str) -> None:
    async with running(MOONS, speed=100.0) as driver:
        await driver.until(lambda: driver.epoch > 5)
        driver.screen.controller.settings.apply(MOONS.changed(data=endless))
        await driver.until(lambda: driver.session.loading is not None)
        await driver.until(lambda: "LOADING" in driver.text())
        await driver.shows("reading endless.csv")
        await driver.shows("esc cancels")
        await driver.press("escape")
        await driver.until(lambda: "loading was cancelled" in driver.text())
        assert "LOADING" not in driver.text()
        assert driver.session.config == MOONS
        start = driver.epoch
        await driver.until(lambda: driver.epoch > start)
        await driver.press("D")  # the settings are those of the run that continues
        await driver.until_config("data_seed", 1)
        assert driver.session.config.data is None


@asynccontextmanager
async def opening(config: RunConfig) -> AsyncIterator[Driver]:
    """Open the application, and do not wait for a run."""
    process = TrainingProcess()
    app = NnfsApp(config, process, speed=None)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            yield Driver(app, pilot)
    finally:
        process.close()


async def test_the_first_loading_is_ended_by_escape_and_the_program_with_it(endless: str) -> None:
    async with opening(MOONS.changed(data=endless)) as driver:
        await driver.until(lambda: driver.session.loading is not None)
        await driver.until(lambda: "LOADING" in driver.text())
        await driver.press("escape")
        await driver.until(lambda: driver.screen.refused is not None)
        assert driver.screen.refused == Refused("loading was cancelled")


async def test_a_reset_while_the_first_data_are_loaded_loads_them_anew(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    rows = "".join(f"{at / 7:.8f},{at * 3 % 11:.8f},{at % 2}\n" for at in range(1000))
    file.write_text("wide,high,kind\n" + rows * 300, encoding="ascii")
    config = RunConfig(data=str(file), batch_size="full", epochs=100_000_000)
    async with opening(config) as driver:
        await driver.until(lambda: driver.session.loading is not None)
        await driver.press("r")
        await driver.until(lambda: driver.screen.refused is not None or driver.epoch >= 0)
        assert driver.screen.refused is None


# --- the dialog with the settings


async def test_a_file_that_is_not_there_leaves_the_run_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(MOONS, speed=100.0) as driver:
        dialog = await opened(driver)
        dialog.go_to("data")
        await driver.press(*"./none.csv", "ctrl+s")
        await driver.until(lambda: "none.csv: there is no such file" in driver.text())
        assert driver.session.config == MOONS
        assert driver.session.state is State.TRAINING
        start = driver.epoch
        await driver.until(lambda: driver.epoch > start)
        # the dialog has the settings of the run that continues
        dialog = await opened(driver)
        assert dialog.rows.texts["data"] == "off"
        await driver.press("escape")


async def test_a_validation_part_has_a_number_of_its_own() -> None:
    async with running(MOONS.changed(validation_size=0.2), speed=100.0) as driver:
        await driver.until(lambda: driver.epoch > 5)
        await pause(driver)
        metrics = driver.session.metrics
        assert metrics is not None
        losses = [metrics.train_loss, metrics.validation_loss, metrics.test_loss]
        status = driver.text().split("\n")[-3]
        assert "loss " + " / ".join(f"{number_format.loss(loss):>6}" for loss in losses) in status
        shares = [metrics.train_score, metrics.validation_score, metrics.test_score]
        assert " / ".join(f"{100 * share:5.1f}" for share in shares) in status
        await driver.press("z")  # enlarged, its title has room for a third number
        await driver.settled()
        assert f"─ validation {number_format.loss(metrics.validation_loss)}" in title(
            driver, "loss"
        )
