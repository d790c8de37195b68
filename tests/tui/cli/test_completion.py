"""Words that may follow on a command line."""

from pathlib import Path

import pytest

from core.config.run_config import RunConfig, settings
from core.datasets import DATASETS
from tui.cli.arguments import COMMANDS, UsageError, parser
from tui.cli.completion import NAMES, completion, following
from tui.cli.main import main


def texts(*words: str) -> list[str]:
    return [word.text for word in following(words)]


def test_the_first_word_is_a_command_a_preset_or_a_file() -> None:
    words = texts("")
    assert words[: len(COMMANDS)] == [*COMMANDS]
    assert {"xor", "gaussian-quantiles", ":files"} <= {*words}
    assert texts("gau") == ["gaussian-quantiles", ":files"]
    assert "train" not in texts("train", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_completed(command: str) -> None:
    flags = {
        flag
        for each in {command, "watch" if command == "serve" else command}
        for action in parser().of_command(each).actions()
        for flag in action.option_strings
        if flag.startswith("--")
    }
    assert {*texts(command, "--")} == flags
    assert all(word.help for word in following([command, "--"]))


def test_every_completed_value_of_a_setting_is_accepted() -> None:
    for setting in settings():
        for word in following([f"{setting.flag}="]):
            if word not in NAMES:
                setting.read(word.text.partition("=")[2])


def test_a_typed_option_is_not_offered_again() -> None:
    assert "--lr" not in texts("--lr", "0.1", "--l")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--loss", "hi"), ["hinge"]),
        (("--loss=hi",), ["--loss=hinge"]),
        (("--loss", "=", "hi"), ["hinge"]),  # in bash
        (("--activation", "relu,ta"), ["relu,tanh"]),
        (("--activation=relu,ta",), ["--activation=relu,tanh"]),
        (("sweep", "moons", "--optimizer", "sgd", "rms"), ["rmsprop", ":files"]),
        (("--dataset", "gauss"), ["gaussian-quantiles"]),
        (("--speed", ""), ["max"]),
        (("--background", ""), ["dark", "light"]),
        (("--lr", ""), []),
        (("--config", "x"), [":files"]),
        (("runs", "--run-dir", "x"), [":folders"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("help", "prefe"), ["preferences"]),
        (("datasets", "iri"), ["iris", ":files"]),
        (("presets", ""), []),
        (("export", "--to", "num"), ["numpy"]),
    ],
)
def test_values_are_those_of_the_option_before(words: tuple[str, ...], expected: list[str]) -> None:
    assert texts(*words) == expected


def test_a_switch_needs_no_value() -> None:
    assert texts("--batch-norm", "")[:2] == ["off", "on"]
    assert "xor" in texts("--batch-norm", "")


def test_runs_are_those_in_the_folder(tmp_path: Path) -> None:
    assert main(["train", "xor", "--epochs", "3", "--run-dir", str(tmp_path)]) == 0
    (tmp_path / "dam\naged").mkdir()
    (run,) = (each.name for each in tmp_path.glob("xor-*"))
    (word,) = following(["resume", "--run-dir", str(tmp_path), ""])
    assert word.text == run
    assert word.help.startswith("epoch 3, saved ")
    assert texts("resume", f"--run-dir={tmp_path}", "xor-") == [run]
    assert texts("follow", f"--run-dir={tmp_path}", "xor-") == [run, ":files"]
    assert texts("compare", f"--run-dir={tmp_path}", "xor-") == [run]
    assert texts("runs", "--run-dir", str(tmp_path), "") == ["rm"]
    assert texts("runs", "rm", "--run-dir", str(tmp_path), "") == [run]
    assert texts("runs", "rm", run, "--run-dir", str(tmp_path), "") == []
    assert texts("resume", "--run-dir", str(tmp_path / "none"), "") == []


def test_the_data_sets_are_all_offered() -> None:
    assert len(texts("--dataset", "")) >= len(DATASETS) - 1
    assert RunConfig().dataset in texts("--dataset", "")


@pytest.mark.parametrize("given", [[], ["tcsh"], ["bash", "zsh"]])
def test_an_unknown_shell_is_refused(given: list[str]) -> None:
    with pytest.raises(UsageError, match="expected bash, zsh or fish"):
        completion(given)
