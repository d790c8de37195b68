"""Open the dialogs of the training screen, and apply what they return.

Each dialog is imported when it is first opened: together they would delay the first frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from core.process.messages import EditParameter
from tui.faults import ReportsFaults
from tui.panels.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.datasets.summary import Summary
    from tui.panels.network.panel import NetworkPanel
    from tui.screens.live import LiveScreen
    from tui.screens.training import TrainingScreen

NOT_LOADED: Final = "the data is not loaded yet: try again in a moment"


def show_help(screen: TrainingScreen) -> None:
    """Show the keys and the panels."""
    from tui.screens.help import HelpScreen

    marked = {"layers"} if screen.run.diagnosis.is_alarming else set()
    screen.app.push_screen(HelpScreen(marked))


def show_explanation(screen: TrainingScreen) -> None:
    """Explain the focused panel."""
    from tui.screens.explain import ExplainScreen

    panel = screen.focused
    faults = screen.app.faults if isinstance(screen.app, ReportsFaults) else ()
    if isinstance(panel, Panel):
        # the name in the border may be what fails
        title = panel.label if panel.fault else panel.border_name
        screen.app.push_screen(ExplainScreen(panel.explanation(), title, [*faults]))


def show_data(screen: TrainingScreen) -> None:
    """Show the summary of the data."""
    from tui.screens.data import DataScreen

    settings = screen.controller.settings

    def toggle(column: str, summary: Summary) -> None:
        settings.toggle_column(column, dict(summary.excluded))

    data = screen.run.data
    if data is None:
        screen.show_note(NOT_LOADED)
    elif data.summary is not None:
        screen.app.push_screen(DataScreen(data.summary, toggle))


@runtime_checkable
class ShowsData(Protocol):
    """Dialog that shows the data, such as `DataScreen`."""

    def show_summary(self, summary: Summary, note: str) -> None:
        """Show the data after a change, or a note if they are the same."""


def refresh_data(screen: TrainingScreen, note: str) -> None:
    """Show new data in the open dialog, or a note on why they are the same."""
    data = screen.run.data
    for dialog in screen.app.screen_stack:
        if isinstance(dialog, ShowsData) and data is not None and data.summary is not None:
            dialog.show_summary(data.summary, note)


def ask(screen: TrainingScreen) -> None:
    """Predict an input that the user types."""
    from tui.screens.ask import AskScreen

    if screen.run.network is not None:
        screen.app.push_screen(AskScreen(screen.run))
    else:
        screen.show_note(NOT_LOADED)


def change_settings(screen: TrainingScreen) -> None:
    """Open the settings of the run."""
    from tui.screens.settings import SettingsScreen

    settings = screen.controller.settings

    def apply(config: RunConfig | None) -> None:
        if config is not None and config.diagnostics != settings.requested.diagnostics:
            screen.view.show_layers(shown=config.diagnostics)
        settings.apply_from_dialog(config)

    screen.app.push_screen(SettingsScreen(settings.requested, screen.run.shown_as), apply)


def choose_plane(screen: TrainingScreen) -> None:
    """Choose the features of the map."""
    from tui.screens.plane import PlaneScreen

    data = screen.run.data
    if data is not None and screen.view.has_planes(data):
        dialog = PlaneScreen(data, screen.options.plane, screen.options.cursor.sample)
        screen.app.push_screen(dialog, screen.view.show_plane)


def choose_epoch(screen: TrainingScreen) -> None:
    """Ask for an epoch to go to."""
    from tui.screens.prompts import EpochScreen

    def go(epoch: int | None) -> None:
        if epoch is not None:
            if not screen.controller.can_travel:
                screen.controller.toggle_pause()
            screen.controller.travel.seek(epoch)

    screen.app.push_screen(EpochScreen(screen.run), go)


def share(screen: TrainingScreen) -> None:
    """Show and copy the command line that repeats the run."""
    from tui.screens.share import ShareScreen

    screen.app.push_screen(ShareScreen(screen.run))


def copy_numbers(screen: TrainingScreen) -> None:
    """Copy the numbers of the focused table or inspector to the clipboard of the terminal."""
    from tui.panels.copied_numbers import copied_numbers

    panel = screen.focused
    label = panel.label if isinstance(panel, Panel) else ""
    text = copied_numbers(label, screen.run, screen.options)
    if not text:
        screen.show_note("T copies the numbers of the table (8) and the inspector (i): focus one")
        return
    screen.app.copy_to_clipboard(text)
    lines = text.count("\n")
    screen.show_note(
        f"{lines:,} lines of the {label} are copied as tab-separated text, if the terminal allows it"
    )


def confirm(screen: LiveScreen, question: str, act: Callable[[], object]) -> None:
    """Ask a yes-or-no question, and act on yes."""
    from tui.screens.prompts import ConfirmScreen

    def decide(yes: bool | None) -> None:
        if yes:
            act()

    screen.app.push_screen(ConfirmScreen(question), decide)


def edit_parameter(screen: TrainingScreen, event: NetworkPanel.EditRequested) -> None:
    """Ask for a new value of a weight or a bias."""
    from tui.screens.prompts import NumberScreen

    def edit(value: float | None) -> None:
        if value is not None:
            screen.controller.confirm_branch("Change the run at", lambda: send(value))

    def send(value: float) -> None:
        if screen.controller.send(EditParameter(event.index, value)):
            change = f"{event.value:.4g} → {value:.4g}".replace("-", "−")
            screen.show_note(f"{event.description}: {change}; the run is edited")

    screen.app.push_screen(NumberScreen(event.description, event.value), edit)


def save_data(screen: TrainingScreen) -> None:
    """Ask for a file and save the data, including edits, as CSV."""
    from core.datasets.edits import write_csv
    from tui.screens.prompts import SaveScreen

    def save(path: Path | None) -> None:
        if path is None or screen.run.data is None:
            return
        try:
            screen.show_note(write_csv(screen.run.data, path))
        except (OSError, ValueError) as error:
            screen.show_note(f"not saved: {getattr(error, 'strerror', None) or error}")

    screen.app.push_screen(SaveScreen(), save)
