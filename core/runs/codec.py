"""Encoding of saved runs: JSON headers and the arrays of a trainer's state.

Run folders are untrusted input: decoding checks the type and the range of every value.
"""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np

from core import __version__
from core.config.errors import ConfigError, quoted
from core.config.run_config import MOST_EPOCHS, RunConfig
from core.dataclass import dataclass
from core.datasets.edits import MOST_EDITS, AddPoint, MovePoint, RemovePoint
from core.lockstep.lanes import MOST_LANES
from core.nn.optimizers import OPTIMIZERS
from core.nn.schedules import PlateauState
from core.runs.atomic_files import Extent, refusal, shown
from core.runs.cpu_kernels import kernels
from core.training.batches import BatchesState, batch_count
from core.training.checkpoints import Position, Segment
from core.training.components import sizes_of
from core.training.diagnostics import StepSizes
from core.training.epoch_log import COLUMNS
from core.training.rollback import EpochSnapshot
from core.training.state import EpochMetrics, TrainerState
from core.training.stopping import Best, State, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.datasets.edits import Edit
    from core.nn.network import Network
    from core.runs.autosaver import RunSnapshot
    from core.training.checkpoints import Checkpoint

FORMAT: Final = "nnfs-tui run"
VERSION: Final = 1

MOST_UNITS: Final = 200_000_000
"""Upper bound for the units of a layer; data have at most as many inputs."""

LONGEST_VIEW: Final = 20
"""Maximum number of letters in the name of a view."""

LARGEST: Final = 2**63
"""Larger integers may not fit into a float."""

_SAVED_STATES: Final = {each.lower(): each for each in State if each is not State.STOPPED}
_START: Final = "start_"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Header:
    """Description of a saved run without the state of the trainer; see also `autosaver.RunSnapshot`.

    Attributes:
        created, saved: when the run started and when this was written, in seconds since the Unix epoch.
        edits: edits of the data that the configuration draws or reads.
        data_digest: digest of the data after these edits.
        sizes: units per layer, the inputs first.
        has_classes: whether the targets are classes.
        epoch, batch: position in the run.
        batches: number of batches per epoch.
        stopped: why the run ended with its last epoch.
        restored: the epoch whose weights were restored when it ended.
        rows, events: valid extents of the two append-only files.
        segments: all segments up to the current position; the history may have fewer.
        kernels: `cpu_kernels.kernels()` of the processor; empty in files of early versions.
        view: name of the screen's view, unchecked; empty if none was shown, and in files of early
            versions.
        seeds: number of runs with consecutive seeds that are saved as one; None for a single run.
    """

    created: float
    saved: float
    config: RunConfig
    edits: tuple[Edit, ...]
    data_digest: str
    sizes: tuple[int, ...]
    has_classes: bool
    epoch: int
    batch: int
    batches: int
    metrics: EpochMetrics
    state: State
    stopped: Stop | None
    restored: int | None
    ended: Stop | None
    extension: int
    edited: bool
    loss_starts: tuple[int, ...]
    rows: Extent
    events: Extent
    segments: tuple[Segment, ...]
    kernels: str
    view: str
    seeds: int | None

    @property
    def kernels_warning(self) -> str:
        """Warning that the run was trained with other processor kernels; empty if it was not."""
        if not self.kernels or self.kernels == kernels():
            return ""
        return (
            "the processor kernels have changed: from here on numbers may differ in their last bits "
            f"({shown(self.kernels)}, now {kernels()})"
        )


