"""Diagnosis of a run: its progress compared with references, causes of problems, and remedies.

`diagnose` is a pure function of a run's epochs and its `References`. These contain at least the chance
level, and for a run that looks stuck the results of `measure_references`: short trainings of the same
run with one change each, which show whether the change would help.
"""
