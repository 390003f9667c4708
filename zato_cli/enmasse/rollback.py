"""zato enmasse --rollback."""

from __future__ import annotations

from contextlib import closing

from zato_cli.enmasse import plan
from zato_cli.enmasse.carry_out import carry_out
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import of_revision
from zato_cli.enmasse.server import open_odb
from zato_cli.enmasse.steps import print_plan
from zato_cli.server import server_directory


def run(options: Options) -> int:
    """Make a new revision with the content of an earlier one."""
    assert options.rollback is not None
    server = server_directory(options.server)
    with closing(open_odb(server)) as odb, odb.importing():
        proposal = of_revision(odb, options.rollback)
        if options.dry_run:
            plan.show(proposal, options, odb.current)
            return proposal.code
        if not options.json:
            print_plan(proposal.plan, proposal.now)
        return carry_out(proposal, odb, server, options)
