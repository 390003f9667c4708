"""What services call systems with: `self.out.rest["CRM"].conn` (reference: service-api, section 3)."""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, Literal, overload
from urllib.parse import urljoin

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, requote_uri

from zato.kinds.base import Category, Ping, SecurityHandle
from zato.kinds.redact import redacted
from zato.kinds.rest import body
from zato.kinds.rest.errors import CallFailed, InvalidHeader, PathParametersError
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.rest.response import RESTResponse
from zato.kinds.rest.template import Params, PathTemplate
from zato.kinds.rest.transport import Deadline, HostAdapter, origin
from zato.kinds.security.basic_auth import BasicAuth

logger = logging.getLogger("zato.rest.out")

MAX_REDIRECTS = 5
PING_TIMEOUT = 10.0
"""Longest wait for the answer to a ping, in seconds; the connection's own timeout may be shorter."""

_PING_CID = "zato-ping"
_USUAL_HEADERS = dict(default_headers())
_LOGGED = 2000  # characters of a value that a log line may show
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class RESTConnection:
    """Calls one system. One object serves all threads; nothing but network connections is kept between calls.

    Every method takes the correlation ID first, which the other side receives as `X-Zato-CID`. `params` fill the
    placeholders of `url_path` in; the rest of them becomes the query string. `data` is the body: text and bytes go out
    as they are, dicts, lists and models as the connection's data format says. `headers` take precedence over those
    that are sent anyway. `timeout` is the number of seconds that the call may take in all, 0 for no limit; without it
    the connection's applies. `model` is the class of the response's `data`. A redirect is followed within the same
    scheme, host and port, five times at most, unless `allow_redirects` is false.

    No status raises. Raises, from `zato.kinds.rest.errors`: CallFailed where there is no answer (its subclasses tell
    why, and are exceptions of requests too), PathParametersError where a placeholder has no value, InvalidHeader.
    """

    def __init__(self, config: OutgoingREST, security: SecurityHandle | None, server_name: str) -> None:
        self.config = config
        self.address = config.address
        self._security = security
        self._path = PathTemplate(config.url_path)
        self._server = f"{server_name}/{socket.gethostname()}"
        self._secured_by = _secured_by(security)
        self._adapter = HostAdapter(config)
        self.session = _session(config, self._adapter)

    @property
    def path_params(self) -> list[str]:
        """Names of the placeholders of `url_path`."""
        return list(self._path.names)

    @property
    def auth(self) -> tuple[str, str] | None:
        """User name and password of Basic Auth; None with any other security, and without."""
        definition = self._security and self._security.definition
        return (definition.username, definition.password or "") if isinstance(definition, BasicAuth) else None

    def get(self, cid: str, params: Params = None, **kw: Any) -> RESTResponse:
        """Send a GET request."""
        return self.http_request("GET", cid, params=params, **kw)

    def head(self, cid: str, params: Params = None, **kw: Any) -> RESTResponse:
        """Send a HEAD request."""
        return self.http_request("HEAD", cid, params=params, **kw)

    def delete(self, cid: str, params: Params = None, **kw: Any) -> RESTResponse:
        """Send a DELETE request."""
        return self.http_request("DELETE", cid, params=params, **kw)

    def options(self, cid: str, params: Params = None, **kw: Any) -> RESTResponse:
        """Send an OPTIONS request."""
        return self.http_request("OPTIONS", cid, params=params, **kw)

    def post(self, cid: str, data: Any = "", params: Params = None, **kw: Any) -> RESTResponse:
        """Send a POST request."""
        return self.http_request("POST", cid, data, params, **kw)

    send = post

    def put(self, cid: str, data: Any = "", params: Params = None, **kw: Any) -> RESTResponse:
        """Send a PUT request."""
        return self.http_request("PUT", cid, data, params, **kw)

    def patch(self, cid: str, data: Any = "", params: Params = None, **kw: Any) -> RESTResponse:
        """Send a PATCH request."""
        return self.http_request("PATCH", cid, data, params, **kw)

    def http_request(
        self,
        method: str,
        cid: str,
        data: Any = "",
        params: Params = None,
        *,
        headers: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        model: type | None = None,
        allow_redirects: bool = True,
    ) -> RESTResponse:
        """Send a request of any method."""
        deadline = Deadline(self.config.timeout if timeout is None else timeout)
        response = self._send(self._request(method, cid, self._url(cid, params), data, headers or {}), deadline)
        if allow_redirects and response.is_redirect:
            response = self._follow(response, deadline)
        response.model = model
        return response

    @overload
    def ping(self, cid: str, return_response: Literal[True], *, ping_path: str | None = None) -> RESTResponse: ...
    @overload
    def ping(self, cid: str, return_response: Literal[False] = False, *, ping_path: str | None = None) -> str: ...
    def ping(self, cid: str, return_response: bool = False, *, ping_path: str | None = None) -> str | RESTResponse:
        """Send the connection's ping method to `ping_path` or the connection's ping path; no status is a failure.

        Returns a text of the time, the request, the status and the response time, or else the response. It may take
        PING_TIMEOUT. Raises CallFailed.
        """
        began = datetime.now(UTC)
        response = self.pinged(cid, ping_path)
        if return_response:
            return response
        return (
            f"{_naive_iso(began)} (UTC)\n"
            f"{response.request.method} {redacted(response.url)}\n"
            f"Code: {response.status_code}\n"
            f"Response time: {response.elapsed}"
        )

    def ping_url(self, ping_path: str | None = None) -> str:
        """The URL that a ping is sent to: `ping_path` of the call or the connection, or the path's fixed part."""
        return self.config.base + (ping_path or self.config.ping_path or self._path.fixed)

    def pinged(self, cid: str, ping_path: str | None = None) -> RESTResponse:
        """The answer to a ping, whatever its status."""
        deadline = Deadline(min(self.config.timeout or PING_TIMEOUT, PING_TIMEOUT))
        return self._send(self._request(self.config.ping_method, cid, self.ping_url(ping_path), "", {}), deadline)

    def _url(self, cid: str, params: Params) -> str:
        try:
            return self.config.base + self._path.fill(params)
        except ValueError as error:
            raise PathParametersError(cid, f"`{self.config.name}`: {redacted(self._path.text)}: {error}") from error

    def _request(
        self, method: str, cid: str, url: str, data: Any, headers: Mapping[str, Any]
    ) -> requests.PreparedRequest:
        own = CaseInsensitiveDict({name: self._sendable(name, value, cid) for name, value in headers.items()})
        content_type = own.get("Content-Type", self.config.content_type)
        request = requests.PreparedRequest()
        request.method = method
        request.url = url
        request.body, content_type = body.encode(data, self.config.data_format, content_type)
        request.headers = self._headers(cid, content_type, own)
        return request

    def _headers(self, cid: str, content_type: str, own: Mapping[str, str | None]) -> CaseInsensitiveDict[str]:
        """All headers of a request; the caller's `own` take precedence, and None leaves one out."""
        headers = CaseInsensitiveDict(_USUAL_HEADERS)
        headers["X-Zato-CID"] = self._sendable("X-Zato-CID", cid, cid) or ""
        headers["X-Zato-Component"] = self._component()
        headers["X-Zato-Msg-TS"] = _naive_iso(datetime.now(UTC))
        headers["Content-Type"] = content_type
        if self._security is not None:
            self._security.sign(headers)
        for name, value in own.items():
            if value is None:
                headers.pop(name, None)
            else:
                headers[name] = value
        return headers

    def _component(self) -> str:
        thread = _NOT_PRINTABLE.sub("_", threading.current_thread().name)
        return f"parallel/{self._server}/{os.getpid()}/{thread}"

    def _sendable(self, name: str, value: Any, cid: str) -> str | None:
        if value is None:
            return None
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise InvalidHeader(cid, f"`{self.config.name}`: the header {name!r} has characters that cannot be sent")
        return text

    def _send(self, request: requests.PreparedRequest, deadline: Deadline) -> RESTResponse:
        if not logger.isEnabledFor(logging.INFO):
            return self._adapter.send(request, timeout=deadline)
        cid = request.headers.get("X-Zato-CID")
        url, _, params = (request.url or "").partition("?")
        logger.info(
            "REST out → cid=%s; %s %s; name:%s; params=%s; len=%s; sec=%s",
            cid, request.method, redacted(url[:_LOGGED]), self.config.name, redacted(params[:_LOGGED]),
            len(request.body or b""), self._secured_by,
        )  # fmt: skip
        response = self._adapter.send(request, timeout=deadline)
        logger.info(
            "REST out ← cid=%s; %s time=%s; len=%s", cid, response.status_code, response.elapsed, len(response.content)
        )
        return response

    def _follow(self, response: RESTResponse, deadline: Deadline) -> RESTResponse:
        history: list[requests.Response] = []
        while len(history) < MAX_REDIRECTS and (request := self._redirected(response)):
            history.append(response)
            response = self._send(request, deadline)
            response.history = history[:]
        return response

    def _redirected(self, response: RESTResponse) -> requests.PreparedRequest | None:
        """The request that a redirect asks for; None if it is none, or leads to where credentials may not go."""
        location = self.session.get_redirect_target(response)
        if location is None:
            return None
        try:
            url = requote_uri(urljoin(response.url, location))
            if origin(url) != self._adapter.origin:
                return None
        except ValueError:  # not a URL
            return None
        request = response.request.copy()
        request.url = url
        if response.status_code == HTTPStatus.SEE_OTHER or (
            request.method == "POST" and response.status_code in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND}
        ):  # RFC 9110, section 15.4
            request.method = "HEAD" if request.method == "HEAD" else "GET"
            request.body = None
            request.headers.pop("Content-Type", None)
        return request


