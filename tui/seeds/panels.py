"""Panels of many runs: where they agree, a map of each, their final losses, and one hidden layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Final

import numpy as np
from textual.message import Message

from core.analysis.planes import Plane, has_plane
from core.analysis.prediction_map import quantize
from core.lockstep.agreement import Agreement, LanePredictions
from core.training.stopping import Stop
from tui.drawing import number_format
from tui.drawing.axes import nice_ceiling, nice_floor
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import (
    ACCENT,
    ALARM,
    BRIGHT,
    DIM,
    FAINT,
    LEGIBLE,
    STEPS,
    TEXT,
    TRAIN,
    UNCERTAIN,
    class_fields,
    class_marker,
    indexed,
    ink,
    sample_of,
)
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.map_drawing import GUTTER, half_blocks, map_colours
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText, centred_text
from tui.panels.tiles import LABEL, WORDS, Tiles
from tui.seeds.model import LOSS, SCORE

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.seeds.model import SeedsModel

MOST_OUTPUTS: Final = 6_000_000
"""Outputs of all units, of all networks and at all points of a map, at most."""

FEWEST_MAPPED: Final = 8
"""Networks of a map, at least: fewer would hardly show a spread."""

SCALE: Final = 6
"""Columns of the scale of agreement."""

PIXEL_LEVEL: Final = STEPS * 2 // 3
"""Level of the colour of a class on a small map, which shows no certainty."""


class SeedsPanel(Panel):
    """A panel that shows all runs."""

    key = ""

    def __init__(self, seeds: SeedsModel, options: ViewOptions) -> None:
        super().__init__(seeds.run, options)
        self.seeds = seeds

    def view_state(self) -> tuple[object, ...]:
        return (self.seeds.lane, self.seeds.first, self.options.show_test)

    def draw_content(self, width: int, height: int) -> Cells:
        if not self.seeds.is_known:
            return centred_text(width, height, self.placeholder)
        return super().draw_content(width, height)

    def predictions(self, points: Array, target: int = 0) -> LanePredictions:
        """Return predictions of as many networks as can be computed often enough."""
        seeds, network = self.seeds, self.run.network
        assert network is not None
        assert seeds.first is not None
        fitting = MOST_OUTPUTS // max(1, len(points) * sum(network.sizes))
        count = min(seeds.shown, max(FEWEST_MAPPED, fitting))
        return LanePredictions(
            self.run.config, seeds.first, seeds.preparations, points, count, target
        )


class AgreementView(MapView):
    """Map of the class that most networks predict, and how many of them do."""

    def __init__(
        self,
        panel: AgreementPanel,
        network: Network,
        data: DataSplit,
        target: int,
        width: int,
        height: int,
    ) -> None:
        super().__init__(
            network,
            data,
            target,
            width,
            height,
            panel.options.plane,
            around=panel.seeds.first,
        )
        points = self.plane.features(self.window.points())
        self.agreement = panel.agreement_at(points, (width, height), data, target)

    @property
    def grid(self) -> Agreement:
        return self.agreement

    def draw_legend(self, cells: Cells, row: int, *, show_test: bool) -> bool:
        """Draw the classes, and which colours mean that the networks agree."""
        del show_test
        names, text, dim = self.data.class_names, ink(TEXT), ink(DIM)
        column = GUTTER
        for label, name in enumerate(names):
            if column + 2 + cell_width(name) > cells.width:
                cells.write(row, column, "…", dim)
                return False
            column = cells.write(row, column, *class_marker(label))
            column = cells.write(row, column, f" {name}  ", text)
        scale = sample_of((UNCERTAIN, *class_fields(0)), SCALE)
        if column + len("disagree  agree") + SCALE > cells.width:
            return False
        column = cells.write(row, column, "disagree ", dim)
        for colour in scale:
            column = cells.write(row, column, " ", ink(background=colour))
        cells.write(row, column, " agree", dim)
        return True


class LaneCurves(FittedCurve):
    """The curves of all networks for a single feature, and that of the selected one."""

    def __init__(
        self,
        panel: AgreementPanel,
        network: Network,
        data: DataSplit,
        target: int,
        width: int,
        height: int,
    ) -> None:
        super().__init__(network, data, target, width, height)
        self._seeds = panel.seeds
        points = data.preparation.features(self.inputs)
        self._others = panel.predictions(points, target)

    @property
    def mapped(self) -> int:
        """Number of networks whose curves are drawn."""
        return self._others.count

    def curves(self, outputs: Array) -> list[tuple[Array, int]]:
        """Return the curves of the other networks, then that of the selected one."""
        seeds, found = self._seeds, self._others
        parameters, statistics, counted = seeds.networks()
        found.refresh(parameters, statistics)
        lanes = [lane for lane in range(found.count) if counted[lane] and lane != seeds.lane]
        own = super().curves(outputs)
        if not self.data.has_classes:
            return [*((found.values[lane], ink(FAINT)) for lane in lanes), *own]
        every = found.probabilities()
        first = 1 if len(self.data.class_names) == 2 else 0
        others = [
            (every[lane][:, label], ink(FAINT))
            for lane in lanes
            for label in range(first, len(self.data.class_names))
        ]
        return [*others, *own]


class AgreementPanel(SeedsPanel):
    """Large map: at each point, how many of the networks predict the same class."""

    label = "agreement"
    summary = "the class that most runs predict at each point, and how many of them do"
    placeholder = "Where the networks predict the same, and where they differ."
    least_size = 24, 8
    redraw_interval, keeps_similar = 0.5, True

    def __init__(self, seeds: SeedsModel, options: ViewOptions) -> None:
        super().__init__(seeds, options)
        self._picture: AgreementView | LaneCurves | None = None
        self._agreement: Agreement | None = None
        self._agreement_of: tuple[object, ...] = ()
        self._mapped = 0

    def explanation(self) -> Explanation:
        keys = "[ ] select another run · t test samples · p next plane"
        if not self.has_classes:
            return Explanation(
                "Prediction at each point: the median of all runs as a colour or, for a single "
                "feature, the curves of all runs, with that of the selected one on top.",
                "curves that part away from the samples show where the data do not determine the "
                "prediction: there it depends on the seed.",
                "median of the predicted values of the runs that have not diverged",
                keys,
            )
        return Explanation(
            "Class that most runs predict at each point, as a colour that is purer where more of them "
            "agree. Samples and boundary line are those of the selected run.",
            "the runs differ in nothing but their seed. Where they disagree, the data do not determine "
            "the prediction: usually along the boundary, and more widely away from the samples.",
            "agreement = (s − 1/K) / (1 − 1/K), s the share of the runs for the most frequent of K "
            "classes",
            keys,
        )

    @property
    def border_name(self) -> str:
        return self.label if self.has_classes else "predictions"

    def title(self) -> StyledText:
        mapped, count = self._mapped, self.seeds.count
        if not mapped:
            return []
        words = f"of {mapped}" if mapped == count else f"of {mapped} of {count:,}"
        return [(f"{words} run{'s' * (count > 1)} ", ink(DIM))]

    def title_right(self) -> StyledText:
        picture = self._picture
        if not isinstance(picture, AgreementView) or not self.has_classes:
            return []
        share = number_format.percent(picture.agreement.unanimous)
        return [(f" all agree on {share} % ", ink(TEXT))]

    def agreement_at(
        self, points: Array, size: tuple[int, int], data: DataSplit, target: int
    ) -> Agreement:
        """Return the agreement at the pixels, which is the same for the samples of every run."""
        key = (*self._layout_key, size, target, data.preparation.target_units(target))
        if self._agreement is None or self._agreement_of != key:
            found = self.predictions(points, target)
            classes = 0 if self.run.network is None else self.run.network.classes
            units = data.preparation.target_units(target) if not classes else (0.0, 1.0)
            self._agreement = Agreement(found, classes, self.seeds.networks, units)
            self._agreement_of, self._mapped = key, found.count
        return self._agreement

    @property
    def _layout_key(self) -> tuple[object, ...]:
        return self.seeds.first, self.options.plane, self.seeds.count

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        if not has_plane(data):
            text = f"There is no map of {len(data.feature_names):,} features: see the runs below."
            return centred_text(width, height, text)
        target = min(self.options.target, max(0, len(data.target_names) - 1))
        picture = self._picture = self._picture_of(network, data, target, width, height)
        if not picture.has_room:
            return Cells(width, height)
        with np.errstate(all="ignore"):
            if isinstance(picture, AgreementView):
                exact = self.run.is_at_rest
                return picture.draw(show_test=self.options.show_test, exact=exact)
            return picture.draw(show_test=self.options.show_test)

    def _picture_of(
        self, network: Network, data: DataSplit, target: int, width: int, height: int
    ) -> AgreementView | LaneCurves:
        picture = self._picture
        if len(data.feature_names) == 1:
            key = network, data, target, width, height
            if isinstance(picture, LaneCurves) and picture.shows(*key):
                return picture
            curves = LaneCurves(self, *key)
            self._mapped = curves.mapped
            return curves
        whole = network, data, target, width, height, self.options.plane
        if isinstance(picture, AgreementView) and picture.shows(*whole):
            return picture
        return AgreementView(self, network, data, target, width, height)


class RunsPanel(SeedsPanel):
    """Small map of each run, the lowest loss first, with its score."""

    label = "runs"
    summary = "a small map of each run, the lowest loss first, with its accuracy or R²"
    placeholder = "A small map of each run."
    footer = (("[ ]", "select"), ("enter", "open"))
    least_size = 24, 4
    redraw_interval, keeps_similar = 1.0, True

    @dataclass
    class Selected(Message):
        """A click on a run."""

        lane: int

    def __init__(self, seeds: SeedsModel, options: ViewOptions) -> None:
        super().__init__(seeds, options)
        self._tiles = Tiles(LABEL, 0, 1, 1)
        self._lanes: list[int] = []
        self._predictions: LanePredictions | None = None
        self._predictions_of: tuple[object, ...] = ()

    def explanation(self) -> Explanation:
        score = "training accuracy" if self.has_classes else "training R²"
        return Explanation(
            f"What each run predicts, on a small map, and its {score} in percent; the run with the "
            "lowest training loss comes first, and those that have diverged (div.) last. At most the "
            "first 64 runs are shown.",
            "compare the first with the last maps: what those runs have not learnt is visible in the "
            "shape of their boundary. Runs with the same score often have the same shape: they are "
            "stuck at the same place.",
            "the order is renewed every five seconds while the runs train",
            "[ ] or a click selects a run · enter opens it on its own",
        )

    def title(self) -> StyledText:
        shown, count = len(self._lanes), self.seeds.count
        if not shown:
            return []
        number = f"{count:,}" if shown == count else f"{shown} of {count:,}"
        score = "accuracy %" if self.has_classes else "R²"
        return [(f"{number}, lowest loss first ", ink(DIM)), (f"· training {score} ", ink(DIM))]

    def title_right(self) -> StyledText:
        seeds = self.seeds
        return [(f" seed {seeds.seed_of(seeds.lane)} selected ", ink(ACCENT))]

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        seeds = self.seeds
        cells, order = Cells(width, height), seeds.order()
        has_maps = has_plane(data) and len(data.feature_names) > 1 and network.sizes[-1] > 0
        tiles = self._tiles = Tiles.fitting(len(order), width, height, has_maps=has_maps)
        selected = order.index(seeds.lane) if seeds.lane in order else 0
        first = tiles.first_shown(selected, len(order))
        lanes = self._lanes = order[first : first + tiles.capacity]
        pictures = self._pictures(network, data, tiles) if tiles.rows else None
        for at, lane in enumerate(lanes):
            row, column = tiles.place(at)
            is_selected = lane == seeds.lane
            if pictures is not None and lane < len(pictures[0]):
                cells.place(row, column, half_blocks(pictures[0][lane], pictures[1]))
            if is_selected:
                for beside in range(row, row + tiles.rows + 1):
                    cells.write(beside, column - 1, "▐", ink(ACCENT))
                    cells.write(beside, column + tiles.columns, "▌", ink(ACCENT))
            self._write_label(cells, row + tiles.rows, column, lane, is_selected=is_selected)
        return cells

    def _write_label(
        self, cells: Cells, row: int, column: int, lane: int, *, is_selected: bool
    ) -> None:
        seeds, width = self.seeds, self._tiles.columns
        score, loss = float(seeds.rows[SCORE, lane]), float(seeds.rows[LOSS, lane])
        diverged = seeds.stopped[lane] is Stop.DIVERGED
        text = "div." if diverged else _score(score, has_classes=self.has_classes)
        if width >= WORDS:
            text = f"{seeds.seed_of(lane):>4} {text:>6} {number_format.loss(loss)}"
        solved = self.has_classes and score == 1 and not diverged
        number = ink(ALARM) if diverged else ink(BRIGHT if solved else DIM)
        if is_selected:
            number = ink(LEGIBLE, ACCENT)
        cells.write(row, column, cut(text, width).center(width), number)

    def _pictures(
        self, network: Network, data: DataSplit, tiles: Tiles
    ) -> tuple[Labels, tuple[str, ...]]:
        """Return (runs, rows, columns) indices into the colours."""
        seeds = self.seeds
        base = seeds.first or data
        columns, rows = tiles.columns, 2 * tiles.rows
        key = seeds.first, self.options.plane, seeds.count, columns, rows
        if self._predictions is None or self._predictions_of != key:
            plane, window = Plane.with_window(base, self.options.plane, columns, rows)
            self._predictions = self.predictions(plane.features(window.points()))
            self._predictions_of = key
        parameters, statistics, _ = seeds.networks()
        found = self._predictions.refresh(parameters, statistics)
        shape = -1, rows, columns
        if network.classes:
            levels = 1 + found.labels * STEPS + PIXEL_LEVEL
            return levels.reshape(shape), map_colours(network.classes)
        scale = NumberScale.of(base, 0)
        levels = quantize(found.values, len(scale.colours), scale.low, scale.high)
        return levels.reshape(shape), scale.colours

    def on_click(self, event: events.Click) -> None:
        """Select the run under the pointer."""
        at = self._tiles.at(event.y - 1, event.x - 1)
        if at is not None and 0 <= at < len(self._lanes):
            self.post_message(self.Selected(self._lanes[at]))


def _score(value: float, *, has_classes: bool) -> str:
    if has_classes:
        return number_format.percent(value)
    return f"{value:.2f}".replace("-", "−") if np.isfinite(value) else "–"


BARS: Final = " ▁▂▃▄▅▆▇█"


class HistogramPanel(SeedsPanel):
    """Histogram of the training losses."""

    label = "losses"
    summary = "how many runs have which training loss"
    placeholder = "How many runs have which training loss."
    least_size = 20, 5
    redraw_interval = 0.5

    def explanation(self) -> Explanation:
        return Explanation(
            "Number of runs (height) for each training loss (across). The bar of the selected run is "
            "coloured.",
            "one hill means that all runs have learnt about the same. Several separate hills are "
            "several outcomes: the right ones are runs that are stuck. A single run shows you only "
            "one of them.",
            "runs that have diverged are left out; the axis is logarithmic if the losses differ by a "
            "factor of more than 20",
            "[ ] select another run",
        )

    def title(self) -> StyledText:
        losses = self.seeds.losses
        if not losses.size:
            return []
        return [(f"median {number_format.loss(float(np.median(losses)))} ", ink(DIM))]

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        del network, data
        losses, cells = self.seeds.losses, Cells(width, height)
        if not losses.size:
            return centred_text(width, height, "No run has a finite loss.")
        low, high = float(losses.min()), float(losses.max())
        is_log = low > 0 and high > 20 * low
        low, high = (nice_floor(low), nice_ceiling(high, 1e-300)) if low > 0 else (0.0, high or 1.0)
        if high <= low:
            high = low * 2 or 1.0
        ends = (log10(low), log10(high)) if is_log else (low, high)
        bins = max(1, width // 2)
        scaled = (np.log10(losses) if is_log else losses) - ends[0]
        at = np.clip((scaled / (ends[1] - ends[0]) * bins).astype(np.int64), 0, bins - 1)
        counts, rows = np.bincount(at, minlength=bins), height - 1
        # of the blocks that are less than a whole one, some terminals have only half
        step = 1 if self._renderer.look.glyphs == "unicode" else 4
        parts = np.ceil(counts / counts.max() * (8 // step) * rows) * step
        eighths = parts.astype(np.int64).repeat(2)
        for row in range(rows):
            parts = np.clip(eighths - 8 * (rows - 1 - row), 0, 8)
            cells.glyphs[row, : len(parts)] = np.array(list(BARS))[parts]
        cells.inks[:rows] = ink(indexed(TRAIN))
        cells.write_right(
            0, width, f"{counts.max():,} run{'s' * (int(counts.max()) > 1)}", ink(DIM)
        )
        dim = ink(DIM)
        left, right = number_format.short(low), number_format.short(high)
        cells.write(rows, 0, left, dim)
        cells.write_right(rows, width, right, dim)
        name = "training loss, logarithmic" if is_log else "training loss"
        if len(left) + len(right) + len(name) + 4 > width:
            name = "log" if is_log else ""
        cells.write(rows, (width - len(name)) // 2, name, dim)
        own = float(self.seeds.rows[LOSS, self.seeds.lane])
        if np.isfinite(own) and (own > 0 or not is_log):
            share = ((log10(own) if is_log else own) - ends[0]) / (ends[1] - ends[0])
            column = min(max(int(share * bins), 0), bins - 1) * 2
            cells.inks[:rows, column : column + 2] = ink(ACCENT)
            if cells.glyphs[rows, column] == " ":
                cells.write(rows, column, "▴", ink(ACCENT, bold=True))
        return cells


class LaneActivations(ActivationsPanel):
    """Hidden layer of the selected run."""

    key = ""
    summary = "outputs of the last hidden layer of the selected run, in large terminals"
    redraw_interval = 0.5

    def explanation(self) -> Explanation:
        return super().explanation()._replace(keys="[ ] select another run · ↑ ↓ scroll")

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        return (("↑ ↓", "scroll"),)

    @property
    def border_name(self) -> str:
        return f"hidden, seed {self.run.config.seed}"

    def on_click(self, event: events.Click) -> None:
        """Do nothing: there is no inspector."""
