"""The real application over the real training process, driven by Textual's Pilot."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from core import RunConfig
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import SetSpeed, State
from tests.tui.waiting import until
from tui.app import NnfsApp
from tui.controller import next_of_125
from tui.keys import FOOTER, GROUPS, HANDLERS, INSPECTING_FOOTER, KEYS, help_rows
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.network.panel import NetworkPanel
from tui.panels.panel import Panel
from tui.screens.help import HelpScreen
from tui.screens.training import TrainingScreen

PATIENCE = 90
MOONS = PRESETS["moons"].config(epochs=100_000_000)
XOR = PRESETS["xor"].config(epochs=100_000_000)


class Driver:
    """A running application, with the questions that tests ask of it."""

    def __init__(self, app: NnfsApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.screen: TrainingScreen = app.training
        self.session = app.training.run

    async def until(self, done: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for what the training process, a thread or a file has yet to do."""
        await until(self.pilot, done, self.text, patience)

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until all that the application does about them is on the screen."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until_state(self, state: State) -> None:
        await self.until(lambda: self.session.state is state and len(self.session.timeline) > 0)

    async def settled(self) -> None:
        """Wait until the panels show what the session knows."""
        await self.until(lambda: not self.screen.frames.is_waiting)

    async def until_config(self, name: str, value: object) -> None:
        await self.until(lambda: getattr(self.session.config, name) == value)

    def is_on_top(self) -> bool:
        return self.app.screen is self.screen

    @property
    def front(self) -> Screen[object]:
        return self.app.screen

    @property
    def epoch(self) -> int:
        last = self.session.timeline.last()
        return last.epoch if last is not None else -1

    def panel(self, label: str) -> Panel:
        return next(panel for panel in self.screen.panels if panel.label == label)

    def visible(self) -> list[str]:
        return [p.label for p in self.screen.panels if p.display and p.size.area > 0]

    def text(self) -> str:
        # as the screen was laid out last, which a resize may just be about to change
        size = self.app.screen._compositor.size
        width, strips = size.width, self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text.ljust(width) for strip in strips)


@asynccontextmanager
async def running(
    config: RunConfig,
    size: tuple[int, int] = (120, 40),
    speed: float | None = 300.0,
    view: str = "",
    *,
    paused: bool = False,
) -> AsyncIterator[Driver]:
    """Run the application; at full speed the training would take half the processors from it."""
    process = TrainingProcess()
    app = NnfsApp(config, process, speed=speed, view=view, paused=paused)
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await driver.until(lambda: len(driver.session.timeline) > 0)
            yield driver
            assert not app.faults, app.faults[-1].trace
    finally:
        process.close()


@pytest.mark.parametrize(
    ("size", "labels"),
    [
        ((120, 40), ["loss", "accuracy", "boundary", "hidden", "network"]),
        ((80, 24), ["loss", "boundary", "hidden"]),
        ((200, 60), ["loss", "accuracy", "boundary", "hidden", "network"]),
        ((60, 16), ["loss", "boundary"]),
    ],
)
async def test_every_size_has_a_layout_of_its_own(size: tuple[int, int], labels: list[str]) -> None:
    async with running(MOONS, size) as driver:
        await driver.until(lambda: driver.epoch > 20)
        assert driver.visible() == labels
        regions = [driver.panel(label).region for label in labels]
        for at, region in enumerate(regions):
            assert driver.app.screen.region.contains_region(region)
            assert all(not region.overlaps(other) for other in regions[at + 1 :])
        assert sum(region.area for region in regions) == size[0] * (size[1] - 4)
        loss, boundary, network = (
            driver.panel(label).region for label in ("loss", "boundary", "network")
        )
        beside = network if "network" in labels else loss
        assert beside.y == boundary.y
        assert beside.right <= boundary.x
        lines = driver.text().split("\n")
        assert "moons · 2 features → 8 → 8 tanh → 2 classes" in lines[0]
        assert lines[-3].strip().startswith("TRAINING")
        assert "q quit" in lines[-1]
        for label in labels:
            await driver.shows(f" {label} ")
        for label, key in (("hidden", "4"), ("network", "0"), ("accuracy", "2")):
            if label not in labels and size[0] > 60:
                assert f"{label} {key}" in lines[-4]  # named with its key


