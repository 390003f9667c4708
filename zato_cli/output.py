"""What commands print: results on stdout, diagnostics on stderr, colours and source lines on a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from zato.config.document import Document
    from zato.config.problems import Place, Problem
    from zato.config.source import Sources
    from zato.errors import ZatoError

FORMAT_VERSION = 1
MAX_SOURCE = 100
"""How many characters of a source line are shown."""


def colours(stream: IO[str]) -> bool:
    """Whether a stream may be coloured (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def line(text: str = "", **style: Any) -> None:
    """Print a line of the result."""
    click.echo(click.style(text, **style) if style and colours(sys.stdout) else text)


def note(text: str, **style: Any) -> None:
    """Print a line that is about the work, not its result."""
    click.echo(click.style(text, **style) if style and colours(sys.stderr) else text, err=True)


def document(content: dict[str, Any]) -> None:
    """Print the one JSON document of `--json`."""
    import msgspec

    encoded = msgspec.json.encode({"format_version": FORMAT_VERSION, **content})
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def error(e: ZatoError, *, as_json: bool = False) -> None:
    """Print what is wrong: on stderr for people, or as the one JSON document of `--json`."""
    from zato.errors import ConfigurationError

    if as_json and isinstance(e, ConfigurationError):
        document({"valid": False, "problems": problem_records(e.problems, e.documents)})
    elif as_json:
        document({"error": str(e)})
    elif isinstance(e, ConfigurationError):
        problems(e.problems, e.documents)
    else:
        note(f"Error: {e}", fg="red")


def problems(found: Iterable[Problem], documents: Iterable[Document] = ()) -> None:
    """Print problems one to a line; on a terminal with the line of the file that each is about."""
    from zato.config.source import Sources

    found, sources = list(found), Sources(documents)
    for problem in found:
        note(str(problem), fg="yellow" if problem.severity == "warning" else "red")
        place = problem.place
        if sys.stderr.isatty() and sources.of(place).has_line(place.line):
            code, column = _snippet(sources.of(place).shown_line(place.line), place.column - 1)
            note(f"    {code}", fg="cyan")
            note(f"    {' ' * column}^", fg="cyan")
    _count_errors(found)


def _count_errors(found: Iterable[Problem]) -> None:
    from zato.kinds.words import number_of

    errors = sum(problem.severity == "error" for problem in found)
    if errors:
        note(number_of(errors, "error", "errors"), fg="red")


def _snippet(line: str, column: int) -> tuple[str, int]:
    """A line to be shown, of a long one what is around a column, and the column in what is left."""
    start = max(0, column - MAX_SOURCE // 2)
    shown = line.replace("\t", " ")[start : start + MAX_SOURCE]
    return "".join(c if c.isprintable() else "�" for c in shown), column - start


def github_annotations(found: Iterable[Problem], documents: Iterable[Document]) -> None:
    """Print problems as GitHub Actions marks them in a pull request: workflow commands, one to a line."""
    from zato.config.source import Sources

    found, sources = list(found), Sources(documents)
    for problem in found:
        note(_annotation(problem, sources))
    _count_errors(found)


def _annotation(problem: Problem, sources: Sources) -> str:
    """A workflow command; it has columns only where begin and end are in one line, as GitHub wants it."""
    where: dict[str, Any] = {"file": _in_workspace(problem.place.file)}
    marked = sources.of(problem.place).range(problem.place)
    if marked:
        start, end = marked
        where |= {"line": start.line, "endLine": end.line}
        if start.line == end.line:
            where |= {"col": start.column, "endColumn": end.column}
    path, hint = problem.path and f"{problem.path}: ", problem.hint and f" ({problem.hint})"
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in where.items())
    return f"::{problem.severity} {properties}::{_escaped(f'{path}{problem.message}{hint}')}"


def _escaped(text: str, more: str = "") -> str:
    """Escape what ends a workflow command, and of its properties what ends one."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _in_workspace(file: str) -> str:
    """A file's path as GitHub knows it: from the root of the repository."""
    workspace, path = os.environ.get("GITHUB_WORKSPACE"), Path(file).absolute()
    return str(path.relative_to(workspace)) if workspace and path.is_relative_to(workspace) else file


def problem_records(found: Iterable[Problem], documents: Iterable[Document]) -> list[dict[str, Any]]:
    """Problems as JSON: each with the range that an editor can mark, null for a file as a whole."""
    from zato.config.source import Sources

    sources = Sources(documents)
    return [_problem_record(problem, sources) for problem in found]


def _problem_record(problem: Problem, sources: Sources) -> dict[str, Any]:
    source = sources.of(problem.place)
    marked = source.range(problem.place)
    return {
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "path": problem.path,
        "file": problem.place.file,
        "range": marked and {"start": place_record(marked[0]), "end": place_record(marked[1])},
        "snippet": marked and _snippet_record(source.shown_line(marked[0].line), *marked),
        "related": [{"what": what, **file_record(place)} for what, place in problem.related],
    }


def place_record(place: Place) -> dict[str, int]:
    """A position as JSON, from 1."""
    return {"line": place.line, "column": place.column}


def file_record(place: Place) -> dict[str, Any]:
    """A position in a file as JSON."""
    return {"file": place.file, **place_record(place)}


def _snippet_record(line: str, start: Place, end: Place) -> dict[str, Any]:
    """The line as it is shown, and which of its characters are meant, from 0."""
    code, column = _snippet(line, start.column - 1)
    length = end.column - start.column if end.line == start.line else len(code)
    return {"code": code, "start": column, "end": min(len(code), column + length)}
