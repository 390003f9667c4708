"""Normalise: every 3.2 and 4.x spelling becomes the canonical one, and texts become what their field holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec

from zato.config.document import FromVariables, Node, is_unknown, variables_of
from zato.config.export import escaped
from zato.config.merge import Found
from zato.config.problems import Place, Problems, did_you_mean
from zato.kinds.base import NO_SECURITY, Field, Kind, fields_of


class Entry(msgspec.Struct, eq=False):
    """An object in canonical spelling, not yet validated."""

    kind: type[Kind]
    found: Found
    values: dict[str, Any]
    """Values by canonical field name, `type` included."""
    written: dict[str, str]
    """Canonical field name → the name it was written under, where they differ."""
    variables: dict[str, str]
    """Field → its text, that of a list or a mapping as JSON, with `${NAME}` for the variables that it came from."""
    unknown: set[str]
    """The fields that depend on a variable which is not set."""

    @property
    def name(self) -> Any:
        """The object's name."""
        return self.values.get("name")

    def place(self, field: str) -> Place:
        """Where the value of a field stands; where the object begins if it is absent."""
        return self.found.node.value_place(self.written.get(field, field))

    def key_place(self, field: str) -> Place:
        """Where the name of a field stands; where the object begins if it is absent."""
        return self.found.node.key_place(self.written.get(field, field))

    def path(self, field: Any) -> str:
        """The field's place in the configuration."""
        return f"{self.found.path}/{field}"


def normalise(objects: Iterable[Found], problems: Problems) -> list[Entry]:
    """Give every object its kind and its fields their canonical names and types."""
    entries = []
    for found in objects:
        kind = _kind(found, problems)
        if kind is not None:
            entries.append(_entry(kind, found, problems))
    return entries


def _kind(found: Found, problems: Problems) -> type[Kind] | None:
    section = found.section
    if not section.typed:
        return section.kinds[None]
    given = found.node.get("type", found.implied_type)
    if is_unknown(given):
        return None
    kind = section.kind_of(given)
    if kind is None:
        known = [str(name) for name in section.kinds]
        hint = did_you_mean(str(given), known) or f"one of {', '.join(known)}"
        if "type" in found.node:
            message, place = f"the type `{given}` is not known", found.node.value_place("type")
        else:
            message, place = "the field `type` is missing", found.node.place
        problems.error(place, message, path=found.path, hint=hint)
    return kind


Coercion = Callable[[Any], Any]


def _entry(kind: type[Kind], found: Found, problems: Problems) -> Entry:
    entry = Entry(kind, found, {}, {}, {}, set())
    values, spellings = entry.values, spellings_of(kind)
    for written, given in found.node.items():
        known = spellings.get(written)
        if known is None:
            if written != "type" or kind.__struct_config__.tag is None:
                _unknown_field(entry, written, given, problems)
            continue
        field, coerce = known
        if is_unknown(given):
            entry.unknown.add(field.name)
            if field.name != written:
                entry.written.setdefault(field.name, written)
            continue
        value = coerce(str(given) if type(given) is FromVariables else given)
        if value is _ABSENT:
            continue
        reference = _reference(field, given, value)
        if isinstance(value, (dict, list)):
            value = _plain(value, entry.path(field.name), problems)
        if field.name in values:
            if value != values[field.name]:
                _differ(entry, field.name, written, problems)
            continue
        values[field.name] = value
        if field.name != written:
            entry.written[field.name] = written
        if reference:
            entry.variables[field.name] = reference
    if kind.__struct_config__.tag is not None:
        values["type"] = kind.__struct_config__.tag
    _check_said_by_name(entry, problems)
    return entry


def _check_said_by_name(entry: Entry, problems: Problems) -> None:
    """An object that is secured by a number must not become an open one because numbers mean nothing here."""
    node = entry.found.node
    for written, name in entry.kind.said_by.items():
        given = node.get(written)
        missing = entry.values.get(name) is None and name not in entry.unknown
        refused = isinstance(given, str) and (written, given) in entry.kind.refused_values
        is_set = given not in _UNSET and str(given) not in NO_SECURITY and not is_unknown(given)
        if missing and is_set and not refused:
            message = f"`{written}: {given}` says that there is a {name} definition, and not which"
            problems.error(node.key_place(written), message, path=entry.path(written), hint=f"name it in `{name}`")
            return


def _reference(field: Field, given: Any, value: Any) -> str:
    """The text to write in an export, "" without variables; of a secret, nothing but the name of its variable."""
    if isinstance(given, FromVariables):
        if not field.secret:
            return given.reference
        return f"${{{given.variable}}}" if given.variable else ""
    if field.secret or not variables_of(given):
        return ""
    if field.lines and isinstance(value, str):
        return str(_text(_with_references(given)))
    if field.type not in {list, dict} or not isinstance(value, field.type):
        return ""
    return msgspec.json.encode(_with_references(value)).decode()


