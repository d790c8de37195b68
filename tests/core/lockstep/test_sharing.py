"""Runs that differ in a shape are refused, in a sentence that names the setting."""

from typing import Any

import pytest

from core import RunConfig
from core.config.run_config import settings
from core.lockstep.sharing import MAY_DIFFER, CannotShareError, can_share, obstacle, sharing_key
from core.lockstep.trainer import Lockstep


def test_settings_that_change_no_shape_may_differ() -> None:
    configs = [
        RunConfig(),
        RunConfig(seed=1, learning_rate=0.1, l2=0.1, dropout=0.5, schedule="cosine", epochs=3),
        RunConfig(initializer="he", patience=2, clip_norm=1, noise=0.1, momentum=0.3, data_seed=2),
    ]
    assert can_share(configs)
    assert len({sharing_key(config) for config in configs}) == 1
    assert {each.name for each in settings()} > MAY_DIFFER


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hidden": (4,)}, "have the same hidden, but one has 8,8 and another 4"),
        ({"batch_size": "full"}, "have the same batch size, but one has 32 and another full"),
        ({"optimizer": "sgd"}, "have the same optimizer, but one has adam and another sgd"),
        ({"dataset": "circles"}, "have the same dataset, but one has moons and another circles"),
        ({"samples": 40}, "have the same samples, but one has "),
        ({"diagnostics": True}, "diagnostics are measured in single runs only"),
    ],
)
def test_a_different_shape_is_named(changes: dict[str, Any], sentence: str) -> None:
    configs = [RunConfig(), RunConfig(seed=1, **changes)]
    assert sentence in obstacle(configs)
    assert not can_share(configs)
    assert sharing_key(configs[0]) != sharing_key(configs[1])
    with pytest.raises(CannotShareError, match=sentence):
        Lockstep(configs)


def test_no_run_cannot_be_trained() -> None:
    assert obstacle([]) == "there is no run to train"
