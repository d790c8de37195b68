"""What a person looks at, so that it is sent first where the line is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.terminal.screen_buffer import Area

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual.screen import Screen
    from textual.widget import Widget


TOP: Final = 2
"""Rows of a dialog that show which one it is: its title, and the first line."""


def send_order(
    screen: Screen[object], lines: Iterable[Widget], panels: Iterable[Widget]
) -> list[Area]:
    """Return the areas of a screen, those of each rank in their order.

    First come the lines, which say what a key has done; then the focused panel; then the others. A
    dialog goes before all of them: its title, what keys are typed into, and the rest of it.
    """
    focused = screen.focused
    first, second = list(lines), [focused] if focused is not None else []
    dialog: list[Area] = []
    if any(line.screen is not screen for line in first):
        dialog = [Area(*each.region[:3], TOP, 0) for each in _shown(screen.children)]
        first, second = [*second, *screen.children, *first], []
    ranked = ((first, 0), (second, 1), (list(panels), 2))
    return dialog + [
        Area(*widget.region, rank) for widgets, rank in ranked for widget in _shown(widgets)
    ]


def _shown(widgets: Iterable[Widget]) -> Iterator[Widget]:
    return (widget for widget in widgets if widget.display and widget.region.area)
