"""Diagnosis of a run: its progress compared with references, causes of problems, and remedies.

`diagnose` is a pure function of a run's epochs and its `References`. These contain at least the chance
level, and for a run that looks stuck the results of `measure_references`: short trainings of the same
run with one change each, which show whether the change would help.
"""

from core.analysis.diagnosis.diagnose import diagnose
from core.analysis.diagnosis.references import Chance, References, chance_level
from core.analysis.diagnosis.result import Cause, Diagnosis, Finding, Remedy, RunState
from core.analysis.diagnosis.trials import RunCopy, measure_references

__all__ = [
    "Cause",
    "Chance",
    "Diagnosis",
    "Finding",
    "References",
    "Remedy",
    "RunCopy",
    "RunState",
    "chance_level",
    "diagnose",
    "measure_references",
]
