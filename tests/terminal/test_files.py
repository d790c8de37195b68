"""The real program with files of the user: hostile names, errors, and cancelling a slow load."""

import json
import re
from pathlib import Path
from time import monotonic

import pytest

from tests.terminal.terminal import MODES, PATIENCE, Terminal, epoch_of, is_alive, nnfs_tui
from tests.terminal.test_command_line import PROGRAM, Told, run
from tests.terminal.test_command_line import told as told

COLUMNS = (
    "\x1b]0;PWNED\x07",
    "\x1b[2J\x1b[31mclear",
    "[bold red]m[/] [@click=app.quit]x[/]",
    "\x9b?1003l世界\nnewline",
)
"""Names that would set the title, clear the screen, act as markup, and disable the mouse."""

CLASSES = ("\x1b[?1049lone", "[red]two[/red]", "世\n\x1bcthree")

HARMFUL = (
    *(b"\x1b]0", b"PWNED\x07", b"\x1b[2J\x1b[31m", b"\x1bc", b"\x9b?", b"\xc2\x9b"),
    b"\x1b[?1049lone",
)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """Return a file whose names and classes contain control sequences."""
    lines = [",".join(map(quoted, [*COLUMNS, "kind"]))]
    for at in range(90):
        numbers = [f"{at % 7 + 10 * (at % 3)}", f"{at % 5}", f"{at * 3 % 11}", f"{at % 13 / 2}"]
        lines.append(",".join([*numbers, quoted(CLASSES[at % 3])]))
    file = tmp_path / "[red]hostile.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def flowers(tmp_path: Path) -> str:
    lines = ["length,width,kind"]
    lines += [
        f"{at % 7 + 3 * (at % 2)},{at % 5},{'rose' if at % 2 else 'lily'}" for at in range(80)
    ]
    file = tmp_path / "flowers.csv"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a file that takes seconds to read."""
    file = tmp_path_factory.mktemp("data") / "endless.csv"
    rows = "".join(f"{at / 7:.8f},{at * 3 % 11:.8f},{at % 2}\n" for at in range(1000))
    file.write_text("wide,high,kind\n" + rows * 2500, encoding="ascii")
    return str(file)


class WideTerminal(Terminal):
    """Terminal that reads half-overwritten wide glyphs, on which the emulator fails."""

    def text(self) -> str:
        screen = self._screen
        rows = (screen.buffer[row] for row in range(screen.lines))
        return "\n".join("".join(row[x].data for x in range(screen.columns)) for row in rows)


def check_harmless(terminal: Terminal) -> None:
    """Check that text from the file reached the terminal as glyphs only."""
    for sequence in HARMFUL:
        assert sequence not in terminal.raw, sequence
    # the program's own titles have the name of the data, without control characters
    titles = re.findall(rb"\x1b\]2;([^\x07\x1b]*)([\x07\x1b])", bytes(terminal.raw))
    assert all(title.decode().isprintable() and end == b"\x07" for title, end in titles), titles
    for mode in MODES:
        assert f"\x1b[{mode}l".encode() not in terminal.raw


def test_names_that_would_steer_a_terminal_are_shown_harmlessly(hostile: str) -> None:
    with WideTerminal(PROGRAM, "--data", hostile, "--epochs", "100000000") as terminal:
        terminal.until(lambda text: epoch_of(text) > 3)
        terminal.until("▲ [re")  # one of the classes, on the map
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.resize(160, 120)  # the whole data screen is visible
        terminal.press("v")
        terminal.until("[bold red]m[/]")
        terminal.until("]0;PWNED")
        terminal.until("click=app.quit")
        terminal.press("v")
        # the network panel shows the names, too
        terminal.until(lambda text: "esc closes" not in text)
        terminal.resize(120, 40)
        terminal.press("6")
        terminal.until("confusion")
        terminal.until("[red]")
        terminal.press("6", "?")
        terminal.until("pause or resume")
        terminal.press("esc")
        terminal.until(lambda text: "pause or resume" not in text)
        terminal.press("h")
        terminal.until("─ settings of the run · ")
        terminal.until_quiet()
        terminal.press("esc")
        terminal.until(lambda text: "─ settings of the run · " not in text)
        terminal.press("P")
        terminal.until("─ plane of the map ─")
        terminal.press("enter")
        terminal.until("]0;PWNED")
        terminal.until_quiet()
        check_harmless(terminal)
        terminal.press("esc")
        terminal.until_quiet()
        terminal.press("q")
        terminal.until(lambda text: "─ plane of the map ─" not in text)
        terminal.press("i")
        terminal.until("inspector")
        terminal.press("u")
        terminal.until("forward and back")
        terminal.press("i")
        terminal.until(lambda text: "inspector" not in text)
        terminal.press("A")
        terminal.until("─ ask the network ─")
        terminal.until("]0;PWNED")
        terminal.press("esc")
        terminal.until(lambda text: "─ ask the network ─" not in text)
        start = epoch_of(terminal.text())
        terminal.press(" ")
        terminal.until(lambda text: epoch_of(text) > start)
        check_harmless(terminal)
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()
        assert terminal.raw.count(b"\x1b[?1049l") == 1
        for sequence in HARMFUL:
            assert sequence not in terminal.raw.partition(b"\x1b[?1049l")[2]


@pytest.mark.parametrize(
    "arguments",
    [("train", "--epochs", "2", "--data"), ("datasets",), ("check", "--data")],
)
def test_names_are_harmless_without_a_screen_too(
    told: Told, hostile: str, arguments: tuple[str, ...]
) -> None:
    result = told(*arguments, hostile)
    assert result.returncode == 0, result.stderr
    for sequence in HARMFUL:
        assert sequence not in (result.stdout + result.stderr).encode()
    assert "\x1b" not in result.stdout + result.stderr
    with Terminal(PROGRAM, *arguments, hostile) as terminal:
        assert terminal.wait() == 0
        for sequence in HARMFUL:
            assert sequence not in terminal.raw


def test_names_in_a_refusal_are_harmless(told: Told, hostile: str) -> None:
    result = told("train", "--data", hostile, "--target", "\x1b[2Jnone")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr
    assert "PWNED" in result.stderr


def test_training_on_a_file_ends_in_a_summary(told: Told, flowers: str) -> None:
    result = told("train", "--data", flowers, "--epochs", "30")
    assert result.returncode == 0
    first, second, *parts = result.stdout.splitlines()
    assert "flowers" in first
    assert second.startswith("30 of 30 epochs")
    assert [line.split()[0] for line in (*parts[:2], *parts[-2:])] == [
        *("train", "test", "saved:", "repeat:")
    ]
    assert all("accuracy" in line for line in parts[:2])
    assert "The target is 'kind', the last column." in result.stderr


def test_the_records_tell_what_was_done_to_a_file(told: Told, flowers: str) -> None:
    result = told(
        *("train", "--json", "--data", flowers, "--epochs", "4", "--validation-size", "0.25"),
    )
    assert result.returncode == 0
    start, *epochs, end = map(json.loads, result.stdout.splitlines())
    assert "The target is 'kind', the last column." in start["data_notes"]
    assert any("mean 0, standard deviation 1" in note for note in start["data_notes"])
    assert start["config"]["data"] == flowers
    assert (start["train_samples"], start["test_samples"]) == (40, 20)
    assert len(epochs) == end["epochs"] == 4
    for line in epochs:
        assert 0 <= line["validation_accuracy"] <= 1
        assert line["validation_loss"] > 0
    without = told("train", "--json", "--data", flowers, "--epochs", "1").stdout.splitlines()
    assert not any("validation_loss" in json.loads(line) for line in without)
    assert "data_notes" not in json.loads(
        told("train", "--json", "--epochs", "1").stdout.split("\n")[0]
    )


BAD = {
    "none.csv": (None, "there is no such file"),
    "empty.csv": ("", "empty"),
    "ragged.csv": ("a,b,c\n1,2,x\n2,3,y\n1,2\n4,5,x\n", "line 4 has 2 fields"),
    "class.csv": ("a,b\n1,x\n2,x\n3,x\n4,x\n", "'x' in every row"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_sentence_and_status_2(told: Told, tmp_path: Path, name: str) -> None:
    content, why = BAD[name]
    if content is not None:
        (tmp_path / name).write_text(content)
    for arguments in (("train", "--data"), ("datasets",), ("check", "--data")):
        result = told(*arguments, str(tmp_path / name))
        assert result.returncode == 2, arguments
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith(f"nnfs-tui: {name}: ")
        assert why in result.stderr
    if name != "ragged.csv":
        return  # the screen tells one as it tells another
    with nnfs_tui("--data", str(tmp_path / name)) as terminal:
        assert terminal.wait() == 2
        assert terminal.is_restored()
        said = bytes(terminal.raw).rpartition(b"\x1b[?1049l")[2].decode()
        assert said.count(f"nnfs-tui: {name}: ") == 1
        assert why in " ".join(said.split())


def test_a_data_set_is_described(told: Told, flowers: str) -> None:
    iris, of_file = told("datasets", "iris"), told("datasets", flowers)
    for result in (iris, of_file):
        assert result.returncode == 0
        assert result.stderr == ""
        assert "\x1b" not in result.stdout
        for word in ("length", "width"):
            assert word in result.stdout
    assert "150" in iris.stdout
    assert "virginica" in iris.stdout
    assert re.search(r"\b80\b", of_file.stdout)
    assert re.search(r"rose.*40|40.*rose", of_file.stdout)
    assert (
        told("datasets", "breast-cancer").stdout == told("datasets", "breast_cancer").stdout != ""
    )


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("datasets", "nope"), ("'nope' is neither a data set nor a file",)),
        (("datasets", "irsi"), ("'irsi'", "mean iris?")),
        (("train", "--dataset", "iris", "--data"), ("--data and --dataset were both given",)),
        (("--dataset", "iris", "--data"), ("--data and --dataset were both given",)),
        (("train", "--target", "knid", "--data"), ("no column 'knid'", "mean kind?")),
        (("train", "--features", "lenght", "--data"), ("no column 'lenght'", "mean length?")),
        (("train", "--target", "4", "--data"), ("no column '4'", "'length', 'width', 'kind'")),
        (("train", "--features", "length,kind", "--target", "kind", "--data"), ("both a feature",)),
        (("train", "--task", "guess", "--data"), ("'guess' for --task", "regression")),
        (("train", "--task", "regression", "--data"), ("'kind'", "a number")),
    ],
)
def test_what_cannot_be_done_with_a_file_is_told(
    told: Told, flowers: str, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    result = told(*arguments, flowers) if arguments[-1] == "--data" else told(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    for part in parts:
        assert part in result.stderr, result.stderr


def test_the_columns_that_are_asked_for_are_used(told: Told, flowers: str) -> None:
    result = told(
        *("train", "--json", "--data", flowers, "--epochs", "1", "--hidden", "none"),
        *("--target", "width", "--features", "1", "--task", "regression"),
    )
    start, epoch, _ = map(json.loads, result.stdout.splitlines())
    assert start["config"]["target"] == ["width"]
    assert start["parameters"] == 2  # one weight and one bias
    assert "train_r2" in epoch


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_loading_tells_how_far_it_is_and_can_be_left_at_once(endless: str, key: str) -> None:
    with nnfs_tui("--data", endless) as terminal:
        terminal.until("LOADING")
        terminal.until(lambda text: re.search(r"reading endless\.csv +[1-9]\d* ?%", text))
        assert "esc quits" in terminal.text()
        (child,) = terminal.children()
        terminal.press(key)
        assert terminal.wait() == 0
        assert terminal.is_restored()
        assert b"100 %" not in terminal.raw  # it was not waited for
        deadline = monotonic() + PATIENCE
        while is_alive(child):
            assert monotonic() < deadline


def test_escape_while_loading_ends_the_program_that_has_nothing_to_show(endless: str) -> None:
    with nnfs_tui("--data", endless) as terminal:
        terminal.until("LOADING")
        terminal.press("esc")
        assert terminal.wait() == 2
        assert terminal.is_restored()
        assert b"nnfs-tui: loading was cancelled" in terminal.raw


def test_a_signal_ends_loading_without_a_screen(endless: str) -> None:
    with Terminal(PROGRAM, "train", "--data", endless) as terminal:
        terminal.until(lambda text: re.search(r"reading endless\.csv .*[1-9]\d* %", text))
        terminal.press("ctrl+c")
        assert terminal.wait() == 130
        assert b"Traceback" not in terminal.raw


def test_the_run_of_a_file_is_logged_as_it_is_without_a_screen(
    tmp_path: Path, flowers: str
) -> None:
    log = tmp_path / "run.jsonl"
    with nnfs_tui("--data", flowers, "--epochs", "40", "--speed", "max", "--log", str(log)) as tui:
        tui.until("FINISHED")
        tui.press("q")
        assert tui.wait() == 0
    plain = run("train", "--json", "--data", flowers, "--epochs", "40").stdout.splitlines()
    epochs = [line for line in plain if '"event": "advice"' not in line]
    assert log.read_text().splitlines()[:-1] == epochs[:-1]
