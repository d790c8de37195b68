"""The structure of the repository: tests are found by the path of their module, classes are small."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
MOST_METHODS = 25
OF_THE_PROGRAM = (TESTS, TESTS / "terminal")
"""Folders of tests of the whole program, which mirror nothing."""


def mirrors(test: Path) -> bool:
    """Return whether `test_NAME.py` or `test_NAME_ASPECT.py` is at the path of a module NAME."""
    folder = ROOT / test.parent.relative_to(TESTS)
    names = {path.stem for path in folder.glob("*") if path.suffix == ".py" or path.is_dir()}
    words = test.stem.removeprefix("test_").split("_")
    return any("_".join(words[:count]) in names for count in range(1, len(words) + 1))


@pytest.mark.parametrize("test", sorted(TESTS.rglob("test_*.py")), ids=lambda path: path.stem)
def test_a_test_mirrors_a_module(test: Path) -> None:
    assert test.parent in OF_THE_PROGRAM or mirrors(test)


def test_a_test_of_no_module_is_found() -> None:
    assert mirrors(TESTS / "core" / "nn" / "test_network.py")
    assert mirrors(TESTS / "core" / "nn" / "test_network_shapes.py")
    assert not mirrors(TESTS / "core" / "nn" / "test_networks.py")
    assert not mirrors(TESTS / "core" / "test_network.py")


def large_classes(source: str) -> dict[str, int]:
    """Return the classes of a module with too many methods, and how many each has."""
    sizes = {
        node.name: sum(
            isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in node.body
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }
    return {name: size for name, size in sizes.items() if size > MOST_METHODS}


def test_no_class_has_more_than_25_methods() -> None:
    for package in ("core", "tui"):
        for path in (ROOT / package).rglob("*.py"):
            assert large_classes(path.read_text(encoding="utf-8")) == {}, path


def test_a_class_with_26_methods_is_found() -> None:
    def source(methods: int) -> str:
        return "class Large:\n" + "".join(
            f"    {'async ' * (at % 2)}def method_{at}(self): ...\n" for at in range(methods)
        )

    assert large_classes(source(25)) == {}
    assert large_classes(source(26)) == {"Large": 26}


def joined_percent_signs(source: str) -> list[int]:
    """Return the lines of f-strings with a percent sign right after a number."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.JoinedStr):
            continue
        before: ast.expr | None = None
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                is_joined = part.format_spec is not None and "%" in ast.unparse(part.format_spec)
            else:
                is_joined = isinstance(before, ast.FormattedValue) and "%" in ast.unparse(part)[:2]
            if is_joined:
                lines.append(part.lineno)
            before = part
    return lines


def test_percentages_are_written_with_a_blank() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("core", "tui")
        for path in (ROOT / folder).rglob("*.py")
        for line in joined_percent_signs(path.read_text())
    }
    assert not found


def test_percentages_without_a_blank_are_found() -> None:
    assert joined_percent_signs('a = f"{b:.0%}"\nc = f"{100 * b:.0f} %"\nd = f"{e}% of"') == [1, 3]
