"""The real HTTP listener in a thread, for tests of what it serves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from zato.server.http.listener import Limits, Listener, bind


class Listening:
    """A listener that serves an application on a free port until it is stopped."""

    def __init__(self, app: WSGIApplication, limits: Limits, drain: float, host: str) -> None:
        sock = bind(host, 0, limits.backlog)
        self.host = host
        self.port: int = sock.getsockname()[1]
        self.listener = Listener(app, sock, limits)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.listener.run, args=(self._stop, drain))
        self._thread.start()

    def stop(self) -> None:
        """Begin to drain, as SIGTERM does."""
        self._stop.set()
        self.listener.wake()

    def wait(self, timeout: float = 20.0) -> None:
        """Wait until the drain is over."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"the listener did not end within {timeout:g} s"


@contextmanager
def running(
    app: WSGIApplication, limits: Limits | None = None, *, drain: float = 5.0, host: str = "127.0.0.1"
) -> Iterator[Listening]:
    """Serve an application while the block runs, then drain."""
    server = Listening(app, limits or Limits(), drain, host)
    try:
        yield server
    finally:
        server.stop()
        server.wait()


@contextmanager
def listening(app: WSGIApplication, limits: Limits | None = None) -> Iterator[str]:
    """Serve an application while the block runs; the value is its base URL."""
    with running(app, limits) as server:
        yield f"http://{server.host}:{server.port}"
