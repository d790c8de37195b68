"""The example of the README prints the stated results, and the tables of the documents are complete."""

import re
import subprocess
import sys
from pathlib import Path

from core.datasets import DATASETS
from tui.keys import GROUPS, help_rows
from tui.panels.registry import PANELS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_its_comments_say() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
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
    _, _, table = README.partition("| panel | shows |\n|---|---|\n")
    rows = re.findall(r"^\| (\S+ \S+) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert rows == [f"{panel.key} {panel.label}" for panel in PANELS]


def test_every_data_set_is_in_the_documents() -> None:
    data = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    for name in DATASETS.keys() - {"moons_legacy"}:
        assert name.replace("_", "-") in data, name


def test_every_picture_and_document_is_there() -> None:
    links = [link for link in re.findall(r"\]\((.*?)\)", README, re.DOTALL) if ":" not in link]
    assert links
    for link in links:
        assert (ROOT / link.partition("#")[0]).is_file(), link
