"""Divergence, overfitting and plateaus, from metrics alone."""

import numpy as np
import pytest

from core.logs.diagnosis import Curve, Observation, diagnose
from core.logs.series import Points

STEPS = np.arange(200)
FALLING = np.exp(-STEPS / 60) + 0.02
NOISE = np.random.default_rng(0).normal(0, 0.003, 200)


def points(values: np.ndarray, every: int = 1) -> Points:
    return Points(STEPS[::every], values[::every])


def words(found: list[Observation]) -> list[str]:
    return [each.word for each in found]


def test_a_healthy_run_has_no_alarm() -> None:
    loss = Curve(points(FALLING + NOISE), points(FALLING * 1.2 + NOISE, 10))
    found = diagnose(loss, None, "epoch")
    assert words(found) == ["learning"]
    assert not any(each.is_alarming for each in found)


def test_overfitting_names_the_best_step() -> None:
    held = FALLING + ((STEPS - 60) / 100).clip(0) ** 2
    found = diagnose(Curve(points(FALLING + NOISE), points(held, 5)), None, "step")
    assert words(found)[0] == "overfitting"
    lowest = 5 * int(held[::5].argmin())
    assert f"step {lowest}" in found[0].sentence
    assert found[0].is_alarming


def test_a_score_that_does_not_fall_is_no_overfitting() -> None:
    held = FALLING + 0.5 * ((STEPS - 60) / 100).clip(0) ** 2
    loss = Curve(points(FALLING), points(held))
    same = Curve(points(1 - FALLING), points(1 - FALLING))
    worse = Curve(points(1 - FALLING), points(1 - FALLING - ((STEPS - 60) / 200).clip(0)))
    assert "overfitting" not in words(diagnose(loss, same, "epoch"))
    assert "overfitting" in words(diagnose(loss, worse, "epoch"))


def test_a_plateau_names_its_first_step() -> None:
    values = np.where(STEPS < 80, 2 - STEPS / 80, 1.0)
    found = diagnose(Curve(points(values), None), None, "epoch")
    assert words(found) == ["plateau"]
    assert "since epoch 7" in found[0].sentence or "since epoch 8" in found[0].sentence


@pytest.mark.parametrize("last", [np.nan, np.inf, 1e9])
def test_divergence(last: float) -> None:
    values = FALLING.copy()
    values[150:] = last
    found = diagnose(Curve(points(values), points(values)), None, "epoch")
    assert words(found) == ["diverged"]
    if not np.isfinite(last):
        assert "since epoch 150" in found[0].sentence


@pytest.mark.parametrize("count", range(14))
def test_few_or_no_finite_values(count: int) -> None:
    for values in (FALLING[:count], np.full(count, np.nan), np.zeros(count)):
        part = Points(STEPS[:count], values)
        for loss in (Curve(part, None), Curve(None, part), Curve(part, part)):
            found = diagnose(loss, loss, "epoch")
            assert len(found) <= 2
            assert count == 0 or count >= 10 or found
