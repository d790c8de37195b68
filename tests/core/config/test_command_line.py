"""The command line of a configuration gives the same configuration."""

import shlex
from typing import Any

import pytest

from core import RunConfig
from core.config.command_line import command_of
from core.config.presets import PRESETS
from tui.cli.arguments import parser, with_negative_entries, with_switches
from tui.cli.main import _config

CHANGES: list[dict[str, Any]] = [
    {},
    {"seed": 7, "learning_rate": 0.05},
    {"hidden": (), "bias": False},
    {"hidden": (8, 4), "activation": ("relu", "tanh"), "dropout": (0.1, 0.0), "batch_norm": True},
    {"batch_size": "full", "schedule": "cosine", "patience": 5, "monitor": "train"},
    {"data": "my data; rm -rf.csv", "target": "it's", "exclude": ("id", "row name")},
    {"data": "a.csv", "features": ("-id",)},
    {"freeze": (1,), "l2": 1e-4, "data_seed": 3},
]


def config_of(command: str) -> RunConfig:
    """Return the configuration of a command line, as the program reads it."""
    _, *words = shlex.split(command)
    return _config(parser().parse_args(with_negative_entries(with_switches(words))))


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("preset", ["moons", "xor", "wildml"])
def test_the_command_line_gives_the_same_configuration(
    preset: str, changes: dict[str, Any]
) -> None:
    config = PRESETS[preset].config(**changes)
    found = config_of(command_of(config, "train"))
    # the name of the data set has no effect with a file
    unlike = [each.name for each in found.differences(config)]
    assert unlike == (["dataset"] if config.data and preset != "moons" else [])


def test_a_preset_is_its_name_alone() -> None:
    for name, preset in PRESETS.items():
        assert command_of(preset.config()) == f"nnfs-tui {name}"
