"""Standing still in a shell's background: ctrl+z gives the terminal back, fg takes it again.

Textual sends SIGSTOP to this process alone. That leaves a `make` or `uv` around it running, so that
the shell does not notice, and under `ssh -t`, where no shell could ever say fg, it would hang for
good. SIGTSTP to the whole group does what every other program does, and nothing where nobody waits.
"""

from __future__ import annotations

import os
import signal
import sys
from time import sleep
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.driver import Driver

BETWEEN_LOOKS: Final = 0.2
"""Seconds after which a program that was sent to the background, and not stopped, looks again."""


def suspend(driver: Driver) -> None:
    """Give the terminal back, stop, and take the terminal again once the shell says so."""
    driver.suspend_application_mode()
    _stop(signal.SIGTSTP)
    while not _in_foreground():  # bg: there is nothing to do without the terminal
        _stop(signal.SIGTTOU)
        sleep(BETWEEN_LOOKS)
    driver.resume_application_mode()


def _stop(number: signal.Signals) -> None:
    """Stop with all of the job, as the signal does by itself, and return when it goes on."""
    before = signal.signal(number, signal.SIG_DFL)
    try:
        os.killpg(os.getpgrp(), number)
    finally:
        signal.signal(number, before)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except OSError:  # no terminal of ours: it may be gone
        return True
