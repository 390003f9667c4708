"""One file as read: every value knows where it stands and which variable it came from.

YAML is read off libyaml's events in one walk: that costs a fraction of building nodes, gives every position, and sees
duplicate keys, aliases and depth before anything is built (reference: connectors, section 8; reliability, section 5.1).
JSON is read by the same parser, being a subset. Scalars follow YAML 1.1 as in Zato, but dates and base-60 numbers
(`22:22`) stay text, since no field wants them as anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import yaml
from yaml.constructor import SafeConstructor
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from zato.config.problems import Place, Problems

MAX_DEPTH = 50
MAX_ALIASED_VALUES = 100_000
"""How many values the aliases of one file may repeat, counted as if they were written out."""

Position = tuple[int, int, int, int]
"""Line and column of a key and of its value, from 0."""


class Node(dict[Any, Any]):
    """A mapping as read, with the position of each key and value."""

    __slots__ = ("document", "positions", "start")

    document: Document
    start: tuple[int, int]
    positions: dict[Any, Position]

    def key_place(self, key: Any) -> Place:
        """Where a key stands; where the mapping begins if it has no such key."""
        line, column = self.positions[key][:2] if key in self.positions else self.start
        return Place(self.document.name, line + 1, column + 1)

    def value_place(self, key: Any) -> Place:
        """Where the value of a key stands; where the mapping begins if it has no such key."""
        line, column = self.positions[key][2:] if key in self.positions else self.start
        return Place(self.document.name, line + 1, column + 1)

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return Place(self.document.name, self.start[0] + 1, self.start[1] + 1)


class Items(list[Any]):
    """A sequence as read, with the position of each item."""

    __slots__ = ("positions", "start")

    start: tuple[int, int]
    positions: list[tuple[int, int]]


class FromVariables(str):
    """A text in which environment variables were replaced; it remembers which."""

    __slots__ = ("reference",)

    reference: str
    """The text with its variables as `${NAME}`, whatever syntax they were written in."""


class Document(msgspec.Struct, eq=False):
    """One file as read."""

    name: str
    """Path as the user gave it, or `<stdin>`."""
    text: str = ""
    root: Node = msgspec.field(default_factory=Node)

    def line(self, number: int) -> str:
        """The source text of one line, counted from 1."""
        lines = self.text.split("\n", number)
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


class Unreadable(Exception):
    """A file cannot be read to its end."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        self.place, self.message, self.hint = place, message, hint
        super().__init__(message)


