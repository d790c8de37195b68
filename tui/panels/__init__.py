"""The panels of the training screen, in the order of their numbers."""

from tui.panels.activations import ActivationsPanel
from tui.panels.boundary import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel, ScorePanel
from tui.panels.errors import ErrorsPanel
from tui.panels.layers import LayersPanel
from tui.panels.network import NetworkPanel
from tui.panels.panel import Panel, ViewOptions
from tui.panels.unit_maps import MapsPanel

PANELS: tuple[type[Panel], ...] = (
    LossPanel,
    ScorePanel,
    BoundaryPanel,
    ActivationsPanel,
    LayersPanel,
    ErrorsPanel,
    NetworkPanel,
    MapsPanel,
)

__all__ = [
    "PANELS",
    "ActivationsPanel",
    "BoundaryPanel",
    "CurvePanel",
    "ErrorsPanel",
    "LayersPanel",
    "LossPanel",
    "MapsPanel",
    "NetworkPanel",
    "Panel",
    "ScorePanel",
    "ViewOptions",
]
