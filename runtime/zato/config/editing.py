"""Editing: change values of a YAML or JSON text where they stand, and leave the rest as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from zato.config.export import Format, as_value, text
from zato.config.source import Source, Span

_TO_ITEM = re.compile(r"-(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|[\r\n]))*[ \t]*\Z")
"""The dash of a block sequence, and what may stand between it and its item."""
_COLON = re.compile(r"\s*:")


class Edit(msgspec.Struct, frozen=True):
    """A piece of text that is put in place of another."""

    start: int
    end: int
    new: str


def applied(written: str, edits: Iterable[Edit]) -> str:
    """Make edits, which must not overlap; those at one place in the order in which they are given."""
    pieces, end = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += [written[end : edit.start], edit.new]
        end = edit.end
    return "".join([*pieces, written[end:]])


class Editor:
    """Knows how to write values into a text, in the way in which it is written."""

    def __init__(self, source: Source) -> None:
        self._source, self._text = source, source.text
        self._newline = "\r\n" if "\r\n" in self._text else "\n"
        self._is_json = _is_json(self._text)

    # Fields of an object

    def value(self, own: Span, key: Span, value: Span, new: Any) -> Edit:
        """Change the value of a key; an anchor stays."""
        anchor = f"&{value.anchor} " if value.anchor and value.shape != "alias" else ""
        written = anchor + self._value(new, flow=own.flow)
        if value.shape in {"mapping", "sequence"} and not value.flow:  # it stands on lines of its own
            colon = self._behind_colon(key)
            between = self._text[colon : value.start].rstrip()
            return Edit(colon, value.end, f" {written}{between}")
        is_tight = self._text[value.start - 1] == ":" and not self._is_json
        return Edit(value.start, value.end, f" {written}" if is_tight else written)

    def fields_for(self, own: Span, key: Span, value: Span, fields: Mapping[str, Any]) -> Edit:
        """Put fields in place of a key and its value."""
        return Edit(key.start, value.end, self._separator(own, key).join(self._pairs(own, fields)))

    def more_fields(self, own: Span, fields: Mapping[str, Any]) -> Edit:
        """Add fields at the end of an object."""
        separator = self._separator(own, own.keys[-1])
        at = own.values[-1].end if own.flow else self._line_end(own.values[-1].end)
        return Edit(at, at, "".join(separator + pair for pair in self._pairs(own, fields)))

    def without_field(self, own: Span, key: Span, value: Span) -> Edit:
        """Remove a key with its value; null stands where its line is not its own."""
        if own.flow or key is own.keys[0]:
            return self.value(own, key, value, None)
        return Edit(self._line_start(key.start), self._next_line(value.end), "")

    def _pairs(self, own: Span, fields: Mapping[str, Any]) -> list[str]:
        quote = '"' if self._is_json else ""
        return [f"{quote}{name}{quote}: {self._value(value, flow=own.flow)}" for name, value in fields.items()]

    def _separator(self, own: Span, key: Span) -> str:
        """What stands between a key that is there and one behind it."""
        if not own.flow:
            return self._newline + " " * own.keys[0].column
        before = self._text[self._line_start(key.start) : key.start]
        return f",{self._newline}{before}" if not before.strip() else ", "

    def _value(self, value: Any, *, flow: bool) -> str:
        return as_value(value, json=self._is_json, flow=flow)

    # Objects of a section

    def item(self, sequence: Span, item: Span, new: Mapping[str, Any]) -> Edit:
        """Write an object anew."""
        if sequence.flow:
            return Edit(item.start, item.end, self._value(new, flow=True))
        column = item.start - self._line_start(item.start)
        return Edit(item.start, item.end, self._block(new, column - 2)[column:])

    def without_items(self, key: Span, sequence: Span, gone: Sequence[int]) -> list[Edit]:
        """Remove objects, by their numbers, with the comments directly above them.

        Where none stays, an empty list does: a section that is absent would not be managed any more.
        """
        if len(gone) == len(sequence.values):
            return [self._emptied(key, sequence)]
        if not sequence.flow:
            return [self._without_block_item(sequence, number) for number in gone]
        items = sequence.values
        first = next(number for number in range(len(items)) if number not in gone)
        edits = [Edit(items[number - 1].end, items[number].end, "") for number in gone if number > first]
        return [Edit(items[0].start, items[first].start, ""), *edits] if first else edits

    def _emptied(self, key: Span, sequence: Span) -> Edit:
        if sequence.flow:
            return Edit(sequence.start, sequence.end, "[]")
        colon = self._behind_colon(key)
        return Edit(colon, sequence.end, f" []{self._text[colon : sequence.start].rstrip()}")

    def _without_block_item(self, sequence: Span, number: int) -> Edit:
        item, dash = sequence.values[number], self._dash(sequence, number)
        start = self._line_start(dash)
        if number:  # a comment above the first one is rather about all of them
            end_of_previous = self._next_line(sequence.values[number - 1].end)
            lines = self._text[end_of_previous:start].splitlines(keepends=True)
            comment = " " * (dash - start) + "#"
            while lines and lines[-1].startswith(comment):
                start -= len(lines.pop())
            while lines and not lines[-1].strip():
                start -= len(lines.pop())
        return Edit(start, self._next_line(item.end), "")

    def more_items(self, sequence: Span, new: Sequence[Mapping[str, Any]]) -> Edit:
        """Add objects at the end of a section that has some."""
        items = sequence.values
        if sequence.flow:
            space = self._text[sequence.start + 1 : items[0].start]
            separator = f",{space}" if space.isspace() and self._newline in space else ", "
            at = items[-1].end
            return Edit(at, at, "".join(separator + self._flow_item(thing, space) for thing in new))
        dash = self._dash(sequence, 0)
        column = dash - self._line_start(dash)
        is_apart = len(items) > 1 and not self._text[self._next_line(items[-2].end) :].split("\n", 1)[0].strip()
        separator = self._newline * (2 if is_apart else 1)
        at = self._line_end(sequence.end)
        return Edit(at, at, "".join(separator + self._block(thing, column) for thing in new))

    def _flow_item(self, thing: Mapping[str, Any], space: str) -> str:
        """An object in brackets: over several lines in JSON where the others begin a line each."""
        if not self._is_json or self._newline not in space:
            return self._value(thing, flow=True)
        indent = space.rpartition("\n")[2]
        _, _, *lines, _, _ = _lines_of([thing], "json")
        return f"{self._newline}{indent}".join(line.removeprefix("    ") for line in lines)

    def _block(self, thing: Mapping[str, Any], column: int) -> str:
        """An object as an item of a block sequence whose dashes are at a column."""
        _, *lines = _lines_of([thing], "yaml")
        return self._newline.join(" " * column + line if line else line for line in lines)

    def filled(self, key: Span, value: Span, new: Sequence[Mapping[str, Any]]) -> list[Edit]:
        """Add objects to a section that has none: an empty list, a null, or nothing at all."""
        if self._is_in_brackets:
            return [Edit(value.start, value.end, self._list(new, key))]
        column = self._dash_column()
        items = "".join(self._newline + self._block(thing, column) for thing in new)
        colon, end = self._behind_colon(key), self._line_end(value.end)
        return [Edit(colon, value.end, ""), Edit(end, end, items)]

    def more_sections(self, sections: Mapping[str, Sequence[Mapping[str, Any]]]) -> Edit:
        """Add sections at the end of the file."""
        root = self._source.root
        if root is None or not root.keys:
            return self._first_sections(sections)
        if self._is_in_brackets:
            last, at = root.keys[-1], root.values[-1].end
            separator, quote = self._separator(root, last), '"' if self._is_json else ""
            added = (f"{separator}{quote}{name}{quote}: {self._list(new, last)}" for name, new in sections.items())
            return Edit(at, at, "".join(added))
        column, at = self._dash_column(), self._line_end(root.end)
        blocks = (
            self._newline.join([f"{name}:", *(self._block(thing, column) for thing in new)])
            for name, new in sections.items()
        )
        return Edit(at, at, "".join(self._newline * 2 + block for block in blocks))

    def _first_sections(self, sections: Mapping[str, Sequence[Mapping[str, Any]]]) -> Edit:
        """Fill a file that holds nothing, or comments only."""
        root = self._source.root
        to: Format = "json" if self._is_json else "yaml"
        whole = text({name: [dict(thing) for thing in new] for name, new in sections.items()}, to)
        if root is not None and root.start != root.end:
            return Edit(root.start, root.end, whole.rstrip("\n"))
        end = len(self._text)
        return Edit(end, end, (self._newline if self._text and not self._text.endswith("\n") else "") + whole)

    def _list(self, new: Sequence[Mapping[str, Any]], key: Span) -> str:
        """Objects in brackets: over several lines in JSON where keys begin a line each."""
        indent = self._text[self._line_start(key.start) : key.start]
        if not self._is_json or indent.strip():
            return self._value([dict(thing) for thing in new], flow=True)
        _, _, *lines, _ = _lines_of(new, "json")
        return self._newline.join(["[", *(indent + line.removeprefix("  ") for line in lines)])

    @property
    def _is_in_brackets(self) -> bool:
        return self._source.root is not None and self._source.root.flow

    def _dash_column(self) -> int:
        """Where the dashes of the file's sections are; two columns in where there are none."""
        root = self._source.root
        for value in root.values if root else ():
            if value.shape == "sequence" and not value.flow and value.values:
                dash = self._dash(value, 0)
                return dash - self._line_start(dash)
        return 2

    # Places in the text

    def _dash(self, sequence: Span, number: int) -> int:
        start = sequence.values[number - 1].end if number else sequence.start
        between = self._text[start : sequence.values[number].start]
        found = _TO_ITEM.search(between)
        assert found is not None
        return start + found.start()

    def _behind_colon(self, key: Span) -> int:
        found = _COLON.match(self._text, key.end)
        assert found is not None
        return found.end()

    def _line_start(self, offset: int) -> int:
        return self._source.line_start(offset)

    def _line_end(self, offset: int) -> int:
        """Behind the last character of a line, its comment included."""
        found = _BREAK.search(self._text, offset)
        return found.start() if found else len(self._text)

    def _next_line(self, offset: int) -> int:
        found = _BREAK.search(self._text, offset)
        return found.end() if found else len(self._text)


_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def _lines_of(things: Sequence[Mapping[str, Any]], to: Format) -> list[str]:
    """The lines of a document that has one section with some objects."""
    return text({"x": [dict(thing) for thing in things]}, to).rstrip("\n").split("\n")


def _is_json(written: str) -> bool:
    try:
        msgspec.json.decode(written)
    except msgspec.DecodeError:
        return False
    return True
