"""The reference pages and schema files in schemas/, generated from the kinds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any

import msgspec

from zato.config.examples import EXAMPLES
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
    if section.typed:
        types = (f"[`{name}`](#type-{name})" for name in section.kinds)
        lines += [f"The field `type` says what an object is: {', '.join(types)}.", ""]
    for kind in section.kinds.values():
        lines += of_kind(kind)
    return "\n".join(lines)


def of_kind(kind: type[Kind]) -> Iterator[str]:
    """The lines of a reference page that are about one kind."""
    tag = kind.__struct_config__.tag
    if tag is not None:
        yield from (f"## type: {tag}", "")
        if kind.also_type:
            yield from (f"Also written {_listed(kind.also_type)}.", "")
    yield from (described(kind), "")
    if kind.pending:
        yield from (f"Not in effect yet: {kind.pending}.", "")
    example = EXAMPLES.get((kind.section, None if tag is None else str(tag)))
    if example:
        yield from ("```yaml", f"{kind.section}:", textwrap.indent(example.rstrip(), "  "), "```", "")
    yield from ("| Field | Value | Default | Meaning |", "|---|---|---|---|")
    fields = fields_of(kind).values()
    for field in sorted(fields, key=lambda field: not field.required):
        if not field.pending:
            cells = (f"`{field.name}`", value_of(kind, field), default_of(field), _meaning(field))
            yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""
    yield from _without_effect(kind, [field for field in fields if field.pending])
    yield from _not_used(kind)


def _without_effect(kind: type[Kind], fields: list[Field]) -> Iterator[str]:
    """The fields that are kept without an effect, by the reason for it."""
    reasons = list(dict.fromkeys(field.pending for field in fields))
    for reason in reasons:
        yield from (
            f"Kept without an effect: {reason}.",
            "",
            "| Field | Value | Default | Meaning |",
            "|---|---|---|---|",
        )
        for field in fields:
            if field.pending == reason:
                cells = (f"`{field.name}`", value_of(kind, field), default_of(field), _meaning(field))
                yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
        yield ""


def value_of(kind: type[Kind], field: Field) -> str:
    """What values a field of a kind takes, in words."""
    return _value(field, schema_of(kind)["properties"][field.name])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


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


def default_of(field: Field) -> str:
    """The default of a field in words, "" for none."""
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
    if field.was:
        told.append(f"Default in Zato: {field.was}.")
    if field.also:
        told.append(f"Also written {with_versions(field)}.")
    return " ".join(told)


def with_versions(field: Field) -> str:
    """The other spellings of a field, with the versions of Zato that wrote them."""
    return ", ".join(starmap(_spelling, field.also.items()))


def _spelling(name: str, versions: str) -> str:
    return f"`{name}` (Zato {versions})" if versions else f"`{name}`"


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
