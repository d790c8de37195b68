"""Panels drawn without an application, as cells, text and colours."""

from tui.drawing.cells import Cells
from tui.drawing.palette import style
from tui.panels.panel import Panel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel


def drawn(
    kind: type[Panel], run: RunModel, width: int = 60, height: int = 20, **options: object
) -> Cells:
    return kind(run, ViewOptions(**options)).draw(width, height)  # type: ignore[arg-type]


def text(cells: Cells) -> str:
    return "\n".join(cells.lines())


def background(cells: Cells, row: int, column: int) -> str:
    colour = style(int(cells.inks[row, column])).bgcolor
    return colour.name if colour is not None else ""
