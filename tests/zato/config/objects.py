"""Random objects of every kind, as an import would make them."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

from zato.config.normalise import _coercion
from zato.config.schema import schema_of
from zato.config.snapshot import Snapshot
from zato.kinds import KINDS
from zato.kinds.base import Kind, fields_of

TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(["${X}", "$${", "a: b", "- a", "#", "yes", "012", "~", "<<"]))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a field's JSON Schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "null":
            return st.none()
        case list() as types:
            return st.one_of(*(fitting({**schema, "type": name}) for name in types))
        case "string":
            return _texts(schema)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            least, most = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
            open_ended = "exclusiveMinimum" in schema
            return st.floats(least, most, exclude_min=open_ended, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(fitting(schema["items"]), max_size=3)
        case "object":
            return st.dictionaries(TEXTS, ANYTHING, max_size=3)
    return ANYTHING


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    texts = st.from_regex(schema["pattern"]) if "pattern" in schema else TEXTS
    return texts.filter(lambda text: shortest <= len(text) <= longest)


@cache
def field_values(kind: type[Kind], name: str) -> st.SearchStrategy[Any]:
    """Canonical values of a field: those that are not another spelling of something else; no empty secrets."""
    field = fields_of(kind)[name]
    coerce = _coercion(field)
    fits = fitting(schema_of(kind)["properties"][name]).filter(lambda value: _same(coerce(value), value))
    return fits.filter(bool) if field.secret else fits


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


@st.composite
def values(draw: st.DrawFn, kind: type[Kind], name: str | None = None) -> dict[str, Any]:
    """The fields of an object, in canonical spelling."""
    fields = fields_of(kind)
    optional = [field.name for field in fields.values() if not field.required]
    chosen = [field.name for field in fields.values() if field.required]
    chosen += draw(st.lists(st.sampled_from(optional), max_size=6, unique=True))
    drawn = {chosen_name: draw(field_values(kind, chosen_name)) for chosen_name in chosen}
    if name is not None:
        drawn["name"] = name
    tag = kind.__struct_config__.tag
    return {**drawn, **({"type": tag} if tag else {})}


@st.composite
def snapshots(draw: st.DrawFn, names: st.SearchStrategy[str] | None = None) -> Snapshot:
    """Configurations of any objects, whose references need not lead anywhere."""
    chosen = draw(st.lists(st.sampled_from(KINDS), max_size=4))
    name = field_values(KINDS[0], "name") if names is None else names
    return Snapshot(msgspec.convert(draw(values(kind, draw(name))), kind) for kind in chosen)
