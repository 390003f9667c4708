"""Deadlines, limits, faults of the other side, and TLS."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests

from tests.servers.certificates import Authority
from tests.servers.http_server import HTTPServer
from tests.zato.kinds.rest.conftest import Open
from zato.common.exception import TimeoutException, ZatoException
from zato.errors import ZatoError
from zato.kinds.rest import transport
from zato.kinds.rest.errors import (
    CallFailed,
    CallTimeout,
    ConnectionFailed,
    ConnectionRefused,
    ConnectTimeout,
    HostNotFound,
    TLSFailed,
    UnusableAnswer,
)
from zato.kinds.rest.response import MAX_BODY

CID = "abc123"


class TestDeadlines:
    @pytest.mark.parametrize("fault", ["silence", "drip", "drip-head"])
    def test_a_slow_answer_does_not_outlive_the_timeout(
        self, server: HTTPServer, open_handle: Open, fault: Any
    ) -> None:
        server.answer(body=b"x" * 500, fault=fault)
        began = monotonic()

        with pytest.raises(CallTimeout) as caught:
            open_handle().conn.get(CID, timeout=0.3)

        assert 0.3 <= monotonic() - began < 3
        assert caught.value.msg == f"`CRM`: no complete answer within 0.3 s: GET {server.url}/get-user"
        assert caught.value.cid == CID
        assert isinstance(caught.value, TimeoutException)
        assert isinstance(caught.value, requests.Timeout)

    def test_the_connections_timeout_applies_where_the_call_has_none(
        self, server: HTTPServer, open_handle: Open
    ) -> None:
        server.answer(body=b"ab", fault="silence")
        conn = open_handle(timeout=0.2).conn

        with pytest.raises(CallTimeout, match=r"within 0\.2 s"):
            conn.get(CID)
        with pytest.raises(CallTimeout, match=r"within 0\.2 s"):
            conn.session.get(conn.address)

    def test_zero_waits_as_long_as_it_takes(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(body=b'"slow"', fault="drip")

        assert open_handle(timeout=0.05).conn.get(CID, timeout=0).data == "slow"
        assert open_handle(timeout=0).conn.get(CID).data == "slow"

    def test_redirects_have_one_deadline_together(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", body=b"x" * 10, fault="drip", status=302, headers={"Location": "/get-user"})
        began = monotonic()

        with pytest.raises(CallTimeout, match=r"within 0\.5 s"):
            open_handle().conn.get(CID, timeout=0.5)

        assert monotonic() - began < 3
        assert len(server.requests) > 1

    def test_a_body_that_is_not_taken_does_not_outlive_the_timeout(
        self, deaf: socket.socket, open_handle: Open
    ) -> None:
        host = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        began = monotonic()

        with pytest.raises(CallTimeout, match=r"within 0\.3 s"):
            open_handle(host=host).conn.post(CID, b"x" * 50_000_000, timeout=0.3)

        assert monotonic() - began < 3

    def test_a_connection_that_is_not_made_does_not_outlive_its_own_limit(
        self, full: socket.socket, open_handle: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "CONNECT_TIMEOUT", 0.2)
        host = f"http://127.0.0.1:{full.getsockname()[1]}"

        with pytest.raises(ConnectTimeout, match=r"`CRM`: no connection within 0\.2 s") as caught:
            open_handle(host=host).conn.get(CID)

        assert caught.value.category == "timeout"
        assert isinstance(caught.value, requests.ConnectTimeout)

    def test_a_body_may_take_longer_than_connecting_may(
        self, server: HTTPServer, open_handle: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "CONNECT_TIMEOUT", 0.1)
        server.answer(body=b'"a slow answer"', fault="drip")

        assert open_handle().conn.get(CID).data == "a slow answer"

    def test_a_connection_serves_calls_after_a_timeout(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", body=b"ab", fault="silence")
        conn = open_handle(pool_size=1).conn
        for _ in range(3):
            with pytest.raises(CallTimeout):
                conn.get(CID, timeout=0.05)

        server.answer("/get-user", {"a": 1})

        assert conn.get(CID).data == {"a": 1}
        assert conn.get(CID, timeout=0.5).data == {"a": 1}


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A listener whose connections are made by the system and never read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def full() -> Iterator[socket.socket]:
    """A listener whose queue is full, so that the system makes no more connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener
        for client in waiting:
            client.close()


