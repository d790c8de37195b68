"""Comparison of several runs on the screen: maps, curves, a table, and the difference of two of them."""
