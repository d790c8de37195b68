"""The space panel: outputs of the last hidden layer in two coordinates, and the decision line."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.hidden_space import HiddenSpace
from core.nn.activations import ACTIVATIONS
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, TEXT, ink
from tui.panels.explanation import Explanation
from tui.panels.hidden_space.plot import HiddenSpacePlot
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from textual import events

    from core.analysis.hidden_space import Axes, SpaceView
    from core.analysis.planes import PlaneChoice
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

SECONDS_BETWEEN_SCORES: Final = 0.5
GUTTER: Final = 6
PAIRS_OF: Final = 4
"""Number of the strongest units whose pairs are offered as coordinates."""
WIDE: Final = 64
WIDEST: Final = 76
"""Columns from which the border has room for the full text."""
COMPONENTS, OUTPUT = "components", "output"
UnitPair: TypeAlias = "tuple[int, int] | str"
"""Coordinates: two units, the principal components, or the direction of a binary output."""


class HiddenSpaceView:
    """Hidden space of a network, its data and an input plane, with its linear score."""

    def __init__(self, network: Network, data: DataSplit, plane: PlaneChoice) -> None:
        self._key = network, data, plane
        self.plane = plane
        self.space = HiddenSpace(network, data, plane)
        self.linear = self.space.inputs_linear_score
        self.linear_at = 0.0

    def shows(self, network: Network, data: DataSplit, plane: PlaneChoice) -> bool:
        """Return whether the view was computed for these arguments."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2] == plane


