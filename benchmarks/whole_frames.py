"""The program with each panel redrawn completely in each frame by Textual's driver, as a peer.

python -m benchmarks.whole_frames [arguments of nnfs-tui]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from textual.drivers.linux_driver import LinuxDriver

import tui.terminal_app
from tui.cli.main import main
from tui.drawing.canvas import Canvas
from tui.terminal.driver import DiffDriver

if TYPE_CHECKING:
    from tui.drawing.cells import Cells


class WholeDriver(DiffDriver):
    """Driver that sends Textual's output unchanged."""

    def write(self, data: str) -> None:
        LinuxDriver.write(self, data)

    def forget(self) -> None:
        """Do nothing, since this driver has no model of the screen."""


def show_whole(self: Canvas, cells: Cells) -> None:
    self._shown, self._strips = cells, [None] * cells.height
    self.refresh()


if __name__ == "__main__":
    Canvas._show = show_whole  # type: ignore[method-assign]
    vars(tui.terminal_app)["DiffDriver"] = WholeDriver
    sys.exit(main())
