"""Slow motion works a sample out as a student does on paper: every number is on the screen."""

import re
from math import exp, isclose, log, tanh

import numpy as np
import pytest

from core.config.presets import PRESETS
from core.nn.losses import LOSSES
from core.process.messages import State
from tests.tui.panels.inspector.test_waterfall import inspected
from tests.tui.sessions import session_after
from tui.panels.inspector.inspected import number, small
from tui.panels.inspector.panel import InspectorPanel, trace_steps
from tui.panels.inspector.step_sums import draw_step
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel

NUMBER = r"[−+]?\d+(?:\.\d+)?(?:e−?\d+)?"


def value(text: str) -> float:
    return float(text.replace("−", "-"))


def numbers(text: str) -> list[float]:
    """Return all numbers that are not part of a name."""
    return [value(each) for each in re.findall(rf"(?<![\w.]){NUMBER}(?![\w.])", text)]


def xor_network() -> tuple[
    RunModel, list[list[float]], list[float], list[list[float]], list[float]
]:
    """Return a trained XOR run, and its weights and biases as plain floats."""
    run = session_after(PRESETS["xor"].config(), 40, State.PAUSED)
    assert run.network is not None
    w1, w2 = (layer.weights.tolist() for layer in run.network.layers)
    b1, b2 = (layer.biases.tolist() for layer in run.network.layers)
    return run, w1, b1, w2, b2


def by_keys(run: RunModel, sample: int, size: tuple[int, int]) -> list[str]:
    """Return the text of the panel at each position, from the inputs to the end, as `/` shows it."""
    panel = InspectorPanel(run, ViewOptions(cursor=Cursor(0, 0, sample)))
    panel.repaint = lambda: None  # type: ignore[method-assign]
    panel.post_message = lambda _: True  # type: ignore[method-assign, assignment]
    shown = []
    for _ in trace_steps(run):
        panel.action_step_unit(1)
        shown.append("\n".join(line[1:-1] for line in panel.draw(*size).lines()[1:-1]))
    return shown


@pytest.mark.parametrize("size", [(60, 22), (80, 22), (120, 40)])
@pytest.mark.parametrize("sample", range(4))
def test_every_number_a_student_writes_for_xor_is_on_the_screen(
    sample: int, size: tuple[int, int]
) -> None:
    run, w1, b1, w2, b2 = xor_network()
    assert run.data is not None
    x = run.data.x_train[sample].tolist()
    label = int(run.data.y_train[sample])
    pages = iter(by_keys(run, sample, size))

    def written(*expected: float) -> str:
        """Check that the sums of the next page contain these numbers, in this order."""
        page = next(pages)
        sums = page[: page.index("───")]
        found = numbers(" ".join(sums.split()))
        rest = iter(found)
        for wanted in expected:
            assert any(isclose(wanted, each, rel_tol=6e-3, abs_tol=6e-4) for each in rest), (
                wanted,
                sums,
            )
        return sums

    # the inputs
    assert "x₁" in written(*x)
    # the hidden layer
    h, h_slope = [], []
    for unit in range(4):
        z = x[0] * w1[0][unit] + x[1] * w1[1][unit] + b1[unit]
        a = tanh(z)
        sums = written(x[0], w1[0][unit], x[1], w1[1][unit], abs(b1[unit]), z, a)
        assert f"h{unit + 1} = tanh(" in sums
        h.append(a)
        h_slope.append(1 - a * a)
    # the outputs, the probabilities and the loss
    z2 = []
    for unit in range(2):
        z = sum(h[at] * w2[at][unit] for at in range(4)) + b2[unit]
        products = [each for at in range(4) for each in (h[at], w2[at][unit])]
        written(*products, abs(b2[unit]), z)
        z2.append(z)
    p = [exp(z) / (exp(z2[0]) + exp(z2[1])) for z in z2]
    written(z2[label], z2[0], z2[1], p[label], p[label], -log(p[label]))
    # the chain rule
    d2 = [p[unit] - (unit == label) for unit in range(2)]
    for unit in range(2):
        gradients = [each for at in range(4) for each in (d2[unit], h[at], d2[unit] * h[at])]
        written(p[unit], float(unit == label), d2[unit], *gradients, d2[unit])
    for unit in range(4):
        da = w2[unit][0] * d2[0] + w2[unit][1] * d2[1]
        dz = da * h_slope[unit]
        chain = [w2[unit][0], d2[0], w2[unit][1], d2[1], da, da, h_slope[unit], dz]
        written(*chain, dz, x[0], dz * x[0], dz, x[1], dz * x[1], dz)
    assert next(pages, None) is None


