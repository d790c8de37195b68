"""What each panel shows, how to read it, and the formula behind it: what `e` opens on a panel.

Ten lines each at most, so that a panel is explained on one small screen. The run's own loss and
activations stand in them.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final, NamedTuple

from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.run_model import RunModel

WIDTH: Final = 76
"""Columns of a line: 80 less the frame and a blank on either side."""
MOST_LINES: Final = 10
MOST_FORMULAS: Final = 2
"""Activations whose formulas are told, where layers have different ones."""


class Explained(NamedTuple):
    """One panel in words.

    Attributes:
        shows: what is to be seen.
        reading: how to read it.
        formula: behind it, a line or two.
        keys: that the panel has, or that change it.
    """

    shows: str
    reading: str
    formula: str
    keys: str


def explanation(
    label: str, session: RunModel, width: int = WIDTH, wording: Callable[[str], str] = str
) -> list[str]:
    """Return the lines that explain the panel of that label; a word for one that is not known.

    Args:
        label: of the panel.
        session: what is known of the run.
        width: of the lines.
        wording: makes of each text what holds for the terminal.
    """
    explain = EXPLANATIONS.get(label)
    if explain is None:
        return [f"There is no explanation of the panel {label[:20]!r}."]
    told = explain(session)
    paragraphs = [
        told.shows,
        f"How to read it: {told.reading}",
        *told.formula.splitlines(),
        f"Keys: {told.keys}",
    ]
    return [line for text in paragraphs for line in wrap(wording(text), max(1, width))]


def _loss(session: RunModel) -> Explained:
    penalty = " Ochre is the training loss with its penalty." if session.config.penalized else ""
    return Explained(
        "Mean loss over the training samples (grey) and the test samples (violet) after each epoch, "
        f"and over validation samples if there are any. ◆ is the best epoch.{penalty}",
        "both fall while the network learns. Test loss that rises while train loss falls is "
        "overfitting. A curve that jumps means that the learning rate is too high; one that hardly "
        "falls, that it is too low; one that is flat from the start, that nothing is learnt.",
        f"Loss of one sample: {_loss_formula(session)}.",
        "l logarithmic axis · E all epochs, or the last 1,000 or 100",
    )


def _accuracy(session: RunModel) -> Explained:
    keys = "B a linear model's score · E all epochs, or the last 1,000 or 100"
    parts = "for the training samples (grey) and the test samples (violet), after each epoch"
    if not _has_classes(session):
        return Explained(
            f"R², the share of the target's variance that the network explains, {parts}.",
            "1 is perfect; 0 is no better than predicting the mean for every sample; below 0 is "
            "worse than that. A test curve far below the training curve is overfitting.",
            "R² = 1 − Σ(y − ŷ)² / Σ(y − mean y)², over the samples of a part.",
            keys,
        )
    return Explained(
        f"Accuracy, the share of samples that are classified correctly, {parts}.",
        "guessing reaches the share of the most frequent class. A test curve far below the training "
        "curve is overfitting. Accuracy moves in steps of one sample, and may stand still while the "
        "loss falls on: then the network only becomes more certain.",
        "accuracy = samples whose most probable class is the true one / all samples",
        keys,
    )


def _boundary(session: RunModel) -> Explained:
    keys = (
        "t test samples · p P other planes · m a cursor that reads any place; when paused it edits, "
        "too: A adds a point, k changes the class, M moves a point, delete removes one"
    )
    if not _has_classes(session):
        return Explained(
            "The number predicted at each place of the plane, as a colour, and the samples on it, "
            "coloured by their true values.",
            "a sample that stands out from the colour around it is predicted badly. With more than "
            "two features the map is one plane through them; with a single one it is a curve.",
            "ŷ = W·h + b, h the outputs of the last hidden layer",
            keys + " · y next target",
        )
    return Explained(
        "Each place of the plane in the colour of the class predicted there, purer where it is "
        "more certain, and the samples: filled for train, hollow for test, ✗ and × misclassified.",
        "the decision boundary is where colours meet. Without hidden layers it is straight; where it "
        "bends around single samples, it overfits. Of many features, the map is one plane.",
        "certainty = (p − 1/K) / (1 − 1/K), p of the most probable of K classes",
        keys,
    )


def _hidden(session: RunModel) -> Explained:
    order = "by class" if _has_classes(session) else "by target"
    return Explained(
        "The output of each unit of a hidden layer (a row) for each training sample (a column, "
        f"sorted {order}).",
        "a row that changes its colour where the class does helps to tell classes apart. A row of "
        "one colour tells nothing: the unit is dead at 0, or saturated at a bound. Rows that look "
        "alike have learnt the same thing.",
        f"a = f(w·x + b), {_activations(session)}",
        "[ ] previous, next layer · ↑ ↓ scroll through the units",
    )


def _layers(_: RunModel) -> Explained:
    return Explained(
        "How each layer is learning, measured in the last step of the epoch; below, what looks wrong "
        "with the run, and what to try.",
        "‖grad‖ should be of similar size in all layers: 1,000 times less in the first ones is "
        "vanishing, hundreds are exploding. Δθ/θ is usually about 0.001. Dead units have a slope "
        "below 0.001 for every sample and no longer learn; saturated ones are within 2.5 % of a bound "
        "for more than half of the samples and learn slowly.",
        "‖grad‖ = √Σg²; Δθ/θ = length of the step / length of θ before it; θ: the layer's weights, "
        "biases, γ and β",
        "z enlarges the panel, for more · c plots the next column over time",
    )


def _errors(session: RunModel) -> Explained:
    if not _has_classes(session):
        return Explained(
            "Predicted values (up) against true ones (across), and a histogram of the residuals.",
            "samples on the dotted line are predicted exactly. A cloud flatter than the line is "
            "pulled towards the mean; a bend in it is something the network has not learnt. A "
            "histogram that is not centred at 0 shows a bias.",
            "residual = y − ŷ",
            "x train or test part · y next of several targets",
        )
    return Explained(
        "The confusion matrix: how many samples of each true class (a row) are predicted as which "
        "class (a column). Correct predictions are on the diagonal.",
        "a light cell off the diagonal is a confusion. Two that mirror each other are classes that "
        "look alike; a whole light column is a class that is predicted too often.",
        "precision = correct / all predicted as the class; recall = correct / all of the class; "
        "F1 = 2 · precision · recall / (precision + recall), macro: its mean over the classes.",
        "x train or test part · ↑ ↓ other classes",
    )


def _inspector(session: RunModel) -> Explained:
    return Explained(
        "One unit with its numbers: each input × weight, their sum, the bias, the output. Or one "
        "sample: forward through the layers to its loss, and back with the deltas.",
        "the largest products decide the output; where the slope f' is near 0, the unit learns "
        "nothing from this sample.",
        f"a = f(w·x + b), {_activations(session, most=1)}\n"
        "δ = f' · Σ w·δ of the next layer; gradient of a weight = δ · its input",
        "u unit or sample · ↑ ↓ units · [ ] layers · j k samples · n N wrong ones · . , a layer, "
        "/ \\ a unit forward or back · page keys scroll",
    )


def _table(session: RunModel) -> Explained:
    return Explained(
        "One row per training sample: its inputs, the output of every hidden unit, and the "
        "prediction.",
        "go down a column to see for which samples a unit is active. For XOR, look for units with "
        "similar outputs for the two points of a class: these make it linearly separable.",
        f"a = f(w·x + b), {_activations(session, most=1)}\noutputs: {_output(session)}",
        "arrows and page keys scroll · c sorts by the next column, C the other way round; or click "
        "a column's name",
    )


def _space(session: RunModel) -> Explained:
    decides = (
        "two classes part where their logits z = W·h + b are equal: a straight line"
        if _has_classes(session)
        else "the output ŷ = W·h + b grows in one straight direction"
    )
    return Explained(
        "The training samples as the last hidden layer sees them: its outputs h, along two of its "
        "units or two principal components; and the grid of the inputs, as the network bends it.",
        f"here {decides}. Learning moves the samples until such lines separate them: watch the "
        "classes come apart. A linear model's score in this space stands beside its score in the "
        "input space: the difference is what the hidden layers achieve.",
        "principal components: the directions in which h varies most",
        "c the next two units, or components · x X one of them · g the grid",
    )


def _network(session: RunModel) -> Explained:
    return Explained(
        "The units in columns, inputs on the left, and the weights between them: blue negative, "
        "orange positive, stronger lines for larger ones. Of many, only the strongest are drawn.",
        "follow the strong lines back from an output to see what it depends on. An input or a unit "
        "without strong lines hardly matters.",
        f"a = f(Σ w·x + b), {_activations(session, most=1)}",
        "arrows or a click move the cursor · w W step through its weights · enter edits a weight, "
        "bias, β or γ, which marks the run as edited · ( ) remove or add a layer · { } a unit",
    )


def _maps(session: RunModel) -> Explained:
    return Explained(
        "A small picture of each hidden unit: its output at each place of the boundary's plane, "
        "layer by layer.",
        "units of the first layer see one straight edge each; later layers combine edges into "
        "corners, stripes and islands, and the outputs combine these into classes. A picture of one "
        "colour is a unit that tells nothing here; two alike are one too many.",
        f"a = f(w·x + b) at each pixel x, {_activations(session, most=1)}",
        "↑ ↓ scroll · click to inspect a unit · w for images: weights of pixels · p P planes",
    )


def _has_classes(session: RunModel) -> bool:
    return session.data is None or session.data.has_classes


def _loss_formula(session: RunModel) -> str:
    if session.network is not None:
        loss = type(session.network.loss)
    elif session.config.loss is not None:
        loss = LOSSES[session.config.loss]
    else:
        return "its formula is known once the data are"
    return f"{loss.name}, {loss.formula}"


def _output(session: RunModel) -> str:
    if not _has_classes(session):
        return "ŷ = W·h + b, h the last hidden layer"
    return "the probabilities of the classes, from the logits z = W·h + b"


def _activations(session: RunModel, most: int = MOST_FORMULAS) -> str:
    names = list(dict.fromkeys(session.config.activations))
    if not names:
        return "but there is no hidden layer here"
    told = "; ".join(f"{name}, {ACTIVATIONS[name].formula}" for name in names[:most])
    return f"f = {told}{'; …' if len(names) > most else ''}"


EXPLANATIONS: Final[dict[str, Callable[[RunModel], Explained]]] = {
    "loss": _loss,
    "accuracy": _accuracy,
    "boundary": _boundary,
    "hidden": _hidden,
    "layers": _layers,
    "errors": _errors,
    "inspector": _inspector,
    "table": _table,
    "space": _space,
    "network": _network,
    "maps": _maps,
}
"""By the label of a panel, what explains it."""
