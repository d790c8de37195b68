"""The hidden space: the samples as the last hidden layer sees them, and the lines that part them."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

import numpy as np
from textual.binding import Binding, BindingType

from core.activations import ACTIVATIONS
from core.hidden_space import HiddenSpace, decide
from tui import numbers
from tui.braille import DOTS
from tui.cells import Cells
from tui.curves import axis_top
from tui.palette import (
    BACKGROUND,
    BRIGHT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
    FAINT,
    TEXT,
    TRAIN_MARKERS,
    WRONG_TRAIN,
    ink,
    inks_of_pairs,
)
from tui.panels.number_scale import NumberScale
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import TrainTest
    from core.hidden_space import Axes, Picture
    from core.network import Network
    from core.planes import PlaneChoice
    from tui.session import Session

SECONDS_BETWEEN: Final = 0.25
"""A picture of many lines that changes in every frame is many bytes."""
SECONDS_BETWEEN_SCORES: Final = 0.5
SHARE_OF_TIME: Final = 0.1
"""How much of the time it draws at most, however many samples there are."""
GUTTER: Final = 6
PAIRS_OF: Final = 4
"""So many of the strongest units are shown against each other."""
PADDING: Final = 0.06
"""What is shown beyond the range at each end, as a share of it: there saturated units crowd."""
SHRINKS: Final = 0.6
"""The range becomes shorter once the samples fill less than this of it."""
WIDE: Final = 64
WIDEST: Final = 76
"""Columns from which on the border has room for all words."""
COMPONENTS, OUTPUT = "components", "output"
Choice: TypeAlias = "tuple[int, int] | str"
"""Two units, or the principal components, or the direction of the output of two classes."""
MOST_STEPS: Final = 32
"""Places at which a piece of a grid line is drawn, at most."""


class Range:
    """An axis that follows what is on it by steps, and rarely: each step moves everything."""

    def __init__(self) -> None:
        self.low, self.high = -1.0, 1.0
        self._fitted = False

    def fit(self, values: Array) -> None:
        """Take in all values."""
        ends = -float(values.min(initial=0.0)), float(values.max(initial=0.0))
        now = -self.low, self.high
        least = 0.05 * max(*ends, 1e-9)
        fitted = []
        for end, held in zip(ends, now, strict=True):
            keeps = self._fitted and held * SHRINKS <= max(end, least) <= held
            fitted.append(held if keeps else axis_top(max(end, least)))
        self.low, self.high, self._fitted = -fitted[0], fitted[1], True

    def hold(self, low: float, high: float) -> None:
        """Stay at these ends."""
        self.low, self.high, self._fitted = low, high, False

    def shares(self, values: Array) -> Array:
        """Return where values lie: from 0 at the left or lower edge to 1."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray((values - self.low) / length + PADDING / (1 + 2 * PADDING))

    def values(self, shares: Array) -> Array:
        """Return the values that lie there."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray(self.low + (shares - PADDING / (1 + 2 * PADDING)) * length)


class View:
    """What is laid out once for a network, its data and an input plane."""

    def __init__(self, network: Network, data: TrainTest, plane: PlaneChoice) -> None:
        self._key = network, data, plane
        self.plane = plane
        self.space = HiddenSpace(network, data, plane)
        self.linear = self.space.inputs_linear
        self.linear_at = 0.0

    def shows(self, network: Network, data: TrainTest, plane: PlaneChoice) -> bool:
        """Whether this is the view of these."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2] == plane


