"""How plans are printed, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from zato.config.impact import impacts
from zato.config.plan import Plan, Step, record
from zato.config.problems import printable
from zato.config.snapshot import Snapshot
from zato_cli import output

MARKS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
"""Action → its sign, and the sign's colour."""


def print_plan(planned: Plan, now: Snapshot) -> None:
    """Print what is to change, with what that means for traffic."""
    meaning = impacts(planned, now)
    for step in planned.steps:
        print_step(step, meaning[step.key])
    output.line(summary(planned, "to create", "to update", "to delete"))


def print_step(step: Step, impact: Sequence[str] = ()) -> None:
    """Print one object that changes."""
    sign, colour = MARKS[step.action]
    output.line(f"{sign} {step.section} `{step.name}`", fg=colour)
    if step.owner != step.owner_before:
        output.line(f"    owner {step.owner_before} → {step.owner}")
    for change in step.changes:
        shown = "(changed)" if change.secret else f"{_shown(change.old)} → {_shown(change.new)}"
        output.line(f"    {change.field}: {shown}")
    if impact:
        output.line(f"    {'; '.join(impact)}", fg="cyan")


def _shown(value: Any) -> str:
    return "(none)" if value is None else printable(msgspec.json.encode(value).decode())


def summary(planned: Plan, *done: str) -> str:
    """How many objects are created, updated, deleted and unchanged; `done` are the words for the first three."""
    actions = zip(("create", "update", "delete"), done, strict=True)
    counts = [f"{planned.count(action)} {verb}" for action, verb in actions]  # type: ignore[arg-type]
    return f"{', '.join(counts)}, {planned.unchanged} unchanged"


def steps_record(planned: Plan) -> dict[str, Any]:
    """What changes, as JSON."""
    return {"steps": list(map(record, planned.steps)), "unchanged": planned.unchanged}


def plan_record(planned: Plan, now: Snapshot) -> dict[str, Any]:
    """A plan as JSON, with what each step means for traffic."""
    meaning = impacts(planned, now)
    steps = [{**record(step), "impact": meaning[step.key]} for step in planned.steps]
    return {"steps": steps, "unchanged": planned.unchanged}
