"""The inspector panel: one unit or one sample with every intermediate value."""
