"""Plan: what would have to change for the wanted objects to be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from zato.config.sections import POSITIONS
from zato.config.snapshot import Key, Snapshot, key_of
from zato.kinds.base import Kind, fields_of
from zato.kinds.redact import redacted_value

Action = Literal["create", "update", "delete"]
DEFAULT_OWNER = "default"
"""Who imports what, unless they say otherwise."""


class Change(msgspec.Struct, frozen=True):
    """One field that changes. Secrets are told, not shown, and there are no credentials in values."""

    field: str
    old: Any
    new: Any
    secret: bool = False


class Step(msgspec.Struct, frozen=True):
    """One object that changes."""

    action: Action
    section: str
    name: str
    before: Kind | None
    """What is there now; None if it is created."""
    object: Kind | None
    """What is there afterwards; None once it is deleted."""
    owner: str = DEFAULT_OWNER
    """Who imported it last, afterwards."""
    owner_before: str = DEFAULT_OWNER
    """Who imported it last, before; of a new object, the same."""
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> Key:
        """Identity of the object."""
        return self.section, self.name


class Plan(msgspec.Struct, frozen=True):
    """The steps from one configuration to another, in the order in which they may be taken."""

    steps: tuple[Step, ...]
    unchanged: int

    def count(self, action: Action) -> int:
        """How many objects an action concerns."""
        return sum(step.action == action for step in self.steps)

    def applied_to(self, now: Snapshot) -> Snapshot:
        """What there is once the plan is carried out."""
        objects: dict[Key, Kind] = {key_of(thing): thing for thing in now}
        for step in self.steps:
            objects.pop(step.key, None)
            if step.object is not None:
                objects[step.key] = step.object
        return Snapshot(objects.values())


def plan(now: Snapshot, wanted: Iterable[Kind], delete: Iterable[Key] = (), owners: Owners | None = None) -> Plan:
    """Compare what there is with what is wanted; nothing is deleted but what `delete` names."""
    owned = owners or Owners()
    steps, unchanged = [], 0
    for thing in wanted:
        key = key_of(thing)
        before, (owner_before, owner) = now.get(*key), owned.of(key)
        if before is None:
            steps.append(Step("create", *key, None, thing, owner, owner))
        elif before != thing or owner_before != owner:
            steps.append(Step("update", *key, before, thing, owner, owner_before, changes(before, thing)))
        else:
            unchanged += 1
    steps.sort(key=lambda step: POSITIONS[step.section])
    gone = [Step("delete", *key, now.get(*key), None, owned.of(key)[0], owned.of(key)[0]) for key in delete]
    gone.sort(key=lambda step: -POSITIONS[step.section])
    return Plan((*steps, *gone), unchanged)


def record(step: Step) -> dict[str, Any]:
    """A step as JSON, without secrets."""
    told: dict[str, Any] = {"action": step.action, "section": step.section, "name": step.name}
    if step.owner != step.owner_before:
        told["owner"] = {"old": step.owner_before, "new": step.owner}
    return {**told, "changes": [_record(change) for change in step.changes]}


def _record(change: Change) -> dict[str, Any]:
    if change.secret:
        return {"field": change.field, "secret": True}
    return {"field": change.field, "old": change.old, "new": change.new}


class Owners(msgspec.Struct, frozen=True):
    """Who imported each object last, and who does now."""

    now: Mapping[Key, str] = {}
    wanted: str | Mapping[Key, str] | None = None
    """One owner of all, or of each object; None keeps those that there are."""

    def of(self, key: Key) -> tuple[str, str]:
        """The owner of an object before and afterwards."""
        before = self.now.get(key, DEFAULT_OWNER)
        if isinstance(self.wanted, str):
            return before, self.wanted
        return before, before if self.wanted is None else self.wanted.get(key, before)


def changes(before: Kind, after: Kind) -> tuple[Change, ...]:
    """The fields in which two versions of an object differ."""
    old, new = _fields(before), _fields(after)
    secret = {field.name for kind in (type(before), type(after)) for field in fields_of(kind).values() if field.secret}
    names = dict.fromkeys((*new, *old))
    return tuple(
        Change(name, None, None, secret=True)
        if name in secret
        else Change(name, redacted_value(old.get(name)), redacted_value(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    )


def _fields(thing: Kind) -> Mapping[str, Any]:
    tag = thing.__struct_config__.tag
    return {**({"type": tag} if tag else {}), **msgspec.structs.asdict(thing)}
