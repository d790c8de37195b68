"""Keys of the screen of many seeds; those that the training screen has, too, have its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.messages import State
from tui.keys import ALIVE, MOVING, RESTING, TIME, FooterKey, Key, panel_screen_keys

if TYPE_CHECKING:
    from tui.seeds.screen import SeedsScreen

RUNS: Final = "all runs"
ONE: Final = "one run"
SCREEN: Final = "screen"
GROUPS: Final = (RUNS, TIME, ONE, SCREEN)

SAVED: Final = (
    "All runs are saved together, as one entry of nnfs-tui runs: nnfs-tui resume continues them. A run "
    "that is opened is saved on its own, like any other."
)


KEYS: Final[tuple[Key[SeedsScreen], ...]] = (
    Key("space", "pause", lambda s: s.controller.toggle_pause(), RUNS, "pause or resume"),
    Key("s", "step", lambda s: s.controller.step(1), RUNS, "train one epoch, then pause"),
    Key("S", "step-10", lambda s: s.controller.step(10), RUNS, "train ten epochs, then pause"),
    Key("r", "reset", lambda s: s.controller.reset(), RUNS, "start over with the same seeds"),
    Key("R", "new-weights", lambda s: s.controller.reseed(), RUNS, "start over with other seeds"),
    Key("<", "slower", lambda s: s.controller.change_speed(-1), RUNS, "train slower"),
    Key(">", "faster", lambda s: s.controller.change_speed(1), RUNS, "train faster"),
    Key(
        "+,=",
        "learning-rate-up",
        lambda s: s.controller.change_learning_rate(1),
        RUNS,
        "raise the learning rate of all runs",
    ),
    Key(
        "-",
        "learning-rate-down",
        lambda s: s.controller.change_learning_rate(-1),
        RUNS,
        "lower the learning rate of all runs",
    ),
    Key("left", "back", lambda s: s.controller.travel.move(-1), TIME, "go back one epoch"),
    Key("right", "forward", lambda s: s.controller.travel.move(1), TIME, "go forward one epoch"),
    Key(
        "shift+left", "back-10", lambda s: s.controller.travel.move(-10), TIME, "go back ten epochs"
    ),
    Key(
        "shift+right",
        "forward-10",
        lambda s: s.controller.travel.move(10),
        TIME,
        "go forward ten epochs",
    ),
    Key("home", "first-epoch", lambda s: s.controller.travel.seek(0), TIME, "go to the start"),
    Key(
        "end",
        "last-epoch",
        lambda s: s.controller.travel.seek_newest(),
        TIME,
        "go to the latest epoch",
    ),
    Key(":", "go-to-epoch", lambda s: s.view.choose_epoch(), TIME, "go to any epoch"),
    Key(
        "[",
        "previous-layer",
        lambda s: s.controller.select_next(-1),
        ONE,
        "select the run with the next lower loss",
    ),
    Key(
        "]",
        "next-layer",
        lambda s: s.controller.select_next(1),
        ONE,
        "select the run with the next higher loss",
    ),
    Key(
        "enter,i",
        "inspect",
        lambda s: s.controller.open(),
        ONE,
        "open the selected run on its own; M returns",
    ),
    Key(
        "l",
        "log-loss",
        lambda s: s.view.toggle_log_loss(),
        SCREEN,
        "loss axis: logarithmic or linear",
    ),
    Key(
        "E", "epoch-range", lambda s: s.view.next_range(), SCREEN, "curves: all epochs, or the last"
    ),
    Key("t", "test-points", lambda s: s.toggle_test(), SCREEN, "show or hide test samples"),
    Key("p", "next-plane", lambda s: s.next_plane(), SCREEN, "map: next plane"),
    *panel_screen_keys(SCREEN, SCREEN),
    Key("escape,M,backspace", "cancel", lambda s: s.go_back(), SCREEN, "back to the single run"),
    Key("q", "quit", lambda s: s.app.exit(), SCREEN, "quit"),
)

FOOTER: Final = (
    FooterKey("space", "pause", MOVING),
    FooterKey("space", "resume", frozenset({State.PAUSED})),
    FooterKey("[ ]", "select"),
    FooterKey("enter", "open"),
    FooterKey("← →", "travel", RESTING),
    FooterKey("s", "step", frozenset({State.PAUSED, *MOVING})),
    FooterKey("r", "reset"),
    FooterKey("?", "help"),
    FooterKey("q", "quit"),
    FooterKey("+ −", "lr", ALIVE),
    FooterKey("< >", "speed", MOVING),
    FooterKey("e", "explain"),
    FooterKey("R", "other seeds"),
    FooterKey("z", "zoom"),
    FooterKey("l", "log loss"),
    FooterKey("t", "test points"),
)
"""The most important keys first."""
