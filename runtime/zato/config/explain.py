"""Explain: what every field of an object is, and what set it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from zato.config.document import Document, Node, Variable, variables_of
from zato.config.load import Wanted
from zato.config.normalise import Entry
from zato.config.problems import Place, did_you_mean
from zato.config.sections import SPELLINGS
from zato.config.source import Sources
from zato.kinds.base import Field, fields_of
from zato.kinds.redact import redacted_value

DEFAULT, NOT_SET = "its default", "not set"
HIDDEN = "***"
"""What is shown of a secret."""


class Used(msgspec.Struct, frozen=True):
    """A variable that a value came from."""

    name: str
    source: str
    """Where its value was found: a place in the --env-file, `the environment`, DEFAULT, or NOT_SET; "" where nobody
    looked, since the value is in the ODB."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A field, its value, and what set it."""

    field: str
    value: Any = None
    """`***` for a secret."""
    is_known: bool = True
    """False where a variable is not set, so that nobody knows the value."""
    is_implied: bool = False
    """Whether the spelling of the section says it."""
    unit: str = ""
    secret: bool = False
    place: Place | None = None
    """Where the value is written; None for a default, and for what is in the ODB."""
    set_by: str = ""
    """What set it in the ODB, where no file is read."""
    written_as: str = ""
    """The name that the field has there, if it is another one."""
    through: Place | None = None
    """Where the alias stands that took the value from its place, or the first one of a `<<`."""
    variables: tuple[Used, ...] = ()


class ExplainedObject(msgspec.Struct, frozen=True):
    """An object with all its fields."""

    section: str
    name: str
    place: Place | None
    included_at: tuple[Place, ...]
    """Where the files are included that lead to it: the nearest include first."""
    fields: tuple[Explained, ...]


class Explanation(msgspec.Struct, frozen=True):
    """The answer to what was asked."""

    objects: list[ExplainedObject]
    missing: dict[str, str]
    """What matches nothing → what was probably meant, or ""."""


def explain(wanted: Wanted, patterns: Sequence[str], variables: Mapping[str, str]) -> Explanation:
    """Explain the objects that patterns choose, faulty ones included.

    A pattern is `section/name`, a section or a name, each with `*` and `?` for any characters and with any spelling
    of the section. `variables` says where each environment variable was set.
    """
    named = [entry for entry in wanted.entries if entry.name is not None]
    paths = {_path(entry): entry for entry in named}
    chosen: dict[str, Entry] = {}
    missing: dict[str, str] = {}
    for pattern in patterns:
        found = matching(pattern, paths)
        chosen |= {path: paths[path] for path in found}
        if not found:
            missing[pattern] = nearest(pattern, paths)
    explaining = _Explaining(wanted, variables)
    return Explanation([explaining.object(entry) for path, entry in paths.items() if path in chosen], missing)


def _path(entry: Entry) -> str:
    return f"{entry.found.section.name}/{entry.name}"


def matching(pattern: str, paths: Iterable[str]) -> list[str]:
    """The paths of objects, as `section/name`, that a pattern chooses."""
    wanted = _canonical(pattern)
    return [path for path in paths if path == wanted or fnmatchcase(path, wanted)]


def nearest(pattern: str, paths: Iterable[str]) -> str:
    """A hint that names what was probably meant, or ""."""
    if "/" in pattern:
        return did_you_mean(_canonical(pattern), paths)
    return did_you_mean(pattern, [*(path.partition("/")[2] for path in paths), *SPELLINGS])


def _canonical(pattern: str) -> str:
    head, slash, name = pattern.partition("/")
    section = SPELLINGS[head][0].name if head in SPELLINGS else head
    if slash:
        return f"{section}/{name}"
    return f"{section}/*" if head in SPELLINGS else f"*/{pattern}"


class _Explaining:
    def __init__(self, wanted: Wanted, variables: Mapping[str, str]) -> None:
        self._sources = Sources(wanted.documents)
        self._documents = {document.name: document for document in wanted.documents}
        self._typed = {id(item.entry): item.object for item in wanted.valid}
        self._variables = variables

    def object(self, entry: Entry) -> ExplainedObject:
        node = entry.found.node
        fields = [self._field(entry, field) for field in fields_of(entry.kind).values()]
        if entry.found.section.typed:
            fields.insert(1, self._type(entry))
        section, includes = entry.found.section.name, tuple(self._includes(node.document))
        return ExplainedObject(section, str(entry.name), node.place, includes, tuple(fields))

    def _includes(self, document: Document | None) -> Iterator[Place]:
        while document is not None and document.included_at is not None:
            yield document.included_at
            document = self._documents.get(document.included_at.file)

    def _type(self, entry: Entry) -> Explained:
        told = Explained(field="type", value=entry.kind.__struct_config__.tag)
        if "type" in entry.found.node:
            return self._written(entry, "type", told)
        return msgspec.structs.replace(told, is_implied=True)

    def _field(self, entry: Entry, field: Field) -> Explained:
        typed = self._typed.get(id(entry))
        value = entry.values.get(field.name, field.default) if typed is None else getattr(typed, field.name)
        told = Explained(
            field=field.name,
            value=redacted_value(value),
            unit=field.unit,
            secret=field.secret,
        )
        if field.secret and told.value is not None:
            told = msgspec.structs.replace(told, value=HIDDEN)
        if field.name in entry.unknown:
            told = msgspec.structs.replace(told, value=None, is_known=False)
        elif field.name not in entry.values:
            return told
        return self._written(entry, entry.written.get(field.name, field.name), told)

    def _written(self, entry: Entry, key: str, told: Explained) -> Explained:
        """Add where the value under a key is written, and which variables it came from."""
        node = entry.found.node
        place, through = self._origin(node, key)
        return msgspec.structs.replace(
            told,
            place=place,
            through=through,
            written_as="" if key == told.field else key,
            variables=tuple(Used(v.name, self._source_of(v)) for v in variables_of(node[key])),
        )

    def _origin(self, node: Node, key: str) -> tuple[Place, Place | None]:
        """Where a value is written; where it is not in the object itself, also through which alias it got there."""
        source, place = self._sources.of(node.place), node.value_place(key)
        through = None
        line, column = place.line - 1, place.column - 1
        own = source.container(*node.start)
        if own is not None and not any((span.line, span.column) == (line, column) for span in own.values):
            merges = (value for span, value in zip(own.keys, own.values, strict=True) if source.text_of(span) == "<<")
            through = next((Place(place.file, span.line + 1, span.column + 1) for span in merges), None)
        anchored = source.anchor_of(line, column)
        if anchored is not None:
            return Place(place.file, anchored.line + 1, anchored.column + 1), through or place
        return place, through

    def _source_of(self, variable: Variable) -> str:
        return self._variables.get(variable.name) or (DEFAULT if variable.default is not None else NOT_SET)
