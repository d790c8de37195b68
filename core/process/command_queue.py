"""The training process's end of the channel, with a queue of the commands to handle."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Final

import numpy as np

from core.memory import reserve_for_products
from core.process.channel import Channel
from core.process.messages import (
    Cancel,
    Configure,
    Failed,
    Loading,
    Pull,
    Reopen,
    Restore,
    Seek,
    SetSpeed,
    Start,
    StartFrom,
    StartSeeds,
)
from core.process.parent_signals import continue_when_orphaned
from core.runs import lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.process.messages import Command


REPLACING: Final = (Start, StartFrom, StartSeeds, Reopen, Restore)
"""Commands that supersede what is being loaded."""


class Cancelled(Exception):  # noqa: N818 (not an error)
    """Loading was cancelled by the user, or superseded by a later command."""


class CommandQueue(Channel):
    """Commands from the screen, and events to it.

    Attributes:
        waiting: the received commands that were not handled yet, in order.
        answered: number of `Start`s and `Configure`s that were handled or dropped.
        handled: number of `StateCommand`s that were handled.
        pulled: whether the screen waits for a `Progress`.
    """

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.waiting: list[Command] = []
        self.answered = self.handled = 0
        self.pulled = False

    def receive_commands(self, seconds: float | None) -> None:
        """Add the received commands, after waiting up to `seconds` (None: no limit) for one."""
        self.waiting += self.receive(seconds)

    def send_loading(self, what: str, share: float) -> None:
        """Report the progress of loading, and check whether it was cancelled.

        Raises:
            Cancelled: when it was.
        """
        self.post(Loading(what, share))
        self.receive_commands(0)
        for at, each in enumerate(self.waiting):
            if isinstance(each, Cancel):
                # later changes are cancelled with it
                before, self.waiting = self.waiting[:at], self.waiting[at + 1 :]
                dropped = [one for one in before if isinstance(one, Configure)]
                self.answered += len(dropped)
                self.waiting[:0] = [one for one in before if one not in dropped]
                raise Cancelled
        if self.closed or any(isinstance(each, REPLACING) for each in self.waiting):
            raise Cancelled

    def send_seeking(self, epoch: int, share: float) -> bool:
        """Report the progress of a `Seek`; return False if it was cancelled or superseded."""
        try:
            self.send_loading(f"recomputing epoch {epoch:,}", share)
        except Cancelled:
            return False
        following = (each for each in self.waiting if not isinstance(each, Pull | SetSpeed))
        return not isinstance(next(following, None), Seek)


def serve(descriptor: int, run: Callable[[CommandQueue], object]) -> None:
    """Serve the channel at a file descriptor until the other end closes it; the process then exits.

    Args:
        descriptor: of the socket.
        run: handles the commands of a queue until it is closed.
    """
    queue = CommandQueue(socket.socket(fileno=descriptor))
    continue_when_orphaned()
    lock.screen = os.getppid()
    reserve_for_products()
    try:
        with np.errstate(all="ignore"):  # divergence is detected by the loss
            run(queue)
    except Exception as error:
        queue.post(Failed(f"{type(error).__name__}: {error}"))
        raise
    finally:
        # everything is saved, and shutting the interpreter down would delay the exit
        if queue.closed:
            os._exit(0)
