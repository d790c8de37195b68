"""Messages of the training process about changed settings."""

from core import RunConfig
from core.process.status_text import describe_change

CONFIG = RunConfig()


def test_a_data_seed_is_named_with_both_values_and_its_effect() -> None:
    seeded = CONFIG.changed(data_seed=7)
    assert describe_change(seeded, CONFIG, fresh=False) == (
        "data seed 7 → auto: trained weights kept; the samples are drawn or split again"
    )
    assert describe_change(CONFIG, seeded, fresh=True) == (
        "data seed auto → 7: a new network, from epoch 0"
    )


def test_diagnostics_alone_need_no_message() -> None:
    measured = CONFIG.changed(diagnostics=True)
    assert describe_change(CONFIG, measured, fresh=False) == ""
    assert "diagnostics" in describe_change(CONFIG, measured.changed(l2=0.1), fresh=False)


def test_columns_after_a_minus_sign_are_in_words() -> None:
    kept = CONFIG.changed(exclude=("name", "-id"), features=("-age", "-size"))
    assert describe_change(CONFIG, kept, fresh=True) == (
        "features all → all but age, size; exclude auto → name but not id: a new network, from epoch 0"
    )
