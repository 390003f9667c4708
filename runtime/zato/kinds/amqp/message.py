"""A message as it goes to a broker, checked and encoded in the caller's thread.

pika encodes in its I/O thread what it is given, and raises there; a broker closes the channel or the connection for
what it does not like. Either would hit everyone who shares the connection, so all that could come to that is refused
here (reference: reliability, sections 2.2.3 and 5.3).
"""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from pika import BasicProperties, spec

from zato.kinds.amqp.errors import InvalidMessage
from zato.kinds.amqp.outgoing import OutgoingAMQP

MAX_BODY = 16 * 1024 * 1024
"""Bytes; RabbitMQ 4 takes no more by default."""
MAX_EXPIRATION = 2**32 - 1
"""Milliseconds; RabbitMQ closes the channel for more."""
FRAME_OVERHEAD = 64
"""Bytes of a frame that properties and headers cannot have."""

_new_properties: Any = BasicProperties
_PROPERTIES = frozenset(vars(_new_properties())) - {"headers"}
_TELLING = (ValueError, TypeError, AssertionError, struct.error)
_HEADER_TYPES = (str, bytes, bool, int, Decimal, datetime, type(None))
_DELIVERY_MODES = {"non_persistent": 1, "persistent": 2}


class Message(msgspec.Struct, frozen=True):
    """A message that is ready to be sent."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Encoded
    message_id: str
    cid: str


class Encoded(BasicProperties):
    """Properties in their binary form: sending them cannot fail, and nobody can change them in between."""

    def __init__(self, properties: Any) -> None:
        self._encoded = b"".join(properties.encode())
        self.size = len(self._encoded)

    def encode(self) -> list[bytes]:
        """A list of its own for each call, since pika adds to it."""
        return [self._encoded]


class Sender(msgspec.Struct, frozen=True):
    """What the messages of one outgoing connection have in common."""

    config: OutgoingAMQP
    server_name: str
    username: str
    frame_max: int

    def message(
        self,
        msg: Any,
        exchange: str,
        routing_key: str | None,
        *,
        properties: Mapping[str, Any] | None,
        headers: Mapping[str, Any] | None,
        cid: str,
    ) -> Message:
        """Make a message of what a service hands over. Raises InvalidMessage."""
        try:
            body, content_type = _encode_body(msg)
            fields = self._fields(properties or {}, content_type)
            fields["headers"] = self._headers(headers or {}, cid)
            encoded = Encoded(_new_properties(**fields))
            routing_key = "" if routing_key is None else routing_key
            _check_names(exchange, routing_key)
        except _TELLING as error:
            raise InvalidMessage(cid, f"the message cannot be sent: {error}") from None
        except Exception as error:  # noqa: BLE001 - the texts of pika's own errors repeat what they are about, secrets included
            raise InvalidMessage(cid, f"the message cannot be sent: {type(error).__name__}") from None
        if encoded.size > self.frame_max - FRAME_OVERHEAD:
            raise InvalidMessage(cid, f"properties and headers take {encoded.size} bytes, more than one AMQP frame")
        return Message(exchange, routing_key, body, encoded, fields["message_id"], cid)

    def _fields(self, given: Mapping[str, Any], content_type: str | None) -> dict[str, Any]:
        """Properties of one message: the service's over the connection's; "" leaves one out."""
        for name in given:
            if name not in _PROPERTIES:
                raise ValueError(f"unknown property {name!r}; there are {', '.join(sorted(_PROPERTIES))}")
        config = self.config
        fields = {
            "timestamp": int(time.time()),
            "app_id": config.app_id or self.server_name,
            "delivery_mode": config.delivery_mode,
            "priority": config.priority,
            "content_type": config.content_type or content_type,
            "content_encoding": config.content_encoding,
            "expiration": None if config.expiration is None else str(config.expiration),
            "user_id": config.user_id,
            **given,
        }
        fields = {name: None if value == "" else value for name, value in fields.items()}
        if fields.get("message_id") is None:
            fields["message_id"] = secrets.token_hex(16)
        if isinstance(fields["delivery_mode"], str):
            fields["delivery_mode"] = _DELIVERY_MODES.get(fields["delivery_mode"], fields["delivery_mode"])
        self._check_fields(fields)
        return fields

    def _check_fields(self, fields: Mapping[str, Any]) -> None:
        """Refuse what can be encoded but not sent."""
        if fields["delivery_mode"] not in {None, 1, 2}:
            raise ValueError("delivery_mode is 1 (non_persistent) or 2 (persistent)")
        if not isinstance(fields["message_id"], str):
            raise TypeError("message_id is a string")
        if fields["user_id"] not in {None, self.username}:
            raise ValueError("user_id can only be the user name of the connection")
        expiration = fields["expiration"]
        if expiration is not None and not _is_milliseconds(expiration):
            raise ValueError('expiration is a string with milliseconds, as in "60000"')

    def _headers(self, given: Mapping[str, Any], cid: str) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            raise TypeError(f"headers are a dict, not {type(given).__name__}")
        headers = dict(given) or {
            "X-Zato-Component": self.server_name,
            "X-Zato-Msg-TS": datetime.now(UTC).isoformat(),
        }
        headers.setdefault("x-zato-cid", cid)
        _check_header(headers)
        for name in ("CC", "BCC"):  # RabbitMQ closes the channel for anything else
            if name in headers and not _is_list_of_str(headers[name]):
                raise ValueError(f"header {name} is a list of routing keys")
        return headers


def _encode_body(msg: Any) -> tuple[bytes, str | None]:
    content_type = None
    if isinstance(msg, (dict, list)):
        body, content_type = msgspec.json.encode(msg), "application/json"
    elif isinstance(msg, str):
        body = msg.encode()
    elif isinstance(msg, (bytes, bytearray, memoryview)):
        body = bytes(msg)
    else:
        raise TypeError(f"a body is str, bytes, dict or list, not {type(msg).__name__}")
    if len(body) > MAX_BODY:
        raise ValueError(f"a body of {len(body)} bytes is over the limit of {MAX_BODY}")
    return body, content_type


def _check_names(exchange: Any, routing_key: Any) -> None:
    if not isinstance(exchange, str) or not isinstance(routing_key, str):
        raise TypeError("exchange and routing_key are strings")
    method: Any = spec.Basic.Publish
    method(exchange=exchange, routing_key=routing_key).encode()


def _check_header(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError(f"names of headers are strings, not {type(name).__name__}")
            _check_header(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_header(inner)
    elif not isinstance(value, _HEADER_TYPES):
        types = ", ".join(kind.__name__ for kind in (*_HEADER_TYPES, list, dict))
        raise TypeError(f"values of headers are {types}; not {type(value).__name__}")


def _is_milliseconds(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and int(value) <= MAX_EXPIRATION


def _is_list_of_str(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
