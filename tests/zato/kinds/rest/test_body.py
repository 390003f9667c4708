from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.servers.http_server import HTTPServer
from tests.zato.kinds.rest.conftest import Open
from tests.zato.kinds.rest.models import Model, Order

CID = "abc123"


@pytest.mark.parametrize(
    ("data_format", "data", "body", "content_type"),
    [
        ("json", {"a": 1}, b'{"a":1}', "application/json"),
        ("json", [1, 2], b"[1,2]", "application/json"),
        ("json", {}, b"{}", "application/json"),
        ("json", 0, b"0", "application/json"),
        ("json", "text", b"text", "application/json"),
        ("json", "żółw", "żółw".encode(), "application/json"),
        ("json", b"\xff", b"\xff", "application/json"),
        ("json", "", b"", "application/json"),
        ("json", None, b"", "application/json"),
        ("json", Model("a"), b'{"value":"a"}', "application/json"),
        ("json", [Model("a")], b'[{"value":"a"}]', "application/json"),
        ("json", Order("a", 2), b'{"sku":"a","quantity":2}', "application/json"),
        ("json", {"d": datetime(2013, 4, 26, 23, 41)}, b'{"d":"2013-04-26T23:41:00"}', "application/json"),  # noqa: DTZ001
        ("json", {"d": date(2013, 4, 26)}, b'{"d":"2013-04-26"}', "application/json"),
        ("json", {"n": Decimal("1.50")}, b'{"n":1.50}', "application/json"),
        ("form", {"a": "b c", "l": [1, 2]}, b"a=b+c&l=1&l=2", "application/x-www-form-urlencoded"),
        ("form", "a=b", b"a=b", "application/x-www-form-urlencoded"),
        ("xml", "<a/>", b"<a/>", "application/xml"),
        ("", "text", b"text", "text/plain"),
        ("", b"\x00\xff", b"\x00\xff", "text/plain"),
        ("", {"a": "b"}, b"a=b", "application/x-www-form-urlencoded"),
        ("", Model("a"), b"value=a", "application/x-www-form-urlencoded"),
    ],
)
def test_data_are_encoded_as_the_data_format_says(
    server: HTTPServer, open_handle: Open, *, data_format: Any, data: Any, body: bytes, content_type: str
) -> None:
    open_handle(data_format=data_format).conn.post(CID, data)

    assert server.last.body == body
    assert server.last.headers["Content-Type"] == content_type


def test_the_connections_content_type_takes_precedence(server: HTTPServer, open_handle: Open) -> None:
    conn = open_handle(content_type="application/x-www-form-urlencoded").conn

    conn.post(CID, {"a": "b"})

    assert server.last.body == b"a=b"
    assert server.last.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_callers_content_type_takes_precedence_over_it(server: HTTPServer, open_handle: Open) -> None:
    conn = open_handle(content_type="application/x-www-form-urlencoded", data_format="").conn

    conn.post(CID, {"a": "b"}, headers={"content-type": "application/vnd.api+json"})

    assert server.last.body == b'{"a":"b"}'
    assert server.last.headers.get_all("Content-Type") == ["application/vnd.api+json"]


@pytest.mark.parametrize(("data_format", "data"), [("json", object()), ("xml", {"a": 1})])
def test_what_cannot_be_encoded_is_refused(server: HTTPServer, open_handle: Open, data_format: Any, data: Any) -> None:
    with pytest.raises(TypeError, match=type(data).__name__):
        open_handle(data_format=data_format).conn.post(CID, data)

    assert server.requests == []
