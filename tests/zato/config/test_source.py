from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zato.config.objects import snapshots
from zato.config.document import Document, Items, Node, parse
from zato.config.export import export, text
from zato.config.problems import Place, Problems
from zato.config.snapshot import Snapshot
from zato.config.source import Source


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


def shown(written: str) -> str:
    """A text as it is shown, line by line."""
    source = Source(Document("c.yaml", written))
    return "\n".join(source.shown_line(number + 1) for number in range(len(written.split("\n"))))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("    password: hunter2  # mine", "    password: *******  # mine"),
        ("    pasword: hunter2", "    pasword: *******"),
        ('{name: k, "password": "a b, c", x: 1}', '{name: k, "password": ********, x: 1}'),
        ("{password: 'hunter2}", "{password: *********"),
        ("password: ${NAME}", "password: ${NAME}"),
        ("password: '${NAME}'  # set it", "password: '${NAME}'  # set it"),
        ("password: ${NAME:-hunter2}", "password: ****************"),
        ("password: in-clear-${NAME}", "password: ****************"),
        ("{Pasword: a, pwd: b, my_secret_value: c}", "{Pasword: *, pwd: *, my_secret_value: *}"),
        ("api_key: hunter2", "api_key: *******"),
        ("servce: orders.get", "servce: orders.get"),
        ("security: APi, username: u", "security: APi, username: u"),
        ("url: http://a:b@c", "url: http://***@c"),
        ('{"host": "https://user:hunter2@crm/a"}', '{"host": "https://************@crm/a"}'),
        ("host: guest:hunter2@rabbit", "host: *************@rabbit"),
        ("url_path: /a?api_key=hunter2&b=c", "url_path: /a?api_key=*******&b=c"),
        ("x: [client_secret=hunter2, client_secret:hunter2]", "x: [client_secret=******** client_secret:********"),
        ("# password: hunter2", "# password: *******"),
        ("a:\n- password: [a, 'b c']\n  x: y", "a:\n- password: [*, *****]\n  x: y"),
        ("a:\n- password:\n    - a\n    - b\n  x: y", "a:\n- password:\n    - *\n    - *\n  x: y"),
        ("a:\n- password:\n    - ${A}\n    - {b: c}\n", "a:\n- password:\n    - ${A}\n    - {*: *}\n"),
        ("a:\n- password: |\n    ab\n    c\n  x: y", "a:\n- password: *\n******\n*****\n  x: y"),
        ('a:\n- password: "ab\n    c"\n  x: y', "a:\n- password: ***\n******\n  x: y"),
        ("a:\n- x: &p ab\n  password: *p\n", "a:\n- x: *****\n  password: **\n"),
        ("apikey:\n- name: A\n  username: b\n", "apikey:\n- name: A\n  username: b\n"),
    ],
)
def test_what_may_be_a_secret_is_not_shown(written: str, expected: str) -> None:
    assert shown(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "a:\n  - password: |\n\t  S3CRET\n",
        "a:\n  - password: |\n      x\n    S3CRET\n   y: [\n",
        "a:\n  - password: [x,\n      S3CRET\n",
        "a:\n  - password:\n      - x\n      - 'S3CRET\n",
        'a:\n  - password: "x\n      S3CRET\n',
        "a: [\nb:\n  - name: x\n    private_key: |\n      S3CRET\n\n      S3CRET\n    y: z\n",
        "password: 'S3CRET\n",
        "host: [https://user:S3CRET@crm\n",
    ],
)
def test_no_secret_of_a_file_that_cannot_be_read_is_shown(written: str) -> None:
    assert "S3CRET" not in shown(written)
    assert len(shown(written)) == len(written)


@given(st.text(alphabet="pasword:-[]{}'\"&*|> \n#ab@/=${}", max_size=80))
def test_every_character_that_is_shown_stays_where_it_was(written: str) -> None:
    for one, other in zip(shown(written), written, strict=True):
        assert one in {other, "*"}
