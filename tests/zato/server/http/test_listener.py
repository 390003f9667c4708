from __future__ import annotations

import errno
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers.http_client import Answer, RawClient, call
from tests.servers.listening import Listening, listening, running
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for
from zato.server.http.listener import Limits, Listener, bind

GET = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"


class Seen:
    """An application that remembers what it was asked and answers with the body it was sent."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    @property
    def paths(self) -> list[str]:
        return [request["PATH_INFO"] for request in self.requests]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.requests.append(environ)
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


class Gate:
    """An application whose requests wait until they are let through."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.entered.append(environ["PATH_INFO"])
        assert self.opened.wait(20)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


class Served:
    def __init__(self, app: Seen, server: Listening) -> None:
        self.app = app
        self.port = server.port


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    app = Seen()
    with running(app, Limits(threads=2, request_deadline=5, max_body=1000)) as server:
        yield Served(app, server)


@pytest.fixture
def served(shared: Served) -> Served:
    shared.app.requests.clear()
    return shared


def only(answers: list[Answer]) -> Answer:
    (answer,) = answers
    return answer


def get(*headers: bytes, target: bytes = b"/1", version: bytes = b"1.1") -> bytes:
    return b"GET %s HTTP/%s\r\nHost: a\r\n%s\r\n" % (target, version, b"".join(line + b"\r\n" for line in headers))


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /1 HTTP/1.1\r\nHost: a\r\n%s\r\n%s" % (b"".join(line + b"\r\n" for line in headers), body)


