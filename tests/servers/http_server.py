"""A real HTTP(S) server for tests: answers per path, the requests that came in, and faults on demand."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    target: str
    headers: Message
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Fault = Literal["", "reset", "truncate", "silence", "drip", "drip-head", "no-answer", "not-http", "endless"]


@dataclass(frozen=True)
class Answer:
    """What to answer.

    `reset` and `truncate` end the connection in the middle of the body, rudely or not; `silence` says nothing after
    the first half of it; `drip` and `drip-head` send a byte every 20 ms; `no-answer` closes at once; `not-http` talks
    another protocol; `endless` sends the body for ever.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    length: int | None = None
    """Content-Length, where it is not that of the body; -1 leaves it out and closes the connection."""
    fault: Fault = ""

    @property
    def head(self) -> bytes:
        length = len(self.body) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} Some reason", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines.append(f"Content-Length: {length}" if length >= 0 else "Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


Answering = Answer | Callable[[Request], Answer]


class HTTPServer:
    """A server on a free port, as a context manager."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, address: str = "127.0.0.1") -> None:
        self.routes: dict[str, Answering] = {}
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self._server = _Server(self, tls, address)
        self.port: int = self._server.server_address[1]
        host = f"[{address}]" if ":" in address else address
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"

    @property
    def last(self) -> Request:
        """The latest request."""
        return self.requests[-1]

    @property
    def connections(self) -> int:
        """How many network connections were accepted."""
        return self._server.accepted

    def answer(self, path: str = "", body: Any = b"{}", **answer: Any) -> None:
        """Answer at a path, or at all that have no answer of their own. What is not bytes is sent as JSON."""
        self.routes[path] = Answer(body=body if isinstance(body, bytes) else json.dumps(body).encode(), **answer)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, owner: HTTPServer, tls: ssl.SSLContext | None, address: str) -> None:
        self.owner = owner
        self.tls = tls
        self.accepted = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.tls:
            # The handshake is the handler's: a client that fails it must not hold others up
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.accepted += 1
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()  # waits for the handlers

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def answer(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, self.headers, body)
        owner.requests.append(request)
        answering = owner.routes.get(request.path) or owner.routes.get("") or Answer()
        answer = answering if isinstance(answering, Answer) else answering(request)
        self.close_connection = answer.fault not in {"", "drip", "drip-head"} or answer.length == -1
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        half = answer.head + body[: len(body) // 2]
        match answer.fault:
            case "":
                self.wfile.write(answer.head + body)
            case "truncate":
                self.wfile.write(half)
            case "reset":
                self.wfile.write(half)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
            case "silence":
                self.wfile.write(half)
                self.server.owner.stopping.wait(30)
            case "drip":
                self.wfile.write(answer.head)
                self._drip(body)
            case "drip-head":
                self._drip(answer.head + body)
            case "not-http":
                self.wfile.write(b"220 mail.example ESMTP\r\n")
            case "endless":
                self.wfile.write(answer.head)
                while not self.server.owner.stopping.is_set():
                    self.wfile.write(body)
            case "no-answer":
                pass

    def _drip(self, data: bytes) -> None:
        for byte in data:
            if self.server.owner.stopping.wait(0.02):
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, *_: Any) -> None:
        pass


for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)
