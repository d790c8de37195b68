"""Printed help on presets, data sets, settings, commands and keys."""

from pathlib import Path

import pytest

from core.config.presets import PRESETS
from core.config.run_config import RunConfig, settings
from core.datasets import DATASETS
from tui.cli.arguments import COMMANDS, UsageError
from tui.cli.main import main
from tui.cli.topics import explain
from tui.keys import KEYS


def test_the_help_on_a_preset_contains_options_that_make_the_same_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = {each.flag: each for each in settings()}
    for name, preset in PRESETS.items():
        explain([name.replace("-", "_")])
        text = capsys.readouterr().out
        assert preset.description[:40] in text
        assert f"nnfs-tui train {name} " in text
        _, _, options = text.partition("differ from the defaults:")
        words = options.partition("Run it:")[0].split()
        values = {
            flags[flag].name: flags[flag].read(text)
            for flag, text in zip(words[::2], words[1::2], strict=True)
        }
        assert RunConfig(**values) == preset.config()


def test_every_command_data_set_and_setting_is_a_topic(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS.keys() - {"help"}:
        explain([command])
        assert f"usage: nnfs-tui {command}" in capsys.readouterr().out
    for name in DATASETS:
        explain([name])
        assert f"{DATASETS[name].samples} samples" in " ".join(capsys.readouterr().out.split())
    for each in settings():
        if each.name not in {*PRESETS, *COMMANDS}:
            for word in (each.flag, each.name, each.option):
                assert main(["help", word]) == 0
                assert capsys.readouterr().out.startswith(each.flag)
    for flag, text in (
        ("--no-bias", "--bias, a setting"),
        ("--speed", "--speed, an option of watch, resume"),
        ("--take-over", "--take-over, an option of resume"),
        ("seeds", "--seeds, an option of watch, train\n"),
    ):
        assert main(["help", flag]) == 0
        assert capsys.readouterr().out.startswith(text)
    explain(["seeds"])
    assert (
        "--seeds, an option of sweep\n" in capsys.readouterr().out
    )  # of which it means another number
    explain(["keys"])
    text = capsys.readouterr().out
    assert all(f" {key.action} " in text for key in KEYS if key.handler)


def test_an_unknown_topic_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"'moon' is not a topic .* did you mean moons"):
        explain(["moon"])
    with pytest.raises(UsageError, match="see nnfs-tui help"):
        explain(["qqqq", "--x"])


@pytest.mark.parametrize("home", ["", "relative"])
def test_the_help_on_preferences_needs_no_home_folder(
    home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: Path(home))  # a user without a password entry
    assert main(["help", "preferences"]) == 0
    assert "read from $XDG_CONFIG_HOME/nnfs-tui/preferences.toml" in capsys.readouterr().out
