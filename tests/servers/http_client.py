"""A client that sends bytes as they are, also those that no HTTP library would send."""

from __future__ import annotations

import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

import msgspec


class Answer(msgspec.Struct):
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


class RawClient:
    """One connection. What is not answered within `timeout` seconds raises TimeoutError."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", timeout: float = 10.0) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        self._file = self._socket.makefile("rb")
        self.was_told_to_close = False
        """Whether the latest answer said that it was the last of this connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Send all of the bytes."""
        self._socket.sendall(data)

    def send_nothing_more(self) -> None:
        """Close the sending half."""
        with contextlib.suppress(OSError):  # the other side may have closed already
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection rudely."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def answer(self, *, has_body: bool = True) -> Answer:
        """Read the next response. Raises EOFError where the connection is closed instead."""
        line = self._file.readline()
        if not line:
            raise EOFError
        headers = dict(iter(self._header, None))
        self.was_told_to_close = headers.get("connection") == "close"
        body = self._file.read(int(headers.get("content-length", 0))) if has_body else b""
        return Answer(int(line.split(b" ", 2)[1]), headers, body)

    def _header(self) -> tuple[str, str] | None:
        line = self._file.readline().decode("latin-1").strip()
        name, _, value = line.partition(":")
        return (name.lower(), value.strip()) if line else None

    def answers(self) -> list[Answer]:
        """Read all responses until the server closes the connection; a reset counts as a close."""
        found = []
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                found.append(self.answer())
        return found

    def is_closed_by_server(self) -> bool:
        """Wait for the server to say something: whether that is that it closes the connection."""
        try:
            return not self._file.read(1)
        except ConnectionError:
            return True


def call(port: int, request: bytes, *, timeout: float = 10.0) -> list[Answer]:
    """Send a request on a connection of its own and return all answers until the server closes it."""
    with RawClient(port, timeout=timeout) as client:
        client.send(request)
        return client.answers()
