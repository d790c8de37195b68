"""Inspector, drawn without an application: its numbers are those of the network."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from textual.app import App, ComposeResult

from core import RunConfig, Trainer
from core.analysis.prediction_map import quantize
from core.config.presets import PRESETS
from core.nn.activations import ACTIVATIONS
from core.nn.layers import NORM_EPSILON
from core.nn.losses import LOSSES
from core.process.messages import NextStepFound, Run, State
from core.training.next_step import next_step
from tests.tui.sessions import session_after
from tui.drawing.cells import Cells
from tui.drawing.palette import DIVERGING, GREYS, get_ink, style
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.panels.inspector.panel import InspectorPanel, steps_of
from tui.panels.view_options import Cursor, ViewOptions
from tui.run_model import RunModel

SIZES = [(118, 34), (58, 30), (76, 18), (58, 10)]
NORMED = RunConfig(dataset="moons", hidden=(8, 6), batch_norm=True)
NUMBER = r"[−+]?\d+(?:\.\d+)?(?:e−?\d+)?"
TERM = re.compile(rf"^\s*(?P<name>.*?)\s+({NUMBER}) × +({NUMBER}) = +({NUMBER})")
RESULT = re.compile(
    rf"^\s*(?P<name>.+?)(?:  rounding (?P<rounding>{NUMBER}))?\s*(?:{NUMBER})? = +(?P<value>{NUMBER})"
)


def fresh(name: str, epochs: int = 20, **changes: object) -> RunModel:
    """Return a session that a test may change."""
    config = NORMED.changed(**changes) if name == "normed" else PRESETS[name].config(**changes)
    return session_after(config, epochs, State.PAUSED)


@cache
def after(name: str, epochs: int = 20, **changes: object) -> RunModel:
    """Return a session that is only looked at."""
    return fresh(name, epochs, **changes)


def panel_of(session: RunModel, cursor: Cursor, view: str = "unit") -> InspectorPanel:
    panel = InspectorPanel(session, ViewOptions(cursor=cursor))
    panel.view = view
    return panel


def inside(cells: Cells) -> list[str]:
    return [line[1:-1] for line in cells.lines()[1:-1]]


def lines_of(
    session: RunModel, cursor: Cursor, view: str = "unit", size: tuple[int, int] = (118, 34)
) -> list[str]:
    return inside(panel_of(session, cursor, view).draw(size[0] + 2, size[1] + 2))


def value(text: str) -> float:
    return float(text.replace("−", "-"))


def exact(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


def by_hand(session: RunModel, cursor: Cursor) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Compute a unit's inputs, weights, z and a from the parameters alone."""
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    values = np.asarray(data.x_train[cursor.sample], np.float64)
    for number, layer in enumerate(network.layers):
        z = values @ layer.weights.astype(np.float64)
        if layer.norm is None:
            z = z + (layer.biases if layer.biases.size else 0)
        else:
            norm = layer.norm
            z = (z - norm.mean) / np.sqrt(norm.variance + NORM_EPSILON) * norm.gamma + norm.beta
        a = z.copy()
        for each in ACTIVATIONS[layer.activation.name].forward(z, a):
            each()
        if number == cursor.layer:
            break
        values = a
    unit = cursor.unit
    weights = network.layers[cursor.layer].weights[:, unit]
    return values, weights, float(z[unit]), float(a[unit])


