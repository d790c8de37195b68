"""Controllers without a screen: a recording link and view, and one real training process."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core import RunConfig, Trainer
from core.config.presets import PRESETS
from core.datasets import DATASETS
from core.process.client import TrainingProcess
from core.process.messages import (
    AdoptReplaced,
    Cancel,
    Command,
    Configure,
    ConfigureAutosave,
    EditParameter,
    Event,
    Failed,
    Loading,
    Moved,
    Pause,
    Progress,
    Pull,
    Refused,
    RememberView,
    Reopen,
    ReplacedRunsChanged,
    Restore,
    Resume,
    Run,
    SaveStatusChanged,
    Seek,
    SetSpeed,
    ShowNextStep,
    Start,
    State,
    StateChanged,
    Step,
    WatchScreen,
)
from core.runs.autosaver import ReplacedRun, SaveOptions
from core.training.epoch_log import tabulate
from tui.controller import RunController, next_of_125
from tui.run_model import RunModel

MOONS = PRESETS["moons"].config()


class RecordingLink:
    """Records commands; answers nothing."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.ended = False
        self.restarts = 0
        self.problem: OSError | None = None
        self.when_stopped: Callable[[int], None] = print

    def restart(self) -> None:
        if self.problem is not None:
            raise self.problem
        self.restarts += 1
        self.ended = False

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def new(self) -> list[Command]:
        """Return what was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent


class RecordingView:
    """Records the calls of the screen; answers questions with given answers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.events: list[Event] = []
        self.questions: list[str] = []
        self.answer = True
        self.pulls = self.listens = 0
        self.refused: Refused | None = None

    def listen(self) -> None:
        self.listens += 1

    def pull(self) -> None:
        self.pulls += 1

    def show_event(self, event: Event) -> None:
        self.events.append(event)

    def show_note(self, note: str) -> None:
        self.notes.append(note)

    def show_speed(self, speed: float | None) -> None:
        pass

    def show_refusal(self, refused: Refused) -> None:
        self.refused = refused

    def confirm(self, question: str, act: Callable[[], object]) -> None:
        self.questions.append(question)
        if self.answer:
            act()


class Desk:
    """A controller that trains for real, without a process."""

    def __init__(
        self, config: RunConfig = MOONS, epochs: int = 0, save_options: SaveOptions | None = None
    ) -> None:
        self.link, self.view = RecordingLink(), RecordingView()
        self.controller = RunController(
            config, self.link, self.view, speed=30.0, save_options=save_options
        )
        self.controller.launch(Start(config))
        trainer = Trainer(config)
        rows = [trainer.measure(), *(trainer.train_epoch() for _ in range(epochs))]
        self.parameters, self.statistics = trainer.network.parameters, trainer.network.statistics
        self.hear(
            Run(config, trainer.data, fresh=True, note="", answered=1),
            StateChanged(State.TRAINING, handled=1),
            Progress(tabulate(rows), self.parameters, self.statistics, 30.0),
        )
        self.metrics = rows[0]
        self.started = self.link.new()

    def hear(self, *events: Event) -> None:
        for event in events:
            self.controller.on_event(event)

    def ahead(self) -> tuple[int | None, int | None]:
        """Return the epoch that is sought, and the past epoch where the run is."""
        return self.controller.travel.target, self.controller.travel.past_epoch

    def move(self, epoch: int) -> None:
        """Answer one seek."""
        head = self.controller.run.head_epoch
        self.hear(
            Moved(
                min(epoch, head), head, self.metrics, self.parameters, self.statistics,
                past=epoch < head, share=0.0,
            )
        )  # fmt: skip


def test_a_launch_sends_the_speed_the_save_options_and_the_start() -> None:
    options = SaveOptions(Path("/nowhere"))
    desk = Desk(save_options=options)
    assert desk.started == [SetSpeed(30.0), ConfigureAutosave(options), Start(MOONS)]
    assert (desk.view.listens, desk.view.pulls) == (1, 1)


def test_a_run_that_is_launched_before_the_screen_exists_is_sent_once() -> None:
    link, view, first = RecordingLink(), RecordingView(), Start(MOONS)
    controller = RunController(MOONS, link, view, speed=30.0)
    controller.launch(first, is_early=True)
    assert link.new() == [SetSpeed(30.0), first]
    assert not view.listens
    controller.launch(first)
    assert link.new() == []
    assert (view.listens, view.pulls) == (1, 1)
    controller.launch(first)
    assert link.new() == [SetSpeed(30.0), first]


