"""Class weights are scikit-learn's, and weighted losses are PyTorch's."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from core import RunConfig, Trainer
from core.config.errors import ConfigError
from core.nn.losses import LOSSES, Loss, balanced_class_weights
from core.training.metrics import Correct
from tests.core.nn.test_losses import LOGITS, gradient_of, value_of, weighted_value_of

WEIGHTS = (0.5, 2.0, 1.25)
FOUR = [*LOGITS, [0.3, -0.2, 0.9]]


@pytest.mark.parametrize("counts", [[95, 5], [5, 95], [3, 1, 50], [1] * 7, [20, 0, 30], [4, 0]])
def test_balanced_weights_are_those_of_scikit_learn(counts: list[int]) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    present = np.unique(y)
    weights = balanced_class_weights(counts)
    expected = compute_class_weight("balanced", classes=present, y=y)
    assert [weights[label] for label in present] == expected.tolist()
    assert sum(weights) == sum(expected)
    assert [weights[label] for label in y] == compute_sample_weight("balanced", y).tolist()


@pytest.mark.parametrize(
    ("smoothing", "expected"), [(0.0, 1.6276331294982789), (0.1, 36.8867777808403)]
)
def test_weighted_softmax_cross_entropy_of_the_reference(smoothing: float, expected: float) -> None:
    # torch.nn.functional.cross_entropy(weight=..., label_smoothing=...), float64
    loss = LOSSES["softmax_cross_entropy"](3, label_smoothing=smoothing, class_weights=WEIGHTS)
    assert weighted_value_of(loss, FOUR, [0, 2, 0, 1]) == pytest.approx(expected, rel=1e-14)


def test_its_gradient_of_the_reference() -> None:
    loss = LOSSES["softmax_cross_entropy"](3, label_smoothing=0.1, class_weights=WEIGHTS)
    gradient = gradient_of(loss, np.array(FOUR).T.copy(), [0, 2, 0, 1])
    assert (
        pytest.approx(
            np.array(
                [
                    [-0.020644943955, 0.01711348035, 0.003531463604],
                    [0.000973878022, 0.251596056154, -0.252569934177],
                    [0.025490196078, -0.01568627451, -0.009803921569],
                    [0.12818326791, -0.359090052618, 0.230906784708],
                ]
            ),
            abs=1e-12,
        )
        == gradient.T
    )


def test_weighted_losses_of_the_reference_are_divided_by_the_sum_of_the_weights() -> None:
    # the sum of torch's weighted losses / the sum of the weights
    logits = [[-800.0], [-3.0], [0.0], [0.5], [40.0], [800.0]]
    binary = LOSSES["binary_cross_entropy"](2, class_weights=(0.6, 3.0))
    expected = 45.53793200245302
    assert weighted_value_of(binary, logits, [0, 1, 1, 0, 1, 0]) == pytest.approx(expected)
    hinge = LOSSES["hinge"](3, class_weights=WEIGHTS)
    assert weighted_value_of(hinge, LOGITS[:2], [0, 2]) == pytest.approx(5 / 6)


def losses_of_classes(**options: float) -> list[tuple[str, int]]:
    return [
        (name, n) for name in LOSSES for n in (2, 3) if (name, n) != ("binary_cross_entropy", 3)
    ]


@pytest.mark.parametrize(("name", "classes"), losses_of_classes())
def test_a_weight_of_three_is_as_good_as_three_samples(name: str, classes: int) -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, classes, 12)
    plain, times = LOSSES[name](classes), np.where(y == 1, 3, 1)
    z = rng.normal(size=(plain.outputs, 12)) * 2
    weights = tuple(3.0 if label == 1 else 1.0 for label in range(classes))
    weighted = LOSSES[name](classes, class_weights=weights)
    repeated = np.repeat(z, times, axis=1)
    expected = value_of(plain, repeated.T, np.repeat(y, times))
    assert weighted_value_of(weighted, z.T, y) == pytest.approx(expected, rel=1e-14)
    gradient = gradient_of(plain, repeated.copy(), np.repeat(y, times))
    summed = np.add.reduceat(gradient, np.cumsum([0, *times[:-1]]), axis=1)
    assert gradient_of(weighted, z, y) == pytest.approx(summed, abs=1e-15)


@pytest.mark.parametrize(("name", "classes"), losses_of_classes())
def test_equal_weights_change_nothing(name: str, classes: int) -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(0, classes, 12)
    plain: Loss = LOSSES[name](classes, label_smoothing=0.2)
    weighted = LOSSES[name](classes, label_smoothing=0.2, class_weights=(7.0,) * classes)
    z = rng.normal(size=(plain.outputs, 12))
    assert weighted_value_of(weighted, z.T, y) == pytest.approx(value_of(plain, z.T, y), rel=1e-14)
    assert gradient_of(weighted, z, y) == pytest.approx(gradient_of(plain, z, y), rel=1e-14)


def test_the_accuracy_counts_classes_also_where_weights_outweigh_the_smoothed_label() -> None:
    # the weighted target of the rare class is larger for samples of the frequent one, too
    y = np.array([0, 0, 1])
    loss = LOSSES["softmax_cross_entropy"](2, label_smoothing=0.5, class_weights=(0.1, 10.0))
    targets = np.ascontiguousarray(loss.encode(y).T)
    assert (targets[0] > 0).all()
    score = Correct(loss, np.array([[2.0, 2.0, 2.0], [1.0, 3.0, 3.0]]), targets)
    for each in score.calls:
        each()
    assert score.count() == 2


def uneven(**changes: object) -> tuple[RunConfig, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 2))
    config = RunConfig(hidden=(4,), batch_size=16, class_weight="balanced").changed(**changes)
    return config, x, np.where(np.arange(60) % 10, 0, 1)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_weights_are_those_of_the_training_samples(loss: str) -> None:
    config, x, y = uneven(dtype="float64", loss=loss, label_smoothing=0.1)
    trainer = Trainer.from_data(config, x, y, x[:20], y[:20])
    assert trainer.network.loss.class_weights == (60 / (2 * 54), 60 / (2 * 6))
    metrics = trainer.train_epoch()
    logits = trainer.network.logits(x[:20])
    expected = weighted_value_of(trainer.network.loss, logits, y[:20])
    assert metrics.test_loss == pytest.approx(expected, rel=1e-14)
    plain = Trainer.from_data(config.changed(class_weight="none"), x, y, x[:20], y[:20])
    assert plain.train_epoch().train_loss != metrics.train_loss


def test_a_class_without_training_samples_has_no_weight_and_its_samples_no_loss() -> None:
    config, x, y = uneven()
    trainer = Trainer.from_data(config, x, y, x[:3], np.array([2, 2, 2]))
    assert trainer.network.loss.class_weights[2] == 0
    metrics = trainer.train_epoch()
    assert metrics.test_loss == 0
    assert trainer.stopped is None


def test_the_weights_follow_the_samples() -> None:
    config = RunConfig(dataset="moons", samples=25, hidden=(3,), class_weight="balanced")
    trainer = Trainer(config)
    before = trainer.network.loss.class_weights
    data = trainer.data
    few = Trainer.from_data(config, data.x_train[:9], data.y_train[:9], data.x_test, data.y_test)
    trainer.set_data(few.data)
    assert trainer.network.loss.class_weights == few.network.loss.class_weights != before


def test_the_weights_are_those_of_all_samples_where_only_some_are_shown() -> None:
    config, x, y = uneven()
    data = Trainer.from_data(config, x, y, x, y).data
    shown = data.thinned(10)
    assert len(shown.y_train) == 10
    assert shown.class_counts == data.class_counts == ((54, 6), (54, 6))


def test_numbers_to_predict_have_no_class_weights() -> None:
    with pytest.raises(ConfigError, match="expected none, as the targets of the data are numbers"):
        RunConfig(dataset="sine", class_weight="balanced")
    config = RunConfig(class_weight="balanced")
    x = np.zeros((20, 2))
    with pytest.raises(ConfigError, match="for class weight: expected none"):
        Trainer.from_data(config, x, x[:, 0], x, x[:, 0])
