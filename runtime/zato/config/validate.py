"""Validate: objects in canonical spelling become typed ones, or every problem is told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from zato.config.merge import Found
from zato.config.normalise import Entry
from zato.config.problems import Place, Problems, did_you_mean
from zato.config.schema import validator_of
from zato.config.snapshot import Key, Snapshot, key_of
from zato.kinds.base import Field, Kind, fields_of, references, secret_fields
from zato.kinds.http.channel import ChannelHTTP
from zato.kinds.redact import redacted
from zato.kinds.rest.path import conflicts
from zato.kinds.security.groups import Group
from zato.kinds.words import counted, number_of


class Valid(msgspec.Struct, eq=False):
    """A typed object and where it came from."""

    object: Kind
    entry: Entry

    @property
    def key(self) -> Key:
        """Identity of the object."""
        return self.object.section, self.object.name


def validate(
    entries: Sequence[Entry],
    named: Mapping[Key, Found] | None,
    existing: Snapshot | None,
    problems: Problems,
    services: Collection[str] | None = None,
) -> list[Valid]:
    """Convert what is sound and note everything that is not.

    `named` are the objects of the files by identity, faulty ones included; None where a file could not be read, so
    that nobody knows what it defines. `existing` is what the ODB holds: references may name it, and a secret that the
    files leave out is taken from it. Without an ODB (None) a missing secret is a warning. `services` are those that the
    server has deployed, None where there is none to ask.
    """
    valid = [Valid(thing, entry) for entry in entries if (thing := _converted(entry, problems)) is not None]
    stored = existing or Snapshot()
    for item in valid:
        item.object = _with_stored_secrets(item.object, stored)
        if not item.entry.unknown:
            _check_secrets(item, existing, problems)
            _check_mistakes(item, problems)
    if named is not None:
        _check_references(entries, named, stored, problems)
    _check_conflicts(entries, stored, problems)
    _warn_of_open_channels(valid, problems)
    if services is not None:
        _warn_of_undeployed_services(valid, services, problems)
    _warn_of_pending_kinds(valid, problems)
    _warn_of_pending_fields(valid, problems)
    return valid


def _converted(entry: Entry, problems: Problems) -> Kind | None:
    try:
        return msgspec.convert(entry.values, entry.kind)
    except msgspec.ValidationError as e:
        errors = list(validator_of(entry.kind).iter_errors(entry.values))
        for error in _one_for_each_value(errors):
            _tell(entry, error, problems)
        if not errors:
            problems.error(entry.found.node.place, str(e), path=entry.found.path)
        return None


def _one_for_each_value(errors: Iterable[Any]) -> Iterator[Any]:
    """Of several errors about one value the clearest: an empty or long text usually has the wrong form too."""
    told: set[tuple[Any, ...]] = set()
    for error in sorted(errors, key=lambda error: error.validator == "pattern"):
        path = tuple(error.absolute_path)
        if not path or path not in told:  # without a path it is about the object: a field that is missing
            told.add(path)
            yield error


def _tell(entry: Entry, error: Any, problems: Problems) -> None:
    """Tell one of the things that are wrong with an object; `msgspec.convert` would name only the first."""
    fields = fields_of(entry.kind)
    if error.validator == "required":
        name = next(name for name in error.validator_value if error.message.startswith(f"'{name}'"))
        if name not in entry.unknown:
            hint = fields[name].description
            problems.error(entry.found.node.place, f"the field `{name}` is missing", path=entry.found.path, hint=hint)
    else:
        steps = list(error.absolute_path)
        name = str(steps[0])
        message, hint = _told(fields[name], error, entry.variables.get(name), nested=len(steps) > 1)
        problems.error(_place(entry, steps), message, path=entry.path(name), hint=hint)


def _told(field: Field, error: Any, variable: str | None, *, nested: bool) -> tuple[str, str]:
    """Say what a schema error means, without the value of a secret or of a variable, which may hold one."""
    value, bound, unit = error.instance, error.validator_value, f" {field.unit}" if field.unit else ""
    of_variable = "the value" if nested else f"the value of `{variable}`"
    shown = of_variable if variable else "the value" if field.secret else _shown(value)
    match error.validator:
        case "type":
            wanted = [bound] if isinstance(bound, str) else bound
            quote = "quote it" if "string" in wanted and isinstance(value, (int, float)) else ""
            named = " or ".join(_TYPES[name] for name in wanted if name != "null")
            return f"{shown} is not {named}", "" if nested else quote
        case "enum":
            known = [str(choice) or "(empty)" for choice in bound if choice is not None]
            return f"{shown} is not one of {', '.join(known)}", "" if variable else did_you_mean(str(value), known)
        case "minimum":
            return f"{shown} is less than {bound}{unit}", field.description
        case "exclusiveMinimum":
            return f"{shown} is not more than {bound:g}{unit}", field.description
        case "maximum":
            return f"{shown} is more than {bound}{unit}", field.description
        case "minLength":
            return "the value is empty", field.description
        case "maxLength":
            return f"the value is longer than {bound} characters", ""
        case _:
            told = "the value" if nested else shown  # such as a field of a token request, which may be a secret
            return f"{told} has the wrong form", f"the right one: {field.form}"


_TYPES = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping",
}  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "true" if value is True else "false" if value is False else str(value)
    return f"`{redacted(text)}`"


def _place(entry: Entry, path: list[Any]) -> Place:
    place = entry.place(str(path[0]))
    value: Any = entry.found.node.get(entry.written.get(path[0], path[0]))
    for step in path[1:]:
        if isinstance(step, str) and hasattr(value, "value_place"):
            place = value.value_place(step)
        elif isinstance(step, int) and step < len(getattr(value, "positions", ())):
            line, column = value.positions[step]
            place = Place(place.file, line + 1, column + 1)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return place


def _with_stored_secrets(thing: Kind, stored: Snapshot) -> Kind:
    """A secret that the files leave out is the stored one."""
    before = stored.get(thing.section, thing.name)
    if type(before) is not type(thing):
        return thing
    kept = {
        name: getattr(before, name)
        for name in secret_fields(type(thing))
        if getattr(thing, name) is None and getattr(before, name) is not None
    }
    return msgspec.structs.replace(thing, **kept) if kept else thing


def _check_secrets(item: Valid, existing: Snapshot | None, problems: Problems) -> None:
    missing = item.object.missing_secret()
    if missing is None:
        return
    place, path = item.entry.place(missing), item.entry.path(missing)
    message, hint = f"`{item.object.name}` has no {missing}", f"give it as `{missing}: ${{NAME}}`"
    if getattr(item.object, missing) is not None:
        problems.error(place, f"the {missing} is empty", path=path, hint=hint)
    elif existing is None:
        problems.warning(place, message, path=path, hint=f"{hint}, unless the ODB holds it")
    else:
        problems.error(place, f"{message} and the ODB holds none", path=path, hint=hint)


def _check_mistakes(item: Valid, problems: Problems) -> None:
    """Tell what a schema cannot say about a single object."""
    entry = item.entry
    for mistake in item.object.mistakes():
        place = entry.place(mistake.field) if mistake.field else entry.found.node.place
        path = entry.path(mistake.field) if mistake.field else entry.found.path
        near = did_you_mean(str(entry.values.get(mistake.field)), mistake.known) if mistake.known else ""
        tell = problems.warning if mistake.is_warning else problems.error
        tell(place, mistake.message, path=path, hint=near or mistake.hint)


def _check_references(
    entries: Iterable[Entry], named: Mapping[Key, Found], stored: Snapshot, problems: Problems
) -> None:
    """Every reference names an object of the files, be it a faulty one, or of the ODB."""
    nearest = _Nearest(named, stored)
    for entry in entries:
        for field in references(entry.kind):
            value = entry.values.get(field.name)
            for index, name in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(name, str) and (field.ref, name) not in named and stored.get(field.ref, name) is None:
                    problems.error(
                        _place(entry, [field.name, index] if isinstance(value, list) else [field.name]),
                        f"there is no `{name}` in `{field.ref}`",
                        path=entry.path(field.name),
                        hint=_no_nesting(entry, name, named, stored)
                        or nearest.to(field.ref, name)
                        or f"define it in `{field.ref}`",
                    )


def _no_nesting(entry: Entry, name: str, named: Mapping[Key, Found], stored: Snapshot) -> str:
    """A hint for who takes groups for members of groups, be it in a circle."""
    is_group = (Group.section, name) in named or stored.get(Group.section, name) is not None
    return "a group cannot have groups as members" if entry.kind is Group and is_group else ""


class _Nearest:
    """Suggests names, each once and no more than MOST: comparing many names with many others would take hours."""

    MOST = 20

    def __init__(self, named: Mapping[Key, Found], stored: Snapshot) -> None:
        self._named = named
        self._stored = stored
        self._found: dict[Key, str] = {}

    def to(self, section: str, wrong: str) -> str:
        """What was probably meant, or ""."""
        key = (section, wrong)
        if key not in self._found:
            if len(self._found) == self.MOST:
                return ""
            in_files = [name for other, name in self._named if other == section]
            self._found[key] = did_you_mean(wrong, [*in_files, *self._stored.section(section)])
        return self._found[key]


def _check_conflicts(entries: Iterable[Entry], stored: Snapshot, problems: Problems) -> None:
    """Two channels that answer the same request: told at the later one, and never left to chance.

    A channel with problems elsewhere takes part, as far as what it answers is sound.
    """
    answering = [(channel, entry) for entry in entries if (channel := _answering(entry)) is not None]
    from_files = {id(channel): entry for channel, entry in answering}
    replaced = {(channel.section, channel.name) for channel, _ in answering}
    kept = [thing for thing in stored if isinstance(thing, ChannelHTTP) and key_of(thing) not in replaced]
    channels = (*kept, *(channel for channel, _ in answering))
    for first, second in conflicts(channel for channel in channels if channel.is_active):
        if key_of(first) != key_of(second):  # a name that is given twice was told already
            _tell_conflict(first, from_files.get(id(first)), second, from_files[id(second)], problems)


def _tell_conflict(
    first: ChannelHTTP, other: Entry | None, second: ChannelHTTP, entry: Entry, problems: Problems
) -> None:
    where = f"at {other.place('url_path')}" if other else "in the ODB"
    problems.error(
        entry.place("url_path"),
        f"`{second.name}` and `{first.name}` answer the same request, {second.request}",
        path=entry.path("url_path"),
        hint=f"the other one is {where}",
        related=[("first", other.place("url_path"))] if other else [],
    )


_ANSWERED = ("name", "is_active", "url_path", "method", "http_accept", "soap_action")
"""The fields that say which requests a channel answers."""


def _answering(entry: Entry) -> ChannelHTTP | None:
    if not issubclass(entry.kind, ChannelHTTP) or entry.unknown.intersection(_ANSWERED):
        return None
    values = {name: entry.values[name] for name in _ANSWERED if name in entry.values}
    try:
        return msgspec.convert({**values, "service": "-"}, entry.kind)
    except msgspec.ValidationError:
        return None


def _warn_of_open_channels(valid: Iterable[Valid], problems: Problems) -> None:
    """Faulty channels are left out: whether they are meant to be open, nobody knows before they are mended."""
    faulty = {path for problem in problems.errors for path in _and_above(problem.path)}
    sound = [item for item in valid if not item.entry.unknown and item.entry.found.path not in faulty]
    no_security = [item for item in sound if is_open(item.object)]
    if no_security:
        place, hint = no_security[0].entry.found.node.place, "anyone can call them; name one in `security`"
        problems.warning(place, tell_open_channels(item.object for item in no_security), hint=hint)


def _and_above(path: str) -> Iterator[str]:
    """A path, and those of what it is in."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def tell_open_channels(things: Iterable[Kind]) -> str:
    """Say how many channels anyone may call, and which; "" where there is none."""
    names = [thing.name for thing in things if is_open(thing)]
    return f"{number_of(len(names), 'channel has', 'channels have')} no security: {counted(names)}" if names else ""


