"""zato enmasse --plan."""

from __future__ import annotations

from contextlib import closing

from zato.config.plan import plan
from zato_cli import output
from zato_cli.enmasse.files import checked, load, problem_records
from zato_cli.enmasse.options import DIFFERS, Options
from zato_cli.enmasse.server import odb_of
from zato_cli.enmasse.steps import plan_record, print_step, summary


def run(options: Options) -> int:
    """Show what an import would change."""
    with closing(odb_of(options)) as odb:
        now = odb.load()
        wanted = load(options, now)
        planned = plan(now, wanted.objects)
    if options.json:
        output.document({**plan_record(planned), "problems": problem_records(wanted)})
    else:
        for step in planned.steps:
            print_step(step)
        output.line(summary(planned, "to create", "to update", "to delete"))
    return DIFFERS if planned.steps else checked(wanted)