async def test_a_terminal_that_is_too_small_is_told_so_and_training_goes_on() -> None:
    async with running(MOONS, (39, 11)) as driver:
        assert "needs 40×12" in " ".join(driver.text().split())
        assert "39×11" in " ".join(driver.text().split())
        start = driver.epoch
        await driver.until(lambda: driver.epoch > start)
        await driver.pilot.resize_terminal(120, 40)
        await driver.until(lambda: "needs" not in driver.text())
        assert len(driver.visible()) == 5
        await driver.pilot.resize_terminal(1, 1)
        await driver.pilot.resize_terminal(80, 24)
        await driver.until(lambda: driver.visible() == ["loss", "boundary", "hidden"])


async def test_space_pauses_and_goes_on() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        still = driver.epoch
        await driver.shows("PAUSED")
        await driver.shows("space resume")
        await driver.press("space")
        await driver.until(lambda: driver.epoch > still)
        assert driver.session.state is State.TRAINING


async def test_steps_pause_first() -> None:
    async with running(XOR, speed=1.0) as driver:
        await driver.press("s")
        await driver.until_state(State.PAUSED)
        await driver.until(lambda: driver.epoch >= 1)
        start = driver.epoch
        await driver.press("s")
        await driver.until(lambda: driver.epoch == start + 1)
        await driver.press("S")
        await driver.until(lambda: driver.epoch == start + 11)
        await driver.settled()
        await driver.shows(f"epoch {start + 11:>6}")


async def test_reset_repeats_the_run_and_reseed_takes_another() -> None:
    async with running(MOONS.changed(epochs=40)) as driver:
        await driver.until_state(State.FINISHED)
        first = [driver.session.timeline.at(at) for at in range(41)]
        await driver.press("r")
        await driver.until(lambda: "reset" in driver.text())
        await driver.until(lambda: driver.epoch == 40)
        assert [driver.session.timeline.at(at) for at in range(41)] == first
        await driver.press("R")
        await driver.until(lambda: driver.session.config.seed == 1 and driver.epoch == 40)
        assert driver.session.timeline.at(40) != first[40]
        await driver.shows("seed 1")


async def test_the_learning_rate_goes_up_and_down_without_a_reset() -> None:
    async with running(MOONS) as driver:
        await driver.until(lambda: driver.epoch > 5)
        await driver.press("+", "+")
        await driver.until(lambda: driver.session.config.learning_rate == 0.05)
        await driver.press("-")
        await driver.until(lambda: driver.session.config.learning_rate == 0.02)
        await driver.shows("adam 0.02")
        epochs = driver.session.timeline.column("epoch").tolist()
        assert epochs == list(range(len(epochs)))


async def test_keys_change_the_run_and_keep_the_weights() -> None:
    async with running(MOONS, speed=30.0) as driver:
        for key, name, value in (
            ("a", "activation", "sigmoid"),
            ("o", "optimizer", "adamw"),
            ("b", "batch_size", 64),
        ):
            await driver.press(key)
            await driver.until_config(name, value)
            await driver.settled()
            await driver.shows(f"{value}: trained weights kept")


async def test_the_next_data_set_starts_its_preset_and_a_paused_run_stays_paused() -> None:
    async with running(MOONS.changed(loss="binary_cross_entropy"), speed=30.0) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("d")
        await driver.until(lambda: driver.session.config.hidden == (6,) and driver.epoch == 0)
        assert driver.session.config.loss is None
        assert driver.session.state is State.PAUSED
        await driver.settled()
        await driver.shows("circles: a circle inside another")


async def test_keys_faster_than_the_answers_all_count() -> None:
    async with running(MOONS, speed=30.0) as driver:
        settings = driver.screen.controller.settings
        settings.change_learning_rate(1)
        settings.next_value("activation")
        settings.next_value("batch_size")
        await driver.until_config("batch_size", 64)
        config = driver.session.config
        assert (config.learning_rate, config.activation) == (0.02, "sigmoid")
        for _ in range(3):
            driver.screen.controller.toggle_pause()
        await driver.until_state(State.PAUSED)
        driver.screen.controller.toggle_pause()
        driver.screen.controller.toggle_pause()
        await driver.press("s")
        await driver.until_state(State.PAUSED)


async def test_the_last_seed_is_followed_by_the_first() -> None:
    async with running(MOONS.changed(seed=2**63 - 1)) as driver:
        await driver.press("R")
        await driver.until_config("seed", 0)


