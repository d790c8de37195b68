"""The terminal side: the Textual application, its panels, and the command line."""
