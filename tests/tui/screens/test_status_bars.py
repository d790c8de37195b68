"""Header, status line, log line and footer, drawn without an application."""

import re
from time import monotonic

import numpy as np
import pytest

from core import Trainer
from core.config.presets import PRESETS, introduction
from core.process.messages import State
from core.training.epoch_log import EpochLog, tabulate
from tests.tui.sessions import session_after
from tui.compare.lines import CompareStatus
from tui.compare.model import Board, ShownRun
from tui.drawing import canvas
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.drawing.terminal_text import key_name
from tui.panels.view_options import ViewOptions
from tui.screens import status_bars
from tui.screens.status_bars import FooterLine, HeaderLine, LogLine, StatusLine
from tui.screens.views import VIEWS

XOR = PRESETS["xor"].config()
MOONS = PRESETS["moons"].config()


def test_status_line_at_two_widths() -> None:
    run = session_after(MOONS, 10)
    last = run.timeline.last()
    assert last is not None
    line = StatusLine(run).draw(120, 1).lines()[0]
    words = line.split()
    assert words[:3] == ["TRAINING", "epoch", "10"]
    assert f"{last.train_loss:.4f} / {last.test_loss:.4f}" in line
    assert f"{100 * last.train_score:.1f} /" in line
    assert "lr 0.01" in line
    assert "30.0 epochs/s" in line
    narrow = StatusLine(run).draw(80, 1).lines()[0]
    assert "lr 0.01" in narrow
    assert "30.0/s" in StatusLine(run).draw(90, 1).lines()[0]
    assert (
        "epochs/s" not in StatusLine(session_after(MOONS, 10, State.PAUSED)).draw(120, 1).lines()[0]
    )


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_status_line_says_which_value_is_of_which_part(width: int) -> None:
    run = session_after(MOONS, 10)
    assert re.search("train ?/ ?test +loss", StatusLine(run).draw(width, 1).lines()[0])
    assert "train" not in StatusLine(session_after(XOR, 10)).draw(width, 1).lines()[0]


@pytest.mark.parametrize("loss", [7.9e-4, 1.2e-12, 0.0, 0.0486, 9.99996, 99.9996, 1234.5, 3.2e8])
def test_no_loss_is_cut_off(loss: float) -> None:
    run = session_after(MOONS, 3)
    last = run.timeline.at(3)._replace(epoch=4, train_loss=loss, test_loss=loss)
    run.timeline.extend(tabulate([last]))
    shown = re.search(r"loss (\S+)/(\S+) ", StatusLine(run).draw(60, 1).lines()[0])
    assert shown
    assert all(float(each) == pytest.approx(loss, rel=0.08) for each in shown.groups())


def test_status_line_with_the_majority_share_of_uneven_classes() -> None:
    run = session_after(PRESETS["breast-cancer"].config(), 3)
    assert run.data is not None
    share = f"{100 * np.mean(run.data.y_test == 1):.1f} %"
    assert f"majority {share}" in StatusLine(run).draw(120, 1).lines()[0]
    for width in (60, 80, 100):
        assert "maj. 63 %" in StatusLine(run).draw(width, 1).lines()[0]
    even = session_after(PRESETS["iris"].config(), 3)
    assert "majority" not in StatusLine(even).draw(120, 1).lines()[0]


def test_status_line_of_a_diverged_run() -> None:
    run = session_after(MOONS.changed(learning_rate=1e6), 1, State.DIVERGED)
    assert "epoch      0" in StatusLine(run).draw(120, 1).lines()[0]
    assert run.epochs_to_plot == 1


def test_header_shows_configuration_and_speed() -> None:
    header = HeaderLine(session_after(MOONS, 1))
    header.speed = 30.0
    line = header.draw(120, 1).lines()[0]
    network = "moons · 2 features → 8 → 8 tanh → 2 classes"
    assert f" {network} · adam 0.01 · batch 32 · seed 0 " in line
    assert "30 epochs/s ▸ (< >)" in line
    header.speed = None
    # the least important parts are dropped as a whole
    assert f" {network} · adam 0.01 " in header.draw(80, 1).lines()[0]
    assert "max speed" in header.draw(80, 1).lines()[0]
    assert header.draw(60, 1).lines()[0].split("  ")[0] == f" {network}"
    assert header.draw(40, 1).lines()[0].startswith(" moons · 2-8-8-2 tanh ")
    for width in range(1, 130):
        assert len(header.draw(width, 1).lines()[0]) == width


@pytest.mark.parametrize("view", VIEWS)
def test_the_header_names_the_view_in_80_columns(view: str) -> None:
    header = HeaderLine(session_after(MOONS, 1), lambda: view)
    header.speed = 30.0
    line = header.draw(80, 1).lines()[0]
    assert view in line
    assert "30" in line
    assert "adam 0.01" in line


def test_header_of_a_regression_and_of_a_file_with_a_long_name() -> None:
    run = session_after(PRESETS["diabetes"].config(), 1)
    assert "10 features → 8 tanh → 1 number · adam" in HeaderLine(run).draw(120, 1).lines()[0]
    plain = session_after(PRESETS["two-lines"].config(), 1)
    assert "two-lines · 2 features → 2 classes · adam" in HeaderLine(plain).draw(120, 1).lines()[0]
    run.config = run.config.changed(data=f"{'long' * 20}.csv")
    assert re.fullmatch(r" (long)+l?o?n?g?… ", HeaderLine(run).draw(60, 1).lines()[0])


