"""What commands print: results on stdout, diagnostics on stderr, colours and source lines on a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zato.config.document import Document
    from zato.config.problems import Place, Problem
    from zato.errors import ZatoError

FORMAT_VERSION = 1
MAX_SOURCE = 100
"""How many characters of a source line are shown."""


def colours(stream: IO[str]) -> bool:
    """Whether a stream may be coloured (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def line(text: str = "", **style: Any) -> None:
    """Print a line of the result."""
    click.echo(click.style(text, **style) if colours(sys.stdout) else text)


def note(text: str, **style: Any) -> None:
    """Print a line that is about the work, not its result."""
    click.echo(click.style(text, **style) if colours(sys.stderr) else text, err=True)


def document(content: dict[str, Any]) -> None:
    """Print the one JSON document of `--json`."""
    import msgspec

    encoded = msgspec.json.encode({"format_version": FORMAT_VERSION, **content})
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def error(e: ZatoError, *, as_json: bool = False) -> None:
    """Print what is wrong: on stderr for people, or as the one JSON document of `--json`."""
    from zato.errors import ConfigurationError

    if as_json and isinstance(e, ConfigurationError):
        document({"valid": False, "problems": [problem_record(problem) for problem in e.problems]})
    elif as_json:
        document({"error": str(e)})
    elif isinstance(e, ConfigurationError):
        problems(e.problems, e.documents)
    else:
        note(f"Error: {e}", fg="red")


def problems(found: Iterable[Problem], documents: Iterable[Document] = ()) -> None:
    """Print problems one to a line; on a terminal with the line of the file that each is about."""
    found = list(found)
    sources = {read.name: read.lines for read in documents} if sys.stderr.isatty() else {}
    for problem in found:
        note(str(problem), fg="yellow" if problem.severity == "warning" else "red")
        for shown in _source(problem.place, sources.get(problem.place.file, ())):
            note(shown, fg="cyan")
    errors = sum(problem.severity == "error" for problem in found)
    if errors:
        note(count(errors, "error", "errors"), fg="red")


def _source(place: Place, lines: Sequence[str]) -> Iterator[str]:
    """The line that a place is in, with a mark under its column; of a long line, what is around it."""
    if not 0 < place.line <= len(lines):
        return
    line, column = lines[place.line - 1].replace("\t", " "), place.column - 1
    start = max(0, column - MAX_SOURCE // 2)
    yield f"    {''.join(c if c.isprintable() else '�' for c in line[start : start + MAX_SOURCE])}"
    yield f"    {' ' * (column - start)}^"


def count(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many}"


def problem_record(problem: Problem) -> dict[str, Any]:
    """A problem as JSON: a range that an editor can mark."""
    start = {"line": problem.place.line, "column": problem.place.column}
    return {
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "path": problem.path,
        "file": problem.place.file,
        "range": {"start": start, "end": start},
        "related": [
            {"what": what, "file": place.file, "line": place.line, "column": place.column}
            for what, place in problem.related
        ],
    }