def _warn_of_undeployed_services(valid: Iterable[Valid], services: Collection[str], problems: Problems) -> None:
    for item in valid:
        name = undeployed_service(item.object, services)
        if name is not None and "service" not in item.entry.unknown:
            hint = did_you_mean(name, services) or "it fails until the service is deployed"
            place, path = item.entry.place("service"), item.entry.path("service")
            problems.warning(place, f"the service `{name}` is not deployed", path=path, hint=hint)


def undeployed_service(thing: Kind, services: Collection[str]) -> str | None:
    """The service that an object runs, if it is active and the service is not among the deployed ones."""
    name: str | None = getattr(thing, "service", None)
    return name if name and thing.is_active and name not in services else None


def is_open(thing: Kind) -> bool:
    """Whether anyone may call a channel."""
    return (
        isinstance(thing, ChannelHTTP)
        and thing.is_active
        and not thing.pending
        and not (thing.security or thing.groups)
    )


def _warn_of_pending_kinds(valid: Iterable[Valid], problems: Problems) -> None:
    """One warning for each kind whose objects are kept without an effect, at the first of them."""
    of_kind: dict[type[Kind], list[Valid]] = {}
    for item in valid:
        if item.object.pending and item.object.is_active:
            of_kind.setdefault(type(item.object), []).append(item)
    for kind, items in of_kind.items():
        names = counted([item.object.name for item in items])
        found = items[0].entry.found
        problems.warning(found.node.place, f"{kind.label()} cannot be used yet: {names}", hint=kind.pending)


def _warn_of_pending_fields(valid: Iterable[Valid], problems: Problems) -> None:
    """One warning for each field that is kept without an effect, at the first object that sets it."""
    setting: dict[str, list[Valid]] = {}
    for item in valid:
        fields = fields_of(type(item.object))
        for name in _pending(type(item.object)):
            if name in item.entry.values and getattr(item.object, name) != fields[name].default:
                setting.setdefault(name, []).append(item)
    for name, items in setting.items():
        entry, names = items[0].entry, counted([item.object.name for item in items])
        message = f"`{name}` has no effect in {names}"
        problems.warning(entry.key_place(name), message, path=entry.path(name), hint=_pending(entry.kind)[name])


@cache
def _pending(kind: type[Kind]) -> Mapping[str, str]:
    """Fields without an effect, each with the reason; none where the whole kind has no effect, which is told once."""
    return {} if kind.pending else {field.name: field.pending for field in fields_of(kind).values() if field.pending}
