from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.ports import free_port
from tests.servers.rabbitmq import RabbitMQ, VHost
from tests.servers.waiting import wait_for
from tests.zato.kinds.amqp.worlds import OneDefinition, lines
from zato.kinds.amqp import lane as lane_module
from zato.kinds.amqp import publisher as publisher_module
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.errors import (
    Closed,
    InvalidMessage,
    Nacked,
    NoExchange,
    NotSent,
    PublishError,
    PublishTimeout,
    QueueFull,
    Unroutable,
)
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.amqp.publisher import OutgoingConnection, Publisher, open_outgoing

UNDELIVERED = "message could not be delivered"


def outgoing(**fields: Any) -> OutgoingAMQP:
    return OutgoingAMQP(**{"name": "Payments", "def_name": "broker", **fields})


@pytest.fixture
def world(vhost: VHost) -> Iterator[OneDefinition]:
    vhost.declare("q")
    opened = OneDefinition(vhost.definition())
    yield opened
    opened.publisher.close()


@pytest.fixture
def payments(world: OneDefinition) -> Iterator[OutgoingConnection]:
    opened = open_outgoing(outgoing(), world)
    yield opened
    opened.close()


@pytest.fixture
def unreachable() -> Iterator[OutgoingConnection]:
    definition = DefAMQP(name="broker", host="127.0.0.1", port=free_port(), password="canary")
    opened = open_outgoing(outgoing(), OneDefinition(definition))
    yield opened
    opened._publisher.close(0)


