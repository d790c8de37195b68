"""The wheel contains exactly the two packages, and the program runs from any folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from core import __version__
from tui.cli.man_page import man_page

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("nnfs-tui")

SHARED = {
    "share/bash-completion/completions/nnfs-tui",
    "share/fish/vendor_completions.d/nnfs-tui.fish",
    "share/man/man1/nnfs-tui.1",
    "share/zsh/site-functions/_nnfs-tui",
}
"""Files that shells and `man` find next to the command."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_two_packages_and_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {
        str(path.relative_to(ROOT))
        for package in ("core", "tui")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    info = f"nnfs_tui-{__version__}.dist-info"
    shared = f"nnfs_tui-{__version__}.data"
    expected |= {f"{shared}/data/{name}" for name in SHARED}
    assert {name for name in names if not name.startswith(f"{info}/")} == expected
    assert {name.partition("/")[0] for name in names} == {"core", "tui", info, shared}
    assert "tui/app.tcss" in names
    assert f"{info}/licenses/LICENSE" in names


def test_the_installed_wheel_runs_from_another_directory(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli.main", "train", "xor", "--epochs", "3"],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "3 of 3 epochs" in run.stdout


def test_the_command_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    own = tmp_path / "environment"
    venv.create(own)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        own,
        "install",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, wheel], check=True, capture_output=True, timeout=120)
    # the dependencies, without the program that is installed next to them
    (site,) = own.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    run = subprocess.run(
        [own / "bin" / "nnfs-tui", "train", "xor", "--epochs", "3", "--no-save"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "3 of 3 epochs" in run.stdout
    assert (own / "share/man/man1/nnfs-tui.1").read_text(encoding="utf-8") == man_page()
    assert all((own / name).is_file() for name in SHARED)


def test_the_version_is_told_from_another_directory(tmp_path: Path) -> None:
    run = subprocess.run(
        [PROGRAM, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == f"nnfs-tui {__version__}\n"


@pytest.mark.parametrize("shape", ["core.py", "core/__init__.py"])
def test_a_foreign_core_is_noticed_and_named(shape: str, tmp_path: Path) -> None:
    foreign = tmp_path / shape
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("raise SystemExit('the foreign core was imported')\n")
    run = subprocess.run(
        [PROGRAM, "train", "xor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert str(foreign) in run.stderr
    assert run.stdout == ""


def test_a_core_in_the_current_folder_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "core.py").write_text("raise SystemExit('imported from the current folder')\n")
    run = subprocess.run(
        [PROGRAM, "train", "xor", "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