# What is refused (reference: reliability, section 5.2)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding: identity, chunked", body=b"0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding: \x85chunked", body=b"0\r\n\r\n"), 501),
        (post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), 400),
        (post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), 400),
        (b"POST /1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (post(b"Content-Length: 3", b"Content-Length: 5", body=b"abcde"), 400),
        (post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), 400),
        (post(b"Content-Length: 3, 3", body=b"abc"), 400),
        (post(b"Content-Length: +3", body=b"abc"), 400),
        (post(b"Content-Length: -1"), 400),
        (post(b"Content-Length: 0x3", body=b"abc"), 400),
        (post(b"Content-Length: 1_0", body=b"0123456789"), 400),
        (post(b"Content-Length: \xc2\xb2", body=b"ab"), 400),
        (post(b"Content-Length: \xb2", body=b"ab"), 400),
        (post(b"Content-Length:"), 400),
        (post(b"Content-Length: " + b"9" * 30, body=b"abc"), 413),
        (post(b"Content-Length: " + b"9" * 5000, body=b"abc"), 413),
        (post(b"Content-Length: 1001", body=b"abc"), 413),
        (CHUNKED + b"fffffff\r\n" + b"a" * 500, 413),
        (CHUNKED + b"1f4\r\n%s\r\n" % (b"a" * 500) * 3, 413),
        (CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n", 400),
        (CHUNKED + b"5;a\nb\r\nabcde\r\n0\r\n\r\n", 400),
        (CHUNKED + b"5\n\r\nabcde\r\n0\r\n\r\n", 400),
        (CHUNKED + b"5\r\nabcdeX0\r\n\r\n", 400),
        (CHUNKED + b"5\r\nabcde\r\n\r\n0\r\n\r\n", 400),
        (CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n", 400),
        (CHUNKED + b"0\r\nnot a trailer\r\n\r\n", 400),
        (b"GET /1 HTTP/1.1\nHost: a\nX: 1\n\n", 400),
        (b"GET /1 HTTP/1.1\nHost: a\nX: 1\n\r\n\r\n", 400),
        (get(b"X: a\rb"), 400),
        (get(b"X: a\x00b"), 400),
        (get(b"X: a\r\n b"), 400),
        (get(b" X: a"), 400),
        (get(b"garbage"), 400),
        (get(b"X Y: 1"), 400),
        (get(b": 1"), 400),
        (b"GET /1 HTTP/1.1\r\n\r\n", 400),
        (get(b"Host: b"), 400),
        (b"GET /1 HTTP/1.1\r\nHost: a@b/c?d\r\n\r\n", 400),
        (b"GET /1 HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /1 HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (get(b"Content-Type: a/b", b"Content-Type: c/d"), 400),
        (get(b"Authorization: Basic YTpi", b"Authorization: Basic YTpj"), 400),
        (get(b"X: " + b"a" * 20_000), 431),
        (get(*(b"A%d: 1" % number for number in range(1000))), 431),
        (get(target=b"/" + b"a" * 15_000), 414),
        (get(target=b"/a%00b"), 400),
        (get(target=b"/a%0d%0aX:%201"), 400),
        (get(target=b"/a%7f"), 400),
        (get(target=b"/a%c2%85"), 400),
        (get(target=b"/a?b%0d%0a=1"), 400),
        (get(target=b"/a?x=1&b%00"), 400),
        (get(target=b"/a%zz"), 400),
        (get(target=b"/a%"), 400),
        (get(target=b"/a%ff"), 400),
        (get(target=b"/\xff\xfe"), 400),
        (get(target=b"/a b"), 400),
        (get(target=b"/a#b"), 400),
        (get(target=b"a"), 400),
        (get(target=b"*"), 400),
        (get(target=b"http://"), 400),
        (get(target=b"http://user@evil/"), 400),
        (get(target=b"ftp://evil/"), 400),
        (b"get /1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"G@T /1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"A" * 1000 + b" /1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"TRACE /1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (get(version=b"9.9"), 505),
        (get(version=b"1.2"), 505),
        (b"GET /1 HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        (b"GET /1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, 400),
        (bytes(range(256)) * 8, 400),
        (b" " + GET, 400),
        (post(b"Expect: 200-ok", b"Content-Length: 3", body=b"abc"), 417),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else None,
)
def test_a_bad_request_is_refused_and_what_follows_it_never_runs(served: Served, request_: bytes, status: int) -> None:
    # When
    answer = only(call(served.port, request_ + SMUGGLED))

    # Then
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert re.fullmatch("[0-9a-f]{24}", answer.headers["x-zato-cid"])
    assert re.fullmatch(rf"[A-Z][A-Za-z -]+ \(CID:{answer.headers['x-zato-cid']}\)\n", answer.body.decode())
    assert "server" not in answer.headers
    assert served.app.paths == []
    assert only(call(served.port, LAST)).status == 200


def test_a_method_that_nothing_answers_is_refused_with_those_that_something_can(served: Served) -> None:
    answer = only(call(served.port, b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def test_a_large_body_that_is_refused_does_not_cost_the_client_its_answer(served: Served) -> None:
    # Given
    with RawClient(served.port) as client:
        client.send(post(b"Content-Length: 3000000"))

        # When
        client.send(b"x" * 3_000_000)

        # Then
        assert client.answer().status == 413


def test_what_a_client_sends_after_it_was_refused_is_read_for_a_bounded_time(served: Served) -> None:
    with RawClient(served.port) as client:
        client.send(post(b"Content-Length: 3000000"))
        assert client.answer().status == 413
        assert client.is_closed_by_server()
        wait_for(lambda: _is_reset(client), "the connection is closed to a client that goes on sending")


def _is_reset(client: RawClient) -> bool:
    try:
        client.send(b"x")
    except ConnectionError:
        return True
    return False


def test_pipelined_requests_are_answered_in_order_up_to_a_bad_one(served: Served) -> None:
    # Given
    good = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(50))

    # When
    answers = call(served.port, good + get(b"X Y: 1") + SMUGGLED)

    # Then
    assert [answer.status for answer in answers] == [200] * 50 + [400]
    assert served.app.paths == [f"/{number}" for number in range(50)]


@given(
    st.lists(st.one_of(st.binary(max_size=200), st.sampled_from([GET, CHUNKED, b"\r\n\r\n", b"0\r\n\r\n"])), max_size=5)
)
@settings(deadline=None)
def test_random_bytes_neither_hang_nor_break_the_listener(shared: Served, pieces: list[bytes]) -> None:
    with RawClient(shared.port) as client:
        client.send(b"".join(pieces))
        client.send_nothing_more()
        assert all(answer.status in {200, 400, 405, 413, 414, 417, 431, 501, 505} for answer in client.answers())
    assert only(call(shared.port, LAST)).status == 200


# What is served


def test_a_request_reaches_the_application_and_its_answer_the_client(served: Served) -> None:
    # When
    with RawClient(served.port) as client:
        client.send(post(b"Content-Length: 3", b"X-A: 1", b"X-A: 2", body=b"abc"))
        first = client.answer()
        client.send(CHUNKED + b"2;x=y\r\nde\r\n1\r\nf\r\n0\r\nContent-Length: 9\r\n\r\n")
        second = client.answer()

    # Then
    assert (first.status, first.body, second.body) == (200, b"abc", b"def")
    assert set(first.headers) == {"content-type", "content-length", "date"}
    environ, chunks = served.app.requests
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["HTTP_X_A"]) == ("POST", "/1", "1, 2")
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", str(served.port))
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert chunks["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in chunks


def test_empty_lines_before_a_request_are_read_over(served: Served) -> None:
    assert only(call(served.port, b"\r\n" * 1000 + LAST)).status == 200


def test_a_client_that_waits_to_be_told_to_continue_is_told(served: Served) -> None:
    with RawClient(served.port) as client:
        client.send(post(b"Expect: 100-continue", b"Content-Length: 3"))
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().body == b"abc"


def test_a_client_is_not_told_to_continue_with_a_body_that_is_refused(served: Served) -> None:
    assert only(call(served.port, post(b"Expect: 100-continue", b"Content-Length: 3000"))).status == 413


def test_an_expectation_without_a_body_does_not_stop_a_request(served: Served) -> None:
    assert only(call(served.port, get(b"Expect: 100-continue", b"Connection: close"))).status == 200


def test_an_answer_to_head_has_no_body(served: Served) -> None:
    with RawClient(served.port) as client:
        client.send(b"HEAD /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        answer = client.answer(has_body=False)
        client.send(LAST)
        assert (answer.headers["content-length"], client.answer().status) == ("3", 200)


def test_headers_of_answers_are_spelled_as_the_application_spells_them() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        headers = [("X-Zato-CID", "1"), ("WWW-Authenticate", "a"), ("WWW-Authenticate", "b"), ("content-length", "0")]
        start_response("401 Unauthorized", headers)
        return []

    with listening(app) as url, socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), 10) as client:
        client.sendall(LAST)
        sent = client.makefile("rb").read()

    for header in (b"X-Zato-CID: 1", b"WWW-Authenticate: a", b"WWW-Authenticate: b", b"content-length: 0"):
        assert b"\r\n" + header + b"\r\n" in sent


def test_a_large_answer_arrives_whole() -> None:
    # Given
    body = bytes(range(256)) * 80_000
    app = Seen()

    # When
    with running(app, Limits(max_body=len(body))) as server:
        answer = only(call(server.port, post(b"Connection: close", b"Content-Length: %d" % len(body), body=body)))

    # Then
    assert answer.body == body


def test_parts_of_an_answer_arrive_in_order(caplog: pytest.LogCaptureFixture) -> None:
    # Given
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "300006")])
        yield from (b"abc", b"", b"x" * 300_000, b"def")

    # When
    with running(app) as server:
        answer = only(call(server.port, LAST))

    # Then
    assert answer.body == b"abc" + b"x" * 300_000 + b"def"
    assert caplog.messages == []


