"""A connection to a broker that is kept open."""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pika import ConnectionParameters, PlainCredentials, SSLOptions
from pika.adapters.select_connection import IOLoop, SelectConnection

from zato.kinds.amqp.broker import address_of
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.failure import Failure, explain

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to come up, TLS and authentication included."""
CLOSE_TIMEOUT = 3.0
"""Seconds that a broker has to answer the closing of a connection."""
FIRST_DELAY = 0.1
LONGEST_DELAY = 1.0
LONGEST_DELAY_REFUSED = 5.0
"""Seconds between attempts, doubled each time; longer where the broker itself says no (wrong password, no queue)."""
REMIND = 60.0
"""Seconds between log lines about a failure that lasts."""
LARGE_FRAME = 16_384
"""Bytes of a frame that is worth a system call."""
TICK = 0.25
"""Seconds between two looks at deadlines."""

logger = logging.getLogger(__name__)

_pika_logger = logging.getLogger("pika")
if _pika_logger.level == logging.NOTSET:
    _pika_logger.setLevel(logging.CRITICAL)  # it logs each attempt several times; a link logs a change, once


def parameters(definition: DefAMQP, server_name: str) -> ConnectionParameters:
    """What pika connects with. Built field by field: as part of a URL a password with `/` or `%41` means another."""
    address = address_of(definition)
    tls = SSLOptions(ssl.create_default_context(), address.host) if address.tls else None
    return ConnectionParameters(
        host=address.host,
        port=address.port,
        virtual_host=address.vhost,
        credentials=PlainCredentials(definition.username, definition.password or ""),
        frame_max=definition.frame_max,
        heartbeat=definition.heartbeat,
        ssl_options=tls,
        socket_timeout=CONNECT_TIMEOUT,
        stack_timeout=CONNECT_TIMEOUT,
        client_properties={"connection_name": f"{server_name}: {definition.name}"},
    )


def _jitter() -> float:
    """Keeps those that lost a broker together from coming back together."""
    return random.uniform(0.5, 1)  # noqa: S311 - not a secret


class Connection(SelectConnection):
    """pika's connection, which also leaves when the broker does not answer, and writes many frames at once."""

    _frames: list[bytes] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is sent inside with one system call, where pika makes three for each message."""
        self._frames = []
        try:
            yield
        finally:
            frames, self._frames = self._frames, None
            if frames:
                self._adapter_emit_data(b"".join(frames))

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._frames is None:
            super()._adapter_emit_data(data)
            return
        self._frames.append(data)
        if len(data) > LARGE_FRAME:  # joining copies: not everything that waits at a time
            super()._adapter_emit_data(b"".join(self._frames))
            self._frames.clear()

    def abandon(self) -> None:
        """Close the socket without the closing handshake; nothing happens to one that is closed."""
        if not self.is_closed:
            self._terminate_stream(TimeoutError())

    def leave(self, timeout: float) -> None:
        """Close the connection; where the broker does not answer within `timeout` seconds, close just the socket."""
        self.ioloop.call_later(timeout, self.abandon)
        if not self.is_closing and not self.is_closed:
            self.close()


class Link:
    """One connection, its I/O thread, and reconnecting for ever (reference: reliability, section 2.2).

    pika's objects belong to the I/O thread. `start`, `call` and `close` may be called from any thread, everything
    else, the callbacks included, is of the I/O thread.
    """

    failure: Failure | None = None
    """Why there is no usable connection; None while there is one or while the first is coming up."""

    def __init__(
        self,
        definition: DefAMQP,
        server_name: str,
        *,
        on_up: Callable[[Connection], None],
        on_down: Callable[[], None],
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._definition = definition
        self._server_name = server_name
        self._on_up, self._on_down, self._on_tick = on_up, on_down, on_tick
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: IOLoop | None = None
        self._connection: Connection | None = None
        self._parameters: ConnectionParameters | None = None
        self._restart: Failure | None = None
        self._ticking: Any = None
        self._closing = False
        self._delay = FIRST_DELAY
        self._logged = ("", 0.0)

    # Any thread

    def start(self) -> None:
        """Begin to connect. Only the first call has an effect."""
        with self._lock:
            if self._thread is None and not self._closing:
                self._loop = IOLoop()
                self._thread = threading.Thread(target=self._run, name=f"amqp {self._definition.name}", daemon=True)
                self._thread.start()

    def call(self, callback: Callable[[], None]) -> None:
        """Run a callback in the I/O thread, soon; a link that is not started or is over forgets it."""
        with self._lock:
            if self._loop is not None:
                self._loop.add_callback_threadsafe(callback)

    def close(self) -> None:
        """Close the connection and end the thread. Returns within a few seconds, whatever the broker does."""
        with self._lock:
            self._closing = True
            thread = self._thread
        if thread is not None:
            self.call(self._finish)
            thread.join(CLOSE_TIMEOUT + 1)

    # The I/O thread

    def ready(self) -> None:
        """Tell that the connection serves its purpose: the next failure is news, and retried soon."""
        if self.failure is not None or not self._logged[0]:
            logger.info("AMQP connection `%s` is up; address=%s", self._definition.name, self._where())
        self.failure = None
        self._delay = FIRST_DELAY
        self._logged = ("up", 0.0)

    def restart(self, failure: Failure) -> None:
        """Give up on the connection as it is and come back with a new one."""
        if self._connection is not None and self._connection.is_open:
            self._restart = failure
            self._connection.leave(CLOSE_TIMEOUT)

    def _run(self) -> None:
        loop = self._loop
        assert loop is not None
        self._plan(self._connect, 0)
        self._tick_later()
        while True:
            try:
                loop.start()
                break
            except Exception as error:
                logger.exception("AMQP connection `%s` failed in its I/O loop", self._definition.name)
                self._recover(error)
        with self._lock:
            self._loop = None
            loop.close()

    def _recover(self, error: Exception) -> None:
        """Begin anew. The loop may have forgotten timers that were due with the callback that raised."""
        assert self._loop is not None
        self._loop.remove_timeout(self._ticking)
        self._tick_later()
        connection = self._connection
        if connection is None:
            self._plan(self._connect, FIRST_DELAY)
        else:
            with suppress(Exception):  # it may be what failed
                connection.abandon()
            self._lost(connection, error)

    def _plan(self, callback: Callable[[], None], delay: float) -> object:
        assert self._loop is not None
        return self._loop.call_later(delay, callback)

    def _tick_later(self) -> None:
        self._ticking = self._plan(self._tick, TICK)

    def _tick(self) -> None:
        self._tick_later()
        self._on_tick()

    def _connect(self) -> None:
        if self._closing or self._connection is not None:
            return
        if self._parameters is None:
            self._parameters = parameters(self._definition, self._server_name)
        self._connection = Connection(
            self._parameters,
            on_open_callback=self._on_up,
            on_open_error_callback=self._lost,
            on_close_callback=self._lost,
            custom_ioloop=self._loop,
        )

    def _lost(self, connection: object, error: BaseException) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self.failure, self._restart = self._restart or explain(error, self._definition), None
        self._on_down()
        if self._closing:
            self._stop()
            return
        self._log_failure(self.failure)
        self._plan(self._connect, self._delay * _jitter())
        longest = LONGEST_DELAY_REFUSED if self.failure.refused else LONGEST_DELAY
        self._delay = min(self._delay * 2, longest)

    def _log_failure(self, failure: Failure) -> None:
        logged, at = self._logged
        if failure.reason != logged or time.monotonic() > at + REMIND:
            self._logged = (failure.reason, time.monotonic())
            logger.warning("AMQP connection `%s` is down, reconnecting; %s", self._definition.name, failure.reason)

    def _finish(self) -> None:
        if self._connection is None:
            self._stop()
        else:
            self._plan(self._stop, CLOSE_TIMEOUT + 0.5)
            self._connection.leave(CLOSE_TIMEOUT)

    def _stop(self) -> None:
        assert self._loop is not None
        self._loop.stop()

    def _where(self) -> str:
        address = address_of(self._definition)
        return f"{address.host}:{address.port}, vhost={address.vhost}"
