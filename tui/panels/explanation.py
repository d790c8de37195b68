"""Explanations of panels: the text that `e` opens, and the formulas of the run that it quotes."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final, NamedTuple

from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.run_model import RunModel

WIDTH: Final = 76
"""Columns of a line: 80 less the frame and a blank on either side."""
MOST_FORMULAS: Final = 2
"""Largest number of activations whose formulas are quoted, if layers have different ones."""


class Explanation(NamedTuple):
    """Explanation of a panel, at most ten lines, so that it fits a small screen.

    Attributes:
        shows: what the panel shows.
        reading: how to read it.
        formula: the formula behind it, one or two lines.
        keys: keys of the panel and keys that change what it shows.
    """

    shows: str
    reading: str
    formula: str
    keys: str

    def lines(self, width: int = WIDTH, wording: Callable[[str], str] = str) -> list[str]:
        """Return the wrapped text; `wording` adapts each paragraph to the terminal."""
        paragraphs = [
            self.shows,
            f"How to read it: {self.reading}",
            *self.formula.splitlines(),
            f"Keys: {self.keys}",
        ]
        return [line for text in paragraphs for line in wrap(wording(text), max(1, width))]


def loss_formula(run: RunModel) -> str:
    """Return the name and the formula of the run's loss."""
    if run.network is not None:
        loss = type(run.network.loss)
    elif run.config.loss is not None:
        loss = LOSSES[run.config.loss]
    else:
        return "depends on the data, which are still loading"
    weighted = run.config.class_weight != "none"
    return f"{loss.name}, {loss.formula}{', times n / (k · n_class)' * weighted}"


def activation_formulas(run: RunModel, most: int = MOST_FORMULAS) -> str:
    """Return the names and the formulas of the hidden layers' activations."""
    names = list(dict.fromkeys(run.config.activations))
    if not names:
        return "but this network has no hidden layer"
    formulas = "; ".join(f"{name}, {ACTIVATIONS[name].formula}" for name in names[:most])
    return f"f = {formulas}{'; …' if len(names) > most else ''}"
