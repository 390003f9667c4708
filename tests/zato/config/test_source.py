from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from tests.zato.config.objects import snapshots
from zato.config.document import Document, Items, Node, parse
from zato.config.export import export, text
from zato.config.problems import Place, Problems
from zato.config.snapshot import Snapshot
from zato.config.source import Source, without_secrets


def marked(written: str, line: int, column: int) -> str:
    """What the range of a place covers."""
    source = Source(Document("c.yaml", written))
    found = source.range(Place("c.yaml", line, column))
    assert found is not None
    start, end = found
    assert (start.line, start.column) == (line, column)
    lines = written.splitlines(keepends=True)
    before = sum(map(len, lines[: end.line - 1])) + end.column - 1
    return written[sum(map(len, lines[: line - 1])) + column - 1 : before]


@pytest.mark.parametrize(
    ("written", "line", "column", "covered"),
    [
        ("a: b  # c\n", 1, 1, "a"),
        ("a: b  # c\n", 1, 4, "b"),
        ("a: several words  # c\n", 1, 4, "several words"),
        ('a: "b # c"  # c\n', 1, 4, '"b # c"'),
        ("a: &x b\nc: *x\n", 1, 4, "&x b"),
        ("a: &x b\nc: *x\n", 2, 4, "*x"),
        ("a: |\n  b\n  c\n\nd: e\n", 1, 4, "|\n  b\n  c"),
        ("a: [b, c]\n", 1, 4, "[b, c]"),
        ("a: {b: c}  # d\n", 1, 4, "{b: c}"),
        ("a: {b: c,\n  d: e}\n", 1, 4, "{b: c,"),
        ("a:\n  - b: c\n    d: e\n", 2, 5, "b"),
        ("a:\n  - b\n  - c\n", 2, 3, "- b"),
        ("a:\n", 1, 3, ""),
        ('"ü": "ą"', 1, 6, '"ą"'),
    ],
)
def test_a_range_ends_where_the_key_or_value_ends(written: str, line: int, column: int, covered: str) -> None:
    assert marked(written, line, column) == covered


@pytest.mark.parametrize(
    ("written", "line", "column", "covered"),
    [("a: [b\nc: d\n", 2, 1, "c"), ("a: 'b", 1, 6, ""), ("a: b", 7, 1, ""), ("", 1, 1, "")],
)
def test_in_a_file_that_cannot_be_read_a_range_is_one_character_at_most(
    written: str, line: int, column: int, covered: str
) -> None:
    start, end = Source(Document("c.yaml", written)).range(Place("c.yaml", line, column)) or (None, None)
    assert start == Place("c.yaml", line, column)
    assert end == Place("c.yaml", line, column + len(covered))


def test_a_file_as_a_whole_has_no_range() -> None:
    assert Source(Document("c.yaml", "a: b")).range(Place("c.yaml")) is None


def test_ranges_in_json_are_right_behind_characters_that_are_written_as_two_escapes() -> None:
    written = r'{"a": "😀", "b": "😀"}'
    source = Source(Document("c.json", written))
    assert source.root is not None
    assert [source.text_of(span) for span in source.root.values] == [r'"😀"', r'"😀"']


@given(snapshots())
def test_everything_in_an_export_is_found_where_it_stands(snapshot: Snapshot) -> None:
    for to in ("yaml", "json"):
        document = Document("c", text(export(snapshot, {}), to))
        root = parse(document, {}, Problems())
        source = Source(document)
        waiting: list[Any] = [root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, Node):
                span = source.container(*value.start)
                assert span is not None
                at = [
                    (key.line, key.column, item.line, item.column)
                    for key, item in zip(span.keys, span.values, strict=True)
                ]
                assert at == list(value.positions.values())
                waiting += value.values()
            elif isinstance(value, Items):
                span = source.container(*value.start)
                assert span is not None
                assert len(span.values) == len(value)
                waiting += value


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("    password: hunter2  # mine", "    password: *******  # mine"),
        ("    pasword: hunter2", "    pasword: *******"),
        ('{name: k, "password": "a b, c", x: 1}', '{name: k, "password": ********, x: 1}'),
        ("{password: 'hunter2}", "{password: *********"),
        ("password: ${NAME}", "password: ${NAME}"),
        ("{Pasword: a, pwd: b, my_secret_value: c}", "{Pasword: *, pwd: *, my_secret_value: *}"),
        ("servce: orders.get", "servce: orders.get"),
        ("security: APi, username: u", "security: APi, username: u"),
        ("url: http://a:b@c", "url: http://a:b@c"),
    ],
)
def test_what_may_be_a_secret_is_not_shown(line: str, shown: str) -> None:
    assert without_secrets(line) == shown
