"""Keys that the user has chosen: conflicts, and that dispatch, help and footer follow them."""

import pytest

from core.process.client import TrainingProcess
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, Driver
from tui.app import NnfsApp
from tui.keymap import Keymap, keymap_of
from tui.keys import KEYS


def test_every_key_with_a_handler_has_an_action_with_a_name_of_its_own() -> None:
    names = [key.action for key in KEYS if key.handler is not None]
    assert all(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("entries", "keys", "problem"),
    [
        ({"pause": "w"}, {"pause": ("w",)}, ""),
        ({"pause": "s", "step": "space"}, {"pause": ("s",), "step": ("space",)}, ""),
        ({"step": "x"}, {}, "it is the key of toggle-curve in a comparison, expected a free one"),
        ({"many-seeds": "w", "step": "M"}, {"many-seeds": ("w",)}, "of cancel with many seeds"),
        ({"help": "C", "maps": "?"}, {"help": ("C",), "maps": ("?",)}, ""),
        ({"step": "x", "toggle-curve": "X"}, {"step": ("x",), "toggle-curve": ("X",)}, ""),
        ({"reset": "x"}, {"reset": ("x",)}, ""),  # which a comparison does not have
        ({"help": ["F6", "?"]}, {"help": ("f6", "?")}, ""),
        ({"save-data": "Ctrl+W"}, {"save-data": ("ctrl+w",)}, ""),
        ({"pause": "s"}, {}, "invalid key 's' for pause: it is the key of step, expected a free"),
        (
            {"pause": "w", "step": "w"},
            {"pause": ("w",)},
            "invalid key 'w' for step: it is the key of pause, expected a free one",
        ),
        ({"step": "w", "reset": "w"}, {"step": ("w",)}, "'w' for reset"),
        ({"stepp": "w"}, {}, "unknown action 'stepp': expected one of nnfs-tui help keys; did"),
        ({"pause": "blank"}, {}, "invalid key 'blank' for pause: expected a character such as w"),
        ({"pause": "ctrl+c"}, {}, "invalid key 'ctrl+c'"),
        ({"pause": "ctrl+h"}, {}, "invalid key 'ctrl+h'"),  # backspace
        ({"pause": "ctrl+l"}, {}, "none of ctrl+c, ctrl+h, ctrl+i, ctrl+j, ctrl+l, ctrl+m, ctrl+p"),
        ({"pause": "ctrl+ä"}, {}, "invalid key 'ctrl+ä'"),
        ({"pause": "shift+x"}, {}, "invalid key 'shift+x'"),
        ({"pause": "shift+F6"}, {"pause": ("shift+f6",)}, ""),
        ({"pause": 5}, {}, "invalid key 5"),
        ({"pause": []}, {}, "invalid key []"),
        ({"pause": ["x", {}]}, {}, "invalid key {}"),
        ({"pause": "\x1b"}, {}, "invalid key"),
    ],
)
def test_an_entry_is_used_or_reported(
    entries: dict[str, object], keys: dict[str, tuple[str, ...]], problem: str
) -> None:
    keymap = keymap_of(entries)
    assert keymap.keys == keys
    assert len(keymap.problems) == bool(problem)
    assert problem in "".join(keymap.problems)


async def test_keys_help_footer_and_palette_follow_the_keymap() -> None:
    process = TrainingProcess()
    keymap = Keymap({"pause": ("x",), "step": ("space", ","), "help": ("f6",)})
    app = NnfsApp(MOONS, process, speed=30.0, keymap=keymap, notes=["a note on preferences"])
    try:
        async with app.run_test(size=(120, 60)) as pilot:
            driver = Driver(app, pilot)
            await driver.shows("a note on preferences")
            await driver.shows("x pause")
            await driver.press("s")  # no action has this key now
            assert driver.session.state is State.TRAINING
            await driver.press("x")
            await driver.until_state(State.PAUSED)
            await driver.shows("space step")
            epoch = driver.epoch
            await driver.press("space", ",")
            await driver.until(lambda: driver.epoch == epoch + 2)
            await driver.press("f6")
            text = driver.text()
            assert " x  pause or resume" in text
            assert " space  train one epoch, then pause" in text
            await driver.press("escape")
            hints = {each.title: each.help for each in app.get_system_commands(driver.front)}
            assert hints["Pause or resume"] == "key: x"
    finally:
        process.close()


async def test_the_focused_panels_own_keys_keep_their_names_and_can_be_clicked() -> None:
    process = TrainingProcess()
    keymap = Keymap({"back": ("f7",), "test-points": ("T",), "reset": ("m",)})
    app = NnfsApp(MOONS, process, speed=30.0, keymap=keymap)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            driver = Driver(app, pilot)
            await driver.until_state(State.TRAINING)
            driver.panel("network").focus()
            await driver.shows("← ↑ ↓ → move")
            driver.panel("boundary").focus()
            await driver.shows("m cursor  T test samples")
            assert "m reset" not in driver.text()  # the panel's key comes first
            footer = driver.text().split("\n")[-1]
            await driver.pilot.click("#footer", offset=(footer.index("m cursor"), 0))
            await driver.shows("← ↑ ↓ → move  esc end cursor")
    finally:
        process.close()