class Fields:
    """Checked access to a JSON object; each method raises RunError with the name of the file."""

    def __init__(self, path: Path, values: Mapping[str, Any], within: str = "") -> None:
        self.path, self._values, self._within = path, values, within

    def integer(self, name: str, low: int = 0, high: int = 2**62) -> int:
        """Return an integer within bounds."""
        return int(
            self._checked(
                name,
                lambda value: type(value) is int and low <= value <= high,
                f"an integer from {low} to {high}",
            )
        )

    def optional(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """Return what another method reads, or None if the value is missing or null."""
        return None if self._get(name) is None else read(name)

    def number(self, name: str) -> float:
        """Return a number, which may be infinite or NaN."""
        return float(self._checked(name, _is_number, "a number"))

    def text(self, name: str) -> str:
        """Return a string."""
        return str(self._checked(name, lambda value: isinstance(value, str), "a string"))

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._checked(name, lambda value: isinstance(value, bool), "true or false"))

    def state(self, name: str) -> State:
        """Return the status of a run."""
        text = self.text(name)
        if text not in _SAVED_STATES:
            raise self.refusal(name, f"one of {', '.join(_SAVED_STATES)}")
        return _SAVED_STATES[text]

    def stop(self, name: str) -> Stop:
        """Return the reason for the end of a run."""
        try:
            return Stop(self.text(name))
        except ValueError:
            raise self.refusal(name, f"one of {', '.join(Stop)}") from None

    def numbers(self, name: str, count: int | None = None) -> tuple[float, ...]:
        """Return a list of numbers, of the given length if there is one."""

        def fits(value: Any) -> bool:
            return (
                isinstance(value, list)
                and count in {None, len(value)}
                and all(map(_is_number, value))
            )

        many = "numbers" if count is None else f"{count} numbers"
        return tuple(map(float, self._checked(name, fits, many)))

    def integers(
        self, name: str, low: int = 0, high: int = 2**62, count: int | None = None
    ) -> tuple[int, ...]:
        """Return a list of integers within bounds, of the given length if there is one."""

        def fits(value: Any) -> bool:
            return (
                isinstance(value, list)
                and count in {None, len(value)}
                and all(type(each) is int and low <= each <= high for each in value)
            )

        many = "integers" if count is None else f"{count} integers"
        return tuple(self._checked(name, fits, many))

    def rate(self, name: str) -> float:
        """Return a learning rate: a finite number of at least 0."""
        value = self.number(name)
        if not 0 <= value < inf:
            raise self.refusal(name, "a learning rate")
        return value

    def holds(self, name: str) -> bool:
        """Return whether a value is there, other than null and an empty list."""
        return self._get(name) not in (None, [])

    def table(self, name: str) -> Fields:
        """Return an object within this one."""
        return Fields(self.path, self.mapping(name), f"{self._within}{name}.")

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object with unchecked values."""
        return dict(self._checked(name, lambda value: isinstance(value, dict), "an object"))

    def tables(self, name: str) -> list[Fields]:
        """Return a list of objects within this one."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(each, dict) for each in value)

        found = self._checked(name, fits, "a list of objects")
        return [
            Fields(self.path, each, f"{self._within}{name}[{at}].") for at, each in enumerate(found)
        ]

    def refusal(self, name: str, expected: str) -> Exception:
        """Return the error for a field that is missing or has an invalid value."""
        where = f"{self._within}{name} in its header"
        if name not in self._values:
            return refusal(self.path, f"{where} is missing")
        return refusal(
            self.path, f"invalid {where}: {quoted(self._get(name))}, expected {expected}"
        )

    def _get(self, name: str) -> Any:
        return self._values.get(name)

    def _checked(self, name: str, fits: Callable[[Any], bool], expected: str) -> Any:
        value = self._get(name)
        if not fits(value):
            raise self.refusal(name, expected)
        return value


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= LARGEST)


