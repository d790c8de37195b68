"""The one table of keys: the footer, the help and the dispatch are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding

from core.process import State

ALL: Final = frozenset(State)
MOVING: Final = frozenset({State.TRAINING})
ALIVE: Final = ALL - {State.STOPPED}
RESTING: Final = ALIVE - MOVING


@dataclass(frozen=True)
class Key:
    """One row.

    Attributes:
        keys: what is pressed, as Textual names it, by commas.
        shown: how the footer and the help write it.
        action: the method of the training screen.
        label: the footer's word for it; empty when it stands in the help only.
        help: the help's sentence.
        states: the states in which the footer shows it.
        looking: the footer's word while somebody looks into the network.
        halves: what a click on the first and on the other of two keys does.
    """

    keys: str
    shown: str
    action: str
    label: str
    help: str
    states: frozenset[State] = ALL
    bound: bool = True
    looking: str = ""
    halves: tuple[str, str] | None = None

    def binding(self) -> Binding:
        """Return the row as Textual takes it."""
        return Binding(self.keys, self.action, self.help, show=False)


KEYS: Final = (
    Key("space", "space", "toggle_pause", "pause", "pause, or go on", MOVING, looking="pause"),
    Key(
        "space",
        "space",
        "toggle_pause",
        "go on",
        "pause, or go on",
        RESTING - {State.DIVERGED},
        bound=False,
        looking="go on",
    ),
    Key("s", "s", "step(1)", "step", "train one epoch, and pause", ALIVE - {State.DIVERGED}),
    Key("semicolon", ";", "step_batch", "", "train one batch, and pause"),
    Key("i,enter", "i", "inspect", "inspect", "look into a unit and a sample", RESTING),
    Key("", "i", "inspect", "", "look into a unit and a sample", bound=False, looking="leave"),
    Key("left", "←", "travel(-1)", "", "go one epoch back, in pause", RESTING),
    Key("right", "→", "travel(1)", "", "go one epoch on, in pause", RESTING),
    Key(
        "",
        "← →",
        "",
        "travel",
        "",
        RESTING - {State.DIVERGED},
        bound=False,
        halves=("travel(-1)", "travel(1)"),
    ),
    Key("shift+left", "⇧←", "travel(-10)", "", "go ten epochs back"),
    Key("shift+right", "⇧→", "travel(10)", "", "go ten epochs on"),
    Key("home", "home", "travel_to('first')", "", "go to the first epoch"),
    Key("end", "end", "travel_to('last')", "", "go to the newest epoch"),
    Key("colon", ":", "choose_epoch", "", "go to any epoch, or to the best"),
    Key("r", "r", "reset", "reset", "begin again with the same seed"),
    Key("R", "R", "reseed", "", "begin again with the next seed"),
    Key("plus,equals_sign", "+", "learning_rate(1)", "", "raise the learning rate"),
    Key("minus", "−", "learning_rate(-1)", "", "lower the learning rate"),
    Key(
        "",
        "+ −",
        "",
        "rate",
        "",
        ALIVE,
        bound=False,
        halves=("learning_rate(1)", "learning_rate(-1)"),
    ),
    Key("less_than_sign", "<", "speed(-1)", "", "train slower"),
    Key("greater_than_sign", ">", "speed(1)", "", "train faster"),
    Key("", "< >", "", "speed", "", MOVING, bound=False, halves=("speed(-1)", "speed(1)")),
    Key("h", "h", "settings", "settings", "open the settings of the run", ALIVE),
    Key("", "↑ ↓", "", "", "", bound=False, looking="unit", halves=("unit(-1)", "unit(1)")),
    Key("", "[ ]", "", "", "", bound=False, looking="layer", halves=("layer(-1)", "layer(1)")),
    Key("", "j k", "", "", "", bound=False, looking="sample", halves=("sample(1)", "sample(-1)")),
    Key("", "n", "wrong_sample(1)", "", "", bound=False, looking="wrong"),
    Key("", "← →", "", "", "", RESTING, False, "travel", ("travel(-1)", "travel(1)")),
    Key("question_mark", "?", "help", "help", "show this help", looking="help"),
    Key("q", "q", "quit", "quit", "quit", looking="quit"),
    Key("e", "e", "explain", "explain", "what the focused panel shows, and how to read it"),
    Key("", "e", "explain", "", "", bound=False, looking="explain"),
    Key("", "u", "", "", "", bound=False, looking="unit or sample"),
    Key("S", "S", "step(10)", "ten", "train ten epochs, and pause", RESTING - {State.DIVERGED}),
    Key("", "i", "inspect", "inspect", "", MOVING, bound=False),
    Key("ctrl+c", "ctrl+c", "quit", "", "quit"),
    Key(
        "ctrl+z",
        "ctrl+z",
        "app.suspend_process",
        "",
        "stand still in the background; fg comes back",
    ),
    Key("v", "v", "data", "view", "look at the data: ranges, classes, first rows"),
    Key("up", "↑", "unit(-1)", "", "look at another unit; or scroll the focused panel"),
    Key("down", "↓", "unit(1)", "", "look at another unit; or scroll the focused panel"),
    Key("j", "j", "sample(1)", "", "look at the next training sample"),
    Key("k", "k", "sample(-1)", "", "look at the training sample before"),
    Key("n", "n", "wrong_sample(1)", "", "look at the next sample that is classified wrongly"),
    Key("N", "N", "wrong_sample(-1)", "", "look at the one before that is classified wrongly"),
    Key("A", "A", "ask", "ask", "give the network an input, or a sentence, of your own"),
    Key("left_parenthesis", "(", "layers(-1)", "", "take the last hidden layer away"),
    Key("right_parenthesis", ")", "layers(1)", "", "add a hidden layer"),
    Key("left_curly_bracket", "{", "units(-1)", "", "one unit less in the shown hidden layer"),
    Key("right_curly_bracket", "}", "units(1)", "", "one unit more in the shown hidden layer"),
    Key("a", "a", "cycle('activation')", "activation", "take the next activation", ALIVE),
    Key("o", "o", "cycle('optimizer')", "optimizer", "take the next optimizer", ALIVE),
    Key("d", "d", "cycle('dataset')", "data", "take the next data set", ALIVE),
    Key("D", "D", "new_data", "", "draw or part the data anew, from the next data seed", ALIVE),
    Key("b", "b", "cycle('batch_size')", "batch", "take the next batch size", ALIVE),
    Key("left_square_bracket", "[", "layer(-1)", "", "show the hidden layer before"),
    Key("right_square_bracket", "]", "layer(1)", "", "show the hidden layer after"),
    Key("l", "l", "log_loss", "log", "a logarithmic axis for the loss"),
    Key(
        "E",
        "E",
        "recent",
        "epochs",
        "all epochs on the curves, the last 1,000 or 100",
    ),
    Key("t", "t", "show_test", "test points", "show or hide the test samples"),
    Key("ctrl+s", "ctrl+s", "save_data", "", "save the data as a CSV file"),
    Key("p", "p", "plane", "plane", "the next plane of the map, for more than two features"),
    Key(
        "P",
        "P",
        "choose_plane",
        "",
        "choose two features for the map, and hold the others",
    ),
    Key("y", "y", "target", "", "show the next of several numbers to predict"),
    Key("B", "B", "baseline", "baseline", "what a linear model reaches, as a line"),
    Key("escape", "esc", "cancel", "", "end the loading of data, or a way through time"),
    Key("z", "z", "zoom", "zoom", "enlarge the focused panel, or bring the others back"),
    Key("tab", "tab", "next_panel", "", "move the focus to the next panel"),
    Key("shift+tab", "⇧tab", "previous_panel", "", "move the focus to the panel before"),
    Key("F", "F", "show_line", "", "what the line to this terminal carries, in the status line"),
    Key("ctrl+l", "ctrl+l", "app.redraw", "", "draw the whole screen again"),
    *(
        Key(str(number), str(number), f"toggle_panel({number})", "", "show or hide a panel")
        for number in (*range(1, 10), 0)
    ),
    Key("U", "U", "toggle_panel(11)", "", "show or hide the maps of all hidden units"),
    Key(
        "",
        "m",
        "",
        "",
        "a cursor on the focused curve or map; see e",
        bound=False,
    ),
    Key("", "x", "", "", "train or test part of the focused errors", bound=False),
)


def bindings() -> list[Binding]:
    """Return the dispatch."""
    return [key.binding() for key in KEYS if key.bound]


def footer(state: State, *, looking: bool = False) -> list[tuple[Key, str]]:
    """Return the keys that matter in a state and their words, the most important first.

    Args:
        state: of the run.
        looking: whether somebody looks into the network.
    """
    words = ((key, key.looking if looking else key.label) for key in KEYS)
    return [(key, word) for key, word in words if word and state in key.states]


def help_rows() -> list[tuple[str, str]]:
    """Return (keys, sentence) for the help; rows that say the same stand together."""
    rows: dict[str, list[str]] = {}
    for key in KEYS:
        shown = rows.setdefault(key.help, []) if key.help else []
        if key.shown not in shown:
            shown.append(key.shown)
    return [
        (f"{shown[0]}–{shown[-1]}" if len(shown) > 2 else " ".join(shown), sentence)
        for sentence, shown in rows.items()
    ]
