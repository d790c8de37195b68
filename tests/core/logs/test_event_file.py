"""TensorBoard event files: framing, checksums, both forms of scalars, and damage."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.logs.event_file import LONGEST_RECORD, EventReader
from core.logs.series import MetricTable
from tests.core.logs.records import event, field, record, simple_value, tensor_value, version

LOSSES = np.random.default_rng(0).lognormal(size=20).astype(np.float32).astype(np.float64)
FILE = record(version()) + b"".join(
    record(
        event(
            step, simple_value("loss", loss), tensor_value("val/loss", loss, listed=step % 2 == 0)
        )
    )
    for step, loss in enumerate(LOSSES)
)


def read(*pieces: bytes) -> MetricTable:
    table = MetricTable()
    reader = EventReader(table)
    for piece in pieces:
        reader.feed(piece)
    return table


def test_both_forms_of_scalars_are_read_to_the_last_bit() -> None:
    table = read(FILE)
    for name in ("loss", "val/loss"):
        assert np.array_equal(table.series[name].points.steps, np.arange(20))
        assert np.array_equal(table.series[name].points.values, LOSSES)
    assert (table.rows, table.damaged) == (20, 0)


def test_a_file_that_is_truncated_at_any_byte_continues_where_it_ended() -> None:
    for cut in range(len(FILE)):
        table = read(FILE[:cut])
        assert table.damaged == 0
        series = table.series.get("loss")
        known = 0 if series is None else len(series)
        assert series is None or np.array_equal(series.points.values, LOSSES[:known])
        assert read(FILE[:cut], FILE[cut:]).rows == 20


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255), st.integers(1, 70))
def test_a_damaged_record_is_skipped_and_no_wrong_number_is_read(
    at: int, bits: int, piece: int
) -> None:
    damaged = bytearray(FILE)
    damaged[at] ^= bits
    data = bytes(damaged)
    table = read(*(data[start : start + piece] for start in range(0, len(data), piece)))
    points = table.series["loss"].points
    # at most one record is lost; a damaged length may also hide the end of the file
    assert np.array_equal(points.values, LOSSES[points.steps])
    assert len(points.steps) >= 18


@given(st.binary(max_size=300))
def test_any_bytes_in_a_record_are_survived(data: bytes) -> None:
    assert (
        read(record(data) + record(event(3, simple_value("loss", 0.5))))
        .series["loss"]
        .points.steps[-1]
        == 3
    )


def test_pictures_and_negative_steps() -> None:
    picture = record(event(1, field(1, b"image") + field(4, bytes(LONGEST_RECORD))))
    later = record(event(-5, simple_value("loss", 0.25)))
    pieces = [picture[: len(picture) // 2], picture[len(picture) // 2 :] + later]
    table = read(*pieces)
    assert table.series["loss"].points.steps.tolist() == [-5]
    assert list(table.series) == ["loss"]


def test_a_restarted_run_replaces_its_later_steps() -> None:
    again = record(event(10, simple_value("loss", 9.0)))
    points = read(FILE + again).series["loss"].points
    assert points.steps.tolist() == [*range(11)]
    assert points.values[-1] == 9.0


def test_tensorboard_reads_the_same(tmp_path: Path) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    (tmp_path / "events.out.tfevents.1").write_bytes(FILE)
    theirs = accumulators.EventAccumulator(str(tmp_path)).Reload()
    assert [(each.step, each.value) for each in theirs.Scalars("loss")] == [*enumerate(LOSSES)]
