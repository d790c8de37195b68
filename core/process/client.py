"""The training process as seen by the screen: start, commands, events, exit."""

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
"""Environment of a process that trains: more threads slow down small matrix products, and could change
the order of summation."""

SEEDS_WORKER: Final = "core.process.seeds_worker"
"""Module of a process that trains many seeds."""

COMPARE_WORKER: Final = "core.process.compare_worker"
"""Module of a process that compares runs."""

LAST_WORDS: Final = 2.0
"""Seconds for the process to save and exit after the channel was closed."""

# imports this `core`, not another one; afterwards its folder comes last, so that it hides no module;
# collecting garbage while modules are imported takes time and finds nothing
_PROGRAM: Final = """\
import gc, sys
gc.disable()
sys.path.insert(0, sys.argv[2])
import core
sys.path.append(sys.path.pop(0))
from importlib import import_module
module = import_module(sys.argv[3])
gc.freeze()
gc.enable()
module.main(int(sys.argv[1]))
"""


def start_interpreter(
    module: str, end: socket.socket, stderr: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Start an interpreter that runs `main` of a module with the descriptor of a socket."""
    return subprocess.Popen(
        # -P: a `core` in the current folder is another one
        [sys.executable, "-P", "-c", _PROGRAM, str(end.fileno()), _home(), module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        pass_fds=[end.fileno()],
        env={**os.environ, **ONE_THREAD},
        start_new_session=True,  # so that ctrl+c in the terminal reaches only the screen
    )


class TrainingProcess:
    """A running training process.

    It is started as a new interpreter and not by `multiprocessing`, which depends on the standard
    streams that Textual replaces.

    Attributes:
        module: name of the module that it runs.
    """

    def __init__(self, module: str = "core.process.worker") -> None:
        """Start the process, which runs `main` of a module."""
        self.module = module
        ours, theirs = socket.socketpair()
        # the process exits when this end is closed, however this process ends
        self._stderr = _temporary_file()
        with theirs:
            self._process = start_interpreter(module, theirs, self._stderr or subprocess.DEVNULL)
        self._channel = Channel(ours)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped (SIGSTOP), and does not respond."""
        try:
            how = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
            found = os.waitid(os.P_PID, self._process.pid, how)
        except ChildProcessError:
            return False
        return found is not None and found.si_code == os.CLD_STOPPED

    @property
    def ended(self) -> bool:
        """Whether it has closed its end: it has exited or is about to."""
        return self._channel.closed

    def fileno(self) -> int:
        """Return a descriptor for an event loop; readable when `receive` has something to do."""
        return self._channel.fileno()

    def send(self, command: Command) -> None:
        """Send a command; events report the result."""
        if not self._channel.closed:
            self._channel.post(command)

    @property
    def backlog(self) -> bool:
        """Whether a command is not completely sent yet."""
        return self._channel.backlog

    def send_rest(self) -> None:
        """Send as much of the backlog as possible without waiting."""
        self._channel.flush(0)

    def receive(self, seconds: float | None = 0) -> list[Event]:
        """Return the received events, after waiting up to `seconds` for the first."""
        return self._channel.receive(seconds)

    def why_it_ended(self) -> str:
        """Return the reason why a process has `ended`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        status = self._process.returncode
        if status is None:
            return "the training process closed its connection"
        if status < 0:
            names = {each.value: each.name for each in signal.Signals}
            return f"the training process was killed ({names.get(-status, f'signal {-status}')})"
        last = self._last_error()
        return f"the training process ended with status {status}{': ' if last else ''}{last}"

    def close(self) -> list[Event]:
        """Make the process save its run and exit, wait for it, and return its last events."""
        deadline = monotonic() + LAST_WORDS
        self._channel.finish()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)  # so that a stopped process can save
        events = []
        while not self._channel.closed and (left := deadline - monotonic()) > 0:
            events += self._channel.receive(left)
        self._channel.close()
        try:
            self._process.wait(max(0.1, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()  # it is within a very long batch, or the disk does not respond
            self._process.wait()
        if self._stderr is not None:
            self._stderr.close()
        return events

    def _last_error(self) -> str:
        if self._stderr is None or self._stderr.closed:
            return ""
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _home() -> str:
    """Return the folder that contains this `core`."""
    return str(Path(__file__).resolve().parents[2])


def _temporary_file() -> IO[bytes] | None:
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None
