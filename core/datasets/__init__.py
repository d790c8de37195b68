"""Data sets: the registry, generators, files of the user, splitting and scaling."""

from core.datasets.dataset import DataError, Dataset, DatasetInfo, DataSplit
from core.datasets.registry import DATASETS

__all__ = ["DATASETS", "DataError", "DataSplit", "Dataset", "DatasetInfo"]
