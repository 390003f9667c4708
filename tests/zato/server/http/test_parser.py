from __future__ import annotations

import re
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.rest.router import METHODS
from zato.server.http.limits import Limits
from zato.server.http.parser import Refusal, StrictParser


class Settings(msgspec.Struct):
    limits: Limits = Limits()


def parse(*pieces: bytes, limits: Limits | None = None) -> tuple[StrictParser, int]:
    """Give the pieces to a parser until it is complete; also return how many bytes it took."""
    parser = StrictParser(Settings(limits or Limits()))
    taken = 0
    for piece in pieces:
        taken += parser.received(piece)
    return parser, taken


def refusal(request: bytes, limits: Limits | None = None) -> int:
    parser, _ = parse(request, limits=limits)
    assert parser.error is not None
    return parser.error.code


# What is understood


tokens = st.text(
    "!#$%&'*+-.^`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=20
)
meaningful = re.compile(
    "(host|content-length|transfer-encoding|content-type|authorization|expect|forwarded|x-(zato-)?forwarded-.*)",
    re.IGNORECASE,
)
names = tokens.filter(lambda name: not meaningful.fullmatch(name))
values = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30).map(lambda v: v.strip(" \t"))
segments = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=10)


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    coded = b""
    while body:
        size = draw(st.integers(1, len(body)))
        coded += b"%X%s\r\n%s\r\n" % (size, draw(st.sampled_from([b"", b";a=b", b' ; x="y"'])), body[:size])
        body = body[size:]
    return coded + b"0\r\n" + draw(st.sampled_from([b"", b"A: 1\r\n"])) + b"\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[begin:end] for begin, end in pairwise(bounds)]


@given(
    data=st.data(),
    method=st.sampled_from(METHODS),
    path=st.lists(segments, max_size=4).map(lambda parts: "/" + "/".join(parts)),
    query=st.text("abc=&+1", max_size=15),
    headers=st.lists(st.tuples(names, values), max_size=8),
    body=st.binary(max_size=200),
    in_chunks=st.booleans(),
    places=st.lists(st.integers(0, 10_000), max_size=6),
)
def test_a_valid_request_means_what_it_says_however_it_is_cut(
    data: Any,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    body: bytes,
    in_chunks: bool,
    places: list[int],
) -> None:
    # Given
    target = quote(path) + ("?" + query if query else "")
    lines = [f"{method} {target} HTTP/1.1", "Host: a:1", *(f"{name}: {value}" for name, value in headers)]
    framing = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(body)}"
    head = "\r\n".join([*lines, framing, "", ""]).encode("latin-1")
    request = head + (data.draw(chunked(body)) if in_chunks else body)
    following = b"GET /next HTTP/1.1\r\n"

    # When
    parser = StrictParser(Settings())
    unread = b""
    for piece in cut(request + following, places):
        unread += piece
        while unread and not parser.completed:
            unread = unread[parser.received(unread) :]

    # Then
    assert parser.error is None
    assert (parser.command, parser.version) == (method, "1.1")
    assert parser.path.encode("latin-1").decode() == "/" + path.lstrip("/")
    assert (parser.request_uri, parser.query) == (target, query)
    expected: dict[str, str] = {}
    for name, value in headers:
        key = name.upper().replace("-", "_")
        expected[key] = f"{expected[key]}, {value}" if key in expected else value
    assert parser.headers == {**expected, "HOST": "a:1", "CONTENT_LENGTH": str(len(body))}
    assert parser.get_body_stream().read() == body
    assert unread == following
    parser.close()


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_random_bytes_are_taken_or_refused(pieces: list[bytes]) -> None:
    parser, taken = parse(*pieces)
    assert parser.error is None or isinstance(parser.error, Refusal)
    assert taken <= sum(map(len, pieces))


VALID = (
    b"POST http://a/b%20c?d=%20e HTTP/1.1\r\nHost: a\r\nX-Y: z\r\nConnection: close\r\nExpect: 100-continue\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nabcde\r\n0\r\nT: u\r\n\r\n"
)


@given(
    position=st.integers(0, len(VALID)),
    length=st.integers(0, 6),
    put=st.one_of(
        st.binary(max_size=4), st.sampled_from([b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"chunked", b"9" * 30])
    ),
)
def test_a_request_with_a_fault_is_taken_or_refused(position: int, length: int, put: bytes) -> None:
    parser, _ = parse(VALID[:position] + put + VALID[position + length :])
    assert parser.error is None or parser.error.code in {400, 405, 413, 417, 431, 501, 505}


@pytest.mark.parametrize(
    ("target", "uri", "path"),
    [
        (b"http://other/1?x=1", "/1?x=1", "/1"),
        (b"HTTPS://other", "/", "/"),
        (b"http://other?x", "/?x", "/"),
        (b"//evil/1", "//evil/1", "/evil/1"),
        (b"/a/../../etc", "/a/../../etc", "/a/../../etc"),
        (b"/a%2Fb", "/a%2Fb", "/a/b"),
        (b'/a|"b"{c}\\', '/a|"b"{c}\\', '/a|"b"{c}\\'),
    ],
)
def test_only_the_path_of_a_target_counts(target: bytes, uri: str, path: str) -> None:
    parser, _ = parse(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target)
    assert parser.error is None
    assert (parser.request_uri, parser.path) == (uri, path)


