"""The four paths in docs/architecture.md name files, classes and functions that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
STEPS = re.findall(r"`([\w/]+\.py): ([\w.]+)`", PAGE)


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names that statements define: functions, classes, and what is assigned."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name
            yield from definitions(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id
        elif isinstance(node, ast.Assign):
            yield from (prefix + each.id for each in node.targets if isinstance(each, ast.Name))


def defines(path: str, name: str) -> bool:
    """Return whether a file of the repository exists and defines a name."""
    file = ROOT / path
    return file.is_file() and name in definitions(ast.parse(file.read_text("utf-8")).body)


@pytest.mark.parametrize(("path", "name"), sorted(set(STEPS)))
def test_a_step_names_a_definition_that_exists(path: str, name: str) -> None:
    assert defines(path, name)


def test_each_path_has_steps() -> None:
    paths = PAGE.split("\n## ")[1:]
    assert len(paths) == 4
    for path in paths:
        assert len(re.findall(r"`[\w/]+\.py: [\w.]+`", path)) >= 8, path.splitlines()[0]


def test_a_wrong_name_is_found() -> None:
    assert defines("core/nn/network.py", "TrainingStep.calls")
    assert not defines("core/nn/network.py", "TrainingStep.call")
    assert not defines("core/nn/network.py", "calls")
    assert not defines("core/nn/networks.py", "TrainingStep")
