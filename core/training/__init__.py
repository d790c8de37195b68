"""Training: epochs, their batches and metrics, when to stop, and going back to an earlier epoch."""
