"""Whole messages over a stream socket between the two processes, without ever waiting to write.

What the socket does not take at once stays here and goes out with a later call: a training process
whose screen has been stopped keeps training.
"""

from __future__ import annotations

import pickle
import select
import socket
import struct
from contextlib import suppress
from time import monotonic
from typing import Any, Final

_HEADER: Final = struct.Struct("!Q")
_CHUNK: Final = 1 << 18


class Channel:
    """One end. The other is this program's own, so messages are pickled."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._arrived = bytearray()
        self._leaving = bytearray()
        self._poll = select.poll()
        self._registered = 0
        self._watch(select.POLLIN)
        self.closed = False

    def fileno(self) -> int:
        """Return the socket's number, for an event loop that watches it."""
        return self._socket.fileno()

    @property
    def backlog(self) -> bool:
        """Whether something that was posted still waits for the other end to read."""
        return bool(self._leaving)

    def post(self, message: object) -> None:
        """Send a message, now as far as the socket takes it and the rest later."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        before = len(self._leaving)
        try:
            self._leaving += _HEADER.pack(len(data))
            self._leaving += data
        except MemoryError:  # a header alone would make a part of the next message of this one
            del self._leaving[before:]
            raise
        self._flush()

    def receive(self, seconds: float | None = 0) -> list[Any]:
        """Return the messages that arrived, after waiting up to `seconds` (None: for ever) for one.

        Sets `closed` when the other end is gone; what it sent before is still returned.
        """
        if self.closed:
            return []
        self._watch(select.POLLIN | (select.POLLOUT if self._leaving else 0))
        # rounded up: a wait that ends early would spin until its time has come
        timeout = None if seconds is None else -int(-seconds * 1000 // 1)
        for _, ready in self._poll.poll(timeout):
            if ready & select.POLLOUT:
                self._flush()
            if ready & ~select.POLLOUT:
                self._fill()
        return self._messages()

    def flush(self, seconds: float) -> None:
        """Send what was posted, waiting up to `seconds` until everything is on its way."""
        deadline = monotonic() + seconds
        self._flush()
        self._watch(select.POLLOUT)
        while self._leaving and (left := deadline - monotonic()) > 0:
            self._poll.poll(left * 1000)
            self._flush()

    def finish(self) -> None:
        """Send nothing more; the other end sees it, and may still say something."""
        with suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close this end; the other sees it."""
        self.closed = True
        self._socket.close()

    def _watch(self, events: int) -> None:
        if events != self._registered:
            self._poll.register(self._socket, events)
            self._registered = events

    def _flush(self) -> None:
        try:
            while self._leaving:
                sent = self._socket.send(memoryview(self._leaving)[:_CHUNK])
                del self._leaving[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._leaving.clear()  # nobody is there to read it; receive() will say so

    def _fill(self) -> None:
        try:
            while data := self._socket.recv(_CHUNK):
                self._arrived += data
            self.closed = True
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True

    def _messages(self) -> list[Any]:
        messages = []
        while len(self._arrived) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(self._arrived)[0]
            if len(self._arrived) < end:
                break
            messages.append(pickle.loads(memoryview(self._arrived)[_HEADER.size : end]))
            del self._arrived[:end]
        return messages
