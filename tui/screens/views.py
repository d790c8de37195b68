"""Views: named layouts of the panels, and the division of the screen among those that have room.

A layout is a tree of rows and columns whose leaves are names of panels. `Arrangement` chooses the panels
and `divide` gives each of them a region; both work on names and sizes alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from textual.geometry import Region

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tui.run_model import RunModel

Size: TypeAlias = "tuple[int, int]"
"""Columns and rows."""

FEW_SAMPLES: Final = 8
"""Most training samples whose hidden outputs a small table shows at once."""
LARGEST_SHARE: Final = 3, 5
"""Share of a column that a panel gets if it needs it, at most."""


@dataclass(frozen=True)
class Split:
    """Parts side by side or one above the other.

    Attributes:
        parts: each with its weight: the share of the room that it gets.
        is_row: whether they are side by side.
    """

    parts: tuple[tuple[int, Split | str], ...]
    is_row: bool


Layout: TypeAlias = "Split | str"


def row(*parts: tuple[int, Layout]) -> Split:
    """Place parts side by side, the first one on the left."""
    return Split(parts, is_row=True)


def column(*parts: tuple[int, Layout]) -> Split:
    """Place parts one above the other."""
    return Split(parts, is_row=False)


@dataclass(frozen=True)
class View:
    """Panels of a view, and where they are.

    Attributes:
        name: shown in the header.
        panels: the most important ones first: the last ones give way where there is no room for all.
        layouts: each with the columns and rows of the terminal from which it is used; the first that
            applies is chosen.
    """

    name: str
    panels: tuple[str, ...]
    layouts: tuple[tuple[Size, Layout], ...]

    def layout(self, terminal: Size) -> Layout:
        """Return the layout for a terminal of this size."""
        return next(
            layout
            for least, layout in self.layouts
            if terminal[0] >= least[0] and terminal[1] >= least[1]
        )


WATCH, INSPECT = "watch", "inspect"
VIEWS: Final = (WATCH, INSPECT, "diagnose", "data", "everything")
"""In the order of their keys, F1 to F5."""


def view_of(name: str, run: RunModel) -> View:
    """Return a view for the data and the network of a run."""
    return _BUILDERS[VIEWS.index(name)](run)


def _watch(run: RunModel) -> View:
    # without a hidden layer, its place is taken by the errors
    outputs = "hidden" if run.config.hidden else "errors"
    curves = (4, "loss"), (3, "accuracy")
    return View(
        WATCH,
        ("boundary", "loss", outputs, "network", "accuracy"),
        (
            (
                (100, 30),
                column(
                    (2, row((11, "network"), (9, "boundary"))),
                    (1, row(*curves, (5, outputs))),
                ),
            ),
            (
                (0, 36),
                column(
                    (2, "network"), (2, row((1, column(*curves)), (1, "boundary"))), (1, outputs)
                ),
            ),
            (
                (0, 0),
                column(
                    (3, row((1, column(*curves)), (1, "network"), (1, "boundary"))), (2, outputs)
                ),
            ),
        ),
    )


def _inspect(run: RunModel) -> View:
    # a few samples fit into a table, which then is the numbers of the whole network
    is_small = run.data is not None and len(run.data.x_train) <= FEW_SAMPLES
    context = "table" if is_small else "network"
    side = column((5, "boundary"), (4, context))
    return View(
        INSPECT,
        ("inspector", "boundary", context, "hidden"),
        (
            (
                (150, 45),
                column((5, row((5, "inspector"), (4, side))), (2, "hidden")),
            ),
            # the table of XOR needs 62 columns for four units
            ((0, 0), column((1, row((58, "inspector"), (62 if is_small else 48, side))))),
        ),
    )


def _diagnose(_: RunModel) -> View:
    curves = (1, "loss"), (1, "accuracy")
    return View(
        "diagnose",
        ("layers", "loss", "errors", "accuracy"),
        (
            ((100, 30), column((2, row(*curves, (1, "errors"))), (1, "layers"))),
            ((0, 0), column((1, row(*curves, (1, "errors"))), (1, "layers"))),
        ),
    )


def _data(_: RunModel) -> View:
    top = row((1, "table"), (1, "boundary"))
    return View(
        "data",
        ("boundary", "table", "errors", "space"),
        (((0, 0), column((3, top), (2, row((1, "errors"), (1, "space"))))),),
    )


def _everything(run: RunModel) -> View:
    top = row((5, "network"), (4, "boundary"), (3, "space"))
    middle = row((4, "loss"), (3, "accuracy"), (5, "hidden"))
    bottom = row((2, "layers"), (1, "errors"), (1, "table"), (1, "maps"))
    watched = _watch(run).panels
    others = ("layers", "errors", "table", "space", "maps", "hidden")
    return View(
        "everything",
        (*watched, *(each for each in others if each not in watched)),
        (((0, 0), column((4, top), (3, middle), (3, bottom))),),
    )


_BUILDERS: Final = (_watch, _inspect, _diagnose, _data, _everything)


def with_panels(layout: Layout, panels: Iterable[str]) -> Layout:
    """Return the layout with further panels at the right end of its last row."""
    extra = [each for each in panels if each not in panels_in(layout)]
    if not extra:
        return layout
    if isinstance(layout, Split) and not layout.is_row and len(layout.parts) > 1:
        weight, last = layout.parts[-1]
        count = len(last.parts) if isinstance(last, Split) and last.is_row else 1
        longer = row((count, last), *((1, each) for each in extra))
        return column(*layout.parts[:-1], (weight, longer))
    return column((3, layout), (2, row(*((1, each) for each in extra))))


def panels_in(layout: Layout) -> list[str]:
    """Return the panels of a layout."""
    if isinstance(layout, str):
        return [layout]
    return [leaf for _, part in layout.parts for leaf in panels_in(part)]


def fits(layout: Layout, sizes: Mapping[str, Size], room: Size) -> bool:
    """Return whether panels with these smallest sizes have room in a layout."""
    needed = _least(layout, sizes)
    return needed[0] <= room[0] and needed[1] <= room[1]


def _least(layout: Layout, sizes: Mapping[str, Size]) -> Size:
    """Return the smallest size of the shown part of a layout; zero if none is shown."""
    if isinstance(layout, str):
        return sizes.get(layout, (0, 0))
    each = [_least(part, sizes) for _, part in layout.parts]
    widths, heights = zip(*each, strict=True)
    return (sum(widths), max(heights)) if layout.is_row else (max(widths), sum(heights))


def divide(
    layout: Layout, sizes: Mapping[str, Size], wishes: Mapping[str, int], room: Region
) -> dict[str, Region]:
    """Return the region of each shown panel; together they fill the room.

    Args:
        layout: which may have panels that are not shown.
        sizes: smallest size of each panel that is shown.
        wishes: rows that a panel needs to show everything.
        room: to be divided.
    """
    if isinstance(layout, str):
        return {layout: room}
    parts = [(weight, part) for weight, part in layout.parts if any(_least(part, sizes))]
    leasts = [_least(part, sizes)[0 if layout.is_row else 1] for _, part in parts]
    total = room.width if layout.is_row else room.height
    if not layout.is_row:
        most = total * LARGEST_SHARE[0] // LARGEST_SHARE[1]
        wished = [_wish(part, sizes, wishes) for _, part in parts]
        leasts = [max(least, min(wish, most)) for least, wish in zip(leasts, wished, strict=True)]
    found: dict[str, Region] = {}
    at = 0
    for (_, part), length in zip(
        parts, _lengths(total, [w for w, _ in parts], leasts), strict=True
    ):
        if layout.is_row:
            place = Region(room.x + at, room.y, length, room.height)
        else:
            place = Region(room.x, room.y + at, room.width, length)
        found |= divide(part, sizes, wishes, place)
        at += length
    return found


def _wish(layout: Layout, sizes: Collection[str], wishes: Mapping[str, int]) -> int:
    return max((wishes.get(leaf, 0) for leaf in panels_in(layout) if leaf in sizes), default=0)


def _lengths(total: int, weights: list[int], leasts: list[int]) -> list[int]:
    """Divide a length by weights; parts below their least length take from the others."""
    ends = [total * sum(weights[: at + 1]) // sum(weights) for at in range(len(weights))]
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    for at, least in enumerate(leasts):
        while lengths[at] < least:
            spare = [length - other for length, other in zip(lengths, leasts, strict=True)]
            giver = spare.index(max(spare))
            if spare[giver] <= 0:
                break  # there is too little room for all
            lengths[giver] -= 1
            lengths[at] += 1
    return lengths
