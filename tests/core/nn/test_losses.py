"""Losses agree with published values and remain finite for every logit."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from core.nn.calls import run
from core.nn.losses import LOSSES, Loss
from core.training.metrics import Correct, SquaredErrors, r_squared, squared_deviations


def value_of(loss: Loss, logits: ArrayLike, y: ArrayLike) -> float:
    z = np.array(logits, float).T.copy()
    value = loss.value(z, np.ascontiguousarray(loss.encode(np.array(y)).T))
    run(value.calls)
    assert value.weight == value.samples
    return value.total() / value.samples


def weighted_value_of(loss: Loss, logits: ArrayLike, y: ArrayLike) -> float:
    z = np.array(logits, float).T.copy()
    value = loss.value(z, np.ascontiguousarray(loss.encode(np.array(y)).T))
    run(value.calls)
    assert value.weight == pytest.approx(np.array(loss.class_weights)[np.array(y)].sum())
    return value.total() / value.weight


def gradient_of(loss: Loss, z: np.ndarray, y: ArrayLike) -> np.ndarray:
    delta = np.empty_like(z)
    gradient = loss.gradient(z, delta)
    targets = np.ascontiguousarray(loss.encode(np.array(y)).T).astype(z.dtype)
    run(
        [
            *gradient.before,
            *gradient.against(targets * z.dtype.type(gradient.scale)),
            *gradient.after,
        ]
    )
    return delta


LOGITS = [[2.0, 1.0, 0.1], [-1.0, 3.0, 0.5], [1000.0, 0.0, -1000.0]]


@pytest.mark.parametrize(("smoothing", "expected"), [(0.0, 1.0042347819), (0.1, 34.3586792263)])
def test_softmax_cross_entropy_of_the_reference(smoothing: float, expected: float) -> None:
    # torch.nn.functional.cross_entropy(label_smoothing=...), float64
    loss = LOSSES["softmax_cross_entropy"](3, label_smoothing=smoothing)
    assert value_of(loss, LOGITS, [0, 2, 0]) == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_two_class_form_agrees_with_the_general_formula(smoothing: float) -> None:
    logits = np.array([[2.0, 1.0], [-1.0, 3.0], [1000.0, -1000.0], [0.0, 0.0]])
    labels = [0, 0, 1, 1]
    targets = np.eye(2)[labels] * (1 - smoothing) + smoothing / 2
    logs = logits - np.logaddexp(logits[:, :1], logits[:, 1:])
    loss = LOSSES["softmax_cross_entropy"](2, label_smoothing=smoothing)
    assert value_of(loss, logits, labels) == pytest.approx(-(targets * logs).sum() / 4, rel=1e-14)
    expected = (np.exp(logs) - targets) / 4
    assert gradient_of(loss, logits.T.copy(), labels) == pytest.approx(expected.T, abs=1e-16)


def test_a_tiny_loss_is_not_rounded_to_zero() -> None:
    for name, logits in (
        ("softmax_cross_entropy", [[12.0, -12.0]]),
        ("binary_cross_entropy", [[-24.0]]),
    ):
        loss = LOSSES[name](2)
        z = np.array(logits, np.float32).T.copy()
        value = loss.value(z, loss.encode(np.array([0])).T.astype(np.float32))
        run(value.calls)
        assert value.total() == pytest.approx(np.log1p(np.exp(-24.0)), rel=1e-5)


def test_binary_cross_entropy_of_the_reference() -> None:
    # torch.nn.functional.binary_cross_entropy_with_logits, float64
    logits = [[-800.0], [-3.0], [0.0], [0.5], [40.0], [800.0]]
    loss = LOSSES["binary_cross_entropy"](2)
    assert value_of(loss, logits, [0, 1, 1, 0, 1, 0]) == pytest.approx(134.1193019194)


def test_hinge_is_the_margin_over_all_classes() -> None:
    # (max(0, 1 - 2 + 1) + max(0, 1 - 2 + 0.1)) / 3 and (max(0, 1 - 0.5 - 1) + (1 - 0.5 + 3)) / 3
    loss = LOSSES["hinge"](3)
    assert value_of(loss, LOGITS[:2], [0, 2]) == pytest.approx((0.0 + 3.5 / 3) / 2)
    gradient = gradient_of(loss, np.array(LOGITS[:2]).T.copy(), [0, 2])
    assert pytest.approx(np.array([[0, 0, 0], [0, 1, -1]]) / 6) == gradient.T


def test_differences_are_means_over_all_elements() -> None:
    z, y = [[2.0, 1.0], [0.5, 3.0]], [[1.0, 1.0], [0.0, 6.0]]  # differences 1, 0, 0.5, -3
    expected = {
        "mean_squared_error": (1 + 0.25 + 9) / 4,
        "mean_absolute_error": 4.5 / 4,
        "huber": (0.5 + 0.125 + 2.5) / 4,
    }
    for name, value in expected.items():
        assert value_of(LOSSES[name](0, 2), z, y) == pytest.approx(value), name
    assert value_of(LOSSES["huber"](0, 2, huber_delta=2), z, y) == pytest.approx(
        (0.5 + 0.125 + 2 * (3 - 1)) / 4
    )


def test_mean_squared_error_of_classes_takes_one_hot_targets() -> None:
    # (1, 0) and (0, 1): ((2-1)² + 1² + 0.5² + (3-1)²) / 4
    loss = LOSSES["mean_squared_error"](2)
    assert value_of(loss, [[2.0, 1.0], [0.5, 3.0]], [0, 1]) == pytest.approx(6.25 / 4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "classes"),
    [(name, n) for name in LOSSES for n in (2, 3) if (name, n) != ("binary_cross_entropy", 3)],
)
def test_losses_and_gradients_are_finite_at_a_thousand(name: str, dtype: str, classes: int) -> None:
    loss = LOSSES[name](classes, label_smoothing=0.1)
    z = np.array([[1000.0, -1000.0, 0.0, 1000.0]] * loss.outputs, dtype)
    z[1:] *= -1
    certainty = np.empty(4, dtype)
    with np.errstate(all="raise", under="ignore"):
        targets = np.ascontiguousarray(loss.encode(np.array([0, 1, 1, 1])).T).astype(dtype)
        value = loss.value(z, targets)
        run(value.calls)
        assert np.isfinite(value.total())
        delta = gradient_of(loss, z, [0, 1, 1, 1])
        assert np.isfinite(loss.probabilities(z)).all()
        run(loss.certainty(z, certainty))
    assert np.isfinite(delta).all()
    likeliest = (loss.probabilities(z).max(axis=0) - 1 / classes) / (1 - 1 / classes)
    assert certainty == pytest.approx(likeliest, abs=1e-6)


def test_a_tie_goes_to_the_first_class() -> None:
    for classes, labels in ((3, [0, 0, 1, 1, 2, 2]), (2, [0, 0, 1, 1, 1, 1])):
        loss = LOSSES["softmax_cross_entropy"](classes)
        z = np.zeros((classes, 6))
        score = Correct(loss, z, np.ascontiguousarray(loss.encode(np.array(labels)).T))
        run(score.calls)
        assert score.count() == 2


def test_r_squared_is_the_explained_share_of_the_variance() -> None:
    y = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 5.0, 5.0, 5.0]])
    z = np.array([[1.1, 1.9, 3.2, 3.8], [5.0, 5.0, 5.0, 5.0]])
    errors = SquaredErrors(z, y)
    run(errors.calls)
    first = 1 - (0.01 + 0.01 + 0.04 + 0.04) / 5
    assert r_squared(errors.count(), squared_deviations(y)) == pytest.approx((first + 1) / 2)


@pytest.mark.parametrize(
    ("name", "classes", "targets", "reason"),
    [
        ("binary_cross_entropy", 3, 0, "requires two classes: the data has 3"),
        ("softmax_cross_entropy", 0, 1, "requires classes"),
        ("hinge", 0, 2, "requires classes"),
    ],
)
def test_a_loss_rejects_targets_that_it_does_not_support(
    name: str, classes: int, targets: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        LOSSES[name](classes, targets)
