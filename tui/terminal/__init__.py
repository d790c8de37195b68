"""The terminal: output of cell differences, flow control, key input and capabilities."""
