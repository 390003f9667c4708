"""What is to change: from files, from a saved plan, or from a revision that is to come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from zato.config import saved
from zato.config.plan import DEFAULT_OWNER, Owners, Plan, Step, plan
from zato.config.prune import Scope, limit_of
from zato.config.saved import SavedPlan
from zato.config.snapshot import Key, Snapshot, key_of
from zato.errors import PlanError
from zato.kinds.words import number_of
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.directory import ServerDirectory
from zato_cli import output
from zato_cli.enmasse.files import checked, load, problem_records
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import deployed_services
from zato_cli.enmasse.source import Source, source_of
from zato_cli.enmasse.steps import plan_record, print_step
from zato_cli.exit_codes import DONE, ERROR


class Proposal(NamedTuple):
    """What is to change, and where that comes from."""

    now: Snapshot
    plan: Plan
    variables: Mapping[Key, dict[str, str]]
    source: Source
    problems: list[dict[str, Any]]
    """Warnings, as JSON."""
    code: int = DONE
    """The exit code, unless something differs or goes wrong."""
    kept: Sequence[Key] = ()
    """What a prune would delete if it were not protected."""


def of_files(odb: ODB, options: Options) -> Proposal:
    """What files ask for. Raises ConfigurationError."""
    now, owners = odb.load(), odb.owners()
    owner = options.owner or DEFAULT_OWNER
    wanted = load(options, now, Scope(owner, owners) if options.prune else None, deployed_services(options))
    planned = plan(now, wanted.objects, wanted.unwanted.gone, Owners(owners, owner))
    code = DONE if options.prune and wanted.sections else checked(wanted)
    source = source_of(wanted.documents)
    kept = wanted.unwanted.kept
    if kept and not options.json:
        objects = number_of(len(kept), "protected object is", "protected objects are")
        output.note(f"{objects} kept: {', '.join(map('/'.join, kept))}")
    problems = problem_records(wanted) if options.json else []
    return Proposal(now, planned, wanted.variables, source, problems, code, kept)


def of_revision(odb: ODB, revision: int) -> Proposal:
    """What leads back to a revision. Raises ODBError."""
    planned = between(odb, odb.current, revision)
    return Proposal(odb.load(), planned, odb.variables(revision), Source(rollback_to=revision), [])


def between(odb: ODB, old: int, new: int) -> Plan:
    """What leads from one revision to another. Raises ODBError."""
    for revision in (old, new):
        odb.check_revision(revision)
    before, after = odb.load(old), odb.load(new)
    gone = [key_of(thing) for thing in before if after.get(*key_of(thing)) is None]
    return plan(before, after, gone, Owners(odb.owners(old), odb.owners(new)))


def of_plan(odb: ODB, server: ServerDirectory, options: Options) -> Proposal:
    """What a saved plan asks for, with the secrets of --input where one changes. Raises PlanError."""
    path, digest = Path(options.from_plan or ""), Secrets(server.key_file).digest
    planned = saved.read(_content(path), digest)
    _check_revision(odb, planned)
    now, given = odb.load(), Snapshot()
    if options.inputs:
        given = Snapshot(load(options, now).objects)
    variables = {step.key: step.variables for step in planned.steps if step.variables}
    source = msgspec.structs.replace(msgspec.convert(planned.source, Source), plan=str(path))
    return Proposal(now, saved.restore(planned, now, odb.owners(), given, digest), variables, source, [])


def _content(path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as e:
        raise PlanError(f"{path} cannot be read: {e.strerror}") from None


def _check_revision(odb: ODB, planned: SavedPlan) -> None:
    if planned.revision == odb.current:
        return
    moved = between(odb, planned.revision, odb.current)
    since = "; ".join(f"{step.section}/{step.name} was {step.action}d" for step in moved.steps[:20])
    more = f"; and {len(moved.steps) - 20} more" if len(moved.steps) > 20 else ""
    message = f"the plan was made for revision {planned.revision}, and revision {odb.current} is the current one"
    raise PlanError(f"{message}; make a new plan. Since then: {since or 'nothing has changed'}{more}")


def proposal_record(proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON, with what each step means for traffic."""
    kept = [{"section": section, "name": name} for section, name in proposal.kept]
    return {**plan_record(proposal.plan, proposal.now), "kept": kept, "problems": proposal.problems}


class Refusal(NamedTuple):
    """Why a proposal is not carried out."""

    steps: list[Step]
    message: str


def too_many(proposal: Proposal, options: Options) -> Refusal | None:
    """Refuse more deletions than --max-delete."""
    gone = [step for step in proposal.plan.steps if step.action == "delete"]
    try:
        limit = limit_of(options.max_delete, len(proposal.now))
    except ValueError as e:
        raise click.UsageError(f"--max-delete: {e}") from None
    if len(gone) <= limit:
        return None
    objects = number_of(len(gone), "object", "objects")
    message = f"{objects} would be deleted, and no more than {limit} may be"
    return Refusal(gone, f"{message}; if that is right, add --max-delete {len(gone)}")


def refuse(refusal: Refusal, options: Options) -> int:
    """Print why nothing is done; the exit code."""
    if options.json:
        names = [{"section": step.section, "name": step.name} for step in refusal.steps]
        output.document({"error": refusal.message, "objects": names})
    else:
        for step in refusal.steps:
            print_step(step)
        output.note(f"Error: {refusal.message}", fg="red")
    return ERROR
