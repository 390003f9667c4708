"""Prune: which objects are to go because the files that name their section do not hold them any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping

import msgspec

from zato.config.merge import Part
from zato.config.plan import DEFAULT_OWNER
from zato.config.problems import Place, Problems
from zato.config.snapshot import Key, Snapshot, key_of
from zato.kinds.base import Kind, references

LEAST_LIMIT = 10
LIMIT_PERCENT = 10


class Unwanted(msgspec.Struct, frozen=True):
    """The objects that files no longer hold."""

    gone: list[Key] = []
    """Those that are to be deleted."""
    kept: list[Key] = []
    """Those that are protected, and stay."""


class Scope(msgspec.Struct, frozen=True):
    """Whose objects may go."""

    owner: str
    owners: Mapping[Key, str]
    """Who imported each object last."""

    def unwanted(self, existing: Snapshot, sections: Collection[Part], named: Container[Key]) -> Unwanted:
        """The objects that files no longer hold: the owner's, of named sections, and not named themselves."""
        found = [
            thing
            for thing in existing
            if (key := key_of(thing)) not in named
            and self.owners.get(key, DEFAULT_OWNER) == self.owner
            and not _parts(thing).isdisjoint(sections)
        ]
        return Unwanted(
            gone=[key_of(thing) for thing in found if not thing.protected],
            kept=[key_of(thing) for thing in found if thing.protected],
        )


def _parts(thing: Kind) -> set[Part]:
    tag = thing.__struct_config__.tag
    return {(thing.section, None), (thing.section, None if tag is None else str(tag))}


def tell_dangling(staying: Iterable[Kind], gone: Container[Key], named: Container[Key], problems: Problems) -> None:
    """Tell which objects of the ODB, but those that the files replace, would refer to one that is gone."""
    for thing in staying:
        if key_of(thing) in named:
            continue
        for field in references(type(thing)):
            names = getattr(thing, field.name)
            for name in (names,) if isinstance(names, str) else names or ():
                if (field.ref, name) in gone:
                    problems.error(
                        Place("ODB"),
                        f"it refers to `{name}` of `{field.ref}`, which --prune would delete",
                        path=f"{thing.section}/{thing.name}/{field.name}",
                        hint=f"keep `{name}` in the files, or change what refers to it first",
                    )


def limit_of(given: str | None, objects: int) -> int:
    """How many objects a prune may delete: `N`, `N%` of all that there are, or by default 10 or 10 %, the larger one.

    Raises ValueError.
    """
    if given is None:
        return max(LEAST_LIMIT, objects * LIMIT_PERCENT // 100)
    match = _LIMIT.fullmatch(given)
    if match is None:
        raise ValueError(f"`{given}` is neither a number of objects nor a percentage of all, as in 25 and 5%")
    number, is_share = int(match[1]), bool(match[2])
    return objects * number // 100 if is_share else number


_LIMIT = re.compile(r"([0-9]{1,9})(%?)")