def test_a_run_that_is_launched_early_is_sent_again_if_its_process_has_ended() -> None:
    link, first = RecordingLink(), Start(MOONS)
    controller = RunController(MOONS, link, RecordingView(), speed=30.0)
    controller.launch(first, is_early=True)
    link.new()
    link.ended = True
    controller.launch(first)
    assert link.restarts == 1
    assert link.new() == [SetSpeed(30.0), first]


def test_keys_faster_than_the_replies_all_count() -> None:
    desk = Desk()
    desk.controller.toggle_pause()
    desk.controller.toggle_pause()
    desk.controller.toggle_pause()
    assert desk.link.new() == [Pause(), Resume(), Pause()]
    desk.controller.settings.change_learning_rate(1)
    desk.controller.settings.change_learning_rate(1)
    rates = [each.changes for each in desk.link.new() if isinstance(each, Configure)]
    assert rates == [{"learning_rate": 0.02}, {"learning_rate": 0.05}]


def test_a_reply_to_an_earlier_key_does_not_change_what_the_next_key_does() -> None:
    desk = Desk()
    desk.controller.toggle_pause()
    desk.controller.toggle_pause()
    desk.hear(StateChanged(State.PAUSED, handled=2))
    desk.controller.toggle_pause()
    desk.hear(StateChanged(State.TRAINING, handled=3))
    desk.controller.toggle_pause()
    assert desk.link.new() == [Pause(), Resume(), Pause(), Resume()]


def test_keys_after_a_reset_act_on_the_new_run_although_the_old_one_is_still_reported() -> None:
    desk = Desk()
    desk.controller.toggle_pause()
    desk.controller.reset()
    desk.hear(StateChanged(State.TRAINING, handled=1))
    desk.controller.toggle_pause()
    desk.controller.toggle_pause()
    assert desk.link.new() == [Pause(), Start(MOONS, paused=True), Resume(), Pause()]


def test_a_start_that_is_rejected_leaves_the_state_of_the_current_run() -> None:
    desk = Desk()
    desk.hear(StateChanged(State.PAUSED, handled=1))
    desk.controller.reset()
    desk.hear(Run(MOONS, None, fresh=False, note="cancelled", answered=2, handled=2))
    desk.controller.toggle_pause()
    assert desk.link.new() == [Start(MOONS, paused=True), Resume()]


def test_a_reply_to_an_earlier_change_does_not_undo_a_later_request() -> None:
    desk = Desk()
    settings = desk.controller.settings
    settings.change_learning_rate(1)
    settings.change_learning_rate(1)
    first = MOONS.changed(learning_rate=0.02)
    desk.hear(Run(first, None, fresh=False, note="", answered=2))
    assert settings.requested.learning_rate == 0.05
    # the process rejects the second change: its reply has the configuration that runs
    desk.hear(Run(first, None, fresh=False, note="", answered=3))
    assert settings.requested.learning_rate == 0.02


def test_time_travel_needs_a_pause_which_may_be_on_its_way() -> None:
    desk = Desk(epochs=5)
    desk.controller.travel.move(-1)
    assert "pause it" in desk.view.notes[-1]
    assert desk.link.new() == []
    desk.controller.toggle_pause()
    desk.controller.travel.move(-1)
    desk.controller.travel.move(-1)
    assert desk.link.new() == [Pause(), Seek(4), Seek(3)]


def test_a_seek_ends_with_the_last_of_its_replies() -> None:
    desk = Desk(epochs=5)
    travel = desk.controller.travel
    desk.hear(StateChanged(State.PAUSED))
    travel.move(-1)
    travel.move(-1)
    desk.move(4)
    assert desk.ahead() == (3, 3)
    desk.move(3)
    assert desk.ahead() == (None, 3)
    travel.seek_newest()
    assert travel.past_epoch is None
    travel.seek(0)
    desk.move(5)
    desk.move(2)
    assert "starts at epoch 2" in desk.view.notes[-1]


