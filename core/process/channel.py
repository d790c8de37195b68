"""Messages over a stream socket between the two processes, sent without blocking.

What the socket does not accept at once is buffered and sent with a later call, so that training
continues while the screen is stopped.
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
    """One end of the socket. Messages are pickled, since the other end is trusted."""

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
        """Return the descriptor of the socket, for an event loop."""
        return self._socket.fileno()

    @property
    def backlog(self) -> bool:
        """Whether a message is not completely sent yet."""
        return bool(self._leaving)

    def post(self, message: object) -> None:
        """Send a message, as far as the socket accepts it, and the rest later."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        before = len(self._leaving)
        try:
            self._leaving += _HEADER.pack(len(data))
            self._leaving += data
        except MemoryError:  # a header without its message would corrupt the stream
            del self._leaving[before:]
            raise
        self._flush()

    def receive(self, seconds: float | None = 0) -> list[Any]:
        """Return the received messages, after waiting up to `seconds` (None: no limit) for one.

        Sets `closed` when the other end is closed; what it sent before is still returned.
        """
        if self.closed:
            return []
        self._watch(select.POLLIN | (select.POLLOUT if self._leaving else 0))
        # rounded up, since a wait that ends early would be repeated in a busy loop
        timeout = None if seconds is None else -int(-seconds * 1000 // 1)
        for _, ready in self._poll.poll(timeout):
            if ready & select.POLLOUT:
                self._flush()
            if ready & ~select.POLLOUT:
                self._fill()
        return self._messages()

    def flush(self, seconds: float) -> None:
        """Send the buffered messages, waiting up to `seconds` until the socket has accepted them."""
        deadline = monotonic() + seconds
        self._flush()
        self._watch(select.POLLOUT)
        while self._leaving and (left := deadline - monotonic()) > 0:
            self._poll.poll(left * 1000)
            self._flush()

    def finish(self) -> None:
        """Close the sending direction; the other end can still send."""
        with suppress(OSError):  # the other end is closed
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close this end."""
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
            self._leaving.clear()  # the other end is closed, which receive() will report

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
