"""A run at the epoch of its last snapshot, from which every export is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config.command_line import command_of
from core.dataclass import dataclass
from core.datasets.prepare import no_progress
from core.export.model import ExportedModel
from core.runs.reader import read_run

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.nn.network import Network


@dataclass(frozen=True)
class ExportedRun:
    """A run at one epoch.

    Attributes:
        model: the trained network as plain arrays.
        network: the trained network.
        data: its samples.
        rows: (epochs, columns) metrics, one row per epoch.
        events: epoch and sentence of each event during the run.
        changed: kinds of changes during the run, which its settings alone do not repeat.
    """

    model: ExportedModel
    network: Network
    data: DataSplit
    rows: NDArray[np.float64]
    events: tuple[tuple[int, str], ...] = ()
    changed: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        config: RunConfig,
        network: Network,
        data: DataSplit,
        rows: NDArray[np.float64],
        *,
        events: tuple[tuple[int, str], ...] = (),
        changed: tuple[str, ...] = (),
    ) -> ExportedRun:
        """Return a run with a copy of its parameters."""
        model = ExportedModel.of(config, network, data)
        return cls(model, network, data, rows, events, changed)

    @classmethod
    def read(cls, path: Path, progress: ProgressCallback = no_progress) -> ExportedRun:
        """Read a saved run and its data.

        Raises:
            RunError: when a file is missing or damaged, or the data have changed.
        """
        saved = read_run(path)
        trainer = saved.trainer(progress)
        events = tuple((event.epoch, event.note) for event in saved.events if event.note)
        return cls.of(
            trainer.config,
            trainer.network,
            trainer.data,
            saved.epochs,
            events=events,
            changed=saved.changed,
        )

    @property
    def epoch(self) -> int:
        """The last epoch."""
        return int(self.rows[-1, 0]) if len(self.rows) else 0

    @property
    def command(self) -> str:
        """The command line that trains the network again, with what it does not repeat."""
        command = command_of(self.model.config, "train")
        if not self.changed:
            return command
        return f"{command} (without the changes of {' and '.join(self.changed)} on the way)"
