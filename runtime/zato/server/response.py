"""What a service answers: `self.response`."""

from __future__ import annotations

import numbers
from typing import Any

PLAIN = (str, bytes, dict, list, tuple, bool, numbers.Number)


class Response:
    """The payload and, over HTTP, how it is sent (reference: service-api, section 1.5)."""

    __slots__ = ("_content_type", "_payload", "content_encoding", "headers", "status_code", "status_message")

    status_code: int
    status_message: str
    content_encoding: str | None
    """Value of the Content-Encoding header; with `gzip` a payload that is not compressed yet is compressed."""
    headers: dict[str, Any]

    def __init__(self) -> None:
        self._payload: Any = ""
        self._content_type: str | None = None
        self.status_code = 200
        self.status_message = "OK"
        self.content_encoding = None
        self.headers = {}

    @property
    def payload(self) -> Any:
        """What the caller gets: text and bytes as they are, everything else as JSON."""
        return self._payload

    @payload.setter
    def payload(self, value: Any) -> None:
        if isinstance(value, PLAIN):
            if value:  # None and what is empty leave the payload as it is, as in 3.2
                self._payload = value
        elif value is not None:
            self._payload = _converted(value)

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header; unless it is set it follows the channel's data format."""
        return self._content_type or "text/plain"

    @content_type.setter
    def content_type(self, value: str) -> None:
        self._content_type = value

    @property
    def chosen_content_type(self) -> str | None:
        """The content type that the service has set, if it has."""
        return self._content_type


def _converted(value: Any) -> Any:
    for method in ("to_dict", "to_json"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"Cannot serialise value without SimpleIO output declaration: {type(value).__name__}")
