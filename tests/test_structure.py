"""The structure of the repository: the tests that guard a module are found by its path."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
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
