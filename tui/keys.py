"""The one table of keys: the footer, the help and the dispatch are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding

from core.process import State
from tui.panels.registry import PANELS, panel_hints

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
        group: the section of the help.
        help: what it does, in the help and among the commands; empty when it stands elsewhere.
        states: the states in which the footer shows it.
        looking: the footer's word while somebody looks into the network.
        halves: what a click on the first and on the other of two keys does.
        row: the help's sentence for two keys that stand together.
    """

    keys: str
    shown: str
    action: str
    label: str
    group: str
    help: str
    states: frozenset[State] = ALL
    bound: bool = True
    looking: str = ""
    halves: tuple[str, str] | None = None
    row: str = ""

    def binding(self) -> Binding:
        """Return the row as Textual takes it."""
        return Binding(self.keys, self.action, self.help, show=False)


TRAIN: Final = "training"
TIME: Final = "time travel, when paused"
CHANGE: Final = "changing the run"
LOOK: Final = "looking inside"
VIEW: Final = "panels"
PROGRAM: Final = "program"
GROUPS: Final = (TRAIN, TIME, CHANGE, LOOK, VIEW, PROGRAM)
"""The sections of the help."""

ONE_EPOCH: Final = "one epoch back, forward"
TEN_EPOCHS: Final = "ten epochs back, forward"
ENDS: Final = "the start, the latest epoch"
RATE: Final = "learning rate up, down"
SPEED: Final = "slower, faster"
UNITS: Final = "previous, next unit; or scroll the panel"
LAYERS: Final = "previous, next hidden layer"
SAMPLES: Final = "next, previous training sample"
WRONG: Final = "next, previous misclassified sample"
DEPTH: Final = "remove, add a hidden layer"
WIDTH: Final = "remove, add a unit in the shown layer"
FOCUS: Final = "focus the next, the previous panel"