def checked_sum(session: RunModel, cursor: Cursor, size: tuple[int, int]) -> int:
    """Compare all that is on the screen with the parameters; return how many terms there were."""
    lines = lines_of(session, cursor, "unit", size)
    x, w, z, a = by_hand(session, cursor)
    assert session.network is not None
    norm = session.network.layers[cursor.layer].norm
    terms, left, results = 0, list(range(len(x))), {}
    shown: list[Decimal] = []
    for line in lines:
        term = TERM.match(line)
        if term:
            given, weight, result = (value(text) for text in term.groups()[1:])
            near = [
                at
                for at in left
                if given == pytest.approx(x[at], abs=6e-4, rel=6e-3)
                and weight == pytest.approx(w[at], abs=6e-4, rel=6e-3)
            ]
            assert near, line
            left.remove(near[0])
            assert result == pytest.approx(x[near[0]] * w[near[0]], abs=6e-4, rel=6e-3)
            shown.append(exact(term[4]))
            terms += 1
        elif result_of := RESULT.match(line):
            name = result_of["name"].strip()
            results[name] = value(result_of["value"])
            if name in {"z", "w·x"}:
                # the numbers on the screen add up exactly
                shown.append(exact(result_of["rounding"] or "0"))
                assert sum(shown) == exact(result_of["value"])
                assert abs(shown[-1]) <= Decimal("0.0006") * len(shown)
                if norm is None:
                    break
            elif name == "+ β: z":
                break
            elif name == "bias" or name.endswith("more"):
                shown.append(exact(result_of["value"]))
    more = [name for name in results if name.endswith("more")]
    assert len(more) == bool(left)
    for name in more:
        assert name == f"… {len(left):,} more"
        assert results[name] == pytest.approx((x[left] * w[left]).sum(), abs=6e-4, rel=6e-3)
    if norm is None and not session.config.bias:
        assert "bias" not in results
        assert results["z"] == pytest.approx(z, abs=6e-4)
    elif norm is None:
        bias = float(session.network.layers[cursor.layer].biases[cursor.unit])
        assert results["bias"] == pytest.approx(bias, abs=6e-4)
        assert results["z"] == pytest.approx(z, abs=6e-4)
    else:
        unit = cursor.unit
        steps = [
            (x * w).sum(),
            (x * w).sum() - norm.mean[unit],
            ((x * w).sum() - norm.mean[unit]) / np.sqrt(norm.variance[unit] + NORM_EPSILON),
        ]
        names = ["w·x", "− running mean", "÷ √(σ² + ε)"]
        assert [results[name] for name in names] == pytest.approx(steps, abs=6e-4)
        assert results["+ β: z"] == pytest.approx(z, abs=6e-4)
    if cursor.layer < len(session.network.layers) - 1:
        said = next(line for line in lines if "a = " in line and "w·" not in line)
        said = said[said.index("a = ") :]
        numbers = [value(text) for text in re.findall(rf"(?<![\w.]){NUMBER}", said)]
        assert numbers[0] == pytest.approx(z, abs=6e-4)
        assert numbers[1] == pytest.approx(a, abs=6e-4)
    return terms


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("xor", {}),
        ("xor", {"loss": "binary_cross_entropy"}),
        ("moons", {"activation": "gelu"}),
        ("iris", {}),
        ("digits", {}),
        ("bumps", {}),
        ("normed", {}),
        ("moons", {"bias": False}),
        ("normed", {"bias": False}),
    ],
)
def test_every_number_of_a_sum_is_the_networks(
    name: str, changes: dict[str, object], size: tuple[int, int]
) -> None:
    session = after(name, 8, **changes)
    assert session.network is not None
    layers = session.network.layers
    last = len(layers) - 1
    for cursor in (
        Cursor(0, 0, 0),
        Cursor(0, layers[0].units - 1, 3),
        Cursor(last - 1, 1, 3),
        Cursor(last, 0, 0),
    ):
        if size == (58, 10):
            # not all of it is seen at once
            panel = panel_of(session, cursor)
            whole = panel.views["unit"](session, panel.options, *size)
            assert whole.height >= 8
            continue
        terms = checked_sum(session, cursor, size)
        assert terms == layers[cursor.layer].inputs or terms >= 3


def test_a_term_that_is_wrong_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    session = after("xor")
    checked_sum(session, Cursor(0, 1, 1), (118, 34))
    from core.analysis.trace import LayerTrace

    products = LayerTrace.products
    monkeypatch.setattr(LayerTrace, "products", lambda *given: products(*given) * 1.01)
    with pytest.raises(AssertionError):
        checked_sum(session, Cursor(0, 1, 1), (118, 34))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_named_in_the_formula(activation: str) -> None:
    session = after("moons", 3, activation=activation)
    lines = lines_of(session, Cursor(0, 2, 5))
    formula = "z = w·x + b" if activation == "linear" else f"a = {activation}(w·x + b)"
    assert lines[0].startswith(f" {formula} ")
    assert "class" in lines[0]
    assert "for the sample x = (" in lines[0]
    lines = lines_of(after("moons", 3, activation=activation, bias=False), Cursor(0, 2, 5))
    assert lines[0].startswith(f" {formula.replace(' + b', '')} ")


