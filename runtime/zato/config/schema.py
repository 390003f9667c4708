"""The JSON Schema of every kind, generated from its fields (JSON Schema 2020-12)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from zato.config.sections import HTTP_SOAP, SPELLINGS, UNSUPPORTED, UNSUPPORTED_PREFIX, Section
from zato.kinds.base import Field, Kind, fields_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def described(kind: type[Kind]) -> str:
    """What objects of a kind are, for users: without the source of it."""
    return re.sub(r" \(reference: [^)]*\)", "", str(kind.__doc__).partition("\n")[0])


@cache
def schema_of(kind: type[Kind]) -> dict[str, Any]:
    """The schema of one object in canonical spelling."""
    schema: dict[str, Any] = msgspec.json.schema(kind)["$defs"][kind.__name__]
    properties = {name: _flat(definition) for name, definition in schema["properties"].items()}
    return {**schema, "title": kind.section, "description": described(kind), "properties": properties}


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


VARIABLE = r"\$\{[A-Za-z_]|Zato_?Enmasse_?Env\."
"""What a text with an environment variable in it matches."""


def schema_of_section(section: Section, implied_type: str | None = None) -> dict[str, Any]:
    """The schema of one section as it is written in a file: every spelling of every field and value.

    `implied_type` is the `type` that the section's spelling implies, as in 3.2's `basic_auth:`.
    """
    kinds = section.kinds.values() if implied_type is None else [section.kinds[implied_type]]
    choices = [_written(kind, needs_type=implied_type is None) for kind in kinds]
    about = " ".join(map(described, kinds))
    items = choices[0] if len(choices) == 1 else {"oneOf": choices}
    return {"description": about, "type": ["array", "null"], "items": items}


def _written(kind: type[Kind], *, needs_type: bool) -> dict[str, Any]:
    schema = schema_of(kind)
    properties: dict[str, Any] = {}
    if "type" in schema["properties"]:
        properties["type"] = {"enum": [*schema["properties"]["type"]["enum"], *kind.also_type]}
    optional = set() if needs_type else {"type"}
    alternatives = []
    for field in fields_of(kind).values():
        properties[field.name] = _written_field(field, schema["properties"][field.name])
        for spelling in field.also:
            described = f"Another spelling of `{field.name}`."
            properties[spelling] = {**properties[field.name], "description": described, "deprecated": True}
        if field.required and field.also:
            optional.add(field.name)
            alternatives.append({"anyOf": [{"required": [spelling]} for spelling in (field.name, *field.also)]})
    for name in (*kind.implied, *kind.dropped, *kind.refused):
        properties.setdefault(name, {"description": "Read from files of Zato; it has no effect.", "deprecated": True})
    required = [name for name in schema["required"] if name not in optional]
    written = {**schema, "properties": properties, "required": required}
    return {**written, "allOf": alternatives} if alternatives else written


def _written_field(field: Field, definition: dict[str, Any]) -> dict[str, Any]:
    """As written in a file: null means not set, any value may come from a variable, numbers may be quoted.

    Booleans may be 0 and 1.
    """
    written = dict(definition)
    if "pattern" in definition:
        written["pattern"] = f"{definition['pattern']}|{VARIABLE}"
    if field.type is list and field.ref:
        written["items"] = {"type": ["string", "object"], "description": "A name, or `{name: X}`."}
    if "enum" in definition:
        del written["enum"]
        choices = list(dict.fromkeys([*definition["enum"], *field.spelled, None]))
        written["anyOf"] = [{"enum": choices}, {"type": "string", "pattern": VARIABLE}]
    elif "type" in definition:
        given = definition["type"]
        types = [given] if isinstance(given, str) else given
        also = ["array"] if field.lines else []
        if "boolean" in types:
            also.append("integer")
            written |= {"minimum": 0, "maximum": 1}
        written["type"] = list(dict.fromkeys([*types, *also, "string", "null"]))
    return written


_UNSUPPORTED = "unsupported"
_UNSUPPORTED_SECTION = {
    "description": "A section of Zato that this runtime does not have: it has to be empty.",
    "deprecated": True,
    "type": ["array", "null"],
    "maxItems": 0,
}


def file_schema() -> dict[str, Any]:
    """The schema of a whole configuration file, for editors."""
    definitions = {}
    sections: dict[str, Any] = {}
    for spelling, (section, implied_type) in SPELLINGS.items():
        kind_or_section = section.name if implied_type is None else f"{section.name}.{implied_type}"
        if kind_or_section not in definitions:
            definitions[kind_or_section] = schema_of_section(section, implied_type)
        sections[spelling] = {"$ref": f"#/$defs/{kind_or_section}"}
        if spelling != section.name:
            sections[spelling] |= {"description": f"Another spelling of `{section.name}`.", "deprecated": True}
    sections[HTTP_SOAP] = {
        "description": "All HTTP objects of Zato 3.2: `connection` and `transport` say to which section each belongs.",
        "deprecated": True,
        "type": ["array", "null"],
        "items": {"type": "object"},
    }
    return {
        "$schema": DIALECT,
        "title": "Configuration file",
        "type": "object",
        "properties": {
            "version": {"enum": [1, None], "description": "Version of the file format."},
            "include": {
                "type": ["array", "string", "null"],
                "items": {"type": "string"},
                "description": "Files to read too: paths and patterns.",
            },
            **sections,
            **{spelling: {"$ref": f"#/$defs/{_UNSUPPORTED}"} for spelling in sorted(UNSUPPORTED)},
        },
        "patternProperties": {f"^{UNSUPPORTED_PREFIX}": {"$ref": f"#/$defs/{_UNSUPPORTED}"}},
        "additionalProperties": False,
        "$defs": {**definitions, _UNSUPPORTED: _UNSUPPORTED_SECTION},
    }


def section_schema(name: str) -> dict[str, Any]:
    """The schema of one section, by any of its spellings. Raises KeyError."""
    section, implied_type = SPELLINGS[name]
    return {"$schema": DIALECT, "title": name, **schema_of_section(section, implied_type)}
