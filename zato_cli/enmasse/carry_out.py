"""Carrying out what a proposal says, on the ODB and on every server that has it."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from zato.config.impact import reopened
from zato.config.snapshot import Snapshot, key_of
from zato.errors import NotRunning, SwitchError
from zato.kinds.base import Kind
from zato.odb.apply import apply
from zato.odb.odb import ODB
from zato.server import control
from zato.server.directory import ServerDirectory
from zato.server.pinging import failures, is_outgoing, ping_each
from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.proposal import Proposal, proposal_record
from zato_cli.enmasse.steps import summary


def carry_out(proposal: Proposal, odb: ODB, server: ServerDirectory, options: Options) -> int:
    """Make what a proposal says the current revision, and print that; the exit code. Raises SwitchError."""
    before = odb.current
    try:
        revision = _apply(proposal, odb, server, options) if proposal.plan.steps else before
    except SwitchError as e:
        raise SwitchError(f"{e}; everything is as it was, at revision {before}") from e
    if options.json:
        output.document({"revision": revision, **proposal_record(proposal)})
    else:
        done = [f"{step.action.capitalize()}d object `{step.name}`" for step in proposal.plan.steps]
        done = done or ["Nothing changed"]
        done.append(f"Revision {revision}: {summary(proposal.plan, 'created', 'updated', 'deleted')}")
        output.line("\n".join(done))
    return proposal.code


def _apply(proposal: Proposal, odb: ODB, server: ServerDirectory, options: Options) -> int:
    pinged = [thing for thing in reopened(proposal.plan, proposal.now) if options.ping and is_outgoing(thing)]
    if pinged and not odb.workers():
        _ping(pinged, server, proposal.plan.applied_to(proposal.now))

    def wake() -> None:
        with suppress(NotRunning):
            control.call(server.path, "wake")

    return apply(
        odb,
        proposal.plan,
        variables=proposal.variables,
        source=msgspec.to_builtins(proposal.source),
        wake=wake,
        pings=[key_of(thing) for thing in pinged],
    )


def _ping(things: list[Kind], server: ServerDirectory, after: Snapshot) -> None:
    """Ping connections where no server runs that could. Raises SwitchError."""
    from zato.server.offline import world_of

    with world_of(server, after) as world:
        failed = failures(ping_each(world, map(key_of, things)))
    if failed:
        raise SwitchError(failed)
