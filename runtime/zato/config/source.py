"""The text of a file as it was written: where each value begins and ends, which anchor it has, what a place shows.

The chain from files to objects needs none of this. Marking problems, telling origins and writing changes back do.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

import msgspec
import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from zato.config.document import Document, without_surrogates
from zato.config.masking import Range, is_like_a_secret, is_variable, masked, secrets_by_line
from zato.config.problems import Place

Shape = Literal["scalar", "mapping", "sequence", "alias"]


class Span(msgspec.Struct, eq=False):
    """A value or key as it is written."""

    shape: Shape
    start: int
    """Offset in the text, the anchor included."""
    end: int
    """Offset behind the last character; comments after it are left out."""
    line: int
    """Line and column of the start, from 0, as `Node` and `Items` have them."""
    column: int
    flow: bool = False
    """Whether it is in brackets."""
    anchor: str = ""
    """The anchor that it defines, or as an alias repeats."""
    keys: list[Span] = msgspec.field(default_factory=list)
    values: list[Span] = msgspec.field(default_factory=list)
    """What a mapping has under its keys, or the items of a sequence."""

    def walk(self) -> Iterator[Span]:
        """This span and all within it."""
        waiting = [self]
        while waiting:
            span = waiting.pop()
            yield span
            waiting += span.keys
            waiting += span.values


class Source:
    """A document's text, taken apart as far as it can be read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.root: Span | None = None
        self._readable, self._joined = without_surrogates(self.text)
        self._spans: dict[tuple[int, int], Span] = {}
        self._containers: dict[tuple[int, int], Span] = {}
        self._anchored: dict[tuple[int, int], Span] = {}
        self._lines = _line_starts(self.text)
        self._is_readable = True
        try:
            self._read()
        except yaml.YAMLError:
            self._is_readable = False

    def at(self, line: int, column: int) -> Span | None:
        """What begins at a position, from 0: of several the innermost, as the first key of a block mapping."""
        return self._spans.get((line, column))

    def container(self, line: int, column: int) -> Span | None:
        """The mapping or sequence that begins at a position, from 0."""
        return self._containers.get((line, column))

    def anchor_of(self, line: int, column: int) -> Span | None:
        """What the alias at a position, from 0, stands for."""
        return self._anchored.get((line, column))

    def text_of(self, span: Span) -> str:
        """A value as it is written."""
        return self.text[span.start : span.end]

    def range(self, place: Place) -> tuple[Place, Place] | None:
        """Where the key or value at a place begins and ends; None for a file as a whole.

        The end is the column behind the last character. Of a mapping or list that goes over several lines, only the
        first one is meant.
        """
        if not place.line:
            return None
        span = self.at(place.line - 1, place.column - 1)
        if span is None:
            is_inside = place.line <= len(self._lines) and place.column <= len(self.line(place.line))
            return place, Place(place.file, place.line, place.column + is_inside)
        end = span.end
        if span.shape in {"mapping", "sequence"}:
            end = min(end, self._lines[span.line] + len(self.line(place.line).rstrip()))
        return self._place(span.start), self._place(end)

    def has_line(self, number: int) -> bool:
        """Whether the text has a line, from 1."""
        return 0 < number <= len(self._lines)

    def line(self, number: int) -> str:
        """A line of the text, from 1, without its break."""
        return self._line_of(self.text, number)

    def shown_line(self, number: int) -> str:
        """A line of the text, from 1, with stars in place of what may be a secret."""
        return self._line_of(self._shown, number)

    def line_start(self, offset: int) -> int:
        """Offset of the first character of the line that an offset is in."""
        return self._lines[bisect.bisect_right(self._lines, offset) - 1]

    def _line_of(self, text: str, number: int) -> str:
        if not self.has_line(number):
            return ""
        start = self._lines[number - 1]
        end = self._lines[number] if number < len(self._lines) else len(text)
        return text[start:end].rstrip("\r\n\x85\u2028\u2029")

    @cached_property
    def _shown(self) -> str:
        by_line = () if self._is_readable else secrets_by_line(self.text)
        return masked(self.text, (*self._secrets(), *by_line))

    def _secrets(self) -> Iterator[Range]:
        """Where the values of fields are that are called like secrets, the items of lists and mappings included."""
        for mapping in self.root.walk() if self.root else ():
            for key, value in zip(mapping.keys, mapping.values, strict=False):  # of a sequence, and one cut off: less
                is_section = mapping is self.root and value.shape in {"mapping", "sequence"}
                if not is_section and is_like_a_secret(self.text_of(key).strip("\"'")):
                    yield from self._written(value)

    def _written(self, value: Span) -> Iterator[Range]:
        for span in value.walk():
            anchored = self._anchored.get((span.line, span.column)) if span.shape == "alias" else None
            if anchored is not None:
                yield from self._written(anchored)
            elif span.shape == "scalar" and not is_variable(self.text_of(span)):
                yield span.start, span.end

    def _place(self, offset: int) -> Place:
        line = bisect.bisect_right(self._lines, offset) - 1
        return Place(self.document.name, line + 1, offset - self._lines[line] + 1)

    def _offset(self, mark: Any) -> int:
        """Where a mark of the parser is in the text as written: two escapes were one for it."""
        index: int = mark.index
        return index + 2 * bisect.bisect_left(self._joined, index)

    def _read(self) -> None:
        anchors: dict[str, Span] = {}
        next_event = yaml.CSafeLoader(self._readable).get_event
        enclosing: list[Span] = []
        while True:
            event: Any = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                span = self._span("scalar", event)
                span.end = self._offset(event.end_mark)
                if event.style in {"|", ">"}:
                    span.end = span.start + len(self.text[span.start : span.end].rstrip())
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                span = self._span("mapping" if kind is MappingStartEvent else "sequence", event)
                span.flow = bool(event.flow_style)
                self._containers[span.line, span.column] = span
            elif kind is AliasEvent:
                span = self._span("alias", event)
                span.end = self._offset(event.end_mark)
                if event.anchor in anchors:
                    self._anchored[span.line, span.column] = anchors[event.anchor]
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                ended = enclosing.pop()
                ended.end = self._offset(event.end_mark) if ended.flow else ended.values[-1].end
                continue
            elif kind is StreamEndEvent:
                return
            else:
                continue
            if span.anchor and kind is not AliasEvent:
                anchors[span.anchor] = span
            self._add(span, enclosing[-1] if enclosing else None)
            if span.shape in {"mapping", "sequence"}:
                enclosing.append(span)

    def _span(self, shape: Shape, event: Any) -> Span:
        mark = event.start_mark
        start = self._offset(mark)
        span = Span(shape, start, start, mark.line, mark.column, anchor=event.anchor or "")
        self._spans[span.line, span.column] = span
        return span

    def _add(self, span: Span, to: Span | None) -> None:
        if to is None:
            self.root = span
        elif to.shape == "mapping" and len(to.keys) == len(to.values):
            to.keys.append(span)
        else:
            to.values.append(span)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\r\n|[\r\n\x85\u2028\u2029]", text))]


class Sources:
    """The sources of several documents, each taken apart when it is first asked for."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._documents = {document.name: document for document in documents}
        self._sources: dict[str, Source] = {}

    def of(self, place: Place) -> Source:
        """The source that a place is in; an empty one for a file that is not known."""
        source = self._sources.get(place.file)
        if source is None:
            document = self._documents.get(place.file) or Document(place.file)
            source = self._sources[place.file] = Source(document)
        return source