def test_the_title_names_the_unit_and_the_corner_the_sample() -> None:
    session = after("iris", 60)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    right = network.predict(data.x_train).argmax(axis=1) == data.y_train
    for sample in (0, int(right.argmin())):
        name = data.class_names[int(data.y_train[sample])]
        first = panel_of(session, Cursor(0, 1, sample)).draw(100, 30).lines()[0]
        assert "7 inspector unit 2 of hidden layer 1 " in first
        assert f"sample {sample + 1} {'right' if right[sample] else 'wrong'} " in first
        assert f" {name} " in first
    assert not right.all()
    assert "output versicolor" in panel_of(session, Cursor(1, 1, 0)).draw(100, 30).lines()[0]


def test_map_and_histogram_are_below_the_sum_and_pictures_of_pixels_beside_the_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # what the inspector has of a screen of 120 × 40
    panel = panel_of(after("moons", 20), Cursor(1, 0, 0))
    monkeypatch.setattr(panel, "repaint", lambda: None)
    panel.draw(58, 20)
    panel.action_scroll_view(1)
    lines = inside(panel.draw(58, 20))
    assert any("its map over" in line for line in lines)
    assert any("−1 ─" in line for line in lines)  # the axis of the histogram
    panel = panel_of(after("digits", 2), Cursor(0, 3, 0))
    drawn = panel.draw(58, 20)
    assert "its weights" in text_of(drawn)
    # the upper half of the first row of pixels
    network = panel.run.network
    assert network is not None
    weights = network.weights[0][:, 3].reshape(8, 8)
    row = next(at for at, line in enumerate(drawn.lines()) if "its weights" in line)
    column = drawn.lines()[row].index("its weights")
    levels = quantize(weights, len(DIVERGING), -np.abs(weights).max(), np.abs(weights).max())
    shown = [
        get_ink(int(drawn.inks[row + 1, column + at])).foreground
        if drawn.glyphs[row + 1, column + at] == "▀"
        else get_ink(int(drawn.inks[row + 1, column + at])).background
        for at in range(8)
    ]
    assert shown == [DIVERGING[level] for level in levels[0].tolist()]


def text_of(cells: Cells) -> str:
    return "\n".join(cells.lines())


def test_of_many_targets_the_strongest_are_shown_and_the_others_counted() -> None:
    session = after("spiral", 3)
    assert session.network is not None
    lines = lines_of(session, Cursor(0, 3, 0), size=(58, 30))
    start = next(row for row, line in enumerate(lines) if "gives " in line)
    shown = [
        re.search(rf"unit (\d+) +× +({NUMBER}) = ({NUMBER})", line) for line in lines[start + 1 :]
    ]
    found = {int(each[1]) - 1: value(each[2]) for each in shown if each}
    given = value(re.findall(rf"gives ({NUMBER})", lines[start])[0])
    for each in filter(None, shown):
        assert value(each[3]) == pytest.approx(given * value(each[2]), abs=2e-3)
    weights = session.network.weights[1][3]
    strongest = np.argsort(-np.abs(weights))[: len(found)]
    assert set(found) == set(strongest.tolist())
    assert all(found[unit] == pytest.approx(weights[unit], abs=6e-4) for unit in found)
    assert any(f"… {16 - len(found)} more" in line for line in lines)


def test_dead_and_saturated_units_are_told_in_a_sentence() -> None:
    for activation, word in (("relu", "dead"), ("tanh", "saturated"), ("tanh", "")):
        session = fresh("moons", 0, activation=activation)
        assert session.network is not None
        if word:
            session.network.layers[0].biases[1] = -30 if word == "dead" else -3
            session.network.layers[0].weights[:, 1] = 0.1
        said = "\n".join(lines_of(session, Cursor(0, 1, 0)))
        assert ("dead:" in said) == (word == "dead")
        assert ("saturated:" in said) == (word == "saturated")


