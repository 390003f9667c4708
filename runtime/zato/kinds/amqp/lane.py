"""The messages of one outgoing connection on their way to the broker."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from pika import spec
from pika.channel import Channel

from zato.kinds.amqp.errors import (
    Closed,
    InvalidMessage,
    Nacked,
    NotSent,
    PublishError,
    PublishTimeout,
    QueueFull,
    Unroutable,
)
from zato.kinds.amqp.exchanges import Exchanges, Refusal
from zato.kinds.amqp.link import Connection
from zato.kinds.amqp.message import FRAME_OVERHEAD, Message

MAX_MESSAGES = 10_000
"""Messages that one outgoing connection holds until the broker confirms them; more are refused."""
MAX_BYTES = 256 * 1024 * 1024
"""Bytes of their bodies."""
MAX_UNCONFIRMED = 1_000
"""Messages sent ahead of the broker's confirms."""
MAX_ATTEMPTS = 3
"""How often a message may be among those that are under way when the broker closes the channel without naming why."""

Report = Callable[[Message, PublishError], None]


class Delivery:
    """One message that a service handed over. The I/O thread ends it, once; its service may wait for that."""

    __slots__ = ("_report", "_signal", "attempts", "deadline", "ended", "error", "message", "patience")

    def __init__(self, message: Message, deadline: float, patience: float, report: Report | None = None) -> None:
        self.message = message
        self.deadline = deadline
        """When the message is given up."""
        self.patience = patience
        """When it is given up if the broker cannot be reached."""
        self._report = report
        self.attempts = 0
        self.ended = False
        self.error: PublishError | None = None
        self._signal = threading.Lock()  # held until the end: the cheapest thing that a thread can wait for
        self._signal.acquire()

    def end(self, error: PublishError | None) -> None:
        """Tell whoever waits and, of a failure, whoever wants to know."""
        self.error = error
        self.ended = True
        self._signal.release()
        if error is not None and self._report is not None:
            self._report(self.message, error)

    def wait(self) -> None:
        """Wait for the broker's confirm, in one thread only. Raises what went wrong."""
        grace = 1.0  # the I/O thread looks at deadlines a few times a second
        if not self._signal.acquire(timeout=max(0.0, self.deadline - time.monotonic()) + grace):
            raise PublishTimeout(self.message.cid, "the outcome is unknown: the publisher does not answer")
        if self.error is not None:
            raise self.error


