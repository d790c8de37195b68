"""Job control: ctrl+z gives the terminal back to the shell, fg takes it again.

Textual sends SIGSTOP to this process alone. That leaves a `make` or `uv` around it running, so that
the shell does not notice, and under `ssh -t`, where no shell could ever say fg, it would hang for
good. SIGTSTP to the whole group does what every other program does, and nothing where no shell waits.
"""

from __future__ import annotations

import os
import signal
import sys
from time import sleep
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""Signals that end the program."""
RETRY_INTERVAL: Final = 0.2
"""Seconds between two attempts to stop, where the group cannot be stopped: no shell waits for it."""


def stop_until_foreground(is_ending: Callable[[], bool], first: signal.Signals | None) -> bool:
    """Stop until the shell gives this program the terminal, or a signal ends the program.

    Args:
        is_ending: whether such a signal was received.
        first: the signal to stop by, whether the program has the terminal or not; None to stop only
            if it has not.

    Returns:
        Whether the terminal may be used.
    """
    number = first
    while not is_ending() and (number is not None or not in_foreground()):
        number = number or signal.SIGTTOU
        _stop(number, is_ending)
        if number is signal.SIGTTOU:
            sleep(RETRY_INTERVAL)
        number = None
    return not is_ending()


def _stop(number: signal.Signals, is_ending: Callable[[], bool]) -> None:
    """Stop with the whole job, as the signal does by default, and return when it is continued."""
    # one that arrived between the check and the stop would have no effect until the next SIGCONT;
    # while it is blocked it stays pending, and the training process sees that and sends SIGCONT
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        if not is_ending():
            os.killpg(os.getpgrp(), number)
    finally:
        signal.signal(number, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def in_foreground() -> bool:
    """Return whether this program's group has the terminal, or there is no terminal any more."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except OSError:
        return True
