"""Parts of the curve panels: the curves of both parts of the data, and notes within the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.training.stopping import Stop
from tui.drawing.axes import epoch_span
from tui.drawing.cells import cut
from tui.drawing.curves import Mark
from tui.drawing.palette import (
    ACCENT,
    DIM,
    READER,
    TEST,
    TEST_FADED,
    TRAIN,
    TRAIN_FADED,
    WARNING,
    indexed,
    ink,
)
from tui.drawing.traces import LogColumn, smoothed

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.training.epoch_log import EpochLog
    from tui.drawing.cells import Cells
    from tui.drawing.curves import Plot
    from tui.drawing.traces import Source, Trace
    from tui.panels.panel import StyledText
    from tui.panels.pinned_curves import PinnedCurves
    from tui.run_changes import RunChanges
    from tui.run_model import RunModel

BEST: Final = "◆"
HERE: Final = "●"
CHANGED: Final = "▴"


def both_parts(
    log: EpochLog, quantity: str, count: int, is_shared: bool, *, is_faded: bool
) -> list[tuple[Source, str]]:
    """Return the training curve and, on top of it, the test curve, if there is one.

    The test curve, which shows whether the network generalises, must not be hidden.
    """
    colours = (TRAIN_FADED, TEST_FADED) if is_faded else (indexed(TRAIN), indexed(TEST))
    parts = ("train",) if is_shared else ("train", "test")
    columns = [LogColumn(log, f"{part}_{quantity}", count) for part in parts]
    return list(zip(columns, colours, strict=False))


def is_shared(run: RunModel) -> bool:
    """Return whether training and test samples are the same."""
    return run.data is not None and run.data.shared


def marks_of(run: RunModel, quantity: str) -> list[Mark]:
    """Return the marks of the best epoch, on the monitored curve, and of the shown epoch."""
    best = run.best
    marks = []
    if best is not None and run.data is not None:
        part = "train" if run.data.shared else run.monitored
        marks.append(Mark(best.epoch, getattr(best, f"{part}_{quantity}"), BEST, ACCENT))
    if run.past_epoch is not None:
        shown = run.timeline.at(run.past_epoch)
        marks.append(Mark(shown.epoch, getattr(shown, f"train_{quantity}"), HERE, WARNING))
    return marks


def shown_epochs(run: RunModel, recent: int | None, pinned: PinnedCurves | None) -> tuple[int, int]:
    """Return the first and the last epoch of the axis, with room for the curves of a pinned run."""
    head = run.epochs_to_plot - 1
    if pinned is not None and recent is None:
        head = max(head, pinned.count - 1)
    ends_early = run.stopped is not None and run.stopped is not Stop.EPOCHS
    return epoch_span(head, recent, None if ends_early else run.config.epochs)


def pinned_title(
    pinned: PinnedCurves | None, quantity: str, format_value: Callable[[float], str]
) -> StyledText:
    """Return the legend of pinned curves, with their values."""
    if pinned is None:
        return []
    parts = ["train"] if pinned.shared else ["train", "test"]
    values = [getattr(pinned.metrics, f"{part}_{quantity}") for part in parts]
    return [(f"─ pinned {' / '.join(map(format_value, values))} ", ink(TEST_FADED))]


def smoothed_lines(traces: list[Trace], weight: float, is_shared: bool) -> list[Trace]:
    """Return the smoothed lines of the training and the test curve, which are the last traces."""
    colours = (indexed(TRAIN),) if is_shared else (indexed(TRAIN), indexed(TEST))
    raw = zip(traces[-len(colours) :], colours, strict=True)
    return [smoothed(each, weight, colour) for each, colour in raw if each.columns.size]


def write_cut_value(
    cells: Cells, plot: Plot, traces: list[Trace], format_value: Callable[[float], str]
) -> None:
    """Write the highest value above the axis, if there is one, near its place, where no curve is."""
    shown = [each for each in traces if each.columns.size]
    if not shown or plot.axis.logarithmic:
        return
    highest = max(shown, key=lambda each: float(each.high.max()))
    at = int(highest.high.argmax())
    value = float(highest.high[at])
    if value <= plot.axis.high * (1 + 1e-9):
        return
    text = f"↑ {format_value(value)}"
    column = plot.gutter + int(highest.columns[at]) // 2
    after = range(column + 2, cells.width - len(text) + 1)
    before = range(column - 1 - len(text), plot.gutter, -1)
    for place in (*after, *before):  # the nearest one that touches no curve, on the right if any
        if (cells.glyphs[0, place - 1 : place + len(text) + 1] == " ").all():
            cells.write(0, place, text, ink(DIM))
            return


def mark_changes(cells: Cells, plot: Plot, changes: RunChanges, cursor: int | None) -> None:
    """Mark the changes on the axis of the epochs."""
    if plot.has_epochs:
        for epoch in filter(plot.includes, changes.epochs):
            colour = READER if epoch == cursor else WARNING
            cells.write(plot.rows, plot.column_of(epoch), CHANGED, ink(colour, bold=True))


def write_at_cursor(cells: Cells, plot: Plot, cursor: int, lines: list[str]) -> None:
    """Write lines next to the cursor, in the last rows of the plot, on the side with more room."""
    if not plot.includes(cursor):
        return
    column = plot.column_of(cursor)
    before, after = column - plot.gutter, cells.width - column - 1
    for row, line in enumerate(lines[-plot.rows :], start=max(0, plot.rows - len(lines))):
        shown = cut(line, max(before, after) - 1)
        place = column + 2 if after >= before else column - 1 - len(shown)
        cells.write(row, place, shown, ink(READER))


def write_legend(
    cells: Cells, plot: Plot, lines: list[StyledText], *, upwards: bool = False
) -> None:
    """Write lines at the right of the plot, each in the next row where nothing is.

    Args:
        cells: with the curves.
        plot: their position.
        lines: the legend.
        upwards: whether to begin with the lowest row, and the last line.
    """
    rows = iter(range(plot.rows)[:: -1 if upwards else 1])
    for words in lines[:: -1 if upwards else 1]:
        column = cells.width - sum(len(text) for text, _ in words)
        if column <= plot.gutter:
            continue
        for row in rows:
            if (cells.glyphs[row, column - 1 :] == " ").all():
                for text, number in words:
                    column = cells.write(row, column, text, number)
                break
