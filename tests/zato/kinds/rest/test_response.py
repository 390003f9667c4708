from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.servers.http_server import HTTPServer
from tests.zato.kinds.rest.conftest import Open
from tests.zato.kinds.rest.models import Model, Order
from zato.kinds.rest.errors import UnusableAnswer

CID = "abc123"


@pytest.mark.parametrize(
    ("data_format", "content_type", "body", "data"),
    [
        ("json", "application/json", b'{"a": 1}', {"a": 1}),
        ("json", "text/plain", b'{"a": 1}', {"a": 1}),
        ("", "application/json; charset=utf-8", b'{"a": 1}', {"a": 1}),
        ("", "text/plain; charset=utf-8", "żółw".encode(), "żółw"),
        ("xml", "application/xml; charset=utf-8", b"<a/>", "<a/>"),
        ("json", "application/json", b"", ""),
        ("xml", "application/xml", b"", ""),
        ("json", "application/json", b"12345678901234567890123", 12345678901234567890123),
        ("json", "application/json", b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ("json", "application/json", '{"a": 1}'.encode("utf-16"), {"a": 1}),
    ],
)
def test_data_are_parsed_if_they_are_json(
    server: HTTPServer, open_handle: Open, *, data_format: Any, content_type: str, body: bytes, data: Any
) -> None:
    server.answer(body=body, headers={"Content-Type": content_type})

    assert open_handle(data_format=data_format).conn.get(CID).data == data


def test_data_are_parsed_once(open_handle: Open) -> None:
    response = open_handle().conn.get(CID)

    assert response.data is response.data


@pytest.mark.parametrize("body", [b"<h1>" + b"x" * 1000, b'{"a": ', b"[" * 100_000, b"\xff\xfe\xfd"])
def test_data_that_are_not_the_json_expected_raise(server: HTTPServer, open_handle: Open, body: bytes) -> None:
    server.answer(body=body, status=502)

    response = open_handle().conn.get(CID)

    with pytest.raises(UnusableAnswer, match=r"`CRM`: the answer of http.*/get-user \(status 502\)") as caught:
        _ = response.data
    assert caught.value.cid == CID
    assert len(str(caught.value.msg)) < 500


def test_a_model_is_made_of_the_data(server: HTTPServer, open_handle: Open) -> None:
    server.answer("/one", {"sku": "a", "quantity": 2})
    server.answer("/many", [{"sku": "a", "quantity": 2}])
    server.answer("/model", {"value": "v"})
    server.answer("/other", {"sku": "a"})

    assert open_handle("/one").conn.get(CID, model=Order).data == Order("a", 2)
    assert open_handle("/many").conn.get(CID, model=Order).data == [Order("a", 2)]
    assert open_handle("/model").conn.get(CID, model=Model).data.value == "v"
    with pytest.raises(UnusableAnswer, match="quantity"):
        _ = open_handle("/other").conn.get(CID, model=Order).data


def test_a_response_is_one_of_requests(server: HTTPServer, open_handle: Open) -> None:
    server.answer(body={"a": 1}, headers={"Content-Type": "application/json", "Set-Cookie": "session=1"})

    response = open_handle().conn.get(CID, {"q": 1})

    assert isinstance(response, requests.Response)
    assert response.ok
    assert response.json() == {"a": 1}
    assert response.content == b'{"a": 1}'
    assert response.url == f"{server.url}/get-user?q=1"
    assert response.reason == "Some reason"
    assert response.elapsed.total_seconds() > 0
    assert response.cookies["session"] == "1"
    assert response.request.headers["x-zato-cid"] == CID
    assert list(response.iter_content(3)) == [b'{"a', b'": ', b"1}"]
