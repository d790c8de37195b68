"""Drawing: character cells, canvas, colours by role, glyphs, curves and tables."""
