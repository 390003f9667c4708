from __future__ import annotations

import logging
import queue
import threading
import time
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.servers.ports import free_port
from tests.servers.rabbitmq import RabbitMQ, VHost
from tests.servers.waiting import wait_for
from tests.zato.kinds.amqp.worlds import OneDefinition, lines
from zato.kinds.amqp import consumer as consumer_module
from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.consumer import AMQPMessage, Consumer, decode_body, open_consumer
from zato.kinds.amqp.definition import DefAMQP

Consume = Callable[..., Consumer]


@pytest.fixture
def consume(vhost: VHost) -> Iterator[Consume]:
    """Start a consumer of queue `q` for a service; it is closed in the end."""
    opened: list[Consumer] = []

    def start(service: Any, definition: DefAMQP | None = None, **fields: Any) -> Consumer:
        given = {"name": "Orders", "def_name": "broker", "queue": "q", "service": "my.service", **fields}
        consumer = open_consumer(ChannelAMQP(**given), OneDefinition(definition or vhost.definition(), service))
        opened.append(consumer)
        consumer.start()
        return consumer

    yield start
    for consumer in opened:
        consumer.close()


@pytest.fixture
def q(vhost: VHost) -> str:
    vhost.declare("q")
    return "q"


def unsettled(vhost: VHost, name: str) -> int:
    """Messages of a queue that are ready or delivered and not acked."""
    where = f'rabbit_misc:r(<<"{vhost.name}">>, queue, <<"{name}">>)'
    count = "proplists:get_value(messages, rabbit_amqqueue:info(Q, [messages]))"
    return int(vhost.server.evaluate(f"{{ok, Q}} = rabbit_amqqueue:lookup({where}), {count}").rpartition(",")[2])


