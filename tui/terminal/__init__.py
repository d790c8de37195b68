"""The terminal: cell differences out, keys in, flow control, and what it can show."""
