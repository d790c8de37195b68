"""Other implementations of the same training, each at its best: contenders of the benchmarks."""
