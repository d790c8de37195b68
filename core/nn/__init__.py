"""The network: layers, losses and optimisers as lists of NumPy calls on one parameter vector."""
