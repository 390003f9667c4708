"""Rewrite: an existing file takes over a configuration and keeps its comments, its order and its spellings.

The text is edited where something differs, and read again: what an edit does to others, through anchors and `<<`, is
seen then. A text in which nothing differs any more is the result, so it holds what it should by construction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from zato.config.document import Document, Node, Unreadable, parse, variables_in
from zato.config.editing import Edit, Editor, applied
from zato.config.env_example import needed
from zato.config.export import as_written, escaped, exported, secret_references
from zato.config.merge import merge
from zato.config.normalise import Entry, normalise, spellings_of
from zato.config.problems import Problems
from zato.config.read import read
from zato.config.sections import HTTP_SOAP, SPELLINGS
from zato.config.snapshot import Key, key_of
from zato.config.source import Source, Span
from zato.errors import ConfigurationError, ZatoError
from zato.kinds.base import Kind, fields_of

MAX_PASSES = 20
"""How often a text is read again; each pass takes care of one sort of edit, anchors can make several of each."""

References = Mapping[Key, Mapping[str, str]]


class Rewritten(msgspec.Struct, frozen=True):
    """What became of a file."""

    text: str
    objects: int
    """How many objects it holds, without what it includes."""
    variables: tuple[str, ...]
    """The variables without a default that it names."""
    left: tuple[str, ...]
    """Objects that differ and stand in a file that this one includes, which is not touched."""


def rewrite(
    path: Path,
    objects: Iterable[Kind],
    references: References,
    environ: Mapping[str, str],
    *,
    is_chosen: Callable[[Key], bool] = lambda _: True,
) -> Rewritten:
    """Make the text of a file that holds the given objects: changed fields edited, new objects added, others removed.

    `references` are the texts with `${NAME}` that values were imported from; a value whose text in the file is its
    reference stays, whatever the variable holds now. `is_chosen` says which objects may change at all. Raises
    ConfigurationError where the file has problems, and ZatoError where it cannot be edited.
    """
    everything = list(objects)
    wanted = {key_of(thing): thing for thing in everything if is_chosen(key_of(thing))}
    target = _Target(wanted, references, secret_references(everything, references), is_chosen)
    documents, environ = _documents(path, environ, target)
    first = comparison = _Comparison(documents[0].text, documents, environ, target)
    if first.problems.errors:
        raise ConfigurationError(list(first.problems), first.documents)
    with suppress(Unreadable):
        for _ in range(MAX_PASSES):
            edits = comparison.edits()
            if not edits:
                return comparison.result()
            comparison = _Comparison(applied(comparison.text, edits), documents, environ, target)
            if comparison.problems.errors:
                break
    raise ZatoError(f"{path} cannot be edited so that it holds what it should; export to a new file")


def _documents(path: Path, environ: Mapping[str, str], target: _Target) -> tuple[list[Document], Mapping[str, str]]:
    """Read a file with what it includes; and the environment, where variables that are not set stand for nothing."""
    documents, _ = read([str(path)], environ, Problems())
    named = {match[1] for document in documents for match in _NAMED.finditer(document.text)}
    named |= {
        variable.name for of_it in target.secrets.values() for text in of_it.values() for variable in variables_in(text)
    }
    environ = {**dict.fromkeys(named, UNSET), **{name: value for name, value in environ.items() if value}}
    problems = Problems()
    documents, _ = read([str(path)], environ, problems)
    if problems.errors:
        raise ConfigurationError(list(problems), documents)
    return documents, environ


UNSET = "\0"
"""What variables hold that are not set: no text in a file does."""
_NAMED = re.compile(r"(?:Zato_?Enmasse_?Env\.|\$\{)([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|:-)")


class _Target(msgspec.Struct, frozen=True):
    """What the file is to hold."""

    objects: Mapping[Key, Kind]
    references: References
    secrets: References
    is_chosen: Callable[[Key], bool]

    def value(self, thing: Kind, field: str) -> Any:
        """A field's value as it is written."""
        secret = self.secrets.get(key_of(thing), {}).get(field)
        if secret:
            return as_written(secret, fields_of(type(thing))[field])
        return escaped(msgspec.to_builtins(getattr(thing, field)))

    def written(self, thing: Kind) -> dict[str, Any]:
        """An object as it is written."""
        return exported(thing, self.secrets.get(key_of(thing), {}))


