"""The manual page: complete, and valid for man(7)."""

import re
import subprocess
from shutil import which

import pytest

from core.config.run_config import settings
from tui.cli.arguments import COMMANDS, parser
from tui.cli.man_page import man_page


def test_every_command_and_option_is_on_the_page() -> None:
    text = man_page().replace("\\-", "-")
    for name in COMMANDS:
        assert f".SS nnfs-tui {name}" in text
        for action in parser().of_command(name).actions():
            assert all(
                flag in text for flag in action.option_strings if flag not in {"-h", "--help"}
            )
    assert all(each.help.replace("-", "\\-") in man_page() for each in settings())


def test_an_option_with_the_name_of_a_setting_is_described() -> None:
    _, _, follow = man_page().partition(".SS nnfs\\-tui follow")
    assert "\\fB\\-\\-epochs\\fR" in follow.partition(".SS")[0]


def test_no_text_is_a_request() -> None:
    requests = {line.split()[0] for line in man_page().splitlines() if line[:1] in {".", "'"}}
    assert requests == {".TH", ".SH", ".SS", ".TP", ".B", ".RS", ".RE"}
    assert not re.search(r"(?<!\\)-", man_page())


def test_man_formats_it_without_a_warning() -> None:
    if which("groff") is None:
        pytest.skip("groff is not installed")
    run = subprocess.run(
        ["groff", "-ww", "-K", "utf8", "-man", "-T", "utf8"],
        input=man_page(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stderr == ""
    assert "learning rate" in run.stdout