def _with_references(value: Any) -> Any:
    """What is read as the value again, with its variables by name."""
    if isinstance(value, dict):
        return {str(key): _with_references(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_references(item) for item in value]
    if isinstance(value, FromVariables):
        return value.reference
    return str(value) if _is_no_number(value) else escaped(value)


def _plain(value: Any, path: str, problems: Problems) -> Any:
    """A value that can be stored: without positions, variables and what JSON does not have."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) and isinstance(value, Node):
                problems.error(value.key_place(key), f"the key `{key}` is not a text", path=path, hint="quote it")
        return {str(key): _plain(item, path, problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, path, problems) for item in value if not is_unknown(item)]
    return str(value) if isinstance(value, FromVariables) or _is_no_number(value) else value


def _differ(entry: Entry, name: str, written: str, problems: Problems) -> None:
    """Two spellings of one field are fine while they agree: 3.2 exports write both `service` and `service_name`."""
    first = entry.written.get(name, name)
    place = entry.found.node.key_place(written)
    problems.error(place, f"`{written}` and `{first}` are one field and differ", path=entry.path(name), hint="keep one")


def _unknown_field(entry: Entry, written: Any, value: Any, problems: Problems) -> None:
    kind, place, path = entry.kind, entry.found.node.key_place(written), entry.path(written)
    is_set = value not in _UNSET
    if written in kind.refused:
        if is_set:
            problems.error(place, f"`{written}` cannot be honoured", path=path, hint=kind.refused[written])
    elif isinstance(value, str) and (written, value) in kind.refused_values:
        hint = kind.refused_values[written, value]
        problems.error(place, f"`{written}: {value}` cannot be honoured", path=path, hint=hint)
    elif written in kind.implied:
        if is_set and not is_unknown(value) and value != kind.implied[written]:
            message = f"`{written}: {value}` contradicts the section `{kind.section}`"
            hint = f"move the object to another section, or remove `{written}`"
            problems.error(place, message, path=path, hint=hint)
    elif written in kind.dropped:
        if is_set and kind.dropped[written]:
            problems.warning(place, f"`{written}` has no effect", path=path, hint=kind.dropped[written])
    else:
        problems.error(
            place, f"unknown field `{written}`", path=path, hint=did_you_mean(str(written), spellings_of(kind))
        )


@cache
def spellings_of(kind: type[Kind]) -> Mapping[Any, tuple[Field, Coercion]]:
    """Every spelling of every field of a kind → the field, and what turns a written value into one of its type."""
    spellings: dict[str, tuple[Field, Coercion]] = {}
    for field in fields_of(kind).values():
        coercion = _coercion(field)
        for spelling in (field.name, *field.also):
            spellings[spelling] = (field, coercion)
    return spellings


_ABSENT = object()
_UNSET = (None, "", False, "false", "False", 0)


def _coercion(field: Field) -> Coercion:
    """Make what turns a written value into one of the field's type, where that is beyond doubt.

    Exports of 3.2 quote numbers and booleans and write null for every field that is not set (reference: enmasse,
    section 8, items 5 and 6).
    """
    convert = _CONVERT.get(field.type)
    if field.lines:
        convert = _text
    elif field.type is list and field.ref:
        convert = _names
    spelled = field.spelled

    def coerce(value: Any) -> Any:
        if spelled and type(value) in _SPELLABLE and value in spelled:
            return spelled[value]
        if value is None:
            return _ABSENT
        return convert(value) if convert else value

    return coerce


def _bool(value: Any) -> Any:
    if type(value) is int and value in {0, 1}:
        return bool(value)
    return _BOOLEANS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _int(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        return value if value.strip() else _ABSENT


def _float(value: Any) -> Any:
    if _is_no_number(value):
        return str(value)
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return value if value.strip() else _ABSENT
    return value if _is_no_number(number) else number


def _is_no_number(value: Any) -> bool:
    """`.nan` and `.inf` are numbers in YAML, and in nothing that we store or compare."""
    return isinstance(value, float) and not math.isfinite(value)


def _list(value: Any) -> Any:
    """A list may be written as lines, or as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(value)
    return [line.strip() for line in value.splitlines() if line.strip()]


def _names(value: Any) -> Any:
    """A member of a list of names may be written as `{name: X}`."""
    names = _list(value)
    if not isinstance(names, list):
        return names
    return [item["name"] if isinstance(item, dict) and list(item) == ["name"] else item for item in names]


def _text(value: Any) -> Any:
    """A text may be written as a list of its lines; 4.x exports one as a list of its characters."""
    if not isinstance(value, list) or not all(type(item) in {str, FromVariables, int, float} for item in value):
        return value
    items = [str(item) for item in value]
    is_spelled_out = len(items) > 3 and all(len(item) == 1 for item in items)
    return ("" if is_spelled_out else "\n").join(items)


_SPELLABLE = {str, int, float, type(None)}
_BOOLEANS = {
    "true": True, "yes": True, "on": True, "y": True, "t": True, "1": True,
    "false": False, "no": False, "off": False, "n": False, "f": False, "0": False,
    "": _ABSENT,
}  # fmt: skip
_CONVERT: Mapping[type, Coercion] = {bool: _bool, int: _int, float: _float, list: _list}
