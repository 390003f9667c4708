from __future__ import annotations

import contextlib

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from zato.common.exception import BadRequest
from zato.server.http.form import MAX_FIELDS, MAX_PARTS, parse_form

URLENCODED = "application/x-www-form-urlencoded"


def multipart(*parts: str, boundary: str = "xxx") -> tuple[str, bytes]:
    body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", f"{body}--{boundary}--\r\n".encode()


def test_an_urlencoded_form_has_lists_and_blank_values() -> None:
    assert parse_form(f"{URLENCODED}; charset=utf-8", b"a=1&a=2&b=&c=%C5%BC+x") == {
        "a": ["1", "2"],
        "b": "",
        "c": "ż x",
    }


def test_a_multipart_form_has_text_and_files() -> None:
    content_type, body = multipart('name="a"\r\n\r\n1', 'name="f"; filename="../../x"\r\n\r\n2', 'name="a"\r\n\r\n')
    assert parse_form(content_type, body) == {"a": ["1", ""], "f": b"2"}


def test_anything_else_is_no_form() -> None:
    assert parse_form("application/json", b"a=1") == {}
    assert parse_form("", b"a=1") == {}


@pytest.mark.parametrize(
    ("content_type", "body", "why"),
    [
        (URLENCODED, b"&".join([b"a=1"] * (MAX_FIELDS + 1)), f"it has more than {MAX_FIELDS} fields"),
        (URLENCODED, b"\xff=1", "it is not UTF-8"),
        ("multipart/form-data", b"x", "it has no proper boundary"),
        (f"multipart/form-data; boundary={'x' * 71}", b"x", "it has no proper boundary"),
        ("multipart/form-data; boundary=xxx", b"--xxx\r\n", "its last boundary is missing"),
        ("multipart/form-data; boundary=xxx", b"--yyy--\r\n", "its last boundary is missing"),
        (*multipart("\r\n\r\n1"), "a part has no name"),
        (*multipart('name="a"'), "a part has no name"),
        (*multipart(*['name="a"\r\n\r\n1'] * (MAX_PARTS + 1)), f"it has more than {MAX_PARTS} parts"),
    ],
)
def test_what_is_wrong_is_said(content_type: str, body: bytes, why: str) -> None:
    with pytest.raises(BadRequest) as raised:
        parse_form(content_type, body)
    assert raised.value.details == f"Invalid form: {why}"


def test_a_field_that_is_not_utf8_is_named() -> None:
    content_type, body = multipart('name="a"\r\n\r\n?')
    with pytest.raises(BadRequest) as raised:
        parse_form(content_type, body.replace(b"?", b"\xff"))
    assert raised.value.details == "Invalid form: the field `a` is not UTF-8"


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=200), min_size=1))
def test_files_arrive_as_a_client_sends_them(files: dict[str, bytes]) -> None:
    named = {name: ("file.bin", content) for name, content in files.items()}
    request = requests.Request("POST", "http://127.0.0.1/", files=named).prepare()
    body = request.body
    assert isinstance(body, bytes)
    assert parse_form(request.headers["Content-Type"], body) == files


@given(st.text(max_size=40), st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(parameter: str, body: bytes) -> None:
    for content_type in (f"multipart/form-data; boundary={parameter}", URLENCODED, "multipart/form-data; boundary=a"):
        with contextlib.suppress(BadRequest):
            assert isinstance(parse_form(content_type, body), dict)
