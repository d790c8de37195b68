"""Sessions as the training process would have told them, for panels that are drawn without it."""

from core import RunConfig, Trainer
from core.process.messages import Progress, Run, State, StateChanged
from core.training.epoch_log import tabulate
from tui.run_model import RunModel


def session_after(config: RunConfig, epochs: int, state: State = State.TRAINING) -> RunModel:
    """Train for real, and tell a session."""
    trainer = Trainer(config)
    rows = [trainer.measure(), *(trainer.train_epoch() for _ in range(epochs))]
    session = RunModel(config)
    session.apply(Run(config, trainer.data, fresh=True, note=""))
    session.apply(
        Progress(
            tabulate(rows),
            trainer.network.parameters.copy(),
            trainer.network.statistics.copy(),
            30.0,
        )
    )
    session.apply(StateChanged(state))
    return session
