"""The hidden space: projection, decision boundary, and the score of a linear model."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.hidden_space import (
    LINES,
    POINTS,
    Axes,
    HiddenSpace,
    SpaceView,
    decide,
    linear_score,
)
from core.analysis.planes import PlaneChoice
from core.config.presets import PRESETS
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row


def trained(name: str, epochs: int, **changes: object) -> Trainer:
    trainer = Trainer(PRESETS[name].config(**changes))
    for _ in range(epochs):
        trainer.train_epoch()
    return trainer


def space_of(trainer: Trainer) -> HiddenSpace:
    return HiddenSpace(trainer.network, trainer.data)


def picture_of(space: HiddenSpace, pair: tuple[int, int] | None = None) -> SpaceView:
    picture = space.picture(pair)
    assert picture is not None
    return picture


def test_xor_is_linearly_separable_in_the_hidden_space_and_not_in_the_inputs() -> None:
    space = space_of(trained("xor", 100))
    picture_of(space)
    assert space.linear() == 1.0
    assert space.inputs_linear_score <= 0.75


def test_moons_become_linearly_separable() -> None:
    space = space_of(trained("moons", 200))
    picture_of(space)
    assert space.inputs_linear_score < 0.92 < 0.99 < space.linear()


def test_a_linear_model_separates_a_class_between_two_others() -> None:
    # three clouds in a row: least squares alone gives the one in the middle away
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = np.column_stack([y * 4.0, y * 4.0]) + rng.normal(size=(300, 2)) * 0.5
    assert linear_score(x, np.eye(3)[y], True) > 0.98
    both = np.column_stack([x, np.ones(300)])
    alone = both @ np.linalg.lstsq(both, np.eye(3)[y], rcond=None)[0]
    assert (alone.argmax(axis=1) == y).mean() < 0.9


@pytest.mark.parametrize(
    ("name", "seed", "epochs"),
    [("gaussian_quantiles", 1, 20), ("gaussian_quantiles", 3, 60), ("iris", 1, 1), ("wine", 2, 5)],
)
def test_the_linear_model_is_converged_and_no_worse_than_the_output_layer(
    name: str, seed: int, epochs: int
) -> None:
    from sklearn.linear_model import LogisticRegression

    trainer = Trainer(RunConfig(dataset=name, seed=seed))
    for _ in range(epochs):
        trainer.train_epoch()
    space = HiddenSpace(trainer.network, trainer.data)
    own = (picture_of(space).predicted == space.y).mean()
    passes = ForwardPasses(trainer.network, len(space.y))
    run(passes.calls(with_bias_row(trainer.data.x_train, trainer.network.dtype)))
    hidden = passes.layers[-2].values.T
    other = LogisticRegression(C=1e4, max_iter=1000).fit(hidden, space.y).score(hidden, space.y)
    assert space.linear() >= max(own, other - 0.005)


def test_a_linear_model_can_fail() -> None:
    y = np.arange(200) % 2
    x = np.random.default_rng(1).normal(size=(200, 2))
    assert linear_score(x, np.eye(2)[y], True) < 0.7
    assert linear_score(x, x[:, :1] ** 2 - 1.0, False) < 0.1


def test_the_score_of_regression_is_the_r2_of_ridge_regression() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(100, 3))
    y = x @ [[1.0], [2.0], [-1.0]] + 5 + rng.normal(size=(100, 1))
    both = np.column_stack([x, np.ones(100)])
    residuals = y - both @ np.linalg.lstsq(both, y, rcond=None)[0]
    expected = 1 - (residuals**2).sum() / ((y - y.mean()) ** 2).sum()
    assert linear_score(x, y, False) == pytest.approx(expected, abs=1e-4)


def test_more_features_than_samples_are_supported() -> None:
    x = np.random.default_rng(3).normal(size=(20, 400))
    assert linear_score(x, np.eye(2)[np.arange(20) % 2], True) == 1.0


def test_principal_components_agree_with_a_singular_value_decomposition() -> None:
    trainer = trained("moons", 30)
    hidden = trainer.network.hidden_outputs(trainer.data.x_train)[-1].astype(np.float64)
    centred = hidden - hidden.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    by_hand = centred @ directions[:2].T
    samples = picture_of(space_of(trainer)).samples
    # the sign of a component is free
    signs = np.sign((samples * by_hand).sum(axis=0))
    assert samples == pytest.approx(by_hand * signs, abs=1e-5)


def test_the_coordinates_of_two_units_are_their_outputs() -> None:
    trainer = trained("moons", 30)
    hidden = trainer.network.hidden_outputs(trainer.data.x_train)[-1]
    picture = picture_of(space_of(trainer), (2, 5))
    assert picture.axes.names == ("h3", "h6")
    assert picture.samples == pytest.approx(hidden[:, [2, 5]])


@pytest.mark.parametrize("name", ["moons", "iris", "sine"])
def test_the_grid_is_the_image_of_lines_through_the_inputs(name: str) -> None:
    trainer = trained(name, 20)
    features = trainer.data.preparation.features(trainer.data.x_train)
    picture = picture_of(space_of(trainer), (0, 1))
    assert picture.grid.shape == ((1 if name == "sine" else 2 * LINES), POINTS, 2)
    if name == "iris":
        return  # the lines lie in a plane of principal components
    low, high = features.min(axis=0), features.max(axis=0)
    low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)
    across = np.linspace(low[0], high[0], POINTS)
    first = (
        across[:, None] if name == "sine" else np.column_stack([across, np.full(POINTS, low[1])])
    )
    inputs = trainer.data.preparation.inputs(first)
    expected = trainer.network.hidden_outputs(inputs)[-1][:, :2]
    assert picture.grid[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "binary_cross_entropy", "hinge"])
@pytest.mark.parametrize("pair", [None, (0, 1)])
def test_the_line_is_where_the_decision_changes(loss: str, pair: tuple[int, int] | None) -> None:
    trainer = trained("moons", 40, loss=loss)
    picture = picture_of(space_of(trainer), pair)
    line = picture.line
    assert line is not None
    weights, bias = line
    foot = -bias * weights / (weights @ weights)
    along = np.array([-weights[1], weights[0]]) / np.linalg.norm(weights)
    on_it = foot + np.linspace(-2, 2, 9)[:, None] * along
    last = trainer.network.layers[-1]
    for side, expected in ((1e-3, 1), (-1e-3, 0)):
        points = on_it + side * weights / np.linalg.norm(weights)
        logits = picture.axes.hidden(points) @ last.weights + last.biases
        assert (decide(logits) == expected).all()
        assert logits == pytest.approx(picture.logits(points), abs=1e-5)


def test_in_the_outputs_own_direction_each_sample_lies_on_its_predicted_side() -> None:
    trainer = trained("moons", 8)
    picture = space_of(trainer).picture(along_output=True)
    assert picture is not None
    line = picture.line
    assert line is not None
    predicted = decide(trainer.network.logits(trainer.data.x_train))
    assert 0 < predicted.mean() < 1
    assert ((picture.samples @ line[0] + line[1] > 0) == predicted).all()
    assert (picture.predicted == predicted).all()
    assert line[0][1] == pytest.approx(0, abs=1e-6)
    assert picture.axes.directions @ picture.axes.directions.T == pytest.approx(np.eye(2))


def test_components_neither_flip_nor_swap_from_one_epoch_to_the_next() -> None:
    trainer = trained("moons", 1)
    space = space_of(trainer)
    before = picture_of(space).axes
    for _ in range(60):
        trainer.train_epoch()
        picture = space.picture(before=before)
        assert picture is not None
        agreement = np.diag(before.directions @ picture.axes.directions.T)
        assert (agreement >= 0).all()
        before = picture.axes


def test_axes_with_another_order_or_sign_are_aligned() -> None:
    hidden = np.random.default_rng(4).normal(size=(200, 5)) * [5, 3, 1, 1, 1]
    first = Axes.of_components(hidden)
    turned = Axes(first.origin, -first.directions[::-1], first.start, ("PC 2", "PC 1"), None)
    again = Axes.of_components(hidden, turned)
    assert again.directions == pytest.approx(turned.directions)
    assert again.names == ("PC 2", "PC 1")
    assert Axes.of_components(hidden, first).directions == pytest.approx(first.directions)


def test_the_strongest_units_are_those_with_the_largest_outgoing_weights() -> None:
    trainer = trained("moons", 1)
    weights = trainer.network.weights[-1]
    weights[:] = 0.01
    weights[3], weights[6] = [-2, 2], [1, -1]
    weights[0] = 9  # added to both classes alike
    assert space_of(trainer).strongest()[:2] == [3, 6]


def test_many_samples_are_subsampled() -> None:
    trainer = Trainer(RunConfig(dataset="moons", samples=9000))
    space = space_of(trainer)
    assert len(space.indices) == 2000
    assert picture_of(space).samples.shape == (2000, 2)


def test_parameters_that_are_not_finite_have_no_picture() -> None:
    trainer = trained("moons", 1)
    space = space_of(trainer)
    trainer.network.parameters[:] = np.nan
    assert space.picture() is None


def test_batch_normalisation_and_a_chosen_plane_are_supported() -> None:
    trainer = trained("iris", 5, batch_norm=True)
    space = HiddenSpace(trainer.network, trainer.data, PlaneChoice(2, 3))
    picture = picture_of(space, (0, 1))
    hidden = trainer.network.hidden_outputs(trainer.data.x_train)[-1]
    assert picture.samples == pytest.approx(hidden[:, :2], abs=1e-5)
    assert picture.line is None


def test_one_unit_is_a_line() -> None:
    trainer = trained("moons", 3, hidden=(1,))
    assert picture_of(space_of(trainer)).samples[:, 1] == pytest.approx(0)


def test_without_a_hidden_layer_there_is_no_hidden_space() -> None:
    with pytest.raises(ValueError, match="hidden layer"):
        space_of(trained("moons", 1, hidden=()))
