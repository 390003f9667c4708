from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from tests.servers.proxy import Proxy
from tests.servers.rabbitmq import VHost
from tests.servers.waiting import wait_for
from tests.zato.kinds.amqp.worlds import OneDefinition, lines
from zato.kinds.amqp import publisher as publisher_module
from zato.kinds.amqp.errors import PublishTimeout
from zato.kinds.amqp.lane import Lane
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.amqp.publisher import OutgoingConnection, open_outgoing


@pytest.fixture
def proxy(vhost: VHost) -> Iterator[Proxy]:
    vhost.declare("q")
    with Proxy(vhost.server.port) as opened:
        yield opened


@pytest.fixture
def payments(vhost: VHost, proxy: Proxy) -> Iterator[OutgoingConnection]:
    world = OneDefinition(vhost.definition(port=proxy.port, heartbeat=1))
    yield open_outgoing(OutgoingAMQP(name="Payments", def_name="broker"), world)
    world.publisher.close()


def test_no_confirmed_message_is_lost_when_connections_are_cut(
    vhost: VHost, proxy: Proxy, payments: OutgoingConnection
) -> None:
    # Given
    stop = threading.Event()
    confirmed: list[str] = []

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            payments.invoke(str(number), "", "q")
            confirmed.append(str(number))

    load = threading.Thread(target=work)
    load.start()

    # When
    for _ in range(10):
        enough = len(confirmed) + 50
        wait_for(lambda enough=enough: len(confirmed) > enough, "messages are confirmed")  # type: ignore[misc]
        proxy.cut()
    stop.set()
    load.join()

    # Then
    arrived = [body.decode() for body in vhost.take_all("q")]
    assert set(confirmed) <= set(arrived)
    assert list(dict.fromkeys(arrived)) == sorted(set(arrived), key=int)


def test_a_message_whose_confirm_got_lost_is_sent_again(
    vhost: VHost, proxy: Proxy, payments: OutgoingConnection
) -> None:
    # Given
    payments.invoke("0", "", "q")
    proxy.hold()
    caller = threading.Thread(target=payments.invoke, args=("1", "", "q"))
    caller.start()
    wait_for(lambda: vhost.depth("q") == 2, "the broker has the message")

    # When
    proxy.cut()
    proxy.release()
    caller.join()

    # Then
    assert vhost.take_all("q") == [b"0", b"1", b"1"]


@pytest.mark.faults
def test_a_dead_link_is_noticed_by_its_heartbeat(
    proxy: Proxy, payments: OutgoingConnection, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    payments.invoke("0", "", "q")

    # When
    proxy.hold()

    # Then
    wait_for(lambda: lines(caplog, "is down, reconnecting; no heartbeat from"), "it is noticed", 20)
    proxy.release()
    payments.invoke("1", "", "q")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x01\x00\x01\x00\x00\x00\x04\xff\xff\xff\xff\xce",  # a method that does not exist
        b"\x03\x00\x07\x00\x00\x00\x01x\xce",  # content on a channel that does not exist
        b"\x03\x00\x01\x00\x00\x00\x01x\xce",  # content of no message
        b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x50\xce",  # an ack that ends too soon
        b"\x08\x00\x00\x00\x00\x00\x00\x00",  # a frame without an end
    ],
    ids=["unknown method", "unknown channel", "content alone", "short ack", "frame without end"],
)
def test_a_link_survives_nonsense(
    vhost: VHost, proxy: Proxy, payments: OutgoingConnection, monkeypatch: pytest.MonkeyPatch, nonsense: bytes
) -> None:
    # Given
    monkeypatch.setattr(publisher_module, "DEADLINE", 1.0)
    payments.invoke("0", "", "q")

    # When
    proxy.say(nonsense)

    # Then
    def works_again() -> bool:
        try:
            payments.invoke("1", "", "q")
        except PublishTimeout:
            return False
        return True

    wait_for(works_again, "messages are confirmed again")
    assert {b"0", b"1"} == set(vhost.take_all("q"))


def test_a_link_survives_an_error_of_its_own(
    vhost: VHost, payments: OutgoingConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    payments.invoke("0", "", "q")
    errors, expire = [ValueError("ours")], Lane.expire

    def expire_or_fail(lane: Lane, unreachable: str) -> None:
        if errors:
            raise errors.pop()
        expire(lane, unreachable)

    # When
    monkeypatch.setattr(Lane, "expire", expire_or_fail)
    wait_for(lambda: lines(caplog, "AMQP connection `broker` failed in its I/O loop"), "it is logged")

    # Then
    payments.invoke("1", "", "q")
    assert vhost.take_all("q") == [b"0", b"1"]
    wait_for(lambda: vhost.connections() == 1, "only the new connection is left")


def test_going_up_and_down_is_logged_once_each(
    proxy: Proxy, payments: OutgoingConnection, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    caplog.set_level(logging.INFO)
    payments.invoke("0", "", "q")

    # When
    proxy.cut()
    wait_for(lambda: lines(caplog, "is down"), "the cut is noticed")
    payments.invoke("1", "", "q")

    # Then
    assert len(lines(caplog, "AMQP connection `broker` is up; address=127.0.0.1")) == 2
    assert len(lines(caplog, "AMQP connection `broker` is down, reconnecting; ")) == 1
