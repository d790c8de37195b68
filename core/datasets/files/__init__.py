"""Readers of data files: text tables, ARFF, libsvm, NPZ and Parquet, plain or compressed.

The readers are imported from `core.datasets.files.read`, when a file is read: every start of the program
imports this package for the configuration.
"""

from core.datasets.files.table import Source

__all__ = ["Source"]
