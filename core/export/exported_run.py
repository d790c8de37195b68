"""A saved run at its last epoch, from which every export is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.config.command_line import command_of
from core.datasets.prepare import no_progress
from core.export.model import ExportedModel
from core.export.tables import last_of_each_epoch
from core.runs.reader import read_run

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.nn.network import Network
    from core.runs.reader import SavedRun


@dataclass(frozen=True)
class ExportedRun:
    """A run at its last epoch.

    Attributes:
        saved: the contents of its folder.
        model: the trained network as plain arrays.
        network: the trained network.
        data: its samples.
        rows: (epochs, columns) metrics, one row per epoch.
    """

    saved: SavedRun
    model: ExportedModel
    network: Network
    data: DataSplit
    rows: NDArray[np.float64]

    @classmethod
    def read(cls, path: Path, progress: ProgressCallback = no_progress) -> ExportedRun:
        """Read a saved run and its data.

        Raises:
            RunError: when a file is missing or damaged, or the data have changed.
        """
        saved = read_run(path)
        trainer = saved.trainer(progress)
        model = ExportedModel.of(trainer.config, trainer.network, trainer.data)
        rows = last_of_each_epoch(saved.rows)
        return cls(saved, model, trainer.network, trainer.data, rows)

    @property
    def command(self) -> str:
        """The command line that trains the network again, with what it does not repeat."""
        return command_of(self.model.config, "train") + self.not_repeated

    @property
    def not_repeated(self) -> str:
        """Changes during the run, as the end of a sentence; empty for an unchanged run."""
        changed = self.saved.changed
        return f" (without the changes of {' and '.join(changed)} on the way)" if changed else ""