def test_the_gradient_beside_a_unit_is_that_of_this_sample() -> None:
    session = fresh("moons", 5, dtype="float64")
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    said = " ".join(lines_of(session, Cursor(0, 3, 7)))
    shown = value(re.findall(rf"‖∂L/∂w‖ ({NUMBER})", said)[0])
    gradient = []
    for row in range(2):
        weights, step, losses = network.layers[0].weights, 1e-6, []
        for sign in (1, -2):
            weights[row, 3] += sign * step
            losses.append(-np.log(network.predict(data.x_train[7:8])[0, data.y_train[7]]))
        weights[row, 3] += step
        gradient.append((losses[0] - losses[1]) / (2 * step))
    assert shown == pytest.approx(np.linalg.norm(gradient), rel=1e-2)


def test_a_unit_of_a_picture_shows_its_weights_as_one() -> None:
    session = after("digits", 5)
    assert session.network is not None
    cells = panel_of(session, Cursor(0, 3, 7)).draw(120, 36)
    row = next(row for row, line in enumerate(cells.lines()) if "its weights" in line)
    column = cells.lines()[row].index("its weights")
    weights = session.network.weights[0][:, 3].reshape(8, 8)
    high = np.abs(weights).max()
    scale = (column - cells.lines()[row].index("sample", 20) - 2) // 8
    assert scale > 1
    for y in range(8):
        for x in range(8):
            at = row + 1 + y * scale // 2, column + x * scale
            its_style = style(int(cells.inks[at]))
            upper = cells.glyphs[at] == "▀" and (y * scale) % 2 == 0
            colour = its_style.color if upper else its_style.bgcolor
            assert colour is not None
            level = int(quantize(weights[y, x], len(DIVERGING), -high, high))
            assert colour.name == DIVERGING[level]


def test_its_own_map_has_the_colours_of_its_outputs() -> None:
    session = fresh("moons", 30)
    assert session.network is not None
    session.network.layers[0].weights[:, 2] = 0, 5
    session.network.layers[0].biases[2] = -1
    cells = panel_of(session, Cursor(0, 2, 0)).draw(120, 36)
    row = next(row for row, line in enumerate(cells.lines()) if "its map over x₁ × x₂" in line)
    column = cells.lines()[row].index("its map")
    above, below = (style(int(cells.inks[at, column + 8])).bgcolor for at in (row + 1, row + 14))
    assert above is not None
    assert below is not None
    assert (above.name, below.name) == (DIVERGING[-1], DIVERGING[0])


@pytest.mark.parametrize(("size", "scale"), [((118, 34), 2), ((58, 20), 1), ((120, 60), 5)])
def test_the_sample_view_shows_an_image_as_large_as_a_third_of_the_rows(
    size: tuple[int, int], scale: int
) -> None:
    panel = panel_of(after("digits", 2), Cursor(0, 3, 0), "sample")
    cells = panel.draw(size[0] + 2, size[1] + 2)
    grey = np.array([get_ink(number).background in GREYS for number in range(cells.inks.max() + 1)])
    shown = grey[cells.inks]
    assert shown.any(axis=0).sum() == 8 * scale
    assert shown.any(axis=1).sum() == 4 * scale


# --- the sample's view


@pytest.mark.parametrize("size", [(118, 34), (58, 30), (76, 18)])
@pytest.mark.parametrize("name", ["xor", "moons", "iris", "digits", "normed"])
def test_probabilities_and_loss_are_the_networks(name: str, size: tuple[int, int]) -> None:
    session = after(name, 12)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    for sample in (0, 3):
        lines = lines_of(session, Cursor(0, 0, sample), "sample", size)
        probabilities = network.predict(data.x_train[sample : sample + 1])[0]
        true, predicted = int(data.y_train[sample]), int(probabilities.argmax())
        shown = 0
        for label, each in enumerate(data.class_names):
            line = next((x for x in lines if re.match(rf"  . {re.escape(each)} +[01]\.", x)), None)
            if line is None:
                assert len(data.class_names) > 9
                continue
            found = re.findall(r"\d\.\d{3}", line)
            assert value(found[0]) == pytest.approx(probabilities[label], abs=6e-4)
            assert ("true" in line) == (label == true)
            assert ("predicted" in line) == (label == predicted)
            shown += 1
        assert shown >= min(3, len(data.class_names))
        line = next(line for line in lines if line.strip().startswith("loss"))
        loss = -np.log(float(probabilities[true]))
        assert value(line.split("=")[-1]) == pytest.approx(loss, rel=6e-3, abs=1e-6)


