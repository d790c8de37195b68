"""Saved runs: reading, writing and listing run folders, whose files are untrusted input."""
