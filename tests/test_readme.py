"""Documents: examples print the stated results, commands are valid, tables and pictures complete."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from core.datasets import DATASETS
from core.datasets.prepare import prepare
from tui.cli.arguments import COMMANDS, parser
from tui.cli.main import _config
from tui.keys import GROUPS, help_rows
from tui.panels.registry import PANELS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENGINE = (ROOT / "docs/engine.md").read_text(encoding="utf-8")
PANELS_PAGE = (ROOT / "docs/panels.md").read_text(encoding="utf-8")
MOST_BYTES = 1_000_000
"""Size of a picture that a page loads at once."""


def test_the_example_prints_what_its_comments_say() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", ENGINE, re.DOTALL)
    expected = re.findall(r"print\(.*\)  # (.*)", example)
    printed = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert len(expected) == 3
    assert printed == expected


def test_every_key_is_in_the_documents() -> None:
    keys = (ROOT / "docs/keys.md").read_text(encoding="utf-8")
    for group in GROUPS:
        for shown, sentence in help_rows(group):
            assert f"| {shown} | {sentence} |" in keys


def test_the_table_of_panels_lists_the_registered_panels() -> None:
    _, _, table = PANELS_PAGE.partition("| panel | shows |\n|---|---|\n")
    rows = re.findall(r"^\| (\S+ \S+) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert rows == [f"{panel.key} {panel.label}" for panel in PANELS]


def test_every_data_set_is_in_the_documents() -> None:
    data = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    for name in DATASETS.keys() - {"moons_legacy"}:
        assert name.replace("_", "-") in data, name


def test_every_picture_and_document_is_there() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"\]\((.*?)\)", page.read_text(encoding="utf-8"), re.DOTALL)
        for link in links:
            if ":" not in link and not link.startswith("#"):
                assert (page.parent / link.partition("#")[0]).is_file(), (page.name, link)


def test_every_command_of_the_readme_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    commands = re.findall(r"^    nnfs-tui(.*?)(?: #.*)?$", README, re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        words = shlex.split(command)
        words = words if words[:1] and words[0] in COMMANDS else ["watch", *words]
        options = parser().parse_args(words)
        if options.command in {"watch", "train"}:
            prepare(_config(options))


def test_the_animated_picture_shows_both_runs_and_is_small() -> None:
    text = (ROOT / "docs/images/learning.svg").read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    root = ET.fromstring(text)
    svg = "{http://www.w3.org/2000/svg}"
    rows = {each.get("id") for each in root.iterfind(f"{svg}defs/{svg}g")}
    frames = root.findall(f".//{svg}g[@class='f']")
    assert len(frames) > 15
    for frame in frames:
        assert {use.get("href", "")[1:] for use in frame} <= rows
        assert "animation" in frame.get("style", "")
    words = {"".join(each.itertext()) for each in root.iter(f"{svg}text")}
    assert {"xor", "moons", "TRAINING"} <= words
