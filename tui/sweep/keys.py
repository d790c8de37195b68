"""Keys of the screen of a sweep; those that other screens have, too, have their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.messages import State
from tui.keys import MOVING, FooterKey, Key, panel_screen_keys

if TYPE_CHECKING:
    from tui.sweep.screen import SweepScreen

SWEEP: Final = "sweep"
SCREEN: Final = "screen"
GROUPS: Final = (SWEEP, SCREEN)

ENDING: Final = (
    "Outcomes are stored as runs finish. When the screen is left, the missing runs are not trained; the "
    "same command continues with them. Runs of a sweep are not saved, since their settings repeat them "
    "bit for bit: a run that is opened is trained again, and saved like any other."
)


KEYS: Final[tuple[Key[SweepScreen], ...]] = (
    Key(
        "enter,i",
        "inspect",
        lambda s: s.open_selected(),
        SWEEP,
        "open the runs of the selected combination, which are trained again; M or esc returns",
    ),
    Key("s", "sort", lambda s: s.sort_next(), SWEEP, "sort the table by the next column"),
    Key("S", "reverse", lambda s: s.reverse(), SWEEP, "reverse the order of the table"),
    Key("b", "best", lambda s: s.select_best(), SWEEP, "select the best combination"),
    Key("a", "axes", lambda s: s.next_axes(), SWEEP, "heat map: the next two settings"),
    Key(
        "m",
        "maps",
        lambda s: s.controller.repeat_runs(),
        SWEEP,
        "train again what an earlier sweep has trained, for its maps",
    ),
    Key(
        "r", "continue", lambda s: s.controller.restart(), SWEEP, "continue a sweep that has failed"
    ),
    *panel_screen_keys(SCREEN, SCREEN),
    Key("escape", "cancel", lambda s: s.go_back(), SCREEN, "restore the panels, or stop the sweep"),
    Key("q", "quit", lambda s: s.app.exit(), SCREEN, "stop the sweep, and print the table"),
)

FOOTER: Final = (
    FooterKey("tab", "panel"),
    FooterKey("enter", "open"),
    FooterKey("r", "continue", frozenset({State.STOPPED})),
    FooterKey("z", "zoom"),
    FooterKey("?", "help"),
    FooterKey("q", "stop", MOVING),
    FooterKey("q", "quit", frozenset(State) - MOVING),
    FooterKey("s", "sort"),
    FooterKey("b", "best"),
    FooterKey("e", "explain"),
)
"""The most important keys first."""
