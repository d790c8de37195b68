"""Mean outputs per class: each class has its own samples, and a class without any is blank."""

from dataclasses import replace

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.datasets import DataSplit
from core.nn.network import Network
from core.process.messages import State
from tests.tui.panels.test_network_pictures import picture
from tests.tui.sessions import session_after
from tui.drawing.palette import BACKGROUND
from tui.panels.network.drawing import MOST_SAMPLES
from tui.panels.network.node_pictures import GroupMeans
from tui.panels.network.panel import NetworkPanel
from tui.panels.view_options import ViewOptions
from tui.run_model import RunModel

LARGE = 2000


def iris_with(rare: int) -> tuple[RunModel, Network, DataSplit]:
    """Return a run whose data have many samples of classes 0 and 2, and few of class 1."""
    run = session_after(PRESETS["iris"].config(), 20, State.PAUSED)
    assert run.network is not None
    assert run.data is not None
    x, y = run.data.x_train, np.asarray(run.data.y_train)
    chosen = np.concatenate(
        [np.resize(np.flatnonzero(y == label), (LARGE, rare, LARGE)[label]) for label in range(3)]
    )
    run.data = replace(run.data, x_train=x[chosen], y_train=y[chosen])
    return run, run.network, run.data


@pytest.mark.parametrize("rare", [1, 2, 5])
def test_a_rare_class_has_the_mean_of_its_samples(rare: int) -> None:
    _, network, data = iris_with(rare)
    means = GroupMeans(network, data, 0).refresh()
    own = data.x_train[data.y_train == 1]
    np.testing.assert_allclose(means[0][:, 1], own.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(
        means[1][:, 1], network.hidden_outputs(own)[0].mean(axis=0), atol=1e-6
    )
    np.testing.assert_allclose(means[2][:, 1], network.predict(own).mean(axis=0), atol=1e-6)


def test_the_means_are_of_few_samples() -> None:
    _, network, data = iris_with(5)
    means = GroupMeans(network, data, 0)
    assert means._passes.logits.shape[1] <= MOST_SAMPLES


def test_a_class_without_samples_is_blank() -> None:
    run, network, data = iris_with(0)
    means = GroupMeans(network, data, 0).refresh()
    for values in means:
        assert np.isnan(values[:, 1]).all()
        assert np.isfinite(values[:, [0, 2]]).all()
    panel = NetworkPanel(run, ViewOptions())
    cells = panel.draw(66, 24)
    assert panel._layout is not None
    for column in panel._layout.columns:
        wide = column.width // 3
        for unit in column.units:
            shown = np.array(picture(cells, column, unit))
            assert (shown[:, wide : 2 * wide] == BACKGROUND).all()
            assert (shown[:, :wide] != BACKGROUND).all()
            assert (shown[:, 2 * wide :] != BACKGROUND).all()
