"""Changes during a run in words, live and from the event log of a saved run."""

from core.config.presets import PRESETS
from core.process.messages import Branched, Moved, Reopened, Run
from core.process.status_text import describe_change
from tests.tui.sessions import session_after
from tui.run_changes import RunChanges
from tui.run_model import RunModel

CONFIG = PRESETS["moons"].config()


def change(run: RunModel, **changes: object) -> None:
    run.apply(Run(run.config.changed(**changes), None, fresh=False, note=""))


def test_changes_of_settings_are_recorded_with_their_values() -> None:
    run = session_after(CONFIG, 5)
    change(run, learning_rate=0.02)
    change(run, optimizer="sgd", batch_size=16)
    assert run.changes.epochs == [5]
    words = run.changes.words_at(5)
    assert "lr 0.01 → 0.02" in words
    assert "optimizer adam → sgd" in words
    assert "batch size 32 → 16" in words
    assert run.changes.words_at(4) == ""


def test_several_changes_of_one_setting_after_an_epoch_are_one() -> None:
    run = session_after(CONFIG, 5)
    change(run, learning_rate=0.02)
    change(run, learning_rate=0.05)
    assert run.changes.words_at(5) == "lr 0.01 → 0.05"
    change(run, learning_rate=0.01)
    assert run.changes.epochs == []


def test_the_end_of_a_run_and_rejected_changes_are_no_changes() -> None:
    run = session_after(CONFIG, 5)
    change(run, epochs=5000, patience=7)
    change(run, diagnostics=True)
    run.apply(Run(run.config, None, fresh=False, note="rejected"))
    # other settings at a past epoch are not a change either
    run.apply(
        Run(run.config.changed(learning_rate=1.0), None, fresh=False, note="", travelled=True)
    )
    assert run.changes.epochs == []


def test_edits_and_branches_are_recorded_and_another_run_begins_without_changes() -> None:
    run = session_after(CONFIG, 9)
    assert run.network is not None
    assert run.data is not None
    run.apply(Run(run.config, run.data, fresh=False, note="a sample was added"))
    assert run.changes.words_at(9) == "data edited"
    metrics, network = run.timeline.at(9), run.network
    run.apply(
        Moved(
            9, 9, metrics, network.parameters, network.statistics, past=False, share=0.0, edited=3
        )
    )
    assert run.changes.words_at(9) == "data edited, weight edited"
    run.apply(Branched(4))
    assert run.changes.epochs == [4]
    assert run.changes.words_at(4) == "branch"
    run.apply(Run(run.config, run.data, fresh=True, note=""))
    assert run.changes.epochs == []


def test_a_saved_run_has_the_changes_of_its_event_log() -> None:
    run = session_after(CONFIG, 40)
    after = CONFIG.changed(learning_rate=0.02, optimizer="sgd")
    events = (
        (0, "began", "moons"),
        (10, "changed", describe_change(CONFIG, after, fresh=False)),
        (12, "changed", describe_change(CONFIG, CONFIG.changed(epochs=999), fresh=False)),
        (15, "changed", "sample 3 was removed; the data are edited"),
        (20, "edited", "parameter 3 set to 0.5"),
        (30, "changed", describe_change(CONFIG, CONFIG.changed(l2=0.1), fresh=False)),
        (25, "branched", "training resumed from epoch 25"),
        (40, "finished", "finished after 40 epochs"),
    )
    run.apply(Reopened("run", True, (0,), events=events))
    assert run.changes.epochs == [10, 15, 20, 25]
    assert run.changes.words_at(10) == "optimizer adam → sgd, lr 0.01 → 0.02"
    assert run.changes.words_at(15) == "data edited"
    assert run.changes.words_at(20) == "weight edited"
    assert run.changes.words_at(25) == "branch"


def test_a_saved_run_has_the_change_of_its_data_seed() -> None:
    changes = RunChanges()
    note = describe_change(CONFIG.changed(data_seed=7), CONFIG, fresh=False)
    changes.restore([(4, "changed", note)])
    assert changes.words_at(4) == "data seed 7 → auto"


def test_a_hostile_event_log_breaks_nothing() -> None:
    changes = RunChanges()
    changes.restore([(-5, "changed", " → "), (7, "changed", "→; x → y"), (2**40, "strange", "\0")])
    assert changes.words_at(7) == ""
    changes.restore((at, "edited", "") for at in range(10_000))
    assert len(changes.epochs) <= 500
