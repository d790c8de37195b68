"""Drawing: character cells, colours by role, glyphs, curves and tables."""
