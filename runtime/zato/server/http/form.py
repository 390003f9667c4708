"""HTML forms in request bodies, urlencoded (WHATWG URL) and multipart (RFC 7578), within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from zato.common.exception import BadRequest

MAX_FIELDS = 1_000
"""Most parameters of a query string and fields of a form."""
MAX_PARTS = 100
"""Most parts of a multipart body."""
MAX_BOUNDARY = 70
"""Longest boundary of a multipart body, in characters (RFC 2046, section 5.1.1)."""

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"


def is_form(content_type: str) -> bool:
    """Whether a body of this content type holds a form."""
    return content_type.lower().startswith((_URLENCODED, _MULTIPART))


def parse_form(content_type: str, body: bytes) -> dict[str, Any]:
    """Fields by name: text, files as bytes, a list where a name is repeated; empty if it is no form.

    Raises BadRequest.
    """
    if not is_form(content_type):
        return {}
    return gathered(_multipart(content_type, body) if content_type.lower().startswith("m") else _urlencoded(body))


def gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name; those of a repeated name become a list."""
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _urlencoded(body: bytes) -> list[tuple[str, Any]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8") from None
    except ValueError:
        raise _bad(f"it has more than {MAX_FIELDS} fields") from None


def _multipart(content_type: str, body: bytes) -> list[tuple[str, Any]]:
    boundary = _header(content_type).get_param("boundary")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
        raise _bad("it has no proper boundary")
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(), MAX_PARTS + 2)
    if len(parts) > MAX_PARTS + 1:
        raise _bad(f"it has more than {MAX_PARTS} parts")
    if not parts or not parts[-1].startswith(b"--"):
        raise _bad("its last boundary is missing")
    return [_part(part) for part in parts[:-1]]


def _part(part: bytes) -> tuple[str, Any]:
    start, found, content = part.partition(b"\r\n\r\n")
    headers = start.decode("utf-8", "replace").split("\r\n")[1:]
    disposition = next((line[20:] for line in headers if line.lower().startswith("content-disposition:")), "")
    described = _header(disposition)
    name = described.get_param("name")
    if not found or not isinstance(name, str):
        raise _bad("a part has no name")
    if described.get_param("filename") is not None:
        return name, content
    try:
        return name, content.decode()
    except UnicodeDecodeError:
        raise _bad(f"the field `{name}` is not UTF-8") from None


def _header(value: str) -> Message:
    message = Message()
    message["Content-Type"] = value
    return message


def _bad(why: str) -> BadRequest:
    return BadRequest(None, f"Invalid form: {why}", needs_msg=True)
