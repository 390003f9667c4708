"""One file as read: every value knows where it stands and which variable it came from.

YAML is read off libyaml's events in one walk: that costs a fraction of building nodes, gives every position, and sees
duplicate keys, aliases and depth before anything is built (reference: connectors, section 8; reliability, section 5.1).
JSON is read by the same parser, being a subset. Scalars follow YAML 1.1 as in Zato, but dates and base-60 numbers
(`22:22`) stay text, since no field wants them as anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

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
"""How many values the aliases of one file may repeat, written out, on top of one for each character of the file."""

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

    __slots__ = ("is_known", "reference", "variable")

    reference: str
    """The text with its variables as `${NAME}`, whatever syntax they were written in."""
    variable: str
    """Name of the variable that is all of the text, or ""."""
    is_known: bool
    """False where a variable is not set, which was told already."""


class Variable(NamedTuple):
    """A variable that a text names."""

    name: str
    default: str | None
    """What stands for it where it is not set."""


def variables_in(text: str) -> list[Variable]:
    """The variables of a text, in any syntax, in the order in which they stand there."""
    found = (Variable(name, match["default"]) for match in _VARIABLE.finditer(text) if (name := _variable_name(match)))
    return list(dict.fromkeys(found))


def variables_of(value: Any) -> list[Variable]:
    """The variables that a value, or what is in it, names or came from."""
    if isinstance(value, str):
        return variables_in(value.reference if isinstance(value, FromVariables) else value)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return list(dict.fromkeys(variable for item in items for variable in variables_of(item)))


def is_unknown(value: Any) -> bool:
    """Whether a value depends on an environment variable that is not set, which was told already."""
    return isinstance(value, FromVariables) and not value.is_known


class Document(msgspec.Struct, eq=False):
    """One file as read."""

    name: str
    """Path as the user gave it, or `<stdin>`."""
    text: str = ""
    sha256: str = ""
    """Of the bytes of the file, in hexadecimal."""
    included_at: Place | None = None
    """Where the `include` is that it was read for; None for what the user gave."""
    root: Node = msgspec.field(default_factory=Node)

    @property
    def lines(self) -> list[str]:
        """The source text, line by line as YAML counts them."""
        return _LINE_BREAK.split(self.text)


class Unreadable(Exception):
    """A file cannot be read to its end."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        self.place, self.message, self.hint = place, message, hint
        super().__init__(message)


def parse(document: Document, environ: Mapping[str, str], problems: Problems) -> Any:
    """Build the value of a document's text, None for an empty one.

    Duplicate keys and unset variables are noted and read on past. Raises Unreadable.
    """
    text, _ = without_surrogates(document.text)
    try:
        return _Builder(document, environ, problems).build(text)
    except yaml.MarkedYAMLError as e:
        place = _place_of(e.problem_mark or e.context_mark, document)
        raise Unreadable(place, f"{_not(document)}: {e.problem or e.context}", _hint(e, document)) from None
    except yaml.reader.ReaderError as e:
        before = _LINE_BREAK.split(text.encode()[: e.position].decode(errors="replace"))
        place = Place(document.name, len(before), len(before[-1]) + 1)
        raise Unreadable(place, f"{_not(document)}: {e.reason}") from None


