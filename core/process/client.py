"""The screen's side of the training process: starts it, talks to it, tells why it ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Final

from core.process.channel import Channel

if TYPE_CHECKING:
    from core.process.messages import Command, Event

ONE_THREAD: Final = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""The environment of a process that trains: more threads slow small products down, and could change
the order of a sum."""

LAST_WORDS: Final = 2.0
"""Seconds that the process may take to save and end, after it was told to."""

# this very `core` goes first, whatever else is called so; and last, so that its folder hides nothing
_PROGRAM: Final = """\
import sys
sys.path.insert(0, sys.argv[2])
import core
sys.path.append(sys.path.pop(0))
from core.process.worker import main
main(int(sys.argv[1]))
"""


class TrainingProcess:
    """A training process, from its start to its end.

    It is started as a new interpreter and not by `multiprocessing`: that needs nothing of the
    standard streams, which Textual replaces, and is as easy from inside a running application.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        # the process ends when its end of this pair is closed, however we go
        self._complaints = _scratch_file()
        with theirs:
            self._process = subprocess.Popen(
                # -P: a `core` in the current folder is not ours
                [sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno()), _home()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints or subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ONE_THREAD},
                start_new_session=True,  # ctrl+c at the terminal is for the screen alone
            )
        self._channel = Channel(ours)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped it (SIGSTOP), so that it answers nothing."""
        try:
            how = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            found = os.waitid(os.P_PID, self._process.pid, how)
        except ChildProcessError:
            return False
        return found is not None and found.si_code == os.CLD_STOPPED

    @property
    def ended(self) -> bool:
        """Whether it has closed its end: it is dead or about to be."""
        return self._channel.closed

    def fileno(self) -> int:
        """Return what an event loop watches: readable when `receive` has something to do."""
        return self._channel.fileno()

    def send(self, command: Command) -> None:
        """Send a command; what comes of it is told by an event."""
        if not self._channel.closed:
            self._channel.post(command)

    @property
    def backlog(self) -> bool:
        """Whether commands wait for the process to read those before."""
        return self._channel.backlog

    def send_rest(self) -> None:
        """Send as much of the backlog as the process can take now."""
        self._channel.flush(0)

    def receive(self, seconds: float | None = 0) -> list[Event]:
        """Return the events that arrived, waiting up to `seconds` for the first."""
        return self._channel.receive(seconds)

    def why_it_ended(self) -> str:
        """Return a sentence about the end of a process that has `ended`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        status = self._process.returncode
        if status is None:
            return "the training process closed its connection"
        if status < 0:
            names = {each.value: each.name for each in signal.Signals}
            return f"the training process was killed ({names.get(-status, f'signal {-status}')})"
        last = self._last_complaint()
        return f"the training process ended with status {status}{': ' if last else ''}{last}"

    def close(self) -> list[Event]:
        """End the process, wait until it has saved its run and is gone, and return its last words."""
        deadline = monotonic() + LAST_WORDS
        self._channel.finish()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)  # one that was stopped has to save, too
        events = []
        while not self._channel.closed and (left := deadline - monotonic()) > 0:
            events += self._channel.receive(left)
        self._channel.close()
        try:
            self._process.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()  # in the middle of a very long batch, or of a disk that hangs
            self._process.wait()
        if self._complaints is not None:
            self._complaints.close()
        return events

    def _last_complaint(self) -> str:
        if self._complaints is None or self._complaints.closed:
            return ""
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _home() -> str:
    """Return the folder that holds this very `core`."""
    return str(Path(__file__).resolve().parents[2])


def _scratch_file() -> IO[bytes] | None:
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None