@pytest.mark.parametrize("error", [ValueError, OSError, SystemExit])
def test_an_application_that_fails_costs_one_connection_and_no_thread(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/1":
            raise error("secret")
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with running(app, Limits(threads=1)) as server:
        # When
        answers = call(server.port, GET)

        # Then
        assert [answer.status for answer in answers] == ([] if error is SystemExit else [500])
        assert b"secret" not in b"".join(answer.body for answer in answers)
        assert only(call(server.port, LAST)).status == 200
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_it_listens_on_ipv6() -> None:
    app = Seen()
    with running(app, host="::1") as server, RawClient(server.port, host="::1") as client:
        client.send(LAST)
        assert client.answer().status == 200
    assert app.requests[0]["REMOTE_ADDR"] == "::1"


def test_a_base_url_is_all_that_other_tests_need() -> None:
    with listening(Seen()) as url:
        port = int(url.removeprefix("http://127.0.0.1:"))
        assert only(call(port, LAST)).status == 200


def test_an_address_in_use_is_an_error() -> None:
    with bind("127.0.0.1", 0, 1) as sock, pytest.raises(OSError, match="in use") as caught:
        bind("127.0.0.1", sock.getsockname()[1], 1)
    assert caught.value.errno == errno.EADDRINUSE


def test_an_address_of_another_machine_is_an_error() -> None:
    with pytest.raises(OSError, match="assign") as caught:
        bind("192.0.2.1", free_port(), 1)
    assert caught.value.errno == errno.EADDRNOTAVAIL


# Slow clients


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n", post(b"Content-Length: 1000"), CHUNKED])
def test_dripping_clients_die_at_the_deadline_and_stop_nobody(start: bytes) -> None:
    app = Seen()
    with running(app, Limits(threads=2, request_deadline=1)) as server, ExitStack() as stack:
        # Given
        clients = [stack.enter_context(RawClient(server.port)) for _ in range(50)]
        stopped = threading.Event()
        for client in clients:
            client.send(start)
        dripping = threading.Thread(target=_drip, args=(clients, stopped))
        dripping.start()

        # When
        began = time.monotonic()
        answer = only(call(server.port, LAST))
        answered_after = time.monotonic() - began
        answers = [client.answers() for client in clients]

        # Then
        stopped.set()
        dripping.join()
        assert answer.status == 200
        assert answered_after < 1
        assert [only(found).status for found in answers] == [408] * 50
        assert server.listener.timed_out == 50
    assert app.paths == ["/last"]


def _drip(clients: list[RawClient], stopped: threading.Event) -> None:
    dead: set[RawClient] = set()
    while not stopped.wait(0.02):
        for client in clients:
            try:
                client.send(b"1")
            except OSError:
                dead.add(client)


def test_idle_connections_are_closed_after_a_while() -> None:
    with running(Seen(), Limits(idle_timeout=0.2, request_deadline=0.4)) as server:
        with RawClient(server.port) as client:
            assert client.is_closed_by_server()
        with RawClient(server.port) as client:
            client.send(GET)
            assert client.answer().status == 200
            assert client.is_closed_by_server()
        assert server.listener.timed_out == 0


def test_empty_lines_do_not_keep_a_connection_open() -> None:
    with running(Seen(), Limits(request_deadline=0.2)) as server, RawClient(server.port) as client:
        client.send(b"\r\n\r\n")
        assert client.is_closed_by_server()


def test_a_request_that_comes_while_another_runs_has_its_whole_deadline() -> None:
    gate = Gate()
    with running(gate, Limits(request_deadline=0.4)) as server, RawClient(server.port) as client:
        # Given
        client.send(GET + LAST[:-4])
        wait_for(lambda: gate.entered, "the first request runs")
        until = time.monotonic() + 0.6
        wait_for(lambda: time.monotonic() > until, "the deadline has passed")

        # When
        gate.opened.set()
        first = client.answer()
        client.send(LAST[-4:])

        # Then
        assert [first.status, *(answer.status for answer in client.answers())] == [200, 200]


def test_a_client_that_does_not_read_its_answer_holds_no_thread() -> None:
    # Given
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(100_000_000))])
        for _ in range(100):
            yield b"x" * 1_000_000

    limits = Limits(threads=1, idle_timeout=0.3, request_deadline=0.4)
    with running(app, limits) as server, RawClient(server.port) as client:
        # When
        client.send(GET)
        wait_for(lambda: server.listener.in_flight, "the request runs")

        # Then
        wait_for(lambda: server.listener.timed_out, "the answer is given up")
        wait_for(lambda: not server.listener.in_flight, "the thread is free")


