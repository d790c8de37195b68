"""Pairs of names on several parts of the data, and what a good value is."""

import pytest

from core.logs.pairs import pair


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["accuracy", "loss", "val_accuracy", "val_loss"], [("loss", "tv"), ("accuracy", "tv")]),
        (["train_loss", "test_loss", "lr"], [("loss", "ts"), ("lr", "t")]),
        (["Loss/train", "Loss/val"], [("Loss", "tv")]),
        (
            ["train/box_loss", "val/box_loss", "metrics/mAP50(B)"],
            [("box_loss", "tv"), ("mAP50(B)", "t")],
        ),
        (["train_loss_epoch", "train_loss_step", "val_loss"], [("loss", "tv"), ("loss_step", "t")]),
        (["training.loss", "eval-loss"], [("loss", "tv")]),
        (["trainable", "valley", "loss"], [("loss", "t"), ("trainable", "t"), ("valley", "t")]),
        (["loss", "train_loss"], [("loss", "t"), ("train_loss", "t")]),
    ],
)
def test_names_are_paired(names: list[str], expected: list[tuple[str, str]]) -> None:
    letters = {"train": "t", "validation": "v", "test": "s"}
    found = [(each.name, "".join(letters[part] for part in each.parts)) for each in pair(names)]
    assert found == expected
    assert sorted(name for each in pair(names) for name in each.parts.values()) == sorted(names)


def test_good_values() -> None:
    directions = {
        each.name: each.direction for each in pair(["loss", "valAcc", "lr", "mAP50(B)", "grad"])
    }
    assert directions == {"loss": -1, "valAcc": 1, "lr": 0, "mAP50(B)": 1, "grad": 0}