class TestFaults:
    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            ({"fault": "reset", "body": b"abcd"}, "Connection reset by peer"),
            ({"fault": "truncate", "body": b"abcd"}, "IncompleteRead"),
            ({"length": 1000, "body": b"abcd", "fault": "truncate"}, "IncompleteRead"),
            ({"fault": "no-answer"}, "Remote end closed connection without response|RemoteDisconnected"),
            ({"fault": "not-http"}, "BadStatusLine"),
        ],
    )
    def test_a_lost_connection_is_a_failure(
        self, server: HTTPServer, open_handle: Open, answer: dict[str, Any], message: str
    ) -> None:
        server.answer(**answer)

        with pytest.raises(ConnectionFailed, match=rf"`CRM`: the connection was lost .*\(({message})\): GET") as caught:
            open_handle().conn.get(CID)

        assert isinstance(caught.value, requests.ConnectionError)
        assert isinstance(caught.value, ZatoException)
        assert caught.value.category == "other"

    def test_what_follows_an_answer_does_not_reach_the_next_call(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer("/get-user", body=b"{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", length=2)
        conn = open_handle(pool_size=1).conn

        assert [conn.get(CID).text for _ in range(3)] == ["{}"] * 3

    def test_a_connection_that_was_closed_meanwhile_is_replaced(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(headers={"Content-Type": "application/json", "Connection": "close"})
        conn = open_handle(pool_size=1).conn

        assert [conn.get(CID).data for _ in range(3)] == [{}] * 3
        assert server.connections == 3

    def test_an_answer_may_end_with_its_connection(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(body=b'{"a": 1}', length=-1)

        assert open_handle().conn.get(CID).data == {"a": 1}

    def test_nobody_listening_is_said(self, open_handle: Open) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]

        with pytest.raises(ConnectionRefused) as caught:
            open_handle("/a/{b}", host=f"http://127.0.0.1:{port}").conn.get(CID, {"b": "secret", "c": "secret"})

        assert caught.value.msg == (
            "`CRM`: connection refused (check that the system is up, and the port in `host`): "
            f"GET http://127.0.0.1:{port}/a/{{b}}"
        )

    def test_a_network_that_does_not_lead_there_is_said(self, open_handle: Open) -> None:
        with pytest.raises(ConnectionFailed, match=r"`CRM`: cannot connect \(Network is unreachable\): GET"):
            open_handle(host="http://255.255.255.255").conn.get(CID)

    def test_an_unknown_host_is_said(self, open_handle: Open) -> None:
        with pytest.raises(
            HostNotFound, match=r"the name of the host does not resolve \(check `host`\): GET http://a\."
        ):
            open_handle(host="http://a.invalid").conn.get(CID)

    def test_a_host_may_have_any_name(self, open_handle: Open) -> None:
        with pytest.raises(HostNotFound, match="GET http://żółw\\.invalid"):
            open_handle(host="http://żółw.invalid").conn.get(CID)

    def test_a_host_may_be_an_ipv6_address(self, open_handle: Open) -> None:
        with HTTPServer(address="::1") as server:
            conn = open_handle(host=server.url).conn

            assert conn.get(CID).data == {}
            assert conn.session.get(conn.address).ok
            assert server.url == f"http://[::1]:{server.port}"
            assert server.connections == 1

    @pytest.mark.parametrize("host", ["http://127.0.0.1:99999", "http://[::1", "http://" + "a" * 64 + ".invalid"])
    def test_a_host_that_is_none_is_said(self, open_handle: Open, host: str) -> None:
        with pytest.raises((ZatoError, CallFailed), match="`CRM`"):
            open_handle(host=host).conn.get(CID)


class TestSize:
    def test_an_answer_without_end_is_cut_off(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(body=b"x" * 1_000_000, fault="endless", length=-1)

        with pytest.raises(UnusableAnswer, match=f"`CRM`: the answer of .* is larger than {MAX_BODY} bytes"):
            open_handle().conn.get(CID)

    @pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
    def test_a_small_answer_that_is_large_when_decompressed_is_cut_off(
        self, server: HTTPServer, open_handle: Open, encoding: str, compress: Any
    ) -> None:
        server.answer(body=compress(b"\0" * (MAX_BODY + 1)), headers={"Content-Encoding": encoding})
        conn = open_handle(pool_size=1).conn

        with pytest.raises(UnusableAnswer, match="larger"):
            conn.get(CID)

        server.answer(body={"a": 1})
        assert conn.get(CID).data == {"a": 1}

    def test_compressed_answers_are_decompressed(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

        assert open_handle().conn.get(CID).data == {"a": 1}
        assert server.last.headers["Accept-Encoding"].startswith("gzip")

    def test_what_cannot_be_decompressed_is_said(self, server: HTTPServer, open_handle: Open) -> None:
        server.answer(body=b"not gzip", headers={"Content-Encoding": "gzip"})

        with pytest.raises(UnusableAnswer, match="`CRM`: the answer cannot be decompressed"):
            open_handle().conn.get(CID)


class TestTLS:
    def test_an_own_ca_is_trusted(self, authority: Authority, open_handle: Open) -> None:
        with HTTPServer(authority.server_context()) as server:
            handle = open_handle(host=server.url, validate_tls=str(authority.bundle))

            assert handle.conn.get(CID).data == {}
            assert handle.ping().ok
            assert handle.conn.session.get(handle.conn.address).ok
            assert server.connections == 1

    @pytest.mark.parametrize(
        ("certificate", "trusted", "reason"),
        [
            ({}, False, "unable to get local issuer certificate"),
            ({"host": "crm.example"}, True, "IP address mismatch, certificate is not valid for '127.0.0.1'."),
            ({"expired": True}, True, "certificate has expired"),
        ],
    )
    def test_certificates_are_verified(
        self, authority: Authority, open_handle: Open, *, certificate: dict[str, Any], trusted: bool, reason: str
    ) -> None:
        with HTTPServer(authority.server_context(**certificate)) as server:
            handle = open_handle(host=server.url, validate_tls=str(authority.bundle) if trusted else True)

            with pytest.raises(TLSFailed) as caught:
                handle.conn.get(CID)
            ping = handle.ping()

            assert server.requests == []
        assert caught.value.msg == (
            f"`CRM`: {reason} (`validate_tls` can name the CA bundle to verify with): GET {server.url}/get-user"
        )
        assert isinstance(caught.value, requests.exceptions.SSLError)
        assert (ping.ok, ping.category) == (False, "tls")
        assert reason in ping.detail

    def test_an_unverified_connection_works_and_is_told_of_once(
        self, authority: Authority, open_handle: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        with HTTPServer(authority.server_context(expired=True)) as server, caplog.at_level(logging.WARNING):
            conn = open_handle(host=server.url, validate_tls=False).conn

            assert conn.get(CID).data == {}
            assert conn.get(CID).data == {}

        assert caplog.messages == [f"`CRM`: certificates of {server.url} are not verified (`validate_tls` is off)"]

    def test_a_system_without_tls_is_said(self, server: HTTPServer, open_handle: Open) -> None:
        with pytest.raises(TLSFailed, match=r"`CRM`: no TLS connection \([A-Z_]+\): GET https://"):
            open_handle(host=server.url.replace("http", "https")).conn.get(CID)

    def test_a_handshake_that_does_not_come_does_not_outlive_the_timeout(
        self, deaf: socket.socket, open_handle: Open
    ) -> None:
        began = monotonic()

        with pytest.raises(ConnectTimeout, match=r"no connection within 0\.2 s"):
            open_handle(host=f"https://127.0.0.1:{deaf.getsockname()[1]}").conn.get(CID, timeout=0.2)

        assert monotonic() - began < 3

    @pytest.mark.parametrize("fault", ["silence", "drip", "drip-head"])
    def test_a_slow_answer_does_not_outlive_the_timeout(
        self, authority: Authority, open_handle: Open, fault: Any
    ) -> None:
        with HTTPServer(authority.server_context()) as server:
            server.answer(body=b"x" * 500, fault=fault)
            began = monotonic()

            with pytest.raises(CallTimeout):
                open_handle(host=server.url, validate_tls=str(authority.bundle)).conn.get(CID, timeout=0.3)

            assert 0.3 <= monotonic() - began < 3

    def test_a_bundle_that_is_not_there_is_said_before_any_call(self, open_handle: Open, tmp_path: Path) -> None:
        with pytest.raises(ZatoError, match=r"`CRM`: cannot read the CA bundle of `validate_tls`: .*/none\.pem"):
            open_handle(host="https://127.0.0.1", validate_tls=str(tmp_path / "none.pem"))

    def test_a_bundle_without_certificates_is_said_before_any_call(
        self, open_handle: Open, unreadable_bundle: Path
    ) -> None:
        with pytest.raises(ZatoError, match=r"`CRM`: cannot read the CA bundle of `validate_tls`: .*/ca\.pem"):
            open_handle(host="https://127.0.0.1", validate_tls=str(unreadable_bundle))

    def test_threads_share_connections(self, authority: Authority, open_handle: Open) -> None:
        with HTTPServer(authority.server_context()) as server:
            conn = open_handle(host=server.url, validate_tls=str(authority.bundle), pool_size=4).conn
            start = threading.Barrier(16)

            def call() -> None:
                start.wait(10)
                assert conn.post(CID, b"x" * 100_000).data == {}

            threads = [threading.Thread(target=call) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert len(server.requests) == 16
            assert server.connections <= 4
