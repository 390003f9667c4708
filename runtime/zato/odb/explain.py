"""Explain what the ODB holds: every field, and the revision that set it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zato.config.document import variables_in
from zato.config.explain import HIDDEN, Explained, ExplainedObject, Explanation, Used, matching, nearest
from zato.kinds.base import Field, Kind, fields_of
from zato.kinds.redact import redacted_value
from zato.odb.odb import ODB, Revision


def explain(odb: ODB, patterns: Sequence[str]) -> Explanation:
    """Explain the objects of the current revision that patterns choose, as `zato.config.explain.explain` reads them."""
    paths = {f"{thing.section}/{thing.name}": thing for thing in odb.load()}
    found = {pattern: matching(pattern, paths) for pattern in patterns}
    chosen = {path for of_pattern in found.values() for path in of_pattern}
    variables, revisions = odb.variables(), odb.revisions()
    objects = [
        _object(thing, variables.get((thing.section, thing.name), {}), revisions)
        for path, thing in paths.items()
        if path in chosen
    ]
    return Explanation(objects, {pattern: nearest(pattern, paths) for pattern, of_it in found.items() if not of_it})


def _object(thing: Kind, variables: Mapping[str, str], revisions: Sequence[Revision]) -> ExplainedObject:
    fields = [_field(thing, field, variables, revisions) for field in fields_of(type(thing)).values()]
    tag = thing.__struct_config__.tag
    if tag is not None:
        fields.insert(1, Explained(field="type", value=tag, set_by=_set_by(thing, "type", revisions)))
    return ExplainedObject(thing.section, thing.name, None, (), tuple(fields))


def _field(thing: Kind, field: Field, variables: Mapping[str, str], revisions: Sequence[Revision]) -> Explained:
    value = getattr(thing, field.name)
    return Explained(
        field=field.name,
        value=HIDDEN if field.secret and value is not None else redacted_value(value),
        unit=field.unit,
        secret=field.secret,
        set_by="" if not field.required and value == field.default else _set_by(thing, field.name, revisions),
        variables=tuple(Used(variable.name, "") for variable in variables_in(variables.get(field.name, ""))),
    )


def _set_by(thing: Kind, field: str, revisions: Sequence[Revision]) -> str:
    """The newest revision that changed a field, or made the object."""
    for revision in revisions:
        for change in revision.changes:
            is_it = (change["section"], change["name"]) == (thing.section, thing.name)
            changed = {changed["field"] for changed in change["changes"]}
            if is_it and (change["action"] == "create" or field in changed):
                return f"revision {revision.number}, {revision.made_at}, by {revision.made_by}"
    return ""
