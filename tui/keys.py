"""The table of keys: dispatch, help and command palette are made from it; and the keys of the footer.

A row holds its handler, so that a key is added in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from textual.binding import Binding

from core.dataclass import dataclass
from core.process.messages import State, Step, StepBatch
from tui.panels.registry import PANELS, panel_hints, panel_keys, where_key_works
from tui.screens import dialogs
from tui.screens.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.binding import BindingType

    from tui.panels.panel import Panel
    from tui.screens.training import TrainingScreen

    Handler: TypeAlias = Callable[[TrainingScreen], object]

Argument = TypeVar("Argument")
ScreenT = TypeVar("ScreenT")

ALL: Final = frozenset(State)
MOVING: Final = frozenset({State.TRAINING})
ALIVE: Final = ALL - {State.STOPPED}
RESTING: Final = ALIVE - MOVING
RESUMABLE: Final = RESTING - {State.DIVERGED}


_GLYPHS: Final = (
    *(("shift+", "⇧"), ("left", "←"), ("right", "→"), ("up", "↑"), ("down", "↓")),
    *(("escape", "esc"), ("delete", "del"), ("-", "−")),
    *((f"f{number}", f"F{number}") for number in range(1, 10)),
)


def glyphs_of(key: str) -> str:
    """Return the name of a key in the footer and the help, given its name in Textual."""
    for word, glyph in _GLYPHS:
        key = key.replace(word, glyph)
    return key


@dataclass(frozen=True)
class Key(Generic[ScreenT]):
    """A row of the table.

    Attributes:
        keys: names of the keys in Textual, separated by commas.
        action: its name in the preferences file, which does not change.
        handler: called with the screen; None if the row only lists a key of others.
        group: the section of the help.
        help: the sentence in the help and the command palette.
        row: the sentence in the help for keys that share a line.
    """

    keys: str
    action: str
    handler: Callable[[ScreenT], object] | None
    group: str
    help: str
    row: str = ""

    @property
    def shown(self) -> str:
        """The first of the keys, in the footer and the help."""
        return glyphs_of(self.keys.partition(",")[0])


@dataclass(frozen=True)
class FooterKey:
    """A key in the footer, or two.

    Attributes:
        shown: the keys, separated by a blank.
        word: what they do.
        states: the states of the run in which they are shown.
    """

    shown: str
    word: str
    states: frozenset[State] = ALL


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
move_focus = _with(lambda s: s.view.move_focus)


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


def draw_data(screen: TrainingScreen) -> None:
    """Draw or split the data again."""
    screen.controller.settings.draw_data()


def next_dataset(screen: TrainingScreen) -> None:
    """Start over with the preset of the next data set."""
    screen.controller.settings.next_dataset()


def toggle_baseline(screen: TrainingScreen) -> None:
    """Show or hide the score of a linear model."""
    screen.controller.toggle_baseline()


def suspend(screen: TrainingScreen) -> None:
    """Return to the shell."""
    screen.app.action_suspend_process()


def show_view(name: str) -> Handler:
    """Show a view."""
    return lambda screen: screen.view.show(name)


def explain_key(name: str) -> Handler:
    """Show in which panels a key has an effect."""
    return lambda screen: screen.show_note(where_key_works(name))


def panel_name(panel: type[Panel]) -> str:
    """Return the words for a panel: those with a digit share one line of the help."""
    return "a" if panel.key.isdigit() else f"the {panel.label}"


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
VIEW_NAMES: Final = f"views: {', '.join(VIEWS)}"
FOCUS: Final = "focus the next, the previous panel"
QUIT: Final = "quit; the run is saved"

KEYS: Final = (
    Key("space", "pause", toggle_pause, TRAIN, "pause or resume"),
    Key("s", "step", step(1), TRAIN, "train one epoch, then pause"),
    Key("i,enter", "inspect", inspect, LOOK, "inspect a unit and a sample"),
    Key("left", "back", travel(-1), TIME, "go back one epoch", ONE_EPOCH),
    Key("right", "forward", travel(1), TIME, "go forward one epoch", ONE_EPOCH),
    Key("shift+left", "back-10", travel(-10), TIME, "go back ten epochs", TEN_EPOCHS),
    Key("shift+right", "forward-10", travel(10), TIME, "go forward ten epochs", TEN_EPOCHS),
    Key(
        "home", "first-epoch", lambda s: s.controller.travel.seek(0), TIME, "go to the start", ENDS
    ),
    Key(
        "end",
        "last-epoch",
        lambda s: s.controller.travel.seek_newest(),
        TIME,
        "go to the latest epoch",
        ENDS,
    ),
    Key(":", "go-to-epoch", dialogs.choose_epoch, TIME, "go to any epoch, or to the best"),
    Key(
        "r", "reset", lambda s: s.controller.reset(), TRAIN, "start over: the same weights and data"
    ),
    Key(
        "R",
        "new-weights",
        lambda s: s.controller.reseed(),
        TRAIN,
        "start over: other weights, the same data",
    ),
    Key(
        "backspace", "restore", lambda s: s.controller.restore(), TRAIN, "restore the previous run"
    ),
    Key("+,=", "learning-rate-up", rate(1), CHANGE, "raise the learning rate", RATE),
    Key("-", "learning-rate-down", rate(-1), CHANGE, "lower the learning rate", RATE),
    Key("<", "slower", speed(-1), TRAIN, "train slower", SPEED),
    Key(">", "faster", speed(1), TRAIN, "train faster", SPEED),
    Key("h", "settings", dialogs.change_settings, CHANGE, "open the settings of the run"),
    Key("?", "help", dialogs.show_help, PROGRAM, "list all keys and panels"),
    Key("q", "quit", quit_program, PROGRAM, QUIT),
    Key("e", "explain", dialogs.show_explanation, LOOK, "explain the focused panel"),
    Key("S", "step-10", step(10), TRAIN, "train ten epochs, then pause"),
    Key(
        ";",
        "step-batch",
        lambda s: s.controller.train(StepBatch()),
        TRAIN,
        "train one batch, then pause",
    ),
    Key("ctrl+c", "interrupt", quit_program, PROGRAM, QUIT),
    Key(
        "v",
        "data",
        dialogs.show_data,
        LOOK,
        "view the data; x there excludes a column",
    ),
    Key("up", "previous-unit", unit(-1), LOOK, "previous unit; scroll up", UNITS),
    Key("down", "next-unit", unit(1), LOOK, "next unit; scroll down", UNITS),
    Key("[", "previous-layer", layer(-1), LOOK, "previous hidden layer", LAYERS),
    Key("]", "next-layer", layer(1), LOOK, "next hidden layer", LAYERS),
    Key("j", "next-sample", sample(1), LOOK, "next training sample", SAMPLES),
    Key("k", "previous-sample", sample(-1), LOOK, "previous training sample", SAMPLES),
    Key("n", "next-wrong", misclassified(1), LOOK, "next misclassified sample", WRONG),
    Key("N", "previous-wrong", misclassified(-1), LOOK, "previous misclassified sample", WRONG),
    Key("A", "ask", dialogs.ask, LOOK, "predict an input that you type"),
    Key("(", "remove-layer", layers(-1), CHANGE, "remove the last hidden layer", DEPTH),
    Key(")", "add-layer", layers(1), CHANGE, "add a hidden layer", DEPTH),
    Key("{", "remove-unit", units(-1), CHANGE, "remove a unit", WIDTH),
    Key("}", "add-unit", units(1), CHANGE, "add a unit", WIDTH),
    Key("a", "next-activation", next_value("activation"), CHANGE, "next activation function"),
    Key("o", "next-optimizer", next_value("optimizer"), CHANGE, "next optimizer"),
    Key("d", "next-dataset", next_dataset, CHANGE, "start over with the next data set"),
    Key("D", "new-data", draw_data, CHANGE, "draw or split the data again; weights are kept"),
    Key("g", "noise", next_value("noise"), CHANGE, "next noise of the data"),
    Key("G", "samples", next_value("samples"), CHANGE, "next number of samples"),
    Key("b", "next-batch-size", next_value("batch_size"), CHANGE, "next batch size"),
    Key(
        "l",
        "log-loss",
        lambda s: s.view.toggle_log_loss(),
        VIEW,
        "loss axis: logarithmic or linear",
    ),
    Key(
        "E",
        "epoch-range",
        lambda s: s.view.next_range(),
        VIEW,
        "curves: all epochs, the last 1,000 or 100",
    ),
    Key(
        "f",
        "smooth",
        lambda s: s.view.next_smoothing(),
        VIEW,
        "curves: smoothed line, three strengths",
    ),
    Key(
        "O",
        "pin-curves",
        lambda s: s.view.toggle_pinned(),
        VIEW,
        "curves: pin them for the next run, or unpin",
    ),
    Key(
        "M",
        "many-seeds",
        lambda s: s.show_seeds(),
        PROGRAM,
        "train many seeds at once; from an opened run, return",
    ),
    Key("t", "test-points", lambda s: s.view.toggle_test(), VIEW, "show or hide test samples"),
    Key("L", "share", dialogs.share, PROGRAM, "show and copy the command that repeats the run"),
    Key(
        "T",
        "copy-numbers",
        dialogs.copy_numbers,
        PROGRAM,
        "copy the table or the inspector as text",
    ),
    Key(
        "W",
        "export",
        lambda s: s.exporter.ask(),
        PROGRAM,
        "export the run: report, script, table, picture",
    ),
    Key("ctrl+s", "save-data", dialogs.save_data, PROGRAM, "save the data as a CSV file"),
    Key(
        "p",
        "next-plane",
        lambda s: s.view.next_plane(),
        VIEW,
        "map: next plane through the features",
    ),
    Key(
        "P", "choose-plane", dialogs.choose_plane, VIEW, "map: choose two features, hold the others"
    ),
    Key(
        "y",
        "next-target",
        lambda s: s.view.next_target(),
        VIEW,
        "next target, if there are several",
    ),
    Key("B", "baseline", toggle_baseline, VIEW, "a linear model's score, as a baseline"),
    Key("escape", "cancel", lambda s: s.view.go_back(), PROGRAM, "one step back; cancel loading"),
    Key("V", "next-view", lambda s: s.view.next(), VIEW, "next view"),
    *(
        Key(f"f{number}", f"view-{name}", show_view(name), VIEW, f"view: {name}", VIEW_NAMES)
        for number, name in enumerate(VIEWS, 1)
    ),
    Key("z", "zoom", lambda s: s.arrangement.zoom(), VIEW, "enlarge the focused panel, or restore"),
    Key("tab", "next-panel", move_focus(1), VIEW, "focus the next panel", FOCUS),
    Key("shift+tab", "previous-panel", move_focus(-1), VIEW, "focus the previous panel", FOCUS),
    Key(
        "F",
        "rates",
        lambda s: s.status.toggle_rates(),
        PROGRAM,
        "show frames/s, kB/s and round trip",
    ),
    Key("ctrl+l", "redraw", lambda s: s.redraw(), PROGRAM, "redraw the whole screen"),
    Key("ctrl+z", "suspend", suspend, PROGRAM, "suspend; fg in the shell resumes"),
    *(
        Key(
            panel.key,
            f"panel-{panel.label}",
            toggle_panel(panel.label),
            VIEW,
            f"show or hide {panel_name(panel)} panel",
        )
        for panel in PANELS
    ),
    *(Key(key, "", None, VIEW, hint) for key, hint in panel_hints().items()),
    Key("ctrl+p", "palette", None, PROGRAM, "all commands by name"),
)

_BOUND: Final = {name for key in KEYS if key.handler is not None for name in key.keys.split(",")}

PANEL_KEYS: Final = tuple(
    Key(name, "", explain_key(name), VIEW, "") for name in panel_keys() if name not in _BOUND
)
"""Keys that only panels have: elsewhere they name the panels."""

HANDLERS: Final = {key.shown: key.handler for key in KEYS if key.handler is not None}
"""Handlers by the key in the footer."""

FOOTER: Final = (
    FooterKey("space", "pause", MOVING),
    FooterKey("space", "resume", RESUMABLE),
    FooterKey("i", "inspect"),
    FooterKey("s", "step", RESUMABLE | MOVING),
    FooterKey("← →", "travel", RESUMABLE),
    FooterKey("r", "reset"),
    FooterKey("+ −", "lr", ALIVE),
    FooterKey("< >", "speed", MOVING),
    FooterKey("h", "settings", ALIVE),
    FooterKey("?", "help"),
    FooterKey("q", "quit"),
    FooterKey("e", "explain"),
    FooterKey("S", "10 epochs", RESUMABLE),
    FooterKey("v", "view data"),
    FooterKey("A", "ask"),
    FooterKey("a", "activation", ALIVE),
    FooterKey("o", "optimizer", ALIVE),
    FooterKey("d", "data set", ALIVE),
    FooterKey("b", "batch size", ALIVE),
    FooterKey("l", "log loss"),
    FooterKey("E", "epochs"),
    FooterKey("f", "smooth"),
    FooterKey("O", "pin curves"),
    FooterKey("t", "test points"),
    FooterKey("p", "plane"),
    FooterKey("B", "baseline"),
    FooterKey("z", "zoom"),
)
"""The most important keys first."""

INSPECTING_FOOTER: Final = (
    FooterKey("space", "pause", MOVING),
    FooterKey("space", "resume", RESUMABLE),
    FooterKey("i", "back"),
    FooterKey("↑ ↓", "unit"),
    FooterKey("[ ]", "layer"),
    FooterKey("j k", "sample"),
    FooterKey("n", "wrong"),
    FooterKey("← →", "travel", RESTING),
    FooterKey("?", "help"),
    FooterKey("q", "quit"),
    FooterKey("e", "explain"),
    FooterKey("u", "unit or sample"),
)
"""The same while the inspector is open."""


def panel_screen_keys(panels: str, program: str) -> tuple[Key[Any], ...]:
    """Return the rows that all screens of several runs have, given the two sections of the help."""
    return (
        Key(
            "z",
            "zoom",
            lambda s: s.arrangement.zoom(),
            panels,
            "enlarge the focused panel, or restore",
        ),
        Key(
            "tab",
            "next-panel",
            lambda s: s.arrangement.move_focus(1),
            panels,
            "focus the next panel",
        ),
        Key(
            "shift+tab",
            "previous-panel",
            lambda s: s.arrangement.move_focus(-1),
            panels,
            "focus the previous panel",
        ),
        Key("e", "explain", lambda s: s.explain_panel(), panels, "explain the focused panel"),
        Key("?", "help", lambda s: s.show_help(), program, "list these keys"),
        Key("F", "rates", lambda s: s.status.toggle_rates(), program, "show frames/s and kB/s"),
        Key("ctrl+l", "redraw", lambda s: s.redraw(), program, "redraw the whole screen"),
    )


def bindings(keys: Iterable[Key[Any]]) -> list[BindingType]:
    """Return the bindings of a screen: each calls the handler of its row."""
    return [
        Binding(key.keys, f"press({row})", key.help, show=False, id=key.action or None)
        for row, key in enumerate(keys)
        if key.handler is not None
    ]


LOOKING_KEYS: Final = frozenset(
    ("i", "↑ ↓", "[ ]", "j k", "n", "u", "?", "q", "e", "v", "A", "l", "E", "f", "t", "p", "z")
)
"""Keys of the footer that change nothing, for a run that another process trains."""

PLAYING_KEYS: Final = ("space", "s", "S", "← →", "< >")
"""The same for a run that is played again."""

REMEDIES: Final = FooterKey("5", "remedies")
"""Key of the footer while something looks wrong."""


def footer(state: State, *, inspecting: bool = False, is_alarming: bool = False) -> list[FooterKey]:
    """Return the keys of the footer in a state of the run."""
    keys = [key for key in (INSPECTING_FOOTER if inspecting else FOOTER) if state in key.states]
    return [*keys[:1], REMEDIES, *keys[1:]] if is_alarming else keys


def help_rows(group: str, renamed: Callable[[str], str] = str) -> list[tuple[str, str]]:
    """Return (keys, sentence) for a section of the help; keys of one sentence share a line.

    Args:
        group: the section.
        renamed: returns the key that the user has chosen instead of a default one.
    """
    rows: dict[str, list[Key[TrainingScreen]]] = {}
    for key in KEYS:
        if key.group == group:
            rows.setdefault(key.row or key.help, []).append(key)
    lines = []
    for sentence, keys in rows.items():
        defaults = [key.shown for key in keys]
        shown = [key.shown if key.handler is None else renamed(key.shown) for key in keys]
        is_range = len(shown) > 2 and shown == defaults
        lines.append((f"{shown[0]}–{shown[-1]}" if is_range else " ".join(shown), sentence))
    return lines
