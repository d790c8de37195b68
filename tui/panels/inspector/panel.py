"""The inspector panel: the selected unit or sample with every number the network computes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, TypeAlias

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.prediction_map import classify
from tui.drawing.cells import Cells, cut, printable
from tui.drawing.palette import ALARM, DIM, TEXT, class_point, ink, train_marker
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.inspector.inspected import MOST_NAME, small
from tui.panels.inspector.sample_view import draw_sample
from tui.panels.inspector.unit_view import UnitView
from tui.panels.panel import Panel, StyledText

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.panels.view_options import Cursor, ViewOptions
    from tui.run_model import RunModel

InspectorView: TypeAlias = "Callable[[RunModel, ViewOptions, int, int], Cells]"
"""Draws the content; if it is higher than requested, the panel scrolls it."""

WIDE: Final = 70
"""Columns from which the border has room for the full text."""
MORE: Final = " PgDn more "
"""Text on the left of the lower border; on its right are the names of hidden panels."""


class InspectorPanel(Panel):
    """Unit view or sample view of the cursor."""

    key, label = "7", "inspector"
    title_has_priority, redraw_interval = True, 0.5
    summary = (
        "sum, weights and outputs of one unit, or forward and backward pass of one sample; "
        "u switches, . and , start slow motion by layer, / and \\ by unit, page keys scroll"
    )
    least_size = 58, 14

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "switch_view", show=False),
        Binding("full_stop", "step(1)", show=False),
        Binding("comma", "step(-1)", show=False),
        Binding("slash", "step_unit(1)", show=False),
        Binding("backslash", "step_unit(-1)", show=False),
        Binding("pageup", "scroll_view(-1)", show=False),
        Binding("pagedown", "scroll_view(1)", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self.views: dict[str, InspectorView] = {"unit": UnitView(), "sample": self._draw_sample}
        self.view = "unit"
        self.step: int | None = None
        """Last shown step of the sample view: 0 for the inputs alone, None for all."""
        self.unit: int | None = None
        """Last computed unit of that step; None for all of its layer."""
        self._followed: tuple[int, int] | None = None
        self._first = 0
        self._page = 1
        self._wide = False

    def explanation(self) -> Explanation:
        return Explanation(
            "One unit: each bar is a product w·x and starts where the previous one ended, up to z. "
            "Or one sample: both passes.",
            "the longest bars decide z; where the slope f' is near 0, the unit learns nothing. "
            "Numbers are rounded; `rounding` completes their sum. The next step is what the next "
            "batch adds to a weight.",
            f"a = f(w·x{' + b' * self.run.config.bias}), {activation_formulas(self.run, most=1)}\n"
            "δ = f' · Σ w·δ of the next layer; gradient of a weight = δ · its input",
            "u unit or sample · ↑ ↓ units · [ ] layers · j k samples · n N misclassified · "
            ". , slow motion by layer, / \\ by unit · page keys scroll",
        )

    # --- keys

    def action_switch_view(self) -> None:
        """Show the next view."""
        names = list(self.views)
        self.view = names[(names.index(self.view) + 1) % len(names)]
        self._first = 0
        self.redraw()

    def action_step(self, by: int) -> None:
        """Go one layer forward or back in slow motion, from the inputs; after the last, end it."""
        last = steps_of(self.run)
        if not last:
            return
        self._begin_steps()
        if self.step is None:
            self.step = 0 if by > 0 else last - 1
        else:
            self.step = None if self.step + by > last else max(0, self.step + by)
        self.unit = None
        self.redraw()

    def action_step_unit(self, by: int) -> None:
        """Go one unit forward or back through both passes, and move the cursor to it."""
        moments = trace_steps(self.run)
        if not moments:
            return
        self._begin_steps()
        if self.step is None:
            at = -1 if by > 0 else len(moments)
        elif self.unit is None:
            # after the last unit of a step that is shown as a whole
            at = max(place for place, each in enumerate(moments) if each.step <= self.step)
        else:
            at = next(
                place
                for place, each in enumerate(moments)
                if (each.step, each.unit) == (self.step, self.unit)
            )
        if at + by >= len(moments):
            self.step = self.unit = None
            self.redraw()
            return
        now = moments[max(0, at + by)]
        self.step, self.unit = now.step, now.unit
        if now.layer is not None and now.unit is not None:
            cursor = replace(self.options.cursor, layer=now.layer, unit=now.unit)
            self.post_message(self.CursorMoved(cursor))
        self.redraw()

    def leave_cursor(self) -> bool:
        was_slow = self.step is not None
        self.step = self.unit = None
        if was_slow:
            self.redraw()
        return was_slow

    def _begin_steps(self) -> None:
        """Show the sample view, whose steps these are."""
        if self.view != "sample":
            self.view, self.step, self.unit, self._first = "sample", None, None, 0
        self._follow_cursor()

    def action_scroll_view(self, by: int) -> None:
        """Scroll by a page."""
        self._first = max(0, self._first + by * max(1, self._page - 1))
        self.redraw()

    # --- border

    def title(self) -> StyledText:
        cursor, network, data = self._cursor, self.run.network, self.run.data
        if cursor is None or network is None or data is None:
            return []
        if self.view != "unit":
            passes = "forward and back" if self.view == "sample" else self.view
            return [(f"{passes} ", ink(TEXT))]
        if cursor.layer < len(network.sizes) - 2:
            layer = f"of hidden layer {cursor.layer + 1}"
            if not self._wide:
                layer = f"· hidden {cursor.layer + 1}"
            return [(f"unit {cursor.unit + 1} {layer} ", ink(TEXT))]
        names = data.class_names if network.classes else data.target_names
        name = names[1] if network.classes and network.sizes[-1] == 1 else names[cursor.unit]
        return [(f"output {cut(printable(name), MOST_NAME)} ", ink(TEXT))]

    def title_right(self) -> StyledText:
        cursor, network, data = self._cursor, self.run.network, self.run.data
        if cursor is None or network is None or data is None:
            return []
        words: StyledText = [(f" sample {cursor.sample + 1:,} ", ink(TEXT))]
        if not network.classes:
            shift, scale = data.preparation.target_units(0)
            y = float(np.asarray(data.y_train[cursor.sample]).reshape(-1)[0]) * scale + shift
            name = cut(printable(data.target_names[0]), MOST_NAME)
            return [*words, (f"· {name} {small(y)} ", ink(DIM))]
        label = int(data.y_train[cursor.sample])
        with np.errstate(all="ignore"):
            labels, _ = classify(network, data.x_train[[cursor.sample]])
        right = int(labels[0]) == label
        name = cut(printable(data.class_names[label]), MOST_NAME)
        # if not all fits, the last pieces are left out
        return [
            *words,
            ("right " if right else "wrong ", ink(DIM if right else ALARM)),
            (f"{train_marker(label)} ", ink(class_point(label))),
            (f"{name} ", ink(TEXT)),
        ]

    def draw(self, width: int, height: int) -> Cells:
        self._wide = width >= WIDE
        return super().draw(width, height)

    # --- content

    def view_state(self) -> tuple[object, ...]:
        at, options = (self.view, self.step, self.unit, self._first), self.options
        return (*at, options.cursor, options.plane, options.target)

    def draw_content(self, width: int, height: int) -> Cells:
        self._follow_cursor()
        whole = self.views[self.view](self.run, self.options, width, height)
        self._first = max(0, min(self._first, whole.height - height))
        self._page = height
        self.captions = [(2, (MORE,))] if whole.height - self._first > height else []
        cells = Cells(width, height)
        if height > 0:
            shown = Cells(width, max(0, whole.height - self._first))
            shown.glyphs = whole.glyphs[self._first :, :width]
            shown.inks = whole.inks[self._first :, :width]
            cells.place(0, 0, shown)
        return cells

    @property
    def _cursor(self) -> Cursor | None:
        current = self.run.current
        if current is None or not len(current[1].x_train):
            return None
        network, data = current
        return self.options.cursor.within(network.sizes, len(data.x_train))

    def _draw_sample(self, run: RunModel, options: ViewOptions, width: int, height: int) -> Cells:
        return draw_sample(run, options, width, height, self.step, self.unit)

    def _follow_cursor(self) -> None:
        """Show all steps again for another sample or another network."""
        cursor = self._cursor
        followed = None if cursor is None else (cursor.sample, id(self.run.network))
        if followed != self._followed:
            self.step = self.unit = None
        self._followed = followed


def steps_of(run: RunModel) -> int:
    """Return the number of the last step: each layer, the loss, and each layer backward."""
    return 0 if run.network is None else 2 * len(run.network.layers) + 1


class TraceStep(NamedTuple):
    """Position in the stepwise view of both passes.

    Attributes:
        layer: layer of the step; None for the inputs and for the loss.
        unit: last computed unit; None for all.
    """

    step: int
    layer: int | None = None
    unit: int | None = None


def trace_steps(run: RunModel) -> list[TraceStep]:
    """Return all positions in both passes, unit by unit."""
    if run.network is None:
        return []
    sizes = run.network.sizes[1:]
    count = len(sizes)
    forward = [TraceStep(at + 1, at, unit) for at, size in enumerate(sizes) for unit in range(size)]
    back = [
        TraceStep(count + 2 + at, layer, unit)
        for at, layer in enumerate(reversed(range(count)))
        for unit in range(sizes[layer])
    ]
    return [TraceStep(0), *forward, TraceStep(count + 1), *back]
