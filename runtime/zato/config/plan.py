"""Plan: what would have to change for the wanted objects to be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from zato.config.sections import SECTIONS
from zato.config.snapshot import Key, Snapshot
from zato.kinds.base import Kind, fields_of

Action = Literal["create", "update", "delete"]


class Change(msgspec.Struct, frozen=True):
    """One field that changes. Secrets are told, not shown."""

    field: str
    old: Any
    new: Any
    secret: bool = False


class Step(msgspec.Struct, frozen=True):
    """One object that changes."""

    action: Action
    section: str
    name: str
    object: Kind | None
    """What is there afterwards; None once it is deleted."""
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
        objects: dict[Key, Kind] = {(thing.section, thing.name): thing for thing in now}
        for step in self.steps:
            objects.pop(step.key, None)
            if step.object is not None:
                objects[step.key] = step.object
        return Snapshot(objects.values())


def plan(now: Snapshot, wanted: Iterable[Kind], delete: Iterable[Key] = ()) -> Plan:
    """Compare what there is with what is wanted; nothing is deleted but what `delete` names."""
    steps, unchanged = [], 0
    for thing in wanted:
        before = now.get(thing.section, thing.name)
        if before == thing:
            unchanged += 1
        elif before is None:
            steps.append(Step("create", thing.section, thing.name, thing))
        else:
            steps.append(Step("update", thing.section, thing.name, thing, changes(before, thing)))
    order = {name: position for position, name in enumerate(SECTIONS)}
    steps.sort(key=lambda step: order[step.section])
    gone = [Step("delete", section, name, None) for section, name in delete]
    gone.sort(key=lambda step: -order[step.section])
    return Plan((*steps, *gone), unchanged)


def changes(before: Kind, after: Kind) -> tuple[Change, ...]:
    """The fields in which two versions of an object differ."""
    old, new = _fields(before), _fields(after)
    secret = {field.name for kind in (type(before), type(after)) for field in fields_of(kind).values() if field.secret}
    names = dict.fromkeys((*new, *old))
    return tuple(
        Change(name, None, None, secret=True) if name in secret else Change(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    )


def _fields(thing: Kind) -> Mapping[str, Any]:
    tag = thing.__struct_config__.tag
    return {**({"type": tag} if tag else {}), **msgspec.structs.asdict(thing)}
