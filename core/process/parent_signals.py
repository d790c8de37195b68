"""Signals between the training process and its parent, the screen, which a shell may have stopped."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""From Linux's <sys/prctl.h>: sets the signal that a process receives when its parent exits."""

WHILE_STOPPED: Final = 0.5
"""Seconds between two checks of a stopped parent."""

_ENDING: Final = sum(
    1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
)


def continue_when_orphaned() -> None:
    """Request SIGCONT when the parent exits, so that a stopped training process saves its run."""
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)


def continue_parent_to_end() -> None:
    """Continue the parent if it is stopped and a terminating signal is pending.

    A stopped process handles no signals, and only some shells send SIGCONT together with another signal.
    No effect without /proc.
    """
    parent = os.getppid()
    with suppress(OSError, ValueError, KeyError):
        lines = Path(f"/proc/{parent}/status").read_text(errors="replace").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        pending = int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16)
        if fields["State"].split()[0] == "T" and pending & _ENDING:
            os.kill(parent, signal.SIGCONT)
