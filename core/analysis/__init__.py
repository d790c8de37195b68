"""Values that panels display, computed from one snapshot of the parameters."""
