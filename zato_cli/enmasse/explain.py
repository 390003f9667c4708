"""zato enmasse --explain."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import msgspec

from zato.config.explain import NOT_SET, Explained, ExplainedObject, Explanation, Used, explain
from zato.odb.explain import explain as explain_stored
from zato_cli import output
from zato_cli.enmasse.files import examine, problem_records
from zato_cli.enmasse.options import Options
from zato_cli.enmasse.server import odb_of
from zato_cli.exit_codes import DONE, ERROR

WIDEST = 40
"""How many characters of values are lined up."""


def run(options: Options) -> int:
    """Show every field of objects, and what set it."""
    problems: list[dict[str, Any]] = []
    if options.inputs:
        wanted, sources = examine(options)
        explanation, problems = explain(wanted, options.explain, sources), problem_records(wanted)
    else:
        with closing(odb_of(options)) as odb:
            explanation = explain_stored(odb, options.explain)
    if options.json:
        output.document({**_record(explanation), "problems": problems})
    else:
        _print(explanation)
    return ERROR if explanation.missing else DONE


def _print(explanation: Explanation) -> None:
    for number, thing in enumerate(explanation.objects):
        if number:
            output.line()
        _print_object(thing)
    for pattern, near in explanation.missing.items():
        output.note(f"Error: there is no object `{pattern}`{near and f' ({near})'}", fg="red")


def _print_object(thing: ExplainedObject) -> None:
    included = "".join(f", included at {place}" for place in thing.included_at)
    output.line(f"{thing.section}/{thing.name}  {thing.place or 'in the ODB'}{included}", bold=True)
    values = [_value(field) for field in thing.fields]
    names = max(len(field.field) for field in thing.fields)
    widest = min(WIDEST, max(map(len, values)))
    for field, value in zip(thing.fields, values, strict=True):
        output.line(f"  {field.field:<{names}}  {value:<{widest}}  {_origin(field)}")


def _value(field: Explained) -> str:
    if not field.is_known:
        return "(not known)"
    if field.value is None:
        return "(none)"
    if field.secret:
        return str(field.value)
    unit = f" {field.unit}" if field.unit else ""
    return msgspec.json.encode(field.value).decode() + unit


def _origin(field: Explained) -> str:
    told = [str(field.place) if field.place else field.set_by]
    if not told[0]:
        return "the section's spelling" if field.is_implied else "default"
    if field.written_as:
        told.append(f"as `{field.written_as}`")
    if field.through:
        told.append(f"through {field.through}")
    return ", ".join((*told, *map(_used, field.variables)))


def _used(variable: Used) -> str:
    found = "is not set" if variable.source == NOT_SET else f"from {variable.source}"
    return f"${{{variable.name}}} {found}" if variable.source else f"${{{variable.name}}}"


def _record(explanation: Explanation) -> dict[str, Any]:
    return {
        "objects": [
            {
                "section": thing.section,
                "name": thing.name,
                "place": thing.place and output.file_record(thing.place),
                "included_at": [output.file_record(place) for place in thing.included_at],
                "fields": [_field_record(field) for field in thing.fields],
            }
            for thing in explanation.objects
        ],
        "missing": [{"pattern": pattern, "hint": near} for pattern, near in explanation.missing.items()],
    }


def _field_record(field: Explained) -> dict[str, Any]:
    origin = "file" if field.place else "odb" if field.set_by else "section" if field.is_implied else "default"
    return {
        "field": field.field,
        "value": field.value if field.is_known else None,
        "known": field.is_known,
        "secret": field.secret,
        "unit": field.unit,
        "origin": origin,
        "place": field.place and output.file_record(field.place),
        "set_by": field.set_by,
        "written_as": field.written_as or field.field,
        "through": field.through and output.file_record(field.through),
        "variables": [{"name": variable.name, "from": variable.source} for variable in field.variables],
    }
