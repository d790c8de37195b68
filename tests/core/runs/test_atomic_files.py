"""Untrusted run folders: no file outside of them is written to, and sizes are checked before use."""

import os
import resource
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.datasets import edits as data_edits
from core.datasets.edits import AddPoint, Edit, MovePoint, RemovePoint
from core.datasets.prepare import prepare
from core.datasets.summary import Summary, summarize
from core.runs.atomic_files import NOTHING, SPARSE, Directory, RunError
from core.runs.autosaver import Autosaver, SaveOptions, SaveStatus
from core.runs.catalogue import find, list_runs, remove
from core.runs.cpu_kernels import kernels
from core.runs.folder import CONFIG, EVENTS, HISTORY, ROWS, STATE, RunFolder
from core.runs.lock import LOCK
from core.runs.reader import read_header, read_run
from core.training.epoch_log import tabulate
from tests.core.runs.test_catalogue import PATIENCE, wait_for
from tests.core.runs.test_reader import moment_of, rewritten, run_of, saved

NAMES = (
    STATE,
    CONFIG,
    ROWS,
    EVENTS,
    HISTORY,
    LOCK,
    *(f".{each}.new" for each in (STATE, CONFIG, HISTORY)),
)
PRECIOUS = b"precious\n" * 1000


def a_socket(path: Path, _: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path, Path], object]] = {
    "a symbolic link": lambda path, victim: path.symlink_to(victim),
    "a symbolic link to nothing": lambda path, victim: path.symlink_to(victim.with_name("new")),
    "a symbolic link to a folder": lambda path, victim: path.symlink_to(victim.parent),
    "a FIFO": lambda path, _: os.mkfifo(path),
    "a socket": a_socket,
    "a directory": lambda path, _: path.mkdir(),
    "a hard link": lambda path, victim: path.hardlink_to(victim),
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    trainer = Trainer(RunConfig())
    return saved(tmp_path / "runs", trainer, run_of(trainer, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_only_ordinary_files_are_accepted_under_every_name(run: Path, kind: str) -> None:
    home = run.parent.parent / "home"
    home.mkdir()
    victim = home / "victim"
    victim.write_bytes(PRECIOUS)
    for name in NAMES:
        path = run / name
        content = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        KINDS[kind](path, victim)
        for use in (read_header, read_run, RunFolder.open, remove):
            with pytest.raises(RunError) as refused:
                use(run)
            what = kind.partition(" to ")[0]
            assert str(refused.value).startswith(f"{run.name}/{name}: it is {what}, expected a")
        assert list_runs(run.parent)[0].damaged
        assert [each.name for each in home.iterdir()] == ["victim"]
        assert victim.read_bytes() == PRECIOUS
        assert os.path.lexists(path)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        if content is not None:
            path.write_bytes(content)
    assert read_run(run).header.epoch == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_replaced_file_is_not_written_to_while_training(run: Path, kind: str) -> None:
    victim = run.parent / "victim"
    victim.write_bytes(PRECIOUS)
    with Directory(run) as directory:
        for name in (STATE, ROWS):
            (run / name).unlink()
            KINDS[kind](run / name, victim)
            with pytest.raises(RunError, match="expected a"):
                directory.append(name, NOTHING, b"data")
        if kind != "a directory":
            KINDS[kind](run / f".{CONFIG}.new", victim)
            directory.write_whole(CONFIG, lambda file: file.write(b"written"))
            assert (run / CONFIG).read_bytes() == b"written"
    assert victim.read_bytes() == PRECIOUS


def test_no_parent_is_created_for_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        RunFolder.create(tmp_path.joinpath(*["a"] * 5000), "moons", 0.0)
    assert not list(tmp_path.iterdir())


def test_a_link_to_a_folder_is_not_a_run_folder(run: Path) -> None:
    link = run.with_name("link")
    link.symlink_to(run)
    for use in (read_header, RunFolder.open):
        with pytest.raises(
            RunError, match="link cannot be opened as a run folder: Not a directory"
        ):
            use(link)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_only_the_owner_can_access_created_files(tmp_path: Path, mask: int) -> None:
    trainer = Trainer(RunConfig())
    rows = run_of(trainer, 1)
    before = os.umask(mask)
    try:
        path = saved(tmp_path / "made" / "of" / "it", trainer, rows)
    finally:
        os.umask(before)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.iterdir()}
    assert modes == dict.fromkeys((STATE, CONFIG, ROWS, EVENTS, LOCK), 0o600)
    while path != tmp_path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        path = path.parent


@pytest.fixture
def bounded() -> Iterator[None]:
    """Limit the address space of this process to 300 MB more than it uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * os.sysconf("SC_PAGE_SIZE") + 300 * 10**6
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def claim_a_large_network(header: dict[str, Any]) -> None:
    header["config"]["hidden"] = [4096] * 16
    header["sizes"] = [2, *[4096] * 16, 2]


def claim_large_layers(header: dict[str, Any]) -> None:
    header["sizes"] = [2, *[4096] * 16, 2]


def claim_many_epochs(header: dict[str, Any]) -> None:
    header["state"]["epoch"] = 10**9


def claim_a_long_span(header: dict[str, Any]) -> None:
    header["span"] = 2**60


def claim_many_edits(header: dict[str, Any]) -> None:
    header["edits"] = [{"edit": "move", "row": 0, "features": [0, 0]}] * (data_edits.MOST_EDITS + 1)


def claim_a_large_number(header: dict[str, Any]) -> None:
    header["metrics"][1] = 10**400


def claim_deep_tables(header: dict[str, Any]) -> None:
    header["edits"] = list[Any]()
    for _ in range(900):
        header["edits"] = [header["edits"]]


def claim_many_tables(header: dict[str, Any]) -> None:
    header["edits"] = [[]] * 600_000


def claim_a_pipe(header: dict[str, Any]) -> None:
    header["config"]["data"] = "/dev/zero"


CLAIMS: dict[Callable[[dict[str, Any]], None], str] = {
    claim_a_large_network: "parameters is 114 numbers, expected 251,",
    claim_large_layers: "sizes in its header differ from those of its config",
    claim_many_epochs: "epoch in its header",
    claim_a_long_span: "span in its header",
    claim_many_edits: "more than 10,000 edits",
    claim_a_large_number: "metrics in its header",
    claim_deep_tables: "edits in its header",
    claim_many_tables: "its header is too long",
    claim_a_pipe: "zero: it is a pipe or a device",
}


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_false_size_in_a_header_costs_neither_memory_nor_time(
    run: Path, claim: Callable[[dict[str, Any]], None]
) -> None:
    rewritten(run / STATE, claim)
    with pytest.raises(RunError) as refused:
        read_run(run).trainer()
    assert CLAIMS[claim] in str(refused.value)


def archive_of(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """Rewrite an archive with changed members."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def longer(members: dict[str, bytes]) -> None:
    shape = b"(114,)".ljust(16)
    content = members["parameters.npy"]
    assert shape.strip() in content
    at = content.index(b"(114,), }")
    members["parameters.npy"] = content.replace(
        content[at : at + 20], b"(99999999999,), }".ljust(20)
    )


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (longer, "parameters.npy has another length than its header says"),
        (lambda members: members.pop("parameters.npy"), "parameters is missing"),
        (
            lambda members: members.update({f"{at}.npy": b"" for at in range(2000)}),
            "it has too many arrays",
        ),
    ],
)
def test_the_size_of_an_array_is_checked_against_the_file(
    run: Path, change: Callable[[dict[str, bytes]], object], why: str
) -> None:
    archive_of(run / STATE, change)
    with pytest.raises(RunError, match=why):
        read_run(run).trainer()


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("name", [STATE, ROWS])
def test_a_sparse_file_is_not_read(run: Path, name: str) -> None:
    rewritten(run / STATE, lambda header: header.update(rows=[SPARSE * 100, 0]))
    os.truncate(run / name, SPARSE * 100)
    with pytest.raises(RunError, match=f"{name}: most of it is a hole"):
        read_run(run)