class HiddenSpacePanel(Panel):
    """Outputs of the last hidden layer in two coordinates, with the bent grid of the inputs."""

    key, label, redraw_interval = "9", "space", 0.25
    summary = (
        "samples as the last hidden layer maps them, the bent input grid, and the decision line; "
        "c selects the next two units, x and X the next unit of one axis, g hides the grid"
    )
    placeholder = "The samples as the last hidden layer maps them."
    hints: ClassVar = {"c": "next units", "x": "next unit"}

    footer = (("c", "next units"), ("x", "another unit"), ("g", "grid"))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "next_pair", show=False),
        Binding("x", "next_unit(0)", show=False),
        Binding("X", "next_unit(1)", show=False),
        Binding("g", "toggle_grid", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._view: HiddenSpaceView | None = None
        self._axes: Axes | None = None
        self._grid = True
        self._chosen = 0
        self._choices: list[UnitPair] = []
        self._own: tuple[int, int] | None = None
        """Two units that the user chose."""
        self._plot = HiddenSpacePlot()
        self._words: StyledText = []
        self._scores: StyledText = []
        self._drawn_places: tuple[Labels, Labels] = np.empty(0, np.int64), np.empty(0, np.int64)
        self._parameters: Array = np.empty(0)

    def explanation(self) -> Explanation:
        decision = (
            "two classes are separated where their logits z = W·h + b are equal: a straight line"
            if self.has_classes
            else "the output ŷ = W·h + b grows in one straight direction"
        )
        return Explanation(
            "Training samples as the last hidden layer maps them: its outputs h, for two of its units "
            "or two principal components; and the grid of the inputs, bent by the network.",
            f"here {decision}. Learning moves the samples until such lines separate them. The score "
            "of a linear model in this space is shown with its score in the input space: the "
            "difference is what the hidden layers achieve.",
            "principal components: the directions in which h varies most",
            "c the next two units, or components · x X next unit of one axis · g the grid",
        )

    @property
    def border_name(self) -> str:
        return "hidden space" if self._content.width >= WIDE else self.label

    def action_toggle_grid(self) -> None:
        """Show or hide the bent grid."""
        self._grid = not self._grid
        self.redraw()

    def action_next_pair(self) -> None:
        """Show the next coordinates: the principal components, then pairs of the strongest units."""
        if self._view is None:
            return
        space = self._view.space
        if not self._chosen:
            # fixed while the user steps through them
            self._choices = _choices(space)
        if self._own is None:
            self._chosen = (self._chosen + 1) % (1 + len(self._choices))
        self._own = None
        self.redraw()

    def action_next_unit(self, axis: int) -> None:
        """Show the next unit on the horizontal (0) or vertical (1) axis."""
        if self._view is None or self._view.space.units < 2:
            return
        now, units = self._pair(self._view.space), self._view.space.units
        pair = [0, 1] if isinstance(now, str) else list(now)
        if not isinstance(now, str):
            pair[axis] = (pair[axis] + 1) % units
            if pair[0] == pair[1]:
                pair[axis] = (pair[axis] + 1) % units
        self._own = pair[0], pair[1]
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select the sample nearest to the pointer."""
        rows, columns = self._drawn_places
        if self._view is None or not len(rows):
            return
        # a cell is about twice as high as wide
        away = (2 * (rows - (event.y - 1))) ** 2 + (columns - (event.x - 1)) ** 2
        sample = int(self._view.space.indices[int(away.argmin())])
        self.post_message(self.CursorMoved(replace(self.options.cursor, sample=sample)))

    def title(self) -> StyledText:
        return self._words

    def title_right(self) -> StyledText:
        return self._scores

    def view_state(self) -> tuple[object, ...]:
        options = self.options
        # at rest the scores are exactly those of the shown parameters
        at_rest = self.run.is_at_rest
        shown = (self._grid, self._chosen, self._own)
        return (*shown, self._sample, options.target, options.plane, at_rest)

    def is_fixed_at_rest(self) -> bool:
        # the same parameters need no second computation
        network = self.run.network
        return network is not None and np.array_equal(self._parameters, _copy_state(network))

    @property
    def _sample(self) -> int | None:
        return self.options.cursor.sample if self.options.inspecting else None

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        if not self.run.config.hidden:
            self._words, self._scores = [], []
            return centred_text(
                width, height, "This network has no hidden layer, and therefore no hidden space."
            )
        cells = self._draw(self._current_view(network, data), data, width, height)
        self._parameters = _copy_state(network)
        return cells

    def _current_view(self, network: Network, data: DataSplit) -> HiddenSpaceView:
        view, plane = self._view, self.options.plane
        if view is None or not view.shows(network, data, plane):
            if view is None or not view.shows(network, data, view.plane):
                self._chosen, self._own, self._axes = 0, None, None
            view = self._view = HiddenSpaceView(network, data, plane)
        return view

    def _pair(self, space: HiddenSpace) -> UnitPair:
        """Return the selected coordinates."""
        if self._own is not None and max(self._own) < space.units:
            return self._own
        if not self._chosen:
            # two units are the whole space
            return (0, 1) if space.units == 2 else COMPONENTS
        return self._choices[self._chosen - 1]

    def _draw(self, view: HiddenSpaceView, data: DataSplit, width: int, height: int) -> Cells:
        space = view.space
        chosen = self._pair(space)
        pair = None if isinstance(chosen, str) else chosen
        picture = space.picture(pair, self._axes, along_output=chosen == OUTPUT)
        if picture is None:
            self._words, self._scores = [], []
            return centred_text(width, height, "The hidden outputs are not finite.")
        self._axes = picture.axes
        self._update_border(view, data, picture, width)
        cells = Cells(width, height)
        rows = height - (1 if height >= 4 else 0)
        left = GUTTER if width >= 4 * GUTTER else 0
        columns = width - left
        if rows < 1 or columns < 2:
            return cells
        self._plot.fit(picture, ACTIVATIONS[self.run.config.activations[-1]])
        at_rows, at_columns = self._plot.places(picture.samples, columns, rows)
        self._drawn_places = at_rows, left + at_columns
        plot = self._plot.draw(
            space,
            data,
            picture,
            columns,
            rows,
            grid=self._grid,
            target=self.options.target,
            sample=self._sample,
        )
        cells.place(0, left, plot)
        self._plot.name_axes(cells, picture.axes.names, left, rows)
        return cells

    def _update_border(
        self, view: HiddenSpaceView, data: DataSplit, picture: SpaceView, width: int
    ) -> None:
        """Write the coordinates and the scores of a linear model into the border."""
        axes, units, space = picture.axes, view.space.units, view.space
        of = "" if axes.pair is not None and units == 2 else f"of {units} units "
        self._words = [(f"{axes.names[0]} × {axes.names[1]} ", ink(TEXT)), (of, ink(DIM))]
        if self.run.is_at_rest or monotonic() - view.linear_at >= SECONDS_BETWEEN_SCORES:
            view.linear, view.linear_at = space.linear(), monotonic()
        scores = view.linear, space.inputs_linear_score
        if data.has_classes:
            here, inputs = (number_format.percent(score) for score in scores)
            unit = " %"
        else:
            here, inputs = (f"{max(score, -9.999):.3f}".replace("-", "−") for score in scores)
            unit = ""
        lead = "linear" if data.has_classes else "linear R²"
        dim, text = ink(DIM), ink(TEXT)
        if width >= WIDE:
            labels = (" here ", "  in the inputs ") if width >= WIDEST else (" ", " inputs ")
            self._scores = [
                (f" {lead}{labels[0]}", dim),
                (f"{here}{unit}", text),
                (labels[1], dim),
                (f"{inputs}{unit} ", text),
            ]
        else:
            lead = "linear" if data.has_classes else "R²"
            self._scores = [(f" {lead} ", dim), (f"{here}/{inputs}{unit} ", text)]


def _copy_state(network: Network) -> Array:
    """Return a copy of the parameters and statistics."""
    return np.concatenate([network.parameters, network.statistics])


def _choices(space: HiddenSpace) -> list[UnitPair]:
    """Return the coordinates after the default ones: pairs of units, the strongest first."""
    strongest = space.strongest()[:PAIRS_OF]
    places = [(low, high) for high in range(1, len(strongest)) for low in range(high)]
    pairs = [sorted((strongest[low], strongest[high])) for low, high in places]
    if space.units == 2:
        return [COMPONENTS]
    own: list[UnitPair] = [OUTPUT] if space.network.classes == 2 and space.units > 1 else []
    return [*own, *((low, high) for low, high in pairs)]
