"""From what a service answers to what is sent over HTTP."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from zato.server.http.router import Route
from zato.server.response import Response

JSON = "application/json"
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

# What only the server can know, and what concerns one connection only (RFC 9110, section 7.6.1)
_OURS = frozenset({
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "x-zato-cid",
})  # fmt: skip
_NO_BODY = frozenset({204, 205, 304})
_GZIP = b"\x1f\x8b"
_header_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_control_character = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """What is sent."""

    status: int
    headers: Headers
    body: bytes
    channel: str = "-"
    """Name of the channel that answers."""


def answer(response: Response, route: Route, cid: str) -> Answer:
    """What a service's response is sent as. Raises ValueError or TypeError where it cannot be sent."""
    status = checked_status(response.status_code)
    payload = response.payload
    if type(payload) is str:
        body, content_type = payload.encode(), route.content_type
    elif isinstance(payload, bytes):
        body, content_type = payload, route.content_type
    elif isinstance(payload, str):
        body, content_type = str(payload).encode(), route.content_type
    else:
        body, content_type = to_json(payload), route.channel.content_type or JSON
    headers = [("X-Zato-CID", cid)]
    if response.content_encoding:
        body = _encoded(body, response.content_encoding)
        headers.append(("Content-Encoding", checked("content_encoding", response.content_encoding)))
    chosen = response.chosen_content_type
    if chosen is not None:
        content_type = checked("content_type", chosen)
    if response.headers:
        content_type = _add(response.headers, headers, content_type)
    if status in _NO_BODY:
        return Answer(status, headers, b"", route.channel.name)
    headers.extend((("Content-Type", content_type), ("Content-Length", str(len(body)))))
    return Answer(status, headers, body, route.channel.name)


def error(
    status: int,
    details: Any,
    cid: str,
    *,
    as_json: bool = False,
    headers: Iterable[tuple[str, str]] = (),
    channel: str = "-",
) -> Answer:
    """What an error is sent as: JSON, or just its details (reference: service-api, section 2.6)."""
    sent = [("X-Zato-CID", cid), *headers]
    if as_json:
        about = {"result": "Error", "cid": cid, **({"details": details} if details else {})}
        body = to_json(about)
        sent.append(("Content-Type", JSON))
    else:
        body = _text(details).encode()
        sent.append(("Content-Type", "text/plain"))
    sent.append(("Content-Length", str(len(body))))
    return Answer(status, sent, body, channel)


def failure(
    status: int, details: Any, response: Response, route: Route, cid: str, *, challenge: str | None = None
) -> Answer:
    """What a service that failed is answered with: an error, with the headers that the service has set before."""
    headers: Headers = []
    try:
        _add(response.headers, headers, "")
        if challenge:
            headers.append(("WWW-Authenticate", checked("challenge", challenge)))
    except ValueError:  # they may be the reason for the failure
        headers.clear()
    return error(status, details, cid, as_json=route.answers_json, headers=headers, channel=route.channel.name)


def to_json(value: Any) -> bytes:
    """Encode a value as JSON. Raises TypeError for what JSON has no form for."""
    try:
        return _encode(value)
    except TypeError:  # a key that is None, for one: json takes more, but is slower
        return json.dumps(value, default=_builtin, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """What JSON has a form for, in place of an object that it has none for."""
    for method in ("to_dict", "toDict"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"Cannot serialise {type(value).__name__} to JSON")


def _builtin(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=_plain)


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def _text(details: Any) -> str:
    return "\n".join(map(str, details)) if isinstance(details, list) else str(details)


def checked(name: str, value: Any) -> str:
    """The value of a header as WSGI wants it. Raises ValueError where it would break the response."""
    text = str(value)
    if _control_character(text):
        raise ValueError(f"The header {name} has a control character in its value, {text!r}")
    return text if text.isascii() else text.encode().decode("latin-1")


def _add(given: Mapping[str, Any], headers: Headers, content_type: str) -> str:
    """Add a service's headers, but for those that are the server's, and return the content type."""
    for key, value in given.items():
        name = str(key)
        lower = name.lower()
        if not _header_name(name):
            raise ValueError(f"{name!r} cannot be the name of a header")
        if lower == "content-type":
            content_type = checked(name, value)
        elif lower not in _OURS:
            headers.append((name, checked(name, value)))
    return content_type


def checked_status(code: Any) -> int:
    """The status of an answer. Raises ValueError or TypeError where it is none."""
    status = int(code)
    if not 200 <= status <= 599:
        raise ValueError(f"{code!r} cannot be the status of an answer")
    return status


def _encoded(body: bytes, encoding: str) -> bytes:
    if encoding.lower() != "gzip" or not body or body.startswith(_GZIP):
        return body
    return gzip.compress(body, compresslevel=6, mtime=0)
