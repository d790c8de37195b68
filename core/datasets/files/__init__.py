"""Readers of data files: CSV, TSV, NPZ and Parquet."""

from core.datasets.files.read import read
from core.datasets.files.table import Source

__all__ = ["Source", "read"]
