"""Sentences about a unit: each claim is checked against the parameters."""

import re
from collections.abc import Callable
from itertools import product as combinations

import numpy as np
import pytest

from core.analysis.trace import unit_statistics
from core.config.presets import PRESETS
from core.nn.activations import ACTIVATIONS
from core.nn.calls import run as call_all
from core.process.messages import State
from tests.tui.panels.inspector.test_waterfall import inspected
from tests.tui.sessions import session_after
from tui.panels.inspector.sentences import gradient_words, sentence
from tui.run_model import RunModel

NUMBER = r"[−+]?\d+(?:\.\d+)?"


def value(text: str) -> float:
    return float(text.replace("−", "-"))


def said(run: RunModel, layer: int, unit: int, sample: int) -> str:
    it = inspected(run, layer, unit, sample)
    return sentence(it, unit_statistics(it.network, layer, unit, it.data.x_train))


class Checked:
    """Compares the sentence of one unit and sample with its numbers; names the forms that occurred."""

    def __init__(self, run: RunModel, layer: int, unit: int, sample: int) -> None:
        self.it = inspected(run, layer, unit, sample)
        assert run.network is not None
        assert run.data is not None
        own = run.network.layers[layer]
        x = (
            run.data.x_train
            if not layer
            else run.network.hidden_outputs(run.data.x_train)[layer - 1]
        )
        self.x = x[sample].astype(float)
        self.w = own.weights[:, unit].astype(float)
        self.bias = float(own.biases[unit]) if own.biases.size else 0.0
        self.z = float(self.x @ self.w + self.bias)
        self.all_z = x.astype(float) @ self.w + self.bias
        self.names = self.it.input_names(layer)
        self.text = said(run, layer, unit, sample)
        self.forms = {form for form in FORMS if self.check(form)}

    def product(self, name: str) -> float:
        at = self.names.index(name)
        return float(self.x[at] * self.w[at])

    def check(self, form: str) -> bool:
        found = re.search(form, self.text)
        if not found:
            return False
        FORMS[form](self, *found.groups())
        return True

    def decides(self, name: str, state: str, its: str, without: str) -> None:
        part = self.bias if name == "The bias" else self.product(name)
        assert value(its) == pytest.approx(part, abs=6e-4)
        assert value(without) == pytest.approx(self.z - part, abs=2e-3)
        assert (self.z > 0) == (state in {"on", "positive"})
        # its sign would change
        assert value(without) * np.sign(self.z) <= 0

    def shared(self, up: str, down: str) -> None:
        parts = np.append(self.x * self.w, self.bias)
        assert value(up) == pytest.approx(parts[parts > 0].sum(), abs=3e-2)
        assert value(down) == pytest.approx(parts[parts < 0].sum(), abs=3e-2)
        assert all((self.z - part) * np.sign(self.z) > -2e-3 for part in parts)

    def opposes(self, name: str, size: str) -> None:
        part = self.bias if name == "The bias" else self.product(name)
        assert part * self.z < 0
        assert value(size) == pytest.approx(abs(part), abs=6e-4)
        parts = np.append(self.x * self.w, self.bias)
        assert abs(part) + 1e-3 >= max(-np.sign(self.z) * parts)

    def would_oppose(self, name: str, size: str) -> None:
        at = self.names.index(name)
        assert self.x[at] == 0
        assert self.w[at] * self.z < 0
        assert value(size) == pytest.approx(abs(self.w[at]), abs=6e-4)
        parts = np.append(self.x * self.w, self.bias)
        assert abs(self.w[at]) + 1e-3 >= max(-np.sign(self.z) * parts)

    def counted(self, count: str, of: str) -> None:
        positive = {"none": 0, "each": int(of.replace(",", ""))}.get(count)
        shown = int(count.replace(",", "")) if positive is None else positive
        assert shown == (self.all_z > 0).sum()
        assert int(of.replace(",", "")) == len(self.all_z)

    def one_way(self, z: str) -> None:
        parts = np.append(self.x * self.w, self.bias) * np.sign(self.z)
        assert (parts > -6e-4).all()
        assert value(z) == pytest.approx(self.z, abs=6e-4)

    def majority(self, count: str, name: str) -> None:
        y = self.it.data.y_train[self.all_z > 0]
        label = list(self.it.data.class_names).index(name)
        counts = np.bincount(y)
        assert counts[label] == counts.max() == int(count.replace(",", ""))


