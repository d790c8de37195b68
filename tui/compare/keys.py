"""Keys of the comparison; those that the training screen has, too, have its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.keys import ALL, MOVING, FooterKey, Key, panel_screen_keys

if TYPE_CHECKING:
    from tui.compare.screen import CompareScreen

RUNS: Final = "runs"
TIME: Final = "time axis of all runs"
PANELS: Final = "panels"
PROGRAM: Final = "program"
GROUPS: Final = (RUNS, TIME, PANELS, PROGRAM)

ENDING: Final = (
    "Saved runs are not changed: their networks are computed again from saved checkpoints. Two marked "
    "runs are compared in the panel difference. The colours of the curves are those before the numbers."
)


KEYS: Final[tuple[Key[CompareScreen], ...]] = (
    Key("up", "previous-unit", lambda s: s.select_next(-1), RUNS, "select the previous run"),
    Key("down", "next-unit", lambda s: s.select_next(1), RUNS, "select the next run"),
    Key("m", "mark-run", lambda s: s.mark(), RUNS, "mark the selected run: two are compared"),
    Key("v", "data", lambda s: s.toggle_only_marked(), RUNS, "show only the marked runs, or all"),
    Key("x", "toggle-curve", lambda s: s.toggle_curve(), RUNS, "show or hide its curve"),
    Key(
        "enter,i",
        "inspect",
        lambda s: s.open_selected(),
        RUNS,
        "open it on its own; q, or M in a sweep, returns",
    ),
    Key("s", "step", lambda s: s.sort(), RUNS, "sort by the next column"),
    Key("S", "step-10", lambda s: s.reverse(), RUNS, "reverse the order"),
    Key("space", "pause", lambda s: s.controller.toggle_play(), TIME, "play all runs, or pause"),
    Key("left", "back", lambda s: s.controller.move(-1), TIME, "one epoch back"),
    Key("right", "forward", lambda s: s.controller.move(1), TIME, "one epoch forward"),
    Key("shift+left", "back-10", lambda s: s.controller.move(-10), TIME, "ten epochs back"),
    Key("shift+right", "forward-10", lambda s: s.controller.move(10), TIME, "ten forward"),
    Key("home", "first-epoch", lambda s: s.controller.seek(0), TIME, "the start"),
    Key("end", "last-epoch", lambda s: s.controller.seek(s.board.last), TIME, "the end"),
    Key("<", "slower", lambda s: s.controller.change_speed(-1), TIME, "slower"),
    Key(">", "faster", lambda s: s.controller.change_speed(1), TIME, "faster"),
    Key("a", "next-activation", lambda s: s.toggle_quantity(), PANELS, "curves: loss or accuracy"),
    Key("l", "log-loss", lambda s: s.toggle_log(), PANELS, "loss axis: logarithmic or linear"),
    Key("t", "test-points", lambda s: s.toggle_test(), PANELS, "maps: test samples"),
    Key("p", "next-plane", lambda s: s.next_plane(), PANELS, "maps: next plane"),
    *panel_screen_keys(PANELS, PROGRAM),
    Key("escape", "cancel", lambda s: s.go_back(), PROGRAM, "one step back, or leave"),
    Key("q", "quit", lambda s: s.leave(), PROGRAM, "leave the comparison"),
)

FOOTER: Final = (
    FooterKey("space", "pause", MOVING),
    FooterKey("space", "play", ALL - MOVING),
    FooterKey("↑ ↓", "select"),
    FooterKey("m", "mark"),
    FooterKey("enter", "open"),
    FooterKey("a", "accuracy"),
    FooterKey("s", "sort"),
    FooterKey("← →", "epoch"),
    FooterKey("?", "help"),
    FooterKey("q", "leave"),
    FooterKey("v", "only marked"),
    FooterKey("x", "curve"),
    FooterKey("tab", "panel"),
    FooterKey("z", "zoom"),
    FooterKey("e", "explain"),
    FooterKey("l", "log loss"),
)
"""The most important keys first."""
