"""A run that is trained without a screen is saved like one of the training process."""

import re
from pathlib import Path

import pytest

from core import RunConfig, Trainer
from core.process.messages import Command, Configure, Reopen, Seek
from core.runs.autosaver import SaveOptions
from core.runs.catalogue import find
from core.runs.reader import read_run
from tests.core.process.test_autosave_twins import obeyed, seen, serving
from tui.cli import headless


def test_the_last_event_is_a_sentence_on_the_end(tmp_path: Path) -> None:
    for settings, note in (
        ({"epochs": 3}, "finished after 3 epochs"),
        ({"learning_rate": 1e20, "optimizer": "sgd"}, r"diverged at epoch \d+ \(loss [^:]*\)"),
    ):
        config = RunConfig(samples=40, **settings)
        headless.train(config, quiet=True, save_options=SaveOptions(tmp_path, None))
        assert re.fullmatch(note, read_run(find(tmp_path)).events[-1].note)


def test_a_run_that_is_over_is_not_judged_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, options = RunConfig(samples=40, epochs=6), SaveOptions(tmp_path, None)
    headless.train(config, save_options=options)
    before = capsys.readouterr().out.splitlines()
    headless.train(config, save_options=options, resume=find(tmp_path))
    captured = capsys.readouterr()
    after = captured.out.splitlines()
    assert after[1].startswith("6 of 6 epochs, 0 of them since it was resumed, in ")
    assert after[2:] == [each for each in before[2:] if not each.startswith("Too early to tell")]
    assert "6/6 epochs" in captured.err


def test_time_travel_works_in_a_run_trained_without_a_screen(tmp_path: Path) -> None:
    config, options = RunConfig(samples=40, dropout=0.2, epochs=6), SaveOptions(tmp_path, None)
    assert headless.train(config, quiet=True, save_options=options) == 0
    headless.train(config, quiet=True, save_options=options, resume=find(tmp_path))  # which is over
    trainer = Trainer(config)
    past = [trainer.network.parameters.copy()]
    for _ in range(6):
        trainer.train_epoch()
        past.append(trainer.network.parameters.copy())
    ways: list[Command] = [Seek(epoch) for epoch in (0, 4, 6)]
    with serving(tmp_path) as channel:
        channel.post(Reopen(find(tmp_path)))
        shown = seen(obeyed(channel, [*ways, Configure({})], 2))
    assert [each[-1] for each in shown] == [past[epoch].tobytes() for epoch in (0, 4, 6)]
