"""Impact: what the steps of a plan mean for traffic. The kinds say it; here is how it spreads to what depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from zato.config.plan import Plan, Step
from zato.config.sections import POSITIONS
from zato.config.snapshot import Key, Snapshot, key_of, made_with
from zato.kinds.base import Kind, same_effect

NONE = "no effect on traffic"


def impacts(planned: Plan, now: Snapshot) -> Mapping[Key, tuple[str, ...]]:
    """What each step of a plan means for traffic, in sentences without an end; NONE where it means nothing."""
    spreading = _Spreading(planned.applied_to(now))
    renewed = {step.key for step in planned.steps if not same_effect(step.before, step.object)}
    return {step.key: tuple(_impact(step, spreading, renewed)) or (NONE,) for step in planned.steps}


def reopened(planned: Plan, now: Snapshot) -> list[Kind]:
    """The active objects whose live handles the plan makes anew: what changes, and what is made with that."""
    after = planned.applied_to(now)
    spreading = _Spreading(after)
    keys: set[Key] = set()
    for step in planned.steps:
        if step.object is not None and not same_effect(step.before, step.object):
            keys |= {step.key, *spreading.to(step.key)}
    return [thing for thing in after if key_of(thing) in keys and _live(thing)]


def _impact(step: Step, spreading: _Spreading, renewed: set[Key]) -> Iterator[str]:
    if same_effect(step.before, step.object):
        return
    yield from filter(None, _own(_live(step.before), _live(step.object)))
    if step.action == "update":
        others = [spreading.after[key] for key in spreading.to(step.key) if key not in renewed]
        yield from filter(None, _on(thing for thing in others if _live(thing)))


def _live(thing: Kind | None) -> Kind | None:
    return thing if thing is not None and thing.is_active and not thing.pending else None


def _own(before: Kind | None, after: Kind | None) -> Iterator[str]:
    if before is not None and after is not None and type(before) is type(after):
        yield after.when_changed(before)
        return
    if before is not None:
        yield before.when_removed()
    if after is not None:
        yield after.when_added()


def _on(things: Iterable[Kind]) -> Iterator[str]:
    names: dict[type[Kind], list[str]] = {}
    for thing in things:
        names.setdefault(type(thing), []).append(thing.name)
    for kind, of_kind in names.items():
        yield kind.when_renewed(of_kind)


class _Spreading:
    """Finds what is made with an object, directly and through others."""

    def __init__(self, after: Snapshot) -> None:
        self.after = {key_of(thing): thing for thing in after}
        self._users: dict[Key, list[Key]] = {}
        for thing in after:
            for key in made_with(thing):
                self._users.setdefault(key, []).append(key_of(thing))

    def to(self, key: Key) -> list[Key]:
        """Everything that is made with an object, in dependency order and by name."""
        found: set[Key] = set()
        waiting = [key]
        while waiting:
            new = [user for user in self._users.get(waiting.pop(), ()) if user not in found]
            found.update(new)
            waiting += new
        return sorted(found, key=lambda key: (POSITIONS[key[0]], key[1]))
