"""A whole configuration: immutable, typed, complete with secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from zato.config.sections import SECTIONS
from zato.kinds.base import Kind, referred

Key = tuple[str, str]
"""Identity of an object: its section and its name."""

_NOTHING: Mapping[str, Kind] = MappingProxyType({})


def key_of(thing: Kind) -> Key:
    """Identity of an object."""
    return thing.section, thing.name


def made_with(thing: Kind) -> list[Key]:
    """The objects that an object's handle is made with; those of one section cannot have each other's."""
    return [key for key in referred(thing) if key[0] != thing.section]


class Snapshot:
    """Every object that exists, by section and name; what a revision of the ODB holds and a world is made of."""

    __slots__ = ("_sections",)

    def __init__(self, objects: Iterable[Kind] = ()) -> None:
        sections: dict[str, dict[str, Kind]] = {}
        for thing in objects:
            sections.setdefault(thing.section, {})[thing.name] = thing
        self._sections = {name: MappingProxyType(sections[name]) for name in SECTIONS if name in sections}

    def section(self, name: str) -> Mapping[str, Kind]:
        """The objects of one section by name; empty where there are none."""
        return self._sections.get(name, _NOTHING)

    def get(self, section: str, name: str) -> Kind | None:
        """One object, or None."""
        return self.section(section).get(name)

    def without(self, gone: Collection[Key]) -> Snapshot:
        """All of it but some objects."""
        return Snapshot(thing for thing in self if key_of(thing) not in gone) if gone else self

    def __iter__(self) -> Iterator[Kind]:
        """All objects, in dependency order of their sections."""
        for section in self._sections.values():
            yield from section.values()

    def __len__(self) -> int:
        return sum(map(len, self._sections.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._sections == other._sections

    __hash__ = None  # type: ignore[assignment]
