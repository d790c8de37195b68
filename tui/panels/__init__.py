"""The panels of the training screen, in the order of their numbers."""

from tui.panels.activations import ActivationsPanel
from tui.panels.boundary import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel, ScorePanel
from tui.panels.errors import ErrorsPanel
from tui.panels.hidden_space import SpacePanel
from tui.panels.inspector import InspectorPanel
from tui.panels.layers import LayersPanel
from tui.panels.network import NetworkPanel
from tui.panels.outputs_table import TablePanel
from tui.panels.panel import Panel, ViewOptions
from tui.panels.unit_maps import MapsPanel

PANELS: tuple[type[Panel], ...] = (
    LossPanel,
    ScorePanel,
    BoundaryPanel,
    ActivationsPanel,
    LayersPanel,
    ErrorsPanel,
    InspectorPanel,
    TablePanel,
    SpacePanel,
    NetworkPanel,
    MapsPanel,
)

__all__ = [
    "PANELS",
    "ActivationsPanel",
    "BoundaryPanel",
    "CurvePanel",
    "ErrorsPanel",
    "InspectorPanel",
    "LayersPanel",
    "LossPanel",
    "MapsPanel",
    "NetworkPanel",
    "Panel",
    "ScorePanel",
    "SpacePanel",
    "TablePanel",
    "ViewOptions",
]
