"""Schedules agree with PyTorch's rates, and a plateau lowers the rate after its patience."""

import pytest

from core.nn.schedules import SCHEDULES, Schedule


def rates(name: str, count: int, rate: float = 0.1, **options: float) -> list[float]:
    schedule = Schedule.create(name, rate, run_epochs=10, **options)  # type: ignore[arg-type]
    return [schedule.rate(epoch) for epoch in range(count)]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("constant", {}, [0.1] * 7),
        # torch's StepLR(3, 0.5), ExponentialLR(0.9), CosineAnnealingLR(10)
        ("step", {"epochs": 3, "decay": 0.5}, [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]),
        ("exponential", {"decay": 0.9}, [0.1, 0.09, 0.081, 0.0729]),
        ("inverse_time", {"decay": 0.5}, [0.1, 0.0666667, 0.05, 0.04, 0.0333333]),
        (
            "cosine",
            {},
            [0.1, 0.0975528258, 0.0904508497, 0.0793892626, 0.0654508497, 0.05, 0.0345491503],
        ),
        ("linear", {"epochs": 4}, [0.1, 0.075, 0.05, 0.025, 0.0, 0.0]),
        ("linear", {"epochs": 4, "min_learning_rate": 0.02}, [0.1, 0.08, 0.06, 0.04, 0.02, 0.02]),
        ("step", {"epochs": 1, "min_learning_rate": 0.005}, [0.1, 0.01, 0.005, 0.005]),
        ("constant", {"warmup": 3}, [0.025, 0.05, 0.075, 0.1, 0.1]),
        ("exponential", {"decay": 0.5, "warmup": 1}, [0.05, 0.1, 0.05, 0.025]),
    ],
)
def test_rates_of_the_reference(
    name: str, options: dict[str, float], expected: list[float]
) -> None:
    assert rates(name, len(expected), **options) == pytest.approx(expected, abs=1e-7)


def test_the_cosine_is_constant_after_its_end() -> None:
    assert rates("cosine", 30, min_learning_rate=0.001)[10:] == pytest.approx([0.001] * 20)


def test_a_plateau_lowers_the_rate_after_its_patience() -> None:
    schedule = Schedule.create("plateau", 1.0, run_epochs=100, epochs=2, decay=0.5)
    seen = []
    for epoch, loss in enumerate([3.0, 2.0, 2.0, 2.5, 1.9999, 1.9999, 1.9, 1.9, 1.9, 1.9]):
        schedule.observe(loss)
        seen.append(schedule.rate(epoch))
    # 2.0 is the best; 2.0, 2.5 and 1.9999 (better by less than 1e-4) are three without improvement
    assert seen == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_a_minimum_above_the_rate_changes_nothing() -> None:
    for name in SCHEDULES:
        assert rates(name, 5, 0.1, min_learning_rate=0.5) == pytest.approx([0.1] * 5), name
