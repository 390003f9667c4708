"""zato enmasse --import."""

from __future__ import annotations

from contextlib import closing

from zato.kinds.words import number_of
from zato_cli.enmasse import plan
from zato_cli.enmasse.carry_out import carry_out
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import Proposal, Refusal, of_files, of_plan, refuse, too_many
from zato_cli.enmasse.server import open_odb
from zato_cli.server import server_directory


def run(options: Options) -> int:
    """Make the server's configuration what the files, or a saved plan, say."""
    server = server_directory(options.server)
    with closing(open_odb(server)) as odb, odb.importing():
        if options.from_plan:
            proposal = of_plan(odb, server, options)
        else:
            proposal = of_files(odb, options)
            refusal = too_many(proposal, options) or _would_replace(proposal, options)
            if refusal is not None:
                return refuse(refusal, options)
        if options.dry_run:
            plan.show(proposal, options, odb.current)
            return proposal.code
        return carry_out(proposal, odb, server, options)


def _would_replace(proposal: Proposal, options: Options) -> Refusal | None:
    """Refuse to change what exists, unless --replace-odb-objects says so."""
    updates = [step for step in proposal.plan.steps if step.action == "update"]
    if options.replace or not updates:
        return None
    message = f"{number_of(len(updates), 'object exists', 'objects exist')} and would change"
    return Refusal(updates, f"{message}; nothing was imported; to update what exists, add --replace-odb-objects")
