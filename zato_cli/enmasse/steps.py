"""How plans are printed, as text and as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from zato.config.plan import Plan, Step
from zato_cli import output


def print_step(step: Step) -> None:
    """Print one object that changes."""
    sign, colour = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}[step.action]
    output.line(f"{sign} {step.section} `{step.name}`", fg=colour)
    for change in step.changes:
        shown = "(changed)" if change.secret else f"{_shown(change.old)} → {_shown(change.new)}"
        output.line(f"    {change.field}: {shown}")


def _shown(value: Any) -> str:
    return "(none)" if value is None else msgspec.json.encode(value).decode()


def summary(planned: Plan, *done: str) -> str:
    """How many objects are created, updated, deleted and unchanged; `done` are the words for the first three."""
    actions = zip(("create", "update", "delete"), done, strict=True)
    counts = [f"{planned.count(action)} {verb}" for action, verb in actions]  # type: ignore[arg-type]
    return f"{', '.join(counts)}, {planned.unchanged} unchanged"


def plan_record(planned: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    steps = [
        {
            "action": step.action,
            "section": step.section,
            "name": step.name,
            "changes": [
                {"field": c.field, "secret": True} if c.secret else {"field": c.field, "old": c.old, "new": c.new}
                for c in step.changes
            ],
        }
        for step in planned.steps
    ]
    return {"steps": steps, "unchanged": planned.unchanged}