async def test_the_speed_changes_in_steps() -> None:
    async with running(MOONS, speed=30.0) as driver:
        shown = []
        for key in (">", ">", ">", ">", ">", "<", "<", "<", "<", "<", "<", "<", "<", "<", "<"):
            await driver.press(key)
            shown.append(driver.text().split("\n")[0].split(" ▸")[0].split("  ")[-1].strip())
        assert shown[:4] == ["100 epochs/s", "300 epochs/s", "1000 epochs/s", "max speed"]
        assert shown[4] == "max speed"
        assert shown[-1] == "1 epoch/s"
        await driver.press("<")
        await driver.shows("1 epoch/s ▸")
        assert shown[5] == "1000 epochs/s"


async def test_panels_are_hidden_shown_and_enlarged() -> None:
    async with running(MOONS) as driver:
        await driver.press("2")
        assert driver.visible() == ["loss", "boundary", "hidden", "network"]
        before = driver.panel("loss").size.width
        await driver.press("4")
        assert driver.visible() == ["loss", "boundary", "network"]
        assert driver.panel("loss").size.width > before
        await driver.press("2", "4")
        assert len(driver.visible()) == 5
        assert driver.screen.focused is driver.panel("hidden")  # its own keys are at hand
        await driver.press("tab", "tab", "tab")
        assert driver.screen.focused is driver.panel("accuracy")
        await driver.press("tab", "z")
        assert driver.visible() == ["boundary"]
        assert driver.panel("boundary").size.width == 120
        assert driver.panel("boundary").size.height == 36
        await driver.press("z")
        assert len(driver.visible()) == 5
        await driver.press("tab", "z")
        assert driver.visible() == ["hidden"]
        assert driver.panel("hidden").size.height == 36
        await driver.press("tab")
        assert driver.visible() == ["network"]
        await driver.press("shift+tab")
        assert driver.visible() == ["hidden"]
        await driver.press("1")
        assert len(driver.visible()) == 5
        assert driver.screen.focused is driver.panel("loss")
        await driver.press("shift+tab")
        assert driver.screen.focused is driver.panel("network")


async def test_the_last_panel_cannot_be_hidden() -> None:
    async with running(MOONS) as driver:
        await driver.press("1", "2", "3", "0", "4")
        assert driver.visible() == ["hidden"]
        await driver.shows("only panel left")


async def test_views_are_switched_by_their_keys() -> None:
    async with running(MOONS, (160, 40)) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.settled()
        await driver.shows("layer 2 of 2")
        await driver.press("[")
        await driver.shows("layer 1 of 2")
        await driver.press("]", "]")
        await driver.shows("layer 2 of 2")
        await driver.press("l")
        await driver.shows("loss axis: ")
        was_log = "logarithmic" in driver.text()
        await driver.press("l")
        await driver.shows("loss axis: linear" if was_log else "loss axis: logarithmic")
        assert driver.text().count("○") > 1
        await driver.press("t")
        assert driver.text().count("○") == 0


async def test_a_panel_without_room_replaces_a_less_important_one_which_is_named() -> None:
    async with running(MOONS, (80, 24)) as driver:
        await driver.press("2")
        assert driver.visible() == ["loss", "accuracy", "boundary"]
        await driver.shows("+ hidden 4  network 0 ─╯")
        await driver.press("2")
        assert driver.visible() == ["loss", "boundary", "hidden"]
        await driver.shows("+ network 0 ─╯")


async def test_views_are_chosen_by_keys_and_remember_what_is_hidden_in_them() -> None:
    async with running(MOONS) as driver:
        watched = driver.visible()
        await driver.press("2", "f3")
        assert driver.visible() == ["loss", "accuracy", "layers", "errors"]
        await driver.until_config("diagnostics", True)
        await driver.settled()
        lines = driver.text().split("\n")
        assert "diagnose (V)" in lines[0]
        assert "diagnostics" not in lines[-2]  # the panel needs them
        await driver.press("V")
        assert driver.visible() == ["boundary", "errors", "table", "space"]
        await driver.until_config("diagnostics", False)
        await driver.press("V", "V")
        assert driver.visible() == [each for each in watched if each != "accuracy"]
        await driver.press("f2", "f1")  # from the inspector
        assert driver.visible() == [each for each in watched if each != "accuracy"]
        await driver.press("f1")  # again: all of its panels
        assert driver.visible() == watched
        await driver.press("V")
        assert driver.visible() == ["boundary", "inspector", "network"]
        assert driver.screen.focused is driver.panel("inspector")
        await driver.press("i")
        assert driver.visible() == watched