def encode_snapshot(
    snapshot: RunSnapshot, created: float, saved: float, rows: Extent, events: Extent
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return a snapshot as JSON values and named arrays, without its history."""
    config, data = snapshot.checkpoint.config, snapshot.checkpoint.data
    state, history = snapshot.checkpoint.state, snapshot.history
    values, arrays = encode_checkpoint(snapshot.checkpoint)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "program": __version__,
        "kernels": snapshot.kernels or kernels(),
        "created": created,
        "saved": saved,
        **values,
        "sizes": list(sizes_of(config, data)),
        "has_classes": data.has_classes,
        "batches": batch_count(config.batch_size, len(data.y_train)),
        "metrics": list(snapshot.metrics[: len(COLUMNS)]),
        "doing": snapshot.state.lower(),
        "stopped": state.stopped,
        "restored": state.restored,
        "ended": snapshot.ended,
        "span": snapshot.extension,
        "edited": snapshot.edited,
        "parts": list(snapshot.loss_starts),
        "rows": list(rows),
        "events": list(events),
        "cuts": [
            {"id": each.id, "place": list(each.position), "is_edit": each.is_edit}
            for each in (() if history is None else history.segments)
        ],
        **({"view": snapshot.view} if snapshot.view else {}),
    }
    return header, arrays


def decode_header(fields: Fields) -> Header:
    """Return the header of a saved run.

    Raises:
        RunError: when the file is of another format or version, or a value is invalid.
    """
    path = fields.path
    if fields.text("format") != FORMAT:
        raise refusal(path, "it is not a file of a saved run")
    version = fields.integer("version")
    if version != VERSION:
        raise refusal(path, f"unsupported format version {version}, expected {VERSION}")
    try:
        config = RunConfig.from_mapping(fields.mapping("config"))
    except ConfigError as error:
        raise refusal(path, f"its config is invalid ({error})") from None
    state = fields.table("state")
    sizes = fields.integers("sizes", 1, MOST_UNITS)
    if sizes[1:-1] != config.hidden:
        raise refusal(path, "sizes in its header differ from those of its config")
    epoch, *values = fields.numbers("metrics", len(COLUMNS))
    if not 0 <= epoch < 2**53:
        raise refusal(path, "the epoch of its metrics is invalid")
    # the same NaN object for all of them, as in an EpochLog
    metrics: list[Any] = [nan if value != value else value for value in values]
    return Header(
        _time(fields, "created"),
        _time(fields, "saved"),
        config,
        decode_edits(fields),
        fields.text("data_digest"),
        sizes,
        fields.boolean("has_classes"),
        state.integer("epoch", 0, 2 * MOST_EPOCHS),
        state.integer("batch"),
        fields.integer("batches", 1),
        EpochMetrics(int(epoch), *metrics),
        fields.state("doing"),
        fields.optional("stopped", fields.stop),
        fields.optional("restored", fields.integer),
        fields.optional("ended", fields.stop),
        fields.integer("span", 1, MOST_EPOCHS),
        fields.boolean("edited"),
        _loss_starts(fields),
        Extent(*fields.integers("rows", count=2)),
        Extent(*fields.integers("events", count=2)),
        tuple(
            Segment(
                number,
                each.integer("id"),
                Position(*each.integers("place", count=2)),
                each.boolean("is_edit"),
            )
            for number, each in enumerate(fields.tables("cuts"))
        ),
        fields.optional("kernels", fields.text) or "",
        _view(fields),
        fields.optional("seeds", lambda name: fields.integer(name, 1, MOST_LANES)),
    )


def _time(fields: Fields, name: str) -> float:
    value = fields.number(name)
    if not 0 <= value < 2**37:  # the range that `localtime` accepts everywhere
        raise fields.refusal(name, "a time")
    return value


def _view(fields: Fields) -> str:
    """Return the name of the view, or nothing for what cannot be one: a run is not refused for it."""
    name = fields.optional("view", fields.text) or ""
    return name if len(name) <= LONGEST_VIEW and name.isascii() and name.isalpha() else ""


def _loss_starts(fields: Fields) -> tuple[int, ...]:
    epochs = fields.integers("parts")
    if not epochs or epochs[0] or list(epochs) != sorted(set(epochs)):
        raise fields.refusal("parts", "epochs in order, from 0")
    return epochs


def decode_edits(fields: Fields) -> tuple[Edit, ...]:
    """Return the edits of data from a header."""
    edits = fields.tables("edits")
    if len(edits) > MOST_EDITS:
        raise refusal(fields.path, f"its header has more than {MOST_EDITS:,} edits of the data")
    return tuple(map(_decode_edit, edits))


def _encode_edit(edit: Edit) -> dict[str, Any]:
    match edit:
        case AddPoint():
            return {"edit": "add", "features": list(edit.features), "label": edit.label}
        case MovePoint():
            return {"edit": "move", "row": edit.row, "features": list(edit.features)}
        case RemovePoint():
            return {"edit": "remove", "row": edit.row}


def _decode_edit(fields: Fields) -> Edit:
    match fields.text("edit"):
        case "add":
            return AddPoint(fields.numbers("features"), fields.integer("label"))
        case "move":
            return MovePoint(fields.integer("row"), fields.numbers("features"))
        case "remove":
            return RemovePoint(fields.integer("row"))
    raise fields.refusal("edit", "one of add, move, remove")


def resolve_data_path(config: RunConfig) -> RunConfig:
    """Return the config with an absolute path of its data file, as it may be read elsewhere."""
    if config.data is None or Path(config.data).is_absolute():
        return config
    try:
        return config.changed(data=str(Path.cwd() / config.data))
    except OSError:  # the working directory was removed, and the file with it
        return config


def encode_checkpoint(
    checkpoint: Checkpoint,
) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return a checkpoint as JSON values and named arrays, without its segment."""
    state, arrays = encode_state(checkpoint.state)
    values = {
        "config": resolve_data_path(checkpoint.config).as_dict(),
        "edits": [_encode_edit(each) for each in checkpoint.data.edits],
        "data_digest": checkpoint.data.digest,
        "state": state,
    }
    return values, arrays


def encode_state(state: TrainerState) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return a trainer's state as JSON values and named arrays."""
    arrays: dict[str, Array | Labels] = {
        "parameters": state.parameters,
        "statistics": state.statistics,
        "slots": state.slots,
        "best_parameters": state.best_parameters,
        "best_statistics": state.best_statistics,
    }
    if state.batches.order is not None:
        arrays["order"] = state.batches.order
    start = state.start
    if start is not None:
        arrays |= {f"{_START}{at}": array for at, array in enumerate(start.arrays)}
    values = {
        "epoch": state.epoch,
        "batch": state.batches.next,
        "steps": state.steps,
        "shuffle": state.batches.shuffle,
        "dropout": state.batches.dropout,
        "plateau": [state.plateau.factor, state.plateau.best],
        "plateau_waited": state.plateau.waited,
        "best_epoch": state.best.epoch,
        "best_loss": state.best.loss,
        "waits_from": state.waits_from,
        "limit": state.limit,
        "start": None
        if start is None
        else {
            "steps": start.steps,
            "shuffle": start.shuffle,
            "dropout": start.masks,
            "learning_rate": start.learning_rate,
            "last_step": _flat(start.last_step),
        },
        "layer_steps": list(state.layer_steps),
        "learning_rate": state.learning_rate,
        "last_step": _flat(state.last_step),
    }
    return values, arrays


@dataclass(frozen=True)
class Shapes:
    """Shapes that the arrays of a trainer's state must have.

    Attributes:
        network: has parameters and statistics of the right shape and precision.
        slots: likewise, the state of the optimiser.
        freeze: numbers of the frozen layers.
        batches: number of batches per epoch.
        samples: length of the order of an epoch; 0 if one batch has all samples.
    """

    network: Network
    slots: Array
    freeze: tuple[int, ...]
    batches: int
    samples: int

    @classmethod
    def of(cls, network: Network, config: RunConfig, data: DataSplit) -> Shapes:
        """Return the shapes for a network, and a config and data of its run."""
        slots = OPTIMIZERS[config.optimizer](network.parameters, config.hyperparameters()).slots
        samples = len(data.y_train)
        count = batch_count(config.batch_size, samples)
        return cls(network, slots, config.freeze, count, samples if count > 1 else 0)


def decode_state(
    shapes: Shapes, fields: Fields, arrays: Mapping[str, Array | Labels]
) -> TrainerState:
    """Return a trainer's state from JSON values and named arrays.

    Raises:
        RunError: when it does not fit the network.
    """

    def array(name: str, expected: NDArray[Any]) -> NDArray[Any]:
        found = arrays.get(name)
        if found is None or found.shape != expected.shape or found.dtype != expected.dtype:
            there = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
            reason = f"{name} is {there}, expected {expected.dtype} of shape {expected.shape}"
            raise refusal(fields.path, reason)
        return found

    network, layers = shapes.network, len(shapes.network.layers)
    batch = fields.integer("batch", 0, shapes.batches)
    start, order = None, None
    if batch:
        if shapes.samples:
            order = array("order", np.empty(shapes.samples, np.int64))
            if not np.array_equal(np.sort(order), np.arange(len(order))):
                raise refusal(fields.path, "order is not a permutation of the samples")
        saved = [
            each for each in (network.parameters, shapes.slots, network.statistics) if each.size
        ]
        values = fields.table("start")
        start = EpochSnapshot(
            tuple(array(f"{_START}{at}", each) for at, each in enumerate(saved)),
            values.integer("steps"),
            _generator(values, "shuffle"),
            _generator(values, "dropout"),
            values.optional("learning_rate", values.rate),
            _last_step(values, layers),
        )
    steps = fields.integer("steps")
    factor, best = fields.numbers("plateau", 2)
    slots = array("slots", shapes.slots)
    layer_steps = fields.optional(
        "layer_steps", lambda name: fields.integers(name, 0, steps, layers)
    )
    if layer_steps is None:  # saved by an early version
        layer_steps = tuple(
            steps if number in shapes.freeze and slots[:, part].any() else 0
            for number, part in enumerate(network.slices, 1)
        )
    return TrainerState(
        fields.integer("epoch"),
        array("parameters", network.parameters),
        array("statistics", network.statistics),
        slots,
        steps,
        BatchesState(batch, _generator(fields, "shuffle"), _generator(fields, "dropout"), order),
        PlateauState(factor, best, fields.integer("plateau_waited")),
        Best(fields.integer("best_epoch"), fields.number("best_loss")),
        fields.integer("waits_from"),
        array("best_parameters", network.parameters),
        array("best_statistics", network.statistics),
        fields.number("limit"),
        start,
        layer_steps=layer_steps,
        learning_rate=fields.optional("learning_rate", fields.rate),
        last_step=_last_step(fields, layers),
    )


def _flat(sizes: tuple[StepSizes, ...]) -> list[float]:
    return [value for each in sizes for value in each]


def _last_step(fields: Fields, layers: int) -> tuple[StepSizes, ...]:
    """Return the step sizes of each layer; empty if they were not recorded."""
    values = fields.numbers("last_step", 2 * layers) if fields.holds("last_step") else ()
    return tuple(StepSizes(*pair) for pair in zip(values[::2], values[1::2], strict=True))


def _generator(fields: Fields, name: str) -> dict[str, Any]:
    state = fields.mapping(name)
    try:
        generator = np.random.PCG64()
        generator.state = cast(Any, state)
        return dict(generator.state)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise fields.refusal(name, "the state of a random generator") from None