class Lane:
    """A queue, an AMQP channel in confirm mode, and the messages in between that are not confirmed yet.

    Messages leave in the order in which they came. What was sent and not confirmed when a connection is lost is sent
    again on the next one. `submit` and `drain` may be called from any thread, everything else is of the I/O thread.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._empty = threading.Condition(self._lock)
        self._closed = False
        self._held = 0
        self._held_bytes = 0
        self._queue: deque[Delivery] = deque()
        self._asking: dict[str, list[Delivery]] = {}
        self._unconfirmed: OrderedDict[int, Delivery] = OrderedDict()
        self._returned: dict[str, str] = {}
        self.blocked = ""
        """Why the broker takes no messages at the moment, in its words; "" when it does."""
        self._connection: Connection | None = None
        self._exchanges: Exchanges | None = None
        self._channel: Channel | None = None
        self._last_tag = 0

    # Any thread

    def submit(self, delivery: Delivery) -> None:
        """Take a message into the queue. Raises QueueFull and Closed."""
        size, cid = len(delivery.message.body), delivery.message.cid
        with self._lock:
            if self._closed:
                raise Closed(cid, "the connection is closing")
            if self._held >= MAX_MESSAGES or self._held_bytes + size > MAX_BYTES:
                raise QueueFull(cid, f"{self._held} messages of {self._held_bytes} bytes wait for the broker already")
            self._held += 1
            self._held_bytes += size
            self._queue.append(delivery)
        self._wake()

    def drain(self, timeout: float) -> None:
        """Take no more messages and wait for those that are here to end."""
        with self._lock:
            self._closed = True
            self._empty.wait_for(lambda: self._held == 0, timeout)

    # The I/O thread

    def up(self, connection: Connection, exchanges: Exchanges) -> None:
        """There is a connection: open a channel on it."""
        if connection is self._connection:
            return
        self._connection = connection
        self._exchanges = exchanges
        connection.channel(on_open_callback=self._opened)

    def down(self) -> None:
        """The connection is gone, and the fate of what was under way is unknown."""
        self._connection = self._exchanges = self._channel = None
        self.blocked = ""
        self._take_back()

    def flush(self) -> None:
        """Send what waits, as far as the broker's confirms allow."""
        if self._connection is not None and self._channel is not None and self._queue and not self.blocked:
            with self._connection.together():
                self._send_waiting(self._channel)

    def _send_waiting(self, channel: Channel) -> None:
        exchanges = self._exchanges
        assert exchanges is not None
        while self._queue and len(self._unconfirmed) < MAX_UNCONFIRMED:
            delivery = self._queue.popleft()
            if delivery.ended:
                continue
            if exchanges.known(delivery.message.exchange):
                self._send(delivery, channel)
            else:
                self._asking.setdefault(delivery.message.exchange, []).append(delivery)
                exchanges.ask(delivery.message.exchange)

    def answer(self, exchange: str, refusal: Refusal | None) -> None:
        """The broker told about an exchange."""
        waiting = self._asking.pop(exchange, [])
        if refusal is None:
            self._queue.extendleft(reversed(waiting))
            self.flush()
            return
        for delivery in waiting:
            if not delivery.ended:
                self._fail(delivery, *refusal)

    def expire(self, unreachable: str) -> None:
        """Give up the messages whose time is over; `unreachable` says why there is no connection."""
        now = time.monotonic()
        for delivery in self._under_way():
            if now > (delivery.patience if unreachable else delivery.deadline):
                self._expire(delivery, unreachable or self.blocked)
        while self._queue and self._queue[0].ended:
            self._queue.popleft()

    def abort(self) -> None:
        """Give up all messages, and the channel."""
        for delivery in self._under_way():
            self._expire(delivery, "the connection is closed")
        channel, self._channel, self._connection = self._channel, None, None
        if channel is not None and channel.is_open:
            channel.close()

    def _under_way(self) -> list[Delivery]:
        asking = (delivery for waiting in self._asking.values() for delivery in waiting)
        return [d for d in (*self._unconfirmed.values(), *asking, *self._queue) if not d.ended]

    def _opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(self._message_returned)
        channel.confirm_delivery(self._confirmed, callback=lambda _: self._ready(channel))

    def _ready(self, channel: Channel) -> None:
        self._channel = channel
        self._last_tag = 0
        self.flush()

    def _send(self, delivery: Delivery, channel: Channel) -> None:
        message = delivery.message
        limit = channel.connection.params.frame_max - FRAME_OVERHEAD  # what both sides agreed on
        if message.properties.size > limit:
            self._fail(delivery, InvalidMessage, f"properties and headers are over the broker's limit of {limit} bytes")
            return
        delivery.attempts += 1
        self._last_tag += 1
        self._unconfirmed[self._last_tag] = delivery
        channel.basic_publish(message.exchange, message.routing_key, message.body, message.properties, mandatory=True)

    def _message_returned(self, _channel: Channel, method: Any, properties: Any, _body: bytes) -> None:
        """A message cannot be routed; its confirm follows (RabbitMQ guide: publishers, unroutable messages)."""
        self._returned[properties.message_id] = method.reply_text

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        refused = isinstance(method, spec.Basic.Nack)
        for delivery in self._take_confirmed(method.delivery_tag, method.multiple):
            returned = self._returned.pop(delivery.message.message_id, None)
            if delivery.ended:
                continue
            if returned is not None:
                message = delivery.message
                where = f"exchange {message.exchange!r} has no queue for routing key {message.routing_key!r}"
                self._fail(delivery, Unroutable, f"{where} ({returned})")
            elif refused:
                self._fail(delivery, Nacked, "the broker did not take the message (is a queue full?)")
            else:
                self._end(delivery, None)
        self.flush()

    def _take_confirmed(self, tag: int, multiple: bool) -> list[Delivery]:
        if not multiple:
            delivery = self._unconfirmed.pop(tag, None)
            return [] if delivery is None else [delivery]
        taken = []
        while self._unconfirmed and next(iter(self._unconfirmed)) <= tag:
            taken.append(self._unconfirmed.popitem(last=False)[1])
        return taken

    def _channel_closed(self, channel: Channel, reason: Exception) -> None:
        """The broker closed the channel: fail the messages for the exchange that it names, send the others again."""
        if self._connection is None or not self._connection.is_open or self._exchanges is None:
            return  # `down` follows, or `abort` was here
        self._channel = None
        text = getattr(reason, "reply_text", "") or str(reason)
        for delivery in self._unconfirmed.values():
            exchange = delivery.message.exchange
            if not delivery.ended and ((exchange and f"'{exchange}'" in text) or delivery.attempts >= MAX_ATTEMPTS):
                self._fail(delivery, PublishError, text)
        self._take_back()
        self._exchanges.forget()
        self._connection.channel(on_open_callback=self._opened)

    def _take_back(self) -> None:
        """Put what was under way in front of the queue, in its order."""
        asking = [delivery for waiting in self._asking.values() for delivery in waiting]
        back = [delivery for delivery in (*self._unconfirmed.values(), *asking) if not delivery.ended]
        self._unconfirmed.clear()
        self._asking.clear()
        self._returned.clear()
        self._queue.extendleft(reversed(back))

    def _expire(self, delivery: Delivery, reason: str) -> None:
        if delivery.attempts:
            self._fail(delivery, PublishTimeout, f"no confirm, the outcome is unknown: {reason or 'no answer in time'}")
        else:
            self._fail(delivery, NotSent, f"not sent: {reason or 'no answer in time'}")

    def _fail(self, delivery: Delivery, kind: type[PublishError], reason: str) -> None:
        self._end(delivery, kind(delivery.message.cid, reason))

    def _end(self, delivery: Delivery, error: PublishError | None) -> None:
        delivery.end(error)
        with self._lock:
            self._held -= 1
            self._held_bytes -= len(delivery.message.body)
            if self._closed and not self._held:
                self._empty.notify_all()
