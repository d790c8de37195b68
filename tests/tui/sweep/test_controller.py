"""Commands to the process of a sweep, and what is done about its events."""

from collections.abc import Callable

from core.process.messages import Failed
from core.sweeps.execution import Workers
from core.sweeps.grid import Grid
from core.sweeps.messages import RepeatRuns, StartSweep, SweepProgress
from tests.tui.sweep.test_model import BASE, finished
from tui.sweep.controller import SweepController
from tui.sweep.model import SweepModel


class RecordingLink:
    """Records commands; answers nothing."""

    def __init__(self) -> None:
        self.sent: list[object] = []
        self.ended = False
        self.when_stopped: Callable[[int], None] = print

    def send(self, command: object) -> None:
        self.sent.append(command)

    def close(self) -> list[object]:
        self.ended = True
        return []

    def restart(self) -> None:
        self.ended = False


class SilentView:
    """A screen that shows nothing."""

    def listen(self) -> None:
        """Listen to nothing."""

    def pull(self) -> None:
        """Pull nothing."""

    def show_progress(self) -> None:
        """Show nothing."""

    def show_note(self, note: str) -> None:
        """Show nothing."""


def test_maps_that_a_killed_process_has_not_made_are_made_by_the_next_one() -> None:
    grid = Grid(BASE, {"hidden": ((4,), (8,))}, (0,))
    model, link = SweepModel(grid.cells()), RecordingLink()
    start = StartSweep(grid, None, Workers(1), None)
    controller = SweepController(model, start, link, SilentView())  # type: ignore[arg-type]
    controller.begin()
    known = tuple(finished(model, cell, 0.9) for cell in (0, 1))
    controller.on_event(SweepProgress(known, 0, has_ended=True))
    assert link.sent[-1] == RepeatRuns((0, 1))
    controller.on_event(Failed("the training process was killed"))
    assert "the process of the sweep was killed" in model.run.note
    controller.restart()
    assert isinstance(link.sent[-1], StartSweep)
    assert len(link.sent[-1].known) == 2
    controller.on_event(SweepProgress(known, 0, has_ended=True))
    assert link.sent[-1] == RepeatRuns((0, 1))
