"""What goes to and fro between a run and its screen: commands that wait, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process.messages import Cancel, Configure, Loading, Reopen, Restore, Start

if TYPE_CHECKING:
    from core.process.channel import Channel
    from core.process.messages import Command, Event


class Cancelled(Exception):  # noqa: N818 (it is what was asked for)
    """Loading was ended, by somebody or by what came after it."""


class CommandQueue:
    """The training process's side of the channel.

    Attributes:
        waiting: the commands that have come and are not carried out, in order.
        answered: how many `Start`s and `Configure`s were carried out, or dropped.
        pulled: whether the screen waits for a `Progress`.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.waiting: list[Command] = []
        self.answered = 0
        self.pulled = False

    @property
    def closed(self) -> bool:
        """Whether the screen is gone."""
        return self._channel.closed

    @property
    def backlog(self) -> bool:
        """Whether something that was posted still waits for the screen to read."""
        return self._channel.backlog

    def post(self, event: Event) -> None:
        """Tell the screen something."""
        self._channel.post(event)

    def flush(self, seconds: float) -> None:
        """Wait up to so long until the screen has taken what was posted."""
        self._channel.flush(seconds)

    def receive(self, seconds: float | None) -> None:
        """Take commands in, after waiting up to so long (None: for ever) for one."""
        self.waiting += self._channel.receive(seconds)

    def send_loading(self, what: str, share: float) -> None:
        """Say how far loading is, and look whether it is to go on.

        Raises:
            Cancelled: when it is not.
        """
        self.post(Loading(what, share))
        self.receive(0)
        for at, each in enumerate(self.waiting):
            if isinstance(each, Cancel):
                # with it goes what was to be loaded after this
                before, self.waiting = self.waiting[:at], self.waiting[at + 1 :]
                dropped = [one for one in before if isinstance(one, Configure)]
                self.answered += len(dropped)
                self.waiting[:0] = [one for one in before if one not in dropped]
                raise Cancelled
        if self.closed or any(isinstance(each, Start | Reopen | Restore) for each in self.waiting):
            raise Cancelled
