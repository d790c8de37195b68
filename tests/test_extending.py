"""The diffs in docs/extending.md apply to the current code, and their checks pass."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
SECTIONS = {
    title: text
    for title, text in (part.split("\n", 1) for part in PAGE.split("\n## ")[1:])
    if "```diff" in text
}
COUNTS = {
    title: int(count)
    for title, count in re.findall(r"^\| (an? .*?) \| (\d) \|", PAGE, re.MULTILINE)
}
PROGRAM = "import sys; from tui.cli.main import main; sys.exit(main(sys.argv[1:]))"


def diff_of(section: str) -> str:
    (diff,) = re.findall(r"```diff\n(.*?)```", section, re.DOTALL)
    return str(diff)


def commands_of(section: str) -> list[list[str]]:
    """Return the commands of the indented lines: tests to select, or arguments of the program."""
    tests = re.findall(r'^    make test ARGS="(.*)"$', section, re.MULTILINE)
    runs = re.findall(r"^    nnfs-tui (.*)$", section, re.MULTILINE)
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    return [[*pytest_, *shlex.split(each)] for each in tests] + [
        [sys.executable, "-c", PROGRAM, *shlex.split(each)] for each in runs
    ]


def apply(diff: str, folder: Path) -> bool:
    """Return whether a diff applies in a folder that is not part of a repository."""
    command = ["git", "apply", "--unsafe-paths", "-"]
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    applied = subprocess.run(
        command, input=diff, cwd=folder, env=environment, text=True, capture_output=True
    )
    return applied.returncode == 0


def run(command: list[str], copy: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), "NNFS_TUI_RUN_DIR": str(copy / "runs")}
    return subprocess.run(
        command, cwd=copy, env=environment, text=True, capture_output=True, timeout=120
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "images")
    for name in ("core", "tui", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("title", SECTIONS)
def test_a_diff_applies_and_its_checks_pass(title: str, copy: Path) -> None:
    assert apply(diff_of(SECTIONS[title]), copy)
    commands = commands_of(SECTIONS[title])
    assert commands
    for command in commands:
        done = run(command, copy)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_counts_the_files_of_each_diff() -> None:
    counted = {}
    for title, section in SECTIONS.items():
        files = re.findall(r"^\+\+\+ b/(\S+)", diff_of(section), re.MULTILINE)
        counted[title.lower()] = len([each for each in files if each.endswith(".py")])
    assert counted == COUNTS


def test_a_diff_of_other_code_does_not_apply(copy: Path) -> None:
    diff = diff_of(next(iter(SECTIONS.values())))
    assert not apply(diff.replace("np.empty_like(a)", "np.empty(a)").replace("\n ", "\n x"), copy)


def test_a_key_without_its_row_in_the_documents_is_found(copy: Path) -> None:
    section = SECTIONS["A key"]
    (code,) = re.findall(r"--- a/tui.*?(?=--- a/|\Z)", diff_of(section), re.DOTALL)
    assert apply(code, copy)
    assert "test_every_key_is_in_the_documents" in run(commands_of(section)[0], copy).stdout
