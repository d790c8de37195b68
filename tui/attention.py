"""What a person looks at, so that it is sent first where the line is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screen_model import Area

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen
    from textual.widget import Widget


def attention(
    screen: Screen[object], lines: Iterable[Widget], panels: Iterable[Widget]
) -> list[Area]:
    """Return the areas of a screen, those of each rank in their order.

    First come the lines, which say what a key has done, and what the keys are typed into in front of
    them; then the focused panel, or the dialog; then everything else.
    """
    focused = screen.focused
    first, second = list(lines), [focused] if focused is not None else []
    if any(line.screen is not screen for line in first):
        first, second = [*second, *first], list(screen.children)
    ranked = ((first, 0), (second, 1), (list(panels), 2))
    return [
        Area(*widget.region, rank)
        for widgets, rank in ranked
        for widget in widgets
        if widget.display and widget.region.area
    ]
