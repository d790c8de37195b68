"""Training of many runs at once, as one stacked network: arrays with a leading axis of runs.

    lockstep = Lockstep([config.changed(seed=seed) for seed in range(64)])
    lockstep.run(on_epoch=lambda epoch: True)  # False stops after that epoch; run() again continues
    lockstep.history.train_loss  # (epochs, runs)

Each run has the numbers of a `Trainer` with its config. `sharing.can_share` returns whether configs can
be trained at once.
"""
