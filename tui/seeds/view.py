"""Changes what the panels of many seeds show, and opens their help."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from core.analysis.planes import PlaneChoice, has_plane, ranked_features
from tui.screens.view import PAIRED, RECENT
from tui.seeds.curves import SpreadLoss, SpreadScore
from tui.seeds.keys import GROUPS, SAVED
from tui.seeds.panels import AgreementPanel, HistogramPanel, LaneActivations, RunsPanel

if TYPE_CHECKING:
    from tui.seeds.screen import SeedsScreen

PANELS: Final = (
    AgreementPanel,
    SpreadLoss,
    SpreadScore,
    HistogramPanel,
    RunsPanel,
    LaneActivations,
)


class SeedsViewController:
    """Changes what the panels show."""

    def __init__(self, screen: SeedsScreen) -> None:
        self._screen = screen

    def _repaint(self) -> None:
        for panel in self._screen.panels:
            if panel.display:
                panel.redraw()

    def toggle_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        panel = next(each for each in self._screen.panels if isinstance(each, SpreadLoss))
        is_log = self._screen.options.log_loss = not panel.has_log_axis
        self._repaint()
        self._screen.show_note(f"loss axis: {'logarithmic' if is_log else 'linear'}")

    def next_range(self) -> None:
        """Show all epochs on the curves, or only the last ones."""
        at = RECENT.index(self._screen.options.recent) + 1
        recent = self._screen.options.recent = RECENT[at % len(RECENT)]
        self._repaint()
        self._screen.show_note(
            f"curves: {'all epochs' if recent is None else f'the last {recent:,} epochs'}"
        )

    def toggle_test(self) -> None:
        """Show or hide the test samples of the selected run."""
        self._screen.options.show_test = not self._screen.options.show_test
        self._repaint()

    def next_plane(self) -> None:
        """Show the next plane: principal components, then pairs of the most informative features."""
        data = self._screen.model.first
        if data is None or len(data.feature_names) < 3 or not has_plane(data):
            self._screen.show_note("the map already shows all of the data")
            return
        pairs = combinations(ranked_features(data)[:PAIRED], 2)
        planes = [PlaneChoice(), *(PlaneChoice(*pair) for pair in pairs)]
        at = (
            planes.index(self._screen.options.plane) if self._screen.options.plane in planes else -1
        )
        self._screen.options.plane = planes[(at + 1) % len(planes)]
        self._repaint()
        self._screen.show_note(f"map: {self._screen.options.plane.describe(data.feature_names)}")

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

    def explain(self) -> None:
        """Explain the focused panel."""
        self._screen.explain_panel()

    def show_help(self) -> None:
        """Show the keys and the panels."""
        self._screen.show_help(GROUPS, PANELS, SAVED)