@pytest.mark.parametrize("size", [(118, 34), (58, 30)])
@pytest.mark.parametrize("name", ["xor", "iris", "bumps", "normed"])
def test_the_outputs_of_each_layer_are_the_networks(name: str, size: tuple[int, int]) -> None:
    session = after(name, 12)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    lines = lines_of(session, Cursor(0, 0, 2), "sample", size)
    x = data.x_train[2:3]
    for label, outputs in (
        *((f"hidden {at + 1}", each) for at, each in enumerate(network.hidden_outputs(x))),
        ("outputs z", network.logits(x)),
    ):
        start = next(row for row, line in enumerate(lines) if line.startswith(f"  {label} "))
        shown: list[float] = []
        for line in lines[start:]:
            if len(shown) == outputs.size:
                break
            shown += [value(text) for text in re.findall(rf"(?<!\w){NUMBER}", line[13:])]
        assert shown == pytest.approx(outputs[0].tolist(), abs=6e-4)


def test_a_number_to_predict_is_told_in_its_own_units() -> None:
    session = after("diabetes", 10)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    said = " ".join(lines_of(session, Cursor(0, 0, 4), "sample"))
    shift, scale = data.preparation.target_units(0)
    true = float(data.y_train[4, 0]) * scale + shift
    predicted = float(network.predict(data.x_train[4:5])[0, 0]) * scale + shift
    for word, expected in (
        ("true", true),
        ("predicted", predicted),
        ("residual", true - predicted),
    ):
        shown = value(re.findall(rf"{word} ({NUMBER})", said)[0])
        assert shown == pytest.approx(expected, abs=6e-2)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", ["moons", "bumps"])
def test_the_loss_stands_beside_its_formula(loss: str, name: str) -> None:
    if name == "bumps" and not LOSSES[loss].supports_regression:
        return
    session = after(name, 4, loss=loss)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    lines = lines_of(session, Cursor(0, 0, 6), "sample")
    said = next(line for line in lines if line.strip().startswith("loss"))
    z = np.ascontiguousarray(network.logits(data.x_train[6:7]).T)
    targets = network.loss.encode(data.y_train[6:7]).T.astype(z.dtype)
    asked = network.loss.value(z, targets)
    for each in asked.calls:
        each()
    expected = asked.total()
    assert value(said.split("=")[-1]) == pytest.approx(expected, rel=6e-3, abs=1e-6)
    # what stands before it, in numbers, comes to the same
    middle = said.split("=")[-2].strip()
    by_numbers = middle.replace("−", "-").replace("²", "**2").replace("log", "np.log")
    by_numbers = re.sub(r"\|(.*?)\|", r"abs(\1)", by_numbers)
    by_numbers = re.sub(r"np\.log ([\d.]+)", r"np.log(\1)", by_numbers)
    assert eval(by_numbers) == pytest.approx(expected, rel=2e-2, abs=2e-3)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "binary_cross_entropy", "hinge"])
def test_a_weighted_loss_says_so_and_its_gradient_is_weighted(loss: str, smoothing: float) -> None:
    changes: dict[str, object] = {"loss": loss, "label_smoothing": smoothing}
    session = fresh("breast-cancer", 2, class_weight="balanced", **changes)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    sample = int(np.flatnonzero(data.y_train == 0)[0])  # of the rarer class
    lines = lines_of(session, Cursor(0, 0, sample), "sample")
    at = next(row for row, line in enumerate(lines) if line.strip().startswith("loss"))
    said = " ".join(line.strip() for line in lines[at : at + 2])
    z = np.ascontiguousarray(network.logits(data.x_train[[sample]]).T)
    measured = network.loss.value(z, network.loss.encode(data.y_train[[sample]]).T.astype(z.dtype))
    for each in measured.calls:
        each()
    assert value(re.findall(rf"= ({NUMBER})", said)[-1]) == pytest.approx(
        measured.total(), rel=6e-3
    )
    weight = network.loss.class_weights[0]
    assert weight > 1.3
    is_smoothed = smoothing and loss != "hinge"
    words = "w the class weights" if is_smoothed else f"× class weight {weight:.2f}"
    assert words in said


