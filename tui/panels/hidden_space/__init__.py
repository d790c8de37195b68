"""The hidden space panel: the samples in the space of the last hidden layer."""
