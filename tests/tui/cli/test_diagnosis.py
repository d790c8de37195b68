"""The summary and the log of a run contain its diagnosis."""

import io
import json

import pytest

from core import RunConfig
from tui.cli import headless

NO_HIDDEN_LAYER = RunConfig(
    dataset="xor", hidden=(), learning_rate=0.1, batch_size="full", epochs=500
)
DIVERGING = RunConfig(
    dataset="bumps",
    hidden=(32, 32),
    activation="relu",
    optimizer="sgd",
    learning_rate=30.0,
    epochs=20,
)


def events(config: RunConfig) -> list[dict[str, object]]:
    output = io.StringIO()
    headless.train(config, [output], quiet=True)
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_the_summary_of_a_sick_run_has_the_cause_and_options_that_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    headless.train(NO_HIDDEN_LAYER)
    lines = capsys.readouterr().out.splitlines()
    (state,) = (line for line in lines if line.startswith("Stuck at chance level"))
    assert "accuracy 50.0 % (mean of the last 5 epochs), guessing 50.0 %" in state
    assert ", a wider network 100.0 %" in state
    assert lines[-3].startswith("Without a hidden layer")
    assert lines[-2].startswith("  try --hidden 16: Set hidden 16 and restart: ")


def test_the_summary_of_a_healthy_run_says_that_it_has_learnt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    headless.train(NO_HIDDEN_LAYER.changed(hidden=(4,), epochs=200))
    assert capsys.readouterr().out.splitlines()[-2] == (
        "Learnt: training accuracy 100.0 % (mean of the last 5 epochs)."
    )


def test_a_sick_run_has_an_advice_event_before_its_end() -> None:
    *_, advice, end = events(NO_HIDDEN_LAYER)
    assert end["event"] == "end"
    text, remedies = advice.pop("text"), advice.pop("remedies")
    assert advice == {"event": "advice", "epoch": 500, "cause": "no hidden layer"}
    assert "Without a hidden layer" in str(text)
    assert isinstance(remedies, list)
    remedy = remedies[0]
    assert remedy.pop("text").startswith("Set hidden 16 and restart")
    assert remedy == {"options": "--hidden 16", "settings": {"hidden": [16]}, "restart": True}


def test_a_healthy_run_has_no_advice_event() -> None:
    found = events(NO_HIDDEN_LAYER.changed(hidden=(4,), epochs=200))
    assert {each["event"] for each in found} == {"start", "epoch", "end"}


def test_a_run_that_diverged_has_advice(capsys: pytest.CaptureFixture[str]) -> None:
    advice = events(DIVERGING)[-2]
    assert (advice["event"], advice["cause"]) == ("advice", "learning rate too high")
    headless.train(DIVERGING)
    assert "\nDiverged: the loss " in capsys.readouterr().out
