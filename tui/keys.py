"""The table of keys: dispatch, footer, help and command palette are all made from it.

A row holds its handler, so that a key is added in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from textual.binding import Binding

from core.process import State, Step, StepBatch
from tui.panels.registry import PANELS, panel_hints
from tui.screens import dialogs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.screens.training import TrainingScreen

    Handler: TypeAlias = Callable[[TrainingScreen], object]

Argument = TypeVar("Argument")

ALL: Final = frozenset(State)
MOVING: Final = frozenset({State.TRAINING})
ALIVE: Final = ALL - {State.STOPPED}
RESTING: Final = ALIVE - MOVING


@dataclass(frozen=True)
class Key:
    """A row of the table.

    Attributes:
        keys: names of the keys in Textual, separated by commas.
        shown: the key in the footer and the help.
        handler: called with the training screen; None if the row only shows keys of others.
        label: the word in the footer; empty for a key that only the help lists.
        group: the section of the help.
        help: the sentence in the help and the command palette; empty if another row has it.
        states: the states of the run in which the footer shows the key.
        bound: whether the row binds the key; other rows only show it.
        looking: the word in the footer while the inspector is open.
        halves: handlers of a click on the first and on the second of two keys.
        row: the sentence in the help for keys that share a line.
    """

    keys: str
    shown: str
    handler: Handler | None
    label: str
    group: str
    help: str
    states: frozenset[State] = ALL
    bound: bool = True
    looking: str = ""
    halves: tuple[Handler, Handler] | None = None
    row: str = ""


def _with(
    method: Callable[[TrainingScreen], Callable[[Argument], object]],
) -> Callable[[Argument], Handler]:
    """Return the function that makes a handler from an argument of a method."""
    return lambda argument: lambda screen: method(screen)(argument)


travel = _with(lambda s: s.controller.travel.move)
speed = _with(lambda s: s.controller.change_speed)
rate = _with(lambda s: s.controller.settings.change_learning_rate)
next_value = _with(lambda s: s.controller.settings.next_value)
layers = _with(lambda s: s.controller.settings.change_layers)
unit = _with(lambda s: s.cursor.move_unit)
layer = _with(lambda s: s.cursor.move_layer)
sample = _with(lambda s: s.cursor.move_sample)
misclassified = _with(lambda s: s.cursor.move_misclassified)
toggle_panel = _with(lambda s: s.view.toggle_panel)
move_focus = _with(lambda s: s.arrangement.move_focus)


def step(epochs: int) -> Handler:
    """Train some epochs, then pause."""
    return lambda screen: screen.controller.train(Step(epochs))


def units(by: int) -> Handler:
    """Add units to the visible hidden layer, or remove some."""
    return lambda screen: screen.controller.settings.change_units(screen.options.layer, by)


def toggle_pause(screen: TrainingScreen) -> None:
    """Pause or resume."""
    screen.controller.toggle_pause()


def inspect(screen: TrainingScreen) -> None:
    """Open or close the inspector."""
    screen.cursor.toggle()


def quit_program(screen: TrainingScreen) -> None:
    """Quit; the training process saves the run."""
    screen.app.exit()


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
        toggle_pause,
        "pause",
        TRAIN,
        "pause or resume",
        MOVING,
        looking="pause",
    ),
    Key(
        "space",
        "space",
        toggle_pause,
        "resume",
        TRAIN,
        "pause or resume",
        RESTING - {State.DIVERGED},
        bound=False,
        looking="resume",
    ),
    Key("s", "s", step(1), "step", TRAIN, "train one epoch, then pause", ALIVE - {State.DIVERGED}),
    Key("i,enter", "i", inspect, "inspect", LOOK, "inspect a unit and a sample", RESTING),
    Key("", "i", inspect, "", LOOK, "inspect a unit and a sample", bound=False, looking="back"),
    Key("left", "←", travel(-1), "", TIME, "go back one epoch", RESTING, row=ONE_EPOCH),
    Key("right", "→", travel(1), "", TIME, "go forward one epoch", RESTING, row=ONE_EPOCH),
    Key(
        "",
        "← →",
        None,
        "travel",
        TIME,
        "",
        RESTING - {State.DIVERGED},
        bound=False,
        halves=(travel(-1), travel(1)),
    ),
    Key("shift+left", "⇧←", travel(-10), "", TIME, "go back ten epochs", row=TEN_EPOCHS),
    Key("shift+right", "⇧→", travel(10), "", TIME, "go forward ten epochs", row=TEN_EPOCHS),
    Key(
        "home", "home", lambda s: s.controller.travel.seek(0), "", TIME, "go to the start", row=ENDS
    ),
    Key(
        "end",
        "end",
        lambda s: s.controller.travel.seek_newest(),
        "",
        TIME,
        "go to the latest epoch",
        row=ENDS,
    ),
    Key("colon", ":", dialogs.choose_epoch, "", TIME, "go to any epoch, or to the best"),
    Key("r", "r", lambda s: s.controller.reset(), "reset", TRAIN, "start over with the same seed"),
    Key("R", "R", lambda s: s.controller.reseed(), "", TRAIN, "start over with the next seed"),
    Key(
        "backspace",
        "backspace",
        lambda s: s.controller.restore(),
        "",
        TRAIN,
        "restore the previous run",
    ),
    Key("plus,equals_sign", "+", rate(1), "", CHANGE, "raise the learning rate", row=RATE),
    Key("minus", "−", rate(-1), "", CHANGE, "lower the learning rate", row=RATE),
    Key(
        "",
        "+ −",
        None,
        "lr",
        CHANGE,
        "",
        ALIVE,
        bound=False,
        halves=(rate(1), rate(-1)),
    ),
    Key("less_than_sign", "<", speed(-1), "", TRAIN, "train slower", row=SPEED),
    Key("greater_than_sign", ">", speed(1), "", TRAIN, "train faster", row=SPEED),
    Key("", "< >", None, "speed", TRAIN, "", MOVING, bound=False, halves=(speed(-1), speed(1))),
    Key(
        "h", "h", dialogs.change_settings, "settings", CHANGE, "open the settings of the run", ALIVE
    ),
    Key("", "↑ ↓", None, "", LOOK, "", bound=False, looking="unit", halves=(unit(-1), unit(1))),
    Key("", "[ ]", None, "", LOOK, "", bound=False, looking="layer", halves=(layer(-1), layer(1))),
    Key(
        "",
        "j k",
        None,
        "",
        LOOK,
        "",
        bound=False,
        looking="sample",
        halves=(sample(1), sample(-1)),
    ),
    Key("", "n", misclassified(1), "", LOOK, "", bound=False, looking="wrong"),
    Key("", "← →", None, "", TIME, "", RESTING, False, "travel", (travel(-1), travel(1))),
    Key(
        "question_mark",
        "?",
        dialogs.show_help,
        "help",
        PROGRAM,
        "list all keys and panels",
        looking="help",
    ),
    Key("q", "q", quit_program, "quit", PROGRAM, "quit; the run is saved", looking="quit"),
    Key("e", "e", dialogs.show_explanation, "explain", LOOK, "explain the focused panel"),
    Key("", "e", dialogs.show_explanation, "", LOOK, "", bound=False, looking="explain"),
    Key("", "u", None, "", LOOK, "", bound=False, looking="unit or sample"),
    Key(
        "S",
        "S",
        step(10),
        "10 epochs",
        TRAIN,
        "train ten epochs, then pause",
        RESTING - {State.DIVERGED},
    ),
    Key(
        "semicolon",
        ";",
        lambda s: s.controller.train(StepBatch()),
        "",
        TRAIN,
        "train one batch, then pause",
    ),
    Key("", "i", inspect, "inspect", LOOK, "", MOVING, bound=False),
    Key("ctrl+c", "ctrl+c", quit_program, "", PROGRAM, "quit; the run is saved"),
    Key(
        "v", "v", dialogs.show_data, "view data", LOOK, "view the data: ranges, classes, first rows"
    ),
    Key("up", "↑", unit(-1), "", LOOK, "previous unit; scroll up", row=UNITS),
    Key("down", "↓", unit(1), "", LOOK, "next unit; scroll down", row=UNITS),
    Key("left_square_bracket", "[", layer(-1), "", LOOK, "previous hidden layer", row=LAYERS),
    Key("right_square_bracket", "]", layer(1), "", LOOK, "next hidden layer", row=LAYERS),
    Key("j", "j", sample(1), "", LOOK, "next training sample", row=SAMPLES),
    Key("k", "k", sample(-1), "", LOOK, "previous training sample", row=SAMPLES),
    Key("n", "n", misclassified(1), "", LOOK, "next misclassified sample", row=WRONG),
    Key("N", "N", misclassified(-1), "", LOOK, "previous misclassified sample", row=WRONG),
    Key("A", "A", dialogs.ask, "ask", LOOK, "predict an input that you type"),
    Key("left_parenthesis", "(", layers(-1), "", CHANGE, "remove the last hidden layer", row=DEPTH),
    Key("right_parenthesis", ")", layers(1), "", CHANGE, "add a hidden layer", row=DEPTH),
    Key("left_curly_bracket", "{", units(-1), "", CHANGE, "remove a unit", row=WIDTH),
    Key("right_curly_bracket", "}", units(1), "", CHANGE, "add a unit", row=WIDTH),
    Key(
        "a", "a", next_value("activation"), "activation", CHANGE, "next activation function", ALIVE
    ),
    Key("o", "o", next_value("optimizer"), "optimizer", CHANGE, "next optimizer", ALIVE),
    Key("d", "d", next_value("dataset"), "data set", CHANGE, "next data set", ALIVE),
    Key(
        "D",
        "D",
        lambda s: s.controller.settings.draw_data(),
        "",
        CHANGE,
        "draw or split the data again; weights are kept",
        ALIVE,
    ),
    Key("b", "b", next_value("batch_size"), "batch size", CHANGE, "next batch size", ALIVE),
    Key("l", "l", lambda s: s.view.toggle_log_loss(), "log loss", VIEW, "logarithmic loss axis"),
    Key(
        "E",
        "E",
        lambda s: s.view.next_range(),
        "epochs",
        VIEW,
        "curves: all epochs, the last 1,000 or 100",
    ),
    Key("t", "t", lambda s: s.view.toggle_test(), "test points", VIEW, "show or hide test samples"),
    Key("ctrl+s", "ctrl+s", dialogs.save_data, "", PROGRAM, "save the data as a CSV file"),
    Key(
        "p",
        "p",
        lambda s: s.view.next_plane(),
        "plane",
        VIEW,
        "map: next plane through the features",
    ),
    Key("P", "P", dialogs.choose_plane, "", VIEW, "map: choose two features, hold the others"),
    Key("y", "y", lambda s: s.view.next_target(), "", VIEW, "next target, if there are several"),
    Key(
        "B",
        "B",
        lambda s: s.controller.toggle_baseline(),
        "baseline",
        VIEW,
        "a linear model's score, as a baseline",
    ),
    Key(
        "escape",
        "esc",
        lambda s: s.controller.cancel(),
        "",
        PROGRAM,
        "cancel loading, or a long seek",
    ),
    Key(
        "z",
        "z",
        lambda s: s.arrangement.zoom(),
        "zoom",
        VIEW,
        "enlarge the focused panel, or restore",
    ),
    Key("tab", "tab", move_focus(1), "", VIEW, "focus the next panel", row=FOCUS),
    Key("shift+tab", "⇧tab", move_focus(-1), "", VIEW, "focus the previous panel", row=FOCUS),
    Key(
        "F",
        "F",
        lambda s: s.status.toggle_rates(),
        "",
        PROGRAM,
        "show frames/s, kB/s and round trip",
    ),
    Key("ctrl+l", "ctrl+l", lambda s: s.redraw(), "", PROGRAM, "redraw the whole screen"),
    Key(
        "ctrl+z",
        "ctrl+z",
        lambda s: s.app.action_suspend_process(),
        "",
        PROGRAM,
        "suspend; fg in the shell resumes",
    ),
    *(
        Key(
            panel.key,
            panel.key,
            toggle_panel(panel.label),
            "",
            VIEW,
            f"show or hide {'a' if panel.key.isdigit() else f'the {panel.label}'} panel",
        )
        for panel in PANELS
    ),
    *(Key("", key, None, "", VIEW, hint, bound=False) for key, hint in panel_hints().items()),
    Key("", "ctrl+p", None, "", PROGRAM, "all commands by name", bound=False),
)


def bindings() -> list[Binding]:
    """Return the bindings of the training screen: each calls the handler of its row."""
    return [
        Binding(key.keys, f"press({row})", key.help, show=False)
        for row, key in enumerate(KEYS)
        if key.bound
    ]


def footer(state: State, *, looking: bool = False) -> list[tuple[Key, str]]:
    """Return the keys for a state of the run and their words, the most important first.

    Args:
        state: of the run.
        looking: whether the inspector is open.
    """
    words = ((key, key.looking if looking else key.label) for key in KEYS)
    return [(key, word) for key, word in words if word and state in key.states]


def help_rows(group: str) -> list[tuple[str, str]]:
    """Return (keys, sentence) for a section of the help; keys of one sentence share a line."""
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
