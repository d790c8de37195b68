"""The panels of the training screen, in the order of their numbers."""

from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel, ScorePanel
from tui.panels.errors.panel import ErrorsPanel
from tui.panels.hidden_space.panel import SpacePanel
from tui.panels.inspector.panel import InspectorPanel
from tui.panels.layers import LayersPanel
from tui.panels.network.panel import NetworkPanel
from tui.panels.panel import Panel
from tui.panels.table.panel import TablePanel
from tui.panels.unit_maps.panel import MapsPanel
from tui.panels.view_options import ViewOptions

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
