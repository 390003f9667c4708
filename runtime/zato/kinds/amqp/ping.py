"""Asking a broker whether it answers."""

from __future__ import annotations

import time
import uuid
from typing import Any

from pika import BasicProperties, exceptions
from pika.adapters.select_connection import IOLoop
from pika.channel import Channel

from zato.kinds.amqp.broker import address_of
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.failure import Failure, explain
from zato.kinds.amqp.link import Connection, parameters
from zato.kinds.base import Ping

TIMEOUT = 10.0
"""Seconds until a ping has an outcome."""
LEAVE_TIMEOUT = 1.0
"""Seconds that the broker then has to close the connection properly."""


def ping(definition: DefAMQP, server_name: str, queue: str = "") -> Ping:
    """Connect anew, as `definition` says, and ask for `queue` or, without one, publish a message that no queue gets.

    A broker tells that it takes no messages only to those who publish. Never raises; takes 11 seconds at most.
    """
    address = address_of(definition)
    started = time.perf_counter()
    attempt = _Attempt(definition, server_name, queue)
    try:
        attempt.run()
    except Exception as error:  # noqa: BLE001 - pika may raise anything when the other side is no broker
        attempt.fail(error)
    failure, latency = attempt.failure, attempt.ended - started
    shown = f"{'amqps' if address.tls else 'amqp'}://{address.host}:{address.port}{_path(address.vhost)}"
    if failure is None:
        return Ping(ok=True, address=shown, latency=latency, detail=f"connected as {definition.username}")
    return Ping(ok=False, address=shown, latency=latency, detail=failure.reason, category=failure.category)


def _path(vhost: str) -> str:
    return "/" if vhost == "/" else f"/{vhost}"


class _Attempt:
    """One connection, from opening to closing, in the calling thread."""

    def __init__(self, definition: DefAMQP, server_name: str, queue: str) -> None:
        self._definition = definition
        self._server_name = server_name
        self._queue = queue
        self.failure: Failure | None = None
        self.ended = 0.0

    def run(self) -> None:
        """Find out, and keep in `failure` what went wrong."""
        loop = self._loop = IOLoop()
        try:
            loop.call_later(TIMEOUT, lambda: self._end(self._timeout()))
            self._connection = Connection(
                parameters(self._definition, f"{self._server_name} ping"),
                on_open_callback=self._opened,
                on_open_error_callback=self._closed,
                on_close_callback=self._closed,
                custom_ioloop=loop,
            )
            loop.start()
        finally:
            loop.close()

    def fail(self, error: BaseException) -> None:
        """An error decides the outcome, where it is not decided yet."""
        if not self.ended:
            self.ended = time.perf_counter()
            self.failure = explain(error, self._definition)

    def _opened(self, connection: Connection) -> None:
        connection.add_on_connection_blocked_callback(lambda _, frame: self._end(self._blocked(frame.method.reason)))
        connection.channel(on_open_callback=self._ask)

    def _ask(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._channel_closed)
        if self._queue:
            channel.queue_declare(self._queue, passive=True, callback=lambda _: self._end(None))
        else:
            channel.confirm_delivery(lambda _: self._end(None), callback=lambda _: self._publish(channel))

    def _publish(self, channel: Channel) -> None:
        properties: Any = BasicProperties
        channel.basic_publish("", f"zato.ping.{uuid.uuid4().hex}", b"", properties(), mandatory=True)

    def _channel_closed(self, _channel: Channel, reason: Exception) -> None:
        if not isinstance(reason, exceptions.ChannelClosedByBroker):
            return
        if self._queue:
            self._end(Failure("other", reason.reply_text))
        else:
            self._end(None)  # no permission to publish there, so the broker has answered

    def _end(self, failure: Failure | None) -> None:
        if not self.ended:
            self.ended = time.perf_counter()
            self.failure = failure
            self._loop.call_later(LEAVE_TIMEOUT + 0.5, self._loop.stop)
            self._connection.leave(LEAVE_TIMEOUT)

    def _closed(self, _connection: object, error: BaseException) -> None:
        self.fail(error)
        self._loop.stop()

    def _timeout(self) -> Failure:
        return explain(TimeoutError(), self._definition)

    def _blocked(self, reason: str) -> Failure:
        return Failure("blocked", f"the broker takes no messages: {reason} (free memory or disk there)")
