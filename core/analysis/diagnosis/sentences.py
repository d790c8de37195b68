"""Sentences of a diagnosis: the state of a run, causes and remedies, each with its numbers."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from core.analysis.diagnosis.result import Cause, RunState
from core.config.run_config import setting
from core.config.value_types import as_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.analysis.diagnosis.references import Outcome, References
    from core.config.run_config import RunConfig
    from core.training.diagnostics import LayerDiagnostics


HALF: Final = 0.5
"""Share of dead units that is mentioned."""

BETTER: Final = 0.02
"""Increase of a score in a trial that is mentioned."""


def score_text(score: float, has_classes: bool) -> str:
    """Return an accuracy in percent, or an R²."""
    if has_classes:
        return f"accuracy {100 * score:.1f} %"
    return f"R² {score:.2f}".replace("-", "−")


def value_text(score: float, has_classes: bool) -> str:
    """Return the number of a score."""
    return f"{100 * score:.1f} %" if has_classes else f"{score:.2f}".replace("-", "−")


def too_early(epoch: int) -> str:
    """Return the sentence of a run with too few epochs."""
    return f"Too early to tell: the run is judged from epoch {epoch:,} on."


def state_sentence(
    state: RunState,
    score: float,
    averaged: int,
    references: References,
    has_classes: bool,
    before: float | None = None,
    epoch: int | None = None,
) -> str:
    """Return the state of a run, compared with the references that matter for it.

    Args:
        state: of the run.
        score: mean training score of the last epochs.
        averaged: number of these epochs, which is named since the last one may differ from the mean.
        references: values to compare with.
        has_classes: whether the score is an accuracy.
        before: best score of the run if it is much lower now.
        epoch: that of state and score, if it is not the one that is shown.
    """
    at = "" if epoch is None else f" at epoch {epoch:,}"
    text = f"{state.capitalize()}{at}: training {score_text(score, has_classes)}"
    if averaged > 1:
        text += f" (mean of the last {averaged} epochs)"
    if before is not None:
        text += f", {value_text(before, has_classes)} before"

    def compared(name: str, outcome: Outcome | None) -> str:
        if outcome is None:
            return ""
        return f", {name} {value_text(outcome.train_score, has_classes)}"

    wider = ""
    if references.best is not None and references.best.train_score > score:
        wider = compared("a wider network", references.best)
    if state is RunState.AT_CHANCE:
        if references.chance is not None:
            guess = value_text(references.chance.score, has_classes)
            text += f", guessing {guess}"
        return f"{text}{wider}."
    if state is RunState.LINEAR:
        return f"{text}{compared('a linear model', references.linear)}{wider}."
    if state is RunState.LEARNING:
        text += _continued(score, references, has_classes)
    if state in {RunState.HALFWAY, RunState.LEARNING}:
        return f"{text}{wider}."
    if state is RunState.LEARNT and references.best is not None:
        return f"{text}; a wider network is not much better."
    return f"{text}."


def _continued(score: float, references: References, has_classes: bool) -> str:
    """Return the score that the run reached in a trial, if it is better than now."""
    epoch, continued = references.epoch, references.unchanged
    if epoch is None or continued is None or continued.train_score < score + BETTER:
        return ""
    reached = value_text(continued.train_score, has_classes)
    return f", {reached} at epoch {epoch + continued.epochs:,} in a trial"


def diverged_sentence(loss: float) -> str:
    """Return the sentence of a run that diverged."""
    grown = f"grew to {loss:.1e}" if isfinite(loss) else "is no longer a number"
    return f"Diverged: the loss {grown}."


def cause_sentence(
    cause: Cause, changes: dict[str, Any], config: RunConfig, references: References
) -> str:
    """Return the description of a cause, with the numbers that show it."""
    describe = _SENTENCES.get(cause)
    if describe is not None:
        return describe(config, references)
    layer_problem = _LAYER_SENTENCES.get(cause)
    if layer_problem is not None and references.layers:
        return layer_problem(config, references.layers)
    given = _given(config, changes)
    return (
        f"{_sentence_start(str(cause))}: {given}." if given else f"{_sentence_start(str(cause))}."
    )


def remedy_sentence(
    changes: dict[str, Any], needs_reset: bool, outcome: Outcome | None, has_classes: bool
) -> str:
    """Return a change of settings, and the result of its trial."""
    settings = [f"{_name(name)} {setting(name).write(value)}" for name, value in changes.items()]
    what = f"set {_listed(settings)}"
    if needs_reset:
        what += " and restart"
    if outcome is None:
        return f"{_sentence_start(what)}."
    score = score_text(outcome.test_score, has_classes)
    epochs = "1 epoch" if outcome.epochs == 1 else f"{outcome.epochs:,} epochs"
    return f"{_sentence_start(what)}: test {score} after {epochs} in a trial."


def overfitting_sentence(held: str, epoch: int, lowest: float, now: float) -> str:
    """Return the sentence of a rising curve."""
    times = f"{now / lowest:,.0f}" if now > 10 * lowest else f"{now / lowest:.1f}"
    return (
        f"Overfitting: {held} loss lowest at epoch {epoch:,}, now {times} times higher; "
        "`:best` restores those weights."
    )


def _frozen(config: RunConfig, _: References) -> str:
    layers = len(config.hidden) + 1
    if len(config.freeze) == layers:
        return "Every layer is frozen: no weight changes."
    which = "Layer" if len(config.freeze) == 1 else "Layers"
    frozen = f"{which} {as_text(config.freeze)} of {layers}"
    return f"{frozen} {'is' if len(config.freeze) == 1 else 'are'} frozen, and cannot learn."


def _no_hidden_layer(config: RunConfig, _: References) -> str:
    return (
        "Without a hidden layer the network is a linear model: it can only draw a straight line, "
        f"which is not enough for {config.source_name}."
    )


def _few_units(config: RunConfig, references: References) -> str:
    dead = [each.dead for each in references.layers[:-1]]
    if dead and max(dead) >= HALF:
        at = dead.index(max(dead))
        return (
            f"Too few units are left: {_units(config, at, dead[at])} dead, with a derivative of zero "
            "for every sample."
        )
    count = sum(config.hidden)
    units = "1 hidden unit is" if count == 1 else f"{as_text(config.hidden)} hidden units are"
    return f"Too few units: {units} not enough for {config.source_name}."


def _local_minimum(config: RunConfig, _: References) -> str:
    few = ""
    if sum(config.hidden) <= 4:
        few = "; with so few units this is frequent"
    return (
        f"Local minimum or plateau: the same network gets further from other initial weights{few}."
    )


def _imbalance(_: RunConfig, references: References) -> str:
    share = (
        "" if references.chance is None else f"{100 * references.chance.score:.0f} % of the samples"
    )
    only = (
        "only the majority class is predicted"
        if references.majority_only
        else ("the other classes are mostly not recognised")
    )
    return f"Class imbalance: {share} belong to one class, and {only}."


def _decay(config: RunConfig, _: References) -> str:
    decay = "" if config.decay is None else f" with decay {config.decay:g}"
    return (
        f"The learning rate has decayed to almost nothing: schedule {config.schedule}{decay} ends "
        "training before anything is learnt."
    )


def _penalty(config: RunConfig, _: References) -> str:
    given = [f"{name} {getattr(config, name):g}" for name in ("l1", "l2") if getattr(config, name)]
    if not given:
        given = [f"weight decay {config.weight_decay:g}"]
    return f"The penalty is too strong: {_listed(given)} keeps the weights near zero."


def _noise(_: RunConfig, references: References) -> str:
    share = ""
    if references.agreement is not None:
        agreement = f"{100 * references.agreement:.0f} %"
        share = f": only {agreement} of the samples have the class of their neighbour"
    return f"Label noise{share}, so there is little to learn."


_SENTENCES: dict[Cause, Callable[[RunConfig, References], str]] = {
    Cause.FROZEN: _frozen,
    Cause.ZERO_WEIGHTS: lambda *_: (
        "All weights started at zero, so the units of a layer are symmetric: they get the same "
        "gradient and remain identical."
    ),
    Cause.WARMUP: lambda config, _: (
        f"The warm-up of {config.warmup:,} epochs is too long: the learning rate is still far "
        f"below {config.learning_rate:g}."
    ),
    Cause.DECAY: _decay,
    Cause.PENALTY: _penalty,
    Cause.NO_HIDDEN_LAYER: _no_hidden_layer,
    Cause.LINEAR_ACTIVATION: lambda *_: (
        "The activations are linear: all layers together are one linear model, which can only draw "
        "a straight line."
    ),
    Cause.TOO_FEW_UNITS: _few_units,
    Cause.LOCAL_MINIMUM: _local_minimum,
    Cause.IMBALANCE: _imbalance,
    Cause.NOISE: _noise,
    Cause.SPELLINGS: lambda _, references: (
        f"The classes {_listed([*map(repr, references.spellings)])} are spellings of the same ones, "
        "which no network can distinguish. Correct them in the file."
    ),
    Cause.INPUTS: lambda *_: (
        "The inputs are not scaled: their size determines which of them the network can use."
    ),
    Cause.TARGETS: lambda *_: (
        "The targets are not scaled: the outputs cannot reach their size in small steps."
    ),
    Cause.TOO_SHORT: lambda config, _: (
        f"{config.epochs} epochs are too few: the same run learns if it continues."
    ),
    Cause.RATE_LOW: lambda config, _: (
        f"The learning rate of {config.learning_rate:g} is too low for {config.optimizer}: the steps "
        "are too small."
    ),
    Cause.RATE_HIGH: lambda config, _: (
        f"The learning rate of {config.learning_rate:g} is too high for {config.optimizer}: the steps "
        "are too long."
    ),
    Cause.BATCH_NORM: lambda *_: (
        "Batch normalisation hinders this run: the same layers get further without it."
    ),
    Cause.NOT_FOUND: lambda *_: "The run is stuck; the cause was not found.",
    Cause.BATCH_SIZE: lambda *_: "The batches are too large: an epoch has too few steps.",
}


def _vanishing(config: RunConfig, layers: tuple[LayerDiagnostics, ...]) -> str:
    norms = [each.gradient_norm for each in layers]
    least = min(range(len(norms)), key=norms.__getitem__)
    most = max(range(len(norms)), key=norms.__getitem__)
    ratio = f"{norms[most] / norms[least]:,.0f} times smaller" if norms[least] else "zero, not as"
    return (
        f"The gradient vanishes in backpropagation: in {layer_name(config, least)} it is {ratio} "
        f"than in {layer_name(config, most)}."
    )


def _exploding(config: RunConfig, layers: tuple[LayerDiagnostics, ...]) -> str:
    norms = [each.gradient_norm for each in layers]
    at = norms.index(max(norms))
    return f"The gradient explodes: in {layer_name(config, at)} it has a norm of {norms[at]:,.0f}."


def _dead(config: RunConfig, layers: tuple[LayerDiagnostics, ...]) -> str:
    at = max(range(len(config.hidden)), key=lambda each: layers[each].dead)
    return (
        f"{_units(config, at, layers[at].dead)} dead: their derivative is zero for every sample, so "
        "they no longer learn."
    )


def _saturated(config: RunConfig, layers: tuple[LayerDiagnostics, ...]) -> str:
    shares = [max(each.saturated, each.dead) for each in layers[:-1]]
    at = shares.index(max(shares))
    return f"{_units(config, at, shares[at])} saturated: near a bound, where the derivative is almost 0."


_LAYER_SENTENCES: dict[Cause, Callable[[RunConfig, tuple[LayerDiagnostics, ...]], str]] = {
    Cause.VANISHING: _vanishing,
    Cause.EXPLODING: _exploding,
    Cause.DEAD: _dead,
    Cause.SATURATED: _saturated,
}


def layer_name(config: RunConfig, at: int) -> str:
    """Return the name of a layer, counted from 0."""
    if at == len(config.hidden):
        return "the output layer"
    return f"layer {at + 1} ({config.activations[at]})"


def _units(config: RunConfig, at: int, share: float) -> str:
    units = config.hidden[at]
    count = round(share * units)
    many = f"All {units}" if count == units else f"{count} of {units}"
    return f"{many} units of {layer_name(config, at)} {'is' if count == 1 else 'are'}"


def _given(config: RunConfig, changes: dict[str, Any]) -> str:
    """Return the current values of the settings that a remedy changes."""
    return _listed(
        [f"{_name(each)} {setting(each).write(getattr(config, each))}" for each in changes]
    )


def _name(name: str) -> str:
    return name.replace("_", " ")


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]
