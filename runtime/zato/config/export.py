"""Export: a configuration becomes one canonical document, with a reference in place of each secret."""

from __future__ import annotations

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
            by_section[name] = [_exported(thing, references.get((name, thing.name), {})) for thing in of_section]
    return by_section


def _exported(thing: Kind, references: Mapping[str, str]) -> dict[str, Any]:
    values = msgspec.to_builtins(thing)
    declared = fields_of(type(thing))
    fields: dict[str, Any] = {"name": thing.name}
    for name, value in values.items():
        if name not in declared or declared[name].required or value != declared[name].default:
            fields[name] = references.get(name, _escaped(value))
    for name in secret_fields(type(thing)):
        if getattr(thing, name) is not None:
            fields[name] = references.get(name) or f"${{{variable_name(thing, name)}}}"
    return fields


def variable_name(thing: Kind, field: str) -> str:
    """Name of the variable that stands for a secret which was not imported from one."""
    return re.sub(r"[^A-Z0-9]+", "_", f"{thing.section}_{thing.name}_{field}".upper()).strip("_")


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
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    return "\n".join(
        yaml.dump({name: objects}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        for name, objects in document.items()
    )


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
