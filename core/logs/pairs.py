"""Metrics of the same quantity on different parts of the data: `loss` and `val_loss` belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS: Final = (TRAIN, VALIDATION, TEST)

_WORDS: Final = {
    **dict.fromkeys(("train", "training", "tr"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}
_SEPARATORS: Final = "/_.- "

LOSSES: Final = frozenset(
    (
        "loss",
        "cost",
        "error",
        "err",
        "mse",
        "mae",
        "rmse",
        "nll",
        "bce",
        "ce",
        "cross_entropy",
        "crossentropy",
        "perplexity",
        "ppl",
        "bpb",
        "bpd",
        "wer",
        "cer",
        "fid",
        "kl",
        "kld",
        "elbo",
        "mape",
    )
)
SCORES: Final = frozenset(
    (
        "acc",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "auc",
        "auroc",
        "ap",
        "map",
        "map50",
        "iou",
        "miou",
        "dice",
        "r2",
        "score",
        "psnr",
        "ssim",
        "bleu",
        "rouge",
        "top1",
        "top5",
        "reward",
        "return",
        "success",
        "specificity",
        "sensitivity",
        "kappa",
        "mcc",
        "correlation",
    )
)
SETTINGS: Final = frozenset(
    (
        "lr",
        "learning_rate",
        "rate",
        "time",
        "seconds",
        "duration",
        "epoch",
        "step",
        "iteration",
        "iter",
        "momentum",
        "wd",
        "weight_decay",
        "memory",
        "mem",
        "beta",
        "penalty",
    )
)
"""Words of quantities that have no best value."""


@dataclass
class Quantity:
    """A quantity with the names of its metrics.

    Attributes:
        name: without the part of the data.
        parts: name of the metric, by part.
    """

    name: str
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def direction(self) -> int:
        """-1 if low values are good, 1 if high ones are, or 0 if neither is known."""
        words = _words_of(self.name)
        if words & SETTINGS:
            return 0
        if words & LOSSES:
            return -1
        return 1 if words & SCORES else 0

    @property
    def is_loss(self) -> bool:
        """Whether its name contains the word loss."""
        return "loss" in _words_of(self.name)

    @property
    def held(self) -> str | None:
        """Name of the metric on samples that are not trained, or None."""
        return self.parts.get(VALIDATION, self.parts.get(TEST))


def split_name(name: str) -> tuple[str, str | None]:
    """Return the quantity and the part of the data in the name of a metric; the part may be missing."""
    plain = re.sub(r"^metrics?/", "", name, flags=re.IGNORECASE)
    for separator in _SEPARATORS:
        first, _, rest = plain.partition(separator)
        if rest and first.lower() in _WORDS:
            return rest, _WORDS[first.lower()]
        rest, _, last = plain.rpartition(separator)
        if rest and last.lower() in _WORDS:
            return rest, _WORDS[last.lower()]
    return plain, None


def pair(names: Iterable[str]) -> list[Quantity]:
    """Return the quantities, losses first, then scores; otherwise in the order of their names.

    A metric without a part is the training metric of a quantity that has others.
    """
    found: dict[str, Quantity] = {}
    for name in names:
        quantity, part = split_name(name)
        key = quantity.lower()
        entry = found.get(key)
        if entry is None or (part or TRAIN) in entry.parts:
            # a second metric of that name has a line of its own
            key = key if entry is None else name.lower()
            entry = found[key] = Quantity(quantity if key == quantity.lower() else name)
        entry.parts[part or TRAIN] = name
    _join_averages(found)
    for entry in found.values():
        entry.parts = {part: entry.parts[part] for part in PARTS if part in entry.parts}
    return sorted(found.values(), key=_rank)


def _join_averages(found: dict[str, Quantity]) -> None:
    """Join `train_loss_epoch`, Lightning's mean of an epoch, with `val_loss`."""
    for key in [each for each in found if each.endswith("_epoch")]:
        other = found.get(key.removesuffix("_epoch"))
        if other is not None and TRAIN not in other.parts and TRAIN in found[key].parts:
            other.parts[TRAIN] = found.pop(key).parts[TRAIN]


def _rank(quantity: Quantity) -> int:
    if quantity.is_loss:
        total = quantity.name.lower() in {"loss", "total_loss", "loss_epoch", "epoch_loss"}
        return 0 if total else 1
    return {1: 2, -1: 3, 0: 4}[quantity.direction]


def _words_of(name: str) -> set[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)  # valLoss, but also mAP50
    found: set[str] = set()
    for text in (name.lower(), apart.lower()):
        words = [each for each in re.split(r"[^a-z0-9]+", text) if each]
        found |= {*words, *("_".join(two) for two in pairwise(words))}
    return found
