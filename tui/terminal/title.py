"""Title of the terminal's window or tab, and progress in its tab or in the task bar.

The title is saved on the terminal's own stack at the start and restored at the end. It changes with the
state of the run, and otherwise at most once in `INTERVAL` seconds; a run at rest sends nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INTERVAL: Final = 1.0
"""Seconds between two titles of a run in the same state, at least."""
MOST_BYTES: Final = 54
"""Longest title: with its escape code, 60 bytes."""
SAVE: Final = "\x1b[22;2t"
RESTORE: Final = "\x1b]2;\a\x1b[23;2t"
"""An empty title has terminals without a stack show their own."""
NO_PROGRESS: Final = "\x1b]9;4;0\a"

_HAS_TITLE: Final = re.compile(
    r"(xterm|tmux|rxvt|alacritty|foot|wezterm|ghostty|kitty|konsole|gnome|vte|st|putty|mintty|iterm2?)"
    r"(-|$)"
)


@dataclass(frozen=True)
class RunTitle:
    """Title of a run.

    Attributes:
        state: the state in one word.
        text: name and numbers.
        share: part of the epochs that is trained, or None if the run has none yet.
        progress: how the share is shown: normal, paused, error or none.
    """

    state: str
    text: str
    share: float | None = None
    progress: str = "normal"


_PROGRESS: Final = {"normal": 1, "error": 2, "paused": 4}


class TerminalTitle:
    """Escape codes of the title and the progress.

    Args:
        compute: returns the title of the run now, or None if there is none yet.
        has_title: whether the title is sent.
        has_progress: whether the progress is sent.
    """

    def __init__(
        self,
        compute: Callable[[], RunTitle | None],
        *,
        has_title: bool = False,
        has_progress: bool = False,
    ) -> None:
        self._compute = compute
        self._has_title, self._has_progress = has_title, has_progress
        self._is_changed = False
        self._next = 0.0
        self._reached = ""  # the state of the run, which may not have been sent
        self.forget()

    def forget(self) -> None:
        """Send everything again, after another program has used the terminal."""
        self._state = self._title = self._progress = ""
        self.change()

    def change(self, state: str = "") -> None:
        """Record that the run has changed, and its state."""
        self._reached = state or self._reached
        self._is_changed = self._has_title or self._has_progress

    def start(self) -> str:
        """Return the code that saves the title of the terminal."""
        self.forget()
        return SAVE if self._has_title else ""

    def stop(self) -> str:
        """Return the code that restores the title and removes the progress."""
        return (RESTORE if self._has_title else "") + (NO_PROGRESS if self._has_progress else "")

    def due_in(self, now: float) -> float | None:
        """Return the seconds until `update` has something to send, or None if nothing has changed."""
        if not self._is_changed:
            return None
        return 0.0 if self._reached != self._state else max(0.0, self._next - now)

    def update(self, now: float) -> str:
        """Return what is due: the title and the progress, if they have changed."""
        if self.due_in(now) != 0.0:
            return ""
        self._is_changed = False
        run = self._compute()
        if run is None:
            return ""
        title, progress = self._codes(run)
        changed = (title if title != self._title else "") + (
            progress if progress != self._progress else ""
        )
        self._state = self._reached
        self._title, self._progress = title, progress
        if changed:
            self._next = now + INTERVAL
        return changed

    def _codes(self, run: RunTitle) -> tuple[str, str]:
        title = progress = ""
        if self._has_title:
            text = "".join(each for each in f"{run.state} {run.text}" if each.isprintable())
            text = text.encode(errors="replace")[:MOST_BYTES].decode(errors="ignore")
            title = f"\x1b]2;{text}\a"
        if self._has_progress:
            progress = NO_PROGRESS
            if run.share is not None and run.progress != "none":
                percent = min(100, max(0, int(100 * run.share)))
                progress = f"\x1b]9;4;{_PROGRESS[run.progress]};{percent}\a"
        return title, progress


def has_title(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal is known to have a title, which can be saved and restored.

    GNU screen has none that it restores; tmux has one for each pane.
    """
    if environment.get("STY"):
        return False
    term = environment.get("TERM", "")
    return bool(environment.get("TMUX")) or _HAS_TITLE.match(term) is not None


def has_progress(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal is known to show progress (OSC 9;4), and to be reached directly."""
    if is_multiplexed(environment):
        return False
    return (
        "ghostty" in environment.get("TERM", "")
        or environment.get("TERM_PROGRAM") in {"ghostty", "mintty"}
        or bool(environment.get("WT_SESSION"))
        or environment.get("ConEmuANSI") == "ON"
    )


def is_multiplexed(environment: Mapping[str, str]) -> bool:
    """Return whether tmux or screen is between the program and the terminal: they drop such codes."""
    return bool(environment.get("TMUX") or environment.get("STY")) or environment.get(
        "TERM", ""
    ).startswith(("screen", "tmux"))


def notification(environment: Mapping[str, str], text: str) -> str:
    """Return the codes that draw the user's attention: the bell, and a desktop notification if known."""
    text = "".join(each for each in text if each.isprintable())
    return f"\a{_notification(environment, text)}"


def _notification(environment: Mapping[str, str], text: str) -> str:
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if is_multiplexed(environment):
        return ""
    if "kitty" in term:
        return f"\x1b]99;;{text}\x1b\\"
    if re.match(r"(foot|rxvt-unicode|ghostty|xterm-ghostty|wezterm)(-|$)", term):
        return f"\x1b]777;notify;nnfs-tui;{text.replace(';', ',')}\x1b\\"
    if program in {"iTerm.app", "WezTerm", "ghostty"} or environment.get("LC_TERMINAL") == "iTerm2":
        return f"\x1b]9;{text}\x1b\\"
    return ""