def test_the_way_back_is_told_layer_by_layer() -> None:
    from core.analysis.trace import trace_sample

    session = after("spiral", 5)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    lines = lines_of(session, Cursor(0, 0, 9), "sample")
    start = next(row for row, line in enumerate(lines) if "‖δ‖" in line)
    trace = trace_sample(network, data.x_train[9], data.y_train[9])
    for line, layer in zip(lines[start + 1 :], trace.layers[::-1], strict=False):
        words = re.findall(rf"(?<![\w.]){NUMBER}", line[13:])
        assert value(words[0]) == pytest.approx(np.linalg.norm(layer.delta), rel=6e-3)
        assert value(words[1]) == pytest.approx(np.linalg.norm(layer.weight_gradient), rel=6e-3)
        largest = layer.delta[np.abs(layer.delta).argmax()]
        assert value(words[-1]) == pytest.approx(largest, rel=6e-3)
    assert lines[start + 1].strip().startswith("output")
    assert lines[start + 3].strip().startswith("hidden 1")


def test_slow_motion_shows_one_pass_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    session = after("moons", 5)
    panel = panel_of(session, Cursor(0, 0, 3), "sample")
    monkeypatch.setattr(panel, "repaint", lambda: None)

    def said() -> str:
        return "\n".join(inside(panel.draw(100, 30)))

    def stepped(by: int) -> int | None:
        panel.action_step(by)
        return panel.step

    def below(text: str) -> str:
        """Return the text below the sums of the step."""
        return text[text.index("───") :]

    everything = said()
    last = steps_of(session)
    assert last == 7
    for step in range(last - 1, -1, -1):
        assert stepped(-1) == step
        said()
    parts = (
        "hidden 1 ",
        "hidden 2 ",
        "outputs z",
        "loss =",
        "output    ",
        "hidden 2 ",
        "hidden 1 ",
    )
    assert "features" in said()
    for step, part in enumerate(parts, 1):
        earlier = said()
        assert stepped(1) == step
        now = said()
        assert below(now).count(part) == below(earlier).count(part) + 1
        marked = [line for line in now.splitlines() if line.startswith("▌")]
        assert any(part.strip() in line for line in marked)
    # after the last step it ends, and begins again at the inputs
    assert stepped(1) is None
    assert said() == everything
    assert stepped(1) == 0
    assert "the inputs: " in said()
    panel.options.cursor = Cursor(0, 0, 4)
    assert said() != everything
    assert panel.step is None


def test_slow_motion_begins_at_the_inputs_of_the_sample_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for step in (InspectorPanel.action_step, InspectorPanel.action_step_unit):
        panel = panel_of(after("xor"), Cursor())
        monkeypatch.setattr(panel, "repaint", lambda: None)
        step(panel, 1)
        assert (panel.view, panel.step) == ("sample", 0)