async def test_help_lists_every_key_of_the_table() -> None:
    async with running(MOONS, (120, 220), paused=True) as driver:
        await driver.press("?")
        assert isinstance(driver.front, HelpScreen)
        await driver.shows(help_rows(GROUPS[-1])[-1][1])
        text = driver.text()
        assert " images " in text  # the last word
        for group in GROUPS:
            assert group in text
            for keys, sentence in help_rows(group):
                assert re.search(rf"{re.escape(keys)} +{re.escape(sentence)}", text)
        assert {key.group for key in KEYS} == {*GROUPS}
        await driver.press("escape")
        assert driver.is_on_top()


def test_no_key_is_bound_twice() -> None:
    bound = [key for row in KEYS if row.handler for key in row.keys.split(",")]
    assert len(bound) == len(set(bound))


def test_each_key_of_the_footer_has_a_handler_unless_a_panel_binds_it() -> None:
    shown = {name for key in (*FOOTER, *INSPECTING_FOOTER) for name in key.shown.split()}
    assert shown - HANDLERS.keys() == {"u"}


async def test_the_palette_offers_what_the_keys_do() -> None:
    async with running(MOONS) as driver:
        commands = {each.title: each for each in driver.app.get_system_commands(driver.front)}
        assert {"Open the settings of the run", "List all keys and panels"} <= set(commands)
        pause = commands["Pause or resume"]
        pause.callback()
        await driver.until_state(State.PAUSED)


async def test_training_goes_on_behind_a_dialog_and_the_screen_catches_up() -> None:
    async with running(MOONS.changed(epochs=400), speed=1.0) as driver:
        await driver.press("?")
        assert driver.session.state is State.TRAINING
        driver.app.link.send(SetSpeed(None))
        await driver.until_state(State.FINISHED)
        assert isinstance(driver.front, HelpScreen)
        await driver.press("escape")
        await driver.settled()
        await driver.shows("FINISHED")
        await driver.shows("epoch    400")
        assert len(driver.session.timeline) == 401


async def test_a_dialog_closed_before_it_is_drawn_does_not_stop_the_view() -> None:
    async with running(MOONS) as driver:
        await driver.press("?")
        dialog = driver.front
        for _ in range(1000):  # busy to its end, as while its widgets are mounted
            dialog.call_later(asyncio.sleep, 0)
        driver.screen.show_note("the panels wait until this is drawn")
        while not dialog._callbacks:
            await asyncio.sleep(0)
        driver.app.pop_screen()
        await driver.until(driver.is_on_top)
        shown = driver.panel("loss").shown
        await driver.until(lambda: driver.panel("loss").shown is not shown)


async def test_divergence_is_said_with_what_to_try_and_recovered_from() -> None:
    async with running(MOONS.changed(learning_rate=1e6)) as driver:
        await driver.until_state(State.DIVERGED)
        await driver.settled()
        text = driver.text()
        assert "DIVERGED" in text
        assert "diverged at epoch 1" in text
        assert "try a lower learning rate" in text
        await driver.press("space", "s")
        await driver.shows("the run has diverged")
        assert driver.session.state.value == "DIVERGED"
        while driver.session.config.learning_rate > 0.015:
            lower = next_of_125(driver.session.config.learning_rate, -1)
            await driver.press("-")
            await driver.until_config("learning_rate", lower)
        # the change has paused the run, and a reset keeps the state
        await driver.until_state(State.PAUSED)
        await driver.press("r", "space")
        await driver.until(lambda: driver.epoch > 20)
        assert driver.session.state is State.TRAINING


async def test_a_killed_process_is_told_and_replaced() -> None:
    async with running(MOONS) as driver:
        await driver.until(lambda: driver.epoch > 10)
        os.kill(driver.app.link.process.pid, signal.SIGKILL)
        await driver.until_state(State.STOPPED)
        await driver.settled()
        text = driver.text()
        assert "STOPPED" in text
        assert "was killed (SIGKILL)" in text
        assert "reset" in text.split("\n")[-1]
        kept = driver.epoch
        assert kept > 10
        assert "⣀" in text or "⡇" in text or "⠉" in text  # the curve is still there
        await driver.press("space", "s")
        await driver.shows("r starts a new one")
        await driver.press("+")
        await driver.press("r")
        await driver.until(lambda: driver.session.state is State.TRAINING and driver.epoch > 5)
        assert driver.session.config.learning_rate == 0.02


