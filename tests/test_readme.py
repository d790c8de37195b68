"""The README's example gives what it says, and its table of keys is the program's."""

import re
import subprocess
import sys
from pathlib import Path

from tui.keys import KEYS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_its_comments_say() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    expected = re.findall(r"print\(.*\)  # (.*)", example)
    printed = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()
    assert len(expected) == 3
    assert printed == expected


def test_every_key_is_in_the_readme() -> None:
    table = README.split("## Keys")[1].split("## ")[0]
    shown = {key.shown for key in KEYS if key.bound and not key.shown.isdigit()}
    for key in shown - {"⇧tab"}:
        assert re.search(rf"(?<!\w){re.escape(key)}(?!\w)", table), key


def test_every_picture_is_there() -> None:
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README, re.DOTALL):
        assert (Path(__file__).resolve().parents[1] / picture).is_file()