def test_the_next_step_of_each_weight_is_that_of_the_run() -> None:
    trainer = Trainer(PRESETS["moons"].config(batch_size="full"))
    for _ in range(5):
        trainer.train_epoch()
    session = session_after(trainer.config, 5, State.PAUSED)
    assert "next step" not in text_of(panel_of(session, Cursor(0, 3, 2)).draw(60, 30))
    session.apply(NextStepFound(next_step(trainer)))
    before = trainer.network.parameters.copy()
    for size in ((60, 30), (42, 40), (120, 40)):
        said = text_of(panel_of(session, Cursor(0, 3, 2)).draw(*size))
        trainer.network.parameters[:] = before
        shown = [value(each) for each in re.findall(rf"({NUMBER}) [↑↓]", said)]
        change = next_step(trainer)
        assert change is not None
        layer = change.change[trainer.network.slices[0]].reshape(3, -1)[:, 3]
        assert shown == pytest.approx(layer.tolist(), rel=2e-2)
        words = re.sub(r"[\s│]+", " ", said)
        assert f"adam, rate 0.01, all {len(trainer.data.y_train)} samples" in words
        arrows = re.findall("[↑↓]", said)
        assert arrows == ["↑" if each > 0 else "↓" for each in layer]
    assert change is not None
    trainer.train_epoch()
    assert np.array_equal(trainer.network.parameters, before + change.change)
    # other settings have another next step, although the weights are the same
    session.apply(Run(session.config, None, fresh=False, note="rejected"))
    assert "next step" in text_of(panel_of(session, Cursor(0, 3, 2)).draw(60, 30))
    found = session.next_step
    slower = session.config.changed(learning_rate=0.001)
    session.apply(Run(slower, None, fresh=False, note=""))
    assert "next step" not in text_of(panel_of(session, Cursor(0, 3, 2)).draw(60, 30))
    session.apply(NextStepFound(found))
    # nor is it that of other weights
    assert session.network is not None
    session.network.parameters[0] += 1
    assert "next step" not in text_of(panel_of(session, Cursor(0, 3, 2)).draw(60, 30))


def test_the_next_step_names_its_batch() -> None:
    trainer = Trainer(PRESETS["moons"].config())
    session = session_after(trainer.config, 0, State.PAUSED)
    trainer.advance(0.0)
    session.apply(NextStepFound(next_step(trainer)))
    assert session.network is not None
    session.network.parameters[:] = trainer.network.parameters
    said = text_of(panel_of(session, Cursor(0, 3, 2)).draw(120, 40))
    assert f"batch 2 of {trainer.batches.count} (32 samples)" in said


def test_without_unicode_classes_are_letters_in_sentences_and_sums() -> None:
    renderer = CellRenderer(TerminalLook(glyphs="ascii"))

    def shown(view: str, step: int | None) -> str:
        panel = panel_of(after("moons"), Cursor(1, 0, 0), view)
        panel.draw(118, 60)
        panel.step = step
        cells = panel.draw(118, 60)
        return "\n".join(
            "".join(
                renderer.glyph(str(glyph), get_ink(int(number)))
                for glyph, number in zip(*row, strict=True)
            )
            for row in zip(cells.glyphs, cells.inks, strict=True)
        )

    assert re.search(r"\d+ of them [AB] [01]\.", shown("unit", None))
    assert "z(B 1) = " in shown("sample", 3)
    assert "(B 1) = p - t" in shown("sample", 5)
    assert re.search(r"output +\S+ +\S+ +[AB] [01] ", shown("sample", None))