FORMS: dict[str, Callable[..., None]] = {
    rf"(.+?) (?:makes z|switches it) (\w+): without its ({NUMBER}), z would be ({NUMBER})\.": (
        Checked.decides
    ),
    rf"No single product decides: ({NUMBER}) in all against ({NUMBER})\.": Checked.shared,
    rf"same way: z is ({NUMBER})\.": Checked.one_way,
    rf"\. ([^.]+?) pulls it back by ({NUMBER})\.": Checked.opposes,
    rf"\. ([^.]+?) would pull it back by ({NUMBER}) if it were 1\.": Checked.would_oppose,
    r"(?:It is on|z is positive) for ([\d,]+|none|each) of ([\d,]+) samples": Checked.counted,
    r", ([\d,]+) of them . (.+)\.": Checked.majority,
}


@pytest.mark.parametrize(
    ("name", "activation", "wanted"),
    [
        ("xor", "tanh", 3),
        ("xor", "relu", 3),
        ("moons", "sigmoid", 5),
        ("iris", "gelu", 5),
        ("digits", "relu", 3),
    ],
)
def test_each_sentence_about_a_hidden_unit_is_true(name: str, activation: str, wanted: int) -> None:
    run = session_after(PRESETS[name].config(activation=activation), 25, State.PAUSED)
    assert run.network is not None
    assert run.data is not None
    samples = range(min(20, len(run.data.x_train)))
    seen: set[str] = set()
    for unit, sample in combinations(range(min(8, run.network.sizes[1])), samples):
        checked = Checked(run, 0, unit, sample)
        assert checked.forms, checked.text
        seen |= checked.forms
        words = {"on", "off"} if activation == "relu" else {"positive", "negative"}
        others = {"positive", "negative", "on", "off"} - words
        assert not others & set(re.findall(r"\w+", checked.text))
    assert len(seen) >= wanted


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_only_units_whose_output_is_0_below_zero_are_called_on_and_off(activation: str) -> None:
    run = session_after(PRESETS["xor"].config(activation=activation), 25, State.PAUSED)
    below, outputs = np.array([[-5.0, -2.0, -1.0]]), np.empty((1, 3))
    call_all(ACTIVATIONS[activation].forward(below, outputs))
    assert run.network is not None
    for unit, sample in combinations(range(run.network.sizes[1]), range(4)):
        found = set(re.findall(r"\w+", said(run, 0, unit, sample))) & {"on", "off", "switches"}
        assert bool(found) == (not outputs.any())


def test_a_wrong_sentence_would_be_caught() -> None:
    run = session_after(PRESETS["xor"].config(), 25, State.PAUSED)
    checked = Checked(run, 0, 0, 1)
    with pytest.raises(AssertionError):
        checked.decides("The bias", "positive" if checked.z < 0 else "negative", "0.5", "0.1")


def test_the_samples_of_xor_are_listed() -> None:
    run = session_after(PRESETS["xor"].config(), 73, State.PAUSED)
    assert run.network is not None
    layer = run.network.layers[0]
    layer.weights[:, 1] = -3.388, 1.740
    layer.biases[1] = -0.376
    assert said(run, 0, 1, 1) == (
        "x₂ makes z positive: without its +1.740, z would be −0.376. "
        "x₁ would pull it back by 3.388 if it were 1. z is positive for (0, 1) only."
    )
    layer.biases[1] = 2
    assert said(run, 0, 1, 1).endswith("z is positive for (0, 0), (0, 1), (1, 1).")
    layer.weights[:, 1], layer.biases[1] = (1, 1), -0.5
    assert "The bias makes z negative" in said(run, 0, 1, 0)


def test_an_output_is_compared_with_the_next_one() -> None:
    run = session_after(PRESETS["iris"].config(), 40, State.PAUSED)
    assert run.network is not None
    assert run.data is not None
    for sample, unit in combinations(range(0, 60, 7), range(3)):
        z = run.network.logits(run.data.x_train[[sample]])[0]
        text = said(run, 1, unit, sample)
        lead = z[unit] - np.delete(z, unit).max()
        found = re.search(rf"({NUMBER}) (above|below) . (\w+)", text)
        assert found
        assert value(found[1]) == pytest.approx(abs(lead), abs=2e-3)
        assert (found[2] == "above") == (lead > 0)
        assert ("not the prediction" in text) == (z.argmax() != unit)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nothing_is_said_about_numbers_that_are_not_finite(bad: float) -> None:
    run = session_after(PRESETS["xor"].config(), 1, State.PAUSED)
    assert run.network is not None
    run.network.parameters[:] = bad
    with np.errstate(all="ignore"):
        assert "not finite" in said(run, 0, 0, 1)
    assert gradient_words(bad) == ""


def test_the_sign_of_the_gradient_is_told_in_words() -> None:
    assert gradient_words(-0.1) == "a larger z lowers its loss"
    assert gradient_words(0.1) == "a smaller z lowers its loss"
    assert "leaves" in gradient_words(0.0)
