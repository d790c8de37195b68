"""A report on a run as one HTML file, which needs no network access and fits a phone."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from core import __version__
from core.analysis.confusion import confusion_matrix
from core.analysis.prediction_map import classify
from core.config.run_config import RunConfig
from core.export import svg
from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from core.export.exported_run import ExportedRun

MOST_CLASSES: Final = 30
"""Classes up to which the confusion matrix is shown."""

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; }
.matrix td, .matrix th { padding: .3rem .6rem; text-align: right; border: 1px solid var(--line); }
.matrix td { background: color-mix(in srgb, #4477aa calc(var(--share) * 70%), transparent); }
svg { width: 100%; height: auto; } svg.map { max-width: 30rem; border: 1px solid var(--line); }
svg text { font-size: 13px; fill: currentColor; } .map circle { stroke: #fff; stroke-width: .2; }
.grid { stroke: var(--line); } .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
code { overflow-wrap: anywhere; } .dim { color: var(--dim); } .key { margin-right: 1.2em; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em; }
"""


def to_html(run: ExportedRun) -> str:
    """Return the report on a run."""
    model = run.model
    parts = [
        f"<h1>{escape(model.title)}</h1>",
        f'<p class="dim">{escape(_data_sentence(run))}</p>',
        _results(run),
        f"<h2>Loss</h2>{_curve(run, 'loss')}",
        f"<h2>{'Accuracy' if model.classes else 'R²'}</h2>{_curve(run, 'score')}",
        _map(run),
        _confusion(run),
        f'<h2>Settings</h2><p class="dim">those that differ from the defaults</p>{_settings(run)}',
        _notes(run),
        f"<h2>Train it again</h2><p><code>{escape(run.command)}</code></p>",
        f'<p class="dim">nnfs-tui {__version__}</p>',
    ]
    body = "\n".join(each for each in parts if each)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(model.title)}</title>\n<style>{_STYLE}</style>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _data_sentence(run: ExportedRun) -> str:
    train, test = run.data.all_samples
    parts = (
        f"{train:,} samples for training and test"
        if run.data.shared
        else (f"{train:,} training samples, {test:,} test samples")
    )
    summary = run.data.summary
    described = (
        f"{summary.name}: {summary.description}"
        if summary and summary.description
        else (summary.name if summary else "")
    )
    return f"{described} · {parts}" if described else parts


def _results(run: ExportedRun) -> str:
    if not len(run.rows):
        return ""
    last = dict(zip(COLUMNS, run.rows[-1].tolist(), strict=False))
    names = ["train"] if run.data.shared else ["train", "test"]
    if np.isfinite(last["validation_loss"]):
        names.append("validation")
    score = "accuracy" if run.model.classes else "R²"
    rows = []
    for name in names:
        value = last[f"{name}_score"]
        text = f"{100 * value:.1f} %" if run.model.classes else f"{value:.4f}"
        rows.append(f"<tr><th>{name}</th><td>{last[f'{name}_loss']:.4g}</td><td>{text}</td></tr>")
    return (
        f"<p>After epoch {int(last['epoch']):,}:</p>"
        f"<table><tr><th></th><th>loss</th><th>{score}</th></tr>{''.join(rows)}</table>"
    )


def _curve(run: ExportedRun, kind: str) -> str:
    names = ["train"] if run.data.shared else ["train", "test", "validation"]
    factor = 100 if kind == "score" and run.model.classes else 1
    series = [
        (
            f"{name}{' %' if factor > 1 else ''}",
            run.rows[:, COLUMNS.index(f"{name}_{kind}")] * factor,
        )
        for name in names
    ]
    series = [(name, line) for name, line in series if np.isfinite(line).any()]
    if not series:
        return '<p class="dim">no finite value</p>'
    return svg.curves(series, run.rows[:, 0]) + f"<p>{svg.keys([name for name, _ in series])}</p>"


def _map(run: ExportedRun) -> str:
    data = run.data
    if not run.model.classes or len(data.feature_names) != 2 or data.preparation.text is not None:
        return ""
    across, up = map(escape, data.feature_names)
    return (
        f"<h2>Decision boundary</h2>{svg.boundary(run.network, data)}"
        f"<p>{svg.keys(run.model.classes)}{across} across, {up} up, training samples as dots</p>"
    )


def _confusion(run: ExportedRun) -> str:
    names = run.model.classes
    if not 0 < len(names) <= MOST_CLASSES:
        return ""
    predicted, _ = classify(run.network, run.data.x_test)
    true = np.asarray(run.data.y_test, np.int64)
    counts = confusion_matrix(true, predicted, len(names))
    what = "training" if run.data.shared else "test"
    return (
        f"<h2>Confusion matrix</h2><p>{what} samples; rows are true classes, columns predicted ones"
        f'</p><div class="wide">{svg.matrix(counts, names)}</div>'
    )


def _settings(run: ExportedRun) -> str:
    config = run.model.config
    rows = [
        f"<tr><th>{escape(each.name.replace('_', ' '))}</th>"
        f"<td>{escape(each.write(getattr(config, each.name)))}</td></tr>"
        for each in config.differences(RunConfig())
    ]
    return f"<table>{''.join(rows)}</table>" if rows else "<p>all are the defaults</p>"


def _notes(run: ExportedRun) -> str:
    notes = [f"<li>epoch {epoch:,}: {escape(note)}</li>" for epoch, note in run.events]
    return f"<h2>Events</h2><ul>{''.join(notes)}</ul>" if notes else ""
