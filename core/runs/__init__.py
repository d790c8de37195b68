"""Runs that are kept: each in a folder of its own, from which it goes on as if it had never stopped."""
