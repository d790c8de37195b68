"""The grid of a sweep: every combination of the values of some settings, each with several seeds."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import ConfigError
from core.config.run_config import checked, read_toml_table, setting, settings
from core.dataclass import dataclass
from core.randomness import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from core.config.run_config import RunConfig

MOST_RUNS: Final = 100_000
"""Maximum number of runs of a sweep: their configs are all in memory."""

MOST_SEEDS: Final = 10_000

TABLE: Final = "sweep"
"""Name of the table with the grid in a settings file."""

_NUMBERS: Final = ("seeds", "random")
"""Entries of that table that are not settings."""


@dataclass(frozen=True)
class Cell:
    """One combination of values, with a run for each seed.

    Attributes:
        changes: the values of the settings that form the grid.
        runs: one config per seed, otherwise equal.
    """

    changes: dict[str, Any]
    runs: tuple[RunConfig, ...]

    @property
    def label(self) -> str:
        """The settings with their values, as the user writes them."""
        return "  ".join(f"{setting(name).option} {text}" for name, text in self.texts.items())

    @property
    def texts(self) -> dict[str, str]:
        """The values as the user writes them."""
        return {name: setting(name).write(value) for name, value in self.changes.items()}

    def with_epochs(self, epochs: int) -> Cell:
        """Return the cell with another number of epochs."""
        return Cell(self.changes, tuple(run.changed(epochs=epochs) for run in self.runs))


@dataclass(frozen=True)
class Grid:
    """Settings that vary, and the seeds with which each combination is trained.

    Attributes:
        base: the settings that all runs have in common.
        axes: the values of each setting that varies.
        seeds: random seeds with which each combination is trained.
    """

    base: RunConfig
    axes: Mapping[str, tuple[Any, ...]]
    seeds: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of combinations."""
        return prod(map(len, self.axes.values()))

    def cells(self, number: int | None = None) -> tuple[Cell, ...]:
        """Return all combinations, or some that are chosen at random without replacement.

        The choice depends only on the grid and the first seed, so that the same command continues it.

        Args:
            number: how many to choose; None for all.

        Raises:
            ConfigError: when a combination is invalid, or there are too many runs.
        """
        size = self.size
        count = size if number is None else min(number, size)
        if count * len(self.seeds) > MOST_RUNS:
            raise ConfigError(
                "sweep",
                f"{count * len(self.seeds):,} runs",
                f"at most {MOST_RUNS:,}; --random chooses some of the combinations",
            )
        if count == size:
            return tuple(map(self._cell, range(size)))
        rng = stream(self.seeds[0], "sweep")
        chosen: set[int] = set()
        while len(chosen) < count:  # a permutation of a huge grid does not fit into memory
            chosen.add(int(rng.integers(size)))
        return tuple(map(self._cell, sorted(chosen)))

    def _cell(self, index: int) -> Cell:
        """Return a combination by its number; the last setting varies fastest."""
        changes: dict[str, Any] = {}
        for name, values in reversed(list(self.axes.items())):
            index, at = divmod(index, len(values))
            changes[name] = values[at]
        changes = {name: changes[name] for name in self.axes}
        first = self.base.changed(**changes, seed=self.seeds[0])
        return Cell(changes, (first, *(first.changed(seed=each) for each in self.seeds[1:])))


@dataclass(frozen=True)
class SweepFile:
    """Content of a settings file with a table `[sweep]`.

    Attributes:
        values: settings of all runs.
        axes: values of each setting that varies.
        numbers: the entries `seeds` and `random`.
    """

    values: dict[str, Any]
    axes: dict[str, tuple[Any, ...]]
    numbers: dict[str, int]


def read_sweep(path: Path) -> SweepFile:
    """Read settings, and in a table `[sweep]` a list of values for each setting that varies.

    Raises:
        ConfigError: when the file cannot be read, or a value is invalid.
    """
    content = read_toml_table(path)
    table = content.pop(TABLE, {})
    if not isinstance(table, dict):
        raise ConfigError(TABLE, table, f"a table [{TABLE}] with lists of values")
    numbers = {name: table.pop(name) for name in _NUMBERS if name in table}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(name, value, "a whole number from 1")
    axes = {}
    for name, values in table.items():
        if not _is_setting(name):
            checked({name: None})  # raises, with a suggestion
        if not isinstance(values, list) or not values:
            raise ConfigError(name, values, "a list of values, such as [0.01, 0.1]")
        axes[name] = distinct(setting(name).check(value) for value in values)
    return SweepFile(checked(content), axes, numbers)


def distinct(values: Any) -> tuple[Any, ...]:
    """Return the values without repetitions, in their order."""
    return tuple(dict.fromkeys(values))


def seeds_from(first: int, number: int) -> tuple[int, ...]:
    """Return consecutive seeds."""
    return tuple(range(first, first + number))


def shared_settings(cells: Sequence[Cell]) -> list[str]:
    """Return the settings that vary in a sweep, in the order of the settings table."""
    varied = {name for cell in cells for name in cell.changes}
    return [each.name for each in settings() if each.name in varied]


def _is_setting(name: str) -> bool:
    return any(each.name == name for each in settings())
