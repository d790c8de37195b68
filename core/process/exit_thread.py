"""End of the training process, for which the screen waits, at the priority of the screen.

On a busy computer a process of low priority waits a tenth of a second or more each time it continues.
"""

from __future__ import annotations

import os
from threading import Event, Thread
from typing import TYPE_CHECKING

from core.memory import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable


class ExitThread:
    """Thread that calls a function and then ends the process.

    On Linux the nice value belongs to a thread, and is inherited by threads that it starts. This one
    keeps the value that the process had when it was created.
    """

    def __init__(self) -> None:
        """Start the thread.

        Raises:
            NotEnoughMemory: when it cannot be started.
        """
        self._begin = Event()
        self._function: Callable[[], None] | None = None
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name="exit", daemon=True)
        start_thread(self._thread)

    def exit_after(self, function: Callable[[], None]) -> None:
        """Call the function and end the process with status 0; if it fails, raise its error."""
        self._function = function
        self._begin.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        self._begin.wait()
        try:
            if self._function is not None:
                self._function()
        except Exception as error:
            self._error = error
        else:
            os._exit(0)
