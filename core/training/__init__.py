"""Training: the trainer and its state, batches, metrics, stopping, checkpoints and time travel."""
