"""The training process: a process of its own, so that neither drawing nor training waits."""

from core.process.client import TrainingProcess
from core.process.messages import (
    Command,
    Configure,
    Event,
    Failed,
    Pause,
    Progress,
    Pull,
    Resume,
    Run,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)

__all__ = [
    "Command",
    "Configure",
    "Event",
    "Failed",
    "Pause",
    "Progress",
    "Pull",
    "Resume",
    "Run",
    "SetSpeed",
    "Start",
    "State",
    "StateChanged",
    "Step",
    "TrainingProcess",
]
