"""Screen that follows the training of another program by the metrics that it logs."""
