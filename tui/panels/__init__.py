"""Panels of the training screen. Each is one module or folder, found by `tui.panels.registry`."""
