"""Changes what the curves of many seeds show, and goes to an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screens.view import RECENT
from tui.seeds.curves import SpreadLoss

if TYPE_CHECKING:
    from tui.seeds.screen import SeedsScreen


class SeedsViewController:
    """Changes what the curves show."""

    def __init__(self, screen: SeedsScreen) -> None:
        self._screen = screen

    def toggle_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        panel = next(each for each in self._screen.panels if isinstance(each, SpreadLoss))
        is_log = self._screen.options.log_loss = not panel.has_log_axis
        self._screen.repaint_panels()
        self._screen.show_note(f"loss axis: {'logarithmic' if is_log else 'linear'}")

    def next_range(self) -> None:
        """Show all epochs on the curves, or only the last ones."""
        at = RECENT.index(self._screen.options.recent) + 1
        recent = self._screen.options.recent = RECENT[at % len(RECENT)]
        self._screen.repaint_panels()
        self._screen.show_note(
            f"curves: {'all epochs' if recent is None else f'the last {recent:,} epochs'}"
        )

    def choose_epoch(self) -> None:
        """Ask for an epoch to go to."""
        from tui.screens.prompts import EpochScreen

        controller = self._screen.controller

        def go(epoch: int | None) -> None:
            if epoch is not None:
                if not controller.can_travel:
                    controller.toggle_pause()
                controller.travel.seek(epoch)

        if self._screen.model.is_known:
            self._screen.app.push_screen(EpochScreen(self._screen.model), go)
