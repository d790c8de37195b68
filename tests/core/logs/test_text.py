"""CSV files of several libraries, JSON lines, and hostile text."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.logs.series import MetricTable
from core.logs.text import LONGEST_LINE, CsvReader, JsonReader, LineReader

KERAS = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,0.7,0.4,0.9\n1,0.75,0.6,0.5,0.8\n"
LIGHTNING = (
    "epoch,step,train_loss_epoch,train_loss_step,val_loss\n"
    "0,4,,1.25,\n0,7,,,0.875\n0,7,1.1,,\n1,9,,0.75,\n1,15,,,0.5\n1,15,0.7,,\n"
)
ULTRALYTICS = (
    "                  epoch,         train/box_loss,   metrics/precision(B),           val/box_loss\n"
    "                      1,                 1.4971,                0.59893,                 1.2206\n"
    "                      2,                 1.2345,                    nan,                    inf\n"
)


def read(text: str | bytes, kind: type[LineReader] = CsvReader, piece: int = 10**9) -> MetricTable:
    table = MetricTable()
    reader = kind(table)
    data = text if isinstance(text, bytes) else text.encode()
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
    return table


def values(table: MetricTable, name: str) -> list[tuple[int, float]]:
    return list(zip(*(each.tolist() for each in table.series[name].points), strict=True))


def test_rows_of_keras() -> None:
    table = read(KERAS)
    assert table.step_name == "epoch"
    assert list(table.series) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert values(table, "val_loss") == [(0, 0.9), (1, 0.8)]


def test_rows_of_lightning_have_only_what_was_logged_at_that_moment() -> None:
    table = read(LIGHTNING)
    assert table.step_name == "step"
    assert values(table, "train_loss_step") == [(4, 1.25), (9, 0.75)]
    assert values(table, "train_loss_epoch") == [(7, 1.1), (15, 0.7)]
    assert values(table, "val_loss") == [(7, 0.875), (15, 0.5)]


def test_blanks_around_the_names_of_ultralytics() -> None:
    table = read(ULTRALYTICS)
    assert values(table, "train/box_loss") == [(1, 1.4971), (2, 1.2345)]
    assert values(table, "val/box_loss") == [(1, 1.2206), (2, math.inf)]
    assert math.isnan(values(table, "metrics/precision(B)")[1][1])


def test_tensorboard_export_other_delimiters_and_quotes() -> None:
    assert values(read('"Wall time","Step","Value"\n1.5,3,0.25\n'), "Value") == [(3, 0.25)]
    assert values(read("# a comment\n\nIteration;loss\n10;0.5\n"), "loss") == [(10, 0.5)]
    assert values(read("\ufeffepoch\tmy loss\n1\t0.5\n"), "my loss") == [(1, 0.5)]
    assert values(read('epoch,"loss, mean"\n1,"0.5"\n'), "loss, mean") == [(1, 0.5)]


def test_steps_that_are_counted_within_each_epoch() -> None:
    rows = "".join(
        f"{epoch},{step},{epoch + step / 10}\n" for epoch in range(3) for step in range(4)
    )
    steps = [step for step, _ in values(read(f"epoch,step,loss\n{rows}"), "loss")]
    assert steps == [*range(12)]


def test_rows_of_phases_are_separate_metrics() -> None:
    table = read("epoch,phase,loss\n1,train,0.5\n1,val,0.75\n2,train,0.25\n")
    assert values(table, "train/loss") == [(1, 0.5), (2, 0.25)]
    assert values(table, "val/loss") == [(1, 0.75)]


def test_a_restarted_run_and_a_second_header() -> None:
    table = read("epoch,loss\n1,3\n2,2\n3,1\nepoch,loss,acc\n2,1.5,0.5\n2,1.25,\n")
    assert values(table, "loss") == [(1, 3.0), (2, 1.25)]
    assert values(table, "acc") == [(2, 0.5)]


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20), st.integers(1, 40))
def test_numbers_are_read_to_the_last_bit(numbers: list[float], piece: int) -> None:
    text = "epoch,x\n" + "".join(f"{at},{number!r}\n" for at, number in enumerate(numbers))
    assert values(read(text, piece=piece), "x") == [*enumerate(numbers)]


@given(st.integers(0, len(LIGHTNING)))
def test_a_file_that_is_truncated_at_any_byte_continues_where_it_ended(cut: int) -> None:
    table = MetricTable()
    reader = CsvReader(table)
    reader.feed(LIGHTNING[:cut].encode())
    # an incomplete number is not read: 0.8 may become 0.875
    whole = read(LIGHTNING)
    for name in table.series:
        known = values(table, name)
        assert known == values(whole, name)[: len(known)]
    reader.feed(LIGHTNING[cut:].encode())
    assert all(values(table, name) == values(whole, name) for name in whole.series)


@given(st.binary(max_size=400), st.sampled_from([CsvReader, JsonReader]))
def test_any_bytes_are_survived(data: bytes, kind: type[LineReader]) -> None:
    read(b"epoch,loss\n1,2\n" + data, kind)
    read(data, kind)


@given(st.lists(st.tuples(st.integers(0, len(ULTRALYTICS) - 1), st.integers(0, 7)), max_size=5))
def test_flipped_bits_are_survived(flips: list[tuple[int, int]]) -> None:
    data = bytearray(ULTRALYTICS.encode())
    for at, bit in flips:
        data[at] ^= 1 << bit
    read(bytes(data))


def test_lines_and_rows_without_end() -> None:
    table = read(b"epoch,loss\n1,2\n" + b"9" * (3 * LONGEST_LINE) + b"\n2,1\n", piece=2**16)
    assert values(table, "loss") == [(1, 2.0), (2, 1.0)]
    assert table.damaged == 1
    wide = read("epoch," + ",".join(f"x{at}" for at in range(5000)) + "\n1" + ",2" * 9000 + "\n")
    assert len(wide.series) == 1000
    huge = read("epoch,x\n1e300,1\n-1e300,1\nnan,1\n3,1\n")
    assert values(huge, "x") == [(3, 1.0)]


def test_our_own_lines_of_json() -> None:
    lines = [
        '{"event": "start", "config": {"epochs": 40}}',
        '{"event": "epoch", "epoch": 1, "train_loss": 0.5, "test_loss": null, "layers": [{}]}',
        '{"event": "epoch", "epoch": 2, "train_loss": 0.25, "test_loss": 1e-05}',
        '{"event": "epoch", "epoch": 3, "train_loss": 0.125, "test_loss": 2e-05}',
        '{"event": "branch", "epoch": 2}',
        '{"event": "advice", "epoch": 2}',
        '{"event": "end", "stopped": "early_stop"}',
    ]
    table = read("\n".join(lines) + "\n", JsonReader)
    assert values(table, "train_loss") == [(1, 0.5), (2, 0.25)]
    assert np.isnan(table.series["test_loss"].points.values[0])
    assert (table.planned, table.ended, table.rows) == (40, "early stop", 3)
    second = read("\n".join([*lines, *lines[:2]]) + "\n", JsonReader)
    assert values(second, "train_loss") == [(1, 0.5)]
    assert second.ended == ""


def test_lines_of_json_of_others() -> None:
    table = read(
        '{"step": 5, "loss": 0.5, "best": true}\n[1]\n{"step": ' + "9" * 5000 + "}\n", JsonReader
    )
    assert values(table, "loss") == [(5, 0.5)]
    assert list(table.series) == ["loss"]
    assert table.damaged == 2
