"""The panels of the training screen, in the order of their numbers."""

from tui.panels.activations import ActivationsPanel
from tui.panels.boundary import BoundaryPanel
from tui.panels.curve import AccuracyPanel, CurvePanel, LossPanel
from tui.panels.panel import Panel, ViewOptions

PANELS: tuple[type[Panel], ...] = (LossPanel, AccuracyPanel, BoundaryPanel, ActivationsPanel)

__all__ = [
    "PANELS",
    "AccuracyPanel",
    "ActivationsPanel",
    "BoundaryPanel",
    "CurvePanel",
    "LossPanel",
    "Panel",
    "ViewOptions",
]
