from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.common.exception import BadRequest, HTTPException
from zato.kinds.rest.channel import ChannelREST
from zato.server.http.request import HTTPRequest, read_body, read_payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def request(environ: dict[str, Any], body: bytes = b"", **fields: Any) -> HTTPRequest:
    channel = ChannelREST(name="c", service="s", url_path="/", **fields)
    return HTTPRequest(environ, body, {}, channel)


@given(JSON)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    body = json.dumps(value).encode("utf-8", "surrogatepass")
    assert read_payload("json", body, {}) == value


ALMOST_JSON = st.text(alphabet='{}[]",:01eE.-+\\u d8\x00ntrfals', min_size=1).map(str.encode)


@given(st.binary(min_size=1, max_size=60) | ALMOST_JSON)
def test_whatever_comes_as_json_is_refused_or_read_as_another_parser_does(body: bytes) -> None:
    with contextlib.suppress(BadRequest):
        found = read_payload("json", body, {})
        assert found == json.loads(body.removeprefix(b"\xef\xbb\xbf"))
        msgspec.json.encode(found)  # an echo of it can be sent


@pytest.mark.parametrize("data_format", ["", "csv", "xml", "hl7"])
def test_other_formats_are_bytes(data_format: str) -> None:
    assert read_payload(data_format, b"{bad", {}) == b"{bad"
    assert read_payload(data_format, b"", {}) == ""


@pytest.mark.parametrize("data_format", ["form", "post"])
def test_a_form_is_read_only_where_the_content_type_says_that_it_is_one(data_format: str) -> None:
    environ = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert read_payload(data_format, b"a=1", environ) == {"a": "1"}
    assert read_payload(data_format, b"a=1", {"CONTENT_TYPE": "text/plain"}) == b"a=1"


def test_another_charset_is_a_415() -> None:
    with pytest.raises(HTTPException) as raised:
        read_payload("json", b"{}", {"CONTENT_TYPE": "application/json;charset=utf-16"})
    assert raised.value.status == 415


def test_a_body_is_as_long_as_it_says() -> None:
    assert read_body({"CONTENT_LENGTH": "3", "wsgi.input": io.BytesIO(b"abcdef")}) == b"abc"
    assert read_body({"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(b"abcdef")}) == b""
    assert read_body({"wsgi.input": io.BytesIO(b"abcdef")}) == b""


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(BadRequest) as raised:
        _ = request({"QUERY_STRING": "&".join(["a=1"] * 1001)}).GET
    assert raised.value.details == "The query string has more than 1000 parameters"


def test_form_fields_are_only_there_without_a_data_format() -> None:
    environ = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert request(environ, b"a=1&a=2", data_format="").POST == {"a": ["1", "2"]}
    assert request(environ, b"a=1&a=2", data_format="json").POST == {}
    assert request(environ, b"a=1", data_format="", merge_url_params_req=False).POST == {}


def test_headers_have_lower_case_names() -> None:
    environ = {"HTTP_X_MY_HEADER": "a", "CONTENT_TYPE": "text/csv", "CONTENT_LENGTH": "", "REQUEST_METHOD": "GET"}
    assert request(environ).headers == {"x-my-header": "a", "content-type": "text/csv"}


def test_what_was_not_called_over_http_has_no_http_parts() -> None:
    found = HTTPRequest({}, b"", {}, None)
    assert (found.method, found.path, found.user_agent) == (None, None, None)
    assert (found.GET, found.POST, found.params, found.headers, found.get_form_data()) == ({}, {}, {}, {}, {})