class TestDelivery:
    def test_a_sent_message_arrives_with_what_the_connection_configures(
        self, vhost: VHost, world: OneDefinition
    ) -> None:
        # Given
        payments = open_outgoing(outgoing(priority=7, content_type="text/plain", expiration=60_000), world)

        # When
        payments.send("zażółć", "", "q", {"correlation_id": "corr"}, {"a": 1}, cid="c1")

        # Then
        taken = wait_for(lambda: vhost.take("q"), "the message arrives")
        assert taken is not None
        properties, body = taken
        assert body == "zażółć".encode()
        assert (properties.priority, properties.content_type, properties.expiration) == (7, "text/plain", "60000")
        assert (properties.delivery_mode, properties.correlation_id, properties.app_id) == (2, "corr", "server1")
        assert properties.headers == {"a": 1, "x-zato-cid": "c1"}

    def test_an_invoked_message_is_in_the_broker(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # When
        payments.invoke({"a": 1}, "", "q")

        # Then
        taken = vhost.take("q")
        assert taken is not None
        assert (taken[0].content_type, taken[1]) == ("application/json", b'{"a":1}')

    def test_an_empty_and_a_large_body_arrive(self, vhost: VHost, payments: OutgoingConnection) -> None:
        payments.invoke(b"", "", "q")
        payments.invoke(b"x" * 1_000_000, "", "q")
        assert vhost.take_all("q") == [b"", b"x" * 1_000_000]

    def test_exchanges_that_exist_are_used(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # Given
        with vhost.channel() as channel:
            channel.exchange_declare("events", "topic", durable=True)
            channel.queue_bind("q", "events", "order.*")

        # When
        payments.invoke("x", "events", "order.new")

        # Then
        assert vhost.take_all("q") == [b"x"]

    def test_a_connection_is_made_by_the_first_message_and_shared(self, vhost: VHost, world: OneDefinition) -> None:
        # Given
        one, two = open_outgoing(outgoing(name="One"), world), open_outgoing(outgoing(name="Two"), world)
        before = vhost.connections()

        # When
        one.invoke("x", "", "q")
        two.invoke("x", "", "q")
        open_outgoing(outgoing(name="Three"), world).invoke("x", "", "q")

        # Then
        assert (before, vhost.connections()) == (0, 1)

    def test_an_inline_address_has_a_connection_of_its_own(self, vhost: VHost, world: OneDefinition) -> None:
        # Given
        inline = outgoing(def_name=None, address=vhost.address, username=vhost.user, password=vhost.password)
        opened = open_outgoing(inline, world)

        # When
        opened.invoke("x", "", "q")

        # Then
        assert vhost.take_all("q") == [b"x"]
        opened.close()
        wait_for(lambda: vhost.connections() == 0, "the connection is closed")

    def test_closing_one_connection_leaves_the_others_alone(self, vhost: VHost, world: OneDefinition) -> None:
        # Given
        one, two = open_outgoing(outgoing(name="One"), world), open_outgoing(outgoing(name="Two"), world)
        one.invoke("1", "", "q")

        # When
        one.close()

        # Then
        two.invoke("2", "", "q")
        assert vhost.take_all("q") == [b"1", b"2"]
        with pytest.raises(Closed, match="the connection is closing"):
            one.send("3", "", "q")

    def test_a_closed_definition_takes_no_messages(self, world: OneDefinition) -> None:
        # Given
        world.publisher.close()

        # Then
        with pytest.raises(Closed):
            open_outgoing(outgoing(), world).send("x", "", "q")

    def test_closing_lets_waiting_messages_leave(self, vhost: VHost, world: OneDefinition) -> None:
        # Given
        payments = open_outgoing(outgoing(), world)

        # When
        for number in range(2_000):
            payments.send(str(number), "", "q")
        payments.close()

        # Then
        assert vhost.depth("q") == 2_000

    def test_sixteen_threads_keep_their_order(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # Given
        def work(thread: int) -> None:
            for number in range(100):
                publish = payments.invoke if number % 10 == 0 else payments.send
                publish(f"{thread}:{number}", "", "q")

        # When
        in_threads(16, work)
        payments.close()

        # Then
        arrived = [body.decode().split(":") for body in vhost.take_all("q")]
        for thread in range(16):
            assert [int(number) for who, number in arrived if int(who) == thread] == list(range(100))


class TestRefusal:
    def test_a_message_that_no_queue_gets_is_unroutable(self, payments: OutgoingConnection) -> None:
        with pytest.raises(Unroutable, match="exchange '' has no queue for routing key 'nope'") as refused:
            payments.invoke("x", "", "nope", cid="c1")
        assert refused.value.cid == "c1"
        payments.invoke("x", "", "q")

    def test_an_unknown_exchange(self, vhost: VHost, payments: OutgoingConnection) -> None:
        with pytest.raises(NoExchange, match=f"NOT_FOUND - no exchange 'nope' in vhost '{vhost.name}'"):
            payments.invoke("x", "nope", "q")

    def test_an_unknown_exchange_does_not_disturb_neighbours(
        self, vhost: VHost, payments: OutgoingConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        stop = threading.Event()
        refused = []

        def bad() -> None:
            while not stop.is_set():
                with pytest.raises(NoExchange) as caught:
                    payments.invoke("x", "nope", "q")
                refused.append(caught)

        neighbour = threading.Thread(target=bad)
        neighbour.start()

        # When
        def good(_thread: int) -> None:
            for _ in range(200):
                payments.invoke("x", "", "q")

        in_threads(4, good)
        stop.set()
        neighbour.join()

        # Then
        assert refused
        assert vhost.depth("q") == 800
        assert lines(caplog, "is down") == []

    def test_an_internal_exchange(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # Given
        with vhost.channel() as channel:
            channel.exchange_declare("inside", "direct", internal=True)

        # When
        with pytest.raises(PublishError, match="ACCESS_REFUSED - cannot publish to internal exchange 'inside'"):
            payments.invoke("x", "inside", "q")

        # Then
        payments.invoke("x", "", "q")
        assert vhost.take_all("q") == [b"x"]

    def test_an_exchange_that_was_deleted_while_in_use(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # Given
        with vhost.channel() as channel:
            channel.exchange_declare("brief", "fanout")
            channel.queue_bind("q", "brief")
            payments.invoke("x", "brief")
            channel.exchange_delete("brief")

        # When
        with pytest.raises(PublishError, match="NOT_FOUND - no exchange 'brief'"):
            payments.invoke("x", "brief")

        # Then
        with pytest.raises(NoExchange):
            payments.invoke("x", "brief")
        payments.invoke("x", "", "q")

    def test_a_full_queue(self, vhost: VHost, payments: OutgoingConnection) -> None:
        # Given
        vhost.declare("full", {"x-max-length": 1, "x-overflow": "reject-publish"})
        payments.invoke("x", "", "full")

        # When
        with pytest.raises(Nacked, match="the broker did not take the message"):
            payments.invoke("x", "", "full")

    def test_misuse_raises_in_the_caller_for_send_too(self, payments: OutgoingConnection) -> None:
        with pytest.raises(InvalidMessage):
            payments.send(None, "", "q")
        with pytest.raises(InvalidMessage):
            payments.send("x", "", "q", {"priority": 300})
        with pytest.raises(TypeError, match="unexpected keyword argument 'mandatry'"):
            payments.send("x", "", "q", mandatry=True)

    def test_options_of_old_services_are_taken(self, vhost: VHost, payments: OutgoingConnection) -> None:
        payments.invoke("x", "", "q", mandatory=True, acquire_block=False)
        assert vhost.take_all("q") == [b"x"]

    def test_a_failed_send_is_logged_once_and_without_its_body(
        self, payments: OutgoingConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        # When
        payments.send("canary", "", "nope", cid="c1")

        # Then
        wait_for(lambda: lines(caplog, UNDELIVERED), "the failure is logged")
        payments.close()
        reason = "exchange '' has no queue for routing key 'nope' (NO_ROUTE)"
        (line,) = lines(caplog, UNDELIVERED)
        where = "conn=Payments, exchange='', routing_key='nope', cid=c1"
        assert line == f"AMQP message could not be delivered; {where}, reason={reason}"
        assert "canary" not in caplog.text

    def test_headers_over_the_frame_that_the_broker_allows_fail_alone(
        self, payments: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(lane_module, "FRAME_OVERHEAD", 130_000)  # as if it allowed less than we do

        # Then
        with pytest.raises(InvalidMessage, match="over the broker's limit of 1072 bytes"):
            payments.invoke("x", "", "q", headers={"a": "x" * 2_000})
        payments.invoke("x", "", "q")


class TestWithoutBroker:
    def test_send_returns_at_once_and_one_line_says_why_it_failed(
        self, unreachable: OutgoingConnection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(publisher_module, "PATIENCE", 0.5)
        port = unreachable._publisher.definition.port

        # When
        started = time.monotonic()
        unreachable.send("body-canary", "e", "k", cid="c1")
        took = time.monotonic() - started

        # Then
        assert took < 0.5
        wait_for(lambda: lines(caplog, UNDELIVERED), "the failure is logged")
        unreachable.close()
        (line,) = lines(caplog, UNDELIVERED)
        assert f"not sent: connection refused by 127.0.0.1:{port} (is the broker running there?)" in line
        assert len(lines(caplog, "AMQP connection `broker` is down")) == 1
        assert "canary" not in caplog.text

    def test_the_patience_is_a_few_seconds(self) -> None:
        assert publisher_module.PATIENCE < publisher_module.DEADLINE <= 10

    def test_invoke_raises_at_its_deadline(
        self, unreachable: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(publisher_module, "DEADLINE", 0.5)

        # When
        started = time.monotonic()
        with pytest.raises(NotSent, match=r"connection refused by 127\.0\.0\.1"):
            unreachable.invoke("x", "", "q")

        # Then
        assert 0.5 <= time.monotonic() - started < 1.5

    def test_a_full_queue_refuses_at_once(
        self, unreachable: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(lane_module, "MAX_MESSAGES", 3)
        for _ in range(3):
            unreachable.send("x", "", "q")

        # Then
        with pytest.raises(QueueFull, match="3 messages of 3 bytes wait for the broker already"):
            unreachable.send("x", "", "q")

    def test_large_messages_fill_the_queue_too(
        self, unreachable: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lane_module, "MAX_BYTES", 10)
        unreachable.send("x" * 10, "", "q")
        with pytest.raises(QueueFull):
            unreachable.send("x", "", "q")

    def test_given_up_messages_make_room(
        self, unreachable: OutgoingConnection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(publisher_module, "PATIENCE", 0.1)
        monkeypatch.setattr(lane_module, "MAX_MESSAGES", 3)

        # When
        for _ in range(3):
            unreachable.send("x", "", "q")

        # Then
        wait_for(lambda: len(lines(caplog, UNDELIVERED)) == 3, "all three are given up")
        wait_for(lambda: not unreachable._lane._queue, "none is kept")
        unreachable.send("x", "", "q")

    def test_closing_gives_up_what_still_waits(
        self, unreachable: OutgoingConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        unreachable.send("x", "", "q")

        # When
        unreachable.close(0.1)

        # Then
        wait_for(lambda: len(lines(caplog, UNDELIVERED)) == 1, "the message is given up")

    def test_an_unused_connection_makes_no_thread(self) -> None:
        # Given
        before = set(threading.enumerate())

        # When
        publisher = Publisher(DefAMQP(name="unused", host="127.0.0.1", port=free_port()), "server1")
        publisher.close()

        # Then
        assert before.issuperset(threading.enumerate())


class TestFaults:
    def test_no_confirmed_message_is_lost_when_the_broker_is_killed(
        self, rabbitmq: RabbitMQ, vhost: VHost, payments: OutgoingConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        caplog.set_level(logging.INFO)
        stop = threading.Event()
        confirmed: list[list[str]] = [[] for _ in range(8)]

        def work(thread: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                body = f"{thread}:{number}"
                try:
                    payments.invoke(body, "", "q")
                except PublishTimeout:
                    continue
                confirmed[thread].append(body)

        load = threading.Thread(target=in_threads, args=(8, work))
        load.start()

        # When
        def confirm(more: int, within: float) -> None:
            enough = sum(map(len, confirmed)) + more
            wait_for(lambda: sum(map(len, confirmed)) >= enough, "messages are confirmed", within)

        for _ in range(2):
            confirm(500, within=20)
            rabbitmq.restart()
            confirm(1, within=5)
        stop.set()
        load.join()
        payments.close()

        # Then
        arrived = {body.decode() for body in vhost.take_all("q")}
        assert {body for bodies in confirmed for body in bodies} <= arrived
        assert len(lines(caplog, "AMQP connection `broker` is up")) == 3

    def test_messages_sent_while_the_broker_restarts_arrive_in_order(
        self, rabbitmq: RabbitMQ, vhost: VHost, payments: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(publisher_module, "PATIENCE", 30.0)
        monkeypatch.setattr(publisher_module, "DEADLINE", 30.0)
        payments.invoke("0", "", "q")

        # When
        rabbitmq.kill9()
        for number in range(1, 50):
            payments.send(str(number), "", "q")
        rabbitmq.start()
        payments.invoke("50", "", "q")

        # Then
        assert vhost.take_all("q") == [str(number).encode() for number in range(51)]

    def test_a_blocked_broker_holds_senders_back_until_their_deadline(
        self,
        vhost: VHost,
        payments: OutgoingConnection,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Given
        caplog.set_level(logging.INFO)
        payments.invoke("0", "", "q")
        monkeypatch.setattr(publisher_module, "DEADLINE", 1.0)

        # When
        with vhost.server.blocked():
            with pytest.raises(PublishTimeout):  # the one that makes the broker tell
                payments.invoke("1", "", "q")
            with pytest.raises(NotSent, match="not sent: the broker takes no messages: low on memory"):
                payments.invoke("2", "", "q")

        # Then
        wait_for(lambda: lines(caplog, "is no longer blocked"), "the broker takes messages again")
        payments.invoke("3", "", "q")
        assert vhost.take_all("q") == [b"0", b"1", b"3"]
        assert lines(caplog, UNDELIVERED) == []  # their callers know

    def test_a_frozen_broker_costs_callers_their_deadline_and_closing_a_few_seconds(
        self, vhost: VHost, payments: OutgoingConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        payments.invoke("0", "", "q")
        monkeypatch.setattr(publisher_module, "DEADLINE", 0.5)

        # When
        with vhost.server.frozen():
            started = time.monotonic()
            with pytest.raises(PublishTimeout, match="no confirm, the outcome is unknown"):
                payments.invoke("1", "", "q")
            took = time.monotonic() - started
            payments._publisher.close(0.1)
            closed = time.monotonic() - started - took

        # Then
        assert took < 1.5
        assert closed < 5

    def test_a_wrong_password_is_reported_once_and_never_shown(
        self, vhost: VHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(publisher_module, "PATIENCE", 1.5)
        caplog.set_level(logging.DEBUG)
        payments = open_outgoing(outgoing(), OneDefinition(vhost.definition(password="wrong-canary")))

        # When
        payments.send("x", "", "q")

        # Then
        wait_for(lambda: lines(caplog, UNDELIVERED), "the failure is logged")
        payments._publisher.close()
        assert len(lines(caplog, "is down, reconnecting; authentication refused by")) == 1
        assert "canary" not in caplog.text


def in_threads(count: int, work: Any) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