class _Item(msgspec.Struct, eq=False):
    """An object as it stands in the file, and what it is to be."""

    entry: Entry
    key: Span
    """The key of its section."""
    sequence: Span
    number: int
    own: Span | None
    """Its mapping; None where it is only an alias of another."""
    wanted: Kind | None
    """None where it is to go."""
    changed: Sequence[str]
    """The fields that are not as wanted."""

    @property
    def span(self) -> Span:
        """All of it."""
        return self.sequence.values[self.number]

    @property
    def is_new_kind(self) -> bool:
        """Whether it has to be written anew."""
        return bool(self.changed) and (self.own is None or self.entry.kind is not type(self.wanted))

    def pairs(self) -> Iterator[tuple[str, Span, Span]]:
        """What its mapping says itself: canonical name of the field, or as it is written, with key and value."""
        known, node = spellings_of(self.entry.kind), self.entry.found.node
        at = {position[:2]: key for key, position in node.positions.items()}
        if self.own is not None:
            for key, value in zip(self.own.keys, self.own.values, strict=True):
                written = at.get((key.line, key.column), "<<")
                yield known[written][0].name if written in known else str(written), key, value


class _Comparison:
    """A text as it is, against what it is to hold."""

    def __init__(self, text: str, documents: Sequence[Document], environ: Mapping[str, str], target: _Target) -> None:
        """Read a text that is to replace the first one of some documents. Raises Unreadable."""
        document = Document(documents[0].name, text)
        self.text = text
        self.documents = [document, *documents[1:]]
        self.problems = Problems()
        self._target = target
        root = parse(document, environ, self.problems)
        document.root = root if isinstance(root, Node) else Node()
        document.root.pop("include", None)
        self._document = document
        self._source = Source(document)
        self._editor = Editor(self._source)
        merged = merge(self.documents, self.problems, ignore_unsupported=True)
        self._entries = normalise(merged.objects, self.problems)
        for entry in self._entries:
            given = entry.found.node.get("name")
            if isinstance(given, str) and UNSET in given:
                self.problems.error(entry.place("name"), "the name depends on a variable that is not set")

    def edits(self) -> list[Edit]:
        """What is to be done first; none where the text is as it should be."""
        items = list(self._items())
        return self._freed(items) or self._changed(items) or self._removed(items) or self._added()

    def result(self) -> Rewritten:
        """The text, and what is to be told of it."""
        here = [entry for entry in self._entries if entry.found.node.document is self._document]
        variables = needed(self._document.root)
        return Rewritten(self.text, len(here), tuple(variables), tuple(self._left()))

    def _left(self) -> Iterator[str]:
        """What differs in the files that are not touched."""
        for entry in self._entries:
            key = _key(entry)
            if entry.found.node.document is self._document or not self._target.is_chosen(key):
                continue
            thing = self._target.objects.get(key)
            if thing is None:
                yield f"{entry.found.node.place}: {entry.found.path} does not exist any more"
            elif changed := self._differences(entry, thing):
                yield f"{entry.found.node.place}: {entry.found.path} differs in {', '.join(changed)}"

    def _items(self) -> Iterator[_Item]:
        entries = {id(entry.found.node): entry for entry in self._entries}
        for key, sequence, content in self._sections():
            if sequence.shape != "sequence":
                continue
            for number, node in enumerate(content):
                entry = entries[id(node)]
                if self._target.is_chosen(_key(entry)):
                    wanted = self._target.objects.get(_key(entry))
                    changed = [] if wanted is None else self._differences(entry, wanted)
                    own = self._source.container(*node.start)
                    is_alias = sequence.values[number].shape == "alias"
                    yield _Item(entry, key, sequence, number, None if is_alias else own, wanted, changed)

    def _sections(self) -> Iterator[tuple[Span, Span, Any]]:
        """The sections of the file that we know: key, value and content."""
        root, at = self._source.root, {}
        if root is not None and root.shape == "mapping":
            at = {(key.line, key.column): (key, value) for key, value in zip(root.keys, root.values, strict=True)}
        for spelling, content in self._document.root.items():
            position = self._document.root.positions[spelling][:2]
            if position in at and (spelling in SPELLINGS or spelling == HTTP_SOAP):
                yield (*at[position], content)

    def _differences(self, entry: Entry, thing: Kind) -> list[str]:
        """The fields of an object that are not as wanted."""
        if entry.kind is not type(thing):
            return ["type"]
        values = {name: value for name, value in entry.values.items() if name != "type"}
        compared = {name: value for name, value in values.items() if not self._is_settled(entry, name)}
        here = _converted(compared, thing)
        return [
            name
            for name, field in fields_of(type(thing)).items()
            if (name in compared and not _is_same(here, compared[name], thing, name))
            or (name not in values and getattr(thing, name) != field.default)
        ]

    def _is_settled(self, entry: Entry, name: str) -> bool:
        """Whether the variable that a value is written as is the right one, whatever it holds now.

        A secret may come from any variable that is not set, as long as nobody knows from which one it was imported.
        """
        text, reference = entry.variables.get(name), self._target.references.get(_key(entry), {}).get(name)
        if text is None or text == reference:
            return text is not None
        secret = self._target.secrets.get(_key(entry), {}).get(name)
        return secret is not None and (text == secret or (reference is None and UNSET in entry.values[name]))

    # Edits, of one sort at a time

    def _freed(self, items: Sequence[_Item]) -> list[Edit]:
        """Say what comes through an alias from a place that is going to be edited away."""
        lost = {part.anchor for item in items for gone in _going(item) for part in gone.walk() if _has_anchor(part)}
        if not lost:
            return []
        return [edit for item in items if item.wanted for edit in self._without_aliases(item, item.wanted, lost)]

    def _without_aliases(self, item: _Item, wanted: Kind, lost: set[str]) -> Iterator[Edit]:
        if item.own is None:
            if item.span.anchor in lost:
                yield self._editor.item(item.sequence, item.span, self._target.written(wanted))
            return
        said = [name for name, _, _ in item.pairs()]
        merged = [name for name in item.entry.values if name not in said and name != "type"]
        for name, key, value in item.pairs():
            if not any(part.shape == "alias" and part.anchor in lost for part in value.walk()):
                continue
            if name == "<<":
                fields = {field: self._target.value(wanted, field) for field in merged}
                yield self._editor.fields_for(item.own, key, value, fields or {"is_active": wanted.is_active})
            else:
                yield self._editor.value(item.own, key, value, self._target.value(wanted, name))

    def _changed(self, items: Sequence[_Item]) -> list[Edit]:
        return [edit for item in items if item.wanted and item.changed for edit in self._object(item, item.wanted)]

    def _object(self, item: _Item, wanted: Kind) -> Iterator[Edit]:
        if item.own is None or item.is_new_kind:
            yield self._editor.item(item.sequence, item.span, self._target.written(wanted))
            return
        said = [(name, key, value) for name, key, value in item.pairs() if name in item.changed]
        for name, key, value in said:
            new = self._target.value(wanted, name)
            if new is None:
                yield self._editor.without_field(item.own, key, value)
            else:
                yield self._editor.value(item.own, key, value, new)
        if not said:
            fields = {name: self._target.value(wanted, name) for name in item.changed}
            yield self._editor.more_fields(item.own, fields)

    def _removed(self, items: Sequence[_Item]) -> list[Edit]:
        gone: dict[int, list[_Item]] = {}
        for item in items:
            if item.wanted is None:
                gone.setdefault(item.sequence.start, []).append(item)
        return [
            edit
            for of_section in gone.values()
            for edit in self._editor.without_items(
                of_section[0].key, of_section[0].sequence, [item.number for item in of_section]
            )
        ]

    def _added(self) -> list[Edit]:
        there = {_key(entry) for entry in self._entries}
        new: dict[str, list[dict[str, Any]]] = {}
        for key, thing in self._target.objects.items():
            if key not in there:
                new.setdefault(thing.section, []).append(self._target.written(thing))
        edits: list[Edit] = []
        for spelling, (section, implied) in SPELLINGS.items():
            if section.name in new and implied is None and spelling in self._document.root:
                edits += self._into(spelling, new.pop(section.name))
        return [*edits, self._editor.more_sections(new)] if new else edits

    def _into(self, spelling: str, new: Sequence[Mapping[str, Any]]) -> list[Edit]:
        position = self._document.root.positions[spelling][:2]
        key, value = next((k, v) for k, v, _ in self._sections() if (k.line, k.column) == position)
        if value.shape == "sequence" and value.values:
            return [self._editor.more_items(value, new)]
        return self._editor.filled(key, value, new)


def _key(entry: Entry) -> Key:
    return entry.found.section.name, str(entry.name)


def _going(item: _Item) -> Iterator[Span]:
    """What of an object will not be in the text any more, with its anchors."""
    if item.wanted is None or item.is_new_kind:
        yield item.span
        return
    for name, _, value in item.pairs():
        if name in item.changed:
            is_removed = getattr(item.wanted, name) is None
            yield from [value] if is_removed else [*value.keys, *value.values]


def _has_anchor(part: Span) -> bool:
    return bool(part.anchor) and part.shape != "alias"


def _converted(values: Mapping[str, Any], like: Kind) -> Kind | None:
    """An object with some values and all others as in another object; None where they do not fit."""
    complete = {name: msgspec.to_builtins(getattr(like, name)) for name in fields_of(type(like))}
    tag = like.__struct_config__.tag
    try:
        return msgspec.convert({**({"type": tag} if tag else {}), **complete, **values}, type(like))
    except msgspec.ValidationError:
        return None


def _is_same(here: Kind | None, value: Any, wanted: Kind, name: str) -> bool:
    if here is None:
        return bool(value == msgspec.to_builtins(getattr(wanted, name)))
    return bool(getattr(here, name) == getattr(wanted, name))
