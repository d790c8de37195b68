"""Analysis of a network for a panel, computed from one snapshot of its parameters."""
