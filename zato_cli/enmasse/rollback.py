"""zato enmasse --rollback."""

from __future__ import annotations

from contextlib import closing

from zato.kinds.words import number_of
from zato_cli.enmasse import plan
from zato_cli.enmasse.carry_out import carry_out
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import Proposal, Refusal, of_revision, refuse, too_many
from zato_cli.enmasse.server import open_odb
from zato_cli.enmasse.steps import print_plan
from zato_cli.server import server_directory


def run(options: Options) -> int:
    """Make a new revision with the content of an earlier one."""
    assert options.rollback is not None
    server = server_directory(options.server)
    with closing(open_odb(server)) as odb, odb.importing():
        proposal = of_revision(odb, options.rollback)
        refusal = _would_delete_protected(proposal, options.rollback) or too_many(proposal, options)
        if refusal is not None:
            return refuse(refusal, options)
        if options.dry_run:
            plan.show(proposal, options, odb.current)
            return proposal.code
        if not options.json:
            print_plan(proposal.plan, proposal.now)
        return carry_out(proposal, odb, server, options)


def _would_delete_protected(proposal: Proposal, revision: int) -> Refusal | None:
    """Refuse to delete what is protected now; only an import that sets `protected: false` makes it deletable."""
    gone = [step for step in proposal.plan.steps if step.action == "delete" and step.before and step.before.protected]
    if not gone:
        return None
    objects = number_of(len(gone), "protected object, which is", "protected objects, which are")
    message = f"this would delete {objects} not in revision {revision}"
    return Refusal(gone, f"{message}; nothing was changed; to allow it, import with `protected: false` first")
