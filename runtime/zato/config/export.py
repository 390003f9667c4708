"""Export: a configuration becomes one canonical document, with a reference in place of each secret."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec
import yaml

from zato.config.sections import SECTIONS, SPELLINGS
from zato.config.snapshot import Key, key_of
from zato.kinds.base import Field, Kind, fields_of, secret_fields
from zato.kinds.redact import may_hold_secrets

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
    choose objects as in `chooser`.
    """
    objects = list(objects)
    secrets = secret_references(objects, references)
    is_chosen = chooser(sections, names)
    chosen = [thing for thing in objects if is_chosen(key_of(thing))]
    by_section: Sections = {}
    for name in SECTIONS:
        of_section = sorted((thing for thing in chosen if thing.section == name), key=lambda thing: thing.name)
        if of_section:
            by_section[name] = [
                exported(thing, {**references.get(key_of(thing), {}), **secrets.get(key_of(thing), {})})
                for thing in of_section
            ]
    return by_section


def chooser(sections: Collection[str], names: Collection[str]) -> Callable[[Key], bool]:
    """Choose objects by canonical names of sections and by parts of the objects' names, both ignored when empty."""
    parts = [part.lower() for part in names]

    def is_chosen(key: Key) -> bool:
        section, name = key
        return (not sections or section in sections) and (not parts or any(part in name.lower() for part in parts))

    return is_chosen


def exported(thing: Kind, references: Mapping[str, str]) -> dict[str, Any]:
    """An object as it is written: its name and what is no default; `references` stand for values and all secrets."""
    values = msgspec.to_builtins(thing)
    declared = fields_of(type(thing))
    fields: dict[str, Any] = {"name": thing.name}
    for name, value in values.items():
        if name not in declared or declared[name].required or value != declared[name].default:
            fields[name] = as_written(references[name], declared[name]) if name in references else escaped(value)
    for name in secret_fields(type(thing)):
        if getattr(thing, name) is not None:
            fields[name] = references[name]
    return fields


def as_written(reference: str, field: Field) -> Any:
    """A reference as it is written: that of a list or a mapping is JSON, unless it was one text for all of it."""
    if field.type in {list, dict}:
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(reference)
    return reference


def secret_references(
    objects: Iterable[Kind], references: Mapping[Key, Mapping[str, str]]
) -> dict[Key, dict[str, str]]:
    """What is written in place of each secret: the variable that it was imported from, else one named after it.

    No two have the same one: names that differ in punctuation only are told apart by a number. Fields that only may
    hold a secret are among them if they came from variables.
    """
    taken = {name for fields in references.values() for text in fields.values() for name in _WORD.findall(text)}
    secrets: dict[Key, dict[str, str]] = {}
    for thing in sorted(objects, key=key_of):
        of_it = references.get(key_of(thing), {})
        kept = {field: text for field, text in of_it.items() if may_hold_secrets(getattr(thing, field, None))}
        if kept:
            secrets[key_of(thing)] = kept
        for field in secret_fields(type(thing)):
            if getattr(thing, field) is not None:
                text = of_it.get(field) or f"${{{_variable(thing, field, taken)}}}"
                secrets.setdefault(key_of(thing), {})[field] = text
    return secrets


def _variable(thing: Kind, field: str, taken: set[str]) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", f"{thing.section}_{thing.name}_{field}".upper()).strip("_")
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    free = name if name not in taken else next(other for other in numbered if other not in taken)
    taken.add(free)
    return free


_WORD = re.compile(r"\w+")


def escaped(value: Any) -> Any:
    """Keep a text that looks like a reference from being read as one."""
    if isinstance(value, str):
        return value.replace("${", "$${") if "${" in value else value
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [escaped(item) for item in value]
    return value


def text(document: Sections, to: Format) -> str:
    """Write a document out."""
    if to == "json":
        return _readable(msgspec.json.format(msgspec.json.encode(document), indent=2)) + "\n"
    if not document:
        return "{}\n"
    return "\n".join(
        yaml.dump({name: objects}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        for name, objects in document.items()
    )


def as_value(value: Any, *, json: bool, flow: bool) -> str:
    """Write a value on one line: as JSON, or as YAML reads it behind a key, which is itself in brackets if `flow`."""
    if not json:
        in_brackets = flow or isinstance(value, (list, dict))
        written: str = yaml.dump([value] if in_brackets else value, Dumper=_Dumper, **_ONE_LINE)
        written = written.removesuffix("\n").removesuffix("\n...")
        written = written[1:-1] if in_brackets else written
        if "\n" not in written:
            return written
    return _readable(msgspec.json.encode(value))


_ONE_LINE: Mapping[str, Any] = {
    "default_flow_style": True, "allow_unicode": True, "sort_keys": False, "width": 1 << 30,
}  # fmt: skip


def _readable(json: bytes) -> str:
    """JSON as a YAML parser reads it: no characters that it refuses, no numbers that are texts in YAML 1.1."""
    escaped = _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", json.decode())
    return _EXPONENT.sub(_with_point, escaped)


_EXPONENT = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\d+)(\.\d+)?[eE]([+-]?)(\d+)')


def _with_point(match: re.Match[str]) -> str:
    whole, part, sign, exponent = match.groups()
    return f"{whole}{part or '.0'}e{sign or '+'}{exponent}" if whole else match[0]


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
