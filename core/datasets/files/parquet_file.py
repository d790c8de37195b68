"""Parquet files, read with pyarrow in batches; columns keep their types."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from core.datasets.files.choice import check_names, choose, note_choice
from core.datasets.files.names import clean, clean_text, listed, unusable
from core.datasets.files.table import Store, Table
from core.datasets.files.words import MOST_CATEGORIES, MOST_CLASSES, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.arrays import Array
    from core.datasets.dataset import ProgressCallback
    from core.datasets.files.table import Source

BATCH: Final = 1 << 16
"""Rows per batch."""


def read_parquet(stream: BinaryIO, source: Source, file: str, progress: ProgressCallback) -> Table:
    """Return the chosen columns of a Parquet file."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise unusable(
            file, "Parquet is read with pyarrow; install it with pip install 'nnfs-tui[parquet]'"
        ) from None
    with _guard(file):
        opened: Any = parquet.ParquetFile(stream)
        schema: Any = opened.schema_arrow
    return _Reader(opened, schema, file, progress).table(source)


@contextmanager
def _guard(file: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, NotImplementedError, KeyError, RuntimeError):
        raise unusable(file, "not a Parquet file, or a damaged one; save it again") from None


class _Reader:
    """Reads one file; pyarrow's own types are unknown to the type checker."""

    def __init__(self, opened: Any, schema: Any, file: str, progress: ProgressCallback) -> None:
        self._opened = opened
        self._schema = schema
        self._file = file
        self._progress = progress

    def table(self, source: Source) -> Table:
        names = list(map(str, self._schema.names))
        shown = check_names(names, self._file)
        choice = choose(shown, source, self._file)
        kinds = [_kind(each.type) for each in self._schema]
        notes = list(choice.notes)
        for place in choice.targets if choice.text is None else (*choice.targets, choice.text):
            self._check_kind(place, kinds[place], shown)
        if choice.text is not None and kinds[choice.text] != "words":
            raise unusable(
                self._file,
                f"column '{clean(shown[choice.text])}' contains numbers: expected texts",
            )
        if source.features:
            for place in choice.features:
                self._check_kind(place, kinds[place], shown)
        features = tuple(place for place in choice.features if kinds[place])
        if left := [shown[place] for place in choice.features if not kinds[place]]:
            notes.append(f"Left out, as they contain neither numbers nor words: {listed(left)}.")
        used = features + choice.targets
        many = len(features)
        words = {
            at: Words(MOST_CATEGORIES if at < many else MOST_CLASSES, typed=True)
            for at, place in enumerate(used)
            if kinds[place] == "words"
        }
        store = self._rows(names, used, many, words, choice.text)
        table = Table(
            self._file,
            "row",
            [shown[place] for place in features],
            [shown[place] for place in choice.targets],
            store.x,
            store.y,
            {at: each for at, each in words.items() if at < many},
            {at - many: each for at, each in words.items() if at >= many},
            None if choice.text is None else store.texts,
            notes=notes,
        )
        note_choice(table, choice, shown)
        return table

    def _check_kind(self, place: int, kind: str, shown: list[str]) -> None:
        if not kind:
            what = clean(str(self._schema[place].type))
            raise unusable(
                self._file,
                f"column '{clean(shown[place])}' has the type {what}: expected numbers or words",
            )

    def _rows(
        self,
        names: list[str],
        used: tuple[int, ...],
        many: int,
        words: dict[int, Words],
        text: int | None,
    ) -> Store:
        store = Store(many, len(used) - many)
        wanted = [names[place] for place in (*used, *(() if text is None else (text,)))]
        rows = 0
        with _guard(self._file):
            total = int(self._opened.metadata.num_rows)
            batches = self._opened.iter_batches(batch_size=BATCH, columns=wanted)
        while True:
            with _guard(self._file):
                batch = next(batches, None)
            if batch is None:
                break
            rows += batch.num_rows
            values = np.empty((batch.num_rows, len(used)))
            lines = range(store.rows + 1, rows + 1)
            for at, place in enumerate(used):
                with _guard(self._file):
                    column = batch.column(names[place])
                    values[:, at] = (
                        _codes(column, words[at], lines) if at in words else _numbers(column)
                    )
                self._check_finite(values[:, at], store.rows, names[place])
            if text is not None:
                with _guard(self._file):
                    texts = _plain(batch.column(names[text])).to_pylist()
                store.texts.extend(clean_text(str(each or "")) for each in texts)
            share = min(1.0, rows / total) if total else 1.0
            store.append(values, share)
            self._progress(f"reading {self._file}", share)
        store.close()
        return store

    def _check_finite(self, values: Array, before: int, name: str) -> None:
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            raise unusable(
                self._file,
                f"row {before + int(infinite[0]) + 1}, column '{clean(name)}' is infinite; "
                "numbers have to be finite",
            )


def _kind(kind: Any) -> str:
    """Return `numbers`, `words`, or an empty string for any other type."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _kind(kind.value_type)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "numbers"
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return "words" if is_text or types.is_boolean(kind) or types.is_null(kind) else ""


def _plain(column: Any) -> Any:
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def _numbers(column: Any) -> Array:
    import pyarrow as pa

    values: Array = _plain(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _codes(column: Any, words: Words, lines: range) -> Array:
    import pyarrow as pa

    text = _plain(column).cast(pa.string())
    encoded = text.dictionary_encode()
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    different = encoded.dictionary.to_pylist()
    firsts = np.full(len(different), lines.start)
    if (
        words.stray is None and different
    ):  # the first word may be in this batch; an error message may name its row
        known, rows = np.unique(places, return_index=True)
        firsts[known[known >= 0]] += rows[known >= 0]
    codes: Array = np.array([*words.codes(different, firsts.tolist()), np.nan])
    found: Array = codes[places]
    return found
