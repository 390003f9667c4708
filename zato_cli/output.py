"""What commands print: results on stdout, diagnostics on stderr, colours and source lines on a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, Any

import click

from zato.config.document import Document
from zato.config.problems import Problem
from zato.errors import ConfigurationError, ZatoError

FORMAT_VERSION = 1


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


def error(e: ZatoError) -> None:
    """Print what is wrong."""
    if isinstance(e, ConfigurationError):
        problems(e.problems, e.documents)
    else:
        note(f"Error: {e}", fg="red")


def problems(found: Iterable[Problem], documents: Iterable[Document] = ()) -> None:
    """Print problems one to a line; on a terminal with the line of the file that each is about."""
    by_name = {read.name: read for read in documents}
    found = list(found)
    for problem in found:
        note(str(problem), fg="yellow" if problem.severity == "warning" else "red")
        source = by_name.get(problem.place.file)
        if source is not None and colours(sys.stderr) and problem.place.line:
            note(f"    {source.line(problem.place.line)}")
            note(f"    {' ' * (problem.place.column - 1)}^", fg="green")
    errors = sum(problem.severity == "error" for problem in found)
    if errors:
        note(count(errors, "error", "errors"), fg="red")


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
