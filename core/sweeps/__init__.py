"""Sweeps: many runs over a grid of settings, trained on all cores or on a cluster."""
