"""zato enmasse --export-odb."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import click

from zato.config.snapshot import Key, key_of
from zato.kinds.base import Kind, secret_fields
from zato.kinds.redact import may_hold_secrets
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import odb_of
from zato_cli.enmasse.write import write
from zato_cli.enmasse.write_into import is_editable, write_into
from zato_cli.exit_codes import DONE


def run(options: Options) -> int:
    """Write what the ODB holds."""
    with closing(odb_of(options)) as odb:
        snapshot, references = odb.load(), odb.variables()
    progress("ODB objects read", options)
    progress("ODB objects merged in", options)
    path = Path(options.output).expanduser() if options.output and options.output != "-" else None
    if path is not None and is_editable(path, options.format):
        write_into(path, snapshot, references, options)
    else:
        write(snapshot, secrets_only(snapshot, references), options)
    return DONE


def progress(text: str, options: Options) -> None:
    """Lines of seed 004; they stay out of what goes to standard output."""
    if not options.json:
        click.echo(text, err=options.output == "-")


def secrets_only(objects: Iterable[Kind], references: dict[Key, dict[str, str]]) -> dict[Key, dict[str, str]]:
    """What was imported from a variable leaves as its value, unless it is a secret or may hold one."""
    return {
        key_of(thing): {
            name: text
            for name, text in references.get(key_of(thing), {}).items()
            if name in secret_fields(type(thing)) or may_hold_secrets(getattr(thing, name, None))
        }
        for thing in objects
    }
