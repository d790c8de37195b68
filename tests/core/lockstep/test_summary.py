"""One sentence says how many runs have learnt, and where the others stay."""

from math import inf, isnan, nan

import pytest

from core import RunConfig
from core.lockstep.summary import RunResult, explained, ranked, spread, verdict
from core.training.state import EpochMetrics
from core.training.stopping import Stop


def result(score: float, loss: float = 0.5, stopped: Stop | None = Stop.EPOCHS) -> RunResult:
    return RunResult(RunConfig(), EpochMetrics(9, loss, loss, score, score, 0.1), 9, stopped)


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ([1] * 41 + [0.75] * 17 + [0.5] * 6, "41 of 64 solved; 17 stuck at 75 %, 6 at 50 %"),
        ([1, 1], "2 of 2 solved"),
        ([1, 0.98, 0.97], "1 of 3 solved; 1 at 98 %, 1 at 97 %"),
        ([0.9996], "0 of 1 solved; 1 at 99.9 %"),
        ([0.91, 0.92, 0.93, 0.94, 0.95], "0 of 5 solved; 5 from 91 to 95 %, with a median of 93 %"),
    ],
)
def test_equal_accuracies_are_counted(scores: list[float], sentence: str) -> None:
    assert verdict([result(score) for score in scores], has_classes=True) == sentence


def test_runs_that_are_still_trained_are_not_called_stuck() -> None:
    scores = [1.0, 0.75, 0.75, 0.75, 0.5]
    runs = [result(score, stopped=None) for score in scores]
    assert verdict(runs, has_classes=True) == "1 of 5 solved; 3 at 75 %, 1 at 50 %"


def test_a_summary_says_what_solved_means() -> None:
    said = verdict([result(1), result(0.98)], has_classes=True)
    assert explained(said) == "1 of 2 solved (every training sample right); 1 at 98 %"
    assert explained("R² from 0 to 1") == "R² from 0 to 1"


def test_diverged_runs_are_counted_on_their_own() -> None:
    diverged = result(1.0, stopped=Stop.DIVERGED)
    assert not diverged.solved
    assert verdict([result(1), diverged], has_classes=True) == "1 of 2 solved; 1 diverged"
    assert verdict([diverged] * 2, has_classes=True) == "0 of 2 solved; all 2 diverged"
    assert verdict([diverged] * 2, has_classes=False) == "all 2 diverged"


def test_regression_has_quartiles_of_r2() -> None:
    assert verdict([result(at / 4) for at in range(-1, 4)], has_classes=False) == (
        "R² of the training samples from −0.250 to 0.750, half of them from 0.000 to 0.500"
    )


def test_runs_are_ranked_by_loss_with_those_that_diverged_last() -> None:
    results = [result(1, 0.3), result(1, 0.1, Stop.DIVERGED), result(1, nan), result(1, 0.2)]
    assert ranked(results) == [results[3], results[0], results[2], results[1]]


def test_the_spread_has_only_finite_values() -> None:
    assert spread([1, 2, inf, 3, nan]) == (1, 1.5, 2, 2.5, 3)
    assert all(isnan(each) for each in spread([nan]))
