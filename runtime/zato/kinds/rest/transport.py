"""How requests get to the one host of a connection: its network connections, deadlines and failures."""

from __future__ import annotations

import logging
import math
import socket
import ssl
from datetime import timedelta
from functools import cache
from http.client import HTTPException
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import exceptions as http
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Retry, Timeout, parse_url

from zato.errors import ZatoError
from zato.kinds.redact import redacted
from zato.kinds.rest.errors import (
    CallFailed,
    CallTimeout,
    ConnectionFailed,
    ConnectionRefused,
    ConnectTimeout,
    HostNotFound,
    TLSFailed,
    UnusableAnswer,
)
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.rest.response import RESTResponse

CONNECT_TIMEOUT = 5.0
"""Longest wait for a network connection, its TLS handshake included, in seconds (reference: reliability, section 6)."""

logger = logging.getLogger("zato.rest.out")
_NO_RETRIES = Retry(total=False, redirect=False)
_PORTS = {"http": 80, "https": 443}


class Deadline(Timeout):
    """When a call must be over. urllib3 asks for the timeout of each phase of a call: it is what is left."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self._end = monotonic() + seconds if seconds else math.inf

    @property
    def left(self) -> float | None:
        """Seconds left, None without a limit."""
        return _seconds_left(self._end)

    connect_timeout = read_timeout = left

    def clone(self) -> Deadline:
        """Itself: all phases of a call share it."""
        return self

    def start_connect(self) -> float:
        """It runs already."""
        return monotonic()


class HostAdapter(BaseAdapter):
    """Sends the requests of one connection, its session's included.

    What requests works out for each call (pool, proxies, certificates) is settled once here: that halves the cost of
    a call. A call has one deadline for everything, from the wait for a free network connection to the last byte.
    """

    def __init__(self, config: OutgoingREST) -> None:
        super().__init__()
        try:
            self.origin = origin(config.host)
        except ValueError as error:
            raise ZatoError(f"`{config.name}`: `host` cannot be called: {error}") from error
        self._config = config
        self._pool = _pool(config)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        *_settled: Any,
        **_also_settled: Any,
    ) -> RESTResponse:
        """Send a request and read the whole answer.

        `timeout` is a Deadline or in seconds; None is the connection's, 0 waits for ever. The other arguments are
        settled by the connection, whatever is given. Raises CallFailed.
        """
        if not isinstance(timeout, Deadline):
            timeout = Deadline(self._config.timeout if timeout is None else timeout)
        began = monotonic()
        try:
            raw = self._pool.urlopen(
                request.method or "GET",
                request.path_url,
                request.body,
                request.headers,
                _NO_RETRIES,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                timeout=timeout,
                pool_timeout=timeout.left,
            )
            elapsed = monotonic() - began
            response = RESTResponse(self._config, request, raw)
        except CallFailed:
            raise
        except (http.HTTPError, HTTPException, OSError) as error:
            raise self._failure(error, request, timeout.seconds) from error
        response.elapsed = timedelta(seconds=elapsed)
        response.connection = self  # type: ignore[assignment]  # the stubs know only requests' own adapter
        return response

    def close(self) -> None:
        """Close the network connections: idle ones now, others when their answer is complete."""
        self._pool.close()

    def _failure(self, error: Exception, request: requests.PreparedRequest, seconds: float) -> CallFailed:
        kind, what = _explain(error, seconds)
        config = self._config
        where = f"{request.method} {redacted(config.address)}"
        return kind(request.headers.get("X-Zato-CID"), f"`{config.name}`: {what}: {where}")


def _explain(error: Exception, seconds: float) -> tuple[type[CallFailed], str]:
    """Class and words for a failure. Only our words: what the other side sent might hold credentials."""
    match error:
        case http.EmptyPoolError():
            return CallTimeout, f"no free connection within {seconds:g} s (a higher `pool_size` allows more at once)"
        case http.ClosedPoolError():
            return ConnectionFailed, "the connection was closed, because its configuration changed"
        case http.NameResolutionError():
            return HostNotFound, "the name of the host does not resolve (check `host`)"
        case http.NewConnectionError(__cause__=ConnectionRefusedError()):
            return ConnectionRefused, "connection refused (check that the system is up, and the port in `host`)"
        case http.NewConnectionError():
            return ConnectionFailed, f"cannot connect ({_reason(error.__cause__)})"
        case http.ConnectTimeoutError():
            return ConnectTimeout, f"no connection within {min(seconds or math.inf, CONNECT_TIMEOUT):g} s"
        case http.ReadTimeoutError() | TimeoutError() | http.ProtocolError(args=(_, TimeoutError())):
            return CallTimeout, f"no complete answer within {seconds:g} s"
        case http.SSLError(args=(ssl.SSLCertVerificationError() as cause, *_)):
            return TLSFailed, f"{cause.verify_message} (`validate_tls` can name the CA bundle to verify with)"
        case http.SSLError(args=(ssl.SSLError() as cause, *_)):
            return TLSFailed, f"no TLS connection ({cause.reason})"
        case http.DecodeError():
            return UnusableAnswer, "the answer cannot be decompressed"
        case http.ProtocolError(args=(_, cause)):
            return ConnectionFailed, f"the connection was lost before the answer was complete ({_reason(cause)})"
        case _:
            return ConnectionFailed, f"the call failed ({_reason(error)})"


def _reason(cause: object) -> str:
    return (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL. Raises ValueError where it has none."""
    parts = parse_url(url)
    if parts.scheme not in _PORTS or not parts.host:
        raise ValueError(f"not an http or https URL: {redacted(url)}")
    return parts.scheme, parts.host, parts.port or _PORTS[parts.scheme]


