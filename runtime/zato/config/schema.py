"""The JSON Schema of every kind, generated from its fields (JSON Schema 2020-12)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from zato.config.sections import SECTIONS, SPELLINGS, Section
from zato.kinds.base import Kind, fields_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def schema_of(kind: type[Kind]) -> dict[str, Any]:
    """The schema of one object in canonical spelling."""
    schema: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]
    properties = {name: _flat(definition) for name, definition in schema["properties"].items()}
    return {**schema, "title": kind.section, "description": kind.__doc__, "properties": properties}


def _flat(definition: dict[str, Any]) -> dict[str, Any]:
    """Say a choice between types in one schema, so that a problem is told once and not for each of them."""
    if "anyOf" not in definition:
        return definition
    choices = definition["anyOf"]
    flat = {key: value for choice in (*choices, definition) for key, value in choice.items() if key != "anyOf"}
    if "enum" in flat:
        return {**flat, "enum": [*flat["enum"], None]}
    return {**flat, "type": [choice["type"] for choice in choices]}


@cache
def validator_of(kind: type[Kind]) -> Draft202012Validator:
    """What lists every problem of one object in canonical spelling."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema_of(kind))


def schema_of_section(section: Section, implied_type: str | None = None) -> dict[str, Any]:
    """The schema of one section as it is written in a file: every spelling of every field.

    `implied_type` is the `type` that the section's spelling implies, as in 3.2's `basic_auth:`.
    """
    kinds = section.kinds.values() if implied_type is None else [section.kinds[implied_type]]
    choices = [_written(kind, needs_type=implied_type is None) for kind in kinds]
    return {"type": ["array", "null"], "items": choices[0] if len(choices) == 1 else {"oneOf": choices}}


def _written(kind: type[Kind], *, needs_type: bool) -> dict[str, Any]:
    schema = schema_of(kind)
    properties = {name: _nullable(definition) for name, definition in schema["properties"].items()}
    if kind.also_type:
        properties["type"] = {"enum": [*schema["properties"]["type"]["enum"], *kind.also_type]}
    alternatives = []
    for field in fields_of(kind).values():
        if field.lines:
            properties[field.name] = {**properties[field.name], "type": ["string", "array", "null"]}
        for spelling in field.also:
            described = f"Another spelling of `{field.name}`."
            properties[spelling] = {**properties[field.name], "description": described, "deprecated": True}
        if field.required and field.also:
            alternatives.append({"anyOf": [{"required": [spelling]} for spelling in (field.name, *field.also)]})
    for name in (*kind.dropped, *kind.refused):
        properties.setdefault(name, {"description": "Read from files of Zato; it has no effect.", "deprecated": True})
    elsewhere = _with_other_spellings(kind) | (set() if needs_type else {"type"})
    required = [name for name in schema["required"] if name not in elsewhere]
    written = {**schema, "properties": properties, "required": required}
    return {**written, "allOf": alternatives} if alternatives else written


def _with_other_spellings(kind: type[Kind]) -> set[str]:
    return {field.name for field in fields_of(kind).values() if field.also}


def _nullable(definition: dict[str, Any]) -> dict[str, Any]:
    """As written in a file, numbers and booleans may be quoted or come from a variable, and null means not set."""
    if "enum" in definition and all(isinstance(value, str) for value in definition["enum"]):
        return definition
    given = definition.get("type")
    if given is None:
        return definition
    types = [given] if isinstance(given, str) else given
    return {**definition, "type": list(dict.fromkeys([*types, "string", "null"]))}


def file_schema() -> dict[str, Any]:
    """The schema of a whole configuration file, for editors."""
    described = {
        spelling: {
            **schema_of_section(section, implied_type),
            "description": _about_section(section)
            if spelling == section.name
            else f"Another spelling of `{section.name}`.",
            **({} if spelling == section.name else {"deprecated": True}),
        }
        for spelling, (section, implied_type) in SPELLINGS.items()
    }
    return {
        "$schema": DIALECT,
        "title": "Configuration file",
        "type": "object",
        "properties": {
            "version": {"const": 1, "description": "Version of the file format."},
            "include": {"type": ["array", "string"], "items": {"type": "string"}, "description": "Files to read too."},
            **described,
        },
        "additionalProperties": False,
    }


def _about_section(section: Section) -> str:
    return " ".join(str(kind.__doc__) for kind in section.kinds.values())


def section_schema(name: str) -> dict[str, Any]:
    """The schema of one section, by canonical name. Raises KeyError."""
    section = SECTIONS[name]
    return {"$schema": DIALECT, "title": name, "description": _about_section(section), **schema_of_section(section)}
