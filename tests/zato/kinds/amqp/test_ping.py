from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pika.channel import Channel

from tests.servers.certificates import Authority
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import RabbitMQ, VHost
from tests.servers.waiting import wait_for
from zato.kinds.amqp import ping as ping_module
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.ping import ping
from zato.kinds.base import Ping

PASSWORD = "canary-password"


@contextmanager
def one_client(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server for one client; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listener.accept()[0] as client:
            serve(client)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def http_server(client: socket.socket) -> None:
    client.recv(65_536)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def failed(result: Ping, category: str) -> str:
    assert not result.ok
    assert result.category == category
    assert "\n" not in result.detail
    assert PASSWORD not in result.detail
    assert 0 < result.latency < 2
    return result.detail


def nowhere(host: str = "127.0.0.1", port: int = 0) -> DefAMQP:
    return DefAMQP(name="d", host=host, port=port or free_port(), password=PASSWORD)


def test_a_broker_that_answers(vhost: VHost) -> None:
    # When
    result = ping(vhost.definition(), "server1")

    # Then
    assert result.ok
    assert result.address == f"amqp://{vhost.address}"
    assert 0 < result.latency < 2
    assert result.detail == f"connected as {vhost.user}"
    assert result.category == ""


def test_a_user_who_may_publish_nowhere_is_connected_all_the_same(rabbitmq: RabbitMQ, vhost: VHost) -> None:
    # Given
    name, user, nothing = f'<<"{vhost.name}">>', f'<<"{vhost.user}">>', '<<"^$">>'
    rabbitmq.evaluate(
        "ok = rabbit_auth_backend_internal:set_permissions("
        f'{user}, {name}, {nothing}, {nothing}, {nothing}, <<"tests">>)'
    )

    # When
    result = ping(vhost.definition(), "server1")

    # Then
    assert result.ok


def test_nothing_listens() -> None:
    definition = nowhere()
    detail = failed(ping(definition, "server1"), "refused")
    assert detail == f"connection refused by 127.0.0.1:{definition.port} (is the broker running there?)"


def test_a_wrong_password(vhost: VHost) -> None:
    detail = failed(ping(vhost.definition(password=PASSWORD), "server1"), "auth")
    assert detail == (
        f"authentication refused by 127.0.0.1:{vhost.server.port} for user {vhost.user} (check user and password)"
    )


def test_a_virtual_host_that_does_not_exist(vhost: VHost) -> None:
    detail = failed(ping(vhost.definition(vhost="nope"), "server1"), "auth")
    assert detail == f"virtual host nope does not exist at 127.0.0.1:{vhost.server.port} (check or create it)"


def test_a_virtual_host_of_others(vhost: VHost) -> None:
    detail = failed(ping(vhost.definition(vhost="/"), "server1"), "auth")
    where = f"127.0.0.1:{vhost.server.port}"
    assert detail == f"user {vhost.user} has no access to virtual host / at {where} (grant permissions)"


def test_a_host_that_does_not_exist() -> None:
    result = ping(nowhere(host="no-such-host.invalid"), "server1")
    assert (result.ok, result.category) == (False, "dns")
    assert result.detail == "cannot resolve host no-such-host.invalid (check the name)"


def test_a_port_that_speaks_http() -> None:
    with one_client(http_server) as port:
        detail = failed(ping(nowhere(port=port), "server1"), "other")
    assert detail == f"127.0.0.1:{port} does not speak AMQP 0-9-1 (is this the broker's port?)"


def test_a_port_without_tls(vhost: VHost) -> None:
    detail = failed(ping(vhost.definition(host="amqps://127.0.0.1"), "server1"), "tls")
    assert f"127.0.0.1:{vhost.server.port} does not speak TLS" in detail


@pytest.fixture
def tls(vhost: VHost, tmp_path: Path) -> Iterator[tuple[DefAMQP, Authority]]:
    """A broker behind TLS, and who vouches for it."""
    authority = Authority(tmp_path)
    with Proxy(vhost.server.port, authority.server_context("localhost")) as proxy:
        yield vhost.definition(host="amqps://localhost", port=proxy.port), authority


def test_a_broker_behind_tls(tls: tuple[DefAMQP, Authority], monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    definition, authority = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))

    # When
    result = ping(definition, "server1")

    # Then
    assert result.ok
    assert result.address == f"amqps://localhost:{definition.port}/{definition.vhost}"


def test_a_certificate_that_nobody_vouches_for(tls: tuple[DefAMQP, Authority]) -> None:
    detail = failed(ping(tls[0], "server1"), "tls")
    assert f"the TLS certificate of localhost:{tls[0].port} is not trusted: unable to get local issuer" in detail


def test_a_certificate_of_another_host(tls: tuple[DefAMQP, Authority], monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    definition, authority = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))

    # When
    result = ping(replace(definition, host="amqps://127.0.0.1"), "server1")

    # Then
    assert "IP address mismatch" in failed(result, "tls")


def test_a_port_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setattr(ping_module, "TIMEOUT", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]

        # When
        result = ping(nowhere(port=port), "server1")

    # Then
    assert failed(result, "timeout") == f"no answer from 127.0.0.1:{port} in time (check host, port and firewall)"


def test_a_broker_that_hangs(monkeypatch: pytest.MonkeyPatch, vhost: VHost) -> None:
    monkeypatch.setattr(ping_module, "TIMEOUT", 0.5)
    with vhost.server.frozen():
        failed(ping(vhost.definition(), "server1"), "timeout")


def test_a_broker_that_hangs_once_it_is_asked(monkeypatch: pytest.MonkeyPatch, vhost: VHost) -> None:
    # Given
    monkeypatch.setattr(ping_module, "TIMEOUT", 1.0)
    monkeypatch.setattr(ping_module, "LEAVE_TIMEOUT", 0.2)
    with Proxy(vhost.server.port) as proxy:
        ask = ping_module._Attempt._ask

        def hold_and_ask(attempt: Any, channel: Channel) -> None:
            proxy.hold()
            ask(attempt, channel)

        monkeypatch.setattr(ping_module._Attempt, "_ask", hold_and_ask)

        # When
        result = ping(vhost.definition(port=proxy.port), "server1")

    # Then
    failed(result, "timeout")


def test_a_broker_that_takes_no_messages(vhost: VHost) -> None:
    with vhost.server.blocked():
        detail = failed(ping(vhost.definition(), "server1"), "blocked")
    assert detail == "the broker takes no messages: low on memory (free memory or disk there)"


def test_a_queue_that_exists_and_one_that_does_not(vhost: VHost) -> None:
    # Given
    vhost.declare("there")

    # When
    there, missing = (ping(vhost.definition(), "server1", queue) for queue in ("there", "missing"))

    # Then
    assert there.ok
    assert failed(missing, "other") == f"NOT_FOUND - no queue 'missing' in vhost '{vhost.name}'"


def test_no_connection_is_left_behind(vhost: VHost) -> None:
    # When
    ping(vhost.definition(), "server1")

    # Then
    wait_for(lambda: vhost.connections() == 0, "the connection is closed")