def test_each_preset_is_introduced_until_there_is_a_message() -> None:
    for preset in PRESETS.values():
        config = preset.config(seed=3)
        assert introduction(config) == preset.introduction
        run = session_after(XOR, 1)
        log = LogLine(run, ViewOptions())
        log.introduce(preset.introduction)
        first = preset.introduction.split(" · ")[0]
        assert first in log.draw(80, 1).lines()[0]
        assert f"{preset.introduction} · space pauses" in log.draw(120, 1).lines()[0]
        assert "i looks into a unit" in log.draw(200, 1).lines()[0]
        log.options.inspecting = True
        assert "i looks into a unit" not in log.draw(200, 1).lines()[0]
        run.note = "batch size 64"
        assert log.draw(80, 1).lines()[0].strip() == run.note
        run.note = ""
        assert log.draw(80, 1).lines()[0].strip() == ""  # not a second time
    assert introduction(MOONS.changed(hidden=(3,))) == ""


def test_an_introduction_ends_while_the_run_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogLine(session_after(MOONS, 1), ViewOptions())
    log.introduce("two half circles")
    assert "two half circles" in log.draw(80, 1).lines()[0]
    monkeypatch.setattr(status_bars, "monotonic", lambda: monotonic() + 60)
    assert "two half circles" not in log.draw(80, 1).lines()[0]


def test_the_bar_of_a_run_at_rest_names_its_ends_and_keys() -> None:
    run = session_after(XOR, 30, State.PAUSED)
    assert re.search(r" 0 ◂─+●▸ 30  ← → one epoch", StatusLine(run).draw(140, 1).lines()[0])
    assert re.search(r" 0 ◂─+●▸ 30 ", StatusLine(run).draw(120, 1).lines()[0])


def test_keys_without_a_glyph_are_spelled_out_next_to_the_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canvas, "DEFAULT_RENDERER", CellRenderer(TerminalLook("none", "ascii")))
    run = session_after(XOR, 30, State.PAUSED)
    assert " 30  left right one epoch" in StatusLine(run).draw(140, 1).lines()[0]
    trainer = Trainer(XOR)
    log = EpochLog()
    log.extend(tabulate([trainer.measure(), last := trainer.train_epoch()]))
    board = Board.of([ShownRun("xor-1", XOR, log, 1, last, has_classes=True)], XOR)
    assert "left right one epoch, shift+ ten" in CompareStatus(board).draw(140, 1).lines()[0]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_footer_has_help_and_quit_in_every_state(width: int) -> None:
    for state in State:
        run = session_after(XOR, 1, state)
        line = FooterLine(run, ViewOptions()).draw(width, 1).lines()[0]
        assert "? help" in line
        assert "q quit" in line
    assert (
        "pause" in FooterLine(session_after(XOR, 1), ViewOptions()).draw(width, 1).lines()[0]
    ) is True


def test_four_arrows_have_one_name_where_they_are_spelled_out() -> None:
    plain, unicode = TerminalLook(glyphs="ascii"), TerminalLook(glyphs="unicode")
    assert key_name("← ↑ ↓ →", plain) == "arrows"
    assert key_name("⇧← ⇧→", plain) == "shift+left shift+right"
    assert key_name("← ↑ ↓ →", unicode) == "← ↑ ↓ →"


def test_long_note_continues_before_the_keys_of_the_footer() -> None:
    run = session_after(XOR, 1)
    log, footer = LogLine(run, ViewOptions()), FooterLine(run, ViewOptions())

    def both(note: str) -> tuple[str, str]:
        run.note = note
        return log.draw(60, 1).lines()[0].strip(), footer.draw(60, 1).lines()[0].strip()

    assert both("short")[1].startswith("space pause")
    words = " ".join(f"word{number}" for number in range(12))
    told, below = both(words)
    assert " ".join((told, *below.split()[: 12 - len(told.split())])) == words
    assert below.endswith("? help  q quit")
    told, below = both(f"{words} {words}")
    assert f"{told} {below}".startswith(words)
    # the key that pauses is visible next to any note
    assert below.endswith("…  space pause  ? help  q quit")
    footer.draw(40, 1)
    assert "space pause" in footer.draw(40, 1).lines()[0]


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("Excluded: 'id'; --exclude none includes it.", "exclude = none (h) includes it."),
        ("choose some with --features", "choose some with features (h)"),
        ("use --exclude 'a b'.", "use exclude = 'a b' (h)."),
        ("--lr=-1, as --take-over", "learning rate = -1 (h), as --take-over"),
        ("nnfs-tui moons --lr 0.1", "nnfs-tui moons --lr 0.1"),
    ],
)
def test_notes_name_settings_and_not_options(note: str, words: str) -> None:
    run = session_after(XOR, 1)
    run.note = note
    assert words in LogLine(run, ViewOptions()).draw(120, 1).lines()[0]


def test_the_status_line_names_the_planned_epochs_while_the_run_trains() -> None:
    config = XOR.changed(epochs=250_000)
    assert "10 of 250,000" in StatusLine(session_after(config, 10)).draw(120, 1).lines()[0]
    paused = session_after(config, 10, State.PAUSED)
    assert "250,000" not in StatusLine(paused).draw(120, 1).lines()[0]
    assert introduction(config).endswith(" · 250,000 epochs")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_footer_names_the_inspector_while_the_run_trains(width: int) -> None:
    footer = FooterLine(session_after(XOR, 1), ViewOptions())
    assert "i inspect" in footer.draw(width, 1).lines()[0]


def test_status_line_with_a_schedule_and_a_long_epoch() -> None:
    run = session_after(MOONS.changed(schedule="step", decay_epochs=5, decay=0.5), 12)
    assert "lr 0.0025" in StatusLine(run).draw(120, 1).lines()[0]
    run.share_of_epoch = 0.43
    assert "12 +  43 %" in StatusLine(run).draw(120, 1).lines()[0]
