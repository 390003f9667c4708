"""How messages are consumed: a connection and an I/O thread per channel, a pool of threads that run its service."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

import msgspec
from pika.channel import Channel

from zato.kinds.amqp.broker import inline_definition
from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.failure import Failure, explain
from zato.kinds.amqp.link import Connection, Link
from zato.kinds.amqp.ping import ping
from zato.kinds.base import Opening, Ping

PREFETCH = 50
"""Messages taken ahead for each one handled at a time, where the channel sets no number of its own."""
MAX_PREFETCH = 65_535
"""What AMQP can say."""
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
"""Seconds until a message whose service failed is given back, doubled at each failure of that message."""
FAILURES_REMEMBERED = 1_000
"""Messages whose failures are counted here, for queues that do not count deliveries."""
DRAIN_TIMEOUT = 30.0
"""Seconds that running services have to finish when the channel closes."""

logger = logging.getLogger(__name__)


class Verdict(Enum):
    """What the broker is told about a message."""

    ACK = "ack"
    REJECT = "reject"
    """Not to be delivered again: the broker drops it, or dead-letters it where the queue says so."""
    GIVE_BACK = "give back"
    """To be delivered again."""


class Received(msgspec.Struct, frozen=True):
    """A message as the broker delivered it."""

    body: bytes
    properties: dict[str, Any]
    headers: dict[str, Any]
    delivery_info: dict[str, Any]
    """consumer_tag, delivery_tag, redelivered, exchange and routing_key."""


class Delivery:
    """A delivered message and the AMQP channel that it came through, which alone can settle it."""

    __slots__ = ("body", "channel", "method", "properties", "settled")

    def __init__(self, channel: Channel, method: Any, properties: Any, body: bytes) -> None:
        self.channel = channel
        self.method = method
        self.properties = properties
        self.body = body
        self.settled = False


class AMQPMessage:
    """`self.request.amqp` of a service that handles a message."""

    def __init__(self, delivery: Delivery, settle: Callable[[Delivery, Verdict], None]) -> None:
        self._delivery = delivery
        self._settle = settle

    @property
    def msg(self) -> Received:
        """The message with its properties, headers and delivery info."""
        method, fields = self._delivery.method, vars(self._delivery.properties)
        info = ("consumer_tag", "delivery_tag", "redelivered", "exchange", "routing_key")
        return Received(
            body=self._delivery.body,
            properties={name: value for name, value in fields.items() if value is not None and name != "headers"},
            headers=fields["headers"] or {},
            delivery_info={name: getattr(method, name) for name in info},
        )

    def ack(self) -> None:
        """Tell the broker that the message is handled. Only the first of `ack` and `reject` counts."""
        self._settle(self._delivery, Verdict.ACK)

    def reject(self) -> None:
        """Tell the broker that the message is refused, without delivering it again."""
        self._settle(self._delivery, Verdict.REJECT)


class Consumer:
    """The live handle of an AMQP channel (reference: reliability, section 2.3).

    The I/O thread receives and settles, the workers run the service in between. A message is settled on the AMQP
    channel that it came through or, once that is gone, not at all: the broker delivers it again then.
    """

    def __init__(self, config: ChannelAMQP, definition: DefAMQP, opening: Opening) -> None:
        self.config = config
        self.definition = definition
        self._opening = opening
        self._link = Link(definition, opening.server_name, on_up=self._up, on_down=self._down)
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._consumer_tag = ""
        self._deliveries: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._verdicts: deque[tuple[Delivery, Verdict]] = deque()
        self._woken = False
        self._failures = FailureCounts(FAILURES_REMEMBERED)
        self._closing = threading.Event()
        self._workers: list[threading.Thread] = []

    def start(self) -> None:
        """Connect in the background and begin to consume."""
        for number in range(self.config.pool_size):
            name = f"amqp {self.config.name} {number}"
            self._workers.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._workers[-1].start()
        self._link.start()

    def ping(self) -> Ping:
        """Ask the broker for the queue, on a connection of its own. Never raises."""
        return ping(self.definition, self._opening.server_name, self.config.queue)

    def close(self, timeout: float = DRAIN_TIMEOUT) -> None:
        """Take no more messages, wait for running services for up to `timeout` seconds, close. Never raises.

        Messages that no worker has begun with go back at once, so that other consumers need not wait for them.
        """
        self._closing.set()
        self._link.call(self._stop_taking)
        self._give_back_waiting()
        for _ in self._workers:
            self._deliveries.put(None)
        until = time.monotonic() + timeout
        for worker in self._workers:
            if worker is not threading.current_thread():
                worker.join(max(0.0, until - time.monotonic()))
        still = sum(worker.is_alive() for worker in self._workers)
        if still:
            logger.warning(
                "AMQP channel `%s` closes with %d messages in work; they come again", self.config.name, still
            )
        self._link.call(self._settle_all)
        self._link.close()

    def _give_back_waiting(self) -> None:
        with suppress(queue.Empty):
            while (delivery := self._deliveries.get_nowait()) is not None:
                self._settle(delivery, Verdict.GIVE_BACK)

    # The I/O thread

    def _up(self, connection: Connection) -> None:
        self._connection = connection
        connection.channel(on_open_callback=self._opened)

    def _down(self) -> None:
        self._connection = self._channel = None

    def _opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_cancel_callback(self._cancelled)
        ahead = self.config.pool_size * (self.config.prefetch_count or PREFETCH)
        channel.basic_qos(prefetch_count=min(ahead, MAX_PREFETCH))
        self._channel = channel
        self._consumer_tag = self._new_consumer_tag()
        channel.basic_consume(
            self.config.queue, self._received, consumer_tag=self._consumer_tag, callback=lambda _: self._link.ready()
        )

    def _new_consumer_tag(self) -> str:
        prefix = self.config.consumer_tag_prefix or self.config.name
        return f"{prefix.encode()[:200].decode(errors='ignore')}:{uuid.uuid4().hex}"

    def _channel_closed(self, _channel: Channel, reason: Exception) -> None:
        """The broker closed the channel: there is no such queue, or a message was in work for too long."""
        self._link.restart(explain(reason, self.definition))

    def _cancelled(self, _frame: object) -> None:
        reason = f"the broker cancelled the consumer (was queue {self.config.queue} deleted?)"
        self._link.restart(Failure("other", reason, refused=True))

    def _received(self, channel: Channel, method: Any, properties: Any, body: bytes) -> None:
        delivery = Delivery(channel, method, properties, body)
        if self._closing.is_set():
            self._settle(delivery, Verdict.GIVE_BACK)
        else:
            self._deliveries.put(delivery)

    def _stop_taking(self) -> None:
        if self._channel is not None and self._channel.is_open:
            self._channel.basic_cancel(self._consumer_tag)

    def _settle_all(self) -> None:
        self._woken = False
        if self._connection is None:
            self._verdicts.clear()  # the broker has those messages again
            return
        with self._connection.together():
            while self._verdicts:
                self._tell(*self._verdicts.popleft())

    def _tell(self, delivery: Delivery, verdict: Verdict) -> None:
        channel, tag = delivery.channel, delivery.method.delivery_tag
        if channel is not self._channel or not channel.is_open:
            return  # the broker has the message again
        if verdict is Verdict.ACK:
            channel.basic_ack(tag)
        else:
            channel.basic_reject(tag, requeue=verdict is Verdict.GIVE_BACK)

    # The workers

    def _work(self) -> None:
        while (delivery := self._deliveries.get()) is not None:
            if delivery.channel is not self._channel:
                continue  # the broker has it again
            try:
                self._handle(delivery)
            except BaseException as error:  # noqa: BLE001 - sys.exit() in a service must not end a worker
                self._failed(delivery, error)

    def _handle(self, delivery: Delivery) -> None:
        if self._closing.is_set():
            self._settle(delivery, Verdict.GIVE_BACK)
            return
        try:
            payload = decode_body(delivery.body, delivery.properties.content_type, self.config.data_format)
        except ValueError as error:
            self._log("is rejected, since no delivery can help", delivery, error)
            self._settle(delivery, Verdict.REJECT)
            return
        extra = {"amqp": AMQPMessage(delivery, self._settle)}
        self._opening.invoke(self.config.service, payload, channel=self.config, channel_type="amqp", extra=extra)
        self._settle(delivery, Verdict(self.config.ack_mode))
        self._failures.forget(delivery)

    def _failed(self, delivery: Delivery, error: BaseException) -> None:
        """Decide what becomes of a message whose service raised: it waits here, and goes back to the queue."""
        if delivery.settled:
            self._log("was settled by its service, which then failed", delivery, error, exc_info=error)
            return
        delay = min(FIRST_DELAY * 2 ** self._failures.add(delivery), LONGEST_DELAY)
        self._log(f"goes back to the queue in {delay:g} s", delivery, error, exc_info=error)
        self._closing.wait(delay)
        self._settle(delivery, Verdict.GIVE_BACK)

    def _settle(self, delivery: Delivery, verdict: Verdict) -> None:
        """Have the broker told, unless it has been."""
        if delivery.settled:
            return
        delivery.settled = True
        self._verdicts.append((delivery, verdict))
        if not self._woken:
            self._woken = True
            self._link.call(self._settle_all)

    def _log(
        self, fate: str, delivery: Delivery, error: BaseException, *, exc_info: BaseException | None = None
    ) -> None:
        logger.error(
            "A message of AMQP channel `%s` %s; queue=%s, message_id=%r, service=%s, reason=%s: %s",
            self.config.name,
            fate,
            self.config.queue,
            delivery.properties.message_id,
            self.config.service,
            type(error).__name__,
            error,
            exc_info=exc_info,
        )


class FailureCounts:
    """How often messages failed here, for as long as they are remembered."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._counts: OrderedDict[Any, int] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, delivery: Delivery) -> int:
        """How often the message failed before; quorum queues count deliveries themselves."""
        key = self._key(delivery)
        with self._lock:
            before = self._counts.pop(key, 0)
            self._counts[key] = before + 1
            if len(self._counts) > self._size:
                self._counts.popitem(last=False)
        counted = (delivery.properties.headers or {}).get("x-delivery-count", 0)
        return max(before, counted if isinstance(counted, int) else 0)

    def forget(self, delivery: Delivery) -> None:
        """The message did not fail this time."""
        if self._counts:
            with self._lock:
                self._counts.pop(self._key(delivery), None)

    def _key(self, delivery: Delivery) -> Any:
        return delivery.properties.message_id or hash(delivery.body)


def decode_body(body: bytes, content_type: str | bytes | None, data_format: str) -> Any:
    """What a service gets: JSON parsed, other text as str, the rest as bytes.

    Raises ValueError where the channel is one for JSON and the body is not JSON.
    """
    if data_format == "json":
        return _decode_json(body)
    with suppress(ValueError):
        return _decode_json(body) if _is_json(content_type) else body.decode()
    with suppress(ValueError):
        return body.decode()
    return body


def _decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _is_json(content_type: str | bytes | None) -> bool:
    """Whether a content type, parameters apart, is JSON's; pika leaves it as bytes where it is not UTF-8."""
    return isinstance(content_type, str) and content_type.partition(";")[0].strip().lower() == "application/json"


def open_consumer(definition: ChannelAMQP, opening: Opening) -> Consumer:
    """Make the live handle of an AMQP channel; it connects once it is started."""
    return Consumer(definition, broker_of(definition, opening), opening)


def broker_of(definition: ChannelAMQP, opening: Opening) -> DefAMQP:
    """The definition that a channel names, or the one that its own address stands for."""
    if definition.def_name is None:
        return inline_definition(definition)
    broker = opening.object("def_amqp", definition.def_name)
    assert isinstance(broker, DefAMQP)
    return broker