class TestHandling:
    def test_a_message_runs_the_service_and_is_acked(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        seen: queue.Queue[tuple[Any, AMQPMessage]] = queue.Queue()
        vhost.publish(q, "zażółć".encode(), headers={"a": 1}, correlation_id="corr")

        # When
        consumer = consume(lambda payload, amqp: seen.put((payload, amqp)), consumer_tag_prefix="mine")

        # Then
        payload, amqp = seen.get(timeout=10)
        assert payload == "zażółć"
        assert amqp.msg.body == "zażółć".encode()
        assert amqp.msg.properties == {"correlation_id": "corr", "delivery_mode": 2}
        assert amqp.msg.headers == {"a": 1}
        assert amqp.msg.delivery_info["routing_key"] == "q"
        assert amqp.msg.delivery_info["consumer_tag"].startswith("mine:")
        assert amqp.msg.delivery_info["redelivered"] is False
        consumer.close()
        assert unsettled(vhost, q) == 0

    def test_messages_are_handled_pool_size_at_a_time(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        together = threading.Barrier(4, timeout=10)
        for _ in range(8):
            vhost.publish(q, b"x")

        # When
        consumer = consume(lambda _payload, _amqp: together.wait(), pool_size=4)

        # Then
        wait_for(lambda: unsettled(vhost, q) == 0, "all are handled")
        assert not together.broken
        consumer.close()

    def test_one_worker_keeps_the_order(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        seen: list[str] = []
        for number in range(50):
            vhost.publish(q, str(number).encode())

        # When
        consume(lambda payload, _amqp: seen.append(payload), pool_size=1)

        # Then
        wait_for(lambda: len(seen) == 50, "all are handled")
        assert seen == [str(number) for number in range(50)]

    def test_a_channel_may_have_an_address_of_its_own(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        seen: queue.Queue[Any] = queue.Queue()
        vhost.publish(q, b"x")
        inline = {"def_name": None, "address": vhost.address, "username": vhost.user, "password": vhost.password}

        # When
        consume(lambda payload, _amqp: seen.put(payload), **inline)

        # Then
        assert seen.get(timeout=10) == "x"

    def test_prefetch_is_per_worker(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        release = threading.Event()
        for _ in range(20):
            vhost.publish(q, b"x")

        # When
        consumer = consume(lambda _payload, _amqp: release.wait(10), pool_size=2, prefetch_count=3)

        # Then
        wait_for(lambda: vhost.depth(q) == 14, "six are taken ahead")
        release.set()
        wait_for(lambda: unsettled(vhost, q) == 0, "all are handled")
        consumer.close()

    def test_a_long_handler_outlives_the_heartbeat(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        runs = Counter[str]()

        def slow(payload: str, _amqp: AMQPMessage) -> None:
            runs[payload] += 1
            threading.Event().wait(3.5)

        vhost.publish(q, b"x")

        # When
        consume(slow, vhost.definition(heartbeat=1))

        # Then
        wait_for(lambda: unsettled(vhost, q) == 0, "the message is acked")
        assert runs == {"x": 1}


class TestSettling:
    def test_a_service_may_ack_or_reject_by_itself(self, vhost: VHost, consume: Consume) -> None:
        # Given
        vhost.declare("dead")
        dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}
        vhost.declare("q", dead)

        def service(payload: str, amqp: AMQPMessage) -> None:
            if payload == "good":
                amqp.ack()
                amqp.reject()  # too late to count
            else:
                amqp.reject()

        # When
        for body in (b"good", b"bad"):
            vhost.publish("q", body)
        consume(service)

        # Then
        wait_for(lambda: unsettled(vhost, "q") == 0, "both are settled")
        assert vhost.take_all("dead") == [b"bad"]

    def test_ack_mode_reject_rejects_after_the_service(self, vhost: VHost, consume: Consume) -> None:
        # Given
        vhost.declare("dead")
        vhost.declare("q", {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"})
        seen: queue.Queue[str] = queue.Queue()

        # When
        vhost.publish("q", b"x")
        consume(lambda payload, _amqp: seen.put(payload), ack_mode="reject")

        # Then
        wait_for(lambda: unsettled(vhost, "q") == 0, "it is settled")
        assert seen.get_nowait() == "x"
        assert vhost.take_all("dead") == [b"x"]

    def test_a_service_that_fails_after_its_ack_does_not_run_again(
        self, vhost: VHost, q: str, consume: Consume, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        runs = Counter[str]()

        def service(payload: str, amqp: AMQPMessage) -> None:
            runs[payload] += 1
            amqp.ack()
            raise ValueError("late")

        # When
        vhost.publish(q, b"x")
        consumer = consume(service)

        # Then
        wait_for(lambda: lines(caplog, "was settled by its service, which then failed"), "it is logged")
        consumer.close()
        assert (runs, unsettled(vhost, q)) == ({"x": 1}, 0)

    @pytest.mark.parametrize(
        "failure", [ValueError("no"), SystemExit(1), KeyboardInterrupt(), GeneratorExit(), CancelledError()], ids=repr
    )
    def test_a_failing_service_gets_the_message_again_after_growing_delays(
        self,
        vhost: VHost,
        q: str,
        consume: Consume,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
        failure: BaseException,
    ) -> None:
        # Given
        monkeypatch.setattr(consumer_module, "FIRST_DELAY", 0.1)
        runs: list[float] = []

        def service(_payload: str, _amqp: AMQPMessage) -> None:
            runs.append(time.monotonic())
            if len(runs) < 4:
                raise failure

        # When
        vhost.publish(q, b"canary")
        consume(service)

        # Then
        wait_for(lambda: len(runs) == 4 and unsettled(vhost, q) == 0, "the fourth run succeeds")
        waited = [later - earlier for earlier, later in pairwise(runs)]
        assert all(wait >= delay for wait, delay in zip(waited, (0.1, 0.2, 0.4), strict=True))
        assert len(lines(caplog, "goes back to the queue in")) == 3
        assert "canary" not in caplog.text

    def test_deliveries_that_a_quorum_queue_counted_lengthen_the_delay(
        self, vhost: VHost, consume: Consume, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given
        monkeypatch.setattr(consumer_module, "FIRST_DELAY", 0.01)
        vhost.declare("q", {"x-queue-type": "quorum"})
        vhost.publish("q", b"x")
        with vhost.channel() as channel:
            for _ in range(3):
                method: Any = channel.basic_get("q")[0]
                channel.basic_reject(method.delivery_tag, requeue=True)

        def service(_payload: str, amqp: AMQPMessage) -> None:
            if amqp.msg.headers["x-delivery-count"] == 3:
                raise ValueError("no")

        # When
        consume(service)

        # Then
        wait_for(lambda: lines(caplog, "goes back to the queue in 0.08 s"), "the delay is the fourth one")
        wait_for(lambda: unsettled(vhost, "q") == 0, "the next run succeeds")

    def test_a_body_that_is_not_json_is_rejected_at_once(
        self, vhost: VHost, consume: Consume, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        vhost.declare("dead")
        vhost.declare("q", {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"})
        seen: queue.Queue[Any] = queue.Queue()
        bodies = [b"{canary", b"", b"\xff", b"[" * 100_000]

        # When
        for body in (*bodies, b'{"a": 1}'):
            vhost.publish("q", body)
        consume(lambda payload, _amqp: seen.put(payload), data_format="json", pool_size=1)

        # Then
        assert seen.get(timeout=10) == {"a": 1}
        wait_for(lambda: unsettled(vhost, "q") == 0, "all are settled")
        assert vhost.take_all("dead") == bodies
        assert len(lines(caplog, "is rejected, since no delivery can help")) == len(bodies)
        assert "canary" not in caplog.text


class TestFaults:
    def test_it_reconnects_after_the_broker_restarts(
        self, rabbitmq: RabbitMQ, vhost: VHost, q: str, consume: Consume
    ) -> None:
        # Given
        seen: queue.Queue[Any] = queue.Queue()
        consume(lambda payload, _amqp: seen.put(payload))
        vhost.publish(q, b"before")
        assert seen.get(timeout=10) == "before"

        # When
        rabbitmq.restart()
        vhost.publish(q, b"after")

        # Then
        while (payload := seen.get(timeout=5)) == "before":  # its ack may be lost, so it may come again
            pass
        assert payload == "after"

    def test_a_message_in_work_while_the_broker_restarts_is_not_lost(
        self, rabbitmq: RabbitMQ, vhost: VHost, q: str, consume: Consume
    ) -> None:
        # Given
        began, release = threading.Semaphore(0), threading.Event()
        runs = Counter[str]()

        def service(payload: str, _amqp: AMQPMessage) -> None:
            runs[payload] += 1
            began.release()
            release.wait(20)

        vhost.publish(q, b"x")
        consume(service)
        assert began.acquire(timeout=10)

        # When
        rabbitmq.restart()
        assert began.acquire(timeout=10)
        release.set()

        # Then
        wait_for(lambda: unsettled(vhost, q) == 0, "it is acked on the new connection")
        assert runs == {"x": 2}

    def test_a_queue_that_does_not_exist_is_reported_and_consumed_once_it_does(
        self, vhost: VHost, consume: Consume, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        seen: queue.Queue[Any] = queue.Queue()
        consume(lambda payload, _amqp: seen.put(payload))
        missing = f"AMQP connection `broker` is down, reconnecting; 127.0.0.1:{vhost.server.port} said: NOT_FOUND"
        wait_for(lambda: lines(caplog, missing), "the missing queue is reported")

        # When
        vhost.declare("q")
        vhost.publish("q", b"x")

        # Then
        assert seen.get(timeout=10) == "x"
        assert len(lines(caplog, missing)) == 1

    def test_a_queue_that_is_deleted_and_made_again_is_consumed_again(
        self, vhost: VHost, q: str, consume: Consume, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        caplog.set_level(logging.INFO)
        seen: queue.Queue[Any] = queue.Queue()
        consume(lambda payload, _amqp: seen.put(payload))
        wait_for(lambda: lines(caplog, "is up"), "it consumes")

        # When
        with vhost.channel() as channel:
            channel.queue_delete(q)
        wait_for(lambda: lines(caplog, "the broker cancelled the consumer (was queue q deleted?)"), "it is reported")
        vhost.declare(q)
        vhost.publish(q, b"x")

        # Then
        assert seen.get(timeout=10) == "x"

    def test_without_a_broker_it_starts_and_closes_at_once(self, consume: Consume) -> None:
        # Given
        nowhere = DefAMQP(name="broker", host="127.0.0.1", port=free_port())

        # When
        started = time.monotonic()
        consumer = consume(print, nowhere)
        consumer.close()

        # Then
        assert time.monotonic() - started < 1
        assert consumer.ping().category == "refused"


class TestClosing:
    def test_running_services_finish_and_the_rest_goes_back(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        began, release = threading.Semaphore(0), threading.Event()
        runs = Counter[str]()

        def service(payload: str, _amqp: AMQPMessage) -> None:
            runs[payload] += 1
            began.release()
            release.wait(10)

        for number in range(10):
            vhost.publish(q, str(number).encode())
        consumer = consume(service, pool_size=2)
        for _ in range(2):
            assert began.acquire(timeout=10)

        # When
        closing = threading.Thread(target=consumer.close)
        closing.start()
        wait_for(lambda: vhost.depth(q) == 8, "what was not begun with is back")
        release.set()
        closing.join()

        # Then
        assert sum(runs.values()) == 2
        assert unsettled(vhost, q) == 8
        wait_for(lambda: vhost.connections() == 0, "the connection is closed")

    def test_a_service_that_does_not_end_is_left_behind(
        self, vhost: VHost, q: str, consume: Consume, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        began, release = threading.Semaphore(0), threading.Event()

        def service(_payload: str, _amqp: AMQPMessage) -> None:
            began.release()
            release.wait(10)

        vhost.publish(q, b"x")
        consumer = consume(service)
        assert began.acquire(timeout=10)

        # When
        consumer.close(0.1)

        # Then
        assert lines(caplog, "closes with 1 messages in work; they come again")
        wait_for(lambda: vhost.depth(q) == 1, "the broker has it back")
        release.set()

    def test_a_failed_message_that_waits_goes_back_at_once(self, vhost: VHost, q: str, consume: Consume) -> None:
        # Given
        failed = threading.Event()

        def service(_payload: str, _amqp: AMQPMessage) -> None:
            failed.set()
            raise ValueError("no")

        vhost.publish(q, b"x")
        consumer = consume(service)
        assert failed.wait(10)

        # When
        started = time.monotonic()
        consumer.close()

        # Then
        assert time.monotonic() - started < 1
        assert vhost.depth(q) == 1

    def test_a_consumer_that_was_never_started_closes(self, vhost: VHost) -> None:
        channel = ChannelAMQP(name="Orders", def_name="broker", queue="q", service="my.service")
        open_consumer(channel, OneDefinition(vhost.definition())).close()


def test_ping_asks_for_the_queue(vhost: VHost, consume: Consume) -> None:
    # Given
    consumer = consume(print)

    # When
    before = consumer.ping()
    vhost.declare("q")
    after = consumer.ping()

    # Then
    assert (before.ok, before.detail) == (False, f"NOT_FOUND - no queue 'q' in vhost '{vhost.name}'")
    assert after.ok


@pytest.mark.parametrize(
    ("body", "content_type", "data_format", "payload"),
    [
        (b"x", None, "", "x"),
        (b"\xff", None, "", b"\xff"),
        (b'{"a":1}', None, "", '{"a":1}'),
        (b'{"a":1}', "application/json", "", {"a": 1}),
        (b'{"a":1}', "Application/JSON; charset=utf-8", "", {"a": 1}),
        (b"{a", "application/json", "", "{a"),
        (b"\xff", "application/json", "", b"\xff"),
        (b"x", b"\xff", "", "x"),
        (b'{"a":1}', "text/plain", "json", {"a": 1}),
        (b"5", None, "json", 5),
    ],
)
def test_bodies(body: bytes, content_type: Any, data_format: str, payload: Any) -> None:
    assert decode_body(body, content_type, data_format) == payload
