"""Scales of unit outputs: they follow the outputs in steps, and zero keeps its colour."""

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.nn.activations import ACTIVATIONS
from core.process.messages import State, StateChanged
from tui.drawing.palette import DIVERGING, SEQUENTIAL
from tui.panels.colour_scales import FittedScale, OutputScale
from tui.run_model import RunModel

GELU = ACTIVATIONS["gelu"]


def scale_of(state: State = State.TRAINING) -> FittedScale:
    run = RunModel(PRESETS["moons"].config())
    run.apply(StateChanged(state))
    return FittedScale(run)


@pytest.mark.parametrize("low", [0.0, -0.17, -1.0, -4.9])
@pytest.mark.parametrize("high", [0.0, 0.3, 5.0])
def test_zero_has_the_neutral_colour_whatever_the_ends(low: float, high: float) -> None:
    scale = scale_of(State.PAUSED).fit(GELU, np.array([low, high]))
    colours = [scale.colours[level] for level in scale.levels(np.array([0.0, low, high]))]
    assert colours[0] == DIVERGING[len(DIVERGING) // 2]
    assert scale.low <= min(low, 0.0) + 1e-6
    assert scale.high >= max(high, 0.0) - 1e-6
    # the same colours as on the whole scale
    whole = OutputScale.of(GELU, np.array([max(-low, high)]))
    if whole.high == pytest.approx(max(-low, high)):
        values = np.linspace(low, high, 50)
        expected = [whole.colours[level] for level in whole.levels(values)]
        assert [scale.colours[level] for level in scale.levels(values)] == expected


def test_ends_that_no_output_reaches_are_left_out() -> None:
    scale = scale_of(State.PAUSED).fit(GELU, np.array([-0.17, 5.0]))
    assert scale.colours == DIVERGING[len(DIVERGING) // 2 :]
    assert scale.low == pytest.approx(-5 / len(DIVERGING))
    assert scale.high == pytest.approx(5)


def test_a_scale_follows_in_steps_while_training_and_fits_exactly_at_rest() -> None:
    relu = ACTIVATIONS["relu"]
    fitted = scale_of()
    tops = []
    for largest in np.linspace(2, 4, 100).tolist():
        tops.append(fitted.fit(relu, np.array([0.0, largest])).high)
        assert tops[-1] >= largest
    assert len(set(tops)) <= 4
    held = tops[-1]
    for largest in (3.0, 3.9, 2.5, 4.0):
        assert fitted.fit(relu, np.array([largest])).high == held
    assert fitted.fit(relu, np.array([0.9])).high <= 1.2
    at_rest = scale_of(State.PAUSED)
    at_rest.fit(relu, np.array([4.0]))
    assert at_rest.fit(relu, np.array([3.0])).high == 3.0


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_bounds_of_a_function_that_saturates_are_its_scale(name: str) -> None:
    scale = scale_of().fit(ACTIVATIONS[name], np.array([0.01, 0.02]))
    assert (scale.low, scale.high) == ((-1, 1) if name == "tanh" else (0, 1))


def test_values_that_are_not_finite_have_a_scale() -> None:
    for values in ([np.nan, np.inf], [-np.inf, 1e38], [], [np.nan]):
        scale = scale_of().fit(GELU, np.array(values))
        assert np.isfinite([scale.low, scale.high]).all()
    assert scale_of().fit(ACTIVATIONS["relu"], np.array([np.nan])).colours == SEQUENTIAL
