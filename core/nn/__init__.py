"""The neural network: layers, losses and optimisers on one flat parameter vector.

Reading order: calls, activations, initializers, losses, layers, network, regularization, optimizers,
schedules, gradcheck.
"""
