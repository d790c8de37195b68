"""The panels of the training screen, in the order of their numbers."""

from tui.panels.activations import ActivationsPanel
from tui.panels.boundary import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel, ScorePanel
from tui.panels.errors import ErrorsPanel
from tui.panels.layers import LayersPanel
from tui.panels.panel import Panel, ViewOptions

PANELS: tuple[type[Panel], ...] = (
    LossPanel,
    ScorePanel,
    BoundaryPanel,
    ActivationsPanel,
    LayersPanel,
    ErrorsPanel,
)

__all__ = [
    "PANELS",
    "ActivationsPanel",
    "BoundaryPanel",
    "CurvePanel",
    "ErrorsPanel",
    "LayersPanel",
    "LossPanel",
    "Panel",
    "ScorePanel",
    "ViewOptions",
]