def test_a_batch_larger_than_the_memory_is_refused_before_its_data_are_drawn(
    tmp_path: Path,
) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    trainer = Trainer(RunConfig(hidden=(4096,), samples=20))
    path = saved(tmp_path, trainer, [trainer.untrained])

    def claim(header: dict[str, Any]) -> None:
        header["config"] |= {"samples": 1_000_000, "batch_size": "full", "dtype": "float64"}

    rewritten(path / STATE, claim)
    if memory < 3 * 750_000 * 4096 * 8:
        with pytest.raises(RunError, match="GiB, more than the memory of this machine"):
            read_run(path).trainer()


def some_edits(count: int) -> list[Edit]:
    edits: list[Edit] = []
    for at in range(count):
        features = (0.01 * at, -0.02 * at)
        edits += [AddPoint(features, at % 2), MovePoint(at % 4, features), RemovePoint(3)]
    return edits


@pytest.mark.parametrize("dataset", ["moons", "xor"])
def test_many_edits_at_once_are_the_same_as_one_after_the_other(dataset: str) -> None:
    one = together = prepare(RunConfig(dataset=dataset))
    edits = some_edits(20)
    for each in edits:
        one = data_edits.apply(one, each)
    together = data_edits.apply_all(together, edits)
    assert (one.edits, one.summary) == (together.edits, together.summary)
    assert one.shared == together.shared
    for ours, theirs in zip(one.arrays, together.arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    assert one.digest == together.digest


def test_data_are_measured_once_for_all_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def counted(*of: Any) -> Summary:
        measured.append(of)
        return summarize(*of)

    monkeypatch.setattr("core.datasets.edits.summarize", counted)
    data_edits.apply_all(prepare(RunConfig()), some_edits(100))
    assert len(measured) == 1


def keeping(parent: Path) -> tuple[Autosaver, Trainer]:
    autosaver, trainer = Autosaver(SaveOptions(parent, None)), Trainer(RunConfig())
    autosaver.begin("moons")
    autosaver.add_epochs(tabulate(run_of(trainer, 2)))
    return autosaver, trainer


def until_there_is_a_problem(autosaver: Autosaver) -> str:
    deadline = monotonic() + PATIENCE
    while not autosaver.status.problem:
        assert monotonic() < deadline
        sleep(0.005)
    return autosaver.status.problem


@pytest.mark.parametrize("room", [0, 1000])
def test_a_first_save_on_a_full_disk_leaves_no_folder(tmp_path: Path, room: int) -> None:
    autosaver, trainer = keeping(tmp_path / "runs")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        autosaver.save(moment_of(trainer))
        assert "(File too large)" in until_there_is_a_problem(autosaver)
        assert not autosaver.status.name  # there is nothing to resume
        autosaver.close(PATIENCE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_interrupted_first_save_is_not_a_damaged_run(run: Path) -> None:
    (run / STATE).rename(run / f".{STATE}.new")
    (listed,) = list_runs(run.parent)
    assert listed.unsaved
    with pytest.raises(RunError, match="no saved run in"):
        find(run.parent)
    with pytest.raises(RunError, match="has no saved run: its first save did not finish"):
        read_run(run)
    remove(run)
    assert not run.exists()


@pytest.mark.parametrize("moved", [False, True])
def test_a_folder_that_vanishes_while_training_is_not_claimed_to_be_saved(
    tmp_path: Path, moved: bool
) -> None:
    autosaver, trainer = keeping(tmp_path)
    autosaver.save(moment_of(trainer))
    wait_for(autosaver)
    path = find(tmp_path)
    assert autosaver.status == SaveStatus(path.name)
    path.rename(tmp_path / "elsewhere")
    if moved:
        autosaver.save(moment_of(trainer))
        assert "was moved or removed" in until_there_is_a_problem(autosaver)
    autosaver.close(PATIENCE)
    assert "was moved or removed" in autosaver.status.problem
    assert read_run(tmp_path / "elsewhere").header.epoch == 2


KERNELS = "from core.runs.cpu_kernels import kernels; print(kernels())"


def test_the_recorded_kernels_are_those_of_numpy() -> None:
    def kernels_with(**variables: str) -> str:
        environment = {**os.environ, **variables}
        command = [sys.executable, "-c", KERNELS]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    machine, core, *targets = kernels().split()
    if machine == "x86_64":  # NumPy's wheels hold kernels for several types of these
        disabled = " ".join(targets)
        other = kernels_with(OPENBLAS_CORETYPE="Prescott", NPY_DISABLE_CPU_FEATURES=disabled)
        assert len(other.split()) == 2
        assert other.split()[1] != core


def test_a_warning_says_that_the_kernels_have_changed(run: Path) -> None:
    assert read_header(run).kernels == kernels()
    assert not read_header(run).kernels_warning
    rewritten(run / STATE, lambda header: header.update(kernels="a64\x1b[2J"))
    sentence = read_header(run).kernels_warning
    assert sentence.startswith("the processor kernels have changed")
    assert sentence.isprintable()
    rewritten(run / STATE, lambda header: header.pop("kernels"))  # as older versions have it
    assert not read_header(run).kernels_warning
