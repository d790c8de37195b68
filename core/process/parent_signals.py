"""What the training process does for its parent, the screen's process, which a shell may stop."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""Of Linux's <sys/prctl.h>: the signal that a process receives when its parent ends."""

WHILE_STOPPED: Final = 0.5
"""Seconds between two looks at a parent that is stopped."""

_ENDING: Final = sum(
    1 << (number - 1) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
)


def continue_when_orphaned() -> None:
    """Be continued when the parent ends: a training process that is stopped has to save its run."""
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGCONT)


def continue_parent_to_end() -> None:
    """Continue the parent if it is stopped and a signal that ends it is pending.

    A stopped process acts on no signal, and only some shells send SIGCONT along with another one.
    Where there is no /proc, nothing is done.
    """
    parent = os.getppid()
    with suppress(OSError, ValueError, KeyError):
        lines = Path(f"/proc/{parent}/status").read_text(errors="replace").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        pending = int(fields["SigPnd"], 16) | int(fields["ShdPnd"], 16)
        if fields["State"].split()[0] == "T" and pending & _ENDING:
            os.kill(parent, signal.SIGCONT)
