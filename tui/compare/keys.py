"""Keys of the comparison; those that the training screen has, too, have its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from textual.binding import Binding

from tui.keys import ALL, MOVING, FooterKey, Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.compare.screen import CompareScreen
    from tui.keys import Handler

RUNS: Final = "runs"
TIME: Final = "time axis of all runs"
PANELS: Final = "panels"
PROGRAM: Final = "program"
GROUPS: Final = (RUNS, TIME, PANELS, PROGRAM)

ENDING: Final = (
    "Saved runs are not changed: their networks are computed again from saved checkpoints. Two marked "
    "runs are compared in the panel difference. The colours of the curves are those before the numbers."
)


def _key(
    keys: str, action: str, handler: Callable[[CompareScreen], object], group: str, text: str
) -> Key:
    return Key(keys, action, cast("Handler", handler), group, text)


KEYS: Final = (
    _key("up", "previous-unit", lambda s: s.select_next(-1), RUNS, "select the previous run"),
    _key("down", "next-unit", lambda s: s.select_next(1), RUNS, "select the next run"),
    _key("m", "mark-run", lambda s: s.mark(), RUNS, "mark the selected run: two are compared"),
    _key("v", "data", lambda s: s.toggle_only_marked(), RUNS, "show only the marked runs, or all"),
    _key("x", "toggle-curve", lambda s: s.toggle_curve(), RUNS, "show or hide its curve"),
    _key("enter,i", "inspect", lambda s: s.open_selected(), RUNS, "open it; q returns"),
    _key("s", "step", lambda s: s.sort(), RUNS, "sort by the next column"),
    _key("S", "step-10", lambda s: s.reverse(), RUNS, "reverse the order"),
    _key("space", "pause", lambda s: s.controller.toggle_play(), TIME, "play all runs, or pause"),
    _key("left", "back", lambda s: s.controller.move(-1), TIME, "one epoch back"),
    _key("right", "forward", lambda s: s.controller.move(1), TIME, "one epoch forward"),
    _key("shift+left", "back-10", lambda s: s.controller.move(-10), TIME, "ten epochs back"),
    _key("shift+right", "forward-10", lambda s: s.controller.move(10), TIME, "ten forward"),
    _key("home", "first-epoch", lambda s: s.controller.seek(0), TIME, "the start"),
    _key("end", "last-epoch", lambda s: s.controller.seek(s.board.last), TIME, "the end"),
    _key("<", "slower", lambda s: s.controller.change_speed(-1), TIME, "slower"),
    _key(">", "faster", lambda s: s.controller.change_speed(1), TIME, "faster"),
    _key("a", "next-activation", lambda s: s.toggle_quantity(), PANELS, "curves: loss or accuracy"),
    _key("l", "log-loss", lambda s: s.toggle_log(), PANELS, "loss axis: logarithmic or linear"),
    _key("t", "test-points", lambda s: s.toggle_test(), PANELS, "maps: test samples"),
    _key("p", "next-plane", lambda s: s.next_plane(), PANELS, "maps: next plane"),
    _key(
        "z", "zoom", lambda s: s.arrangement.zoom(), PANELS, "enlarge the focused panel, or restore"
    ),
    _key(
        "tab", "next-panel", lambda s: s.arrangement.move_focus(1), PANELS, "focus the next panel"
    ),
    _key(
        "shift+tab",
        "previous-panel",
        lambda s: s.arrangement.move_focus(-1),
        PANELS,
        "focus the previous panel",
    ),
    _key("e", "explain", lambda s: s.explain_panel(), PANELS, "explain the focused panel"),
    _key("?", "help", lambda s: s.show_keys(), PROGRAM, "list these keys"),
    _key("F", "rates", lambda s: s.status.toggle_rates(), PROGRAM, "show frames/s and kB/s"),
    _key("ctrl+l", "redraw", lambda s: s.redraw(), PROGRAM, "redraw the whole screen"),
    _key("escape", "cancel", lambda s: s.go_back(), PROGRAM, "one step back, or leave"),
    _key("q", "quit", lambda s: s.leave(), PROGRAM, "leave the comparison"),
)

HANDLERS: Final = {key.shown: key.handler for key in KEYS if key.handler is not None}

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


def bindings() -> list[Binding]:
    """Return the bindings of the screen: each calls the handler of its row."""
    return [
        Binding(key.keys, f"press({row})", key.help, show=False, id=key.action)
        for row, key in enumerate(KEYS)
    ]


def help_sections(renamed: Callable[[str], str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the sections of the help, with the keys that the user has chosen."""
    return [
        (group, [(renamed(key.shown), key.help) for key in KEYS if key.group == group])
        for group in GROUPS
    ]
