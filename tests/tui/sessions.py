"""Sessions as the training process would have told them, for panels that are drawn without it."""

import numpy as np

from core import RunConfig, Trainer
from core.process import Progress, Run, State, StateChanged
from tui.session import Session


def session_after(config: RunConfig, epochs: int, state: State = State.TRAINING) -> Session:
    """Train for real, and tell a session."""
    trainer = Trainer(config)
    rows = [trainer.measure(), *(trainer.train_epoch() for _ in range(epochs))]
    session = Session(config)
    session.apply(Run(config, trainer.data, fresh=True, note=""))
    session.apply(Progress(np.array(rows), np.array(trainer.network.parameters), 30.0))
    session.apply(StateChanged(state))
    return session
