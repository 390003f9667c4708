"""zato enmasse --plan."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from zato.config import saved
from zato.config.impact import impacts
from zato.odb.secrets import Secrets
from zato.server.directory import ServerDirectory
from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import Proposal, of_files, proposal_record, too_many
from zato_cli.enmasse.save import save
from zato_cli.enmasse.server import open_odb
from zato_cli.enmasse.steps import print_plan
from zato_cli.exit_codes import DIFFERS, ERROR
from zato_cli.server import server_directory


def run(options: Options) -> int:
    """Show what an import would change, and save it where --out says."""
    server = server_directory(options.server)
    with closing(open_odb(server, only_reads=True)) as odb:
        revision = odb.current
        proposal = of_files(odb, options)
    refusal = too_many(proposal, options)
    if options.out and refusal is None:
        _save(proposal, revision, server, Path(options.out))
    show(proposal, options, revision, refusal.message if refusal else "")
    if refusal is not None:
        return ERROR
    return DIFFERS if proposal.plan.steps else proposal.code


def show(proposal: Proposal, options: Options, revision: int, error: str = "") -> None:
    """Print a plan, and why it would be refused."""
    if options.json:
        told = {"revision": revision, **proposal_record(proposal)}
        output.document({**told, "error": error} if error else told)
        return
    print_plan(proposal.plan, proposal.now)
    if error:
        output.note(f"Error: {error}", fg="red")


def _save(proposal: Proposal, revision: int, server: ServerDirectory, path: Path) -> None:
    written = saved.save(
        proposal.plan,
        revision,
        Secrets(server.key_file).digest,
        variables=proposal.variables,
        source=msgspec.to_builtins(proposal.source),
        impacts=impacts(proposal.plan, proposal.now),
    )
    save(path.expanduser(), written)
