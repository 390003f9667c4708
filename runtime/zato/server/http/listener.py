# mypy: disallow-untyped-calls=False
"""The HTTP listener: waitress with a strict parser, deadlines, bounded waits and an orderly end.

One thread does all reading, most of the writing and all the timing; `Limits.threads` others run the application.
The way of a request: `StrictParser` → `_Server.add_task` (queued or refused) → `_Workers` → `_Task` → the client.
"""

from __future__ import annotations

import logging
import math
import secrets
import socket
import threading
import time
from collections import deque
from functools import lru_cache
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import build_http_date

from zato.server.http.limits import Limits
from zato.server.http.parser import Refusal, StrictParser

__all__ = ["Limits", "Listener", "bind"]

logger = logging.getLogger(__name__)

_LINGER = 2.0
"""How long a client may go on sending after it was refused (seconds)."""
_ON_ITS_WAY = 0.25
"""How long after its last byte a connection may have a request on its way to us (seconds)."""
_SMALL = 64 * 1024
"""Longest part of a body that is worth copying behind the header (bytes)."""
_WARN_EVERY = 60.0
"""Shortest time between two warnings about the same (seconds)."""


def bind(host: str, port: int, backlog: int) -> socket.socket:
    """Open a listening TCP socket at a name, an IPv4 or an IPv6 address; port 0 takes a free one. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a predecessor's connections may still be closing
        sock.bind(address)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


class Listener:
    """Serves a WSGI application on a listening socket, which it owns from here on."""

    def __init__(self, app: WSGIApplication, sock: socket.socket, limits: Limits) -> None:
        self._workers = _Workers(limits)
        self._server = _Server(app, sock, limits, self._workers)
        self.abandoned = 0
        """Requests that had no answer when the drain ran out of time."""

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self._server.active_channels)

    @property
    def in_flight(self) -> int:
        """Requests that a thread is running."""
        return sum(self._workers.busy)

    @property
    def queued(self) -> int:
        """Complete requests that wait for a thread."""
        return len(self._workers.queue)

    @property
    def shed(self) -> int:
        """Requests answered 503 so far because of the bounds on the queue."""
        return self._server.shed

    @property
    def timed_out(self) -> int:
        """Connections closed so far because a request was not complete, or an answer not taken, in time."""
        return self._server.timed_out

    def run(self, stop: threading.Event, drain: float = 30.0) -> None:
        """Serve until `stop` is set, then answer what has come in, for at most `drain` seconds.

        `abandoned` tells afterwards how many requests that was too short for.
        """
        self._workers.start()
        while not stop.is_set():
            self._server.turn()
        deadline = time.monotonic() + drain
        self._server.stop_accepting()
        while self._server.active_channels and time.monotonic() < deadline:
            self._server.turn()
        self.abandoned = sum(channel.unanswered() for channel in self._server.active_channels.values())
        self._server.end()

    def wake(self) -> None:
        """Make `run` look at its stop event now. For signal handlers and other threads, at any time."""
        self._server.pull_trigger()


class _Adjustments(Adjustments):
    """Waitress's settings, and the limits for its parser."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        super().__init__(
            sockets=[sock],
            backlog=limits.backlog,
            channel_request_lookahead=0,  # its race was GHSA-9298-4cf8-g4wj
            clear_untrusted_proxy_headers=False,  # the parser has dropped them
            log_socket_errors=False,
        )
        self.ident = ""  # no Server header
        self.limits = limits


