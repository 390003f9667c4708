"""Writing configuration to a file."""

from __future__ import annotations

import os
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
    document = export(objects, references, sections=sections, names=options.names)
    if options.output == "-":
        click.echo(text(document, options.format), nl=False)
        return
    path = Path(options.output).expanduser() if options.output else Path(_export_name(options.format))
    save(path, text(document, options.format))
    if options.json:
        output.document({"output": str(path.absolute()), "objects": sum(map(len, document.values()))})
    else:
        output.line(f"Data exported to {path.absolute()}")


def save(path: Path, written: str) -> None:
    """Write a file as a whole or not at all, so that one that exists is not lost to a full disk."""
    try:
        _replace(path.resolve(), written)
    except OSError as e:
        raise click.ClickException(f"{path} cannot be written: {e.strerror}") from None


def _replace(path: Path, written: str) -> None:
    if path.exists() and not path.is_file():  # such as /dev/stdout
        path.write_text(written, encoding="utf-8")
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(written, encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _export_name(to: Format) -> str:
    """As in seed 004."""
    now = datetime.now().astimezone().strftime("%Y-%m-%dT%H_%M_%S_%f")
    return f"zato-export-{now}.{'json' if to == 'json' else 'yml'}"
