"""Metrics of many epochs: exact, compact, and with ranges that do not depend on the history."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from core.training.epoch_log import COLUMNS, CURVES, EpochLog
from core.training.packed_column import BLOCK, CHUNK, PackedColumn
from tests.core.training.epoch_tables import epoch_table


def filled(epochs: int, random: np.random.Generator) -> tuple[EpochLog, NDArray[np.float64]]:
    """Return a log that was appended to, truncated and overwritten at random, and its table."""
    log, whole = EpochLog(), np.empty((0, len(COLUMNS)))
    while len(whole) < epochs:
        table = epoch_table(random, len(whole), int(random.integers(1, 3000)))
        table[:, COLUMNS.index("penalty")] = random.choice([0.0, 0.1], len(table))
        log.extend(table)
        whole = np.concatenate([whole, table])
        recent = int(random.integers(max(0, len(whole) - 5000), len(whole)))
        match random.integers(0, 6):
            case 0:
                log.truncate(recent)
                whole = whole[:recent]
            case 1:
                table = epoch_table(random, recent, 7)
                log.extend(table)
                whole = np.concatenate([whole[:recent], table])
    return log, whole


def expected(whole: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if name == "penalized_loss":
        return whole[:, COLUMNS.index("train_loss")] + whole[:, COLUMNS.index("penalty")]
    return whole[:, COLUMNS.index(name)]


@pytest.mark.parametrize("seed", range(4))
def test_values_are_exact_after_truncation_and_replacement(seed: int) -> None:
    random = np.random.default_rng(seed)
    log, whole = filled(5 * CHUNK, random)
    assert len(log) == len(whole)
    for name in (*COLUMNS, "penalized_loss"):
        assert np.array_equal(log.column(name), expected(whole, name), equal_nan=True)
        assert np.array_equal(
            log.column(name, 100, CHUNK + 50),
            expected(whole, name)[100 : CHUNK + 50],
            equal_nan=True,
        )
    epochs = np.sort(random.integers(0, len(whole), 200))
    assert np.array_equal(log.sample("test_score", epochs), expected(whole, "test_score")[epochs])
    for epoch in (0, CHUNK - 1, CHUNK, len(whole) - 1):
        row = log.at(epoch)
        assert np.array_equal(row[:-1], whole[epoch], equal_nan=True)
        assert row.epoch == epoch


@pytest.mark.parametrize("name", ["train_loss", "penalized_loss", "test_score", "validation_loss"])
@pytest.mark.parametrize("size", [1, 20, 300, 10_000])
def test_ranges_of_blocks_are_those_of_their_epochs(name: str, size: int) -> None:
    log, whole = filled(9 * CHUNK, np.random.default_rng(5))
    values = expected(whole, name)
    for start, stop in ((0, len(log)), (CHUNK + 3, len(log) - 1), (len(log) - 40, len(log))):
        found = log.blocks(name, start, stop, size)
        length = max(each for each in (1, BLOCK, BLOCK**2, CHUNK) if each <= size)
        assert start - length < found.epochs[0] <= start
        assert (np.diff(found.epochs) == length).all()
        assert stop - length <= found.epochs[-1] < stop
        for at in {0, len(found.epochs) // 2, len(found.epochs) - 1}:
            first = int(found.epochs[at])
            here = values[first : min(first + length, stop)]
            is_odd = np.arange(first, first + len(here)) % 2 == 1
            for odd, parts in ((False, here[~is_odd]), (True, here[is_odd])):
                known = parts[np.isfinite(parts)]
                low, high = found.ranges[2 * odd, at], found.ranges[2 * odd + 1, at]
                assert low == pytest.approx(known.min() if known.size else np.inf)
                assert high == pytest.approx(known.max() if known.size else -np.inf)
            mean = here.mean() if np.isfinite(here).all() else np.nan
            assert found.ranges[4, at] == pytest.approx(mean, nan_ok=True, rel=1e-5)


def test_numbers_that_are_not_finite_do_not_hide_the_others() -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, 2 * CHUNK)
    at = COLUMNS.index("test_loss")
    table[5, at], table[17, at], table[40, at] = np.nan, np.inf, 1e300
    log.extend(table)
    found = log.blocks("test_loss", 0, len(log), BLOCK)
    assert found.ranges[:2, 0].tolist() == pytest.approx(
        [table[:BLOCK:2, at].min(), table[:BLOCK:2, at].max()]
    )
    assert np.isfinite(found.ranges).all()
    assert np.array_equal(log.column("test_loss"), table[:, at], equal_nan=True)
    lowest = log.lowest("test_loss", 0, len(log))
    assert lowest == np.nanargmin(table[:, at])


def test_a_number_that_is_not_finite_in_the_chunk_of_the_lowest_epoch_does_not_hide_it() -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, 2 * CHUNK)
    at = COLUMNS.index("train_loss")
    table[5, at], table[CHUNK // 2, at] = np.nan, -1.0
    log.extend(table)
    assert log.lowest("train_loss", 0, len(log)) == CHUNK // 2


def test_the_lowest_epoch_is_the_first_of_equal_ones() -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, 3 * CHUNK + 10)
    at = COLUMNS.index("train_loss")
    table[:, at] = 1.0
    table[[CHUNK - 1, CHUNK, 2 * CHUNK + 5], at] = 0.5
    log.extend(table)
    assert log.lowest("train_loss", 0, len(log)) == CHUNK - 1
    assert log.lowest("train_loss", CHUNK, len(log)) == CHUNK
    assert log.lowest("train_loss", CHUNK + 1, 2 * CHUNK) == CHUNK + 1
    assert log.lowest("validation_loss", 0, len(log)) is None
    assert log.lowest("train_loss", 7, 7) is None


def test_a_copy_stays_as_it_is_while_the_log_changes() -> None:
    log, whole = filled(3 * CHUNK, np.random.default_rng(1))
    copy = log.copy()
    log.truncate(CHUNK // 2)
    log.extend(epoch_table(np.random.default_rng(2), CHUNK // 2, 4 * CHUNK))
    for name in CURVES:
        assert np.array_equal(copy.column(name), expected(whole, name), equal_nan=True)
    blocks = copy.blocks("train_loss", 0, len(copy), CHUNK)
    assert blocks.ranges[[0, 2]].min() == pytest.approx(expected(whole, "train_loss").min())


@pytest.mark.parametrize(
    ("values", "most_bytes"),
    [
        (np.full(CHUNK, np.nan), 8),
        (np.full(CHUNK, 0.01), 8),
        (np.arange(5.0, 5 + CHUNK), 8),
        (np.random.default_rng(0).integers(0, 150, CHUNK) / 150, CHUNK + 8 * 150),
        (np.random.default_rng(0).random(CHUNK).astype(np.float32).astype(np.float64), 4 * CHUNK),
        (np.random.default_rng(0).random(CHUNK), 8 * CHUNK),
        (np.where(np.arange(CHUNK) == 9, np.inf, 0.1), 4 * CHUNK),
    ],
)
def test_a_packed_column_is_exact_and_small(values: NDArray[np.float64], most_bytes: int) -> None:
    packed = PackedColumn(values)
    assert np.array_equal(packed.values(), values, equal_nan=True)
    places = np.array([0, 9, CHUNK - 1])
    assert np.array_equal(packed.pick(places), values[places], equal_nan=True)
    assert packed.nbytes <= most_bytes


def test_a_run_of_many_epochs_takes_few_bytes_per_epoch() -> None:
    log = EpochLog()
    table = epoch_table(np.random.default_rng(0), 0, 50 * CHUNK)
    tracemalloc.start()
    log.extend(table)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used / len(table) < 28
