"""What a service is given: `self.request`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zato.server.http.request import HTTPRequest


class Request:
    """One message that came in, whatever it came through (reference: service-api, section 1.4)."""

    amqp: Any = None
    """The AMQP message with its `ack()` and `reject()`; None unless it came through an AMQP channel."""
    job_type: str | None = None
    """Type of the job that runs the service; None unless the scheduler does."""
    input: Any = None
    """Declared input; None where a service declares none."""

    def __init__(
        self,
        cid: str,
        payload: Any,
        raw_request: Any,
        *,
        data_format: str | None = None,
        transport: str | None = None,
        http: HTTPRequest | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.cid = cid
        self.payload = payload
        self.raw_request = raw_request
        self.data_format = data_format
        self.transport = transport
        self.http = http or HTTPRequest({}, b"", {}, None)
        if extra:
            self.__dict__.update(extra)

    @property
    def text(self) -> Any:
        """The same as `raw_request`."""
        return self.raw_request

    @property
    def channel_params(self) -> Mapping[str, Any]:
        """Parameters of the path and of the query string."""
        return self.http.params
