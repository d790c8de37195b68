"""Successive halving: many combinations with few epochs, then the best of them with more.

The schedule is that of scikit-learn's HalvingGridSearchCV with `min_resources="exhaust"` and epochs as
the resource; the method is from Jamieson and Talwalkar, Non-stochastic Best Arm Identification and
Hyperparameter Optimization (AISTATS 2016).
"""

from __future__ import annotations

from typing import Final, NamedTuple

FACTOR: Final = 3
"""As in scikit-learn: a third of the combinations continues, with three times the epochs."""


class Rung(NamedTuple):
    """One round: how many combinations are trained, and for how many epochs."""

    cells: int
    epochs: int


def rungs(cells: int, epochs: int, factor: int = FACTOR) -> tuple[Rung, ...]:
    """Return the rounds for a number of combinations.

    Round i trains the best ⌈n/fⁱ⌉ of n combinations for m·fⁱ epochs, at most all epochs. There are
    1 + ⌊log_f n⌋ rounds, the last of which has fewer than f + 1 combinations, and m is the largest
    number of epochs with which all of them are possible, ⌊epochs/f^(rounds-1)⌋.

    Args:
        cells: number of combinations.
        epochs: of the last round.
        factor: f, at least 2.
    """
    rounds = 1
    while factor**rounds <= cells:
        rounds += 1
    fewest = max(1, epochs // factor ** (rounds - 1))
    while rounds > 1 and fewest * factor ** (rounds - 1) > epochs:
        rounds -= 1  # fewer epochs than rounds: the last ones would be equal
    found = []
    for number in range(rounds):
        found.append(Rung(cells, min(epochs, fewest * factor**number)))
        cells = -(-cells // factor)
    return tuple(found)