class _Workers:
    """The threads that run the application, and the connections that wait for one (waitress's task dispatcher)."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._tickets: SimpleQueue[bool] = SimpleQueue()  # one per item of the queue; False ends a thread
        self._threads: list[threading.Thread] = []
        self.queue: deque[_Channel] = deque()
        self.busy = [False] * limits.threads

    def start(self) -> None:
        for number in range(self._limits.threads):
            thread = threading.Thread(target=self._work, args=(number,), name=f"http-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def add_task(self, channel: _Channel) -> None:
        channel.queued_at = time.monotonic()
        self.queue.append(channel)
        self._tickets.put(True)

    def is_overloaded(self) -> bool:
        try:
            oldest = self.queue[0]
        except IndexError:
            return False
        waiting = len(self.queue) - self.busy.count(False)  # a free thread will take its own at once
        waited = time.monotonic() - oldest.queued_at
        return waiting >= self._limits.max_queue or waited > self._limits.max_queue_age

    def end(self) -> None:
        """End the threads that are free; the others are left to end with the process."""
        for _ in self._threads:
            self._tickets.put(False)
        for thread, busy in zip(self._threads, self.busy, strict=True):
            thread.join(0.0 if busy else 1.0)

    def _work(self, number: int) -> None:
        while self._tickets.get():
            channel = self.queue.popleft()
            self.busy[number] = True
            try:
                channel.service()
            except BaseException:
                logger.exception("A request was not answered")
                channel.cancel()
                channel.server.pull_trigger()
            finally:
                self.busy[number] = False


class _Server(TcpWSGIServer):
    """The listening socket and what its connections share."""

    active_channels: dict[int, _Channel]
    socket: Any

    def __init__(self, app: WSGIApplication, sock: socket.socket, limits: Limits, workers: _Workers) -> None:
        self.limits = limits
        self.channel_class = _Channel
        self.draining = False
        self.shed = 0
        self.timed_out = 0
        self._refused: deque[_Channel] = deque()
        self._look_every = min(1.0, limits.request_deadline / 4)
        self._looked_at = 0.0
        self._accept_from = 0.0
        self._warned: dict[str, float] = {}
        self._pulled = False
        self._ended = False
        self._end_lock = threading.RLock()  # a signal handler may interrupt its holder
        super().__init__(
            app,
            {},
            _sock=sock,
            dispatcher=workers,
            adj=_Adjustments(sock, limits),
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )
        self.server_name = self.effective_host

    def turn(self) -> None:
        """Wait for something to do, no longer than to the next look at the clocks, and do it."""
        patience = self._patience()
        wasyncore.poll2(patience, self._map)
        while self._refused:
            self._answer_refused(self._refused.popleft())
        now = time.monotonic()
        if now - self._looked_at >= patience:
            self._looked_at = now
            self._look_at_clocks(now)
        self._pulled = False  # last, so that who pulled before is seen by the next turn, and by the caller's loop

    def _patience(self) -> float:
        if self.draining:
            return _ON_ITS_WAY / 4
        return self._look_every if self.readable() else min(_ON_ITS_WAY, self._look_every)

    def _look_at_clocks(self, now: float) -> None:
        for channel in list(self.active_channels.values()):
            channel.check_time(now)
        if self._is_full():
            self._warn("%d connections are open, which is the limit: idle ones are closed", len(self.active_channels))
            self._make_room(now)

    def _is_full(self) -> bool:
        return len(self.active_channels) >= self.limits.connection_limit

    def pull_trigger(self) -> None:
        if self._pulled:
            return
        with self._end_lock:
            if not self._ended:
                self._pulled = True
                super().pull_trigger()

    def readable(self) -> bool:
        """Whether to accept; several workers will balance their connections here."""
        return not self._is_full() and time.monotonic() >= self._accept_from

    def handle_accept(self) -> None:
        self._accept()

    def _accept(self) -> bool:
        try:
            conn, address = self.socket.accept()
        except ConnectionAbortedError:
            return True
        except BlockingIOError:
            return False
        except OSError as error:  # out of file descriptors or memory
            self._warn("Connections cannot be accepted: %s", error)
            self._accept_from = time.monotonic() + _ON_ITS_WAY
            self._make_room(time.monotonic())
            return False
        self.set_socket_options(conn)
        _Channel(self, conn, address, self.adj, map=self._map)
        return True

    def add_task(self, channel: _Channel) -> None:
        """Queue the channel's first request, or refuse it. Called by any thread, with channel.requests_lock held."""
        request = channel.requests[0]
        if request.error is None and self.task_dispatcher.is_overloaded():
            request.error = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", headers=("Retry-After: 1",))
        if request.error is None:
            self.task_dispatcher.add_task(channel)
        else:
            self._refused.append(channel)  # answered later: that takes the lock which is held now
            self.pull_trigger()

    def _answer_refused(self, channel: _Channel) -> None:
        error = channel.requests[0].error
        if error is not None and error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.shed += 1
            self._warn("Overloaded: %d requests answered 503 so far", self.shed)
        channel.service()

    def _make_room(self, now: float) -> None:
        """Close the half of the idle connections that have been so for longest."""
        idle = [channel for channel in self.active_channels.values() if channel.is_idle(now)]
        idle.sort(key=_Channel.active_since)
        for channel in idle[: (len(idle) + 1) // 2]:
            channel.handle_close()

    def stop_accepting(self) -> None:
        """Begin to drain: close the socket after taking the connections that the kernel has accepted for it."""
        self.draining = True
        while self._accept():
            pass
        wasyncore.dispatcher.close(self)

    def end(self) -> None:
        """Close what is left."""
        self.task_dispatcher.end()
        for channel in list(self.active_channels.values()):
            channel.handle_close()
        with self._end_lock:
            self._ended = True
            self.trigger.close()

    def _warn(self, text: str, *arguments: object) -> None:
        now = time.monotonic()
        if now - self._warned.get(text, -_WARN_EVERY) >= _WARN_EVERY:
            self._warned[text] = now
            logger.warning(text, *arguments)


@lru_cache(maxsize=1024)
def _capitalised(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


class _Task(WSGITask):
    """The application answers."""

    content_length: Any  # int | None

    def service(self) -> None:
        try:
            self.start()
            self.execute()
            self.finish()
        except ClientDisconnected:  # the channel has said so
            self.close_on_finish = True

    def build_response_header(self) -> bytes:
        if self.channel.is_at_its_end():
            self.set_close_on_finish()
        respelled = [name for name, _ in self.response_headers if _capitalised(name) != name]
        header: bytes = super().build_response_header()
        for name in respelled:  # waitress makes X-Zato-Cid of X-Zato-CID; headers go out as they are given
            header = header.replace(f"\r\n{_capitalised(name)}: ".encode(), f"\r\n{name}: ".encode(), 1)
        return header

    def write(self, data: bytes) -> None:
        """Send the next part of the body; what comes first goes with the header, in one system call."""
        if self.request.command == "HEAD":
            data = b""
        begins = self.complete and not self.wrote_header
        if not begins or not 0 < len(data) <= min(self.content_length or 0, _SMALL):
            super().write(data)
            return
        answer = self.build_response_header() + data
        self.wrote_header = True
        self.content_bytes_written = len(data)
        self.channel.write_soon(answer)


class _Refusing(ErrorTask):
    """The listener itself answers: the status, a correlation id and the end of the connection."""

    def service(self) -> None:
        self.close_on_finish = True
        self.channel.lingers = True
        try:
            self.channel.write_soon(self._answer().encode())
        except ClientDisconnected:
            return

    def _answer(self) -> str:
        error = self.request.error
        status = HTTPStatus(error.code)
        cid = secrets.token_hex(12)
        logger.debug("Answered %d (CID:%s): %s", status, cid, error)
        body = f"{status.phrase} (CID:{cid})\n"
        lines = (
            f"HTTP/1.1 {status.value} {status.phrase}",
            "Connection: close",
            f"Content-Length: {len(body)}",
            "Content-Type: text/plain; charset=utf-8",
            f"Date: {build_http_date(time.time())}",
            f"X-Zato-CID: {cid}",
            *getattr(error, "headers", ()),
            "",
            "" if self.request.command == "HEAD" else body,
        )
        return "\r\n".join(lines)


class _Channel(HTTPChannel):
    """One connection. Its times are the monotonic clock's, which nobody sets."""

    parser_class: Any = StrictParser
    task_class = _Task
    error_task_class = _Refusing
    logger = logger

    server: _Server
    socket: Any
    request: Any  # StrictParser | None
    requests: list[StrictParser]

    queued_at = 0.0
    lingers = False
    """Whether the client may be sending still, so that a plain close would be a reset and could cost it the answer."""
    _linger_until: float | None = None
    _seen: tuple[float, int] = (0.0, 0)
    _active_at = math.inf
    _unsent_at: float | None = None

    def unanswered(self) -> int:
        """Complete requests of which the answer is not out."""
        return len(self.requests) or bool(self.total_outbufs_len)

    def is_at_its_end(self) -> bool:
        """Whether the answer being written is the last one: the server drains and nothing else has come in."""
        return self.server.draining and self.request is None and len(self.requests) == 1

    def is_idle(self, now: float) -> bool:
        """Whether nothing is begun, running or unsent, nor on its way."""
        empty = self.request is None and not self.requests and not self.total_outbufs_len
        return empty and now - self._active_at > _ON_ITS_WAY

    def active_since(self) -> float:
        """When a byte was last seen to go either way; infinity before the first look."""
        return self._active_at

    def check_time(self, now: float) -> None:
        """Close the connection of a client that has had its time."""
        limits = self.server.limits
        self._look(now)
        quiet = now - self._active_at
        if self._linger_until is not None:
            if now > self._linger_until:
                self.handle_close()
        elif self._unsent_at is not None:
            if quiet > limits.idle_timeout or now - self._unsent_at > limits.response_deadline:
                self._give_up()
        elif self.requests:
            if self.request is not None:
                self.request.started = now  # nothing is read while another request is being answered
        elif self.request is not None:
            if now - self.request.started > limits.request_deadline:
                self._refuse_late(self.request)
        elif quiet > (_ON_ITS_WAY if self.server.draining else limits.idle_timeout):
            self.handle_close()

    def _look(self, now: float) -> None:
        seen = (self.last_activity, self.total_outbufs_len)
        if seen != self._seen:
            self._seen = seen
            self._active_at = now
        if not self.total_outbufs_len:
            self._unsent_at = None
        elif self._unsent_at is None:
            self._unsent_at = now

    def _give_up(self) -> None:
        self.server.timed_out += 1
        self.handle_close()  # waitress's will_close waits for a socket that can be written to

    def _refuse_late(self, request: StrictParser) -> None:
        if request.is_blank():
            self._give_up()
            return
        self.server.timed_out += 1
        request.error = Refusal(HTTPStatus.REQUEST_TIMEOUT, "not complete in time")
        with self.requests_lock:
            self.request = None
            self.requests.append(request)
        self.service()

    def handle_read(self) -> None:
        if self._linger_until is None:
            super().handle_read()
        else:
            self.recv(self.adj.recv_bytes)

    def handle_write(self) -> None:
        if self.lingers and self.close_when_flushed and not self.total_outbufs_len:
            self._linger()
        else:
            super().handle_write()

    def handle_expt(self) -> None:
        self.handle_close()  # urgent data: not HTTP, and it would be told of for ever

    def _linger(self) -> None:
        """Say that nothing follows, and read over what the client still sends until it closes."""
        self.close_when_flushed = False
        self._linger_until = time.monotonic() + _LINGER
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # it has closed already
            self.handle_close()

    def write_soon(self, data: Any) -> int:
        """Send what the kernel takes at once; only the rest goes through waitress's buffers.

        While there is something in the buffers, the I/O thread is woken to send it, again and again where the thread
        that put it there is just about to. Without this, a third of the requests per second were left (32 connections,
        8 threads, 2 cores).
        """
        if self.total_outbufs_len or not isinstance(data, bytes):
            written: int = super().write_soon(data)
            return written
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            try:
                sent: int = self.send(data, do_close=False)
            except OSError:
                sent = 0  # waitress will meet it again and close the connection
        if sent < len(data):
            super().write_soon(data[sent:])
        return len(data)

    def handle_close(self) -> None:
        if self.connected and (self.requests or self.total_outbufs_len):
            logger.debug("The connection ended before its answer was sent")
        if self.request is not None:
            self.request.close()
        super().handle_close()
