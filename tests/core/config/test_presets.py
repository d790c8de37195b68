"""Presets of real data, languages and sine reach the expected scores on average over ten seeds."""

from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.baseline import measure_baseline
from core.config.presets import (
    DEFAULT,
    PRESETS,
    Preset,
    closest_preset,
    introduction,
    preset_for,
)
from core.datasets import DATASETS
from core.training.state import EpochMetrics

SEEDS = range(10)
WANTED = {
    "iris": 0.93,
    "wine": 0.95,
    "breast-cancer": 0.95,
    "digits": 0.96,
    "languages": 0.90,
    "sine": 0.97,
    "diabetes": 0.35,
}


def trained(config: RunConfig) -> tuple[Trainer, EpochMetrics]:
    trainer = Trainer(config)
    metrics = trainer.train_epoch()
    while trainer.stopped is None:
        metrics = trainer.train_epoch()
    return trainer, metrics


@pytest.mark.parametrize(("name", "wanted"), WANTED.items())
def test_a_preset_reaches_what_it_promises(name: str, wanted: float) -> None:
    config = PRESETS[name].config()
    assert config.epochs <= 60 or name != "digits"
    scores = [trained(config.changed(seed=seed))[1].test_score for seed in SEEDS]
    assert np.mean(scores) >= wanted


def test_every_data_set_has_a_preset() -> None:
    used = {preset.config().dataset for preset in PRESETS.values()}
    assert set(DATASETS) - used == {"plane"}  # a single line finds it


def test_underscores_and_hyphens_name_the_same_preset() -> None:
    from core.config.presets import preset

    assert preset("breast_cancer") is preset("breast-cancer")


def test_a_network_gets_above_the_line_that_a_linear_model_draws_through_the_moons() -> None:
    config = RunConfig(samples=2000, noise=0.2, epochs=60)
    lines, scores = [], []
    for seed in range(3):
        trainer, metrics = trained(config.changed(seed=seed))
        baseline = measure_baseline(trainer.data)
        assert baseline.name == "logistic regression"
        lines.append(baseline.test_score)
        scores.append(metrics.test_score)
    assert 0.84 < np.mean(lines) < 0.89
    assert np.mean(scores) > 0.96


def test_the_linear_model_takes_no_feature_that_bends_its_line() -> None:
    config = RunConfig(dataset="circles")
    bent = config.changed(features_extra=("x1sq", "x2sq"))
    straight, same = (measure_baseline(Trainer(each).data) for each in (config, bent))
    assert straight == same
    assert straight.test_score < 0.7


def test_numbers_have_a_linear_model_too() -> None:
    from sklearn.linear_model import Ridge

    data = Trainer(PRESETS["diabetes"].config()).data
    baseline = measure_baseline(data)
    model = Ridge().fit(data.x_train, data.y_train)
    assert baseline.test_score == pytest.approx(model.score(data.x_test, data.y_test))
    assert "R²" in str(baseline)


def test_only_the_presets_of_the_same_data_set_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(each.dataset == each.config().dataset for each in PRESETS.values())
    config, built = PRESETS["iris-keras"].config(), []

    def build(preset: Preset, **changes: Any) -> RunConfig:
        built.append(preset.name)
        return RunConfig(**{**preset.settings, **changes})

    monkeypatch.setattr(Preset, "config", build)
    assert introduction(config) == PRESETS["iris-keras"].introduction
    assert closest_preset(config).name == "iris-keras"
    assert set(built) == {"iris", "iris-keras"}
    found = preset_for("iris")
    assert found is not None
    assert found.name == "iris"
    assert preset_for("plane") is None
    assert closest_preset(config.changed(dataset="plane", hidden=())).name == DEFAULT