def test_a_change_in_the_past_is_confirmed_and_a_no_changes_nothing() -> None:
    desk = Desk(epochs=5)
    desk.hear(StateChanged(State.PAUSED))
    desk.controller.travel.seek(2)
    desk.link.new()
    desk.view.answer = False
    desk.controller.train(Step(1))
    desk.controller.settings.change_learning_rate(1)
    assert desk.link.new() == []
    assert desk.controller.settings.requested == MOONS
    assert desk.view.questions[0].startswith("Continue from epoch 2? The 3 epochs after it")
    assert desk.view.questions[1].startswith("Change the run at epoch 2?")
    desk.view.answer = True
    desk.controller.train(Step(1))
    assert desk.link.new() == [Step(1)]
    assert desk.controller.travel.target is None


LEAVES: dict[str, Callable[[RunController], object]] = {
    "reset": lambda controller: controller.reset(),
    "reseed": lambda controller: controller.reseed(),
    "restore": lambda controller: controller.restore(),
    "step": lambda controller: controller.train(Step(1)),
    "setting": lambda controller: controller.settings.change_learning_rate(1),
    "shape": lambda controller: controller.settings.change_layers(1),
    "edit": lambda controller: controller.confirm_branch(
        "Change the run at", lambda: controller.send(EditParameter(0, 1.0))
    ),
}


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("replies", [0, 1, 2])
def test_a_key_after_one_that_leaves_the_past_does_not_ask_about_it(how: str, replies: int) -> None:
    """However many seeks the process has still to answer when the first key is pressed."""
    desk = Desk(epochs=5)
    desk.hear(StateChanged(State.PAUSED))
    desk.controller.travel.seek(3)
    desk.controller.travel.seek(2)
    for epoch in (3, 2)[:replies]:
        desk.move(epoch)
    LEAVES[how](desk.controller)
    desk.view.questions.clear()
    desk.controller.train(Step(1))
    for epoch in (3, 2)[replies:]:
        desk.move(epoch)
        desk.controller.train(Step(1))
        desk.controller.settings.change_learning_rate(1)
    assert desk.view.questions == []
    desk.controller.travel.seek(1)
    desk.controller.train(Step(1))
    assert desk.view.questions[0].startswith("Continue from epoch 1?")


def test_a_reset_that_is_rejected_leaves_the_run_in_the_past() -> None:
    desk = Desk(epochs=5)
    desk.hear(StateChanged(State.PAUSED))
    desk.controller.travel.seek(2)
    desk.move(2)
    desk.controller.reset()
    assert desk.controller.travel.past_epoch is None
    desk.hear(Run(MOONS, None, fresh=False, note="cancelled", answered=2, handled=2))
    desk.controller.train(Step(1))
    assert desk.view.questions[0].startswith("Continue from epoch 2?")


def test_a_target_that_an_ended_process_does_not_reach_is_dropped() -> None:
    desk = Desk(epochs=5)
    desk.hear(StateChanged(State.PAUSED))
    desk.controller.travel.seek(0)
    desk.link.ended = True
    desk.hear(Failed("the training process was killed (SIGKILL)"))
    desk.controller.travel.seek(0)
    assert "r starts a new one" in desk.view.notes[-1]
    desk.controller.reset()
    assert desk.link.restarts == 1
    assert desk.controller.travel.past_epoch is None
    assert desk.link.new()[-1] == Start(MOONS)


def test_a_process_that_cannot_be_started_is_reported() -> None:
    desk = Desk()
    desk.link.ended, desk.link.problem = True, OSError(11, "Resource temporarily unavailable")
    desk.controller.reset()
    assert "r tries again" in desk.view.notes[-1]


def test_space_reopens_the_saved_run_of_a_process_that_has_ended() -> None:
    desk = Desk(save_options=SaveOptions(Path("/runs")))
    desk.controller.run.saved_as = "moons-1"
    desk.link.ended = True
    desk.controller.toggle_pause()
    assert desk.link.new()[-1] == Reopen(Path("/runs/moons-1"))