def test_the_sum_of_a_unit_is_written_as_on_paper() -> None:
    run, w1, b1, *_ = xor_network()
    it = inspected(run, 0, 1, 1)
    text = " ".join("\n".join(draw_step(it, 1, 1, 100, 6).lines()).split())
    z = w1[1][1] + b1[1]
    sign = "−" if b1[1] < 0 else "+"
    inner = f"0 × {number(w1[0][1])} + 1 × {number(w1[1][1])} {sign} {number(abs(b1[1]))}"
    assert text == f"h2 = tanh({inner}) = tanh({number(z)}) = {number(tanh(z))}"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("iris", {}),
        ("moons", {"label_smoothing": 0.1}),
        ("breast-cancer", {"class_weight": "balanced"}),
        ("bumps", {}),
    ],
)
def test_the_derivative_of_an_output_is_a_true_equation(
    loss: str, name: str, changes: dict[str, object]
) -> None:
    if name == "bumps" and not LOSSES[loss].supports_regression:
        return
    smooths = LOSSES[loss].smooths
    if (loss == "binary_cross_entropy" and name == "iris") or (
        "label_smoothing" in changes and not smooths
    ):
        return
    run = session_after(PRESETS[name].config(loss=loss, **changes), 2, State.PAUSED)
    assert run.network is not None
    layers = len(run.network.layers)
    for unit in range(run.network.sizes[-1]):
        it = inspected(run, layers - 1, unit, 3)
        text = " ".join(" ".join(draw_step(it, layers + 2, unit, 300, 8).lines()).split())
        first = text[: text.index("∂L/∂w")]
        delta = float(it.trace.layers[-1].delta[unit])
        *_, before, after = first.split(" = ")
        assert value(after) == pytest.approx(delta, rel=6e-3, abs=1e-9)
        if "derivative" in before:
            assert loss not in {
                "softmax_cross_entropy",
                "binary_cross_entropy",
                "mean_squared_error",
            }
            continue
        counted = eval(before.replace("−", "-").replace("×", "*"))
        assert counted == pytest.approx(delta, rel=2e-2, abs=2e-3)


