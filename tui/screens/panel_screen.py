"""Base of the screens of several runs: notes, and what their keys for panels do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from core.analysis.planes import has_plane, next_plane
from tui.faults import ReportsFaults
from tui.keymap import actions_of, keymap_for
from tui.panels.panel import Panel
from tui.screens.live import LiveScreen
from tui.screens.status_bars import FooterLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events

    from core.datasets import DataSplit
    from tui.keys import FooterKey, Key
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel
    from tui.screens.status_bars import StatusLine


class TableFooter(FooterLine):
    """The keys of a table that have an effect in the current state of the runs."""

    def __init__(
        self,
        run: RunModel,
        options: ViewOptions,
        keys: Sequence[Key[Any]],
        footer: Sequence[FooterKey],
    ) -> None:
        """Create the footer.

        Args:
            run: whose state is that of all runs.
            options: of the panels.
            keys: the table of keys.
            footer: those that may be shown, the most important ones first.
        """
        super().__init__(run, options)
        self._shown_keys, self.actions = footer, actions_of(keys)
        self.handlers = {key.shown: key.handler for key in keys if key.handler is not None}

    def state_keys(self) -> list[FooterKey]:
        return [key for key in self._shown_keys if self.run.state in key.states]


class PanelScreen(LiveScreen):
    """A live screen of which all panels are in one view.

    Attributes:
        keys: the table of keys.
        groups: sections of the help.
        kinds: of the panels, in the order of the help.
        ending: last paragraph of the help.
        options: of the panels.
        status: the status line.
        redraw: sends the whole screen.
    """

    keys: ClassVar[Sequence[Key[Any]]]
    groups: ClassVar[Sequence[str]]
    kinds: ClassVar[Sequence[type[Panel]]]
    ending: ClassVar[str]
    options: ViewOptions
    status: StatusLine
    redraw: Callable[[], None]

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self.arrangement.apply()

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""
        self.run.note = note
        if self.is_mounted:
            self.frames.paint_all()

    def clear_note(self) -> None:
        """Remove the sentence, unless it describes the state of the runs."""
        if self.run.clear_note():
            for line in self.lines[2:]:
                line.repaint()

    def explain_panel(self) -> None:
        """Explain the focused panel."""
        from tui.screens.explain import ExplainScreen

        panel = self.focused
        faults = self.app.faults if isinstance(self.app, ReportsFaults) else ()
        if isinstance(panel, Panel):
            title = panel.label if panel.fault else panel.border_name
            self.app.push_screen(ExplainScreen(panel.explanation(), title, [*faults]))

    def show_help(self) -> None:
        """Show the keys by group, as the user has chosen them, and the panels."""
        from tui.screens.help import HelpScreen

        renamed = partial(keymap_for(self.app).shown, actions=actions_of(self.keys))
        sections = [
            (group, [(renamed(key.shown), key.help) for key in self.keys if key.group == group])
            for group in self.groups
        ]
        self.app.push_screen(HelpScreen((), sections, self.kinds, self.ending))

    # --- maps

    @property
    def data_of_maps(self) -> DataSplit | None:
        """Samples that define the plane of the maps."""
        return None

    def next_plane(self) -> None:
        """Show the next plane: principal components, then pairs of the most informative features."""
        data = self.data_of_maps
        if data is None or not has_plane(data):
            self.show_note("there are no maps of these data")
        elif len(data.feature_names) < 3:
            self.show_note("the maps already show all of the data")
        else:
            self.options.plane = next_plane(data, self.options.plane)
            self.repaint_panels()
            self.show_note(f"maps: {self.options.plane.describe(data.feature_names)}")

    def toggle_test(self) -> None:
        """Show or hide the test samples on the maps."""
        self.options.show_test = not self.options.show_test
        self.repaint_panels()
        self.show_note(f"test samples: {'shown' if self.options.show_test else 'hidden'}")

    def repaint_panels(self) -> None:
        """Draw the visible panels again."""
        for panel in self.panels:
            if panel.display:
                panel.redraw()
