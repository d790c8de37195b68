"""The runs that are compared: their order, the selected and the marked ones, and what is shown of them.

`Board` is all that the panels of this package read, so that other screens can show several runs with
them: create a `ShownRun` for each, and a `Board` of these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.process.messages import State, StateChanged
from core.runs.comparison import ComparedRun, in_order
from core.training.components import build_network
from tui.compare.columns import outcome_columns, setting_heading, setting_texts, varied_settings
from tui.drawing import number_format
from tui.drawing.palette import FAINT, RUN_CURVES
from tui.run_model import RunModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.nn.network import Network
    from core.runs.comparison import Disagreement
    from core.training.state import EpochMetrics
    from core.training.stopping import Stop

PAIR: Final = 2

GREY: Final = len(RUN_CURVES)
"""Number of the colour of all curves without one of their own: more colours would be too similar."""

LONG_START: Final = 8
"""Number of characters that names of runs share, from which labels leave them out."""

SELF_EXPLANATORY: Final = frozenset({"data", "dataset", "optimizer", "activation", "init", "loss"})
"""Settings whose values need no name in a label."""


@dataclass(eq=False)
class ShownRun(ComparedRun):
    """A run on the screen.

    Attributes:
        number: from 1, in the order in which the runs were named.
        path: folder of a saved run; None for one that is trained here.
        data: its samples; None if they cannot be loaded.
        network: the network of the epoch that is shown.
        at: that epoch.
        first: earliest epoch that can be shown.
        stopped: why the run ended, or None.
        restored: the epoch whose weights were restored when it ended, or None.
        is_training: whether it is being trained.
        problem: why there is no network.
        curve: number of the colour of its curve, `GREY` if all are taken; None if the curve is hidden.
    """

    number: int = 1
    path: Path | None = None
    data: DataSplit | None = None
    network: Network | None = None
    at: int = 0
    first: int = 0
    stopped: Stop | None = None
    restored: int | None = None
    is_training: bool = False
    problem: str = ""
    curve: int | None = None

    def set_data(self, data: DataSplit) -> None:
        """Set the samples, and build the network for them."""
        self.data = data
        self.network = build_network(self.config, data)

    def show(self, epoch: int, parameters: Array, statistics: Array) -> None:
        """Show the network of an epoch."""
        self.at = epoch
        if self.network is not None:
            self.network.parameters[:] = parameters
            self.network.statistics[:] = statistics

    @property
    def key(self) -> Path | int:
        """Identity of the run: its folder or, without one, its number."""
        return self.number if self.path is None else self.path

    @property
    def current(self) -> tuple[Network, DataSplit] | None:
        """Network and samples, or None if there is no network."""
        if self.network is None or self.data is None:
            return None
        return self.network, self.data

    @property
    def is_at_end(self) -> bool:
        """Whether the newest network is shown."""
        return self.at >= self.epoch

    @property
    def metrics_shown(self) -> EpochMetrics:
        """Metrics of the network that is shown."""
        if self.is_at_end or self.at >= len(self.log):
            return self.metrics
        return self.log.at(self.at)

    @property
    def colour(self) -> str:
        """Role of the colour of its curve."""
        return (*RUN_CURVES, FAINT)[self.curve] if self.curve is not None else "dim"

    def text_of(self, quantity: str, part: str) -> str:
        """Return the loss, or the score, of the network that is shown, on some of the samples."""
        value = getattr(self.metrics_shown, f"{part}_{quantity}")
        if quantity == "loss":
            return number_format.loss(value)
        return number_format.score(value, has_classes=self.has_classes)


@dataclass(frozen=True)
class BoardView:
    """Choices of the user on a board, kept while one of the runs is open on its own.

    Runs are those with these keys.
    """

    selected: Path | int
    marked: tuple[Path | int, ...]
    only_marked: bool
    quantity: str
    is_log: bool | None
    sort: str
    is_reversed: bool


@dataclass
class Board:
    """The compared runs as they are shown.

    Attributes:
        run: a run model without a network, whose state is that of all runs: PAUSED or TRAINING.
        runs: in the order in which they are shown.
        selected: one of them, or None without any.
        marked: at most two of them, the first one that was marked first.
        quantity: `loss` or `score`: which curves are shown.
        is_log: whether the axis of losses is logarithmic; None if their values decide.
        only_marked: whether only the marked runs are shown as maps and curves.
        sort: an outcome or a setting by which the runs are sorted; empty in the order of their numbers.
        is_reversed: whether they are sorted in the reverse order.
        epoch: epoch that is shown; None for the last one of each run.
        disagreement: samples for which the marked runs predict different classes, once known.
        chosen: number of one of these samples.
        version: changes with all of these; panels are redrawn.
    """

    run: RunModel
    runs: list[ShownRun] = field(default_factory=list)
    selected: ShownRun | None = None
    marked: list[ShownRun] = field(default_factory=list)
    quantity: str = "loss"
    is_log: bool | None = None
    only_marked: bool = False
    sort: str = ""
    is_reversed: bool = False
    epoch: int | None = None
    disagreement: Disagreement | None = None
    chosen: int = 0
    version: int = 0
    _restored: BoardView | None = None
    _varied: list[str] | None = None
    _texts: dict[str, dict[int, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Sequence[ShownRun], config: RunConfig) -> Board:
        """Return a board of some runs.

        Args:
            runs: in the order of their numbers; more can be added.
            config: of any of them.
        """
        board = cls(RunModel(config))
        board.run.apply(StateChanged(State.PAUSED))
        for each in runs:
            board.add(each)
        return board

    # --- runs

    def add(self, run: ShownRun) -> None:
        """Add a run, with a curve of its own colour if one is free."""
        run.number = 1 + max((each.number for each in self.runs), default=0)
        self.runs.append(run)
        run.curve = self._free_colour()
        self._varied = None
        if self.selected is None:
            self.selected = run
        if self._restored is not None:
            self._restore(run, self._restored)
        self.arrange()

    def view(self) -> BoardView:
        """Return the choices of the user."""
        return BoardView(
            self.selected.key if self.selected is not None else 0,
            tuple(each.key for each in self.marked),
            self.only_marked,
            self.quantity,
            self.is_log,
            self.sort,
            self.is_reversed,
        )

    def restore(self, view: BoardView) -> None:
        """Show the same again; runs are selected and marked when they are added."""
        self._restored = view
        self.quantity, self.is_log = view.quantity, view.is_log
        self.sort, self.is_reversed = view.sort, view.is_reversed

    def _restore(self, run: ShownRun, view: BoardView) -> None:
        if run.key == view.selected:
            self.selected = run
        if run.key in view.marked:
            self.marked = sorted([*self.marked, run], key=lambda each: view.marked.index(each.key))
            self.only_marked = view.only_marked

    def arrange(self) -> None:
        """Sort the runs again, after their numbers or the column have changed."""
        runs = sorted(self.runs, key=lambda each: each.number)
        if self.sort:
            runs = in_order(runs, self.sort)
        self.runs = runs[::-1] if self.is_reversed else runs
        self.changed()

    def changed(self) -> None:
        """Redraw the panels with the next frame."""
        self.version += 1

    @property
    def visible(self) -> list[ShownRun]:
        """The runs that are shown as maps and curves."""
        if self.only_marked and self.marked:
            return [each for each in self.runs if each in self.marked]
        return self.runs

    @property
    def pair(self) -> tuple[ShownRun, ShownRun] | None:
        """The two marked runs, or None; two runs alone need no marks."""
        both = self.marked
        if len(both) < PAIR and len(self.runs) == PAIR:
            both = sorted(self.runs, key=lambda each: each.number)
        return (both[0], both[1]) if len(both) == PAIR else None

    @property
    def part(self) -> str:
        """Samples whose losses and scores are shown: those that all runs have."""
        if all(each.part == "validation" for each in self.runs):
            return "validation"
        return "train" if all(each.shared for each in self.runs) else "test"

    @property
    def last(self) -> int:
        """The newest epoch of all runs."""
        return max((each.epoch for each in self.runs), default=0)

    @property
    def planned(self) -> int:
        """The last epoch of all runs, including epochs that are still to be trained."""
        training = [each.config.epochs for each in self.runs if each.is_training]
        return max([self.last, *training])

    # --- settings and numbers

    @property
    def varied(self) -> list[str]:
        """The settings in which the runs differ, without the planned number of epochs."""
        if self._varied is None:
            self._varied = [name for name in varied_settings(self.runs) if name != "epochs"]
            numbers = [each.number for each in self.runs]
            self._texts = {
                name: dict(zip(numbers, setting_texts(self.runs, name), strict=True))
                for name in self._varied
            }
        return self._varied

    def setting_text(self, run: ShownRun, name: str) -> str:
        """Return the value of a setting in which the runs differ, as the user writes it."""
        return self._texts[name][run.number] if name in self.varied else ""

    def label(self, run: ShownRun) -> str:
        """Return the settings of a run with another value than most runs have.

        If no settings differ, return its name without the beginning that all names share: the rest
        distinguishes the runs also where there is no room for the whole.
        """
        if not self.varied:
            words = zip(*(each.name.split("-") for each in self.runs), strict=False)
            shared = takewhile(lambda each: len({*each}) == 1, words)
            start = sum(len(each[0]) + 1 for each in shared)
            is_long = len(self.runs) > 1 and start >= LONG_START
            return f"…{run.name[start:]}" if is_long else run.name
        texts = self._texts
        usual = {name: _most_common(texts[name].values()) for name in self.varied}
        names = [name for name in self.varied if texts[name][run.number] != usual[name]]
        if not names:
            # the values of most runs: the setting with the most values is the most specific one
            names = [max(self.varied, key=lambda name: len({*texts[name].values()}))]
        return " · ".join(
            f"{'' if name in SELF_EXPLANATORY else f'{setting_heading(name)} '}{texts[name][run.number]}"
            for name in names
        )

    def columns(self) -> list[str]:
        """Return the settings and the outcomes of the table; those without a number are left out."""
        return [*self.varied, *outcome_columns(self.runs)]

    # --- what keys ask for

    def select_next(self, by: int) -> None:
        """Select the visible run before or after the selected one."""
        runs = self.visible
        if self.selected in runs:
            self.selected = runs[(runs.index(self.selected) + by) % len(runs)]
            self.changed()

    def select(self, run: ShownRun) -> None:
        """Select a run."""
        self.selected = run
        self.changed()

    def mark(self, run: ShownRun) -> None:
        """Mark a run, or remove its mark; a third mark replaces the first one."""
        if run in self.marked:
            self.marked.remove(run)
        else:
            self.marked = [*self.marked[1 - PAIR :], run]
        if not self.marked:
            self.only_marked = False
        self._select_visible()
        self.changed()

    def toggle_only_marked(self) -> None:
        """Show only the marked runs as maps and curves, one of which is selected, or all."""
        self.only_marked = not self.only_marked
        self._select_visible()
        self.changed()

    def _select_visible(self) -> None:
        if self.selected is not None and self.selected not in self.visible:
            self.selected = self.visible[0]

    def toggle_curve(self, run: ShownRun) -> None:
        """Show or hide the curve of a run."""
        run.curve = self._free_colour() if run.curve is None else None
        self.changed()

    def sort_by(self, column: str) -> None:
        """Sort by a column, or in the reverse order if the runs are already sorted by it."""
        self.is_reversed = column == self.sort and not self.is_reversed
        self.sort = column
        self.arrange()

    def sort_by_next(self) -> None:
        """Sort by the next column; after the last one, by the numbers of the runs."""
        columns = ["", *self.columns()]
        at = columns.index(self.sort) if self.sort in columns else 0
        self.sort, self.is_reversed = columns[(at + 1) % len(columns)], False
        self.arrange()

    def _free_colour(self) -> int:
        taken = {each.curve for each in self.runs}
        return next((each for each in range(GREY) if each not in taken), GREY)


def _most_common(texts: Iterable[str]) -> str | None:
    """Return the text that is more frequent than any other, or None."""
    (text, most), *others = Counter(texts).most_common(2)
    return text if most > 1 and (not others or others[0][1] < most) else None
