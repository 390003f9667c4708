"""zato enmasse --merge."""

from __future__ import annotations

import click

from zato_cli.enmasse.files import checked, load
from zato_cli.enmasse.literal_secrets import refuse_to_lose
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.write import write


def run(options: Options) -> int:
    """Write the files as one canonical file."""
    if not options.output:
        raise click.UsageError("--merge needs --output, the file to write or - for standard output")
    return write_merged(options)


def write_merged(options: Options) -> int:
    """Write the files as one canonical file; without --output to one named after the time."""
    wanted = load(options, None)
    refuse_to_lose(wanted, options)
    write(wanted.objects, wanted.variables, options)
    return checked(wanted)