class OutgoingRESTHandle:
    """What `self.out.rest["CRM"]` gives: `conn` to call the system with, and what the world asks of a live object."""

    def __init__(self, config: OutgoingREST, security: SecurityHandle | None, server_name: str) -> None:
        self.name = config.name
        self.config = config
        self.conn = RESTConnection(config, security, server_name)

    def ping(self) -> Ping:
        """Send a ping; any answer is a success but 401, 403 and those of the 5xx class. Never raises."""
        address = redacted(self.conn.ping_url())
        began = monotonic()
        try:
            response = self.conn.pinged(_PING_CID)
        except CallFailed as error:
            return Ping(False, address, monotonic() - began, str(error.msg), error.category)
        category, advice = self._judged(response.status_code)
        detail = f"{_status(response.status_code)}{advice}"
        return Ping(not category, address, response.elapsed.total_seconds(), detail, category)

    def close(self) -> None:
        """Close the network connections: idle ones now, others when their answer is complete."""
        self.conn.session.close()

    def _judged(self, status: int) -> tuple[Category, str]:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            if self.config.security:
                return "auth", f": the system refuses the credentials of `{self.config.security}`"
            return "auth", ": the system wants credentials; name a definition in `security`"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "status", ": the system is up but fails (`ping_path` can name another path to ping)"
        return "", ""


def _session(config: OutgoingREST, adapter: HostAdapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc password that the configuration does not know
    session.verify = config.validate_tls
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one caller's cookies are not another's
    session.mount(f"{config.base}/", adapter)
    return session


def _status(code: int) -> str:
    """As in `404 Not Found`: in our words, since the other side's can hold anything."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _secured_by(security: SecurityHandle | None) -> str:
    """Name and type of a security definition, for the log."""
    if security is None:
        return "none"
    return f"{security.definition.name} ({type(security.definition).__struct_config__.tag})"


def _naive_iso(moment: datetime) -> str:
    """As in `2013-04-26T23:41:45.271911`: UTC, without saying so."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")
