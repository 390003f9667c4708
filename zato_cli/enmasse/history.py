"""zato enmasse --history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec

from zato.config.problems import printable
from zato.odb.odb import Revision
from zato_cli import output
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import odb_of
from zato_cli.enmasse.source import Source
from zato_cli.enmasse.steps import MARKS
from zato_cli.exit_codes import DONE

MOST_CHANGES = 20


def run(options: Options) -> int:
    """Show every revision, newest first: who made it, when, from what, and what it changed."""
    with closing(odb_of(options)) as odb:
        current, revisions = odb.current, odb.revisions()
    if options.json:
        output.document({"current": current, "revisions": msgspec.to_builtins(revisions)})
        return DONE
    for revision in revisions:
        is_current = " (current)" if revision.number == current else ""
        made_at = revision.made_at.replace("T", " ").replace("+00:00", " UTC")
        output.line(f"Revision {revision.number}{is_current}, {made_at}, by {revision.made_by}", bold=True)
        for line in _origin(msgspec.convert(revision.source, Source)):
            output.line(f"    {printable(line)}")
        _print_changes(revision)
    if not revisions:
        output.note("There is no revision yet")
    return DONE


def _origin(source: Source) -> Iterator[str]:
    if source.rollback_to is not None:
        yield f"back to revision {source.rollback_to}"
    if source.plan:
        yield f"plan: {source.plan}"
    if source.files:
        yield f"files: {', '.join(file.path for file in source.files)}"
    for checkout in source.checkouts:
        dirty = ", with changes that were not committed" if checkout.dirty else ""
        yield f"git: {checkout.directory} at {checkout.commit}{dirty}"


def _print_changes(revision: Revision) -> None:
    for change in revision.changes[:MOST_CHANGES]:
        sign, colour = MARKS[change["action"]]
        fields = ", ".join(_changed(change))
        output.line(f"    {sign} {change['section']} `{change['name']}`{fields and f': {fields}'}", fg=colour)
    more = len(revision.changes) - MOST_CHANGES
    if more > 0:
        output.line(f"    and {more} more; --json has them all")


def _changed(change: dict[str, Any]) -> Iterator[str]:
    if "owner" in change:
        yield f"owner {change['owner']['old']} → {change['owner']['new']}"
    yield from (field["field"] for field in change["changes"])