@pytest.mark.parametrize("name", ["digits", "iris", "diabetes", "sine", "moons"])
@pytest.mark.parametrize(
    "changes", [{}, {"batch_norm": True}, {"bias": False}, {"activation": "linear"}]
)
def test_each_step_fits_into_its_rows_and_is_drawn(name: str, changes: dict[str, object]) -> None:
    run = session_after(PRESETS[name].config(**changes), 1, State.PAUSED)
    for bad in (None, np.nan, 1e30):
        if bad is not None:
            assert run.network is not None
            run.network.parameters[:] = bad
        with np.errstate(all="ignore"):
            it = inspected(run, 0, 0, 1)
            steps = list(trace_steps(run))
            few = [*steps[:: 1 + len(steps) // 30], steps[-1]]  # units of a layer are alike
            for each in few:
                for unit in {each.unit, None}:
                    for width in (10, 80):
                        drawn = draw_step(it, each.step, unit, width, 6)
                        text = "\n".join(drawn.lines())
                        assert drawn.width == width
                        assert "nan" not in text
                        assert "inf" not in text
                        assert text.strip()
                        if width > 50:
                            assert drawn.height <= 6


def test_a_long_sum_has_its_largest_products_and_the_sum_of_the_others() -> None:
    run = session_after(PRESETS["digits"].config(), 3, State.PAUSED)
    it = inspected(run, 0, 2, 4)
    text = " ".join(" ".join(draw_step(it, 1, 2, 76, 6).lines()).split())
    products = it.trace.layers[0].products(2)
    pairs = re.findall(rf"({NUMBER}) × ({NUMBER})", text)
    rest = re.search(rf"([−+]) ({NUMBER}) \((\d+) more\)", text)
    assert rest is not None
    assert len(pairs) + int(rest[3]) == 64
    largest = np.sort(np.argsort(-np.abs(products), kind="stable")[: len(pairs)])
    assert [value(one) * value(two) for one, two in pairs] == pytest.approx(
        products[largest].tolist(), abs=2e-3
    )
    others = products.sum() - products[largest].sum()
    assert value(f"{rest[1]}{rest[2]}") == pytest.approx(others, abs=1e-3)
    assert small(0.5) == "0.500"


def test_gradients_below_batch_normalisation_are_those_of_the_sums() -> None:
    run = session_after(PRESETS["iris"].config(hidden=(4, 3), batch_norm=True), 5, State.PAUSED)
    it = inspected(run, 0, 1, 3)
    layers = it.trace.layers
    for layer, unit in ((2, 1), (1, 1), (0, 2)):
        drawn = draw_step(it, 2 * len(layers) + 1 - layer, unit, 300, 9)
        text = " ".join(" ".join(drawn.lines()).split())
        trace = layers[layer]
        heading = "∂L/∂z" if trace.norm is None else "∂L/∂(w·x)"
        assert f"∂L/∂w = {heading} · {'h' if layer else 'x'}: " in text
        # the factor of the inputs is what the heading says
        factor = re.search(rf"∂L/∂w = .+?: .*?({NUMBER}) ×", text)
        assert factor is not None
        assert value(factor[1]) == pytest.approx(float(trace.sum_delta[unit]), rel=6e-3)
        if layer < len(layers) - 1:
            above = layers[layer + 1]
            of_above = "∂L/∂z" if above.norm is None else "∂L/∂(w·x)"
            chain = re.search(rf"= Σ w · {re.escape(of_above)} above = (.+?) = ({NUMBER})", text)
            assert chain is not None
            pairs = re.findall(rf"({NUMBER}) × ({NUMBER})", chain[1])
            shown = [value(factor) for _, factor in pairs]
            assert shown == pytest.approx(above.sum_delta.tolist(), rel=6e-3)


def test_the_line_of_each_unit_backward_is_its_gradient_also_with_batch_normalisation() -> None:
    run = session_after(PRESETS["iris"].config(hidden=(4,), batch_norm=True), 5, State.PAUSED)
    it = inspected(run, 0, 1, 3)
    lines = draw_step(it, 5, None, 200, 6).lines()
    for unit, delta in enumerate(it.trace.layers[0].delta.tolist()):
        assert lines[unit].startswith(f"∂L/∂z(h{unit + 1})")
        assert value(lines[unit].split(" = ")[-1].strip()) == pytest.approx(delta, rel=6e-3)


@pytest.mark.parametrize("rows", range(1, 10))
@pytest.mark.parametrize("width", [40, 90])
@pytest.mark.parametrize("step", [1, 5])
def test_units_without_room_are_counted(rows: int, width: int, step: int) -> None:
    run = session_after(PRESETS["iris"].config(hidden=(6,)), 5, State.PAUSED)
    text = "\n".join(draw_step(inspected(run, 0, 1, 3), step, None, width, rows).lines())
    shown = len(re.findall(r"^h\d = " if step == 1 else r"^∂L/∂z\(h", text, re.MULTILINE))
    note = re.search(r"… (\d+) (?:more )?units", text)
    assert shown + (int(note[1]) if note else 0) == 6
    # each shown sum is whole: its last word is its result
    results = [line for line in text.split("\n") if re.search(rf" = {NUMBER} *$", line)]
    assert len(results) == shown


def test_escape_ends_slow_motion_before_it_leaves_the_inspector() -> None:
    run, *_ = xor_network()
    panel = InspectorPanel(run, ViewOptions(cursor=Cursor(0, 0, 1)))
    panel.repaint = lambda: None  # type: ignore[method-assign]
    assert not panel.leave_cursor()
    panel.action_step(1)
    assert panel.leave_cursor()
    assert (panel.step, panel.unit) == (None, None)
    assert not panel.leave_cursor()