def test_an_answer_that_is_taken_too_slowly_is_given_up() -> None:
    # Given
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(50_000_000))])
        return [b"x" * 50_000_000]

    with running(app, Limits(response_deadline=0.3, request_deadline=0.4)) as server, RawClient(server.port) as client:
        # When
        client.send(GET)

        # Then
        wait_for(lambda: server.listener.timed_out, "the answer is given up")
        with pytest.raises((ConnectionError, AssertionError)):
            assert len(client.answer().body) == 50_000_000


def test_idle_connections_give_way_to_new_ones(caplog: pytest.LogCaptureFixture) -> None:
    with running(Seen(), Limits(connection_limit=20)) as server, ExitStack() as stack:
        # Given
        idle = [stack.enter_context(RawClient(server.port)) for _ in range(60)]

        # When
        answers = [only(call(server.port, LAST)) for _ in range(5)]

        # Then
        assert [answer.status for answer in answers] == [200] * 5
        assert idle[0].is_closed_by_server()
        assert server.listener.connections <= 20
    assert len([message for message in caplog.messages if "connections are open" in message]) == 1


def test_urgent_data_ends_a_connection(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", served.port), 10) as client:
        client.send(b"!", socket.MSG_OOB)
        assert _ends(client)
    assert caplog.messages == []


def _ends(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


# Clients that go away


def test_a_client_that_goes_away_in_its_body_runs_nothing(served: Served) -> None:
    with RawClient(served.port) as client:
        client.send(post(b"Content-Length: 100", body=b"abc"))
    assert only(call(served.port, LAST)).status == 200
    assert served.app.paths == ["/last"]


def test_a_client_that_goes_away_before_its_answer_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    # Given
    caplog.set_level(logging.DEBUG)
    gate = Gate()
    with running(gate) as server:
        with RawClient(server.port) as client:
            client.send(GET)
            wait_for(lambda: gate.entered, "the request runs")
            client.reset()

        # When
        gate.opened.set()
        wait_for(lambda: not server.listener.connections, "the connection is closed")

    # Then
    assert [record.getMessage() for record in caplog.records] == ["The connection ended before its answer was sent"]
    assert caplog.records[0].exc_info is None


# Overload


def test_a_full_queue_is_answered_503_at_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with running(gate, Limits(threads=2, max_queue=3)) as server, ExitStack() as stack:
        # Given
        accepted = [stack.enter_context(RawClient(server.port)) for _ in range(5)]
        for client in accepted:
            client.send(LAST)
        wait_for(lambda: (server.listener.in_flight, server.listener.queued) == (2, 3), "the queue is full")

        # When
        refused = [only(call(server.port, GET)) for _ in range(20)]

        # Then
        assert {answer.status for answer in refused} == {503}
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert server.listener.shed == 20
        gate.opened.set()
        assert [only(client.answers()).status for client in accepted] == [200] * 5
    assert caplog.messages == ["Overloaded: 1 requests answered 503 so far"]


def test_nothing_is_queued_behind_a_request_that_has_waited_too_long() -> None:
    gate = Gate()
    with running(gate, Limits(threads=1, max_queue_age=0.2)) as server, ExitStack() as stack:
        # Given
        accepted = [stack.enter_context(RawClient(server.port)) for _ in range(2)]
        for client in accepted:
            client.send(LAST)
        wait_for(lambda: server.listener.queued, "a request waits")

        # When
        answers: list[Answer] = []
        wait_for(lambda: _is_shed(server.port, stack, answers), "a request is refused")

        # Then
        gate.opened.set()
        assert [only(client.answers()).status for client in accepted] == [200] * 2


def _is_shed(port: int, stack: ExitStack, answers: list[Answer]) -> bool:
    client = stack.enter_context(RawClient(port, timeout=0.1))
    client.send(GET)
    try:
        answers.append(client.answer())
    except TimeoutError:  # it was queued
        return False
    return answers[-1].status == 503


def test_pipelined_requests_are_shed_too(served: Served) -> None:
    gate = Gate()
    with running(gate, Limits(threads=1, max_queue=1)) as server, RawClient(server.port) as first:
        # Given
        first.send(GET + GET)
        wait_for(lambda: server.listener.in_flight, "the first request runs")
        with RawClient(server.port) as second:
            second.send(LAST)
            wait_for(lambda: server.listener.queued, "another client's request waits")

            # When
            gate.opened.set()

            # Then
            assert [answer.status for answer in first.answers()] == [200, 503]
            assert only(second.answers()).status == 200


# The end


def test_a_drain_answers_what_runs_and_what_waits() -> None:
    gate = Gate()
    with running(gate, Limits(threads=8)) as server, ExitStack() as stack:
        # Given
        clients = [stack.enter_context(RawClient(server.port)) for _ in range(16)]
        for client in clients:
            client.send(GET)
        wait_for(lambda: (server.listener.in_flight, server.listener.queued) == (8, 8), "8 run and 8 wait")
        idle = stack.enter_context(RawClient(server.port))
        half = stack.enter_context(RawClient(server.port))
        half.send(GET[:10])
        wait_for(lambda: server.listener.connections == 18, "all are connected")

        # When
        server.stop()

        # Then
        assert idle.is_closed_by_server()
        with pytest.raises(ConnectionRefusedError):
            RawClient(server.port)
        gate.opened.set()
        half.send(GET[10:])
        answers = [only(client.answers()) for client in (*clients, half)]
        assert [(answer.status, answer.headers["connection"]) for answer in answers] == [(200, "close")] * 17
        server.wait()
    assert server.listener.abandoned == 0
    assert len(gate.entered) == 17


def test_a_drain_loses_no_request_of_clients_that_keep_calling() -> None:
    # Given
    lost: list[str] = []
    with running(Seen(), Limits(threads=4)) as server, ThreadPoolExecutor(16) as pool:
        calling = [pool.submit(_call_until_refused, server.port, lost) for _ in range(16)]

        # When
        wait_for(lambda: server.listener.connections == 16, "all clients call")
        server.stop()
        counts = [future.result() for future in calling]

    # Then
    assert lost == []
    assert all(counts)


def _call_until_refused(port: int, lost: list[str]) -> int:
    answered = 0
    while True:
        try:
            client = RawClient(port)
        except ConnectionRefusedError:
            return answered
        with client:
            try:
                while True:
                    client.send(GET)
                    answered += client.answer().status == 200
            except (EOFError, ConnectionError) as error:
                if not client.was_told_to_close:
                    lost.append(repr(error))


def test_requests_that_were_sent_in_one_go_are_all_answered_in_a_drain() -> None:
    gate = Gate()
    with running(gate, Limits(threads=1)) as server, RawClient(server.port) as client:
        # Given
        client.send(GET * 3)
        wait_for(lambda: gate.entered, "the first request runs")

        # When
        server.stop()
        gate.opened.set()

        # Then
        assert [answer.status for answer in client.answers()] == [200] * 3


def test_a_drain_ends_when_its_time_is_over() -> None:
    gate = Gate()
    with running(gate, Limits(threads=1), drain=0.2) as server, ExitStack() as stack:
        # Given
        clients = [stack.enter_context(RawClient(server.port)) for _ in range(3)]
        for client in clients:
            client.send(GET)
        wait_for(lambda: (server.listener.in_flight, server.listener.queued) == (1, 2), "a request runs and two wait")

        # When
        server.stop()
        server.wait()

        # Then
        assert server.listener.abandoned == 3
        assert all(client.is_closed_by_server() for client in clients)
        gate.opened.set()
        wait_for(lambda: not server.listener.in_flight, "the thread ends")
    assert len(gate.entered) == 1


def test_it_can_be_woken_at_any_time() -> None:
    with running(Seen()) as server:
        began = time.monotonic()
        server.stop()
        server.wait()
        took = time.monotonic() - began
    server.listener.wake()
    assert took < 0.9


def test_it_ends_at_once_where_it_was_stopped_before() -> None:
    # Given
    sock = bind("127.0.0.1", 0, 1)
    listener = Listener(Seen(), sock, Limits())
    stop = threading.Event()
    stop.set()

    # When
    listener.run(stop)

    # Then
    assert sock.fileno() == -1


PROCESS = """
import logging, resource, signal, sys, threading
from zato.server.http.listener import Limits, Listener, bind

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

logging.basicConfig(format="%(levelname)s %(message)s")
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
sock = bind("127.0.0.1", 0, 100)
listener = Listener(app, sock, Limits())
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: (stop.set(), listener.wake()))
print(sock.getsockname()[1], flush=True)
listener.run(stop)
"""


def test_a_process_out_of_file_descriptors_goes_on_serving_and_ends_on_a_signal() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process, ExitStack() as stack:
        # Given
        assert process.stdout is not None
        port = int(process.stdout.readline())
        idle = [stack.enter_context(RawClient(port)) for _ in range(60)]

        # When
        answers = [only(call(port, LAST)) for _ in range(3)]
        process.terminate()
        _, log = process.communicate(timeout=20)

        # Then
        assert [answer.status for answer in answers] == [200] * 3
        assert all(client.is_closed_by_server() for client in idle)
        assert log == "WARNING Connections cannot be accepted: [Errno 24] Too many open files\n"
        assert process.returncode == 0


def test_sockets_are_closed_in_the_end() -> None:
    # Given
    with running(Seen()) as server, RawClient(server.port) as client:
        client.send(GET)
        assert client.answer().status == 200

    # Then
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port)):
        pass
    assert server.listener.connections == 0
