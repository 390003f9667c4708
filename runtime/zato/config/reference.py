"""The reference pages and schema files in schemas/, generated from the kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from zato.config.schema import described, file_schema, schema_of
from zato.config.sections import SECTIONS, SPELLINGS, Section
from zato.kinds.base import Field, Kind, fields_of


def generated() -> dict[str, str]:
    """Every generated file: its path within schemas/, and its content."""
    encoded = msgspec.json.format(msgspec.json.encode(file_schema()), indent=1).decode()
    pages = {f"reference/{name}.md": page(section) for name, section in SECTIONS.items()}
    return {"zato.schema.json": f"{encoded}\n", **pages}


def page(section: Section) -> str:
    """The reference page of a section."""
    lines = [f"# {section.name}", ""]
    also = [f"`{spelling}`" for spelling, (other, _) in SPELLINGS.items() if other is section]
    if also[1:]:
        lines += [f"Also written {', '.join(also[1:])}.", ""]
    for kind in section.kinds.values():
        lines += _of_kind(kind)
    return "\n".join(lines)


def _of_kind(kind: type[Kind]) -> Iterator[str]:
    tag = kind.__struct_config__.tag
    if tag is not None:
        also = "".join(f", also written `{spelling}`" for spelling in kind.also_type)
        yield from (f"## type: {tag}{also}", "")
    yield from (described(kind), "")
    if kind.pending:
        yield from (f"Not in effect yet: {kind.pending}.", "")
    yield from ("| Field | Value | Default | Meaning |", "|---|---|---|---|")
    properties = schema_of(kind)["properties"]
    for field in fields_of(kind).values():
        cells = (f"`{field.name}`", _value(field, properties[field.name]), _default(field), _meaning(field))
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""
    yield from _not_used(kind)


def _value(field: Field, schema: dict[str, Any]) -> str:
    if field.ref:
        name = f"name of an object in `{field.ref}`"
        return f"list: {name}" if field.type is list else name
    if "enum" in schema:
        return ", ".join(f"`{choice}`" if choice else "(empty)" for choice in schema["enum"] if choice is not None)
    given = schema.get("type", "any value")
    types = [given] if isinstance(given, str) else given
    names = " or ".join(_TYPES.get(name, name) for name in types if name != "null")
    return names + _bounds(field, schema)


_TYPES = {
    "string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "object": "mapping",
}  # fmt: skip


def _bounds(field: Field, schema: dict[str, Any]) -> str:
    least, more_than, most = (schema.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    unit = f" {field.unit}" if field.unit else ""
    low = f"more than {more_than:g}" if more_than is not None else f"at least {least:g}" if least is not None else ""
    high = f"at most {most:,g}".replace(",", " ") if most is not None else ""
    length = f"at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    bounds = [f"{bound}{unit}" for bound in (low, high) if bound] or ([f"in{unit}"] if unit else [])
    told = [*bounds, *([length] if length else [])]
    return f", {', '.join(told)}" if told else ""


def _default(field: Field) -> str:
    if field.required:
        return "required"
    if field.default in (None, "", (), {}):
        return ""
    if isinstance(field.default, float):
        return f"`{field.default:g}`"
    return f"`{field.default if isinstance(field.default, str) else msgspec.json.encode(field.default).decode()}`"


def _meaning(field: Field) -> str:
    told = [field.description]
    if field.form:
        told.append(f"Form: {field.form}.")
    if field.secret:
        told.append("A secret: encrypted in the ODB, never shown or exported.")
    if field.lines:
        told.append("A list is read as lines.")
    if field.also:
        told.append(f"Also written {', '.join(f'`{spelling}`' for spelling in field.also)}.")
    if field.pending:
        told.append(f"Not in effect yet: {field.pending}.")
    return " ".join(told)


def _not_used(kind: type[Kind]) -> Iterator[str]:
    reasons = {name: reason for name, reason in kind.dropped.items() if reason}
    silent = [f"`{name}`" for name in (*kind.implied, *(name for name in kind.dropped if name not in reasons))]
    if silent:
        yield from (f"Read from files of Zato, without an effect: {', '.join(sorted(silent))}.", "")
    for name, reason in reasons.items():
        yield f"- `{name}` has no effect: {reason}."
    for name, reason in kind.refused.items():
        yield f"- `{name}` is refused when it is set: {reason}."
    if reasons or kind.refused:
        yield ""
