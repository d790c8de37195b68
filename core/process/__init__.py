"""The training process: its messages, the client for the screen, and the training loop."""