def test_what_is_longer_than_the_panel_scrolls(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(after("digits", 2), Cursor(0, 3, 0))
    monkeypatch.setattr(panel, "repaint", lambda: None)
    first = panel.draw(80, 12)
    panel.hidden_panels = (("health", "h"), ("hidden space", "9"))
    border = panel.draw(100, 12).lines()[-1]
    assert border.startswith("╰─ PgDn more ─")
    assert border.endswith(" + health h  hidden space 9 ─╯")
    assert "a = relu" in inside(first)[0]
    for _ in range(20):
        panel.action_scroll_view(1)
        panel.draw(60, 12)
    end = panel.draw(60, 12)
    assert inside(end) != inside(first)
    assert "".join(inside(end)).strip()
    for _ in range(20):
        panel.action_scroll_view(-1)
    assert "a = relu" in inside(panel.draw(60, 12))[0]


@pytest.mark.parametrize("view", ["unit", "sample"])
@pytest.mark.parametrize(
    "size", [*SIZES, (0, 0), (1, 1), (3, 3), (5, 40), (200, 4), (12, 6), (28, 9), (398, 98)]
)
@pytest.mark.parametrize("name", ["xor", "iris", "digits", "bumps", "sine", "two-lines", "normed"])
def test_it_is_drawn_at_any_size(name: str, size: tuple[int, int], view: str) -> None:
    session = after(name, 1)
    for layer in (0, 99):
        cells = panel_of(session, Cursor(layer, 1, 2), view).draw(*size)
        assert (cells.width, cells.height) == size


@pytest.mark.parametrize("view", ["unit", "sample"])
def test_no_number_is_cut_at_the_edge(view: str) -> None:
    session = after("iris", 5)
    whole = set(re.findall(r"[\d.]+", "\n".join(lines_of(session, Cursor(0, 1, 2), view))))
    for width in range(30, 118, 4):
        said = "\n".join(
            line.rstrip() for line in lines_of(session, Cursor(0, 1, 2), view, (width, 60))
        )
        for text in re.findall(r"\d+\.\d+", said):
            assert text in whole, (width, text)


@pytest.mark.parametrize("view", ["unit", "sample"])
def test_names_that_would_move_the_cursor_are_harmless(view: str) -> None:
    session = fresh("blobs", 3)
    assert session.data is not None
    session.data = replace(
        session.data,
        class_names=("\x1b[2J\x1b[31mred", "a\nb\tc", "", "漢字" * 200),
        feature_names=("\x1b[2J", "  " + "漢" * 90),
    )
    for layer in (0, 1):
        for size in ((32, 10), (48, 14), (102, 32), (200, 60)):
            cells = panel_of(session, Cursor(layer, 3, 0), view).draw(*size)
            assert "".join(cells.lines()).isprintable()


@pytest.mark.parametrize("view", ["unit", "sample"])
@pytest.mark.parametrize("name", ["moons", "iris", "digits", "bumps", "normed"])
def test_parameters_that_are_no_numbers_do_no_harm(name: str, view: str) -> None:
    session = fresh(name, 1)
    assert session.network is not None
    for bad in (np.nan, np.inf, 1e30):
        session.network.parameters[:] = bad
        for layer in (0, 9):
            said = "".join(panel_of(session, Cursor(layer, 0, 0), view).draw(100, 30).lines())
            assert "nan" not in said
            assert "inf" not in said


def test_before_the_first_epoch_it_says_what_will_be_there() -> None:
    for view in ("unit", "sample"):
        said = "".join(lines_of(RunModel(PRESETS["moons"].config()), Cursor(), view))
        assert len([word for word in said.split() if word.isalpha()]) >= 5


def test_a_view_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(after("xor"), Cursor())
    monkeypatch.setattr(panel, "repaint", lambda: None)

    def table(_: RunModel, __: ViewOptions, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        cells.write(0, 0, "the table", 0)
        return cells

    panel.views["table"] = table
    for name in ("sample", "table", "unit"):
        panel.action_switch_view()
        assert panel.view == name
        assert ("the table" in "".join(panel.draw(60, 12).lines())) == (name == "table")


class Alone(App[None]):
    """The panel, and nothing else."""

    def __init__(self, session: RunModel) -> None:
        super().__init__()
        self.panel = InspectorPanel(session, ViewOptions())

    def compose(self) -> ComposeResult:
        yield self.panel


async def test_its_keys_switch_step_and_scroll() -> None:
    app = Alone(after("iris"))
    async with app.run_test(size=(80, 16)) as pilot:
        app.panel.focus()
        await pilot.press("u")
        assert app.panel.view == "sample"
        await pilot.press("comma", "comma", "full_stop")
        assert app.panel.step == 4
        await pilot.press("u", "pagedown")
        assert app.panel.view == "unit"
        assert "inspector" in app.panel.shown.lines()[0]


def test_digits_do_not_dance_while_training_but_the_cursor_is_followed_at_once() -> None:
    session = session_after(PRESETS["moons"].config(), 3)
    assert session.network is not None
    panel = panel_of(session, Cursor(0, 0, 3))
    first = inside(panel.draw(100, 30))
    session.network.parameters *= 2
    assert inside(panel.draw(100, 30)) == first
    panel.options.cursor = Cursor(0, 1, 3)
    moved = inside(panel.draw(100, 30))
    assert moved != first
    assert moved == inside(panel_of(session, Cursor(0, 1, 3)).draw(100, 30))
