"""Merge: the objects of all documents, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from zato.config.document import Document, Items, Node, is_unknown
from zato.config.problems import Place, Problems, did_you_mean
from zato.config.sections import BY_IMPLIED, HTTP_SOAP, SPELLINGS, Section, is_unsupported
from zato.config.snapshot import Key


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
        named = self.name is not None and not isinstance(self.name, (dict, list))
        return f"{self.section.name}/{self.name}" if named else self.section.name


Part = tuple[str, str | None]
"""A section, or what is of one type in it, as 3.2's bare `basic_auth:` is; the type is None for all of the section."""


class Merged(msgspec.Struct):
    """The objects of all documents."""

    objects: list[Found] = msgspec.field(default_factory=list)
    sections: set[Part] = msgspec.field(default_factory=set)
    """What a document names, be it with an empty list; a section that is null counts as absent."""
    named: dict[Key, Found] = msgspec.field(default_factory=dict)
    """Every object that has a name; the first one where several have the same."""


def merge(documents: Iterable[Document], problems: Problems, *, ignore_unsupported: bool = False) -> Merged:
    """Collect every object under the canonical name of its section. A name that is given twice is an error.

    `ignore_unsupported` makes sections that only Zato has a warning, which are an error otherwise.
    """
    merged = Merged()
    for document in documents:
        for spelling, content in document.root.items():
            if spelling == "version":
                _check_version(document, content, problems)
                continue
            known = SPELLINGS.get(spelling) if isinstance(spelling, str) else None
            if is_unsupported(spelling):
                _unsupported_section(document, spelling, content, problems, ignore=ignore_unsupported)
            elif known is None and spelling != HTTP_SOAP:
                place, near = document.root.key_place(spelling), did_you_mean(str(spelling), [*SPELLINGS, "include"])
                problems.error(place, f"unknown section `{spelling}`", hint=near)
            elif content is not None and not is_unknown(content):
                nodes = _nodes(document, spelling, content, problems)
                if known is None:
                    objects = list(_by_what_they_say(nodes, problems))
                    merged.sections.update((found.section.name, None) for found in objects)
                else:
                    objects = [Found(*known, node) for node in nodes]
                    merged.sections.add((known[0].name, known[1]))
                for found in objects:
                    merged.objects.append(found)
                    _note_name(found, merged.named, problems)
    return merged


def _by_what_they_say(nodes: Iterable[Node], problems: Problems) -> Iterator[Found]:
    """The objects of 3.2's `http_soap`: `connection` and `transport` of each say to which section it belongs."""
    for node in nodes:
        for says, section in BY_IMPLIED.items():
            if all(node.get(field) == value for field, value in says):
                yield Found(section, None, node)
                break
        else:
            if not any(is_unknown(node.get(field)) for field in ("connection", "transport")):
                hint = "`connection` is channel or outgoing, `transport` is plain_http or soap"
                message = "it does not say to which section it belongs"
                problems.error(node.place, message, path=HTTP_SOAP, hint=hint)


def _check_version(document: Document, content: Any, problems: Problems) -> None:
    if content is not None and not (type(content) is int and content == 1) and not is_unknown(content):
        place = document.root.value_place("version")
        message = "this version of the file format is not known"
        problems.error(place, message, path="version", hint="write `version: 1`, or nothing")


def _unsupported_section(document: Document, spelling: str, content: Any, problems: Problems, *, ignore: bool) -> None:
    place, message = document.root.key_place(spelling), f"the section `{spelling}` is not supported"
    if not content:
        return  # exports of 4.x write the header of every section
    if ignore:
        problems.warning(place, message, hint="its objects are left out, as --ignore-unsupported says")
    else:
        hint = "this runtime does not have such objects; leave them out with --ignore-unsupported"
        problems.error(place, message, hint=hint)


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


def _note_name(found: Found, named: dict[Key, Found], problems: Problems) -> None:
    if not isinstance(found.name, str) or is_unknown(found.name):
        return
    other = named.setdefault((found.section.name, str(found.name)), found)
    if other is not found:
        place, there = found.node.value_place("name"), other.node.value_place("name")
        problems.error(
            place,
            f"the name `{found.name}` is already taken in `{found.section.name}`",
            path=found.path,
            hint=f"the first one is at {there}; rename one, or remove it",
            related=(("first", there),),
        )
