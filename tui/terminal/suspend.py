"""Job control: ctrl+z returns the terminal to the shell, and `fg` resumes the program.

Textual sends SIGSTOP to this process only. A parent such as `make` or `uv` would keep running, so that
the shell would not notice, and under `ssh -t`, without a shell to run `fg`, the program would hang
forever. SIGTSTP to the whole group is the standard behaviour, and has no effect without a shell.
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
"""Seconds between two attempts to stop a group that cannot be stopped because it has no shell."""


def stop_until_foreground(is_ending: Callable[[], bool], first: signal.Signals | None) -> bool:
    """Stop until the program is in the foreground, or a signal ends it.

    Args:
        is_ending: returns whether such a signal was received.
        first: the signal that stops the program even in the foreground; None to stop it only in the
            background.

    Returns:
        Whether the program may use the terminal.
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
    """Stop the whole job by the default action of the signal, and return when it is continued."""
    # a signal between the check and the stop would have no effect until the next SIGCONT; while blocked
    # it is pending, which the training process notices, and sends SIGCONT
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        if not is_ending():
            os.killpg(os.getpgrp(), number)
    finally:
        signal.signal(number, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def in_foreground() -> bool:
    """Return whether this process group is in the foreground, or the terminal no longer exists."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except OSError:
        return True