async def test_a_finished_run_can_go_on() -> None:
    async with running(MOONS.changed(epochs=30)) as driver:
        await driver.until_state(State.FINISHED)
        await driver.settled()
        await driver.shows("finished after 30 epochs")
        await driver.press("space")
        await driver.until(lambda: driver.epoch == 60)
        await driver.until_state(State.FINISHED)
        await driver.press("space")
        await driver.until(lambda: driver.epoch == 90)
        await driver.press("r")
        await driver.until(lambda: driver.session.config.epochs == 30 and driver.epoch == 30)


async def test_a_click_focuses_a_panel_and_the_footer_can_be_clicked() -> None:
    async with running(MOONS) as driver:
        await driver.pilot.click("#boundary")
        assert driver.screen.focused is driver.panel("boundary")
        await driver.pilot.click("#footer", offset=(3, 0))
        await driver.until_state(State.PAUSED)


async def test_a_click_on_a_key_of_the_focused_panel_presses_it_there() -> None:
    async with running(MOONS, (160, 40)) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)

        async def click(name: str) -> None:
            await driver.pilot.pause()
            line = driver.text().split("\n")[-1]
            await driver.pilot.click("#footer", offset=(line.index(name), 0))
            await driver.pilot.pause()

        boundary, network = driver.panel("boundary"), driver.panel("network")
        assert isinstance(boundary, BoundaryPanel)
        assert isinstance(network, NetworkPanel)
        boundary.focus()
        await click("m cursor")
        for key, across, down in (("←", -1, 0), ("↑", 0, -1), ("↓ →", 0, 1), ("→ move", 1, 0)):
            before = boundary.position
            assert before is not None
            await click(key)
            assert boundary.position == (before.column + across, before.row + down)
        before_edit = driver.session.data
        await click("A add sample")
        await driver.until(lambda: driver.session.data is not before_edit)
        await click("esc end cursor")
        assert boundary.position is None
        network.focus()
        await click("w next weight")
        assert network._parameter == 0
        await driver.press("escape")
        assert network._parameter is None


async def test_many_units_scroll_in_the_focused_panel() -> None:
    async with running(MOONS.changed(hidden=(60,)), (120, 30)) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        driver.panel("hidden").focus()
        await driver.press("down", "down")
        await driver.shows("│  3–4 ")
        await driver.press("up")
        await driver.shows("│  2–3 ")


async def test_the_layers_panel_is_measured_while_it_is_shown() -> None:
    async with running(MOONS, (120, 40), speed=30.0) as driver:
        assert "layers" not in driver.visible()
        await driver.press("5")
        await driver.until(lambda: "layers" in driver.visible() and len(driver.session.layers) == 3)
        await driver.until(lambda: "Δθ/θ" in driver.text())
        assert driver.session.config.diagnostics is True
        await driver.press("5")
        await driver.until(lambda: "layers" not in driver.visible())
        await driver.until_config("diagnostics", False)


@pytest.mark.parametrize("view", ["diagnose", "everything"])
async def test_a_preferred_view_has_all_its_panels(view: str) -> None:
    async with running(XOR, (200, 60), speed=30.0, view=view) as driver:
        assert "layers" in driver.visible()
        await driver.until_config("diagnostics", True)


async def test_diagnostics_of_the_user_are_on_in_every_view() -> None:
    async with running(XOR.changed(diagnostics=True), speed=30.0) as driver:
        assert "layers" in driver.visible()
        await driver.press("i", "f4", "f1", "5")
        assert "layers" not in driver.visible()
        await driver.press("a")  # the reply comes after those to all earlier changes
        await driver.until_config("activation", "sigmoid")
        assert driver.session.config.diagnostics is True


async def test_a_panel_that_takes_the_place_of_another_one_is_arranged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MOONS, (60, 16), speed=30.0) as driver:
        calls: list[None] = []
        apply = driver.screen.arrangement.apply
        monkeypatch.setattr(driver.screen.arrangement, "apply", lambda: calls.append(apply()))
        for key in ("4", "i", "2", "i", "escape"):
            await driver.press(key)
            assert calls == [None], key
            calls.clear()


async def test_the_layers_panel_is_measured_when_tab_brings_it_to_the_front() -> None:
    async with running(MOONS, (40, 12), speed=30.0, view="diagnose") as driver:
        await driver.press("tab", "tab")
        assert driver.visible() == ["layers"]
        await driver.until_config("diagnostics", True)
        await driver.press("tab")
        await driver.until_config("diagnostics", False)
        await driver.press("shift+tab")
        await driver.until_config("diagnostics", True)


