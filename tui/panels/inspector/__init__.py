"""The inspector: one unit or one sample with every number the network computes."""
