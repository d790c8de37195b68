"""The confusion matrix and its scores agree with scikit-learn's."""

from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from sklearn import metrics

from core.analysis.confusion import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1,
    macro_f1,
    most_confused,
    precision,
    recall,
)


def test_a_matrix_worked_out_by_hand() -> None:
    # class 0: two right, one predicted as 2; class 1: one predicted as 0; class 2: one right
    true = np.array([0, 0, 0, 1, 2])
    predicted = np.array([0, 0, 2, 0, 2])
    matrix = confusion_matrix(true, predicted, 3)
    assert matrix.tolist() == [[2, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert matrix.dtype == np.int64
    assert accuracy(matrix) == 3 / 5
    # of three predicted as 0, two are; nothing is predicted as 1; of two predicted as 2, one is
    np.testing.assert_array_equal(precision(matrix), [2 / 3, np.nan, 1 / 2])
    np.testing.assert_array_equal(recall(matrix), [2 / 3, 0, 1])
    np.testing.assert_array_equal(f1(matrix), [4 / 6, 0, 2 / 3])
    assert macro_f1(matrix) == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
    assert balanced_accuracy(matrix) == pytest.approx((2 / 3 + 0 + 1) / 3)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("samples", [1, 7, 500])
def test_all_scores_agree_with_scikit_learn(classes: int, samples: int) -> None:
    rng = np.random.default_rng(classes * samples)
    # not every class occurs, and not every class is predicted
    true = rng.integers(0, classes, samples)
    predicted = np.where(rng.random(samples) < 0.5, true, rng.integers(0, classes, samples))
    labels = np.arange(classes)
    matrix = confusion_matrix(true, predicted, classes)
    expected = metrics.confusion_matrix(true, predicted, labels=labels)
    np.testing.assert_array_equal(matrix, expected)
    for ours, theirs in (
        (precision, metrics.precision_score),
        (recall, metrics.recall_score),
        (f1, metrics.f1_score),
    ):
        scores = theirs(true, predicted, labels=labels, average=None, zero_division=np.nan)
        np.testing.assert_allclose(ours(matrix), scores)
    assert accuracy(matrix) == pytest.approx(metrics.accuracy_score(true, predicted))
    with catch_warnings():
        simplefilter("ignore")  # about classes that are predicted but do not occur
        assert balanced_accuracy(matrix) == metrics.balanced_accuracy_score(true, predicted)
    assert macro_f1(matrix) == pytest.approx(
        metrics.f1_score(true, predicted, labels=labels, average="macro", zero_division=np.nan)
    )


def test_scores_without_samples_are_nan() -> None:
    none = np.empty(0, np.int64)
    matrix = confusion_matrix(none, none, 2)
    assert matrix.tolist() == [[0, 0], [0, 0]]
    assert np.isnan([accuracy(matrix), macro_f1(matrix), *precision(matrix), *recall(matrix)]).all()


@pytest.mark.parametrize(
    ("true", "predicted"), [([0, 3], [0, 0]), ([0, 0], [0, -1]), ([0], [0, 0])]
)
def test_invalid_class_numbers_are_rejected(true: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match=r"between 0 and|1 true and 2 predicted"):
        confusion_matrix(np.array(true), np.array(predicted), 3)


def test_the_most_frequent_errors_come_first() -> None:
    matrix = np.array([[9, 1, 0], [3, 9, 1], [0, 0, 9]])
    assert most_confused(matrix, 10) == [(1, 0, 3), (0, 1, 1), (1, 2, 1)]
    assert most_confused(matrix, 2) == [(1, 0, 3), (0, 1, 1)]
    assert most_confused(np.diag([1, 2, 3]), 5) == []
    assert matrix[0, 0] == 9