def _pool(config: OutgoingREST) -> urllib3.HTTPConnectionPool:
    scheme, host, port = origin(config.host)
    limits: dict[str, Any] = {"maxsize": config.pool_size, "block": True}
    if scheme == "http":
        return _Pool(host, port, **limits)
    if config.validate_tls is False:
        logger.warning("`%s`: certificates of %s are not verified (`validate_tls` is off)", config.name, config.host)
        urllib3.disable_warnings(http.InsecureRequestWarning)  # it would be told with every network connection
    return _TLSPool(host, port, ssl_context=_tls_context(config), **limits)


def _tls_context(config: OutgoingREST) -> ssl.SSLContext:
    if config.validate_tls is True:
        return _default_tls_context()
    context = _new_tls_context()
    if config.validate_tls is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context.load_verify_locations(config.validate_tls)
    except OSError as error:
        bundle = config.validate_tls
        raise ZatoError(f"`{config.name}`: cannot read the CA bundle of `validate_tls`: {bundle}: {error}") from error
    return context


@cache
def _default_tls_context() -> ssl.SSLContext:
    """Trusts what the operating system trusts and what Mozilla trusts. Shared, since loading it takes its time."""
    context = _new_tls_context()
    context.load_default_certs()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def _new_tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _TLSSocket
    return context


def _seconds_left(deadline: float) -> float | None:
    """Seconds left, None for ever. Never 0, which sockets take for "do not block"."""
    return None if deadline == math.inf else max(deadline - monotonic(), 0.001)


class _Socket(socket.socket):
    """Applies a deadline to all its reads together; a timeout is for each, and starts again with each byte."""

    deadline = math.inf

    def recv_into(self, *args: Any, **kw: Any) -> int:
        self.settimeout(self._left())
        return super().recv_into(*args, **kw)

    def send(self, *args: Any, **kw: Any) -> int:
        self.settimeout(self._left())
        return super().send(*args, **kw)

    def _left(self) -> float | None:
        if self.deadline <= monotonic():
            raise TimeoutError("timed out")
        return _seconds_left(self.deadline)


class _TLSSocket(_Socket, ssl.SSLSocket):
    pass


class _Connection(HTTPConnection):
    """A network connection that keeps to the deadline of the call that uses it."""

    sock: Any = None
    _deadline = math.inf

    @property
    def timeout(self) -> float | None:
        return _seconds_left(self._deadline)

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._deadline = math.inf if seconds is None else monotonic() + seconds
        if isinstance(self.sock, _Socket):
            self.sock.deadline = self._deadline

    def connect(self) -> None:
        deadline = self._deadline
        self._deadline = min(deadline, monotonic() + CONNECT_TIMEOUT)
        try:
            super().connect()
        except TimeoutError as error:  # of the TLS handshake, which urllib3 takes for one of the answer
            raise http.ConnectTimeoutError(self, "TLS handshake timed out") from error
        self._deadline = deadline
        if not isinstance(self.sock, _Socket):
            plain: socket.socket = self.sock
            self.sock = _Socket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.sock.deadline = deadline
        self.sock.settimeout(self.timeout)


class _TLSConnection(_Connection, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection
