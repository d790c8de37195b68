"""Which file to read, and what of it: the settings of a run that concern files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A file of samples.

    Attributes:
        path: of a CSV, TSV, NPZ or Parquet file.
        target: the columns to predict, by name or by number from 1; empty for the reader's choice.
        features: the columns to predict from; empty for all others.
        delimiter: what stands between two columns, or None to find out.
        header: whether the first row holds names, or None to find out.
        encoding: of a text file; None for UTF-8, with or without a byte order mark.
        task: `classification`, `regression`, or None to find out.
        text: the column whose texts are the samples, or None.
    """

    path: str
    target: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    delimiter: str | None = None
    header: bool | None = None
    encoding: str | None = None
    task: str | None = None
    text: str | None = None
