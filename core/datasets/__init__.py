"""Data to learn from: what each set is called, how it is drawn, and how it is split."""

from core.datasets.dataset import DataError, Dataset, DataSplit
from core.datasets.registry import DATASETS, DatasetInfo

__all__ = ["DATASETS", "DataError", "DataSplit", "Dataset", "DatasetInfo"]
