"""Search of the settings: which setting a text means, and which value it gives to it."""

import pytest

from core.config.run_config import settings
from tui.screens.settings_search import search


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("epochs 100", "epochs", "100"),  # a number that a description contains
        ("patience 1", "patience", "1"),
        ("momentum 0.9", "momentum", "0.9"),
        ("init he", "initializer", "he"),  # a word within other words
        ("bias off", "bias", "off"),
        ("learning-rate 0.1", "learning_rate", "0.1"),
        ("--lr=0.1", "learning_rate", "0.1"),
        ("rate 0.1", "learning_rate", "0.1"),
        ("hidden 16, 16", "hidden", "16, 16"),  # a value with a blank
        ("Data seed 3", "data_seed", "3"),  # a name with a blank
        ("batch 32", "batch_size", "32"),  # batch norm is a switch
        ("dataset two_lines", "dataset", "two-lines"),  # as it is written in the row
        ("data set", "dataset", ""),  # no file with the name set
        ("data Iris.csv", "data", "Iris.csv"),
        ("batch norm", "batch_norm", ""),
        ("cross-entropy", "loss", ""),
    ],
)
def test_a_text_means_a_setting_and_perhaps_a_value(text: str, name: str, value: str) -> None:
    found = search(text)
    assert (getattr(found.rows[found.at], "name", ""), found.value) == (name, value)


def test_a_name_with_a_value_is_always_that_setting() -> None:
    for each in settings():
        for name in (each.name, each.option, each.flag, each.name.replace("_", " ")):
            found = search(f"{name} {each.write(each.default)}")
            assert found.rows[found.at] == each, name
            assert each.read(found.value) == each.default, name


def test_an_invalid_value_is_explained() -> None:
    assert search("seed -1").problem.startswith("seed: expected a whole number from 0")
    assert search("zebra").problem.startswith("no setting has that")
