"""Description of a run in the header: what is dropped, as a whole, where it does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.config.value_types import as_text

if TYPE_CHECKING:
    from tui.run_model import RunModel

SEPARATOR: Final = " · "
SOURCE, SHAPE, EDITED, RATE, VARIANT, BATCH, SEED = range(7)
"""Parts of a description, the most important first."""


def description(run: RunModel, room: int, least: int = SEED) -> str:
    """Return the most important parts of the description of a run that fit.

    Args:
        run: which is described.
        room: columns.
        least: the least important part that is considered.
    """
    parts = [(rank, text) for rank, text in _parts(run) if rank <= least]
    chosen: set[int] = set()
    for at in sorted(range(len(parts)), key=lambda at: parts[at][0]):
        if len(_joined(parts, chosen | {at})) <= room:
            chosen.add(at)
        elif parts[at][0] == SHAPE:
            parts[at] = SHAPE, _short_shape(run)
            if len(_joined(parts, chosen | {at})) <= room:
                chosen.add(at)
    if 0 not in chosen:  # a long name of a file
        return f"{parts[0][1][: max(0, room - 1)]}…"
    return _joined(parts, chosen)


def _joined(parts: list[tuple[int, str]], chosen: set[int]) -> str:
    return SEPARATOR.join(text for at, (_, text) in enumerate(parts) if at in chosen)


def _parts(run: RunModel) -> list[tuple[int, str]]:
    """Return all parts in the order in which they are read."""
    config = run.config
    rate = f"{config.optimizer} {config.learning_rate:g}"
    if config.schedule != "constant":
        rate += f" {config.schedule}"
    parts = [(SOURCE, config.source_name), (SHAPE, shape(run))]
    if config.loss:
        parts.append((VARIANT, config.loss.replace("_", " ")))
    if config.class_weight != "none":
        parts.append((VARIANT, f"{config.class_weight} classes"))
    full = config.batch_size == "full"
    parts += [(RATE, rate), (BATCH, "full batch" if full else f"batch {config.batch_size}")]
    if config.dropout:
        parts.append((VARIANT, f"dropout {as_text(config.dropout)}"))
    # with the formula: conventions differ in the factor 1/2 and in dividing by the number of samples
    parts += [(VARIANT, f"L1 {config.l1:g}·Σ|w|")] if config.l1 else []
    parts += [(VARIANT, f"L2 {config.l2:g}·Σw²/2")] if config.l2 else []
    parts += [(SEED, f"data {config.data_seed}")] if config.data_seed is not None else []
    parts.append((SEED, f"seed {config.seed}"))
    return [*parts, (EDITED, "edited")] if run.is_edited else parts


def shape(run: RunModel) -> str:
    """Return the network in words, such as `2 features → 8 → 8 tanh → 2 classes`."""
    config, network, data = run.config, run.network, run.data
    hidden = [str(units) for units in config.hidden]
    if hidden:
        hidden[-1] += f" {as_text(config.activation)}{' normed' * config.batch_norm}"
    words = [*hidden]
    if network is not None and data is not None:
        inputs, outputs = network.sizes[0], network.sizes[-1]
        kind = "feature" if inputs == len(data.feature_names) else "input"
        words.insert(0, _counted(inputs, kind, f"{kind}s"))
        if data.has_classes:
            words.append(_counted(max(len(data.class_names), outputs), "class", "classes"))
        else:
            words.append(_counted(outputs, "number", "numbers"))
    text = " → ".join(words) or "no hidden layer"
    if not config.bias:
        text += " without biases"
    return f"{text} freeze {as_text(config.freeze)}" if config.freeze else text


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _short_shape(run: RunModel) -> str:
    sizes = run.config.hidden if run.network is None else run.network.sizes
    units = "-".join(map(str, sizes))
    return f"{units} {as_text(run.config.activation)}" if run.config.hidden else units