KEYS: Final = (
    Key(
        "space",
        "space",
        "toggle_pause",
        "pause",
        TRAIN,
        "pause or resume",
        MOVING,
        looking="pause",
    ),
    Key(
        "space",
        "space",
        "toggle_pause",
        "resume",
        TRAIN,
        "pause or resume",
        RESTING - {State.DIVERGED},
        bound=False,
        looking="resume",
    ),
    Key(
        "s", "s", "step(1)", "step", TRAIN, "train one epoch, then pause", ALIVE - {State.DIVERGED}
    ),
    Key("i,enter", "i", "inspect", "inspect", LOOK, "inspect a unit and a sample", RESTING),
    Key("", "i", "inspect", "", LOOK, "inspect a unit and a sample", bound=False, looking="back"),
    Key("left", "←", "travel(-1)", "", TIME, "go back one epoch", RESTING, row=ONE_EPOCH),
    Key("right", "→", "travel(1)", "", TIME, "go forward one epoch", RESTING, row=ONE_EPOCH),
    Key(
        "",
        "← →",
        "",
        "travel",
        TIME,
        "",
        RESTING - {State.DIVERGED},
        bound=False,
        halves=("travel(-1)", "travel(1)"),
    ),
    Key("shift+left", "⇧←", "travel(-10)", "", TIME, "go back ten epochs", row=TEN_EPOCHS),
    Key("shift+right", "⇧→", "travel(10)", "", TIME, "go forward ten epochs", row=TEN_EPOCHS),
    Key("home", "home", "travel_to('first')", "", TIME, "go to the start", row=ENDS),
    Key("end", "end", "travel_to('last')", "", TIME, "go to the latest epoch", row=ENDS),
    Key("colon", ":", "choose_epoch", "", TIME, "go to any epoch, or to the best"),
    Key("r", "r", "reset", "reset", TRAIN, "start over with the same seed"),
    Key("R", "R", "reseed", "", TRAIN, "start over with the next seed"),
    Key("backspace", "backspace", "restore", "", TRAIN, "restore the run before a new network"),
    Key(
        "plus,equals_sign", "+", "learning_rate(1)", "", CHANGE, "raise the learning rate", row=RATE
    ),
    Key("minus", "−", "learning_rate(-1)", "", CHANGE, "lower the learning rate", row=RATE),
    Key(
        "",
        "+ −",
        "",
        "lr",
        CHANGE,
        "",
        ALIVE,
        bound=False,
        halves=("learning_rate(1)", "learning_rate(-1)"),
    ),
    Key("less_than_sign", "<", "speed(-1)", "", TRAIN, "train slower", row=SPEED),
    Key("greater_than_sign", ">", "speed(1)", "", TRAIN, "train faster", row=SPEED),
    Key("", "< >", "", "speed", TRAIN, "", MOVING, bound=False, halves=("speed(-1)", "speed(1)")),
    Key("h", "h", "settings", "settings", CHANGE, "open the settings of the run", ALIVE),
    Key("", "↑ ↓", "", "", LOOK, "", bound=False, looking="unit", halves=("unit(-1)", "unit(1)")),
    Key(
        "", "[ ]", "", "", LOOK, "", bound=False, looking="layer", halves=("layer(-1)", "layer(1)")
    ),
    Key(
        "",
        "j k",
        "",
        "",
        LOOK,
        "",
        bound=False,
        looking="sample",
        halves=("sample(1)", "sample(-1)"),
    ),
    Key("", "n", "wrong_sample(1)", "", LOOK, "", bound=False, looking="wrong"),
    Key("", "← →", "", "", TIME, "", RESTING, False, "travel", ("travel(-1)", "travel(1)")),
    Key("question_mark", "?", "help", "help", PROGRAM, "list all keys and panels", looking="help"),
    Key("q", "q", "quit", "quit", PROGRAM, "quit; the run is saved", looking="quit"),
    Key("e", "e", "explain", "explain", LOOK, "explain the focused panel"),
    Key("", "e", "explain", "", LOOK, "", bound=False, looking="explain"),
    Key("", "u", "", "", LOOK, "", bound=False, looking="unit or sample"),
    Key(
        "S",
        "S",
        "step(10)",
        "10 epochs",
        TRAIN,
        "train ten epochs, then pause",
        RESTING - {State.DIVERGED},
    ),
    Key("semicolon", ";", "step_batch", "", TRAIN, "train one batch, then pause"),
    Key("", "i", "inspect", "inspect", LOOK, "", MOVING, bound=False),
    Key("ctrl+c", "ctrl+c", "quit", "", PROGRAM, "quit; the run is saved"),
    Key("v", "v", "data", "view data", LOOK, "view the data: ranges, classes, first rows"),
    Key("up", "↑", "unit(-1)", "", LOOK, "previous unit; scroll up", row=UNITS),
    Key("down", "↓", "unit(1)", "", LOOK, "next unit; scroll down", row=UNITS),
    Key("left_square_bracket", "[", "layer(-1)", "", LOOK, "previous hidden layer", row=LAYERS),
    Key("right_square_bracket", "]", "layer(1)", "", LOOK, "next hidden layer", row=LAYERS),
    Key("j", "j", "sample(1)", "", LOOK, "next training sample", row=SAMPLES),
    Key("k", "k", "sample(-1)", "", LOOK, "previous training sample", row=SAMPLES),
    Key("n", "n", "wrong_sample(1)", "", LOOK, "next misclassified sample", row=WRONG),
    Key("N", "N", "wrong_sample(-1)", "", LOOK, "previous misclassified sample", row=WRONG),
    Key("A", "A", "ask", "ask", LOOK, "predict an input or a sentence of your own"),
    Key(
        "left_parenthesis", "(", "layers(-1)", "", CHANGE, "remove the last hidden layer", row=DEPTH
    ),
    Key("right_parenthesis", ")", "layers(1)", "", CHANGE, "add a hidden layer", row=DEPTH),
    Key("left_curly_bracket", "{", "units(-1)", "", CHANGE, "remove a unit", row=WIDTH),
    Key("right_curly_bracket", "}", "units(1)", "", CHANGE, "add a unit", row=WIDTH),
    Key("a", "a", "cycle('activation')", "activation", CHANGE, "next activation function", ALIVE),
    Key("o", "o", "cycle('optimizer')", "optimizer", CHANGE, "next optimizer", ALIVE),
    Key("d", "d", "cycle('dataset')", "data set", CHANGE, "next data set", ALIVE),
    Key("D", "D", "new_data", "", CHANGE, "draw or split the data anew; weights stay", ALIVE),
    Key("b", "b", "cycle('batch_size')", "batch size", CHANGE, "next batch size", ALIVE),
    Key("l", "l", "log_loss", "log loss", VIEW, "logarithmic loss axis"),
    Key("E", "E", "recent", "epochs", VIEW, "curves: all epochs, the last 1,000 or 100"),
    Key("t", "t", "show_test", "test points", VIEW, "show or hide test samples"),
    Key("ctrl+s", "ctrl+s", "save_data", "", PROGRAM, "save the data as a CSV file"),
    Key("p", "p", "plane", "plane", VIEW, "map: next plane through the features"),
    Key("P", "P", "choose_plane", "", VIEW, "map: choose two features, fix the others"),
    Key("y", "y", "target", "", VIEW, "next target, where there are several"),
    Key("B", "B", "baseline", "baseline", VIEW, "a linear model's score, as a baseline"),
    Key("escape", "esc", "cancel", "", PROGRAM, "cancel loading data, or a long way in time"),
    Key("z", "z", "zoom", "zoom", VIEW, "enlarge the focused panel, or restore"),
    Key("tab", "tab", "next_panel", "", VIEW, "focus the next panel", row=FOCUS),
    Key("shift+tab", "⇧tab", "previous_panel", "", VIEW, "focus the previous panel", row=FOCUS),
    Key("F", "F", "show_line", "", PROGRAM, "show frames/s, bytes/s and round trip"),
    Key("ctrl+l", "ctrl+l", "app.redraw", "", PROGRAM, "redraw the whole screen"),
    Key(
        "ctrl+z",
        "ctrl+z",
        "app.suspend_process",
        "",
        PROGRAM,
        "suspend; fg in the shell comes back",
    ),
    *(
        Key(
            panel.key,
            panel.key,
            f"toggle_panel('{panel.label}')",
            "",
            VIEW,
            f"show or hide {'a' if panel.key.isdigit() else f'the {panel.label}'} panel",
        )
        for panel in PANELS
    ),
    *(Key("", key, "", "", VIEW, hint, bound=False) for key, hint in panel_hints().items()),
    Key("", "ctrl+p", "", "", PROGRAM, "all commands by name", bound=False),
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


def help_rows(group: str) -> list[tuple[str, str]]:
    """Return (keys, sentence) for a section of the help; keys of one sentence stand together."""
    rows: dict[str, list[str]] = {}
    for key in KEYS:
        if key.group == group and (sentence := key.row or key.help):
            shown = rows.setdefault(sentence, [])
            if key.shown not in shown:
                shown.append(key.shown)
    return [
        (f"{shown[0]}–{shown[-1]}" if len(shown) > 2 else " ".join(shown), sentence)
        for sentence, shown in rows.items()
    ]
