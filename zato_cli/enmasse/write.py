"""Writing configuration to a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import click

from zato.config.env_example import needed
from zato.config.export import Format, export, sections_called, text
from zato.config.snapshot import Key
from zato.kinds.base import Kind
from zato.kinds.words import counted, number_of
from zato_cli import output
from zato_cli.enmasse.env_example import write_beside
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.save import save


def write(objects: Iterable[Kind], references: dict[Key, dict[str, str]], options: Options) -> None:
    """Write the objects that the options choose; `references` as `zato.config.export.export` takes them."""
    document = export(objects, references, sections=chosen_sections(options), names=options.names)
    if options.output == "-":
        click.echo(text(document, options.format), nl=False)
        _tell_variables(needed(document))
        return
    path = Path(options.output).expanduser() if options.output else Path(_export_name(options.format))
    save(path, text(document, options.format))
    tell(path, sum(map(len, document.values())), needed(document), options)


def chosen_sections(options: Options) -> set[str]:
    """The sections of --include-type. Raises UsageError."""
    sections, unknown = sections_called(options.types)
    if unknown:
        raise click.UsageError(f"--include-type: there is no section {', '.join(unknown)}")
    return sections


def tell(path: Path, objects: int, variables: Sequence[str], options: Options, left: Sequence[str] = ()) -> None:
    """Say where the objects are, and list the variables that they need in the file beside it."""
    if options.json:
        told = {"output": str(path.absolute()), "objects": objects, "variables": variables, "left": left}
        output.document(told)
    else:
        output.line(f"Data exported to {path.absolute()}")
    listed = None
    if options.output and path.is_file():
        listed = write_beside(path, variables, tell=not options.json)
    if not options.json:
        _tell_variables(variables, listed)


def _tell_variables(names: Sequence[str], listed: Path | None = None) -> None:
    if names:
        variables = number_of(len(names), "variable has", "variables have")
        where = f" (listed in {listed})" if listed else ""
        output.note(f"{variables} to be set for it to be read: {counted(names)}{where}")


def _export_name(to: Format) -> str:
    """As in seed 004."""
    now = datetime.now().astimezone().strftime("%Y-%m-%dT%H_%M_%S_%f")
    return f"zato-export-{now}.{'json' if to == 'json' else 'yml'}"
