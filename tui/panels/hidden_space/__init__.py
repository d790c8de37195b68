"""The hidden space panel: the samples as the last hidden layer maps them."""
