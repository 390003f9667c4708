"""What a call of an outgoing REST connection returns."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import requests
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from zato.kinds.redact import redacted
from zato.kinds.rest.errors import UnusableAnswer

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from zato.kinds.rest.outgoing import OutgoingREST

MAX_BODY = 50 * 1024 * 1024
"""Largest answer that is read, in bytes after decompression (reference: reliability, section 6, row 15)."""

_ECHOED = 200  # characters of an answer that a message may show


class RESTResponse(requests.Response):
    """A response of requests whose body is here already, with `data`: the body as the data format says."""

    model: type | None = None
    """Class that `data` is made an instance of."""

    def __init__(self, config: OutgoingREST, request: requests.PreparedRequest, raw: BaseHTTPResponse) -> None:
        """Read the body and let go of the network connection. Raises UnusableAnswer and what urllib3 raises."""
        super().__init__()
        self.config = config
        self.request = request
        self.url = request.url or ""
        self.status_code = raw.status
        self.reason = raw.reason or ""
        self.headers = CaseInsensitiveDict(raw.headers)
        self.encoding = get_encoding_from_headers(self.headers)
        if "set-cookie" in self.headers:
            extract_cookies_to_jar(self.cookies, request, raw)  # type: ignore[no-untyped-call]
        self._content = self._read(raw)
        self._content_consumed = True

    @property
    def cid(self) -> str:
        """Correlation ID of the call."""
        return str(self.request.headers.get("X-Zato-CID", ""))

    def raise_for_status(self) -> None:
        """Raise requests.HTTPError where the status is a failure, as any response of requests does."""
        try:
            super().raise_for_status()
        except requests.HTTPError as error:  # it has the whole URL in it
            raise requests.HTTPError(redacted(str(error)), response=self) from None

    @property
    def _address(self) -> str:
        return redacted(self.config.address)

    @cached_property
    def data(self) -> Any:
        """The body: parsed if it is JSON by the connection's data format or its Content-Type, else its text.

        An empty body is "". It is parsed when it is asked for, so that a service can look at the status first. Raises
        UnusableAnswer where it is not the JSON that it should be, or does not fit `model`.
        """
        if not self.content:
            return ""
        if self.config.data_format != "json" and "application/json" not in self.headers.get("content-type", ""):
            return self.text
        try:
            data = _parse_json(self.content)
            return data if self.model is None else _instance(self.model, data)
        except (ValueError, RecursionError, msgspec.ValidationError) as error:
            raise UnusableAnswer(
                self.cid,
                f"`{self.config.name}`: the answer of {self._address} (status {self.status_code}) is not the "
                f"JSON that is expected: {error}: {self.text[:_ECHOED]!r}",
            ) from error

    def _read(self, raw: BaseHTTPResponse) -> bytes:
        content = raw.read(MAX_BODY + 1, decode_content=True)
        if len(content) > MAX_BODY:
            raw.close()
            raise UnusableAnswer(
                self.cid,
                f"`{self.config.name}`: the answer of {self._address} (status {self.status_code}) is larger than "
                f"{MAX_BODY} bytes",
            )
        raw.release_conn()
        return content


def _parse_json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(content)  # takes more: a byte order mark, UTF-16 and -32, NaN


def _instance(model: Any, data: Any) -> Any:
    if isinstance(data, list):
        return [_instance(model, item) for item in data]
    return model.from_dict(data) if hasattr(model, "from_dict") else msgspec.convert(data, model)
