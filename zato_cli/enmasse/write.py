"""Writing configuration to a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from zato.config.export import Format, export, sections_called, text
from zato.config.snapshot import Key
from zato.kinds.base import Kind
from zato_cli import output
from zato_cli.enmasse.options import Options


def write(objects: Iterable[Kind], references: dict[Key, dict[str, str]], options: Options) -> None:
    """Write the objects that the options choose; `references` as `zato.config.export.export` takes them."""
    sections, unknown = sections_called(options.types)
    if unknown:
        raise click.UsageError(f"--include-type: there is no section {', '.join(unknown)}")
    written = text(export(objects, references, sections=sections, names=options.names), options.format)
    if options.output == "-":
        click.echo(written, nl=False)
        return
    path = Path(options.output).expanduser() if options.output else Path(_export_name(options.format))
    try:
        path.write_text(written, encoding="utf-8")
    except OSError as e:
        raise click.ClickException(f"{path} cannot be written: {e.strerror}") from None
    output.line(f"Data exported to {path.absolute()}")


def _export_name(to: Format) -> str:
    """As in seed 004."""
    now = datetime.now().astimezone().strftime("%Y-%m-%dT%H_%M_%S_%f")
    return f"zato-export-{now}.{'json' if to == 'json' else 'yml'}"
