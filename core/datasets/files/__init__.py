"""Data from a person's own files: what is asked for, and the readers of each format."""

from core.datasets.files.read import read
from core.datasets.files.source import Source

__all__ = ["Source", "read"]
