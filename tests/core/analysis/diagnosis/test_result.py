"""Results of a diagnosis."""

from core import RunConfig
from core.analysis.diagnosis.result import Remedy


def test_a_remedy_is_written_as_options_that_the_command_line_accepts() -> None:
    changes = {"hidden": (16, 16), "learning_rate": 0.1, "clip_norm": None, "freeze": ()}
    remedy = Remedy("", changes, needs_reset=True)
    assert remedy.options == "--hidden 16,16 --lr 0.1 --clip-norm off --freeze none"
    assert RunConfig(**changes).hidden == (16, 16)  # type: ignore[arg-type]
