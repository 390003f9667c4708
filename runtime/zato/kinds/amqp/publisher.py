"""How services publish: a connection per definition, an AMQP channel per outgoing connection."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from zato.kinds.amqp.broker import inline_definition
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.errors import PublishError
from zato.kinds.amqp.exchanges import Exchanges, Refusal
from zato.kinds.amqp.lane import Delivery, Lane
from zato.kinds.amqp.link import Connection, Link
from zato.kinds.amqp.message import Message, Sender
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.amqp.ping import ping
from zato.kinds.base import Opening, Ping

DEADLINE = 10.0
"""Seconds that a message may take until the broker has confirmed it."""
PATIENCE = 4.0
"""Seconds that a message nobody waits for may take while the broker cannot be reached."""
CLOSE_TIMEOUT = 10.0
"""Seconds that messages have to leave when their connection closes."""

logger = logging.getLogger(__name__)


class Publisher:
    """The live handle of a definition: one connection and one I/O thread, made when the first message is published.

    The thread-safe part hands messages over; what touches the connection runs in the I/O thread
    (reference: reliability, section 2.2).
    """

    def __init__(self, definition: DefAMQP, server_name: str) -> None:
        self.definition = definition
        self.server_name = server_name
        self._link = Link(definition, server_name, on_up=self._up, on_down=self._down, on_tick=self._tick)
        self._lock = threading.Lock()
        self._lanes: tuple[Lane, ...] = ()
        self._connection: Connection | None = None
        self._exchanges: Exchanges | None = None
        self._blocked_because = ""
        self._woken = False
        self._closed = False

    def lane(self) -> Lane:
        """Make a way to the broker that keeps its messages in order."""
        lane = Lane(self._wake)
        with self._lock:
            self._lanes = (*self._lanes, lane)
            if self._closed:
                lane.drain(0)
        self._link.call(lambda: self._admit(lane))
        return lane

    def drop(self, lane: Lane, timeout: float = CLOSE_TIMEOUT) -> None:
        """Close a way once its messages have left, or `timeout` seconds are over."""
        lane.drain(timeout)
        with self._lock:
            self._lanes = tuple(other for other in self._lanes if other is not lane)
        self._link.call(lane.abort)

    def ping(self) -> Ping:
        """Open and close a connection of its own to the broker. Never raises."""
        return ping(self.definition, self.server_name)

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Let messages leave for up to `timeout` seconds, then close the connection. Never raises."""
        until = time.monotonic() + timeout
        with self._lock:
            self._closed = True
        for lane in self._lanes:
            self.drop(lane, max(0.0, until - time.monotonic()))
        self._link.close()

    def _wake(self) -> None:
        """Have the queues looked at; many messages at once wake the I/O thread once."""
        if not self._woken:
            self._woken = True
            self._link.start()
            self._link.call(self._flush)

    # The I/O thread

    def _admit(self, lane: Lane) -> None:
        if self._connection is not None and self._exchanges is not None:
            lane.blocked = self._blocked_because
            lane.up(self._connection, self._exchanges)

    def _up(self, connection: Connection) -> None:
        self._connection = connection
        self._exchanges = Exchanges(connection, self._answer)
        connection.add_on_connection_blocked_callback(self._blocked)
        connection.add_on_connection_unblocked_callback(self._unblocked)
        self._link.ready()
        for lane in self._lanes:
            lane.up(connection, self._exchanges)

    def _down(self) -> None:
        self._connection = self._exchanges = None
        self._blocked_because = ""
        for lane in self._lanes:
            lane.down()

    def _flush(self) -> None:
        self._woken = False
        for lane in self._lanes:
            lane.flush()

    def _tick(self) -> None:
        failure = self._link.failure
        for lane in self._lanes:
            lane.expire(failure.reason if failure else "")
        self._flush()

    def _answer(self, exchange: str, refusal: Refusal | None) -> None:
        for lane in self._lanes:
            lane.answer(exchange, refusal)

    def _blocked(self, _connection: Connection, frame: Any) -> None:
        logger.warning("AMQP connection `%s` is blocked by the broker; %s", self.definition.name, frame.method.reason)
        self._set_blocked(f"the broker takes no messages: {frame.method.reason}")

    def _unblocked(self, _connection: Connection, _frame: Any) -> None:
        logger.info("AMQP connection `%s` is no longer blocked", self.definition.name)
        self._set_blocked("")
        self._flush()

    def _set_blocked(self, because: str) -> None:
        self._blocked_because = because
        for lane in self._lanes:
            lane.blocked = because


class OutgoingConnection:
    """The live handle of an outgoing connection: what `self.out.amqp` publishes through."""

    def __init__(self, config: OutgoingAMQP, publisher: Publisher, *, owns_publisher: bool) -> None:
        definition = publisher.definition
        self.config = config
        self._publisher = publisher
        self._owns_publisher = owns_publisher
        self._sender = Sender(config, publisher.server_name, definition.username, definition.frame_max)
        self._lane = publisher.lane()

    def send(
        self,
        msg: Any,
        exchange: str = "/",
        routing_key: str | None = None,
        properties: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        *,
        cid: str = "",
        **options: Any,
    ) -> None:
        """Hand a message over and return; one that cannot be delivered is logged.

        `msg` is str, bytes, or a dict or list, which becomes JSON. `properties` are those of AMQP, by pika's names,
        and go over the connection's. Of Zato's `options`, `mandatory` and `acquire_block` are taken and mean nothing:
        a message that no queue gets is always a failure. Raises InvalidMessage, QueueFull, Closed and, for any other
        option, TypeError.
        """
        _check_options(options)
        message = self._sender.message(msg, exchange, routing_key, properties=properties, headers=headers, cid=cid)
        now = time.monotonic()
        self._lane.submit(Delivery(message, now + DEADLINE, now + PATIENCE, self._report))

    def invoke(
        self,
        msg: Any,
        exchange: str = "/",
        routing_key: str | None = None,
        properties: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        *,
        cid: str = "",
        **options: Any,
    ) -> None:
        """Publish a message as `send` does and return once the broker has it. Raises PublishError."""
        _check_options(options)
        message = self._sender.message(msg, exchange, routing_key, properties=properties, headers=headers, cid=cid)
        deadline = time.monotonic() + DEADLINE
        delivery = Delivery(message, deadline, deadline)
        self._lane.submit(delivery)
        delivery.wait()

    def ping(self) -> Ping:
        """Open and close a connection of its own to the broker. Never raises."""
        return self._publisher.ping()

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Let messages leave for up to `timeout` seconds. Never raises."""
        if self._owns_publisher:
            self._publisher.close(timeout)
        else:
            self._publisher.drop(self._lane, timeout)

    def _report(self, message: Message, error: PublishError) -> None:
        logger.error(
            "AMQP message could not be delivered; conn=%s, exchange=%r, routing_key=%r, cid=%s, reason=%s",
            self.config.name,
            message.exchange,
            message.routing_key,
            message.cid,
            error,
        )


def _check_options(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in {"mandatory", "acquire_block"}:
            raise TypeError(f"unexpected keyword argument {name!r}")


def open_outgoing(definition: OutgoingAMQP, opening: Opening) -> OutgoingConnection:
    """Make the live handle of an outgoing connection; it connects when the first message is published."""
    if definition.def_name is None:
        publisher = Publisher(inline_definition(definition), opening.server_name)
        return OutgoingConnection(definition, publisher, owns_publisher=True)
    shared = opening.handle("def_amqp", definition.def_name)
    assert isinstance(shared, Publisher)
    return OutgoingConnection(definition, shared, owns_publisher=False)
