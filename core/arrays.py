"""The array types that the engine's signatures speak of."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""Floating point values in the network's precision."""

Labels: TypeAlias = NDArray[np.int64]
"""Class numbers, counted from 0."""
