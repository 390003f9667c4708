"""Export: a configuration becomes one canonical document, with a reference in place of each secret."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec
import yaml

from zato.config.sections import SECTIONS, SPELLINGS
from zato.config.snapshot import Key
from zato.kinds.base import Kind, fields_of, secret_fields

Format = Literal["yaml", "json"]
Sections = dict[str, list[dict[str, Any]]]


def export(
    objects: Iterable[Kind],
    references: Mapping[Key, Mapping[str, str]],
    *,
    sections: Collection[str] = (),
    names: Collection[str] = (),
) -> Sections:
    """Make the document of some objects: sections in dependency order, objects by name, only what is no default.

    `references` are texts with `${NAME}` to write in place of values: object → field → text. A secret is never
    written; without a reference it becomes a variable named after section, object and field. `sections` and `names`
    choose objects: canonical names of sections, and parts of the objects' names, both ignored when empty.
    """
    objects = list(objects)
    variables = _variables(objects, references)
    wanted = [part.lower() for part in names]
    chosen = [
        thing
        for thing in objects
        if (not sections or thing.section in sections)
        and (not wanted or any(part in thing.name.lower() for part in wanted))
    ]
    by_section: Sections = {}
    for name in SECTIONS:
        of_section = sorted((thing for thing in chosen if thing.section == name), key=lambda thing: thing.name)
        if of_section:
            by_section[name] = [
                _exported(thing, references.get((name, thing.name), {}), variables) for thing in of_section
            ]
    return by_section


def _exported(
    thing: Kind, references: Mapping[str, str], variables: Mapping[tuple[str, str, str], str]
) -> dict[str, Any]:
    values = msgspec.to_builtins(thing)
    declared = fields_of(type(thing))
    fields: dict[str, Any] = {"name": thing.name}
    for name, value in values.items():
        if name not in declared or declared[name].required or value != declared[name].default:
            fields[name] = references.get(name, _escaped(value))
    for name in secret_fields(type(thing)):
        if getattr(thing, name) is not None:
            fields[name] = references.get(name) or f"${{{variables[thing.section, thing.name, name]}}}"
    return fields


def _variables(objects: Iterable[Kind], references: Mapping[Key, Mapping[str, str]]) -> dict[tuple[str, str, str], str]:
    """Section, name and field of each secret that was not imported from a variable → the variable to write for it.

    No two have the same one: names that differ in punctuation only are told apart by a number.
    """
    taken = {name for fields in references.values() for text in fields.values() for name in _WORD.findall(text)}
    variables = {}
    for thing in sorted(objects, key=lambda thing: (thing.section, thing.name)):
        for field in secret_fields(type(thing)):
            if getattr(thing, field) is not None and field not in references.get((thing.section, thing.name), {}):
                name = re.sub(r"[^A-Z0-9]+", "_", f"{thing.section}_{thing.name}_{field}".upper()).strip("_")
                numbered = (f"{name}_{number}" for number in itertools.count(2))
                free = name if name not in taken else next(other for other in numbered if other not in taken)
                taken.add(free)
                variables[thing.section, thing.name, field] = free
    return variables


_WORD = re.compile(r"\w+")


def _escaped(value: Any) -> Any:
    """Keep a text that looks like a reference from being read as one."""
    if isinstance(value, str):
        return value.replace("${", "$${") if "${" in value else value
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    return value


def text(document: Sections, to: Format) -> str:
    """Write a document out."""
    if to == "json":
        written = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
        return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
    if not document:
        return "{}\n"
    return "\n".join(
        yaml.dump({name: objects}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        for name, objects in document.items()
    )


_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may hold as it is, and YAML, which it is read as, only escaped."""


class _Dumper(yaml.CSafeDumper):
    """Writes no aliases: a person reads each object on its own."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def sections_called(given: Iterable[str]) -> tuple[set[str], list[str]]:
    """The canonical sections that are meant by any spelling, or by what they end in (`rest`), and what means none."""
    found: set[str] = set()
    unknown = []
    for name in given:
        meant = {SPELLINGS[name][0].name} if name in SPELLINGS else {s for s in SECTIONS if s.endswith(f"_{name}")}
        found |= meant
        if not meant:
            unknown.append(name)
    return found, unknown
