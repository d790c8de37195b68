"""Logs that the real libraries write, and the values that their own readers find in them.

    python -m benchmarks.log_fixtures FOLDER

Each library that is installed (TensorBoard, PyTorch, tensorboardX, Keras, Lightning, Ultralytics) trains
for a few epochs and logs into a folder of its own. Our readers must return the same numbers, to the last
bit.
"""

# mypy: ignore-errors

from __future__ import annotations

import csv
import importlib.util
import os
import struct
import sys
from pathlib import Path

import numpy as np

from core.logs.follower import LogFollower


def has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def with_torch(folder: Path) -> None:
    """Write the scalars of a training and a validation loss with PyTorch's SummaryWriter."""
    from torch.utils.tensorboard import SummaryWriter

    draw = np.random.default_rng(0)
    with SummaryWriter(folder / "torch") as writer:
        for step in range(300):
            writer.add_scalar("Loss/train", draw.lognormal(), step)
            writer.add_scalar("Accuracy/train", draw.random(), step)
            if step % 50 == 49:
                writer.add_scalar("Loss/val", draw.lognormal(), step)
                writer.add_histogram("weights", draw.normal(size=100), step)
                writer.add_scalar("new style", draw.random(), step, new_style=True)
        writer.add_scalar("odd/inf", float("inf"), 1)
        writer.add_scalar("odd/nan", float("nan"), 2)


def with_tensorboardx(folder: Path) -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder / "tensorboardx")) as writer:
        for step in range(100):
            writer.add_scalar("train/loss", 1 / (step + 1), step)
            writer.add_scalar("val/loss", 1 / (step + 2), step)


def with_keras(folder: Path) -> None:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(200, 2)).astype("float32")
    labels = (inputs[:, 0] * inputs[:, 1] > 0).astype("float32")
    model = keras.Sequential(
        [keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    (folder / "keras").mkdir(parents=True, exist_ok=True)
    callback = keras.callbacks.CSVLogger(folder / "keras" / "log.csv")
    model.fit(inputs, labels, epochs=12, validation_split=0.25, verbose=0, callbacks=[callback])


def with_lightning(folder: Path) -> None:
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    class Model(LightningModule):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
            )

        def _loss(self, batch):
            inputs, targets = batch
            return torch.nn.functional.mse_loss(self.layers(inputs), targets)

        def training_step(self, batch, _):
            loss = self._loss(batch)
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", self._loss(batch))

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 0.01)

    inputs = torch.randn(256, 2)
    data = torch.utils.data.TensorDataset(inputs, inputs.prod(1, keepdim=True))
    loader = torch.utils.data.DataLoader(data, 32)
    Trainer(
        max_epochs=6,
        logger=[
            CSVLogger(folder / "lightning"),
            TensorBoardLogger(folder / "lightning_tensorboard"),
        ],
        log_every_n_steps=5,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        accelerator="cpu",
    ).fit(Model(), loader, loader)


def with_ultralytics(folder: Path) -> None:
    """Train an untrained classifier of Ultralytics on images of two colours."""
    from PIL import Image
    from ultralytics import YOLO

    draw = np.random.default_rng(0)
    for part in ("train", "val"):
        for channel, name in enumerate(("red", "green")):
            images = folder / "ultralytics images" / part / name
            images.mkdir(parents=True, exist_ok=True)
            for number in range(8):
                pixels = draw.integers(0, 100, (32, 32, 3), dtype=np.uint8)
                pixels[:, :, channel] += 100
                Image.fromarray(pixels).save(images / f"{number}.png")
    YOLO("yolo11n-cls.yaml").train(
        data=str(folder / "ultralytics images"),
        project=str(folder / "ultralytics"),
        name="run",
        epochs=4,
        imgsz=32,
        batch=8,
        device="cpu",
        workers=0,
        plots=False,
        verbose=False,
    )


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def read(folder: Path) -> dict[str, dict[int, bytes]]:
    """Return the values that we read, by metric and step."""
    follower = LogFollower(folder)
    follower.read(10)
    while follower.is_behind:
        follower.read(10)
    return {
        name: {
            step: bits(value)
            for step, value in zip(*(each.tolist() for each in follower.points(name)), strict=True)
        }
        for name in follower.names
    }


def read_by_tensorboard(folder: Path) -> dict[str, dict[int, bytes]]:
    """Return the values that TensorBoard reads."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found: dict[str, dict[int, bytes]] = {}
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    for tag in accumulator.Tags()["scalars"]:
        found[tag] = {each.step: bits(each.value) for each in accumulator.Scalars(tag)}
    for tag in accumulator.Tags()["tensors"]:
        values = {each.step: make_ndarray(each.tensor_proto) for each in accumulator.Tensors(tag)}
        if all(each.size == 1 and each.dtype.kind == "f" for each in values.values()):
            found[tag] = {step: bits(float(each.item())) for step, each in values.items()}
    return found


def read_by_csv(path: Path, step_name: str) -> dict[str, dict[int, bytes]]:
    """Return the numbers in a CSV file, which Python reads."""
    found: dict[str, dict[int, bytes]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            step = int(float(row[step_name]))
            for name, cell in row.items():
                if name != step_name and cell.strip():
                    found.setdefault(name, {})[step] = bits(float(cell))
    return found


def check(
    name: str, ours: dict[str, dict[int, bytes]], theirs: dict[str, dict[int, bytes]]
) -> bool:
    """Print whether two readers agree."""
    count = sum(map(len, theirs.values()))
    is_same = ours == theirs and count > 0
    print(
        f"{name:<24}{len(theirs):>3} metrics {count:>6,} values  {'same' if is_same else 'DIFFER'}"
    )
    return is_same


def main(folder: Path) -> int:
    """Write the logs, and compare."""
    fine = True
    makers = {
        "torch": with_torch,
        "tensorboardX": with_tensorboardx,
        "keras": with_keras,
        "lightning": with_lightning,
        "ultralytics": with_ultralytics,
    }
    for library, make in makers.items():
        if has(library):
            make(folder)
        else:
            print(f"{library} is not installed")
    if has("tensorboard"):
        for events in sorted({each.parent for each in folder.rglob("*tfevents*")}):
            fine &= check(
                str(events.relative_to(folder))[:24], read(events), read_by_tensorboard(events)
            )
    for path in sorted(folder.rglob("*.csv")):
        step = "step" if path.name == "metrics.csv" else "epoch"
        fine &= check(str(path.relative_to(folder))[-24:], read(path), read_by_csv(path, step))
    return 0 if fine else 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
