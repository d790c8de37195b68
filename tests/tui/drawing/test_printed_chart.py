"""The printed chart of the loss: any run gives one, or nothing."""

from math import exp, inf, nan

import pytest

from tui.drawing.printed_chart import MOST_POINTS, LossRecord


def recorded(losses: list[float], test: float = 1.1) -> LossRecord:
    record = LossRecord()
    for epoch, loss in enumerate(losses):
        record.add(epoch, loss, test * loss)
    return record


def test_the_chart_ends_at_the_last_epoch_and_fits_the_width() -> None:
    for width in (51, 80, 300):
        lines = (
            recorded([0.7 * exp(-at / 90) for at in range(601)])
            .chart(width, coloured=False, shared=False)
            .splitlines()
        )
        assert max(map(len, lines)) < width
        assert lines[-1].split()[-1] == "600"
        assert lines[0] == "loss (logarithmic) by epoch: train line, test x"
        assert "x" in "".join(lines[1:])
    long = recorded([1.0 + 1 / (1 + at) for at in range(10 * MOST_POINTS + 7)])
    assert "20,006" in long.chart(80, coloured=True, shared=True)


@pytest.mark.parametrize(
    "losses",
    [[0.0, 0.0], [1.0, nan, 2.0], [inf, 1.0, 2.0], [1e-300, 1e300], [5e-324, 1.0], [-1.0, 1.0]],
)
def test_no_loss_is_an_error(losses: list[float]) -> None:
    assert "by epoch" in recorded(losses).chart(80, coloured=True, shared=False)


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ([0.7 * exp(-at / 90) for at in range(601)], ["1", "0.5", "0.2", "0.1", "0.01", "0.001"]),
        ([0.4 + 0.1 * exp(-at / 90) for at in range(601)], ["0.55", "0.50", "0.45", "0.40"]),
        ([1e300, 0.0], ["1.5e300", "1.0e300", "5.0e299", "0"]),
        ([0.5, 0.5], ["0.56", "0.54", "0.52", "0.50"]),
    ],
)
def test_the_axis_has_round_numbers(losses: list[float], labels: list[str]) -> None:
    chart = recorded(losses).chart(80, coloured=False, shared=False)
    shown = [line.split("┤")[0].strip() for line in chart.splitlines() if "┤" in line]
    assert all(each in {*labels} for each in shown if each), shown
    assert len([each for each in shown if each]) >= 2
    assert "x" in chart


@pytest.mark.parametrize("losses", [[], [0.5], [nan, nan, inf]])
def test_without_two_epochs_or_a_finite_loss_there_is_no_chart(losses: list[float]) -> None:
    assert recorded(losses).chart(80, coloured=True, shared=False) == ""
    assert recorded([1.0, 2.0]).chart(50, coloured=True, shared=False) == ""
