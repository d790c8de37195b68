"""What each panel shows, how to read it, and the formula behind it: what `e` opens on a panel.

Ten lines each at most, so that a panel is explained on one small screen. The run's own loss and
activations stand in them.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final, NamedTuple

from core.activations import ACTIVATIONS
from core.losses import LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.session import Session

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
    label: str, session: Session, width: int = WIDTH, wording: Callable[[str], str] = str
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
        return [f"There is no explanation of the panel {label[:20]!r} yet."]
    told = explain(session)
    paragraphs = [
        told.shows,
        f"How to read it: {told.reading}",
        *told.formula.splitlines(),
        f"Keys: {told.keys}",
    ]
    return [line for text in paragraphs for line in wrap(wording(text), max(1, width))]


def _loss(session: Session) -> Explained:
    penalty = " Ochre is the training loss with its penalty." if session.config.penalized else ""
    return Explained(
        "The mean loss of the training samples (grey) and of the test samples (violet) after each "
        f"epoch; of validation samples, too, where there are some. ◆ is the best epoch.{penalty}",
        "both fall while the network learns. Test rising while train falls is "
        "overfitting. Jumps say that the learning rate is too high, a slope that one hardly sees "
        "that it is too low. What stays flat from the start does not learn.",
        f"Loss of a sample: {_loss_formula(session)}.",
        "l logarithmic axis · E all epochs, or the last 1,000 or 100",
    )


def _accuracy(session: Session) -> Explained:
    keys = "B what a linear model reaches · E all epochs, or the last 1,000 or 100"
    parts = "of the training samples (grey) and of the test samples (violet), after each epoch"
    if not _has_classes(session):
        return Explained(
            f"R², how much of the numbers' variance the network explains, {parts}.",
            "1 is perfect, 0 no better than to predict the mean for every sample, "
            "and below 0 worse than that. A test curve far below the training curve is "
            "overfitting.",
            "R² = 1 − Σ(y − ŷ)² / Σ(y − mean y)², over the samples of a part.",
            keys,
        )
    return Explained(
        f"The share {parts}, that are classified right.",
        "guessing reaches the share of the most frequent class. A test curve far "
        "below the training curve is overfitting. It moves in steps of one sample, and may rest "
        "while the loss still falls: then the network only grows surer.",
        "accuracy = samples whose likeliest class is the true one / all samples",
        keys,
    )


def _boundary(session: Session) -> Explained:
    keys = (
        "t test samples · p P other planes · m a cursor that reads any place; in pause it edits: "
        "A adds a point, k takes another class, M moves, delete removes"
    )
    if not _has_classes(session):
        return Explained(
            "The number that the network predicts at each place of the plane, as a colour, and the "
            "samples on it, coloured by their true numbers.",
            "a sample that stands out from the colour around it is predicted "
            "badly. For more than two features the map is one plane through them; along a single "
            "feature it is a curve.",
            "ŷ = W·h + b, h the outputs of the last hidden layer",
            keys + " · y the next number",
        )
    return Explained(
        "Each place of the plane in the colour of the class predicted there, the lighter the surer, "
        "and the samples on it: filled train, hollow test, ✗ and × wrong ones.",
        "where colours meet is the decision boundary: straight without hidden layers, overfitting "
        "where it bends around single samples. More than two features are cut by one plane.",
        "certainty = (p − 1/K) / (1 − 1/K), p of the likeliest of K classes",
        keys,
    )


def _hidden(session: Session) -> Explained:
    order = "by class" if _has_classes(session) else "by their numbers"
    return Explained(
        "What each unit of a hidden layer (a row) gives for each training sample (a column, in "
        f"order {order}).",
        "a row that changes its colour where the class does tells classes apart. A "
        "row of one colour tells nothing: dead at 0, or saturated at a bound. Rows that look alike "
        "have learnt the same.",
        f"a = f(w·x + b), {_activations(session)}",
        "[ ] the layer before, or after · ↑ ↓ other units, where there are many",
    )


def _layers(_: Session) -> Explained:
    return Explained(
        "How each layer learns, from the last step of the epoch, if diagnostics are on (settings); "
        "below, what is wrong with the run if something is, and what to try.",
        "‖grad‖ of like size in all layers is well; 1,000 times less in front is vanishing, "
        "hundreds are exploding. Δw/w is usually about 0.001. Dead units are flat (slope < 0.001) "
        "at every sample and learn no more; saturated ones stand within 2.5 % of a bound at more "
        "than half of the samples and learn slowly.",
        "‖grad‖ = √Σg²; Δw/w = length of the step / length of the weights before it",
        "z enlarges the panel, for more · c the next column over time",
    )


def _errors(session: Session) -> Explained:
    if not _has_classes(session):
        return Explained(
            "Predicted numbers (up) against true ones (across), and how often the network is off by "
            "how much.",
            "samples on the dotted line are predicted right. A cloud that is "
            "flatter than the line is drawn to the mean; a bend in it is something the network has "
            "not learnt. A histogram that is not centred at 0 is a bias.",
            "residual = y − ŷ",
            "x the other part, train or test · y the next of several numbers",
        )
    return Explained(
        "The confusion matrix: how many samples of each true class (a row) are taken for which "
        "class (a column). The diagonal is right.",
        "a light cell off the diagonal is a confusion. Two that mirror each other "
        "are classes that look alike; a whole column is a class that is predicted too often.",
        "precision = right / all that are taken for the class; recall = right / all of the class; "
        "F1 = 2 · precision · recall / (precision + recall), macro: its mean over the classes.",
        "x the other part, train or test · ↑ ↓ other classes",
    )


def _inspector(session: Session) -> Explained:
    return Explained(
        "One unit with its numbers: each input × weight, their sum, the bias, the output. Or one "
        "sample on its way forward through the layers to its loss, and back with the deltas.",
        "the largest products decide what the unit gives; where the slope f' is near 0, it learns "
        "nothing from this sample.",
        f"a = f(w·x + b), {_activations(session, most=1)}\n"
        "δ = f' · Σ w·δ of the layer after; gradient of a weight = δ · its input",
        "u unit or sample · ↑ ↓ units · [ ] layers · j k samples · n N wrong ones · . , a layer, "
        "/ \\ a unit on or back · page keys scroll",
    )


def _table(session: Session) -> Explained:
    return Explained(
        "A row for each training sample: its inputs, what every hidden unit gives for it, and the "
        "output.",
        "go down a column to see on which samples a unit fires. For XOR look for units that give "
        "like numbers to the two points of a class: these make it linearly separable.",
        f"a = f(w·x + b), {_activations(session, most=1)}\noutputs: {_output(session)}",
        "arrows and page keys scroll · c the next column to sort by, C the other way round; or click "
        "on its name",
    )


def _space(session: Session) -> Explained:
    decides = (
        "two classes part where their logits z = W·h + b are equal: a straight line"
        if _has_classes(session)
        else "the output ŷ = W·h + b grows in one direction, straight across"
    )
    return Explained(
        "The training samples as the last hidden layer sees them: h, its outputs, along two of its "
        "units or two principal components; and the grid of the inputs, as the network bends it.",
        f"here {decides}. Learning moves the samples until such lines do; watch "
        "the classes come apart. A linear model's score in this space and in that of the inputs "
        "stand beside: the difference is what the hidden layers are good for.",
        "principal components: the directions of most variance of h",
        "c the next two units, or components · x X another of them · g the grid",
    )


def _network(session: Session) -> Explained:
    return Explained(
        "The units in columns, inputs at the left, and the weights between them: blue negative, "
        "orange positive, stronger lines for larger ones. Of many, only the strongest are drawn.",
        "follow the strong lines from an output back to see what it rests on. An "
        "input or a unit without strong lines hardly counts.",
        f"a = f(Σ w·x + b), {_activations(session, most=1)}",
        "arrows or a click move the cursor · w W walk its weights · enter gives a weight, bias, β or γ "
        "another value, which marks the run as edited · ( ) a layer less or more · { } a unit",
    )


def _maps(session: Session) -> Explained:
    return Explained(
        "A small picture of each hidden unit: what it gives at each place of the boundary's plane, "
        "layer by layer.",
        "units of the first layer see one straight edge each; later layers put "
        "edges together to corners, stripes and islands, and the outputs these to classes. A "
        "picture of one colour is a unit that tells nothing here, two alike are one too many.",
        f"a = f(w·x + b) at each pixel x, {_activations(session, most=1)}",
        "↑ ↓ scroll · a click looks at a unit · w for images: weights of pixels · p P planes",
    )


def _has_classes(session: Session) -> bool:
    return session.data is None or session.data.has_classes


def _loss_formula(session: Session) -> str:
    if session.network is not None:
        loss = type(session.network.loss)
    elif session.config.loss is not None:
        loss = LOSSES[session.config.loss]
    else:
        return "its formula is known once the data are"
    return f"{loss.name}, {loss.formula}"


def _output(session: Session) -> str:
    if not _has_classes(session):
        return "ŷ = W·h + b, h the last hidden layer"
    return "the probabilities of the classes, from the logits z = W·h + b"


def _activations(session: Session, most: int = MOST_FORMULAS) -> str:
    names = list(dict.fromkeys(session.config.activations))
    if not names:
        return "but there is no hidden layer here"
    told = "; ".join(f"{name}, {ACTIVATIONS[name].formula}" for name in names[:most])
    return f"f = {told}{'; …' if len(names) > most else ''}"


EXPLANATIONS: Final[dict[str, Callable[[Session], Explained]]] = {
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