async def test_the_curves_can_show_the_last_epochs_alone() -> None:
    async with running(MOONS, speed=None) as driver:
        await driver.until(lambda: driver.epoch > 1100)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        for told in ("last 1,000 epochs", "last 100 epochs"):
            await driver.press("E")
            await driver.settled()
            await driver.shows(told)
        await driver.press("E")
        assert "last 100 epochs" not in driver.text()


async def test_a_run_that_stops_by_itself_shows_the_weights_that_it_ended_with() -> None:
    async with running(MOONS.changed(patience=10, learning_rate=0.1), speed=None) as driver:
        await driver.until_state(State.FINISHED)
        session = driver.session
        best = session.best
        assert best is not None
        assert session.metrics == best
        last = driver.epoch
        assert last == best.epoch + 10
        await driver.shows(f"epoch {last:,}, weights of {best.epoch:,}")
        await driver.shows(f"loss {best.train_loss:.4f} / {best.test_loss:.4f}")
        await driver.shows("its weights are restored")
        await driver.press("space")
        await driver.until(lambda: driver.epoch > last)


async def test_a_long_epoch_answers_keys_and_tells_how_far_it_is() -> None:
    config = RunConfig(samples=1_000_000, batch_size=5, epochs=1000)
    async with running(config, speed=None) as driver:
        await driver.until(lambda: driver.session.share_of_epoch > 0)
        await driver.until(lambda: bool(re.search(r"epoch +\d+ \+ +\d+ %", driver.text())))
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.shows("paused within epoch 1")
        await driver.press("space")
        await driver.until_state(State.TRAINING)


async def test_numbers_and_classes_can_follow_one_another() -> None:
    async with running(MOONS.changed(dataset="two_lines"), (120, 40)) as driver:
        await driver.press("d")
        await driver.until_config("dataset", "plane")
        await driver.until(lambda: "prediction" in driver.text() and "R²" in driver.text())
        driver.screen.controller.settings.apply(driver.session.config.changed(dataset="xor"))
        await driver.until_config("dataset", "xor")
        await driver.until(lambda: "boundary" in driver.text() and "accuracy" in driver.text())


async def test_a_change_after_the_end_shows_what_the_network_computes_now() -> None:
    async with running(MOONS.changed(epochs=200), (120, 40), speed=None) as driver:
        await driver.until_state(State.FINISHED)
        before = driver.session.metrics
        await driver.press("a")
        await driver.until_config("activation", "sigmoid")
        await driver.until(lambda: driver.session.metrics != before)
        metrics = driver.session.metrics
        assert metrics is not None
        await driver.settled()
        await driver.shows(f"loss {metrics.train_loss:.4f} / {metrics.test_loss:.4f}")
        await driver.shows("trained weights kept; space continues the run")


async def test_a_reset_brings_back_a_target_that_was_passed() -> None:
    async with running(MOONS.changed(target_accuracy=0.9)) as driver:
        await driver.until_state(State.FINISHED)
        await driver.press("space")
        await driver.until_config("target_accuracy", None)
        await driver.press("r")
        await driver.until_config("target_accuracy", 0.9)
        await driver.until_state(State.FINISHED)


async def test_escape_goes_back_by_one_step_at_a_time() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("i", "3", "3", "tab", "tab")  # the focus is on any panel
        driver.panel("boundary").focus()
        await driver.press("m", "z")
        assert driver.visible() == ["boundary"]
        steps = []
        for _ in range(4):
            await driver.press("escape")
            cursor = driver.panel("boundary").footer_keys()[0][0] != "m"
            steps.append((len(driver.visible()), cursor, driver.screen.options.inspecting))
        assert steps == [(3, True, True), (3, False, True), (5, False, False), (5, False, False)]


async def test_a_key_of_another_panel_names_the_panel_and_the_footer_has_those_of_the_focus() -> (
    None
):
    async with running(MOONS) as driver:
        await driver.press("w")
        await driver.shows("w works in the network panel (0): next weight, enter edits")
        await driver.press("delete")
        await driver.shows("delete works in the boundary panel (3), with its cursor (m)")
        assert driver.text().split("\n")[-1].strip().startswith("space pause  m cursor")
        driver.panel("network").focus()
        await driver.pilot.pause()
        assert "w next weight  enter edit" in driver.text().split("\n")[-1]
        await driver.press("w")
        assert "works in" not in driver.text()
