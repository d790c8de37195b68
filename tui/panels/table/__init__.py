"""The table panel: every hidden output for every sample, in numbers."""
