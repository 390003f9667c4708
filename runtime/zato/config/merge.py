"""Merge: the objects of all documents, section by section."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from zato.config.document import Document, Items, Node
from zato.config.problems import Place, Problems, did_you_mean
from zato.config.sections import SPELLINGS, UNSUPPORTED, Section


class Found(msgspec.Struct, eq=False):
    """An object as it stands in a file."""

    section: Section
    implied_type: str | None
    """The `type` that the spelling of the section implies."""
    node: Node

    @property
    def name(self) -> Any:
        """The object's name as written."""
        return self.node.get("name")

    @property
    def path(self) -> str:
        """The object's place in the configuration."""
        return f"{self.section.name}/{self.name}" if "name" in self.node else self.section.name


class Merged(msgspec.Struct):
    """The objects of all documents."""

    objects: list[Found] = msgspec.field(default_factory=list)
    sections: set[str] = msgspec.field(default_factory=set)
    """The sections that a document names, be it with an empty list; one that is null counts as absent."""


def merge(documents: Iterable[Document], problems: Problems) -> Merged:
    """Collect every object under the canonical name of its section. A name that is given twice is an error."""
    merged = Merged()
    first: dict[tuple[str, Any], Found] = {}
    for document in documents:
        for spelling, content in document.root.items():
            if spelling == "version":
                _check_version(document, content, problems)
                continue
            known = SPELLINGS.get(spelling) if isinstance(spelling, str) else None
            if known is None:
                _unknown_section(document, spelling, content, problems)
            elif content is not None:
                section, implied_type = known
                merged.sections.add(section.name)
                for node in _nodes(document, spelling, content, problems):
                    found = Found(section, implied_type, node)
                    merged.objects.append(found)
                    _check_duplicate(found, first, problems)
    return merged


def _check_version(document: Document, content: Any, problems: Problems) -> None:
    if content != 1 or isinstance(content, bool):
        message = f"version {content!r} of the file format is not known"
        problems.error(
            document.root.value_place("version"), message, path="version", hint="this runtime reads version 1"
        )


def _unknown_section(document: Document, spelling: Any, content: Any, problems: Problems) -> None:
    place = document.root.key_place(spelling)
    if spelling not in UNSUPPORTED:
        problems.error(
            place, f"unknown section `{spelling}`", hint=did_you_mean(str(spelling), [*SPELLINGS, "include"])
        )
    elif content:  # exports of 4.x write the header of every section
        problems.error(place, f"section `{spelling}` is not supported", hint="move it to a file of its own")


def _nodes(document: Document, spelling: str, content: Any, problems: Problems) -> list[Node]:
    if not isinstance(content, Items):
        place = document.root.value_place(spelling)
        problems.error(place, "a section is a list of objects", path=spelling, hint="begin each object with `- `")
        return []
    nodes = []
    for item, (line, column) in zip(content, content.positions, strict=True):
        if isinstance(item, Node):
            nodes.append(item)
        else:
            place = Place(document.name, line + 1, column + 1)
            problems.error(place, "an object is a mapping of fields", path=spelling, hint="give it a `name:`")
    return nodes


def _check_duplicate(found: Found, first: dict[tuple[str, Any], Found], problems: Problems) -> None:
    if not isinstance(found.name, str):
        return
    other = first.setdefault((found.section.name, found.name), found)
    if other is not found:
        place, there = found.node.value_place("name"), other.node.value_place("name")
        problems.error(
            place,
            f"the name `{found.name}` is already taken in `{found.section.name}`",
            path=found.path,
            hint=f"the first one is at {there}",
            related=(("first", there),),
        )
