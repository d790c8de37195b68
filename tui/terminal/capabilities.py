"""Capabilities of the terminal, read from the environment once, before the screen starts.

The terminal itself is not queried: the program paints its own background if there are colours, and a
reply would be late over a slow line.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui.drawing.rendering import TerminalLook

CANNOT_DRAW: Final = frozenset({"dumb", "unknown"})
"""Values of TERM for terminals without cursor positioning."""

_COLOURLESS: Final = re.compile(r"vt\d|wy\d|.*-(m|mono)$")

_CAPABLE: Final = re.compile(
    r"xterm(-new|-kitty|-ghostty)?$"
    r"|(screen|tmux|alacritty|foot|wezterm|ghostty|kitty|konsole|gnome|vte|st|putty|mintty|iterm2?)\b"
)
"""Terminals with at least 256 colours, regardless of terminfo.

terminfo gives `xterm` 8 colours, but xterm itself and nearly all programs that use its name (PuTTY,
older versions of Konsole and of GNOME Terminal) have 256.
"""

_SIXTEEN: Final = re.compile(r"linux|.*(-16color|-88color|\.linux)$")
"""Names of terminals with fewer than 256 colours, also inside screen, as in `screen.linux`."""

_DARK_COLOURS: Final = frozenset("01234568")


def can_draw(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal can position its cursor."""
    return environment.get("TERM", "").lower() not in CANNOT_DRAW


def is_web(environment: Mapping[str, str]) -> bool:
    """Return whether textual-serve shows the program in a browser, with a driver of Textual's own."""
    return bool(environment.get("TEXTUAL_DRIVER"))


def _is_colourless(term: str) -> bool:
    """Return whether a terminal of this name is known to be monochrome."""
    return _COLOURLESS.match(term) is not None


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Return whether the locale of the environment, read by the rules of POSIX, uses UTF-8.

    Without any locale the terminal is assumed to be a modern one, as in Python.
    """
    named = {name: environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    # Python itself sets this instead of the C locale
    if named["LC_CTYPE"] in {"C.UTF-8", "C.utf8", "UTF-8"} and named["LANG"] in {"C", "POSIX"}:
        named["LC_CTYPE"] = ""
    chosen = next(filter(None, named.values()), "")
    if not chosen:
        return not _is_colourless(environment.get("TERM", ""))
    return re.search(r"utf-?8", chosen, re.IGNORECASE) is not None


def terminal_look(
    environment: Mapping[str, str],
    *,
    colours: str | None = None,
    ascii_only: bool | None = None,
    palette: str = "blue-orange",
    background: str | None = None,
) -> TerminalLook:
    """Return the look of the terminal: the user's options, and the environment for all others.

    Args:
        environment: variables by name: NO_COLOR, COLORTERM, TERM, COLORFGBG and those of the locale.
        colours: one of `themes.DEPTHS`.
        ascii_only: whether only ASCII may be sent.
        palette: one of `themes.PALETTES`.
        background: one of `themes.BACKGROUNDS`.
    """
    from tui.drawing.rendering import TerminalLook

    if ascii_only is None:
        ascii_only = not is_utf8(environment)
    is_console = environment.get("TERM", "").startswith("linux")
    return TerminalLook(
        colours or _colours(environment),
        "ascii" if ascii_only else "console" if is_console else "unicode",
        palette,
        background or _background(environment),
    )


def is_relayed(environment: Mapping[str, str], terminal: str) -> bool:
    """Return whether tmux, screen or mosh is between this program and the line.

    They answer queries themselves, on this side of the line.

    Args:
        environment: variables by name.
        terminal: the name of the terminal, such as `/dev/pts/3`, or "".
    """
    if terminal and environment.get("SSH_TTY") == terminal:
        return False  # opened by sshd: a tmux, if any, is at the other end
    term = environment.get("TERM", "")
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("screen", "tmux")):
        return True
    return "mosh-server" in _programs_above()


def terminal_name() -> str:
    """Return the name of the terminal of standard input, or ""."""
    try:
        return os.ttyname(sys.__stdin__.fileno() if sys.__stdin__ else 0)
    except OSError:
        return ""


def _programs_above() -> list[str]:
    """Return the names of the parent processes; none except on Linux."""
    names, pid = [], os.getppid()
    try:
        while pid > 1:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            names.append(name.partition("(")[2])
            pid = int(rest.split()[1])
    except (OSError, ValueError, IndexError):
        pass  # another system, or a process that has ended
    return names


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "none"
    term = environment.get("TERM", "").lower()
    if _is_colourless(term):
        return "none"
    # inside screen or tmux the variable is inherited from the outer terminal
    announced = environment.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}
    if announced and not term.startswith(("screen", "tmux", "linux")):
        return "truecolor"
    if term.endswith("-direct"):
        return "truecolor"
    if not term or _SIXTEEN.match(term):
        return "16"
    if "256color" in term or _CAPABLE.match(term):
        return "256"
    return _colours_by_terminfo(term)


def _colours_by_terminfo(term: str) -> str:
    try:
        import curses

        curses.setupterm(term, 1)
        count = curses.tigetnum("colors")
    except (ImportError, curses.error, ValueError):
        # not in the database, or no database: nearly all terminals have the eight colours of ECMA-48
        count = 8
    if count >= 1 << 24:
        return "truecolor"
    return "256" if count >= 256 else "16" if count >= 8 else "none"


def _background(environment: Mapping[str, str]) -> str:
    # "15;0" or "15;default;0": foreground first, background last
    behind = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if behind.isdigit() and behind not in _DARK_COLOURS else "dark"
