"""Vocabulary check: words and openings to avoid in comments, docstrings, messages and documents.

Run from the root of the repository. Prints `file:line: 'found': use REPLACEMENT` for each match and
exits with status 1 if there is any.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS: Final = {
    r"somebody|someone": "the user",
    r"nobody": "no one, or nothing at all",
    r"anybody|everybody": "the user, or anyone",
    r"none of ours|to be had": "a plain noun: 'not found', 'not available'",
    r"anew": "again",
    r"to and fro": "both ways",
    r"at the most": "at most",
    r"in truth": "actually",
    r"go(es)? on|going on|went on|gone on": "continue, resume",
    r"let(s|ting)? go of": "release, clear, drop",
    r"(is|are|was|were|be|been) told": "receives, is sent, is reported",
    r"tells? (nobody|how|what|of|it|them|that)": "report, return, show",
    r"was given; accepted": "invalid value 'x': expected Y",
    r"what is kept|is kept of": "saved",
    r"the run that there is": "the current run",
    r"come of": "result from",
    r"takes? (in|note)": "record, include",
    r"in sight": "visible",
    r"behind the (last|first|name|end)": "after",
    r"a person('s)?": "the user",
    r"hears?|heard": "receive, handle",
    r"obey(s|ed|ing)?": "handle, execute",
    r"beside": "next to, in addition to, compared with",
    r"lest": "so that ... not",
    r"here and there": "in some places",
    r"in vain": "without effect",
    r"take[sn]? for": "interpret as, mistake for",
    r"comes? back": "is restored, returns",
    r"kept runs?": "saved run",
    r"must not be trusted": "untrusted",
}
"""Regular expressions of words to avoid, matched as whole words, and the replacement."""

OPENINGS: Final = {
    "What": "a noun: 'Saved runs', not 'What is kept of a run'",
    "Which": "a noun",
    "How": "a noun: 'Number of units', 'Layout of ...'",
    "Where": "a noun: 'Position of ...', 'Folder of ...'",
    "Whose": "a noun",
    "From": "a noun or a verb: 'Convert ...'",
    "Tell": "Return whether",
    "Say": "Show, Return",
    "Hear": "Receive, Handle",
    "Let": "a verb that names the effect",
}
"""First words to avoid in a docstring, and the replacement."""


_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
"""Code in a document."""


class Text(NamedTuple):
    """Prose of a file: its first line, the text, and whether it is a docstring."""

    line: int
    text: str
    is_docstring: bool = False


def texts_of(path: Path) -> Iterator[Text]:
    """Yield the prose of a Python file or of a document."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield Text(1, _CODE.sub(lambda code: "\n" * code[0].count("\n"), source))
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(token.start[0], token.string)
    tree = ast.parse(source)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Text(node.lineno, node.value, id(node) in docstrings)


def findings(path: Path) -> Iterator[str]:
    """Yield a sentence for each word or opening of a file that is to be avoided."""
    for text in texts_of(path):
        for number, line in enumerate(text.text.splitlines()):
            for words, instead in WORDS.items():
                for match in re.finditer(rf"\b(?:{words})\b", line, flags=re.IGNORECASE):
                    yield f"{path}:{text.line + number}: {match[0]!r}: use {instead}"
        opening = re.match(r"\W*(\w+)", text.text)
        if text.is_docstring and opening and opening[1] in OPENINGS:
            yield f"{path}:{text.line}: opening {opening[1]!r}: use {OPENINGS[opening[1]]}"


def main(names: list[str]) -> int:
    """Check the named files, or all that the repository tracks; return the exit status."""
    if not names:
        listed = subprocess.run(
            ["git", "ls-files", "*.py", "*.md"], capture_output=True, text=True, check=True
        )
        names = listed.stdout.splitlines()
    count = 0
    for name in names:
        path = Path(name)
        if path.name in {"vocabulary.py", "test_vocabulary.py"} or not path.is_file():
            continue  # they quote the words; a file that was just removed is still listed
        for finding in findings(path):
            print(finding)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
