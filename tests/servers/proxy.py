"""A bad network: a TCP proxy in front of a server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes on, and can cut connections, hold what a server sends back, or say something itself."""

    def __init__(self, server_port: int, tls: ssl.SSLContext | None = None) -> None:
        """`tls` is what the proxy speaks to clients."""
        self._server_port = server_port
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads: list[threading.Thread] = []
        self._open = threading.Event()
        self._open.set()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.release()
        self.cut()
        for thread in self._threads:
            thread.join()
        for pair in self._pairs:
            for sock in pair:
                sock.close()

    def cut(self) -> None:
        """End all connections."""
        for pair in self._pairs:
            for sock in pair:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """Keep back what the server answers from now on."""
        self._open.clear()

    def release(self) -> None:
        """Pass on what was held, and what comes."""
        self._open.set()

    def say(self, data: bytes) -> None:
        """Send bytes to all clients that the server did not send."""
        for client, _ in self._pairs:
            with suppress(OSError):
                client.sendall(data)

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._connect(self._listener.accept()[0])

    def _connect(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            client.close()
            return
        self._pairs.append((client, server))
        self._run(lambda: self._pass_on(client, server, from_server=False))
        self._run(lambda: self._pass_on(server, client, from_server=True))

    def _pass_on(self, source: socket.socket, target: socket.socket, *, from_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if from_server:
                    self._open.wait()
                target.sendall(data)
        for sock in (source, target):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