def parse(document: Document, environ: Mapping[str, str], problems: Problems) -> Any:
    """Build the value of a document's text, None for an empty one.

    Duplicate keys and unset variables are noted and read on past. Raises Unreadable.
    """
    text = document.text
    if "\\u" in text:
        text = _SURROGATES.sub(_joined_surrogates, text)
    try:
        return _Builder(document, environ, problems).build(text)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        place = Place(document.name, mark.line + 1, mark.column + 1) if mark else Place(document.name)
        raise Unreadable(place, f"this is not YAML: {e.problem or e.context}", _hint(e, document)) from None
    except yaml.reader.ReaderError as e:
        before = text.encode()[: e.position].decode(errors="replace")
        place = Place(document.name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise Unreadable(place, f"this is not YAML: {e.reason}") from None


class _Builder:
    def __init__(self, document: Document, environ: Mapping[str, str], problems: Problems) -> None:
        self._document = document
        self._environ = environ
        self._problems = problems
        self._anchors: dict[str, Any] = {}
        self._aliased = 0

    def build(self, text: str) -> Any:
        next_event = yaml.CSafeLoader(text).get_event
        plain: dict[str, Any] = {}  # what plain scalars mean, by their text: a file repeats a few of them
        enclosing: list[tuple[Any, Any, str | None]] = []
        current: Any = None  # the container being filled, its key that waits for a value, its anchor
        key: Any = _NO_KEY
        anchor: str | None = None
        key_line = key_column = documents = 0
        root: Any = None
        while True:
            event: Any = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                value: Any = event.value
                if event.tag is None:
                    if event.implicit[0] and (not value or value[0] in _FIRST):
                        try:
                            value = plain[value]
                        except KeyError:
                            value = plain[value] = self._plain(event)
                else:
                    value = self._tagged(event)
                mark = event.start_mark
                line, column = mark.line, mark.column
                if type(value) is str and ("$" in value or "Enmasse" in value):
                    value = self._replaced(value, Place(self._document.name, line + 1, column + 1))
                if event.anchor:
                    self._anchors[event.anchor] = value
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._check_container(event, len(enclosing))
                enclosing.append((current, (key, key_line, key_column), anchor))
                current, key = self._container(kind, event.start_mark), _NO_KEY
                anchor = event.anchor
                if anchor:
                    self._anchors[anchor] = _OPEN
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value, closed = current, anchor
                current, (key, key_line, key_column), anchor = enclosing.pop()
                line, column = value.start
                if len(value) == 1 and kind is MappingEndEvent:
                    value = self._unquoted_variable(value)
                if closed:
                    self._anchors[closed] = value
            elif kind is AliasEvent:
                mark = event.start_mark
                line, column = mark.line, mark.column
                value = self._alias(event)
            elif kind is StreamEndEvent:
                return root
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._unreadable(event, "a file holds one document", "split it at the `---`")
                continue
            else:
                continue

            if current is None:
                root = value
            elif type(current) is Items:
                current.append(value)
                current.positions.append((line, column))
            elif key is _NO_KEY:
                self._check_key(value, current, event)
                key, key_line, key_column = value, line, column
            else:
                if key == "<<":
                    self._merge(current, value, event)
                else:
                    current[key] = value
                    current.positions[key] = (key_line, key_column, line, column)
                key = _NO_KEY

    def _check_container(self, event: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise self._unreadable(event, f"values are nested deeper than {MAX_DEPTH}")
        if event.tag is not None and event.tag not in _CONTAINER_TAGS:
            raise self._unreadable(event, f"unknown tag `{event.tag}`")

    def _container(self, kind: type, mark: Any) -> Node | Items:
        container: Node | Items
        if kind is MappingStartEvent:
            container = Node()
            container.document = self._document
            container.positions = {}
        else:
            container = Items()
            container.positions = []
        container.start = (mark.line, mark.column)
        return container

    def _check_key(self, key: Any, current: Node, event: Any) -> None:
        if isinstance(key, (Node, Items)):
            raise self._unreadable(event, "a key is a single text")
        if key in current:
            first = current.key_place(key)
            self._problems.error(
                self._place(event.start_mark),
                f"the key `{key}` is given twice in one mapping",
                hint=f"the first one is at line {first.line}",
                related=(("first", first),),
            )

    def _merge(self, current: Node, value: Any, event: Any) -> None:
        for merged in value if isinstance(value, Items) else [value]:
            if not isinstance(merged, Node):
                raise self._unreadable(event, "`<<` merges mappings")
            self._count_aliased(len(merged), event)
            for key, item in merged.items():
                if key not in current:
                    current[key] = item
                    current.positions[key] = merged.positions[key]

    def _alias(self, event: Any) -> Any:
        value = self._anchors.get(event.anchor, _UNDEFINED)
        if value is _UNDEFINED:
            raise self._unreadable(event, f"there is no anchor `&{event.anchor}`")
        if value is _OPEN:
            raise self._unreadable(event, f"`*{event.anchor}` stands inside `&{event.anchor}`")
        self._count_aliased(sum(1 for _ in _values(value, MAX_ALIASED_VALUES + 1)), event)
        return value

    def _count_aliased(self, count: int, event: Any) -> None:
        self._aliased += count
        if self._aliased > MAX_ALIASED_VALUES:
            raise self._unreadable(event, f"aliases repeat more than {MAX_ALIASED_VALUES} values")

    def _plain(self, event: Any) -> Any:
        text = event.value
        for tag, pattern in _RESOLVERS.get(text[0] if text else "", ()):
            if pattern.match(text):
                return text if tag in _STAYS_TEXT else self._constructed(tag, event)
        return text

    def _tagged(self, event: Any) -> Any:
        if event.tag in {"!", _STR_TAG}:
            return event.value
        if event.tag not in _SCALAR_TAGS:
            raise self._unreadable(event, f"unknown tag `{event.tag}`")
        return self._constructed(event.tag, event)

    def _constructed(self, tag: str, event: Any) -> Any:
        text = event.value
        if ":" in text and tag in _NUMBER_TAGS:
            return text
        try:
            return SafeConstructor.yaml_constructors[tag](_CONSTRUCTOR, yaml.ScalarNode(tag, text))
        except (ValueError, KeyError):
            raise self._unreadable(event, "this value cannot be read", "quote it if it is a text") from None

    def _unquoted_variable(self, node: Node) -> Any:
        """`{Zato_Enmasse_Env.NAME}` without quotes reads as a mapping; in 3.2 it is a variable."""
        key, value = next(iter(node.items()))
        if value is None and isinstance(key, str) and _BARE.fullmatch(key):
            return self._replaced(f"{{{key}}}", node.place)
        return node

    def _replaced(self, text: str, place: Place) -> Any:
        """Replace the variables of a text (reference: enmasse, section 4.4); an unset one is an error at its place."""
        replaced = _VARIABLE.sub(lambda match: self._variable(match, place), text)
        reference = _VARIABLE.sub(_reference, text)
        if replaced == text == reference:
            return text
        result = FromVariables(replaced)
        result.reference = reference
        return result

    def _variable(self, match: re.Match[str], place: Place) -> str:
        name = _variable_name(match)
        if name is None:
            return "${"  # written as $${
        if name in self._environ:
            return self._environ[name]
        if match["default"] is None:
            message = f"the environment variable `{name}` is not set"
            self._problems.error(place, message, hint="set it, or put it into the --env-file")
        return match["default"] or ""

    def _place(self, mark: Any) -> Place:
        return Place(self._document.name, mark.line + 1, mark.column + 1)

    def _unreadable(self, event: Any, message: str, hint: str = "") -> Unreadable:
        return Unreadable(self._place(event.start_mark), message, hint)


_NO_KEY = object()
_OPEN = object()
_UNDEFINED = object()
_CONSTRUCTOR = SafeConstructor()
_RESOLVERS = yaml.CSafeLoader.yaml_implicit_resolvers
_FIRST = {first for first in _RESOLVERS if first is not None}
_TAG = "tag:yaml.org,2002:"
_STR_TAG = _TAG + "str"
_STAYS_TEXT = {_TAG + name for name in ("timestamp", "merge", "value")}
_NUMBER_TAGS = {_TAG + name for name in ("int", "float")}
_SCALAR_TAGS = {_TAG + name for name in ("int", "float", "bool", "null")}
_CONTAINER_TAGS = {_TAG + name for name in ("map", "seq")} | {"!"}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_BARE = re.compile(rf"Zato_Enmasse_Env\.{_NAME}")
_VARIABLE = re.compile(
    rf"^(?:Zato_Enmasse_Env|ZatoEnmasseEnv)\.(?P<bare>{_NAME})$"
    rf"|\{{Zato_Enmasse_Env\.(?P<braced>{_NAME})\}}"
    rf"|\$\$\{{"
    rf"|\$\{{(?P<dollar>{_NAME})(?::-(?P<default>[^}}]*))?\}}"
)
_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def _variable_name(match: re.Match[str]) -> str | None:
    return match["bare"] or match["braced"] or match["dollar"]


def _reference(match: re.Match[str]) -> str:
    name = _variable_name(match)
    return match[0] if name is None or match["dollar"] else f"${{{name}}}"


def _joined_surrogates(match: re.Match[str]) -> str:
    """JSON writes characters beyond the BMP as two escapes; YAML knows them as one."""
    high, low = (int(match[n], 16) for n in (1, 2))
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _values(value: Any, bound: int) -> Iterator[Any]:
    """The values that a value holds, itself included, aliases as if written out; no more than `bound` of them."""
    waiting = [value]
    while waiting and bound:
        bound -= 1
        item = waiting.pop()
        yield item
        if isinstance(item, Node):
            waiting.extend(item.values())
        elif isinstance(item, Items):
            waiting.extend(item)


def _hint(error: yaml.MarkedYAMLError, document: Document) -> str:
    mark = error.problem_mark
    if mark is not None and "\t" in document.line(mark.line + 1)[: mark.column + 1]:
        return "indent with spaces, not tabs"
    if error.context and error.problem and error.context_mark and mark and error.context_mark.line != mark.line:
        return f"{error.context} that begins at line {error.context_mark.line + 1}"
    return ""