class SpacePanel(Panel):
    """The last hidden layer's outputs in two coordinates, with the bent grid of the inputs."""

    number, label = 9, "space"
    about = (
        "samples as the last hidden layer sees them, the bent input grid, and where the output "
        "decides; c takes the next two units, g hides the grid"
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "next_pair", show=False),
        Binding("g", "toggle_grid", show=False),
    ]

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._view: View | None = None
        self._axes: Axes | None = None
        self._grid = True
        self._chosen = 0
        self._choices: list[Choice] = []
        self._across, self._up = Range(), Range()
        self._words: Words = []
        self._scores: Words = []
        self._drawn = Cells(0, 0)
        self._drawn_places: tuple[Labels, Labels] = np.empty(0, np.int64), np.empty(0, np.int64)
        self._drawn_at = 0.0
        self._drawn_of: object = None
        self._parameters: Array = np.empty(0)
        self._pace = SECONDS_BETWEEN

    @property
    def name_shown(self) -> str:
        return "hidden space" if self._drawn.width >= WIDE else self.label

    def action_toggle_grid(self) -> None:
        """Show or hide the bent grid."""
        self._grid = not self._grid
        self.redraw()

    def action_next_pair(self) -> None:
        """Take the next coordinates: the principal components, then pairs of the strongest units."""
        if self._view is None:
            return
        space = self._view.space
        if not self._chosen:
            # those that are the strongest now, for as long as somebody goes through them
            self._choices = _choices(space)
        self._chosen = (self._chosen + 1) % (1 + len(self._choices))
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Look at the sample that is the nearest to the pointer."""
        rows, columns = self._drawn_places
        if self._view is None or not len(rows):
            return
        # a cell is about twice as high as wide
        away = (2 * (rows - (event.y - 1))) ** 2 + (columns - (event.x - 1)) ** 2
        sample = int(self._view.space.chosen[int(away.argmin())])
        self.post_message(self.LookedAt(replace(self.options.cursor, sample=sample)))

    def redraw(self) -> None:
        """Draw anew at once, however lately that was done."""
        self._drawn_at = 0.0
        self.repaint()

    def title(self) -> Words:
        return self._words

    def corner(self) -> Words:
        return self._scores

    def body(self, width: int, height: int) -> Cells:
        network, data = self.session.network, self.session.data
        if not self.session.config.hidden:
            self._words, self._scores = [], []
            return message(width, height, "There is no hidden layer: the inputs are all there is.")
        if network is None or data is None or not len(self.session.timeline):
            self._words, self._scores = [], []
            return message(width, height, "The samples as the last hidden layer sees them.")
        begun = monotonic()
        drawn_of = (
            width,
            height,
            self._grid,
            self._chosen,
            self.options.inspecting,
            self.options.cursor.sample,
            self.options.target,
            network,
            data,
            self.options.plane,
        )
        if self.session.at_rest:
            # nothing is computed twice of the same parameters
            fresh = self._drawn_at > 0 and np.array_equal(self._parameters, _numbers_of(network))
        else:
            fresh = begun - self._drawn_at < self._pace
        if fresh and _same(self._drawn_of, drawn_of):
            return self._drawn
        view = self._laid_out(network, data)
        self._drawn = self._draw(view, data, width, height)
        self._drawn_at, self._drawn_of = monotonic(), drawn_of
        self._parameters = _numbers_of(network)
        self._pace = max(SECONDS_BETWEEN, (self._drawn_at - begun) / SHARE_OF_TIME)
        return self._drawn

    def _laid_out(self, network: Network, data: TrainTest) -> View:
        view, plane = self._view, self.options.plane
        if view is None or not view.shows(network, data, plane):
            if view is None or not view.shows(network, data, view.plane):
                self._chosen, self._axes = 0, None
            view = self._view = View(network, data, plane)
        return view

    def _pair(self, space: HiddenSpace) -> Choice:
        """Return what the coordinates are to be."""
        if not self._chosen:
            # two are the whole space
            return (0, 1) if space.units == 2 else COMPONENTS
        return self._choices[self._chosen - 1]

    def _draw(self, view: View, data: TrainTest, width: int, height: int) -> Cells:
        space = view.space
        chosen = self._pair(space)
        pair = None if isinstance(chosen, str) else chosen
        picture = space.picture(pair, self._axes, along_output=chosen == OUTPUT)
        if picture is None:
            self._words, self._scores = [], []
            return message(width, height, "The hidden outputs are not finite.")
        self._axes = picture.axes
        self._tell(view, data, picture, width)
        cells = Cells(width, height)
        rows = height - (1 if height >= 4 else 0)
        left = GUTTER if width >= 4 * GUTTER else 0
        columns = width - left
        if rows < 1 or columns < 2:
            return cells
        self._fit(picture)
        at_rows, at_columns = self._places(picture.samples, columns, rows)
        self._drawn_places = at_rows, left + at_columns
        cells.place(0, left, self._plot(space, data, picture, columns, rows))
        self._name_axes(cells, picture.axes.names, left, rows)
        return cells

    def _tell(self, view: View, data: TrainTest, picture: Picture, width: int) -> None:
        """Say in the border what is seen, and how much of it a straight line tells apart."""
        axes, units, space = picture.axes, view.space.units, view.space
        of = "" if axes.pair is not None and units == 2 else f"of {units} units "
        self._words = [(f"{axes.names[0]} × {axes.names[1]} ", ink(TEXT)), (of, ink(DIM))]
        if self.session.at_rest or monotonic() - view.linear_at >= SECONDS_BETWEEN_SCORES:
            view.linear, view.linear_at = space.linear(), monotonic()
        scores = view.linear, space.inputs_linear
        if data.has_classes:
            here, inputs = (numbers.percent(score) for score in scores)
            unit = " %"
        else:
            here, inputs = (f"{max(score, -9.999):.3f}".replace("-", "−") for score in scores)
            unit = ""
        lead = "linear" if data.has_classes else "linear R²"
        dim, text = ink(DIM), ink(TEXT)
        if width >= WIDE:
            told = (" here ", "  in the inputs ") if width >= WIDEST else (" ", " inputs ")
            self._scores = [
                (f" {lead}{told[0]}", dim),
                (f"{here}{unit}", text),
                (told[1], dim),
                (f"{inputs}{unit} ", text),
            ]
        else:
            lead = "linear" if data.has_classes else "R²"
            self._scores = [(f" {lead} ", dim), (f"{here}/{inputs}{unit} ", text)]

    def _fit(self, picture: Picture) -> None:
        """Choose the ends of the axes: where an activation has bounds, those."""
        activation = ACTIVATIONS[self.session.config.activations[-1]]
        for axis, values in zip((self._across, self._up), picture.samples.T, strict=True):
            if picture.axes.pair is not None and activation.saturates:
                axis.hold(-1.0 if activation.scale == "diverging" else 0.0, 1.0)
            else:
                axis.fit(values)

    # --- the plot

    def _plot(
        self, space: HiddenSpace, data: TrainTest, picture: Picture, columns: int, rows: int
    ) -> Cells:
        fields = self._fields(space, picture, columns, 2 * rows)
        colours = _field_colours(space.network.classes)
        upper, lower = fields[::2], fields[1::2]
        cells = Cells(columns, rows)
        cells.glyphs = np.where(upper == lower, " ", "▀")
        cells.inks = inks_of_pairs(colours)[upper, lower]
        if self._grid:
            half = len(picture.grid) // 2
            inks = (DIM, FAINT) if space.network.classes <= 2 else (BACKGROUND, "#303030")
            for lines, colour in zip((picture.grid[:half], picture.grid[half:]), inks, strict=True):
                self._dots(cells, self._between(lines, columns, rows), fields, colours, colour)
        line = picture.line if space.network.classes else None
        if line is not None:
            self._dots(cells, self._straight(*line), fields, colours, BRIGHT)
        places = self._places(picture.samples, columns, rows)
        if space.network.classes:
            self._labels(cells, space, picture, places, fields, colours)
        else:
            self._values(cells, space, data, places)
        if self.options.inspecting:
            self._mark_cursor(cells, space, data, picture, fields, colours)
        return cells

    def _fields(self, space: HiddenSpace, picture: Picture, columns: int, rows: int) -> Labels:
        """Return a number into the field colours for each of two pixels a cell."""
        if not space.network.classes:
            return np.zeros((rows, columns), np.int64)
        across = self._across.values((np.arange(columns) + 0.5) / columns)
        up = self._up.values(1 - (np.arange(rows) + 0.5) / rows)
        points = np.column_stack([np.tile(across, rows), np.repeat(up, columns)])
        return 1 + decide(picture.logits(points)).reshape(rows, columns)

    def _between(self, lines: Array, columns: int, rows: int) -> Array:
        """Return the (places, 2) shares along lines, so close that no dot between is left out."""
        shares = np.stack([self._across.shares(lines[..., 0]), self._up.shares(lines[..., 1])], -1)
        # what is far out is not seen, and would only need more places
        shares = np.clip(shares, -2, 3)
        steps = np.diff(shares, axis=1)
        longest = float((np.abs(steps) * (2 * columns, 4 * rows)).max(initial=1.0))
        parts = np.arange(min(MOST_STEPS, ceil(longest) + 1)) / min(MOST_STEPS, ceil(longest) + 1)
        places = shares[:, :-1, None] + steps[:, :, None] * parts[:, None]
        return np.asarray(places.reshape(-1, 2))

    def _straight(self, weights: Array, bias: float) -> Array:
        """Return the (places, 2) shares of the line w · p + b = 0."""
        corner = np.array([self._across.values(np.array(0.0)), self._up.values(np.array(0.0))])
        far = np.array([self._across.values(np.array(1.0)), self._up.values(np.array(1.0))])
        # in shares it is another straight line
        slope = weights * (far - corner)
        level = float(weights @ corner) + bias
        length = float(slope @ slope)
        if not (length > 0 and np.isfinite(level / length)):
            return np.empty((0, 2))
        # from the foot of the middle, as far as the plot reaches
        middle = np.full(2, 0.5)
        foot = middle - slope * ((float(slope @ middle) + level) / length)
        along = np.array([-slope[1], slope[0]]) / np.sqrt(length)
        return np.asarray(foot + np.linspace(-1, 1, 1000)[:, None] * along)

    @staticmethod
    def _dots(
        cells: Cells, shares: Array, fields: Labels, colours: tuple[str, ...], colour: str
    ) -> None:
        """Draw places as braille dots; what is there already in a cell gives way."""
        across, down = shares[:, 0] * 2 * cells.width, (1 - shares[:, 1]) * 4 * cells.height
        inside = (
            (across >= 0) & (across < 2 * cells.width) & (down >= 0) & (down < 4 * cells.height)
        )
        field = np.zeros((4 * cells.height, 2 * cells.width), bool)
        field[down[inside].astype(np.int64), across[inside].astype(np.int64)] = True
        bits = np.zeros((cells.height, cells.width), np.int64)
        for row in range(4):
            for column in range(2):
                bits += field[row::4, column::2] * DOTS[row, column]
        rows, columns = np.nonzero(bits)
        cells.glyphs[rows, columns] = (bits[rows, columns] + 0x2800).astype(np.uint32).view("<U1")
        inks = np.array([ink(colour, paper) for paper in colours])
        cells.inks[rows, columns] = inks[fields[2 * rows, columns]]

    def _places(self, points: Array, columns: int, rows: int) -> tuple[Labels, Labels]:
        """Return the rows and columns of the cells of (samples, 2) points, at the edge if beyond."""
        across = np.clip(self._across.shares(points[:, 0]), 0, 1) * columns
        down = np.clip(1 - self._up.shares(points[:, 1]), 0, 1) * rows
        return (
            np.minimum(down.astype(np.int64), rows - 1),
            np.minimum(across.astype(np.int64), columns - 1),
        )

    @staticmethod
    def _labels(
        cells: Cells,
        space: HiddenSpace,
        picture: Picture,
        places: tuple[Labels, Labels],
        fields: Labels,
        colours: tuple[str, ...],
    ) -> None:
        y = np.asarray(space.y, np.int64)
        right = picture.predicted == y
        classes = space.network.classes
        points = [CLASS_POINTS[label % len(CLASS_POINTS)] for label in range(classes)]
        quiet = np.array([[ink(point, paper) for paper in colours] for point in points])
        loud = np.array([ink(point, "#000000", bold=True) for point in points])
        markers = np.array([TRAIN_MARKERS[label % len(TRAIN_MARKERS)] for label in range(classes)])
        # those that are wrong come last, so that nothing covers them
        order = np.argsort(~right, kind="stable")
        rows, columns = places[0][order], places[1][order]
        y, right = y[order], right[order]
        cells.glyphs[rows, columns] = np.where(right, markers[y], WRONG_TRAIN)
        cells.inks[rows, columns] = np.where(right, quiet[y, fields[2 * rows, columns]], loud[y])

    def _values(
        self, cells: Cells, space: HiddenSpace, data: TrainTest, places: tuple[Labels, Labels]
    ) -> None:
        target = max(0, min(self.options.target, len(data.target_names) - 1))
        scale = NumberScale.of(data, target)
        levels = scale.levels(np.asarray(space.y, np.float64)[:, target])
        inks = np.array([ink(colour) for colour in scale.colours])
        cells.glyphs[places] = TRAIN_MARKERS[0]
        cells.inks[places] = inks[levels]

    def _mark_cursor(
        self,
        cells: Cells,
        space: HiddenSpace,
        data: TrainTest,
        picture: Picture,
        fields: Labels,
        colours: tuple[str, ...],
    ) -> None:
        sample = self.options.cursor.sample
        if not 0 <= sample < len(data.y_train):
            return
        hidden = space.network.hidden_outputs(data.x_train[sample : sample + 1])[-1]
        rows, columns = self._places(picture.axes.coordinates(hidden), cells.width, cells.height)
        row, column = int(rows[0]), int(columns[0])
        marker = TRAIN_MARKERS[0]
        if space.network.classes:
            marker = TRAIN_MARKERS[int(data.y_train[sample]) % len(TRAIN_MARKERS)]
            logits = space.network.logits(data.x_train[sample : sample + 1])
            if decide(logits)[0] != data.y_train[sample]:
                marker = WRONG_TRAIN
        for beside, half in ((column - 1, "▐"), (column + 1, "▌")):
            if 0 <= beside < cells.width:
                cells.write(row, beside, half, ink(BRIGHT, colours[fields[2 * row, beside]]))
        cells.write(row, column, marker, ink("#000000", BRIGHT, bold=True))

    def _name_axes(self, cells: Cells, names: tuple[str, str], left: int, rows: int) -> None:
        dim, text = ink(DIM), ink(TEXT)
        columns = cells.width - left
        ends = np.array([[self._across.low, self._up.low], [self._across.high, self._up.high]])
        at_rows, at_columns = self._places(ends, columns, rows)
        if left:
            for row, told in zip(at_rows.tolist(), numbers.ends(*ends[:, 1]), strict=True):
                cells.write_right(row, left - 1, told, dim)
            if at_rows[0] - at_rows[1] >= 2:
                cells.write_right(int(at_rows.sum()) // 2, left - 1, names[1], text)
        if rows < cells.height:
            low, high = numbers.ends(*ends[:, 0])
            column = left + int(at_columns[0])
            after = cells.write(rows, max(left, column - len(low) + 1), low, dim)
            last = min(cells.width - len(high), left + int(at_columns[1]))
            cells.write(rows, last, high, dim)
            middle = left + (columns - len(names[0])) // 2
            if after < middle and middle + len(names[0]) < last:
                cells.write(rows, middle, names[0], text)


def _numbers_of(network: Network) -> Array:
    """Return a copy of all that the network computes with."""
    return np.concatenate([network.parameters, network.statistics])


def _same(one: object, other: tuple[object, ...]) -> bool:
    if not isinstance(one, tuple) or len(one) != len(other):
        return False
    return all(a is b or (isinstance(a, int) and a == b) for a, b in zip(one, other, strict=True))


def _choices(space: HiddenSpace) -> list[Choice]:
    """Return what stands after the first view: pairs of the strongest units, the strongest first."""
    strongest = space.strongest()[:PAIRS_OF]
    places = [(low, high) for high in range(1, len(strongest)) for low in range(high)]
    pairs = [sorted((strongest[low], strongest[high])) for low, high in places]
    if space.units == 2:
        return [COMPONENTS]
    own: list[Choice] = [OUTPUT] if space.network.classes == 2 and space.units > 1 else []
    return [*own, *((low, high) for low, high in pairs)]


def _field_colours(classes: int) -> tuple[str, ...]:
    """Return the backgrounds: of nothing, then of each class where it is decided for."""
    if classes <= 2:
        # the line between them is drawn
        return (BACKGROUND, BACKGROUND, "#262626")[: 1 + classes]
    return (BACKGROUND, *(CLASS_FIELDS[label % len(CLASS_FIELDS)][0] for label in range(classes)))