def test_a_new_process_gets_the_runs_that_the_one_before_could_restore() -> None:
    options, older = SaveOptions(Path("/runs")), ReplacedRun(Path("/runs/moons-1"), is_brief=True)
    for command, adopted in (
        (RunController.reset, (older, ReplacedRun(Path("/runs/moons-2")))),
        (RunController.toggle_pause, (older,)),
    ):
        desk = Desk(save_options=options)
        desk.hear(ReplacedRunsChanged((older,)), SaveStatusChanged("moons-2"))
        desk.link.ended = True
        command(desk.controller)
        assert AdoptReplaced(adopted) in desk.link.new()


def test_a_refusal_leaves_a_process_without_a_run() -> None:
    desk = Desk()
    refused = Refused("the file is empty")
    desk.hear(refused)
    assert desk.view.refused is refused
    desk.controller.train(Step(1))
    assert desk.link.new() == []


def test_a_reset_has_the_stopping_conditions_that_were_passed() -> None:
    config = MOONS.changed(target_accuracy=0.9)
    desk = Desk(config)
    desk.hear(Run(config.changed(target_accuracy=None), None, fresh=False, note="", answered=1))
    assert desk.controller.settings.requested.target_accuracy is None
    desk.controller.reset()
    assert desk.link.new() == [Start(config)]
    desk.controller.reseed()
    assert desk.link.new() == [Start(config.changed(seed=1, data_seed=0))]
    desk.controller.restore()
    assert desk.link.new() == [Restore()]


def test_starting_over_keeps_the_state_the_data_and_an_explicit_data_seed() -> None:
    desk = Desk()
    desk.hear(StateChanged(State.PAUSED))
    desk.controller.reset()
    assert desk.link.new() == [Start(MOONS, paused=True)]
    desk.controller.reseed()
    other = MOONS.changed(seed=1, data_seed=0)  # the data of seed 0
    assert desk.link.new() == [Start(other, paused=True)]
    assert "other weights (seed 1), the same data (data seed 0)" in desk.view.notes[-1]
    desk.controller.toggle_pause()
    desk.controller.reset()
    assert desk.link.new() == [Resume(), Start(other)]
    assert "the same weights and data as before (seed 1, data seed 0)" in desk.view.notes[-1]
    desk.controller.settings.draw_data()
    assert desk.link.new() == [Configure({"data_seed": 1})]


def test_the_next_data_set_brings_its_preset_and_leaves_seeds_and_chosen_epochs() -> None:
    desk = Desk(MOONS.changed(seed=4, hidden=(3,), epochs=77))
    desk.controller.settings.next_dataset()
    assert desk.link.new() == [Start(PRESETS["circles"].config(seed=4, epochs=77))]
    usual = Desk(PRESETS["moons"].config())
    usual.controller.settings.next_dataset()
    assert usual.link.new() == [Start(PRESETS["circles"].config())]
    assert "circles: a circle inside another" in usual.view.notes[-1]
    keras = Desk(PRESETS["iris-keras"].config())  # its few epochs are those of the preset
    keras.controller.settings.next_dataset()
    assert keras.controller.settings.requested.epochs != keras.controller.run.config.epochs
    last = Desk(RunConfig(dataset=[*DATASETS][-1]))
    last.controller.settings.next_dataset()
    assert last.controller.settings.requested.dataset == next(iter(DATASETS))
    assert last.controller.settings.requested.data is None


def test_noise_and_samples_have_a_key_each() -> None:
    desk = Desk()
    settings = desk.controller.settings
    settings.next_value("noise")  # after the data set's own 0.2
    settings.next_value("samples")
    settings.next_value("noise")
    settings.next_value("noise")
    assert desk.link.new() == [
        Configure({"noise": 0.3}),
        Configure({"samples": 500}),
        Configure({"noise": 0.5}),
        Configure({"noise": 0.0}),
    ]
    iris = Desk(PRESETS["iris"].config())
    iris.controller.settings.next_value("noise")
    iris.controller.settings.next_value("samples")
    assert iris.link.new() == []
    assert "iris" in iris.view.notes[-1]


def test_the_view_is_sent_when_it_changes_and_to_a_new_process() -> None:
    desk = Desk()
    desk.controller.report_view("data", shows_next_step=False)
    desk.controller.report_view("data", shows_next_step=False)
    assert desk.link.new() == [RememberView("data")]
    desk.controller.report_view("data", shows_next_step=True)
    desk.controller.report_view("data", shows_next_step=True)
    assert desk.link.new() == [ShowNextStep(is_shown=True)]
    desk.link.ended = True
    desk.controller.reset()
    sent = desk.link.new()
    assert RememberView("data") in sent
    assert ShowNextStep(is_shown=True) in sent


