"""Keys of the screen of a sweep; those that other screens have, too, have their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from textual.binding import Binding

from core.process.messages import State
from tui.keys import MOVING, FooterKey, Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.keys import Handler
    from tui.sweep.screen import SweepScreen

SWEEP: Final = "sweep"
SCREEN: Final = "screen"
GROUPS: Final = (SWEEP, SCREEN)

ENDING: Final = (
    "Outcomes are stored as runs finish. When the screen is left, the missing runs are not trained; the "
    "same command continues with them. Runs of a sweep are not saved, since their settings repeat them "
    "bit for bit: a run that is opened is trained again, and saved like any other."
)


def _key(
    keys: str, action: str, handler: Callable[[SweepScreen], object], group: str, text: str
) -> Key:
    return Key(keys, action, cast("Handler", handler), group, text)


KEYS: Final = (
    _key(
        "enter,i",
        "inspect",
        lambda s: s.open_selected(),
        SWEEP,
        "open the runs of the selected combination, which are trained again; M or esc returns",
    ),
    _key("s", "sort", lambda s: s.sort_next(), SWEEP, "sort the table by the next column"),
    _key("S", "reverse", lambda s: s.reverse(), SWEEP, "reverse the order of the table"),
    _key("b", "best", lambda s: s.select_best(), SWEEP, "select the best combination"),
    _key("a", "axes", lambda s: s.next_axes(), SWEEP, "heat map: the next two settings"),
    _key(
        "m",
        "maps",
        lambda s: s.controller.repeat_runs(),
        SWEEP,
        "train again what an earlier sweep has trained, for its maps",
    ),
    _key(
        "r", "continue", lambda s: s.controller.restart(), SWEEP, "continue a sweep that has failed"
    ),
    _key(
        "z", "zoom", lambda s: s.arrangement.zoom(), SCREEN, "enlarge the focused panel, or restore"
    ),
    _key(
        "tab", "next-panel", lambda s: s.arrangement.move_focus(1), SCREEN, "focus the next panel"
    ),
    _key(
        "shift+tab",
        "previous-panel",
        lambda s: s.arrangement.move_focus(-1),
        SCREEN,
        "focus the previous panel",
    ),
    _key("e", "explain", lambda s: s.explain_panel(), SCREEN, "explain the focused panel"),
    _key("?", "help", lambda s: s.help(), SCREEN, "list these keys"),
    _key("F", "rates", lambda s: s.status.toggle_rates(), SCREEN, "show frames/s and kB/s"),
    _key("ctrl+l", "redraw", lambda s: s.redraw(), SCREEN, "redraw the whole screen"),
    _key(
        "escape", "cancel", lambda s: s.go_back(), SCREEN, "restore the panels, or stop the sweep"
    ),
    _key("q", "quit", lambda s: s.app.exit(), SCREEN, "stop the sweep, and print the table"),
)

HANDLERS: Final = {key.shown: key.handler for key in KEYS if key.handler is not None}

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
