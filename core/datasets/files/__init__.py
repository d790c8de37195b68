"""Readers of data files: text tables, ARFF, libsvm, NPZ and Parquet, plain or compressed."""

from core.datasets.files.read import read
from core.datasets.files.table import Source

__all__ = ["Source", "read"]
