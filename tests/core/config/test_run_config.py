"""The settings: validation, one-sentence errors and round trips."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import Trainer
from core.config.errors import ConfigError
from core.config.run_config import RunConfig, read_toml, setting, settings
from core.nn.activations import ACTIVATIONS
from core.nn.initializers import INITIALIZERS
from core.nn.optimizers import OPTIMIZERS

configs = st.builds(
    RunConfig,
    dataset=st.sampled_from(["moons", "circles", "blobs", "spiral"]),
    samples=st.none() | st.integers(40, 1_000_000),
    noise=st.none() | st.floats(0, 10),
    test_size=st.floats(0.001, 0.999),
    hidden=st.lists(st.integers(1, 4096), max_size=16).map(tuple),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    initializer=st.sampled_from(sorted(INITIALIZERS)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    learning_rate=st.floats(1e-12, 1e6),
    momentum=st.floats(0, 0.999),
    batch_size=st.just("full") | st.integers(1, 1_000_000),
    l2=st.floats(0, 1e3),
    epochs=st.integers(1, 100_000_000),
    seed=st.integers(0, 2**63 - 1),
    dtype=st.sampled_from(["float32", "float64"]),
)


@given(configs)
def test_a_config_survives_toml(config: RunConfig) -> None:
    assert RunConfig.from_mapping(tomllib.loads(config.to_toml())) == config


@given(configs)
def test_what_a_setting_writes_it_reads(config: RunConfig) -> None:
    for each in settings():
        value = getattr(config, each.name)
        assert each.read(each.write(value)) == value


@pytest.mark.parametrize(
    ("changes", "given", "expected"),
    [
        ({"learning_rate": -1}, "-1", "above 0"),
        ({"learning_rate": float("nan")}, "nan", "above 0"),
        ({"learning_rate": True}, "True", "above 0"),
        ({"hidden": (8, 0)}, "8,0", "units per hidden layer"),
        ({"hidden": (1,) * 17}, "1,1", "at most 16 layers"),
        ({"dataset": "nope"}, "nope", "xor, moons"),
        ({"activation": "tahn"}, "tahn", "did you mean tanh"),
        ({"epochs": 0}, "0", "from 1"),
        ({"epochs": 1.5}, "1.5", "whole number"),
        ({"test_size": 2}, "2", "below 1"),
        ({"batch_size": "all"}, "all", "full"),
        ({"classes": 3}, "3", "2 or auto for moons"),
        ({"dataset": "spiral", "samples": 5}, "5", "at least 6"),
        ({"dataset": "spiral", "loss": "binary_cross_entropy"}, "binary", "the data has 3"),
        ({"seed": -1}, "-1", "from 0"),
    ],
)
def test_an_error_names_the_invalid_value_and_what_is_expected(
    changes: dict[str, object], given: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig(**changes)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert given in sentence
    assert expected in sentence
    assert caught.value.name in changes


def test_every_setting_has_help_and_an_option_of_its_own() -> None:
    table = settings()
    assert all(each.help and each.value_type.accepts for each in table)
    assert len({each.option for each in table}) == len(table)
    assert setting("learning_rate").flag == "--lr"


def test_a_toml_file_is_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    good = tmp_path / "run.toml"
    good.write_text('dataset = "circles"\nhidden = [4, 4]\n')
    assert read_toml(good) == {"dataset": "circles", "hidden": (4, 4)}
    for text, expected in (
        ("hidden = [", "a TOML file"),
        ("hiden = [4]", "did you mean hidden"),
        ("learning_rate = 'fast'", "above 0"),
    ):
        bad = tmp_path / "bad.toml"
        bad.write_text(text)
        with pytest.raises(ConfigError, match=expected):
            read_toml(bad)
    with pytest.raises(ConfigError, match="there is no such file"):
        read_toml(tmp_path / "nowhere.toml")


def test_the_header_says_what_runs() -> None:
    assert RunConfig().describe() == "moons · 2-8-8-2 tanh · adam 0.01 · batch 32 · seed 0"
    xor = RunConfig(
        dataset="xor", hidden=(), batch_size="full", loss="binary_cross_entropy", l2=0.1, seed=7
    )
    assert (
        xor.describe()
        == "xor · 2-1 · binary cross entropy · adam 0.01 · full batch · L2 0.1·Σw²/2 · seed 7"
    )


def test_the_header_names_class_weights_and_missing_biases() -> None:
    config = RunConfig(class_weight="balanced", bias=False)
    assert config.describe() == (
        "moons · 2-8-8-2 tanh without biases · balanced classes · adam 0.01 · batch 32 · seed 0"
    )


def test_a_file_may_contain_what_the_user_would_type(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('hidden = 8\nlearning_rate = "0.1"\npatience = "off"\nfreeze = "1,2"\n')
    values = read_toml(file)
    assert values == {"hidden": (8,), "learning_rate": 0.1, "patience": None, "freeze": (1, 2)}


@pytest.mark.parametrize("text", ["epochs = " + "9" * 5000, "a = " + "[" * 3000])
def test_a_file_that_no_reader_takes_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="a TOML file"):
        read_toml(file)


def test_a_decay_that_would_grow_is_refused() -> None:
    for schedule in ("step", "exponential", "plateau"):
        with pytest.raises(ConfigError, match="from 0 to 1"):
            RunConfig(schedule=schedule, decay=2.0)
    RunConfig(schedule="inverse_time", decay=2.0)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"momentum": 0.5}, ["momentum"]),
        ({"momentum": 0.5, "optimizer": "rmsprop"}, []),
        ({"weight_decay": 0.1}, ["weight_decay"]),
        ({"decay": 0.5, "decay_epochs": 3}, ["decay", "decay_epochs"]),
        ({"decay": 0.5, "decay_epochs": 3, "schedule": "step"}, []),
        ({"label_smoothing": 0.1}, []),
        ({"label_smoothing": 0.1, "dataset": "bumps"}, ["label_smoothing"]),
        ({"huber_delta": 2.0, "dataset": "bumps", "loss": "huber"}, []),
        ({"hidden": (), "dropout": 0.2, "batch_norm": True}, ["batch_norm", "dropout"]),
        ({"l2": 0.1, "penalize_biases": True, "bias": False}, ["penalize_biases"]),
        ({"l2": 0.1, "penalize_biases": True}, []),
    ],
)
def test_settings_without_effect_are_reported(changes: dict[str, Any], names: list[str]) -> None:
    assert list(RunConfig(**changes).without_effect()) == names


@pytest.mark.parametrize(
    "changes", [{"momentum": 0.5}, {"weight_decay": 0.3}, {"decay": 0.4}, {"huber_delta": 3.0}]
)
def test_settings_reported_without_effect_have_none(changes: dict[str, Any]) -> None:
    plain, other = Trainer(RunConfig()), Trainer(RunConfig(**changes))
    assert [plain.train_epoch() for _ in range(3)] == [other.train_epoch() for _ in range(3)]
