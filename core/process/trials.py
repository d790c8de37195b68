"""Process that makes the trials of a diagnosis, with a low priority, while training continues.

The training process starts it for a run that looks stuck. Training would lose time to a thread, and its
numbers do not depend on another process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.process.channel import Channel
from core.process.client import start_interpreter

if TYPE_CHECKING:
    from core.analysis.diagnosis.references import References
    from core.analysis.diagnosis.trials import RunCopy

LOW_PRIORITY: Final = 19
"""Nice value: on a single core, training, whose nice value is 10, keeps 88 % of its speed."""

BETWEEN_CHECKS: Final = 0.2
"""Seconds between two checks whether the training process has exited."""

PR_SET_PDEATHSIG: Final = 1
"""From Linux's <sys/prctl.h>: sets the signal that a process receives when its parent exits."""


class TrialsProcess:
    """Measures the references of one run; killed by `close`, and by the exit of this process.

    Attributes:
        copy: the run.
        request: number of the command that has requested them.
        references: the result, or None until there is one, or if the process has failed.
    """

    def __init__(self, copy: RunCopy, request: int = 0) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start_interpreter("core.process.trials", theirs, subprocess.DEVNULL)
        self._channel = Channel(ours)
        self._channel.post(copy)
        self.copy, self.request = copy, request
        self.references: References | None = None

    def poll(self) -> bool:
        """Return whether it has finished; without waiting."""
        for message in self._channel.receive(0):
            self.references = message
        return self.references is not None or self._channel.closed

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.kill()
        self._process.wait()


def main(descriptor: int) -> None:
    """Measure the references of the run that arrives at a socket, and send them back."""
    from core.analysis.diagnosis.trials import measure_references

    _end_with_parent()
    os.nice(LOW_PRIORITY)
    channel = Channel(socket.socket(fileno=descriptor))
    next_check = 0.0

    def check() -> None:
        nonlocal next_check
        now = perf_counter()
        if now >= next_check:
            next_check = now + BETWEEN_CHECKS
            channel.receive(0)
            if channel.closed:
                os._exit(0)

    received: list[RunCopy] = []
    while not received:
        received = channel.receive(None)
        if channel.closed:
            os._exit(0)
    channel.post(measure_references(received[0], check))
    while channel.backlog and not channel.closed:
        channel.receive(BETWEEN_CHECKS)
    os._exit(0)


def _end_with_parent() -> None:
    """Request SIGKILL when the parent exits, also if it is killed."""
    if sys.platform == "linux":
        from ctypes import CDLL

        CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
