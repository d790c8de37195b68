"""Exports of a saved run: tables, weights, code for other frameworks, and a report."""
