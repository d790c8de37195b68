"""Metrics that other programs write while they train: CSV files, JSON lines and TensorBoard event files.

The files are untrusted and may be appended to, replaced or truncated while they are read.
"""
