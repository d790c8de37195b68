"""Options of the screen, and the terminal that it needs."""

from __future__ import annotations

import errno
import os
import sys
from typing import IO, TYPE_CHECKING, Final

from tui.cli.arguments import FASTEST, FASTEST_RATE, SLOWEST_RATE, invalid_value
from tui.cli.streams import open_log
from tui.terminal.capabilities import can_draw, is_web, terminal_look

if TYPE_CHECKING:
    import argparse

    from tui.drawing.rendering import TerminalLook

SCREEN_DEFAULTS: Final = {
    "speed": "30",
    "palette": "blue-orange",
    "background": None,
    "title": None,
    "progress": None,
    "notify": False,
}
"""Screen options that the preferences file may contain, and their defaults."""

_DUMB: Final = "this terminal (TERM=dumb) cannot place its cursor"


def has_terminal() -> bool:
    """Return whether there is a terminal to draw on, or a browser."""
    if is_web(os.environ):
        return True
    # Textual reads standard input and draws on standard error
    streams = sys.stdin, sys.stdout, sys.stderr
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    return is_terminal and can_draw(os.environ)


def terminal_columns() -> int | None:
    """Return the columns of the terminal, or None if the output is none: then nothing is cut."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def no_screen_reason() -> str:
    """Return the reason why there is no screen."""
    return "no terminal to draw on" if can_draw(os.environ) else _DUMB


def check_screen_options(options: argparse.Namespace, *, has_screen: bool) -> None:
    """Add the user's preferences, convert the screen options to numbers, and reject unknown words."""
    from tui.drawing.themes import BACKGROUNDS, DEPTHS, PALETTES
    from tui.preferences import SPEEDS, Preferences, preferences_path, read_preferences

    # a speed that is preferred for watching must not change a training without a screen
    preferences = read_preferences(preferences_path()) if has_screen else Preferences()
    for name, default in SCREEN_DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, preferences.values.get(name, default))
    options.preferences = preferences
    is_max = options.speed == "max"
    options.speed = None if is_max else _number("--speed", options.speed, *SPEEDS, "max")
    options.fps = _number("--fps", options.fps, 1, FASTEST)
    if options.max_rate is not None:
        options.max_rate = _byte_rate("--max-rate", options.max_rate)
    _one_of("--colors", options.colors, DEPTHS)
    _one_of("--palette", options.palette, PALETTES)
    _one_of("--background", options.background, BACKGROUNDS)


def _byte_rate(flag: str, text: str) -> float:
    """Return the bytes per second of a number with an optional suffix k or M."""
    factors = {"k": 1e3, "M": 1e6}
    try:
        value = float(text.removesuffix("k").removesuffix("M")) * factors.get(text[-1:], 1.0)
    except ValueError:
        value = float("nan")
    if not SLOWEST_RATE <= value <= FASTEST_RATE:
        expected = f"bytes per second from {SLOWEST_RATE} to {FASTEST_RATE // 10**6}M, such as 16k"
        raise invalid_value(text, flag, expected)
    return value


def _one_of(flag: str, text: str | None, accepted: tuple[str, ...]) -> None:
    from core.config.errors import suggestion

    if text is not None and text not in accepted:
        words = f"{', '.join(accepted[:-1])} or {accepted[-1]}"
        raise invalid_value(text, flag, f"{words}{suggestion(text, accepted)}")


def _number(flag: str, text: str, low: float, high: float, *words: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        accepted = " or ".join([f"a number from {low:g} to {high:g}", *words])
        raise invalid_value(text, flag, accepted)
    return value


def prepare_look(options: argparse.Namespace) -> TerminalLook:
    """Return the colours and glyphs of the terminal, and prepare the environment for Textual."""
    look = terminal_look(
        os.environ,
        colours=options.colors,
        ascii_only=options.ascii,
        palette=options.palette,
        background=options.background,
    )
    if not is_web(os.environ):
        for size in ("COLUMNS", "LINES"):  # the size of the terminal may change
            os.environ.pop(size, None)
    # read by Textual on import; with 256 colours, tui.terminal.escape_codes converts the colours
    os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard" if look.is_plain else "truecolor"
    return look


def log_file(name: str, option: str = "--log", *, waits: bool) -> IO[str]:
    """Open a file to write.

    Args:
        name: of the file.
        option: that named it, for the error message.
        waits: whether to wait for a reader of a named pipe.

    Raises:
        UsageError: when it cannot be written.
    """
    try:
        return open_log(name, waits=waits)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.ENXIO:
            why = "no program reads this pipe"
        raise invalid_value(name, option, f"a writable file ({why})") from None
