"""Data to learn from: what each set is called, how it is drawn, and how it is split."""

from core.datasets.dataset import Dataset, TrainTest
from core.datasets.registry import DATASETS, DatasetInfo
from core.datasets.split import split

__all__ = ["DATASETS", "Dataset", "DatasetInfo", "TrainTest", "split"]
