"""Diagnosis of sick and healthy runs: right causes, remedies that help, and false alarms.

    python -m benchmarks.advice [FILE ...]

Without files, the runs in this folder and all presets are examined; files are added: `.tsv` with sick
runs (arguments, right cause) and `.txt` with healthy ones (arguments). `sick` or `healthy` as argument
selects one part. Targets: the right cause for 9 of 10 sick runs and a wrong one for none; at least 80 %
recover with the first remedy, trained as long again; no false alarm in 2,800 checks of healthy runs; no
state that contradicts the numbers of its epoch, at any of 24 moments of each run.

What is true is decided from the run, not from the list that it is in: a sick run that learns is not
sick (the reader of files merges spellings of a class, for example), and a healthy run that has lost a
tenth of its progress is not healthy. Both are counted separately, and neither counts as success.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final, NamedTuple

# as in the training process, before NumPy is imported
os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import numpy as np

from core.analysis.diagnosis.diagnose import FEWEST, MOST_EARLY, diagnose
from core.analysis.diagnosis.references import References, chance_level
from core.analysis.diagnosis.result import Cause, Diagnosis, Remedy, RunState
from core.analysis.diagnosis.trials import RunCopy, measure_references, outcome_of
from core.config.presets import PRESETS
from core.training.epoch_log import EpochLog, tabulate
from core.training.state import EpochMetrics
from core.training.stopping import Stop
from core.training.trainer import Trainer
from tui.cli.arguments import parser, with_switches
from tui.cli.main import _config

if TYPE_CHECKING:
    from core.config.run_config import RunConfig

HERE: Final = Path(__file__).resolve().parent
SEEDS: Final = range(3)
MOMENTS: Final = 24
LONG: Final = 100_000

RECOVERED: Final = 0.75
"""Progress relative to that of the wider network from which a run has recovered."""

LEARNS: Final = 0.9
"""Progress on the training samples from which a run of the list of sick ones is not sick, if it also
does as well as one that has recovered."""

COLLAPSED: Final = 0.9
"""Progress on the training samples, relative to the best so far, below which a run of the list of
healthy ones has collapsed, so that an alarm is right: 95 % of right answers instead of all."""

AVERAGED: Final = 10
"""Epochs whose mean counts for this: single epochs vary in healthy runs too."""

NEWEST: Final = 5
"""Epochs whose mean score is the one that a state has to agree with."""

NOTHING: Final = 0.05
"""Progress on the training samples below which a run has learnt nothing."""

SOMETHING: Final = 0.2
"""Progress from which a run is not at chance level, and difference from which two scores are not the
same: twice as much as the program uses."""

EVERYTHING: Final = 0.95
"""Progress from which a run is not stuck."""

OVERFIT_RECOVERED: Final = 1.2
"""Test loss relative to its minimum, up to which a run no longer overfits."""

WORDS: Final = {
    "no hidden": Cause.NO_HIDDEN_LAYER,
    "linear": Cause.LINEAR_ACTIVATION,
    "few units": Cause.TOO_FEW_UNITS,
    "plateau": Cause.LOCAL_MINIMUM,
    "local minimum": Cause.LOCAL_MINIMUM,
    "too low": Cause.RATE_LOW,
    "too small": Cause.RATE_LOW,
    "too high": Cause.RATE_HIGH,
    "vanishing": Cause.VANISHING,
    "penalty": Cause.PENALTY,
    "decayed": Cause.DECAY,
    "warm-up": Cause.WARMUP,
    "inputs": Cause.INPUTS,
    "targets": Cause.TARGETS,
    "majority": Cause.IMBALANCE,
    "imbalance": Cause.IMBALANCE,
    "frozen": Cause.FROZEN,
    "clipping": Cause.CLIPPING,
    "dropout": Cause.DROPOUT,
    "momentum": Cause.MOMENTUM,
    "symmetric": Cause.ZERO_WEIGHTS,
    "dead": Cause.DEAD,
    "saturated": Cause.SATURATED,
    "exploding": Cause.EXPLODING,
    "batch norm": Cause.BATCH_NORM,
    "spelling": Cause.SPELLINGS,
    "noise": Cause.NOISE,
    "overfitting": Cause.OVERFITTING,
}
"""Words in the description of a case, and the cause that each stands for."""


class Sick(NamedTuple):
    """A run that does not learn, with a description of the cause."""

    arguments: str
    described: str
    folder: Path


class Healthy(NamedTuple):
    """A run without a problem."""

    arguments: str
    folder: Path


def main() -> None:
    given = sys.argv[1:]
    parts = [each for each in given if each in {"sick", "healthy"}] or ["sick", "healthy"]
    files = [Path(each).resolve() for each in given if each not in {"sick", "healthy"}]
    if "sick" in parts:
        examine_sick([HERE / "sick_runs.tsv", *(each for each in files if each.suffix == ".tsv")])
    if "healthy" in parts:
        healthy = [Healthy(name, HERE) for name in PRESETS]
        for file in [HERE / "healthy_runs.txt", *(each for each in files if each.suffix == ".txt")]:
            healthy += [Healthy(line, file.parent) for line in lines_of(file)]
        examine_healthy(healthy)


def lines_of(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def config_of(arguments: str, folder: Path) -> RunConfig:
    """Return the configuration of a run; its files are in the folder or in its subfolder data."""
    os.chdir(folder / "data" if (folder / "data").is_dir() else folder)
    return _config(parser().parse_args(with_switches(["train", *shlex.split(arguments)])))


class Run:
    """A run with its epochs, diagnosed like a run of the program."""

    def __init__(self, config: RunConfig) -> None:
        self.trainer = Trainer(config)
        self.log = EpochLog()
        self.references = self.untried = References(chance_level(config, self.trainer.data))
        self.contradictions: list[str] = []
        # epochs at which a run at chance level was said to be learning
        self._promised: list[int] = []
        self.add(self.trainer.untrained)

    def add(self, metrics: EpochMetrics) -> None:
        self.log.extend(tabulate([metrics._replace(layers=())]))

    def train(self, epochs: int) -> None:
        while self.trainer.stopped is None and self.trainer.epoch < epochs:
            self.add(self.trainer.train_epoch())

    @property
    def has_collapsed(self) -> bool:
        """Whether the run has lost much of what it had learnt."""
        chance = self.references.chance
        assert chance is not None
        scores = self.log.column("train_score")[1:]
        if len(scores) < AVERAGED:
            return False
        means = np.convolve(scores, np.full(AVERAGED, 1 / AVERAGED), "valid")
        progress = (means - chance.score) / max(1e-9, 1 - chance.score)
        return bool(progress[-1] < COLLAPSED * progress.max())

    def diagnose(self) -> Diagnosis:
        found = self._diagnose(self.references)
        self._judge(found)
        if found.wants_references:
            self.references = measure_references(RunCopy.of(self.trainer))
            found = self._diagnose(self.references)
            self._judge(found)
        return found

    def _judge(self, found: Diagnosis) -> None:
        """Record a state that contradicts the epochs so far.

        The share of right answers and the mean recall of the classes both count, since either is low in
        a run with rare classes that has learnt.
        """
        progress = sorted((self._progress, outcome_of(self.trainer).train_progress))
        epoch, best, linear = self.trainer.epoch, self.references.best, self.references.linear
        if progress[1] >= NOTHING:
            self._promised = []
        elif found.state is RunState.LEARNING:
            self._promised.append(epoch)
        diverged = self.trainer.stopped is Stop.DIVERGED
        is_wrong = (found.state is RunState.DIVERGED) != diverged
        match found.state:
            case RunState.TOO_EARLY:
                is_wrong |= epoch > MOST_EARLY + FEWEST
            case RunState.AT_CHANCE:
                is_wrong |= progress[0] >= SOMETHING
            case RunState.HALFWAY:
                is_wrong |= progress[1] < NOTHING or progress[0] >= EVERYTHING
            case RunState.LINEAR:
                is_wrong |= (
                    progress[1] < NOTHING
                    or linear is None
                    or progress[0] >= linear.train_progress + SOMETHING
                )
            case RunState.LEARNT:
                further = best is not None and best.progress >= progress[1] + 2 * SOMETHING
                is_wrong |= progress[1] < NOTHING or further
            case RunState.LEARNING:
                # half of the epochs are enough to keep the promise
                is_wrong |= any(2 * each <= epoch for each in self._promised)
        if is_wrong:
            self.contradictions.append(
                f"epoch {epoch}, progress {progress[0]:.2f} to {progress[1]:.2f}: {found.sentence}"
            )

    @property
    def _progress(self) -> float:
        chance = self.references.chance
        assert chance is not None
        score = float(self.log.column("train_score")[-NEWEST:].mean())
        return (score - chance.score) / max(1e-9, 1 - chance.score)

    def _diagnose(self, references: References) -> Diagnosis:
        return diagnose(
            self.trainer.config,
            self.log,
            has_classes=self.trainer.data.has_classes,
            references=references,
        )


def examine_sick(files: list[Path]) -> None:
    cases = [
        Sick(arguments, described, file.parent)
        for file in files
        for arguments, described, *_ in (line.split("\t") for line in lines_of(file))
    ]
    counts: Counter[str] = Counter()
    contradictions = 0
    for case in cases:
        began = process_time()
        run = Run(config_of(case.arguments, case.folder))
        for epoch in moments(run.trainer.config.epochs):
            run.train(epoch)  # and diagnose, as the screen does
            run.diagnose()
        trained = process_time()
        run.references = run.untried  # at the end of `train`
        found = run.diagnose()
        contradictions += len(run.contradictions)
        wanted = {cause for word, cause in WORDS.items() if word in case.described}
        causes = [each.cause for each in found.findings]
        verdict = "right" if wanted & {*causes[:1]} else "wrong"
        outcome = outcome_of(run.trainer)
        before = outcome.progress
        if not causes or causes == [Cause.NOT_FOUND]:
            learns = outcome.train_progress >= LEARNS and before >= RECOVERED
            verdict = "learns" if learns else "silent"
        remedies = [each for finding in found.findings[:1] for each in finding.remedies]
        after = recovered = None
        if remedies:
            recovered, after = apply(run, remedies[0], found)
        counts.update([verdict, "recovered" if recovered else "not recovered"])
        result = "–" if after is None else f"{before:.2f} → {after:.2f}"
        options = f"{remedies[0].options}" if remedies else "–"
        restart = " (restart)" if remedies and remedies[0].needs_reset else ""
        print(
            f"{verdict:<7}{'recovers' if recovered else '        ':<9} {case.arguments}\n"
            f"        {found.state}: {', '.join(causes) or '–'} (right: {case.described})\n"
            f"        {options}{restart}: progress {result}   "
            f"[{trained - began:.1f} s + {process_time() - trained:.1f} s]",
            flush=True,
        )
        print_contradictions(run)
    total = len(cases) - counts["learns"]
    if counts["learns"]:
        print(f"{counts['learns']} runs of the list learn, so they are not sick")
    print(
        f"{total} sick runs: right cause {counts['right']}, wrong {counts['wrong']}, none "
        f"{counts['silent']}; {counts['recovered']} recover ({counts['recovered'] / total:.0%}); "
        f"states that contradict the run: {contradictions}"
    )


def moments(epochs: int) -> list[int]:
    """Return the epochs at which a run is diagnosed."""
    return sorted({epochs * k // MOMENTS for k in range(1, MOMENTS + 1)} - {0})


def print_contradictions(run: Run) -> None:
    for each in run.contradictions[:5]:
        print(f"        contradiction: {each}", flush=True)


def apply(run: Run, remedy: Remedy, found: Diagnosis) -> tuple[bool, float]:
    """Apply a remedy as the user would, train as long again, and return whether it has helped."""
    trainer = run.trainer
    epochs = trainer.config.epochs
    changed = trainer.config.changed(**remedy.changes)
    lowest = float(run.log.column("test_loss")[1:].min())
    if remedy.needs_reset:
        trainer = Trainer(changed)
    else:
        trainer.configure(changed.changed(epochs=trainer.epoch + epochs))
    end = trainer.config.epochs
    trainer.restart_patience()
    while trainer.stopped is None and trainer.epoch < end:
        trainer.train_epoch()
    after = outcome_of(trainer).progress
    if found.findings[0].cause is Cause.OVERFITTING:
        return trainer.measure().test_loss <= OVERFIT_RECOVERED * lowest, after
    best = run.references.best
    reachable = 1.0 if best is None else max(best.progress, 0.3)
    return after >= RECOVERED * min(1.0, reachable), after


def examine_healthy(cases: list[Healthy]) -> None:
    checks = alarms = collapsed = warned = contradictions = 0
    costs: list[float] = []
    for case in cases:
        config = config_of(case.arguments, case.folder)
        found: Counter[str] = Counter()
        states: Counter[str] = Counter()
        measured, began, checked, fallen, rightly = 0, perf_counter(), 0, 0, 0
        for seed in SEEDS:
            run = Run(config.changed(seed=seed))
            for epoch in moments(run.trainer.config.epochs):
                run.train(epoch)
                start, before = process_time(), run.references
                diagnosis = run.diagnose()
                if run.references is before:
                    costs.append(process_time() - start)
                else:
                    measured += 1
                states[str(diagnosis.state)] += 1
                if run.has_collapsed:
                    fallen += 1
                    rightly += bool(diagnosis.findings)
                else:
                    checked += 1
                    found.update(
                        f"{each.cause} (seed {seed}, epoch {epoch})" for each in diagnosis.findings
                    )
                if run.trainer.stopped is not None:
                    break
            contradictions += len(run.contradictions)
            print_contradictions(run)
        checks, alarms = checks + checked, alarms + sum(found.values())
        collapsed, warned = collapsed + fallen, warned + rightly
        listed = ", ".join(f"{name} {count}" for name, count in states.most_common())
        print(
            f"{checked:>3} checks, {measured} with trials, {sum(found.values())} alarms   "
            f"{case.arguments}   [{listed}] {perf_counter() - began:.0f} s",
            flush=True,
        )
        if fallen:
            print(f"        collapsed in {fallen} further checks, with an alarm in {rightly}")
        for name in list(found)[:5]:
            print(f"        {name}", flush=True)
    print(
        f"{len(cases)} healthy runs, {checks:,} checks: {alarms} false alarms; states that contradict "
        f"the run: {contradictions}"
    )
    if collapsed:
        print(f"{collapsed} further checks of runs that have collapsed: {warned} with an alarm")
    print(
        f"one diagnosis without trials: {1e6 * np.median(costs):.0f} µs; after {LONG:,} epochs: "
        f"{1e6 * cost():.0f} µs"
    )


def cost() -> float:
    """Return the seconds of one diagnosis of a long run; the target is below 1 ms."""
    rng = np.random.default_rng(0)
    table = tabulate([EpochMetrics(0, 1.0, 1.0, 0.9, 0.9, 0.01)]).repeat(LONG, axis=0)
    table[:, 0], table[:, 1:3] = np.arange(LONG), rng.uniform(0.1, 0.2, (LONG, 2))
    epoch_log, config, costs = EpochLog(), PRESETS["moons"].config(epochs=LONG), []
    epoch_log.extend(table)
    for _ in range(100):
        began = perf_counter()
        diagnose(config, epoch_log, has_classes=True)
        costs.append(perf_counter() - began)
    return float(np.median(costs))


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main()
