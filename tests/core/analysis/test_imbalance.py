"""The majority share is reported where classes are uneven, with scores that count classes equally."""

import numpy as np
import pytest
from sklearn import metrics

from core import RunConfig, Trainer
from core.analysis import imbalance
from core.analysis.imbalance import majority_share, uneven_scores


@pytest.mark.parametrize(
    ("train", "part", "share"),
    [
        ([95, 5], None, 0.95),
        ([5, 95], [1, 19], 0.95),
        ([60, 40], None, 0.6),
        ([59, 41], None, None),
        ([1, 1, 98], [10, 0, 30], 0.75),
        ([44, 28, 28], None, 0.44),
        ([43, 29, 28], None, None),
        ([10] * 10, None, None),
        ([21, *[9] * 8, 7], None, 0.21),
        ([100, 0], None, None),  # a single class
        ([95, 5], [0, 0], None),  # no samples
        ([], None, None),  # regression
    ],
)
def test_the_share_is_known_where_it_informs(
    train: list[int], part: list[int] | None, share: float | None
) -> None:
    assert majority_share(train, part) == (None if share is None else pytest.approx(share))


def rare(classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    y = np.where(rng.random(400) < 0.9, 0, rng.integers(0, classes, 400))
    return rng.normal(size=(400, 2)) + y[:, None], y


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "hinge"])
def test_the_scores_are_those_of_scikit_learn(
    classes: int, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imbalance, "CHUNK", 64)
    x, y = rare(classes)
    config = RunConfig(hidden=(4,), loss=loss, learning_rate=0.05)
    trainer = Trainer.from_data(config, x[:300], y[:300], x[300:], y[300:])
    for _ in range(5):
        trainer.train_epoch()
    scores = uneven_scores(trainer.network, trainer.data)
    assert list(scores) == ["train", "test"]
    for name, part in (("train", slice(0, 300)), ("test", slice(300, None))):
        predicted = trainer.network.logits(x[part]).argmax(axis=1)
        found = scores[name]
        assert found.majority_share == np.mean(y[part] == 0)
        assert found.balanced_accuracy == metrics.balanced_accuracy_score(y[part], predicted)
        assert found.macro_f1 == metrics.f1_score(y[part], predicted, average="macro")


def test_there_are_none_for_even_classes_and_for_numbers() -> None:
    for name in ("moons", "iris", "sine"):
        trainer = Trainer(RunConfig(dataset=name, hidden=(2,)))
        assert uneven_scores(trainer.network, trainer.data) == {}
