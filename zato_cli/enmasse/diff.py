"""zato enmasse --diff."""

from __future__ import annotations

from contextlib import closing

import click

from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import between
from zato_cli.enmasse.server import odb_of
from zato_cli.enmasse.steps import print_step, steps_record, summary
from zato_cli.exit_codes import DONE


def run(options: Options) -> int:
    """Show what differs between two revisions, or between one and the current one."""
    with closing(odb_of(options)) as odb:
        if len(options.diff) > 2:
            raise click.UsageError("--diff compares two revisions")
        old, new = options.diff if len(options.diff) == 2 else (options.diff[0], odb.current)
        planned = between(odb, old, new)
    if options.json:
        output.document({"old": old, "new": new, **steps_record(planned)})
        return DONE
    for step in planned.steps:
        print_step(step)
    output.line(f"Revision {old} → {new}: {summary(planned, 'created', 'updated', 'deleted')}")
    return DONE
