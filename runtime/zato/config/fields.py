"""What a section, a type or a field is, for those who ask by name: `security`, `security.jwt`, `security.jwt.ttl`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from zato.config.normalise import spellings_of
from zato.config.problems import did_you_mean
from zato.config.reference import default_of, of_kind, page, value_of, with_versions
from zato.config.sections import SPELLINGS, Section
from zato.errors import ZatoError
from zato.kinds.base import Field, Kind

Kinds = Mapping[str | None, type[Kind]]


def about(asked: str) -> str:
    """Tell of what a name, in any spelling, stands for. Raises ZatoError for a name that means nothing."""
    section_name, *names = asked.split(".")
    if section_name not in SPELLINGS:
        raise _unknown("section", section_name, SPELLINGS)
    section, implied = SPELLINGS[section_name]
    kinds: Kinds = section.kinds if implied is None else {implied: section.kinds[implied]}
    if names and section.typed and (kind := section.kind_of(names[0])) is not None:
        kinds, names = {names[0]: kind}, names[1:]
    if names:
        return _fields(section, kinds, ".".join(names))
    if len(kinds) == len(section.kinds):
        return page(section).rstrip()
    return "\n".join(line for kind in kinds.values() for line in of_kind(kind)).rstrip()


def _fields(section: Section, kinds: Kinds, name: str) -> str:
    """A field of some kinds; those in which it is the same are told together."""
    types: dict[str, list[str]] = {}
    for tag, kind in kinds.items():
        text = _field(kind, name)
        if text:
            types.setdefault(text, []).append(str(tag))
    if not types:
        raise _unknown("field", name, (known for kind in kinds.values() for known in _names(kind)))
    told = []
    for text, tags in types.items():
        of_types = f" of type {', '.join(tags)}" if section.typed else ""
        told.append(f"{section.name}.{name}{of_types}\n{text}")
    return "\n\n".join(told)


def _names(kind: type[Kind]) -> list[str]:
    return [*spellings_of(kind), *kind.implied, *kind.dropped, *kind.refused]


def _unknown(what: str, name: str, known: Iterable[str]) -> ZatoError:
    near = did_you_mean(name, known)
    return ZatoError(f"there is no {what} `{name}`{near and f' ({near})'}")


def _field(kind: type[Kind], name: str) -> str:
    """What a field is, or ""."""
    if name in spellings_of(kind):
        field, _ = spellings_of(kind)[name]
        return "\n".join(f"  {label:<8} {text}" for label, text in _facts(kind, field, name))
    if name in kind.refused:
        return f"  Refused  when it is set: {kind.refused[name]}"
    if name in kind.implied:
        return f"  Implied  by the section: `{kind.implied[name]}`"
    if name in kind.dropped:
        return f"  Ignored  {kind.dropped[name] or 'it is read from files of Zato and means nothing here'}"
    return ""


def _facts(kind: type[Kind], field: Field, asked: str) -> Iterator[tuple[str, str]]:
    if asked != field.name:
        yield "Is", f"another spelling of `{field.name}`"
    yield "Meaning", field.description
    yield "Value", value_of(kind, field).replace("`", "")
    if field.form:
        yield "Form", field.form
    default = default_of(field).replace("`", "")
    yield "Default", f"{default} {field.unit}".rstrip() if default else "none"
    if field.was:
        yield "In Zato", field.was
    if field.also:
        yield "Also", with_versions(field).replace("`", "")
    spelled = {str(written): meant for written, meant in field.spelled.items() if written not in {None, ""}}
    if spelled:
        yield "Values", ", ".join(f"{written} is {_shown(meant)}" for written, meant in spelled.items())
    if field.secret:
        yield "Secret", "encrypted in the ODB, never shown or exported"
    if field.lines:
        yield "List", "read as lines"
    pending = kind.pending or field.pending
    if pending:
        yield "Effect", f"none yet: {pending}"


def _shown(value: object) -> str:
    return "none" if value in {None, ""} else str(value).lower() if isinstance(value, bool) else str(value)
