"""The command line: arguments, training without a screen, and listings."""