class _Builder:
    def __init__(self, document: Document, environ: Mapping[str, str], problems: Problems) -> None:
        self._document = document
        self._environ = environ
        self._problems = problems
        self._anchors: dict[str, Any] = {}
        self._merges: dict[int, tuple[Any, Any]] = {}  # id of an unfinished mapping → what it merges, and the event
        self._may_repeat = MAX_ALIASED_VALUES
        self._is_json = document.name.endswith(".json")

    def build(self, text: str) -> Any:
        self._may_repeat += len(text)
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
                    is_key = type(current) is Node and key is _NO_KEY
                    if not is_key:
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
                if kind is MappingEndEvent:
                    if id(value) in self._merges:
                        self._merge(value, *self._merges.pop(id(value)))
                    if len(value) == 1:
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
                if value == "<<" and kind is ScalarEvent and event.implicit[0]:
                    value = _MERGE
                self._check_key(value, current, event)
                key, key_line, key_column = value, line, column
            else:
                if key is _MERGE:
                    self._merges[id(current)] = value, event
                else:
                    current[key] = value
                    current.positions[key] = (key_line, key_column, line, column)
                key = _NO_KEY

    def _check_container(self, event: Any, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise self._unreadable(event, f"values are nested deeper than {MAX_DEPTH}")
        if event.tag is not None and event.tag not in _CONTAINER_TAGS:
            raise self._unknown_tag(event)

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
            place = Place(self._document.name, key.start[0] + 1, key.start[1] + 1)
            raise Unreadable(place, "a key is a single text", "quote it if it is one")
        place = self._place(event.start_mark)
        if key is _MERGE:
            if id(current) in self._merges:
                self._problems.error(place, "`<<` is given twice in one mapping", hint="merge a list: `<<: [*a, *b]`")
        elif key in current:
            first = current.key_place(key)
            self._problems.error(
                place,
                f"the key `{key}` is given twice in one mapping",
                hint=f"the first one is at line {first.line}; keep one",
                related=(("first", first),),
            )

    def _merge(self, current: Node, value: Any, event: Any) -> None:
        """Take over what a mapping does not say itself; of several that are merged, the first one counts."""
        for merged in value if isinstance(value, Items) else [value]:
            if not isinstance(merged, Node):
                raise self._unreadable(event, "`<<` merges mappings, and this is none")
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
        self._may_repeat -= _count(value, self._may_repeat + 1)
        if self._may_repeat < 0:
            raise self._unreadable(event, "the aliases of this file repeat too many values", "write them out")
        return value

    def _plain(self, event: Any) -> Any:
        text = event.value
        if self._is_json and _EXPONENT.fullmatch(text):
            return float(text)  # a text in YAML 1.1
        for tag, pattern in _RESOLVERS.get(text[0] if text else "", ()):
            if pattern.match(text):
                return text if tag in _STAYS_TEXT else self._constructed(tag, event)
        return text

    def _tagged(self, event: Any) -> Any:
        if event.tag == "!" and event.implicit[0]:
            return self._plain(event)
        if event.tag in {"!", _STR_TAG}:
            return event.value
        if event.tag not in _SCALAR_TAGS:
            raise self._unknown_tag(event)
        return self._constructed(event.tag, event)

    def _unknown_tag(self, event: Any) -> Unreadable:
        tag = event.tag.replace(_TAG, "!!")
        return self._unreadable(event, f"the tag `{tag}` is not known", "write plain values, without tags")

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
        unset: list[str] = []
        replaced = _VARIABLE.sub(lambda match: self._variable(match, unset), text)
        reference = _VARIABLE.sub(_reference, text)
        if replaced == text == reference:
            return text
        for name in unset:
            message = f"the environment variable `{name}` is {'empty' if name in self._environ else 'not set'}"
            hint = f"set it, put it into the --env-file, or write a default: `${{{name}:-default}}`"
            self._problems.error(place, message, hint=hint)
        whole = _VARIABLE.fullmatch(text)
        result = FromVariables(replaced)
        result.reference = reference
        result.variable = (whole and _variable_name(whole)) or ""
        result.is_known = not unset
        return result

    def _variable(self, match: re.Match[str], unset: list[str]) -> str:
        name = _variable_name(match)
        if name is None:
            return "${"  # written as $${
        value = self._environ.get(name) or match["default"]  # as in a shell, an empty variable is as good as none
        if value is None:
            unset.append(name)
        return value or ""

    def _place(self, mark: Any) -> Place:
        return Place(self._document.name, mark.line + 1, mark.column + 1)

    def _unreadable(self, event: Any, message: str, hint: str = "") -> Unreadable:
        return Unreadable(self._place(event.start_mark), message, hint)


_NO_KEY = object()
_MERGE = object()
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
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_EXPONENT = re.compile(r"-?\d+(\.\d+)?[eE][-+]?\d+")
_SURROGATES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def _variable_name(match: re.Match[str]) -> str | None:
    return match["bare"] or match["braced"] or match["dollar"]


def _reference(match: re.Match[str]) -> str:
    name = _variable_name(match)
    return match[0] if name is None or match["dollar"] else f"${{{name}}}"


def without_surrogates(text: str) -> tuple[str, list[int]]:
    """The text as YAML can read it, and where it became two characters shorter.

    JSON writes characters beyond the BMP as two escapes; YAML knows them as one.
    """
    joined: list[int] = []
    if "\\u" not in text:
        return text, joined

    def join(match: re.Match[str]) -> str:
        joined.append(match.start() - 2 * len(joined))
        high, low = (int(match[n], 16) for n in (1, 2))
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    return _SURROGATES.sub(join, text), joined


def _count(value: Any, bound: int) -> int:
    """How many values a value holds, itself included, aliases as if written out; counted no further than `bound`."""
    waiting, count = [value], 0
    while waiting and count < bound:
        count += 1
        item = waiting.pop()
        if isinstance(item, Node):
            waiting.extend(item.values())
        elif isinstance(item, Items):
            waiting.extend(item)
    return count


def _place_of(mark: yaml.Mark | None, document: Document) -> Place:
    """The end of a file that ends too early is said to be a line further."""
    if mark is None:
        return Place(document.name)
    lines = document.lines
    if mark.line >= len(lines):
        return Place(document.name, len(lines), len(lines[-1]) + 1)
    return Place(document.name, mark.line + 1, mark.column + 1)


def _not(document: Document) -> str:
    return f"this is not {'JSON' if document.name.endswith('.json') else 'YAML'}"


_UNCLEAR = {
    "mapping values are not allowed in this context": "one `name: value` to a line; quote a text that holds `: `",
    "did not find expected key": "look for a quote or an indentation that is wrong, here or just before",
    "did not find expected '-' indicator": "begin each item of the list with `- `, at the same indentation",
    "could not find expected ':'": "each line of a mapping is `name: value`",
    "found character that cannot start any token": "quote a text that begins with a special character",
}
"""What to do about messages of the YAML parser that do not say it."""


def _hint(error: yaml.MarkedYAMLError, document: Document) -> str:
    mark, began = error.problem_mark, error.context_mark
    if mark:
        line = "".join(document.lines[mark.line : mark.line + 1])
        if "\t" in line[: mark.column + 1]:
            return "indent with spaces, not tabs"
        if "{Zato_Enmasse_Env." in line:
            return "quote a text that begins with a variable"
        if began and began.line != mark.line and error.context and "block" not in error.context:
            return f"{error.context} that begins at line {began.line + 1}"
    return _UNCLEAR.get(error.problem or "", "")