def test_a_run_is_resumed_after_a_stop_of_the_program_once_it_has_paused() -> None:
    desk = Desk()
    desk.controller.pause_for_suspend()
    desk.controller.resume_after_suspend()
    assert desk.link.new() == [Pause(), WatchScreen(True), WatchScreen(False)]
    desk.hear(StateChanged(State.PAUSED))
    assert desk.link.new() == [Resume()]
    desk.controller.pause_for_suspend()
    desk.hear(StateChanged(State.FINISHED))
    desk.controller.resume_after_suspend()
    desk.hear(StateChanged(State.FINISHED))
    assert Resume() not in desk.link.new()


def test_a_diverged_run_does_not_continue_but_can_be_changed() -> None:
    desk = Desk()
    desk.hear(StateChanged(State.DIVERGED))
    desk.controller.toggle_pause()
    assert "diverged" in desk.view.notes[-1]
    desk.controller.settings.change_learning_rate(-1)
    assert [type(each) for each in desk.link.new()] == [Configure]


def test_escape_cancels_only_what_is_loading() -> None:
    desk = Desk()
    desk.controller.cancel()
    assert desk.link.new() == []
    desk.hear(Loading("reading flowers.csv", 0.5))
    desk.controller.cancel()
    assert desk.link.new() == [Cancel()]


def test_layers_and_units_are_changed_within_their_limits() -> None:
    desk = Desk()
    settings = desk.controller.settings
    settings.change_units(1, 1)
    assert list(settings.requested.hidden) == [8, 9]
    for _ in range(3):
        settings.change_layers(-1)
    assert list(settings.requested.hidden) == []
    assert "no hidden layer" in desk.view.notes[-1]
    settings.change_units(0, 1)
    assert ") adds one" in desk.view.notes[-1]


def test_a_log_that_cannot_be_written_is_given_up() -> None:
    class FullDisk:
        written = 0

        def write(self, event: Event, run: RunModel, /) -> None:
            self.written += 1
            raise OSError(28, "No space left on device")

    desk, log = Desk(), FullDisk()
    desk.controller._log = log
    desk.hear(StateChanged(State.PAUSED), StateChanged(State.TRAINING))
    assert log.written == 1
    assert "No space left" in desk.view.notes[-1]


def test_learning_rates_move_through_1_2_and_5() -> None:
    rate, seen = 0.01, []
    for _ in range(7):
        rate = next_of_125(rate, 1)
        seen.append(rate)
    assert seen == [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
    assert next_of_125(0.03, 1) == 0.05
    assert next_of_125(0.03, -1) == 0.02
    assert next_of_125(1e-9, -1) == 5e-10


class ProcessLink:
    """A link without an event loop: `pump` passes on what has arrived."""

    def __init__(self, process: TrainingProcess) -> None:
        self.process = process
        self.when_stopped: Callable[[int], None] = print

    @property
    def ended(self) -> bool:
        return self.process.ended

    def restart(self) -> None:
        raise AssertionError

    def send(self, command: Command) -> None:
        self.process.send(command)


def test_a_real_process_trains_pauses_changes_and_goes_back() -> None:
    process = TrainingProcess()
    link, view = ProcessLink(process), RecordingView()
    controller = RunController(replace(MOONS, epochs=10_000_000), link, view, speed=None)
    run = controller.run

    def until(done: Callable[[], bool]) -> None:
        while not done():
            link.send(Pull())
            for event in process.receive(0.05):
                controller.on_event(event)
            assert not process.ended

    try:
        controller.launch(Start(run.config))
        until(lambda: run.head_epoch > 20)
        controller.toggle_pause()
        controller.settings.next_value("activation")
        until(lambda: run.state is State.PAUSED and run.config.activation == "sigmoid")
        assert controller.settings.requested == run.config
        controller.travel.seek(7)
        until(lambda: controller.travel.target is None)
        assert run.past_epoch == 7
        controller.train(Step(3))
        until(lambda: run.head_epoch == 10 and run.past_epoch is None)
        assert view.questions[0].startswith("Continue from epoch 7?")
    finally:
        process.close()