def test_options_may_ask_about_the_server_as_a_whole() -> None:
    parser, _ = parse(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (parser.error, parser.path) == (None, "*")


@pytest.mark.parametrize("query", [b"a=%0A", b"100%", b"a=%zz&b=%ff", b"a%20b=1"])
def test_a_query_string_may_hold_in_values_what_a_path_may_not(query: bytes) -> None:
    parser, _ = parse(b"GET /?%s HTTP/1.1\r\nHost: a\r\n\r\n" % query)
    assert (parser.error, parser.query) == (None, query.decode())


def test_headers_that_only_a_trusted_proxy_may_send_are_dropped() -> None:
    # Given
    spoofed = b"X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX_: 2\r\n"

    # When
    parser, _ = parse(b"GET / HTTP/1.1\r\nHost: a\r\n" + spoofed + b"X-Kept: 1\r\n\r\n")

    # Then
    assert parser.headers == {"HOST": "a", "X_KEPT": "1"}


def test_http_1_0_needs_no_host() -> None:
    parser, _ = parse(b"GET / HTTP/1.0\r\n\r\n")
    assert (parser.error, parser.completed, parser.version) == (None, True, "1.0")


@pytest.mark.parametrize("host", [b"a", b"a:80", b"[::1]:80", b"127.0.0.1", b"", b"xn--bcher-kva.example"])
def test_hosts_of_every_form_are_taken(host: bytes) -> None:
    assert parse(b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host)[0].error is None


def test_a_large_body_is_kept_in_a_file() -> None:
    # Given
    body = b"x" * 5000
    limits = Limits(spill=1000)

    # When
    parser, _ = parse(
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", body[:4000], body[4000:], limits=limits
    )

    # Then
    stream = parser.get_body_stream()
    assert stream.fileno() > 0
    assert stream.read() == body
    parser.close()


# Bounds


@pytest.mark.parametrize(("extra", "status"), [(0, None), (1, HTTPStatus.REQUEST_URI_TOO_LONG)])
def test_the_target_is_bounded(extra: int, status: int | None) -> None:
    parser, _ = parse(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * (99 + extra)), limits=Limits(max_target=100))
    assert (parser.error and parser.error.code) == status


@pytest.mark.parametrize(("extra", "status"), [(0, None), (1, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)])
def test_the_header_is_bounded(extra: int, status: int | None) -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n"
    parser, _ = parse(request % (b"a" * (200 - len(request) + 2 + extra)), limits=Limits(max_header=200))
    assert (parser.error and parser.error.code) == status


def test_a_header_without_end_is_refused_before_its_end() -> None:
    assert refusal(b"GET / HTTP/1.1\r\nX: " + b"a" * 200, Limits(max_header=200)) == 431


@pytest.mark.parametrize(("count", "status"), [(5, None), (6, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)])
def test_the_number_of_headers_is_bounded(count: int, status: int | None) -> None:
    lines = b"".join(b"A%d: 1\r\n" % number for number in range(count - 1))
    parser, _ = parse(b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % lines, limits=Limits(max_header_count=5))
    assert (parser.error and parser.error.code) == status


@pytest.mark.parametrize(("size", "status"), [(10, None), (11, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)])
@pytest.mark.parametrize("form", ["length", "chunk", "chunks"])
def test_the_body_is_bounded(form: str, size: int, status: int | None) -> None:
    # Given
    framing, body = {
        "length": (b"Content-Length: %d" % size, b"x" * size),
        "chunk": (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)),
        "chunks": (b"Transfer-Encoding: chunked", b"1\r\nx\r\n" * size + b"0\r\n\r\n"),
    }[form]

    # When
    parser, _ = parse(b"PUT / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing, body, limits=Limits(max_body=10))

    # Then
    assert (parser.error and parser.error.code) == status


def test_a_chunk_is_refused_by_its_announced_size() -> None:
    request = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    parser, _ = parse(request, b"fffffff\r\n")
    assert parser.error is not None
    assert parser.error.code == 413


def test_lines_between_chunks_are_bounded() -> None:
    request = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    parser, _ = parse(request, b"1;" + b"a" * 600, b"a" * 600)
    assert parser.error is not None
    assert parser.error.code == 400


@pytest.mark.parametrize("start", [b"\x16\x03\x01\x02", b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\rX", b"GET /\0", b" GET"])
def test_what_can_become_no_request_is_refused_before_its_end(start: bytes) -> None:
    assert refusal(start) == 400


@pytest.mark.parametrize("start", [b"\r\n\r\n", b"\r", b""])
def test_empty_lines_are_no_request(start: bytes) -> None:
    parser, taken = parse(start)
    assert (parser.is_blank(), parser.completed, taken) == (True, False, len(start))
